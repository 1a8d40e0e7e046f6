//! What a configuration refers to outside of its own text.
//!
//! Knows: how to ask for a file's bytes and who may read it. Does not know what the files are for.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::thread;

/// The machine as far as a configuration refers to it. Tests put their own in its place.
pub trait Surroundings {
    /// The bytes of a file.
    ///
    /// # Errors
    ///
    /// Why it cannot be read. Files past [`FileSystem::BYTES_MAX`] are `FileTooLarge`.
    fn read(&self, path: &Path) -> Result<Vec<u8>, io::ErrorKind>;

    /// Who may use a file or folder; `None` where there is none.
    fn access(&self, path: &Path) -> Option<Access>;

    /// How many processor cores there are.
    fn cores(&self) -> usize;

    /// The folder with the credentials that systemd has given to this process.
    fn credentials(&self) -> Option<PathBuf> {
        None
    }

    /// What a variable of the environment holds; `None` where there is none.
    fn variable(&self, _name: &str) -> Option<Vec<u8>> {
        None
    }

    /// Whether the gateway is to run here: only its own process has its credentials and its environment.
    fn is_of_gateway(&self) -> bool {
        true
    }
}

/// What everybody on the machine may do with a file or folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// Whether it is a folder.
    pub is_folder: bool,
    /// Whether users who neither own it nor are in its group may read it.
    pub others_read: bool,
    /// Whether they may write it.
    pub others_write: bool,
}

/// The file system of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileSystem;

impl FileSystem {
    /// The largest file that is read: certificates, keys and key sets are far smaller.
    pub const BYTES_MAX: u64 = 4 * 1024 * 1024;
}

impl Surroundings for FileSystem {
    fn read(&self, path: &Path) -> Result<Vec<u8>, io::ErrorKind> {
        let mut bytes = Vec::new();
        let file = fs::File::open(path).map_err(|error| error.kind())?;
        file.take(Self::BYTES_MAX + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| error.kind())?;
        if u64::try_from(bytes.len()).is_ok_and(|length| length <= Self::BYTES_MAX) {
            Ok(bytes)
        } else {
            Err(io::ErrorKind::FileTooLarge)
        }
    }

    fn access(&self, path: &Path) -> Option<Access> {
        let metadata = fs::metadata(path).ok()?;
        let (others_read, others_write) = open_to_others(&metadata);
        Some(Access {
            is_folder: metadata.is_dir(),
            others_read,
            others_write,
        })
    }

    fn cores(&self) -> usize {
        thread::available_parallelism().map_or(1, usize::from)
    }

    fn credentials(&self) -> Option<PathBuf> {
        let folder = std::env::var_os("CREDENTIALS_DIRECTORY")?;
        (!folder.is_empty()).then(|| folder.into())
    }

    fn variable(&self, name: &str) -> Option<Vec<u8>> {
        std::env::var_os(name).map(OsString::into_encoded_bytes)
    }
}

/// The file system of this machine, for a command that does not run as the gateway and needs none of its secrets: what only
/// the gateway's process has is not missed.
#[derive(Clone, Copy, Debug, Default)]
pub struct BesideGateway;

impl Surroundings for BesideGateway {
    fn read(&self, path: &Path) -> Result<Vec<u8>, io::ErrorKind> {
        FileSystem.read(path)
    }

    fn access(&self, path: &Path) -> Option<Access> {
        FileSystem.access(path)
    }

    fn cores(&self) -> usize {
        FileSystem.cores()
    }

    fn is_of_gateway(&self) -> bool {
        false
    }
}

#[cfg(unix)]
fn open_to_others(metadata: &fs::Metadata) -> (bool, bool) {
    use std::os::unix::fs::PermissionsExt;
    let mode = metadata.permissions().mode();
    (mode & 0o004 != 0, mode & 0o002 != 0)
}

#[cfg(not(unix))]
fn open_to_others(_: &fs::Metadata) -> (bool, bool) {
    (false, false)
}

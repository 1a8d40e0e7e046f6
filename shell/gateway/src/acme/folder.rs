//! What is kept of an authority: the account, the certificate with its key, and when it was asked last.
//!
//! Knows: names of files, and that nobody else may read them. Does not know what an account is, nor how a certificate is
//! ordered. A file is there whole or not at all: it is written beside its place, and then moved there.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use countersign_config::{Acme, Tls};
use countersign_secret::Secret;

const CERTIFICATE: &str = "certificate.pem";
const ACCOUNT: &str = "account.json";
const ATTEMPT: &str = "attempt";

/// The folder of one authority: what one has signed is not taken for what another has.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn of(settings: &Acme) -> Self {
        let address = settings.directory.as_str();
        let (_, address) = address.split_once("://").unwrap_or(("", address));
        let fits = |of: char| of.is_ascii_alphanumeric() || matches!(of, '-' | '.');
        let name: String = address
            .trim_end_matches('/')
            .chars()
            .map(|of| if fits(of) { of } else { '_' })
            .collect();
        Self(settings.folder.join(name))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Where certificate and key are, in one file: they can only be put in place together.
    pub(crate) fn certificate(&self) -> Tls {
        let path = self.0.join(CERTIFICATE);
        Tls {
            certificate: path.clone(),
            key: path,
        }
    }

    /// The files that are secret, and there.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = PathBuf> {
        let files = [CERTIFICATE, ACCOUNT].map(|name| self.0.join(name));
        files.into_iter().filter(|path| path.exists())
    }

    /// Makes it, and the one above it.
    pub(super) fn make(&self) -> io::Result<()> {
        let mut builder = DirBuilder::new();
        builder.mode(0o700);
        for folder in [self.0.parent(), Some(&*self.0)].into_iter().flatten() {
            match builder.create(folder) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }

    pub(super) fn keep_certificate(&self, pem: &Secret<String>) -> io::Result<()> {
        self.keep(CERTIFICATE, pem.expose().as_bytes())
    }

    /// The account as it was kept; `None`: there is none yet.
    pub(super) fn account(&self) -> io::Result<Option<Secret<Vec<u8>>>> {
        match fs::read(self.0.join(ACCOUNT)) {
            Ok(bytes) => Ok(Some(Secret::new(bytes))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) fn keep_account(&self, account: &Secret<Vec<u8>>) -> io::Result<()> {
        self.keep(ACCOUNT, account.expose())
    }

    /// Lays the account aside: the authority does not know it any more.
    pub(super) fn lay_account_aside(&self) -> io::Result<()> {
        let path = self.0.join(ACCOUNT);
        fs::rename(&path, path.with_extension("json.unknown"))
    }

    /// When the authority was asked last, as far as anybody has noted it.
    pub(super) fn last_attempt(&self) -> Option<i64> {
        let text = fs::read_to_string(self.0.join(ATTEMPT)).ok()?;
        text.trim_ascii().parse().ok()
    }

    pub(super) fn note_attempt(&self, now_unix_secs: i64) -> io::Result<()> {
        self.keep(ATTEMPT, format!("{now_unix_secs}\n").as_bytes())
    }

    fn keep(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let (place, beside) = (self.0.join(name), self.0.join(format!("{name}.new")));
        // One that was left there may be open to others: the mode is for new files alone.
        match fs::remove_file(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, &place)?;
        File::open(&self.0)?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::acme::tests::settings;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn each_authority_has_a_folder_of_its_own() {
        let name = |directory: &str| {
            let mut settings = settings(Path::new("acme"));
            directory.clone_into(&mut settings.directory);
            let folder = Folder::of(&settings);
            folder.path().strip_prefix("acme").unwrap().to_owned()
        };
        assert_eq!(
            name("https://acme-v02.api.letsencrypt.org/directory"),
            Path::new("acme-v02.api.letsencrypt.org_directory")
        );
        assert_eq!(
            name("https://[::1]:14000/dir/../x"),
            Path::new("___1__14000_dir_.._x")
        );
    }

    #[test]
    fn nobody_else_can_read_what_is_kept() {
        let above = tempfile::tempdir().unwrap();
        let folder = Folder::of(&settings(&above.path().join("acme")));
        folder.make().unwrap();
        folder.make().unwrap();
        assert_eq!(mode(folder.path()), 0o700);
        assert_eq!(mode(&above.path().join("acme")), 0o700);
        assert!(folder.account().unwrap().is_none());
        let open = folder.path().join("account.json.new");
        fs::write(&open, "left there").unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o666)).unwrap();
        folder.keep_account(&Secret::new(b"one".to_vec())).unwrap();
        folder.keep_account(&Secret::new(b"two".to_vec())).unwrap();
        folder.keep_certificate(&Secret::new("pem".into())).unwrap();
        assert_eq!(folder.account().unwrap().unwrap().expose(), b"two");
        let secrets: Vec<_> = folder.secrets().collect();
        assert_eq!(secrets.len(), 2);
        assert!(secrets.iter().all(|path| mode(path) == 0o600));
        folder.lay_account_aside().unwrap();
        assert!(folder.account().unwrap().is_none());
        assert_eq!(mode(&folder.path().join("account.json.unknown")), 0o600);
    }

    #[test]
    fn an_attempt_is_remembered_and_what_is_none_is_no_time() {
        let above = tempfile::tempdir().unwrap();
        let folder = Folder::of(&settings(&above.path().join("acme")));
        assert_eq!(folder.last_attempt(), None);
        folder.make().unwrap();
        folder.note_attempt(1_700_000_000).unwrap();
        assert_eq!(folder.last_attempt(), Some(1_700_000_000));
        fs::write(folder.path().join(ATTEMPT), "\0soon").unwrap();
        assert_eq!(folder.last_attempt(), None);
    }
}

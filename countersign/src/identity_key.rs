//! `countersign identity-key`: the keys that identities are signed with, made and replaced.
//!
//! Knows: the file. Does not know what is signed, nor by whom: a gateway takes the file up when it is reloaded.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use aws_lc_rs::rand::SystemRandom;
use countersign_jose::Algorithm;
use countersign_jose::sign::{SigningKeys, Turn};
use countersign_secret::Secret;

use crate::context::Context;
use crate::failure::{Failure, because};

#[derive(clap::Args)]
#[command(
    after_help = "The first key signs at once. Each later one is published first, and signs when its time has come; the one before \
                  stays published for a while. Keys whose time is over are taken out. Run it again whenever the key is to be \
                  replaced, and then `countersign reload`, unless gateways take changed files up by themselves.\n\n\
                  The file is a JWK Set with private keys: keep it for the gateway alone.\n\n\
                  Examples:\n  countersign identity-key /etc/countersign/identity-keys.json\n  \
                  countersign identity-key identity-keys.json --algorithm ES256 && countersign reload"
)]
pub(crate) struct Args {
    /// The file, which is made where it is not there
    file: PathBuf,
    /// What the new key signs with
    #[arg(long, value_enum, default_value_t = Signs::EdDsa)]
    algorithm: Signs,
    /// How long a new key is published before it signs; longer than upstreams keep the published keys
    #[arg(long, value_name = "SECONDS", default_value_t = 3_600, value_parser = clap::value_parser!(i64).range(0..=31_536_000))]
    ahead_secs: i64,
    /// How long an old key is published after it has signed its last; longer than a token is good
    #[arg(long, value_name = "SECONDS", default_value_t = 86_400, value_parser = clap::value_parser!(i64).range(3_600..=31_536_000))]
    kept_secs: i64,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Signs {
    #[value(name = "EdDSA")]
    EdDsa,
    #[value(name = "ES256")]
    Es256,
    #[value(name = "ES384")]
    Es384,
}

impl Signs {
    const fn algorithm(self) -> Algorithm {
        match self {
            Self::EdDsa => Algorithm::EdDsa,
            Self::Es256 => Algorithm::Es256,
            Self::Es384 => Algorithm::Es384,
        }
    }
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let file = args.file.display();
    let before = match fs::read(&args.file).map(Secret::new) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(because(&format!("cannot read `{file}`"))(&error)),
    };
    let turn = Turn {
        now_unix_secs: context.now_unix_secs(),
        ahead_secs: args.ahead_secs,
        kept_secs: args.kept_secs,
    };
    let random = SystemRandom::new();
    let bytes = before.as_ref().map(|before| before.expose().as_slice());
    let made = SigningKeys::turned(bytes, args.algorithm.algorithm(), turn, &random)
        .map_err(|error| because(&format!("cannot add a key to `{file}`"))(&error))?;
    put(&args.file, made.expose().as_bytes())?;
    if before.is_none() {
        eprintln!("made `{file}`; its key signs at once");
    } else {
        let ahead = args.ahead_secs;
        eprintln!("added a key to `{file}`; it signs in {ahead} s");
    }
    Ok(ExitCode::SUCCESS)
}

/// Puts the file in its place whole, or not at all. Two who do it at once do not lose a key: the second is refused.
fn put(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    // Behind a link is the file that is meant.
    let resolved = fs::canonicalize(file);
    let file = resolved.as_deref().unwrap_or(file);
    let mut name = file.as_os_str().to_owned();
    name.push(".new");
    let new = PathBuf::from(name);
    let written = create(&new).and_then(|mut open| {
        keep_owner(file, &open)?;
        open.write_all(bytes)?;
        open.sync_all()?;
        fs::rename(&new, file)
    });
    match written {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let new = new.display();
            Err(Failure::new(format!("`{new}` is there already"))
                .help("somebody else does the same, or was interrupted: remove it then"))
        }
        Err(error) => {
            // It is of no use to anybody.
            let _ = fs::remove_file(&new);
            Err(because(&format!("cannot write `{}`", file.display()))(
                &error,
            ))
        }
    }
}

/// Gives the new file to whom the old one belongs: root turns the keys of a gateway that runs as somebody else.
fn keep_owner(old: &Path, new: &fs::File) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, fchown};
        match fs::metadata(old) {
            Ok(old) => {
                let made = new.metadata()?;
                if (old.uid(), old.gid()) != (made.uid(), made.gid()) {
                    fchown(new, Some(old.uid()), Some(old.gid()))?;
                }
                new.set_permissions(old.permissions())?;
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn create(file: &Path) -> io::Result<fs::File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(file)
}

//! The certificate of whatever listens with TLS here.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::peers::write;
use crate::failure::{Doing, Outcome};

/// Files in PEM.
pub(super) struct Certificate {
    pub(super) chain: PathBuf,
    pub(super) key: PathBuf,
}

/// A new one for this run, with a key on P-256 as most have.
pub(super) fn make(folder: &Path) -> Outcome<Certificate> {
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).doing("a certificate")?;
    let chain = write(folder, "cert.pem", &made.cert.pem())?;
    let key = write(folder, "key.pem", &made.signing_key.serialize_pem())?;
    // The gateway warns of keys that everybody can read.
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).doing(key.display())?;
    Ok(Certificate { chain, key })
}

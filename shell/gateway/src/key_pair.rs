//! A certificate and its key from PEM files, and in words of its own what is wrong with them.
//!
//! Knows: PEM, and what rustls says of a pair. Does not know whether they are shown to clients or to an upstream.

use std::path::Path;

use countersign_config::Tls;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{Error, InconsistentKeys};

use crate::StartError;

/// The certificate with those above it, and the key.
pub(crate) type Pair = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// Reads both files.
pub(crate) fn read(files: &Tls) -> Result<Pair, StartError> {
    Ok((certificates(&files.certificate)?, key(&files.key)?))
}

/// The certificates of a file, one at least.
pub(crate) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, StartError> {
    let found =
        CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match found {
        Ok(found) if found.is_empty() => Err(unreadable(path, &pem::Error::NoItemsFound)),
        Ok(found) => Ok(found),
        Err(error) => Err(unreadable(path, &error)),
    }
}

fn key(path: &Path) -> Result<PrivateKeyDer<'static>, StartError> {
    PrivateKeyDer::from_pem_file(path).map_err(|error| {
        if is_locked(path) {
            StartError::KeyLocked {
                key: path.display().to_string(),
            }
        } else {
            unreadable(path, &error)
        }
    })
}

/// RFC 7468 section 11 has a label of its own for it; OpenSSL's older form has a header (RFC 1421 section 4.6.1.1).
fn is_locked(path: &Path) -> bool {
    let Ok(text) = std::fs::read(path) else {
        return false;
    };
    text.split(|byte| *byte == b'\n').any(|line| {
        let line = line.trim_ascii();
        line == b"-----BEGIN ENCRYPTED PRIVATE KEY-----"
            || line.starts_with(b"Proc-Type:") && line.ends_with(b"ENCRYPTED")
    })
}

/// What rustls says where it does not take a pair.
pub(crate) fn not_taken(files: &Tls, error: &Error) -> StartError {
    if let Error::InconsistentKeys(InconsistentKeys::KeyMismatch) = error {
        return StartError::KeyOfAnother {
            certificate: files.certificate.display().to_string(),
            key: files.key.display().to_string(),
        };
    }
    StartError::Tls {
        reason: format!(
            "certificate `{}` with key `{}`: {error}",
            files.certificate.display(),
            files.key.display()
        ),
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the library may add to its enum; what is not told apart here has a general word"
)]
fn unreadable(path: &Path, error: &pem::Error) -> StartError {
    StartError::Pem {
        path: path.display().to_string(),
        reason: match error {
            pem::Error::Io(error) => error.to_string(),
            pem::Error::NoItemsFound => "it holds nothing of the kind that is wanted".into(),
            pem::Error::Base64Decode(_) => "what stands between its lines is not Base64".into(),
            other => format!("it is damaged: {other}"),
        },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::receive::server_config;

    fn fault(certificate: &str, key: &str) -> StartError {
        let folder = tempfile::tempdir().unwrap();
        let files = Tls {
            certificate: folder.path().join("cert.pem"),
            key: folder.path().join("key.pem"),
        };
        std::fs::write(&files.certificate, certificate).unwrap();
        std::fs::write(&files.key, key).unwrap();
        server_config(&files, None).err().unwrap()
    }

    #[test]
    fn each_fault_of_a_pair_has_words_of_its_own() {
        let made = || rcgen::generate_simple_self_signed(vec!["a.example".into()]).unwrap();
        let (ours, other) = (made(), made());
        let (certificate, key) = (ours.cert.pem(), other.signing_key.serialize_pem());
        let fault_of = |key: &str| fault(&certificate, key);
        assert!(matches!(fault_of(&key), StartError::KeyOfAnother { .. }));
        let locked =
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
        assert!(matches!(fault_of(locked), StartError::KeyLocked { .. }));
        let locked = "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END EC PRIVATE KEY-----\n";
        assert!(matches!(fault_of(locked), StartError::KeyLocked { .. }));
        for damaged in [
            "",
            "-----BEGIN PRIVATE KEY-----\n*\n-----END PRIVATE KEY-----\n",
        ] {
            assert!(
                matches!(fault_of(damaged), StartError::Pem { .. }),
                "{damaged}"
            );
        }
        assert!(matches!(fault("", &key), StartError::Pem { .. }));
    }
}

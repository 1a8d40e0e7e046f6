//! The machine that the files of the cases are on.

use std::io::ErrorKind;
use std::path::Path;

use countersign_config::{Access, Surroundings};

/// A machine of four cores with a few files, so that no report depends on the real one.
pub(crate) struct Machine;

impl Surroundings for Machine {
    fn read(&self, path: &Path) -> Result<Vec<u8>, ErrorKind> {
        match path.file_name().and_then(|name| name.to_str()) {
            Some("long.secret" | "open.secret") => {
                Ok(b"0123456789abcdef0123456789abcdef0123456789abcdef\n".to_vec())
            }
            Some("short.secret") => Ok(b"hunter2\n".to_vec()),
            Some("blank.secret") => Ok(b"\n".to_vec()),
            Some("cert.pem") => Ok(b"-----BEGIN CERTIFICATE-----\n".to_vec()),
            Some("key.pem" | "open.pem") => Ok(b"-----BEGIN PRIVATE KEY-----\n".to_vec()),
            Some("list.crl") => Ok(b"-----BEGIN X509 CRL-----\n".to_vec()),
            Some("empty.jwks") => Ok(b"{\"keys\":[]}".to_vec()),
            Some("signing.jwks") => Ok(PRIVATE_JWKS
                .replace("\"d\"", "\"alg\":\"EdDSA\",\"d\"")
                .into_bytes()),
            Some("private.jwks") => Ok(PRIVATE_JWKS.as_bytes().to_vec()),
            Some(_) | None => Err(ErrorKind::NotFound),
        }
    }

    fn access(&self, path: &Path) -> Option<Access> {
        match path.to_str() {
            Some("/etc/countersign" | "/etc/countersign/folder") => Some(Access {
                is_folder: true,
                ..Access::default()
            }),
            Some("/open") => Some(Access {
                is_folder: true,
                others_read: true,
                others_write: true,
            }),
            Some(
                "/etc/countersign/open.pem"
                | "/etc/countersign/open.secret"
                | "/etc/countersign/open.db",
            ) => Some(Access {
                others_read: true,
                ..Access::default()
            }),
            Some(_) | None => None,
        }
    }

    fn cores(&self) -> usize {
        4
    }

    fn variable(&self, name: &str) -> Option<Vec<u8>> {
        (name == "SHORT").then(|| b"hunter2".to_vec())
    }
}

const PRIVATE_JWKS: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

//! The thumbprint of a key, RFC 7638.
//!
//! Knows: the members that are hashed and their order. Does not know: what a thumbprint is used for.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};

use super::PublicKey;
use crate::base64url;
use crate::confirmation::THUMBPRINT_BYTES;

/// The SHA-256 thumbprint of a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Thumbprint(Box<str>);

impl Thumbprint {
    /// Its base64url text, as `jkt` and thumbprint `kid`s have it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PublicKey {
    /// The key's thumbprint.
    pub fn thumbprint(&self) -> Thumbprint {
        Thumbprint(base64url::encode(&self.thumbprint_bytes()).into())
    }

    /// The same as bytes.
    pub fn thumbprint_bytes(&self) -> [u8; THUMBPRINT_BYTES] {
        // RFC 7638 section 3.2 and RFC 8037 section 2: the required members only, in lexicographic order, without white
        // space. Their values here are base64url and curve names, which need no escapes.
        let json = match self {
            PublicKey::Rsa { modulus, exponent } => format!(
                r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#,
                base64url::encode(exponent),
                base64url::encode(modulus)
            ),
            PublicKey::Ec { curve, x, y } => format!(
                r#"{{"crv":"{}","kty":"EC","x":"{}","y":"{}"}}"#,
                curve.name(),
                base64url::encode(x),
                base64url::encode(y)
            ),
            PublicKey::Ed25519 { x } => {
                format!(
                    r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#,
                    base64url::encode(x)
                )
            }
        };
        let mut thumbprint = [0; THUMBPRINT_BYTES];
        thumbprint.copy_from_slice(digest(&SHA256, json.as_bytes()).as_ref());
        thumbprint
    }
}

//! A public key as a JSON Web Key, RFC 7517 and RFC 7518 section 6.
//!
//! Knows: the members of RSA, EC and Ed25519 keys, which of them are usable to verify, and how a key is written. Does
//! not know: sets of keys, tokens, private keys.

mod rsa;
mod thumbprint;

use std::fmt;

use serde_json::{Map, Value};

use crate::{Algorithm, base64url};

pub(crate) use rsa::PublicRsa;
pub use thumbprint::Thumbprint;

/// A public key that signatures are verified with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// An RSA key of 2048 to 8192 bits.
    Rsa {
        /// The modulus, big-endian, without leading zero bytes.
        modulus: Vec<u8>,
        /// The exponent, big-endian, without leading zero bytes.
        exponent: Vec<u8>,
    },
    /// A point on a curve.
    Ec {
        /// The curve.
        curve: Curve,
        /// The coordinate x, as long as the curve's field.
        x: Vec<u8>,
        /// The coordinate y, as long as the curve's field.
        y: Vec<u8>,
    },
    /// An Ed25519 key.
    Ed25519 {
        /// The encoded point.
        x: [u8; 32],
    },
}

/// The curves of RFC 7518 section 6.2.1.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// P-256.
    P256,
    /// P-384.
    P384,
    /// P-521.
    P521,
}

/// Why a key of a set is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyDefect {
    /// `kty` or `crv` is not known here.
    TypeUnknown,
    /// `use` is not `sig`, or `key_ops` lacks `verify`.
    NotForSignatures,
    /// `alg` is not known here, or not for keys of this type.
    Algorithm,
    /// A member is absent, of the wrong type, not canonical base64url, or of the wrong length.
    Member,
    /// `kid` is longer than [`crate::KID_BYTES_MAX`].
    KidTooLong,
    /// An RSA modulus below 2048 or above 8192 bits.
    RsaSize,
    /// An RSA exponent that is even, below 3 or above 33 bits, or an even modulus.
    RsaNumber,
    /// An RSA modulus made by a broken generator, which can be factored (CVE-2017-15361).
    RsaRoca,
    /// The numbers are not a key: a point that is not on its curve, for one.
    Rejected,
}

impl PublicKey {
    /// Reads the key in a JWK, whatever it is meant for.
    ///
    /// # Errors
    ///
    /// Fails when the key has a type that is not known, lacks a member, or is too weak to verify with.
    pub fn from_jwk(jwk: &Map<String, Value>) -> Result<PublicKey, KeyDefect> {
        match text(jwk, "kty")? {
            "RSA" => {
                let (modulus, exponent) = (bytes(jwk, "n")?, bytes(jwk, "e")?);
                rsa::check(&modulus, &exponent)?;
                Ok(PublicKey::Rsa { modulus, exponent })
            }
            "EC" => {
                let curve = Curve::from_name(text(jwk, "crv")?).ok_or(KeyDefect::TypeUnknown)?;
                let (x, y) = (bytes(jwk, "x")?, bytes(jwk, "y")?);
                // RFC 7518 section 6.2.1.2: the octet string MUST be the full size of a coordinate for the curve.
                if x.len() != curve.coordinate_bytes() || y.len() != curve.coordinate_bytes() {
                    return Err(KeyDefect::Member);
                }
                Ok(PublicKey::Ec { curve, x, y })
            }
            // RFC 8037 section 2.
            "OKP" if text(jwk, "crv")? == "Ed25519" => {
                let x = bytes(jwk, "x")?.try_into().map_err(|_| KeyDefect::Member)?;
                Ok(PublicKey::Ed25519 { x })
            }
            _ => Err(KeyDefect::TypeUnknown),
        }
    }

    /// Writes the required members of the key, and no others.
    pub fn to_jwk(&self) -> Map<String, Value> {
        let mut jwk = Map::new();
        let mut put = |name: &str, value: &str| jwk.insert(name.to_owned(), Value::from(value));
        match self {
            PublicKey::Rsa { modulus, exponent } => {
                put("kty", "RSA");
                put("n", &base64url::encode(modulus));
                put("e", &base64url::encode(exponent));
            }
            PublicKey::Ec { curve, x, y } => {
                put("kty", "EC");
                put("crv", curve.name());
                put("x", &base64url::encode(x));
                put("y", &base64url::encode(y));
            }
            PublicKey::Ed25519 { x } => {
                put("kty", "OKP");
                put("crv", "Ed25519");
                put("x", &base64url::encode(x));
            }
        }
        jwk
    }

    /// The algorithms that a key of this type can be used with.
    pub fn algorithms(&self) -> &'static [Algorithm] {
        match self {
            PublicKey::Rsa { .. } => Algorithm::RSA,
            // RFC 7518 section 3.4: each algorithm goes with one curve.
            PublicKey::Ec {
                curve: Curve::P256, ..
            } => &[Algorithm::Es256],
            PublicKey::Ec {
                curve: Curve::P384, ..
            } => &[Algorithm::Es384],
            PublicKey::Ec {
                curve: Curve::P521, ..
            } => &[Algorithm::Es512],
            PublicKey::Ed25519 { .. } => &[Algorithm::EdDsa],
        }
    }
}

impl Curve {
    /// The name that `crv` carries.
    pub const fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Curve> {
        [Self::P256, Self::P384, Self::P521]
            .into_iter()
            .find(|curve| curve.name() == name)
    }

    pub(crate) const fn coordinate_bytes(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

impl KeyDefect {
    /// One sentence for the log.
    pub const fn detail(self) -> &'static str {
        match self {
            Self::TypeUnknown => "its `kty` or `crv` is not one that is known",
            Self::NotForSignatures => "its `use` or `key_ops` is not to verify signatures",
            Self::Algorithm => "its `alg` is not known, or does not go with its `kty` or `crv`",
            Self::Member => {
                "a member is absent, of the wrong type, or not canonical base64url of the right length"
            }
            Self::KidTooLong => "its `kid` is longer than any that is compared",
            Self::RsaSize => "its RSA modulus is not of 2048 to 8192 bits",
            Self::RsaNumber => "its RSA exponent or modulus is not one that a sound key has",
            Self::RsaRoca => "its RSA modulus comes from a broken generator (CVE-2017-15361)",
            Self::Rejected => "its numbers are not a key",
        }
    }
}

impl fmt::Display for KeyDefect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.detail())
    }
}

impl std::error::Error for KeyDefect {}

pub(crate) fn text<'j>(jwk: &'j Map<String, Value>, name: &str) -> Result<&'j str, KeyDefect> {
    jwk.get(name)
        .and_then(Value::as_str)
        .ok_or(KeyDefect::Member)
}

pub(crate) fn bytes(jwk: &Map<String, Value>, name: &str) -> Result<Vec<u8>, KeyDefect> {
    base64url::decode(text(jwk, name)?.as_bytes()).map_err(|_| KeyDefect::Member)
}

//! Private keys from PKCS#8 and from JWK.
//!
//! Knows: PEM (RFC 7468), PKCS#8 (RFC 5208), the private members of RFC 7518 section 6. Does not know: files, and keys
//! encrypted with a password, which are refused.

use aws_lc_rs::rsa::KeyPairComponents;
use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair, RsaPublicKeyComponents};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_secret::Secret;
use serde_json::{Map, Value};

use super::{Material, RsaScheme, SigningError, SigningKey, curve, ecdsa};
use crate::jwk::{bytes, text};
use crate::key_set::for_signatures;
use crate::strict_json::Object;
use crate::{Algorithm, PublicKey, key_set};

impl SigningKey {
    /// Reads an RSA, EC or Ed25519 key in PKCS#8, DER.
    ///
    /// # Errors
    ///
    /// Fails when it is not an unencrypted PKCS#8 key, or not one for that algorithm.
    pub fn from_pkcs8_der(algorithm: Algorithm, der: &[u8]) -> Result<SigningKey, SigningError> {
        let material = if let Some(scheme) = RsaScheme::of(algorithm) {
            Material::Rsa(
                scheme,
                RsaKeyPair::from_pkcs8(der).map_err(|_| SigningError::Rejected)?,
            )
        } else if let Some(curve) = curve(algorithm) {
            let pair =
                EcdsaKeyPair::from_pkcs8(ecdsa(curve), der).map_err(|_| SigningError::Rejected)?;
            Material::Ecdsa(curve, pair)
        } else if algorithm == Algorithm::EdDsa {
            Material::Ed25519(Ed25519KeyPair::from_pkcs8(der).map_err(|_| SigningError::Rejected)?)
        } else {
            return Err(SigningError::Algorithm);
        };
        Ok(SigningKey {
            kid: None,
            material,
        })
    }

    /// Reads an RSA, EC or Ed25519 key in PKCS#8, PEM (`BEGIN PRIVATE KEY`).
    ///
    /// # Errors
    ///
    /// Fails when there is no such PEM block, or as [`SigningKey::from_pkcs8_der`].
    pub fn from_pkcs8_pem(algorithm: Algorithm, pem: &[u8]) -> Result<SigningKey, SigningError> {
        let der = private_key_block(pem).ok_or(SigningError::Malformed)?;
        Self::from_pkcs8_der(algorithm, der.expose())
    }

    /// Reads a private or symmetric JWK. Its `alg` has to be `algorithm`, or absent.
    ///
    /// # Errors
    ///
    /// Fails when it is not a key that signs with that algorithm.
    pub fn from_jwk(algorithm: Algorithm, json: &[u8]) -> Result<SigningKey, SigningError> {
        let jwk = Object::parse(json).ok_or(SigningError::Malformed)?;
        let named = key_set::algorithm(&jwk).map_err(|_| SigningError::Algorithm)?;
        if named.is_some_and(|named| named != algorithm) || !for_signatures(&jwk, "sign") {
            return Err(SigningError::Algorithm);
        }
        let material = match text(&jwk, "kty") {
            // RFC 7518 section 6.4.1.
            Ok("oct") => Self::shared_secret(member(&jwk, "k")?, algorithm)?.material,
            Ok(_) => asymmetric(algorithm, &jwk)?,
            Err(_) => return Err(SigningError::Malformed),
        };
        let kid = match jwk.get("kid") {
            Some(kid) => Some(kid.as_str().ok_or(SigningError::Malformed)?.into()),
            None => None,
        };
        Ok(SigningKey { kid, material })
    }
}

fn asymmetric(algorithm: Algorithm, jwk: &Map<String, Value>) -> Result<Material, SigningError> {
    let public = PublicKey::from_jwk(jwk).map_err(|_| SigningError::Rejected)?;
    if !public.algorithms().contains(&algorithm) {
        return Err(SigningError::Algorithm);
    }
    let private = member(jwk, "d")?;
    match public {
        PublicKey::Rsa { modulus, exponent } => {
            let scheme = RsaScheme::of(algorithm).ok_or(SigningError::Algorithm)?;
            let (p, q) = (member(jwk, "p")?, member(jwk, "q")?);
            let (dp, dq, qi) = (member(jwk, "dp")?, member(jwk, "dq")?, member(jwk, "qi")?);
            let components = KeyPairComponents {
                public_key: RsaPublicKeyComponents {
                    n: modulus.as_slice(),
                    e: exponent.as_slice(),
                },
                d: private.expose().as_slice(),
                p: p.expose().as_slice(),
                q: q.expose().as_slice(),
                dP: dp.expose().as_slice(),
                dQ: dq.expose().as_slice(),
                qInv: qi.expose().as_slice(),
            };
            RsaKeyPair::from_components(&components)
                .map(|pair| Material::Rsa(scheme, pair))
                .map_err(|_| SigningError::Rejected)
        }
        PublicKey::Ec { curve, x, y } => {
            let point = [&[4][..], &x, &y].concat();
            EcdsaKeyPair::from_private_key_and_public_key(ecdsa(curve), private.expose(), &point)
                .map(|pair| Material::Ecdsa(curve, pair))
                .map_err(|_| SigningError::Rejected)
        }
        PublicKey::Ed25519 { x } => Ed25519KeyPair::from_seed_and_public_key(private.expose(), &x)
            .map(Material::Ed25519)
            .map_err(|_| SigningError::Rejected),
    }
}

fn member(jwk: &Map<String, Value>, name: &str) -> Result<Secret<Vec<u8>>, SigningError> {
    bytes(jwk, name)
        .map(Secret::new)
        .map_err(|_| SigningError::Malformed)
}

/// RFC 7468 section 10: the content of the first block of that label.
fn private_key_block(pem: &[u8]) -> Option<Secret<Vec<u8>>> {
    let pem = std::str::from_utf8(pem).ok()?;
    let (_, after) = pem.split_once("-----BEGIN PRIVATE KEY-----")?;
    let (block, _) = after.split_once("-----END PRIVATE KEY-----")?;
    let text = Secret::new(block.split_ascii_whitespace().collect::<String>());
    STANDARD.decode(text.expose()).ok().map(Secret::new)
}

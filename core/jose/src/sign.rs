//! The other half: keys that sign, and tokens made with them.
//!
//! Knows: private keys, how they are made, and the compact serialization. Does not know: where private keys are kept,
//! and what claims mean. aws-lc-rs draws the nonces of ECDSA, and
//! new keys other than shared secrets, from its own generator.

mod keys;
mod load;

pub use keys::{SigningKeys, SigningKeysError, Turn};

use std::fmt;

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SecureRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
    ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair,
    KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256,
    RSA_PSS_SHA384, RSA_PSS_SHA512, RsaKeyPair, RsaSignatureEncoding,
};
use countersign_secret::Secret;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::jwk::PublicRsa;
use crate::verification_key::hmac_algorithm;
use crate::{Algorithm, Curve, KeySet, PublicKey, base64url};

/// A key that signs with one algorithm.
pub struct SigningKey {
    kid: Option<Box<str>>,
    material: Material,
}

enum Material {
    Hmac(Algorithm, Secret<Vec<u8>>),
    Rsa(RsaScheme, RsaKeyPair),
    Ecdsa(Curve, EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

#[derive(Clone, Copy)]
struct RsaScheme {
    algorithm: Algorithm,
    encoding: &'static RsaSignatureEncoding,
}

/// Why a signing key was not made or did not sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SigningError {
    /// Not a private key in the form it was said to be in.
    Malformed,
    /// The key is not for that algorithm, or none is named.
    Algorithm,
    /// Too short, too weak, or its numbers do not belong together.
    Rejected,
    /// The claims are not a JSON value that can be written.
    Claims,
    /// The cryptographic library failed.
    Failed,
}

impl SigningKey {
    /// Makes a new key: of 2048 bits for RSA, as long as the hash for HMAC.
    ///
    /// # Errors
    ///
    /// Fails when the random source or the library does.
    pub fn generate(
        algorithm: Algorithm,
        random: &dyn SecureRandom,
    ) -> Result<SigningKey, SigningError> {
        let material = if let Some(bytes) = algorithm.secret_bytes_min() {
            let mut secret = vec![0; bytes];
            random.fill(&mut secret).map_err(|_| SigningError::Failed)?;
            Material::Hmac(algorithm, Secret::new(secret))
        } else if let Some(scheme) = RsaScheme::of(algorithm) {
            Material::Rsa(
                scheme,
                RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| SigningError::Failed)?,
            )
        } else if let Some(curve) = curve(algorithm) {
            Material::Ecdsa(
                curve,
                EcdsaKeyPair::generate(ecdsa(curve)).map_err(|_| SigningError::Failed)?,
            )
        } else {
            Material::Ed25519(Ed25519KeyPair::generate().map_err(|_| SigningError::Failed)?)
        };
        Ok(SigningKey {
            kid: None,
            material,
        })
    }

    /// Takes a shared secret for HS256, HS384 or HS512.
    ///
    /// # Errors
    ///
    /// Fails when the algorithm is another, or the secret is shorter than its hash.
    pub fn shared_secret(
        secret: Secret<Vec<u8>>,
        algorithm: Algorithm,
    ) -> Result<SigningKey, SigningError> {
        let bytes_min = algorithm
            .secret_bytes_min()
            .ok_or(SigningError::Algorithm)?;
        if secret.expose().len() < bytes_min {
            return Err(SigningError::Rejected);
        }
        Ok(SigningKey {
            kid: None,
            material: Material::Hmac(algorithm, secret),
        })
    }

    /// Names the key: its tokens carry that `kid`.
    #[must_use]
    pub fn with_kid(mut self, kid: &str) -> SigningKey {
        self.kid = Some(kid.into());
        self
    }

    /// The name that its tokens carry.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The one algorithm that the key signs with.
    pub fn algorithm(&self) -> Algorithm {
        match &self.material {
            Material::Hmac(algorithm, _) => *algorithm,
            Material::Rsa(scheme, _) => scheme.algorithm,
            Material::Ecdsa(Curve::P256, _) => Algorithm::Es256,
            Material::Ecdsa(Curve::P384, _) => Algorithm::Es384,
            Material::Ecdsa(Curve::P521, _) => Algorithm::Es512,
            Material::Ed25519(_) => Algorithm::EdDsa,
        }
    }

    /// Makes a token of that `typ` with those claims, in compact serialization.
    ///
    /// # Errors
    ///
    /// Fails when the claims cannot be written as JSON or the library fails.
    pub fn sign_claims<C: Serialize>(
        &self,
        typ: &str,
        claims: &C,
        random: &dyn SecureRandom,
    ) -> Result<String, SigningError> {
        let header = Map::from_iter([("typ".to_owned(), Value::from(typ))]);
        let claims = serde_json::to_vec(claims).map_err(|_| SigningError::Claims)?;
        self.sign(header, &claims, random)
    }

    /// Signs any bytes, in compact serialization. `alg` and `kid` of the header are the key's own.
    ///
    /// # Errors
    ///
    /// Fails when the library does.
    pub fn sign(
        &self,
        mut header: Map<String, Value>,
        payload: &[u8],
        random: &dyn SecureRandom,
    ) -> Result<String, SigningError> {
        header.insert("alg".to_owned(), Value::from(self.algorithm().name()));
        if let Some(kid) = &self.kid {
            header.insert("kid".to_owned(), Value::from(&**kid));
        }
        let header = serde_json::to_vec(&header).map_err(|_| SigningError::Claims)?;
        let mut text = base64url::encode(&header);
        text.push('.');
        base64url::encode_onto(payload, &mut text);
        let signature = self.signature(text.as_bytes(), random)?;
        text.push('.');
        base64url::encode_onto(&signature, &mut text);
        Ok(text)
    }

    /// The public half as a JWK for a published set, with `use`, `alg` and `kid`. A shared secret has none.
    pub fn public_jwk(&self) -> Option<Value> {
        let mut jwk = self.public_key()?.to_jwk();
        jwk.insert("use".to_owned(), Value::from("sig"));
        jwk.insert("alg".to_owned(), Value::from(self.algorithm().name()));
        if let Some(kid) = &self.kid {
            jwk.insert("kid".to_owned(), Value::from(&**kid));
        }
        Some(Value::Object(jwk))
    }

    /// The public half. A shared secret has none.
    pub fn public_key(&self) -> Option<PublicKey> {
        match &self.material {
            Material::Hmac(..) => None,
            Material::Rsa(_, pair) => {
                let PublicRsa { modulus, exponent } =
                    PublicRsa::from_der(pair.public_key().as_ref())?;
                Some(PublicKey::Rsa { modulus, exponent })
            }
            Material::Ecdsa(curve, pair) => {
                let point = pair.public_key().as_ref().strip_prefix(&[4])?;
                let (x, y) = point.split_at_checked(curve.coordinate_bytes())?;
                Some(PublicKey::Ec {
                    curve: *curve,
                    x: x.to_vec(),
                    y: y.to_vec(),
                })
            }
            Material::Ed25519(pair) => Some(PublicKey::Ed25519 {
                x: pair.public_key().as_ref().try_into().ok()?,
            }),
        }
    }

    /// The set of this one key, to verify what it signs.
    ///
    /// # Errors
    ///
    /// Fails when the key signs, but is not one that signatures are verified with here.
    pub fn key_set(&self) -> Result<KeySet, SigningError> {
        if let Material::Hmac(algorithm, secret) = &self.material {
            return KeySet::shared_secret(secret.duplicate(), self.kid(), *algorithm)
                .map_err(|_| SigningError::Rejected);
        }
        let key = self.public_key().ok_or(SigningError::Failed)?;
        // The same checks that a published key goes through.
        let key = PublicKey::from_jwk(&key.to_jwk()).map_err(|_| SigningError::Rejected)?;
        KeySet::of_public(&key, self.kid(), self.algorithm()).map_err(|_| SigningError::Rejected)
    }

    fn signature(
        &self,
        message: &[u8],
        random: &dyn SecureRandom,
    ) -> Result<Vec<u8>, SigningError> {
        match &self.material {
            Material::Hmac(algorithm, secret) => {
                let algorithm = hmac_algorithm(*algorithm).ok_or(SigningError::Algorithm)?;
                Ok(
                    hmac::sign(&hmac::Key::new(algorithm, secret.expose()), message)
                        .as_ref()
                        .to_vec(),
                )
            }
            Material::Rsa(scheme, pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(scheme.encoding, random, message, &mut signature)
                    .map_err(|_| SigningError::Failed)?;
                Ok(signature)
            }
            Material::Ecdsa(_, pair) => Ok(pair
                .sign(random, message)
                .map_err(|_| SigningError::Failed)?
                .as_ref()
                .to_vec()),
            Material::Ed25519(pair) => Ok(pair
                .try_sign(message)
                .map_err(|_| SigningError::Failed)?
                .as_ref()
                .to_vec()),
        }
    }
}

impl RsaScheme {
    fn of(algorithm: Algorithm) -> Option<RsaScheme> {
        let encoding = match algorithm {
            Algorithm::Rs256 => &RSA_PKCS1_SHA256,
            Algorithm::Rs384 => &RSA_PKCS1_SHA384,
            Algorithm::Rs512 => &RSA_PKCS1_SHA512,
            Algorithm::Ps256 => &RSA_PSS_SHA256,
            Algorithm::Ps384 => &RSA_PSS_SHA384,
            Algorithm::Ps512 => &RSA_PSS_SHA512,
            Algorithm::Hs256
            | Algorithm::Hs384
            | Algorithm::Hs512
            | Algorithm::Es256
            | Algorithm::Es384
            | Algorithm::Es512
            | Algorithm::EdDsa => return None,
        };
        Some(RsaScheme {
            algorithm,
            encoding,
        })
    }
}

fn curve(algorithm: Algorithm) -> Option<Curve> {
    match algorithm {
        Algorithm::Es256 => Some(Curve::P256),
        Algorithm::Es384 => Some(Curve::P384),
        Algorithm::Es512 => Some(Curve::P521),
        Algorithm::Hs256
        | Algorithm::Hs384
        | Algorithm::Hs512
        | Algorithm::Rs256
        | Algorithm::Rs384
        | Algorithm::Rs512
        | Algorithm::Ps256
        | Algorithm::Ps384
        | Algorithm::Ps512
        | Algorithm::EdDsa => None,
    }
}

fn ecdsa(curve: Curve) -> &'static EcdsaSigningAlgorithm {
    match curve {
        Curve::P256 => &ECDSA_P256_SHA256_FIXED_SIGNING,
        Curve::P384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
        Curve::P521 => &ECDSA_P521_SHA512_FIXED_SIGNING,
    }
}

impl SigningError {
    /// One sentence for the log.
    pub const fn detail(self) -> &'static str {
        match self {
            Self::Malformed => "not a private key in PKCS#8 or JWK",
            Self::Algorithm => "the key is not for that algorithm",
            Self::Rejected => "the key is too short or its numbers do not belong together",
            Self::Claims => "the claims cannot be written as JSON",
            Self::Failed => "the signature could not be made",
        }
    }
}

impl fmt::Display for SigningError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.detail())
    }
}

impl std::error::Error for SigningError {}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("kid", &self.kid)
            .field("algorithm", &self.algorithm())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

//! A key, parsed once, that checks signatures.
//!
//! Knows: which algorithms it was parsed for. Does not know: tokens, sets, names of issuers. A shared secret and a public
//! key are different variants, so the bytes of one can never be used as the other.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519,
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
    RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents, VerificationAlgorithm,
};

use crate::{Algorithm, Curve, KeyDefect, PublicKey};

pub(crate) struct VerificationKey {
    pub(crate) kid: Option<Box<str>>,
    material: Material,
}

enum Material {
    Public(Vec<(Algorithm, ParsedPublicKey)>),
    Shared(Algorithm, Box<hmac::Key>),
}

/// The signature does not fit, or the key is not for the algorithm.
#[derive(Debug)]
pub(crate) struct Mismatch;

impl VerificationKey {
    /// Parses a public key for that algorithm, or for each that fits its type when it is not bound to one.
    pub(crate) fn public(
        kid: Option<Box<str>>,
        key: &PublicKey,
        bound: Option<Algorithm>,
    ) -> Result<Self, KeyDefect> {
        let parsed = key
            .algorithms()
            .iter()
            .filter(|&&algorithm| bound.is_none_or(|bound| bound == algorithm))
            .map(|&algorithm| Ok((algorithm, parse(key, algorithm)?)))
            .collect::<Result<Vec<_>, KeyDefect>>()?;
        if parsed.is_empty() {
            return Err(KeyDefect::Algorithm);
        }
        Ok(Self {
            kid,
            material: Material::Public(parsed),
        })
    }

    /// `None` when the algorithm is not symmetric.
    pub(crate) fn shared(
        kid: Option<Box<str>>,
        secret: &[u8],
        algorithm: Algorithm,
    ) -> Option<Self> {
        let key = hmac::Key::new(hmac_algorithm(algorithm)?, secret);
        Some(Self {
            kid,
            material: Material::Shared(algorithm, Box::new(key)),
        })
    }

    /// Whether it is a secret, which an issuer shares with us alone.
    pub(crate) const fn is_shared(&self) -> bool {
        matches!(self.material, Material::Shared(..))
    }

    pub(crate) fn fits(&self, algorithm: Algorithm) -> bool {
        match &self.material {
            Material::Public(parsed) => parsed.iter().any(|(of, _)| *of == algorithm),
            Material::Shared(of, _) => *of == algorithm,
        }
    }

    pub(crate) fn verify(
        &self,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Mismatch> {
        match &self.material {
            Material::Public(parsed) => {
                let (_, key) = parsed
                    .iter()
                    .find(|(of, _)| *of == algorithm)
                    .ok_or(Mismatch)?;
                key.verify_sig(message, signature).map_err(|_| Mismatch)
            }
            Material::Shared(of, key) if *of == algorithm => {
                hmac::verify(key, message, signature).map_err(|_| Mismatch)
            }
            Material::Shared(..) => Err(Mismatch),
        }
    }
}

fn parse(key: &PublicKey, algorithm: Algorithm) -> Result<ParsedPublicKey, KeyDefect> {
    match key {
        PublicKey::Rsa { modulus, exponent } => {
            let parameters = rsa_parameters(algorithm).ok_or(KeyDefect::Algorithm)?;
            RsaPublicKeyComponents {
                n: modulus,
                e: exponent,
            }
            .to_parsed_public_key(parameters)
            .map_err(|_| KeyDefect::Rejected)
        }
        PublicKey::Ec { curve, x, y } => {
            // SEC 1 section 2.3.3: 04, x, y. Parsing checks that the point is on the curve.
            let point = [&[4][..], x, y].concat();
            ParsedPublicKey::new(ecdsa(*curve), point).map_err(|_| KeyDefect::Rejected)
        }
        PublicKey::Ed25519 { x } => {
            ParsedPublicKey::new(&ED25519, x).map_err(|_| KeyDefect::Rejected)
        }
    }
}

/// RFC 7518 section 3.4: the signature is r and s, each as long as the curve's field.
fn ecdsa(curve: Curve) -> &'static dyn VerificationAlgorithm {
    match curve {
        Curve::P256 => &ECDSA_P256_SHA256_FIXED,
        Curve::P384 => &ECDSA_P384_SHA384_FIXED,
        Curve::P521 => &ECDSA_P521_SHA512_FIXED,
    }
}

fn rsa_parameters(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    match algorithm {
        Algorithm::Rs256 => Some(&RSA_PKCS1_2048_8192_SHA256),
        Algorithm::Rs384 => Some(&RSA_PKCS1_2048_8192_SHA384),
        Algorithm::Rs512 => Some(&RSA_PKCS1_2048_8192_SHA512),
        Algorithm::Ps256 => Some(&RSA_PSS_2048_8192_SHA256),
        Algorithm::Ps384 => Some(&RSA_PSS_2048_8192_SHA384),
        Algorithm::Ps512 => Some(&RSA_PSS_2048_8192_SHA512),
        Algorithm::Hs256
        | Algorithm::Hs384
        | Algorithm::Hs512
        | Algorithm::Es256
        | Algorithm::Es384
        | Algorithm::Es512
        | Algorithm::EdDsa => None,
    }
}

pub(crate) fn hmac_algorithm(algorithm: Algorithm) -> Option<hmac::Algorithm> {
    match algorithm {
        Algorithm::Hs256 => Some(hmac::HMAC_SHA256),
        Algorithm::Hs384 => Some(hmac::HMAC_SHA384),
        Algorithm::Hs512 => Some(hmac::HMAC_SHA512),
        Algorithm::Rs256
        | Algorithm::Rs384
        | Algorithm::Rs512
        | Algorithm::Ps256
        | Algorithm::Ps384
        | Algorithm::Ps512
        | Algorithm::Es256
        | Algorithm::Es384
        | Algorithm::Es512
        | Algorithm::EdDsa => None,
    }
}

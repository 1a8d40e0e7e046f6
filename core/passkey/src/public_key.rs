//! A credential's public key in COSE (RFC 9052 section 7, RFC 9053; section 6.5.1.1 of Web Authentication).
//!
//! Knows three kinds of keys, and which signature each makes. Does not know whose key it is.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RsaPublicKeyComponents,
};
use minicbor::Decoder;

use crate::{Fault, cbor};

/// The algorithms that are asked for, the preferred one first, by their numbers in the COSE registry: Ed25519 (`EdDSA`), P-256
/// with SHA-256 (`ES256`), RSA PKCS #1 with SHA-256 (`RS256`, which Windows Hello still makes).
pub(crate) const ALGORITHMS: [i64; 3] = [EDDSA, ES256, RS256];

const EDDSA: i64 = -8;
const ES256: i64 = -7;
const RS256: i64 = -257;

/// How long the modulus of an RSA key may be, in bytes: 2048 to 8192 bits.
const RSA_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;

/// A public key that signatures can be checked with, and its bytes in COSE, which is how it is kept.
pub struct PublicKey {
    key: ParsedPublicKey,
    cose: Box<[u8]>,
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("PublicKey").finish_non_exhaustive()
    }
}

impl PublicKey {
    /// Reads a key that was kept.
    ///
    /// # Errors
    /// [`Fault::KeyForm`] or [`Fault::KeyAlgorithm`] where the bytes are not what [`PublicKey::as_cose`] gave.
    pub fn parse(cose: &[u8]) -> Result<Self, Fault> {
        match Self::parse_prefix(cose)? {
            (key, []) => Ok(key),
            (_, [..]) => Err(Fault::KeyForm),
        }
    }

    /// The key in COSE, to be kept.
    #[must_use]
    pub const fn as_cose(&self) -> &[u8] {
        &self.cose
    }

    /// Whether `signature` is this key's over `message`.
    #[must_use]
    pub fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify_sig(message, signature).is_ok()
    }

    /// The key at the beginning of `bytes`, and what follows it.
    pub(crate) fn parse_prefix(bytes: &[u8]) -> Result<(Self, &[u8]), Fault> {
        let mut decoder = Decoder::new(bytes);
        let members = Members::read(&mut decoder)?;
        let (cose, rest) = bytes
            .split_at_checked(decoder.position())
            .ok_or(Fault::KeyForm)?;
        let key = Self {
            key: members.key()?,
            cose: cose.into(),
        };
        Ok((key, rest))
    }
}

/// The members of a COSE key, before their kind is known: `-1` is a curve or a modulus, by the key's type.
#[derive(Default)]
struct Members<'a> {
    kind: Option<i64>,
    algorithm: Option<i64>,
    curve: Option<i64>,
    first: Option<&'a [u8]>,
    second: Option<&'a [u8]>,
    third: Option<&'a [u8]>,
}

impl<'a> Members<'a> {
    fn read(decoder: &mut Decoder<'a>) -> Result<Self, Fault> {
        const FORM: Fault = Fault::KeyForm;
        let mut found = Self::default();
        for _ in 0..cbor::members(decoder, FORM)? {
            let label = cbor::small_integer(decoder).ok_or(FORM)?;
            match label {
                1 => cbor::once(
                    &mut found.kind,
                    cbor::small_integer(decoder).ok_or(FORM)?,
                    FORM,
                )?,
                3 => cbor::once(
                    &mut found.algorithm,
                    cbor::small_integer(decoder).ok_or(FORM)?,
                    FORM,
                )?,
                -1 => match cbor::small_integer(decoder) {
                    Some(curve) => cbor::once(&mut found.curve, curve, FORM)?,
                    None => cbor::once(&mut found.first, bytes(decoder)?, FORM)?,
                },
                -2 => cbor::once(&mut found.second, bytes(decoder)?, FORM)?,
                -3 => cbor::once(&mut found.third, bytes(decoder)?, FORM)?,
                _ => cbor::pass_over(decoder, FORM)?,
            }
        }
        Ok(found)
    }

    /// The kind of key has to be the one of its algorithm: nothing is checked by another rule than the key was made for.
    fn key(&self) -> Result<ParsedPublicKey, Fault> {
        const P256: i64 = 1;
        const CURVE25519: i64 = 6;
        let (octets, elliptic, rsa) = (Some(1), Some(2), Some(3));
        let kept = |parsed: Result<ParsedPublicKey, _>| parsed.map_err(|_| Fault::KeyForm);
        match (
            self.algorithm,
            self.curve,
            self.first,
            self.second,
            self.third,
        ) {
            (Some(EDDSA), Some(CURVE25519), None, Some(x), None) if self.kind == octets => {
                kept(ParsedPublicKey::new(&ED25519, x))
            }
            (Some(ES256), Some(P256), None, Some(x), Some(y)) if self.kind == elliptic => {
                if x.len() != 32 || y.len() != 32 {
                    return Err(Fault::KeyForm);
                }
                // SEC 1 section 2.3.3: an uncompressed point. That it lies on the curve is checked by the parser.
                kept(ParsedPublicKey::new(
                    &ECDSA_P256_SHA256_ASN1,
                    [&[4], x, y].concat(),
                ))
            }
            (Some(RS256), None, Some(n), Some(e), None) if self.kind == rsa => {
                // The parser leaves the length to the first signature.
                if !RSA_BYTES.contains(&n.len()) {
                    return Err(Fault::KeyForm);
                }
                let components = RsaPublicKeyComponents { n, e };
                kept(components.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256))
            }
            (Some(EDDSA | ES256 | RS256), ..) => Err(Fault::KeyForm),
            (Some(_) | None, ..) => Err(Fault::KeyAlgorithm),
        }
    }
}

fn bytes<'a>(decoder: &mut Decoder<'a>) -> Result<&'a [u8], Fault> {
    decoder.bytes().map_err(|_| Fault::KeyForm)
}

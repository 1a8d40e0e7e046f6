//! JSON Web Signatures in compact serialization, RFC 7515 sections 3.1, 5.2 and 7.1.
//!
//! Knows: three parts, a header, a signature. Does not know: what the payload is.
//!
//! ```text
//! JWS Compact Serialization = BASE64URL(UTF8(JWS Protected Header)) "." BASE64URL(JWS Payload) "."
//!                             BASE64URL(JWS Signature)
//! ```

use crate::header::Header;
use crate::verification_key::VerificationKey;
use crate::{
    Algorithm, KeySet, TOKEN_BYTES_MAX, TokenDefect, TokenRefusal, Unverified, Verified, base64url,
};

/// A signed message.
pub struct Jws<'t> {
    header: Header,
    proof: Proof<'t>,
}

/// What was signed, as it was sent, and the signature.
pub(crate) struct Proof<'t> {
    signing_input: &'t [u8],
    /// The payload and the signature after it, decoded into one buffer.
    decoded: Vec<u8>,
    payload_bytes: usize,
}

impl<'t> Jws<'t> {
    /// Reads a message in compact serialization.
    ///
    /// # Errors
    ///
    /// Fails when it is not one, or one with a header that cannot be honoured.
    pub fn parse(text: &'t [u8]) -> Result<Unverified<Jws<'t>>, TokenDefect> {
        let (header, proof) = read(text)?;
        Ok(Unverified::new(Jws { header, proof }))
    }
}

/// The header and the rest of a message in compact serialization.
pub(crate) fn read(text: &[u8]) -> Result<(Header, Proof<'_>), TokenDefect> {
    if text.len() > TOKEN_BYTES_MAX {
        return Err(TokenDefect::TooLong);
    }
    let [header, payload, signature] = parts(text)?;
    let signing_input = text
        .get(..header.len() + 1 + payload.len())
        .ok_or(TokenDefect::Parts)?;

    let mut decoded = Vec::with_capacity(text.len());
    base64url::decode_onto(header, &mut decoded).map_err(|_| TokenDefect::Base64)?;
    let header = Header::parse(&decoded)?;
    decoded.clear();
    base64url::decode_onto(payload, &mut decoded).map_err(|_| TokenDefect::Base64)?;
    let payload_bytes = decoded.len();
    base64url::decode_onto(signature, &mut decoded).map_err(|_| TokenDefect::Base64)?;
    Ok((
        header,
        Proof {
            signing_input,
            decoded,
            payload_bytes,
        },
    ))
}

impl<'t> Unverified<Jws<'t>> {
    /// The `kid` of the header: which key the message asks for.
    pub fn kid(&self) -> Option<&str> {
        self.inner().header.kid.as_deref()
    }

    /// The `alg` of the header.
    pub fn algorithm(&self) -> Algorithm {
        self.inner().header.algorithm
    }

    /// Checks the signature with a key of that set.
    ///
    /// # Errors
    ///
    /// Fails when `alg` is not allowed, no key of the set is meant, or the signature does not fit.
    pub fn verify(
        self,
        keys: &KeySet,
        allowed: &[Algorithm],
    ) -> Result<Verified<Jws<'t>>, TokenRefusal> {
        let jws = self.into_inner();
        jws.proof.check(&jws.header, keys, allowed)?;
        Ok(Verified::new(jws))
    }
}

impl Verified<Jws<'_>> {
    /// The signed bytes.
    pub fn payload(&self) -> &[u8] {
        self.inner().proof.payload()
    }
}

impl Proof<'_> {
    pub(crate) fn payload(&self) -> &[u8] {
        self.decoded.get(..self.payload_bytes).unwrap_or_default()
    }

    pub(crate) fn signature(&self) -> &[u8] {
        self.decoded.get(self.payload_bytes..).unwrap_or_default()
    }

    pub(crate) fn check(
        &self,
        header: &Header,
        keys: &KeySet,
        allowed: &[Algorithm],
    ) -> Result<(), TokenRefusal> {
        let algorithm = header.algorithm;
        // RFC 8725 section 3.1: only algorithms that the caller allows, whatever the header says.
        if !allowed.contains(&algorithm) {
            return Err(TokenRefusal::AlgorithmNotAllowed);
        }
        let fits = |key: &VerificationKey| {
            key.verify(algorithm, self.signing_input, self.signature())
                .is_ok()
        };
        let proven = match header.kid.as_deref() {
            Some(kid) => {
                let key = keys.named(kid).ok_or(TokenRefusal::KeyUnknown)?;
                // RFC 8725 section 3.1: each key is used with exactly one algorithm, and this is checked here.
                if !key.fits(algorithm) {
                    return Err(TokenRefusal::KeyAlgorithmMismatch);
                }
                fits(key)
            }
            None => {
                let mut fitting = keys
                    .unnamed(algorithm)
                    .ok_or(TokenRefusal::KeyUnnamed)?
                    .peekable();
                if fitting.peek().is_none() {
                    return Err(TokenRefusal::KeyUnknown);
                }
                fitting.any(fits)
            }
        };
        if proven {
            Ok(())
        } else {
            Err(TokenRefusal::SignatureInvalid)
        }
    }
}

/// Header, payload and signature, still encoded.
pub(crate) fn parts(text: &[u8]) -> Result<[&[u8]; 3], TokenDefect> {
    if text.trim_ascii_start().first() == Some(&b'{') {
        return Err(TokenDefect::JsonSerialization);
    }
    let mut parts = text.split(|&byte| byte == b'.');
    let (first, second, third) = (parts.next(), parts.next(), parts.next());
    match (first, second, third, parts.count()) {
        (Some(header), Some(payload), Some(signature), 0) => Ok([header, payload, signature]),
        // RFC 7516 section 9: five parts are an encrypted message. It is not decoded, let alone decompressed.
        (.., 2) => Err(TokenDefect::Encrypted),
        (Some(opaque), None, None, 0) if is_token68(opaque) => Err(TokenDefect::Opaque),
        (..) => Err(TokenDefect::Parts),
    }
}

/// RFC 9110 section 11.2: `token68 = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`.
fn is_token68(text: &[u8]) -> bool {
    let is_body = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(byte);
    let body = text.iter().take_while(|byte| is_body(byte)).count();
    body > 0 && text.iter().skip(body).all(|&byte| byte == b'=')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use countersign_cause::Cause;

    use super::*;

    fn defect(text: &[u8]) -> TokenDefect {
        Jws::parse(text).unwrap_err()
    }

    #[test]
    fn rfc7515_section_7_1_three_parts() {
        for text in ["", ".", "a.b", "a.b.c.d", "a.b.c.d.e.f", "a b", "Ä", "\0"] {
            assert_eq!(defect(text.as_bytes()), TokenDefect::Parts, "{text:?}");
        }
        assert_eq!(defect(b".."), TokenDefect::Header);
    }

    #[test]
    fn opaque_and_encrypted_tokens_are_of_the_wrong_kind() {
        for text in [
            "csk_abcdef",
            "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
            "SGVsbG8=",
            "a+/~_-",
        ] {
            assert_eq!(defect(text.as_bytes()), TokenDefect::Opaque, "{text}");
        }
        for text in ["a.b.c.d.e", "....", "a..b.c.d"] {
            assert_eq!(defect(text.as_bytes()), TokenDefect::Encrypted, "{text}");
        }
        assert_eq!(TokenDefect::Opaque.cause(), Cause::TokenWrongKind);
    }

    #[test]
    fn each_part_is_canonical_base64url() {
        // {"alg":"HS256"}
        let (header, payload, signature) = ("eyJhbGciOiJIUzI1NiJ9", "e30", "AAAA");
        assert!(Jws::parse(format!("{header}.{payload}.{signature}").as_bytes()).is_ok());
        for odd in ["=", " ", "\n", "+", "/", "%3D", "\u{e4}"] {
            for text in [
                format!("{header}{odd}.{payload}.{signature}"),
                format!("{header}.{payload}{odd}.{signature}"),
                format!("{header}.{payload}.{signature}{odd}"),
            ] {
                assert_eq!(defect(text.as_bytes()), TokenDefect::Base64, "{text}");
            }
        }
        assert_eq!(
            defect(format!("{header}.e31.{signature}").as_bytes()),
            TokenDefect::Base64
        );
        assert_eq!(
            defect(format!("{header}.{payload}.AB").as_bytes()),
            TokenDefect::Base64
        );
    }

    #[test]
    fn the_length_is_limited() {
        let text = format!("eyJhbGciOiJIUzI1NiJ9.{}.AAAA", "A".repeat(TOKEN_BYTES_MAX));
        assert_eq!(defect(text.as_bytes()), TokenDefect::TooLong);
    }
}

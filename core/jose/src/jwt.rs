//! JSON Web Tokens, RFC 7519: a JWS whose payload is a claims set.
//!
//! Knows: the way from text to [`Unverified`] to [`Verified`]. Does not know: what claims should say; see `expectations`.

use crate::header::Header;
use crate::jws::{self, Proof};
use crate::{Algorithm, Claims, KeySet, TokenDefect, TokenRefusal, Unverified, Verified};

/// A JSON Web Token. The claims are read once, before verification, and handed over after it.
pub struct Jwt<'t> {
    header: Header,
    proof: Proof<'t>,
    claims: Claims,
}

impl<'t> Jwt<'t> {
    /// Reads a token in compact serialization.
    ///
    /// # Errors
    ///
    /// Fails when it is not a signed token whose payload is a JSON object with registered claims of the right type.
    pub fn parse(text: &'t [u8]) -> Result<Unverified<Jwt<'t>>, TokenDefect> {
        let (mut header, proof) = jws::read(text)?;
        let claims = Claims::parse(proof.payload(), header.typ.take())?;
        Ok(Unverified::new(Jwt {
            header,
            proof,
            claims,
        }))
    }
}

impl<'t> Unverified<Jwt<'t>> {
    /// The `kid` of the header: which key the token asks for.
    pub fn kid(&self) -> Option<&str> {
        self.inner().header.kid.as_deref()
    }

    /// The `alg` of the header.
    pub fn algorithm(&self) -> Algorithm {
        self.inner().header.algorithm
    }

    /// The `typ` of the header.
    pub fn typ(&self) -> Option<&str> {
        self.inner().claims.typ()
    }

    /// For [`hearsay`](crate::Hearsay) alone.
    pub(crate) fn unproven_claims(&self) -> &Claims {
        &self.inner().claims
    }

    pub(crate) fn signature_bytes(&self) -> usize {
        self.inner().proof.signature().len()
    }

    /// Whether the token says that it is from that issuer, to find the issuer's keys. It proves nothing.
    pub fn is_issued_by(&self, issuer: &str) -> bool {
        self.inner().claims.issuer() == Some(issuer)
    }

    /// Whether `keys` has a key that the token can be checked with. When not, newer keys of the issuer may.
    pub fn has_key_in(&self, keys: &KeySet) -> bool {
        match self.kid() {
            Some(kid) => keys.contains(kid),
            None => keys
                .unnamed(self.algorithm())
                .is_some_and(|mut fitting| fitting.next().is_some()),
        }
    }

    /// Checks the signature with a key of that set. `allowed` is what this issuer's tokens may be signed with.
    ///
    /// # Errors
    ///
    /// Fails when `alg` is not allowed, no key of the set is meant, or the signature does not fit.
    pub fn verify(
        self,
        keys: &KeySet,
        allowed: &[Algorithm],
    ) -> Result<Verified<Jwt<'t>>, TokenRefusal> {
        let jwt = self.into_inner();
        jwt.proof.check(&jwt.header, keys, allowed)?;
        Ok(Verified::new(jwt))
    }
}

impl Verified<Jwt<'_>> {
    /// The claims, which the issuer made. Whether they are for us and for now is up to [`Claims::check`].
    pub fn claims(&self) -> &Claims {
        &self.inner().claims
    }

    /// The claims alone, to keep.
    pub fn into_claims(self) -> Claims {
        self.into_inner().claims
    }

    /// The `kid` of the key that the token was verified with, where it named one.
    pub fn kid(&self) -> Option<&str> {
        self.inner().header.kid.as_deref()
    }

    /// The algorithm that the token was verified with.
    pub fn algorithm(&self) -> Algorithm {
        self.inner().header.algorithm
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use serde_json::json;

    use super::*;
    use crate::SigningKey;
    use crate::tests::system_random;

    fn key(kid: Option<&str>) -> SigningKey {
        let key = SigningKey::generate(Algorithm::EdDsa, &system_random()).unwrap();
        match kid {
            Some(kid) => key.with_kid(kid),
            None => key,
        }
    }

    fn token(key: &SigningKey) -> String {
        let claims = json!({ "iss": "https://id.example.com", "sub": "alice" });
        key.sign_claims("at+jwt", &claims, &system_random())
            .unwrap()
    }

    #[test]
    fn an_unverified_token_tells_what_finds_its_key_and_nothing_else() {
        let text = token(&key(Some("k1")));
        let unverified = Jwt::parse(text.as_bytes()).unwrap();
        assert_eq!(
            (unverified.kid(), unverified.typ()),
            (Some("k1"), Some("at+jwt"))
        );
        assert_eq!(unverified.algorithm(), Algorithm::EdDsa);
        assert!(unverified.is_issued_by("https://id.example.com"));
        for other in [
            "https://id.example.com/",
            "https://ID.example.com",
            "alice",
            "",
        ] {
            assert!(!unverified.is_issued_by(other), "{other}");
        }
        assert_eq!(format!("{unverified:?}"), "Unverified(..)");
    }

    #[test]
    fn a_token_without_issuer_is_issued_by_nobody() {
        let text = key(None)
            .sign_claims("JWT", &json!({}), &system_random())
            .unwrap();
        assert!(!Jwt::parse(text.as_bytes()).unwrap().is_issued_by(""));
    }

    #[test]
    fn whether_newer_keys_are_needed_is_known_before_verification() {
        let (named, other, nameless) = (key(Some("k1")), key(Some("k2")), key(None));
        let has = |token_of: &SigningKey, set_of: &SigningKey| {
            let text = token(token_of);
            Jwt::parse(text.as_bytes())
                .unwrap()
                .has_key_in(&set_of.key_set().unwrap())
        };
        assert!(has(&named, &named));
        assert!(!has(&named, &other));
        assert!(!has(&named, &nameless));
        assert!(has(&nameless, &other));
        let es256 = SigningKey::generate(Algorithm::Es256, &system_random()).unwrap();
        assert!(!has(&nameless, &es256));
    }

    #[test]
    fn a_verified_token_hands_its_claims_over() {
        let key = key(Some("k1"));
        let text = token(&key);
        let verified = Jwt::parse(text.as_bytes())
            .unwrap()
            .verify(&key.key_set().unwrap(), &[Algorithm::EdDsa])
            .unwrap();
        assert_eq!(
            (verified.kid(), verified.algorithm()),
            (Some("k1"), Algorithm::EdDsa)
        );
        assert_eq!(verified.claims().subject(), Some("alice"));
        assert_eq!(format!("{verified:?}"), "Verified(..)");
        assert_eq!(verified.into_claims().into_members().len(), 2);
    }

    #[test]
    fn no_allowed_algorithm_takes_no_token() {
        let key = key(None);
        let text = token(&key);
        let refusal = Jwt::parse(text.as_bytes())
            .unwrap()
            .verify(&key.key_set().unwrap(), &[])
            .unwrap_err();
        assert_eq!(refusal, TokenRefusal::AlgorithmNotAllowed);
    }
}

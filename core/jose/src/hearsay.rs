//! What a token says of itself, for somebody who looks for the reason of a refusal.
//!
//! Whoever wants to know why a token is refused has to read it before it is proven, and often cannot prove it at all.
//! That reading has a type of its own, so that it is never taken for [`Claims`](crate::Claims) of a
//! [`Verified`](crate::Verified) token: nothing that decides may use it, and a check of the workspace keeps it to the
//! doctor.
//!
//! Knows: the words of the header and the payload. Does not know whether any of them is true.

use serde_json::{Map, Value};

use crate::strict_json::Object;
use crate::{
    Claims, Jwt, KeyDefect, PublicKey, TOKEN_BYTES_MAX, Thumbprint, Unverified, base64url,
};

/// What a token says of itself. Hearsay: none of it was proven, and none of it may be believed.
pub struct Hearsay<'t> {
    header: Option<Map<String, Value>>,
    alg: Option<Box<str>>,
    kid: Option<Box<str>>,
    claims: Told<'t>,
    signature_bytes: Option<usize>,
}

enum Told<'t> {
    Here(&'t Claims),
    Read(Box<Claims>),
    /// The payload is encrypted, or is no object.
    Nothing,
}

impl Unverified<Jwt<'_>> {
    /// What the token says of itself, to find out why it is refused. Nothing that decides may call this.
    pub fn hearsay(&self) -> Hearsay<'_> {
        Hearsay {
            header: None,
            alg: Some(self.algorithm().name().into()),
            kid: self.kid().map(Into::into),
            claims: Told::Here(self.unproven_claims()),
            signature_bytes: Some(self.signature_bytes()),
        }
    }
}

impl Hearsay<'static> {
    /// Reads a text that need not be a token that is taken: without a signature, encrypted, with claims of a wrong
    /// type. `None` where its first part is not even the header of a token.
    pub fn of(text: &[u8]) -> Option<Hearsay<'static>> {
        if text.len() > TOKEN_BYTES_MAX {
            return None;
        }
        let mut parts = text.split(|&byte| byte == b'.');
        let header = Object::parse(&base64url::decode(parts.next()?).ok()?)?;
        let payload = parts.next()?;
        let signature = parts.next();
        let named = |name: &str| header.get(name).and_then(Value::as_str).map(Into::into);
        // RFC 7515 section 4.1.1 and RFC 7516 section 4.1.1: both kinds of header must have it.
        let alg: Box<str> = named("alg")?;
        let members = base64url::decode(payload)
            .ok()
            .and_then(|json| Object::parse(&json));
        Some(Hearsay {
            kid: named("kid"),
            claims: match members {
                Some(members) => Told::Read(Box::new(Claims::unchecked(members, named("typ")))),
                None => Told::Nothing,
            },
            signature_bytes: signature
                .and_then(|part| base64url::decode(part).ok())
                .map(|bytes| bytes.len()),
            alg: Some(alg),
            header: Some(header),
        })
    }
}

impl Hearsay<'_> {
    /// The `alg` of the header, also where it is none that is known.
    pub fn alg(&self) -> Option<&str> {
        self.alg.as_deref()
    }

    /// The `kid` of the header.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The `typ` of the header.
    pub fn typ(&self) -> Option<&str> {
        match &self.claims {
            Told::Here(_) | Told::Read(_) => self.claims()?.typ(),
            Told::Nothing => self.header.as_ref()?.get("typ")?.as_str(),
        }
    }

    /// Whether the header is that of an encrypted token.
    pub fn is_encrypted(&self) -> bool {
        // RFC 7516 section 4.1.2: `enc` MUST be present, and no signed token has it.
        self.header
            .as_ref()
            .is_some_and(|header| header.contains_key("enc"))
    }

    /// The thumbprint of the key that the header brings along, as a DPoP proof does (RFC 9449 section 4.2). It is
    /// compared with what another token is bound to, and checks no signature.
    ///
    /// # Errors
    ///
    /// Fails when the key is none that is understood; `None` where the header has no `jwk`.
    pub fn key_thumbprint(&self) -> Option<Result<Thumbprint, KeyDefect>> {
        let jwk = self.header.as_ref()?.get("jwk")?;
        let key = jwk.as_object().ok_or(KeyDefect::Member);
        Some(key.and_then(|jwk| PublicKey::from_jwk(jwk).map(|key| key.thumbprint())))
    }

    /// The length of the signature, where it can be decoded.
    pub fn signature_bytes(&self) -> Option<usize> {
        self.signature_bytes
    }

    /// `iss`.
    pub fn issuer(&self) -> Option<&str> {
        self.claims()?.issuer()
    }

    /// Whether there is a `sub`.
    pub fn subject_is_there(&self) -> bool {
        self.claims()
            .is_some_and(|claims| claims.subject().is_some())
    }

    /// `aud`, one or several.
    pub fn audiences(&self) -> Vec<&str> {
        self.claims()
            .map(|claims| claims.audiences().collect())
            .unwrap_or_default()
    }

    /// `exp`, where it is a time in seconds.
    pub fn expires_unix_secs(&self) -> Option<i64> {
        self.claims()?.expires_unix_secs()
    }

    /// `nbf`, where it is a time in seconds.
    pub fn not_before_unix_secs(&self) -> Option<i64> {
        self.claims()?.not_before_unix_secs()
    }

    /// `iat`, where it is a time in seconds.
    pub fn issued_unix_secs(&self) -> Option<i64> {
        self.claims()?.issued_unix_secs()
    }

    /// The claim of that name, or at that path of member names joined by dots.
    pub fn claim(&self, path: &str) -> Option<&Value> {
        self.claims()?.at(path)
    }

    /// The strings at that path.
    pub fn list(&self, path: &str) -> Vec<&str> {
        self.claims()
            .map(|claims| claims.list(path))
            .unwrap_or_default()
    }

    /// The scopes in the claims of those names, each once.
    pub fn scopes(&self, names: &[&str]) -> Vec<&str> {
        self.claims()
            .map(|claims| claims.scopes(names))
            .unwrap_or_default()
    }

    /// Whether its claims are those of an ID token.
    pub fn is_id_token(&self) -> bool {
        self.claims().is_some_and(Claims::is_id_token)
    }

    /// Whether its claims are those of a refresh, logout or event token.
    pub fn is_other_kind(&self) -> bool {
        self.claims().is_some_and(Claims::is_other_kind)
    }

    fn claims(&self) -> Option<&Claims> {
        match &self.claims {
            Told::Here(claims) => Some(claims),
            Told::Read(claims) => Some(claims),
            Told::Nothing => None,
        }
    }
}

// A token is personal data, also where nobody believes it.
impl std::fmt::Debug for Hearsay<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hearsay(..)")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use serde_json::json;

    use super::*;
    use crate::tests::system_random;
    use crate::{Algorithm, SigningKey};

    fn text(header: &Value, claims: &Value) -> String {
        let part = |value: &Value| base64url::encode(value.to_string().as_bytes());
        format!("{}.{}.AAAA", part(header), part(claims))
    }

    #[test]
    fn a_token_tells_what_it_says_of_itself() {
        let key = SigningKey::generate(Algorithm::EdDsa, &system_random())
            .unwrap()
            .with_kid("k1");
        let claims = json!({
            "iss": "https://id.example.com", "sub": "alice", "aud": ["a", "b"], "exp": 300, "nbf": 100, "iat": 99,
            "scope": "read write", "realm_access": { "roles": ["admin"] }
        });
        let text = key
            .sign_claims("at+jwt", &claims, &system_random())
            .unwrap();
        let unverified = Jwt::parse(text.as_bytes()).unwrap();
        let both = [unverified.hearsay(), Hearsay::of(text.as_bytes()).unwrap()];
        for hearsay in &both {
            assert_eq!(hearsay.issuer(), Some("https://id.example.com"));
            assert!(hearsay.subject_is_there());
            assert_eq!(hearsay.audiences(), ["a", "b"]);
            assert_eq!(hearsay.expires_unix_secs(), Some(300));
            assert_eq!(hearsay.not_before_unix_secs(), Some(100));
            assert_eq!(hearsay.issued_unix_secs(), Some(99));
            assert_eq!(hearsay.scopes(&["scope"]), ["read", "write"]);
            assert_eq!(hearsay.list("realm_access.roles"), ["admin"]);
            assert_eq!(hearsay.claim("sub"), Some(&json!("alice")));
            assert_eq!(
                (hearsay.alg(), hearsay.kid(), hearsay.typ()),
                (Some("EdDSA"), Some("k1"), Some("at+jwt"))
            );
            assert_eq!(hearsay.signature_bytes(), Some(64));
            assert!(!hearsay.is_encrypted() && !hearsay.is_id_token() && !hearsay.is_other_kind());
            assert!(hearsay.key_thumbprint().is_none());
            assert_eq!(format!("{hearsay:?}"), "Hearsay(..)");
        }
    }

    #[test]
    fn a_token_that_is_not_taken_is_heard_all_the_same() {
        let unsigned = text(
            &json!({ "alg": "none" }),
            &json!({ "iss": "a", "exp": 1_767_225_600_000_i64 }),
        );
        assert!(Jwt::parse(unsigned.as_bytes()).is_err());
        let hearsay = Hearsay::of(unsigned.as_bytes()).unwrap();
        assert_eq!((hearsay.alg(), hearsay.issuer()), (Some("none"), Some("a")));
        // Milliseconds are no time, and are still what it says.
        assert_eq!(hearsay.expires_unix_secs(), None);
        assert_eq!(hearsay.claim("exp"), Some(&json!(1_767_225_600_000_i64)));
    }

    #[test]
    fn rfc7516_section_4_an_encrypted_token_tells_its_header_alone() {
        let header = base64url::encode(br#"{"alg":"dir","enc":"A256GCM","typ":"JWT"}"#);
        let hearsay = Hearsay::of(format!("{header}..aaaa.bbbb.cccc").as_bytes()).unwrap();
        assert!(hearsay.is_encrypted());
        assert_eq!(hearsay.typ(), Some("JWT"));
        assert_eq!((hearsay.issuer(), hearsay.audiences().len()), (None, 0));
    }

    #[test]
    fn rfc9449_section_4_2_the_key_of_a_proof_has_a_thumbprint() {
        let key = SigningKey::generate(Algorithm::Es256, &system_random()).unwrap();
        let jwk = key.public_key().unwrap().to_jwk();
        let proof = text(
            &json!({ "alg": "ES256", "typ": "dpop+jwt", "jwk": jwk }),
            &json!({ "htm": "GET" }),
        );
        let heard = Hearsay::of(proof.as_bytes()).unwrap().key_thumbprint();
        assert_eq!(
            heard.unwrap().unwrap(),
            key.public_key().unwrap().thumbprint()
        );
        for jwk in [json!("key"), json!({ "kty": "RSA" })] {
            let proof = text(&json!({ "alg": "ES256", "jwk": jwk }), &json!({}));
            let heard = Hearsay::of(proof.as_bytes()).unwrap().key_thumbprint();
            assert!(heard.unwrap().is_err());
        }
    }

    #[test]
    fn kinds_are_heard() {
        let of = |claims: Value| text(&json!({ "alg": "HS256" }), &claims);
        let id = of(json!({ "nonce": "n", "at_hash": "h" }));
        assert!(Hearsay::of(id.as_bytes()).unwrap().is_id_token());
        let refresh = of(json!({ "typ": "Refresh" }));
        assert!(Hearsay::of(refresh.as_bytes()).unwrap().is_other_kind());
    }

    #[test]
    fn what_has_no_header_of_a_token_says_nothing() {
        for text in [
            "",
            ".",
            "opaque",
            "a.b.c",
            "e30.e30.",
            "bm90IGpzb24.e30.AAAA",
        ] {
            assert!(Hearsay::of(text.as_bytes()).is_none(), "{text}");
        }
        let long = format!("eyJhbGciOiJub25lIn0.{}", "A".repeat(TOKEN_BYTES_MAX));
        assert!(Hearsay::of(long.as_bytes()).is_none());
    }
}

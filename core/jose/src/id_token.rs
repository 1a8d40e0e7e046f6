//! What the claims of a verified ID token have to say, OpenID Connect Core 1.0 section 3.1.3.7.
//!
//! Knows: who it is for, which sign-in it answers, when, and which access token it came with. Does not know: who the
//! subject is here.

use aws_lc_rs::digest;

use crate::base64url;
use crate::expectations::missing;
use crate::{Algorithm, Claims, Expectations, TokenRefusal};

/// The longest `sub`, OpenID Connect Core 1.0 section 2.
const SUBJECT_BYTES_MAX: usize = 255;

/// What an ID token has to say to be taken.
#[derive(Clone, Copy)]
pub struct IdTokenExpectations<'r> {
    /// `iss`, to the letter.
    pub issuer: &'r str,
    /// The client that has asked: it has to be in `aud`, and has to be `azp` where that is there or others are in `aud`.
    pub client_id: &'r str,
    /// The `nonce` of the authorization request.
    pub nonce: &'r str,
    /// The access token that came with it, which `at_hash` speaks of.
    pub access_token: Option<&'r str>,
    /// What the token was verified with.
    pub algorithm: Algorithm,
    /// How far the clocks of issuer and verifier may differ.
    pub leeway_secs: u32,
}

/// Why a verified token is not the answer to this sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdTokenRefusal {
    /// What holds for every token does not hold for this one.
    Token(TokenRefusal),
    /// It says of itself that it is another kind of token.
    Kind,
    /// `azp` is absent where it is due, or names another client.
    AuthorizedParty,
    /// `nonce` is absent, or that of another sign-in.
    Nonce,
    /// `at_hash` is that of another access token.
    AccessTokenHash,
    /// `sub` is empty, longer than it may be, or not of visible ASCII.
    Subject,
}

impl IdTokenRefusal {
    /// One sentence for the log.
    pub const fn detail(&self) -> &'static str {
        match self {
            Self::Token(refusal) => refusal.detail(),
            Self::Kind => "another kind of token, where an ID token is due",
            Self::AuthorizedParty => "the ID token's `azp` does not name this client",
            Self::Nonce => "the ID token's `nonce` is not that of this sign-in",
            Self::AccessTokenHash => "the ID token's `at_hash` is that of another access token",
            Self::Subject => "the ID token's `sub` is empty, too long or not of visible ASCII",
        }
    }
}

impl From<TokenRefusal> for IdTokenRefusal {
    fn from(refusal: TokenRefusal) -> Self {
        Self::Token(refusal)
    }
}

impl Claims {
    /// Whether the token is the answer to the sign-in that was begun with this nonce. Gives the subject.
    ///
    /// # Errors
    ///
    /// Fails with the first expectation that is not met.
    pub fn check_id_token(
        &self,
        expected: &IdTokenExpectations<'_>,
        now_unix_secs: i64,
    ) -> Result<&str, IdTokenRefusal> {
        if !self.may_be_id_token() {
            return Err(IdTokenRefusal::Kind);
        }
        let audiences = [expected.client_id.to_owned()];
        let common = Expectations {
            issuer: expected.issuer,
            audiences: &audiences,
            types: &[],
            untyped: true,
            leeway_secs: expected.leeway_secs,
            lifetime_secs_max: None,
            required_claims: &[],
        };
        match self.issuer() {
            None => return Err(missing("iss").into()),
            Some(issuer) if issuer != expected.issuer => {
                return Err(TokenRefusal::IssuerMismatch.into());
            }
            Some(_) => {}
        }
        self.check_audience(&common)?;
        self.check_authorized_party(expected.client_id)?;
        for (name, time) in [("exp", self.times.expires), ("iat", self.times.issued)] {
            if time.is_none() {
                return Err(missing(name).into());
            }
        }
        self.check_times(&common, now_unix_secs)?;
        // Section 3.1.3.7, 11: the nonce is what ties the token to the browser that has asked for it.
        if self.text("nonce") != Some(expected.nonce) {
            return Err(IdTokenRefusal::Nonce);
        }
        self.check_access_token(expected)?;
        let subject = self.subject().ok_or_else(|| missing("sub"))?;
        let fits = (1..=SUBJECT_BYTES_MAX).contains(&subject.len())
            && subject
                .bytes()
                .all(|byte| byte.is_ascii_graphic() || byte == b' ');
        if fits {
            Ok(subject)
        } else {
            Err(IdTokenRefusal::Subject)
        }
    }

    /// RFC 8725 section 3.11: what says of itself that it is something else is no ID token, whoever has signed it.
    fn may_be_id_token(&self) -> bool {
        let typed = self.typ().is_none_or(|typ| typ.eq_ignore_ascii_case("JWT"));
        let said = |name, own: &str| self.text(name).is_none_or(|kind| kind == own);
        typed && said("typ", "ID") && said("token_use", "id") && self.claim("events").is_none()
    }

    /// Section 3.1.3.7, 4 and 5.
    fn check_authorized_party(&self, client_id: &str) -> Result<(), IdTokenRefusal> {
        let party = self.claim("azp");
        let alone = self.audiences().all(|audience| audience == client_id);
        let named = party.is_some_and(|party| party.as_str() == Some(client_id));
        if named || (party.is_none() && alone) {
            Ok(())
        } else {
            Err(IdTokenRefusal::AuthorizedParty)
        }
    }

    /// Section 3.1.3.6: the left half of the hash of the access token, by the hash of the token's own algorithm.
    fn check_access_token(&self, expected: &IdTokenExpectations<'_>) -> Result<(), IdTokenRefusal> {
        let Some(hash) = self.claim("at_hash") else {
            return Ok(());
        };
        let Some(access_token) = expected.access_token else {
            // It speaks of something that did not come.
            return Err(IdTokenRefusal::AccessTokenHash);
        };
        let whole = digest::digest(hash_of(expected.algorithm), access_token.as_bytes());
        let half = whole.as_ref().len() / 2;
        let left = whole.as_ref().get(..half).unwrap_or_default();
        if hash.as_str() == Some(&*base64url::encode(left)) {
            Ok(())
        } else {
            Err(IdTokenRefusal::AccessTokenHash)
        }
    }
}

/// RFC 8032 section 5.1: Ed25519 hashes with SHA-512, which is what issuers take for `at_hash` beside it.
fn hash_of(algorithm: Algorithm) -> &'static digest::Algorithm {
    match algorithm {
        Algorithm::Hs256 | Algorithm::Rs256 | Algorithm::Ps256 | Algorithm::Es256 => {
            &digest::SHA256
        }
        Algorithm::Hs384 | Algorithm::Rs384 | Algorithm::Ps384 | Algorithm::Es384 => {
            &digest::SHA384
        }
        Algorithm::Hs512
        | Algorithm::Rs512
        | Algorithm::Ps512
        | Algorithm::Es512
        | Algorithm::EdDsa => &digest::SHA512,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use serde_json::{Value, json};

    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn check_with(
        access_token: Option<&str>,
        algorithm: Algorithm,
        typ: Option<&str>,
        more: Value,
    ) -> Result<String, IdTokenRefusal> {
        let mut claims = json!({
            "iss": "https://id.example.com", "aud": "gateway", "sub": "248289761001",
            "exp": NOW + 60, "iat": NOW, "nonce": "n-0S6_WzA2Mj",
        });
        for (name, value) in more.as_object().unwrap() {
            if value.is_null() {
                claims.as_object_mut().unwrap().remove(name);
            } else {
                claims[name] = value.clone();
            }
        }
        let claims = Claims::parse(claims.to_string().as_bytes(), typ.map(Into::into)).unwrap();
        let expected = IdTokenExpectations {
            issuer: "https://id.example.com",
            client_id: "gateway",
            nonce: "n-0S6_WzA2Mj",
            access_token,
            algorithm,
            leeway_secs: 30,
        };
        claims.check_id_token(&expected, NOW).map(str::to_owned)
    }

    fn check(more: Value) -> Result<String, IdTokenRefusal> {
        check_with(None, Algorithm::Rs256, Some("JWT"), more)
    }

    fn token(refusal: TokenRefusal) -> Result<String, IdTokenRefusal> {
        Err(IdTokenRefusal::Token(refusal))
    }

    #[test]
    fn openid_core_section_3_1_3_7_what_an_id_token_must_say() {
        assert_eq!(check(json!({})).unwrap(), "248289761001");
        assert_eq!(check(json!({ "iss": null })), token(missing("iss")));
        assert_eq!(
            check(json!({ "iss": "https://id.example.com/" })),
            token(TokenRefusal::IssuerMismatch)
        );
        for name in ["aud", "exp", "iat", "sub"] {
            assert_eq!(check(json!({ name: null })), token(missing(name)), "{name}");
        }
        assert_eq!(
            check(json!({ "aud": "another" })),
            token(TokenRefusal::AudienceMismatch)
        );
        assert_eq!(
            check(json!({ "exp": NOW - 30 })),
            token(TokenRefusal::Expired { ago_secs: 30 })
        );
        let early = TokenRefusal::NotYetValid {
            claim: "iat",
            ahead_secs: 31,
        };
        assert_eq!(check(json!({ "iat": NOW + 31 })), token(early));
    }

    #[test]
    fn a_nonce_of_another_sign_in_is_refused() {
        for nonce in [
            json!(null),
            json!(""),
            json!("n-0s6_wza2mj"),
            json!(["n-0S6_WzA2Mj"]),
        ] {
            assert_eq!(
                check(json!({ "nonce": nonce })),
                Err(IdTokenRefusal::Nonce),
                "{nonce}"
            );
        }
    }

    #[test]
    fn other_audiences_need_an_authorized_party_and_it_is_this_client() {
        let two = json!(["gateway", "another"]);
        let refused = Err(IdTokenRefusal::AuthorizedParty);
        assert_eq!(check(json!({ "aud": two })), refused);
        assert!(check(json!({ "aud": two, "azp": "gateway" })).is_ok());
        assert!(check(json!({ "azp": "gateway" })).is_ok());
        for party in [json!("another"), json!(["gateway"]), json!(true)] {
            assert_eq!(check(json!({ "azp": party })), refused, "{party}");
        }
    }

    #[test]
    fn openid_core_section_3_1_3_6_at_hash_is_of_the_access_token() {
        let with = |access_token, algorithm, hash: &str| {
            check_with(access_token, algorithm, None, json!({ "at_hash": hash }))
        };
        // OpenID Connect Core 1.0 appendix A.3.
        let (access_token, hash) = (
            "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y",
            "77QmUPtjPfzWtF2AnpK9RQ",
        );
        assert!(with(Some(access_token), Algorithm::Rs256, hash).is_ok());
        let refused = Err(IdTokenRefusal::AccessTokenHash);
        assert_eq!(with(Some("another"), Algorithm::Rs256, hash), refused);
        assert_eq!(with(Some(access_token), Algorithm::Rs384, hash), refused);
        assert_eq!(with(None, Algorithm::Rs256, hash), refused);
        assert_eq!(
            check_with(
                Some(access_token),
                Algorithm::Rs256,
                None,
                json!({ "at_hash": 1 })
            ),
            refused
        );
    }

    #[test]
    fn another_kind_of_token_is_no_id_token() {
        for typ in ["at+jwt", "application/at+jwt", "logout+jwt", "dpop+jwt"] {
            let refused = check_with(None, Algorithm::Rs256, Some(typ), json!({}));
            assert_eq!(refused, Err(IdTokenRefusal::Kind), "{typ}");
        }
        for claims in [
            json!({ "typ": "Bearer" }),
            json!({ "typ": "Refresh" }),
            json!({ "token_use": "access" }),
            json!({ "events": {} }),
        ] {
            assert_eq!(check(claims.clone()), Err(IdTokenRefusal::Kind), "{claims}");
        }
        assert!(check(json!({ "typ": "ID", "token_use": "id" })).is_ok());
    }

    #[test]
    fn openid_core_section_2_a_subject_is_255_ascii_characters_at_most() {
        assert!(check(json!({ "sub": "a".repeat(255) })).is_ok());
        for subject in ["", "a\u{0}", "ä", "a\nb", &"a".repeat(256)] {
            assert_eq!(
                check(json!({ "sub": subject })),
                Err(IdTokenRefusal::Subject),
                "{subject:.20}"
            );
        }
    }
}

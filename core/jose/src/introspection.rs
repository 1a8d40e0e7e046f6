//! What an issuer says of a token when it is asked, RFC 7662 section 2.2.
//!
//! Knows: the members of the answer, and what they have to say. Does not know: HTTP, who asks, nor the token itself.

use serde_json::Value;

use crate::strict_json::Object;
use crate::{Claims, Expectations, TokenRefusal};

/// An answer of an introspection endpoint.
#[derive(Debug)]
pub enum Introspection {
    /// The issuer vouches for the token now, and says this of it.
    Active(Claims),
    /// It does not: it has run out, was revoked, is another issuer's, or is none of this caller's business.
    Inactive,
}

/// Why an answer cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntrospectionDefect {
    /// It is not a JSON object with unique names.
    Json,
    /// It has no `active` that is true or false.
    Active,
    /// A registered member has a value that its definition does not allow.
    Member,
}

impl IntrospectionDefect {
    /// One sentence for the log.
    pub const fn detail(self) -> &'static str {
        match self {
            Self::Json => "the answer is not a JSON object with unique names",
            Self::Active => "the answer has no `active` that is `true` or `false`",
            Self::Member => {
                "a registered member of the answer is of the wrong type or out of range"
            }
        }
    }
}

impl Introspection {
    /// Reads an answer.
    ///
    /// # Errors
    ///
    /// Fails when it is not one. What is said beside `active: false` is not looked at (RFC 7662 section 2.2).
    pub fn parse(body: &[u8]) -> Result<Introspection, IntrospectionDefect> {
        let members = Object::parse(body).ok_or(IntrospectionDefect::Json)?;
        // RFC 7662 section 2.2: REQUIRED, a boolean. A string `"true"` is nobody's word.
        match members.get("active").and_then(Value::as_bool) {
            Some(true) => Claims::of_members(members, None)
                .map(Introspection::Active)
                .map_err(|_| IntrospectionDefect::Member),
            Some(false) => Ok(Introspection::Inactive),
            None => Err(IntrospectionDefect::Active),
        }
    }
}

/// What the answer of an introspection endpoint has to say, where that is less than what a JWT has to.
#[derive(Clone, Copy, Debug)]
pub struct IntrospectionExpectations<'r> {
    /// Issuer, audiences, leeway and required claims. Kinds and lifetimes are those of JWTs: the issuer is asked anew
    /// soon, whatever the token's lifetime.
    pub common: Expectations<'r>,
    /// The `token_type` (RFC 6749 section 7.1), where the answer has one.
    pub token_type: &'r str,
    /// Whether an answer that names no audience will do.
    pub audience_optional: bool,
}

impl Claims {
    /// Whether what the issuer says of an active token makes it one for us, of the right kind, and valid now.
    ///
    /// # Errors
    ///
    /// Fails with the first expectation that is not met, in the order of [`Claims::check`].
    pub fn check_introspected(
        &self,
        expected: &IntrospectionExpectations<'_>,
        now_unix_secs: i64,
    ) -> Result<(), TokenRefusal> {
        let common = &expected.common;
        if self.is_id_token() {
            return Err(TokenRefusal::IdToken);
        }
        // RFC 6749 section 7.1: the type says how a token is used, and is compared without regard to case.
        let other_type = self.claim("token_type").is_some_and(|typ| {
            !typ.as_str()
                .is_some_and(|typ| typ.eq_ignore_ascii_case(expected.token_type))
        });
        if other_type || self.is_other_kind() {
            return Err(TokenRefusal::OtherKind);
        }
        // RFC 7662 section 2.2: `iss` is optional there, for the one who answers is the issuer.
        if self.issuer().is_some_and(|issuer| issuer != common.issuer) {
            return Err(TokenRefusal::IssuerMismatch);
        }
        let unnamed = self.audiences().next().is_none();
        if !(unnamed && expected.audience_optional) {
            self.check_audience(common)?;
        }
        self.check_times(common, now_unix_secs)?;
        self.check_required(common)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use serde_json::json;

    use super::*;
    use crate::expectations::missing;

    const NOW: i64 = 1_800_000_000;

    fn defect(body: &[u8]) -> IntrospectionDefect {
        Introspection::parse(body).unwrap_err()
    }

    fn check_as(
        token_type: &str,
        audience_optional: bool,
        more: Value,
    ) -> Result<(), TokenRefusal> {
        let mut answer = json!({ "active": true, "iss": "https://id.example.com", "aud": "api", "sub": "alice" });
        for (name, value) in more.as_object().unwrap() {
            if value.is_null() {
                answer.as_object_mut().unwrap().remove(name);
            } else {
                answer[name] = value.clone();
            }
        }
        let Introspection::Active(claims) =
            Introspection::parse(answer.to_string().as_bytes()).unwrap()
        else {
            unreachable!()
        };
        let audiences = ["api".to_owned()];
        let required_claims = ["sub".to_owned()];
        let expected = IntrospectionExpectations {
            common: Expectations {
                issuer: "https://id.example.com",
                audiences: &audiences,
                types: &[],
                untyped: false,
                leeway_secs: 30,
                lifetime_secs_max: Some(60),
                required_claims: &required_claims,
            },
            token_type,
            audience_optional,
        };
        claims.check_introspected(&expected, NOW)
    }

    fn check(more: Value) -> Result<(), TokenRefusal> {
        check_as("Bearer", false, more)
    }

    #[test]
    fn rfc7662_section_2_2_examples() {
        let body = br#"{
            "active": true, "client_id": "l238j323ds-23ij4", "username": "jdoe", "scope": "read write dolphin",
            "sub": "Z5O3upPC88QrAjx00dis", "aud": "https://protected.example.net/resource",
            "iss": "https://server.example.com/", "exp": 1419356238, "iat": 1419350238, "extension_field": "twenty-seven"
        }"#;
        let Introspection::Active(claims) = Introspection::parse(body).unwrap() else {
            unreachable!()
        };
        assert_eq!(claims.subject(), Some("Z5O3upPC88QrAjx00dis"));
        assert_eq!(claims.scopes(&["scope"]), ["read", "write", "dolphin"]);
        assert_eq!(claims.expires_unix_secs(), Some(1_419_356_238));
        let inactive = Introspection::parse(br#"{"active":false}"#).unwrap();
        assert!(matches!(inactive, Introspection::Inactive));
    }

    #[test]
    fn rfc7662_section_2_2_active_is_a_boolean() {
        for active in ["\"true\"", "1", "null", "[true]", "{}"] {
            assert_eq!(
                defect(format!("{{\"active\":{active}}}").as_bytes()),
                IntrospectionDefect::Active,
                "{active}"
            );
        }
        assert_eq!(defect(b"{}"), IntrospectionDefect::Active);
    }

    #[test]
    fn hostile_answers_are_none() {
        for body in [
            &b""[..],
            b"null",
            b"[true]",
            b"true",
            b"<html>",
            b"{\"active\":true",
            b"{\"active\":false,\"active\":true}",
            b"{\"active\":true}x",
            b"{\"active\":true,\"sub\":\"\xff\"}",
            b"\0",
        ] {
            assert_eq!(defect(body), IntrospectionDefect::Json, "{body:?}");
        }
        for member in [
            "\"sub\":1",
            "\"aud\":[1]",
            "\"exp\":\"1\"",
            "\"nbf\":-1",
            "\"iss\":null",
        ] {
            let body = format!("{{\"active\":true,{member}}}");
            assert_eq!(
                defect(body.as_bytes()),
                IntrospectionDefect::Member,
                "{member}"
            );
        }
        // Of a token that is not active, nothing else counts.
        assert!(Introspection::parse(br#"{"active":false,"sub":1}"#).is_ok());
    }

    #[test]
    fn what_an_answer_must_say() {
        assert_eq!(check(json!({})), Ok(()));
        assert_eq!(check(json!({ "iss": null })), Ok(()));
        assert_eq!(
            check(json!({ "iss": "https://other.example" })),
            Err(TokenRefusal::IssuerMismatch)
        );
        assert_eq!(
            check(json!({ "aud": "other" })),
            Err(TokenRefusal::AudienceMismatch)
        );
        assert_eq!(check(json!({ "aud": null })), Err(missing("aud")));
        assert_eq!(
            check(json!({ "aud": [] })),
            Err(TokenRefusal::AudienceMismatch)
        );
        assert_eq!(check(json!({ "sub": null })), Err(missing("sub")));
        assert_eq!(check(json!({ "exp": NOW - 29 })), Ok(()));
        assert_eq!(
            check(json!({ "exp": NOW - 30 })),
            Err(TokenRefusal::Expired { ago_secs: 30 })
        );
        let early = TokenRefusal::NotYetValid {
            claim: "nbf",
            ahead_secs: 31,
        };
        assert_eq!(check(json!({ "nbf": NOW + 31 })), Err(early));
        // A lifetime that a JWT may not have: the issuer is asked again soon.
        assert_eq!(check(json!({ "iat": NOW, "exp": NOW + 86_400 })), Ok(()));
    }

    #[test]
    fn an_answer_without_audience_will_do_only_where_that_is_said() {
        assert_eq!(check_as("Bearer", true, json!({ "aud": null })), Ok(()));
        assert_eq!(check_as("Bearer", true, json!({ "aud": [] })), Ok(()));
        let other = check_as("Bearer", true, json!({ "aud": "other" }));
        assert_eq!(other, Err(TokenRefusal::AudienceMismatch));
    }

    #[test]
    fn rfc6749_section_7_1_token_type_says_how_it_is_used() {
        assert_eq!(check(json!({ "token_type": "bearer" })), Ok(()));
        for typ in [
            json!("DPoP"),
            json!("refresh_token"),
            json!("N_A"),
            json!(1),
            json!(""),
        ] {
            assert_eq!(
                check(json!({ "token_type": typ })),
                Err(TokenRefusal::OtherKind),
                "{typ}"
            );
        }
        assert_eq!(
            check_as("DPoP", false, json!({ "token_type": "DPoP" })),
            Ok(())
        );
        for kind in [
            json!({ "typ": "Refresh" }),
            json!({ "token_use": "refresh_token" }),
        ] {
            assert_eq!(check(kind), Err(TokenRefusal::OtherKind));
        }
        assert_eq!(check(json!({ "at_hash": "x" })), Err(TokenRefusal::IdToken));
    }
}

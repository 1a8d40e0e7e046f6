#![allow(clippy::unwrap_used, reason = "tests")]

use countersign_cause::Cause;
use serde_json::{Value, json};

use super::*;

const NOW: i64 = 1_000_000;

struct Wanted {
    audiences: Vec<String>,
    types: Vec<String>,
    untyped: bool,
    lifetime_secs_max: Option<u32>,
    required_claims: Vec<String>,
}

impl Default for Wanted {
    fn default() -> Self {
        Self {
            audiences: vec!["api".to_owned()],
            types: vec!["at+jwt".to_owned(), "JWT".to_owned()],
            untyped: true,
            lifetime_secs_max: None,
            required_claims: Vec::new(),
        }
    }
}

impl Wanted {
    fn check(&self, typ: Option<&str>, claims: &Value) -> Result<(), TokenRefusal> {
        let expected = Expectations {
            issuer: "id",
            audiences: &self.audiences,
            types: &self.types,
            untyped: self.untyped,
            leeway_secs: 30,
            lifetime_secs_max: self.lifetime_secs_max,
            required_claims: &self.required_claims,
        };
        Claims::parse(claims.to_string().as_bytes(), typ.map(Into::into))
            .unwrap()
            .check(&expected, NOW)
    }
}

fn usual(extra: Value) -> Value {
    let mut claims = json!({ "iss": "id", "aud": "api", "exp": NOW + 60 });
    claims
        .as_object_mut()
        .unwrap()
        .extend(extra.as_object().unwrap().clone());
    claims
}

fn check(extra: Value) -> Result<(), TokenRefusal> {
    Wanted::default().check(None, &usual(extra))
}

#[test]
fn rfc7519_section_4_1_4_expiry_with_leeway() {
    assert_eq!(check(json!({ "exp": NOW + 1 })), Ok(()));
    assert_eq!(check(json!({ "exp": NOW - 29 })), Ok(()));
    assert_eq!(
        check(json!({ "exp": NOW - 30 })),
        Err(TokenRefusal::Expired { ago_secs: 30 })
    );
    assert_eq!(
        check(json!({ "exp": NOW as f64 - 29.5 })),
        Err(TokenRefusal::Expired { ago_secs: 30 })
    );
    assert_eq!(
        check(json!({ "exp": 0 })).unwrap_err().cause(),
        Cause::TokenExpired
    );
}

#[test]
fn rfc7519_section_4_1_5_not_before_with_leeway() {
    for claim in ["nbf", "iat"] {
        assert_eq!(check(json!({ claim: NOW + 30 })), Ok(()));
        assert_eq!(
            check(json!({ claim: NOW + 31 })),
            Err(TokenRefusal::NotYetValid {
                claim,
                ahead_secs: 31
            })
        );
        let refusal = check(json!({ claim: NOW as f64 + 30.1 })).unwrap_err();
        assert_eq!(
            (refusal.cause(), refusal.claim()),
            (Cause::TokenNotYetValid, Some(claim))
        );
    }
}

#[test]
fn lifetime_is_from_issue_or_from_now() {
    let wanted = Wanted {
        lifetime_secs_max: Some(3_600),
        ..Wanted::default()
    };
    let lifetime = |claims: Value| wanted.check(None, &usual(claims));
    assert_eq!(lifetime(json!({ "exp": NOW + 3_600 })), Ok(()));
    assert_eq!(
        lifetime(json!({ "exp": NOW + 3_631 })),
        Err(TokenRefusal::LifetimeTooLong {
            lifetime_secs: 3_631
        })
    );
    // A token that was issued long ago is not better near its end.
    assert_eq!(
        lifetime(json!({ "iat": NOW - 86_400, "exp": NOW + 60 })),
        Err(TokenRefusal::LifetimeTooLong {
            lifetime_secs: 86_460
        })
    );
    // Nor does an `iat` within the leeway ahead shorten it.
    assert!(lifetime(json!({ "iat": NOW + 30, "exp": NOW + 3_640 })).is_err());
    assert_eq!(
        lifetime(json!({ "iat": NOW - 60, "exp": NOW + 60 })),
        Ok(())
    );
}

#[test]
fn the_last_moments_of_time_do_not_overflow() {
    let claims = Claims::parse(
        br#"{"iss":"id","aud":"api","exp":253402300799,"iat":0,"nbf":0}"#,
        None,
    )
    .unwrap();
    let (audiences, types) = (["api".to_owned()], []);
    let expected = Expectations {
        issuer: "id",
        audiences: &audiences,
        types: &types,
        untyped: true,
        leeway_secs: u32::MAX,
        lifetime_secs_max: Some(u32::MAX),
        required_claims: &[],
    };
    assert!(matches!(
        claims.check(&expected, i64::MAX),
        Err(TokenRefusal::Expired { .. })
    ));
    assert!(matches!(
        claims.check(&expected, i64::MIN),
        Err(TokenRefusal::NotYetValid { .. })
    ));
}

#[test]
fn rfc7515_section_4_1_9_types_are_media_types() {
    let wanted = Wanted {
        untyped: false,
        ..Wanted::default()
    };
    for typ in [
        "at+jwt",
        "AT+JWT",
        "application/at+jwt",
        "APPLICATION/At+Jwt",
        "JWT",
        "jwt",
        "application/jwt",
    ] {
        assert_eq!(wanted.check(Some(typ), &usual(json!({}))), Ok(()), "{typ}");
    }
    let typs = [
        "",
        "at",
        "at+jwt ",
        "text/at+jwt",
        "application/x/at+jwt",
        "dpop+jwt",
        "logout+jwt",
        "id+jwt",
        "secevent+jwt",
    ];
    for typ in typs {
        let refusal = wanted.check(Some(typ), &usual(json!({}))).unwrap_err();
        assert_eq!(
            (&refusal, refusal.cause()),
            (&TokenRefusal::TypeMismatch, Cause::TokenWrongKind),
            "{typ}"
        );
    }
    assert_eq!(
        wanted.check(None, &usual(json!({}))),
        Err(TokenRefusal::TypeMismatch)
    );
    assert_eq!(Wanted::default().check(None, &usual(json!({}))), Ok(()));
    // An expected type may be written with its prefix as well.
    let wanted = Wanted {
        types: vec!["application/at+jwt".to_owned()],
        ..Wanted::default()
    };
    assert_eq!(wanted.check(Some("at+jwt"), &usual(json!({}))), Ok(()));
}

#[test]
fn id_tokens_and_other_kinds_are_told_by_their_claims() {
    for id_token in [
        json!({ "at_hash": "x" }),
        json!({ "c_hash": "x" }),
        json!({ "nonce": "x" }),
        json!({ "token_use": "id" }),
        json!({ "typ": "ID" }),
    ] {
        for typ in [None, Some("JWT")] {
            let refusal = Wanted::default()
                .check(typ, &usual(id_token.clone()))
                .unwrap_err();
            assert_eq!(
                (&refusal, refusal.cause()),
                (&TokenRefusal::IdToken, Cause::TokenWrongKind),
                "{id_token}"
            );
        }
        assert_eq!(
            Wanted::default().check(Some("at+jwt"), &usual(id_token)),
            Ok(())
        );
    }
    for other in [
        json!({ "typ": "Refresh" }),
        json!({ "typ": "Offline" }),
        json!({ "events": {} }),
        json!({ "token_use": "refresh" }),
    ] {
        assert_eq!(
            check(other.clone()),
            Err(TokenRefusal::OtherKind),
            "{other}"
        );
    }
    for access in [
        json!({ "nonce": "x", "scope": "openid" }),
        json!({ "nonce": "x", "scp": ["a"] }),
        json!({ "typ": "Bearer" }),
        json!({ "token_use": "access" }),
        json!({ "azp": "client", "auth_time": 1 }),
    ] {
        assert_eq!(check(access.clone()), Ok(()), "{access}");
    }
}

#[test]
fn no_expected_audience_takes_no_token() {
    let wanted = Wanted {
        audiences: Vec::new(),
        ..Wanted::default()
    };
    assert_eq!(
        wanted.check(None, &usual(json!({}))),
        Err(TokenRefusal::AudienceMismatch)
    );
    assert_eq!(
        wanted.check(None, &usual(json!({ "aud": [] }))),
        Err(TokenRefusal::AudienceMismatch)
    );
}

#[test]
fn required_claims_are_there_and_not_null() {
    let wanted = Wanted {
        required_claims: vec!["sub".to_owned(), "act.sub".to_owned()],
        ..Wanted::default()
    };
    let missing = |claims: Value| {
        wanted
            .check(None, &usual(claims))
            .unwrap_err()
            .claim()
            .map(str::to_owned)
    };
    assert_eq!(missing(json!({})).as_deref(), Some("sub"));
    assert_eq!(missing(json!({ "sub": "a" })).as_deref(), Some("act.sub"));
    assert_eq!(
        missing(json!({ "sub": "a", "act": { "sub": null } })).as_deref(),
        Some("act.sub")
    );
    assert_eq!(
        wanted.check(None, &usual(json!({ "sub": "a", "act": { "sub": "b" } }))),
        Ok(())
    );
}

/// Several faults: the most telling is told.
#[test]
fn kind_comes_before_parties_and_parties_before_time() {
    let all_wrong = json!({ "iss": "other", "aud": "other", "exp": 0, "at_hash": "x" });
    assert_eq!(
        Wanted::default().check(None, &all_wrong),
        Err(TokenRefusal::IdToken)
    );
    let refusal =
        Wanted::default().check(None, &json!({ "iss": "other", "aud": "other", "exp": 0 }));
    assert_eq!(refusal, Err(TokenRefusal::IssuerMismatch));
    let refusal = Wanted::default().check(None, &json!({ "iss": "id", "aud": "other", "exp": 0 }));
    assert_eq!(refusal, Err(TokenRefusal::AudienceMismatch));
}

//! Bearer tokens, RFC 6750, that are JWTs: each way in which one is not taken, and its cause.

use countersign_cause::Cause;
use countersign_jose::Algorithm;
use serde_json::json;

use crate::driver::{Question, challenges, get, problem, text};
use crate::tokens;
use crate::world::{AUDIENCE, BEARER, ISSUER, NOW, OTHER_ISSUER, World};

fn world() -> World {
    World::accepting(BEARER)
}

fn cause(token: &str) -> Cause {
    world().cause(&get("/").bearer(token))
}

#[test]
fn a_good_token_is_named_to_the_upstream() {
    let world = world();
    let headers = world.forwarded(&get("/").bearer(&tokens::good()));
    assert_eq!(headers["x-auth-user"], "alice");
    assert_eq!(headers["x-auth-groups"], "staff");
    assert_eq!(headers["x-auth-scopes"], "orders:read orders:write");
    assert_eq!(headers["x-auth-scheme"], "bearer");
    assert_eq!(headers["x-auth-issuer"], ISSUER);
    let end = world.send(&get("/").bearer(&tokens::good()));
    assert_eq!(end.questions, [Question::Keys]);
}

#[test]
fn the_issuer_that_the_token_names_is_asked_for_its_keys() {
    let world = world();
    let claims = tokens::changed(json!({ "iss": OTHER_ISSUER }));
    let headers = world.forwarded(&get("/").bearer(&tokens::signed_by_other(&claims)));
    assert_eq!(headers["x-auth-issuer"], OTHER_ISSUER);
    // The first issuer's key under the second issuer's name, and the reverse.
    assert_eq!(
        world.cause(&get("/").bearer(&tokens::signed(&claims))),
        Cause::SigningKeyUnknown
    );
    assert_eq!(
        world.cause(&get("/").bearer(&tokens::signed_by_other(&tokens::claims()))),
        Cause::SigningKeyUnknown
    );
}

#[test]
fn cause_token_expired_and_rfc7519_section_4_1_4_leeway() {
    let world = world();
    let call = get("/").bearer(&tokens::with(json!({ "exp": NOW })));
    for (now, taken) in [(NOW - 1, true), (NOW + 29, true), (NOW + 30, false)] {
        world.now.set(now);
        assert_eq!(world.send(&call).questions, [Question::Keys]);
        if taken {
            assert_eq!(world.user(&call), "alice");
        } else {
            assert_eq!(world.cause(&call), Cause::TokenExpired);
        }
    }
}

#[test]
fn cause_token_not_yet_valid_by_nbf_and_by_iat() {
    assert_eq!(
        cause(&tokens::with(json!({ "nbf": NOW + 31 }))),
        Cause::TokenNotYetValid
    );
    assert_eq!(
        cause(&tokens::with(json!({ "iat": NOW + 31 }))),
        Cause::TokenNotYetValid
    );
    let within = tokens::with(json!({ "nbf": NOW + 30, "iat": NOW + 30 }));
    assert_eq!(world().user(&get("/").bearer(&within)), "alice");
}

/// A time that does not fit is the clock's fault where the issuer's clock is known to be wrong, and only in the
/// direction in which it is.
#[test]
fn cause_clock_skew_where_the_issuers_clock_is_known_to_differ() {
    let early = get("/").bearer(&tokens::with(json!({ "nbf": NOW + 100 })));
    let late = get("/").bearer(&tokens::with(json!({ "exp": NOW - 100 })));
    for (ahead, of_early, of_late) in [
        (None, Cause::TokenNotYetValid, Cause::TokenExpired),
        (Some(30), Cause::TokenNotYetValid, Cause::TokenExpired),
        (Some(31), Cause::ClockSkew, Cause::TokenExpired),
        (Some(-30), Cause::TokenNotYetValid, Cause::TokenExpired),
        (Some(-31), Cause::TokenNotYetValid, Cause::ClockSkew),
        (Some(i64::MIN), Cause::TokenNotYetValid, Cause::ClockSkew),
        (Some(i64::MAX), Cause::ClockSkew, Cause::TokenExpired),
    ] {
        let mut world = world();
        world.issuer_ahead_secs = ahead;
        assert_eq!(world.cause(&early), of_early, "{ahead:?}");
        assert_eq!(world.cause(&late), of_late, "{ahead:?}");
        // It excuses nothing: a good token is good, a bad signature is bad.
        assert_eq!(world.user(&get("/").bearer(&tokens::good())), "alice");
    }
}

#[test]
fn cause_audience_mismatch_and_missing_audience() {
    assert_eq!(
        cause(&tokens::with(json!({ "aud": "https://other.example.com" }))),
        Cause::AudienceMismatch
    );
    assert_eq!(
        cause(&tokens::with(json!({ "aud": [] }))),
        Cause::AudienceMismatch
    );
    assert_eq!(
        cause(&tokens::with(json!({ "aud": null }))),
        Cause::ClaimMissing
    );
}

#[test]
fn a_route_may_have_audiences_of_its_own() {
    let mut world = world();
    world.route(0).audiences = Some(vec!["orders".to_owned()]);
    assert_eq!(
        world.cause(&get("/").bearer(&tokens::good())),
        Cause::AudienceMismatch
    );
    let token = tokens::with(json!({ "aud": [AUDIENCE, "orders"] }));
    assert_eq!(world.user(&get("/").bearer(&token)), "alice");
    world.route(0).audiences = Some(Vec::new());
    assert_eq!(
        world.cause(&get("/").bearer(&token)),
        Cause::AudienceMismatch
    );
}

#[test]
fn cause_issuer_mismatch_is_to_the_letter() {
    for issuer in [
        "https://id.example.com/",
        "https://ID.example.com",
        "http://id.example.com",
        "",
    ] {
        let end = world();
        let call = get("/").bearer(&tokens::with(json!({ "iss": issuer })));
        let end = end.send(&call);
        assert_eq!(end.asked_for(Question::Keys), 0, "{issuer}");
        assert_eq!(end.refusal().cause, Cause::IssuerMismatch, "{issuer}");
    }
}

#[test]
fn an_issuer_of_the_gateway_is_none_of_a_route_that_does_not_take_it() {
    let mut world = world();
    world.route(0).issuers = vec![1];
    assert_eq!(
        world.cause(&get("/").bearer(&tokens::good())),
        Cause::IssuerMismatch
    );
    world.route(0).issuers = Vec::new();
    assert_eq!(
        world.cause(&get("/").bearer(&tokens::good())),
        Cause::IssuerMismatch
    );
}

#[test]
fn cause_signature_invalid() {
    let good = tokens::good();
    let (rest, signature) = good.rsplit_once('.').unwrap();
    let other = tokens::with(json!({ "sub": "bob" }));
    let (_, of_other) = other.rsplit_once('.').unwrap();
    assert_eq!(
        cause(&tokens::signed_by_stranger(&tokens::claims())),
        Cause::SignatureInvalid
    );
    assert_eq!(
        cause(&format!("{rest}.{of_other}")),
        Cause::SignatureInvalid
    );
    // The other's claims under the good token's signature.
    let (other_rest, _) = other.rsplit_once('.').unwrap();
    assert_eq!(
        cause(&format!("{other_rest}.{signature}")),
        Cause::SignatureInvalid
    );
    assert_eq!(cause(&format!("{rest}.")), Cause::SignatureInvalid);
}

#[test]
fn cause_signing_key_unknown() {
    assert_eq!(cause(&tokens::of_unknown_key()), Cause::SigningKeyUnknown);
}

#[test]
fn cause_algorithm_not_allowed_by_the_issuers_list() {
    let mut world = world();
    world.rules.issuers[0].algorithms = vec![Algorithm::EdDsa];
    assert_eq!(
        world.cause(&get("/").bearer(&tokens::good())),
        Cause::AlgorithmNotAllowed
    );
    world.rules.issuers[0].algorithms = Vec::new();
    assert_eq!(
        world.cause(&get("/").bearer(&tokens::good())),
        Cause::AlgorithmNotAllowed
    );
}

#[test]
fn cause_claim_missing() {
    for absent in [
        json!({ "sub": null }),
        json!({ "exp": null }),
        json!({ "sub": "" }),
    ] {
        assert_eq!(
            cause(&tokens::with(absent.clone())),
            Cause::ClaimMissing,
            "{absent}"
        );
    }
    let mut world = world();
    world.rules.issuers[0].required_claims = vec!["tenant".to_owned(), "region".to_owned()];
    assert_eq!(
        world.cause(&get("/").bearer(&tokens::good())),
        Cause::ClaimMissing
    );
    let token = tokens::with(json!({ "region": "eu" }));
    assert_eq!(world.user(&get("/").bearer(&token)), "alice");
}

#[test]
fn another_claim_can_name_the_subject() {
    let mut world = world();
    world.rules.issuers[0].subject_claim = "email".into();
    let token = tokens::with(json!({ "email": "alice@example.com" }));
    assert_eq!(world.user(&get("/").bearer(&token)), "alice@example.com");
    // There is no falling back on `sub`, and a number is no name.
    assert_eq!(
        world.cause(&get("/").bearer(&tokens::good())),
        Cause::ClaimMissing
    );
    let token = tokens::with(json!({ "email": 7 }));
    assert_eq!(world.cause(&get("/").bearer(&token)), Cause::ClaimMissing);
}

#[test]
fn cause_token_wrong_kind() {
    let claims = tokens::claims();
    assert_eq!(cause(&tokens::typed("JWT", &claims)), Cause::TokenWrongKind);
    assert_eq!(
        cause(&tokens::typed("dpop+jwt", &claims)),
        Cause::TokenWrongKind
    );
    let mut world = world();
    world.rules.issuers[0].types = vec!["at+jwt".to_owned(), "JWT".to_owned()];
    let id_token = tokens::changed(json!({ "at_hash": "77QmUPtjPfzWtF2AnpK9RQ" }));
    assert_eq!(
        world.cause(&get("/").bearer(&tokens::typed("JWT", &id_token))),
        Cause::TokenWrongKind
    );
    assert_eq!(
        world.user(&get("/").bearer(&tokens::typed("JWT", &claims))),
        "alice"
    );
    // Opaque, and encrypted.
    assert_eq!(
        cause("gho_16C7e42F292c6912E7710c838347Ae178B4a"),
        Cause::TokenWrongKind
    );
    assert_eq!(
        cause("eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..aXY.Y2lwaGVy.dGFn"),
        Cause::TokenWrongKind
    );
}

#[test]
fn cause_token_lifetime_too_long() {
    assert_eq!(
        cause(&tokens::with(json!({ "exp": NOW + 4000 }))),
        Cause::TokenLifetimeTooLong
    );
    let mut world = world();
    world.rules.issuers[0].lifetime_secs_max = None;
    let token = tokens::with(json!({ "exp": NOW + 400_000 }));
    assert_eq!(world.user(&get("/").bearer(&token)), "alice");
}

#[test]
fn cause_token_malformed() {
    let good = tokens::good();
    let (head, rest) = good.split_once('.').unwrap();
    let broken = [
        format!("{head}.{}", rest.split_once('.').unwrap().0),
        format!("{head}.!{rest}").replace('!', "A"),
        format!("{head}=.{rest}").replace('=', "~"),
        tokens::with(json!({ "exp": "tomorrow" })),
        tokens::with(json!({ "sub": ["alice"] })),
    ];
    for token in broken {
        assert_eq!(cause(&token), Cause::TokenMalformed, "{token}");
    }
}

#[test]
fn cause_header_too_large_where_the_token_is_longer_than_any() {
    let long = format!(
        "{}.{}.{}",
        "A".repeat(9000),
        "A".repeat(9000),
        "A".repeat(9000)
    );
    let call = get("/").bearer(&long);
    assert_eq!(world().cause(&call), Cause::HeaderTooLarge);
    assert_eq!(world().answer(&call).status, 431);
}

#[test]
fn an_issuer_that_does_not_answer_is_a_503() {
    let mut world = world();
    world.key_sets[0] = None;
    let call = get("/").bearer(&tokens::good());
    assert_eq!(world.cause(&call), Cause::IdentityBackendDown);
    let answer = world.answer(&call);
    assert_eq!(answer.status, 503);
    assert!(challenges(&answer).is_empty());
}

/// Tokens carry their own claims, so that what is wrong with one is told to its holder.
#[test]
fn what_is_wrong_with_a_token_is_told() {
    let answer = world().answer(&get("/").bearer(&tokens::with(json!({ "exp": NOW - 100 }))));
    assert_eq!(problem(&answer)["cause"], "token-expired");
    assert!(text(&answer).contains("`exp` has passed"));
    assert!(challenges(&answer)[0].contains("error=\"invalid_token\""));
}

#[test]
fn a_subject_from_a_token_cannot_write_header_lines() {
    let token =
        tokens::with(json!({ "sub": "eve\r\nX-Auth-Groups: ops", "groups": ["a,ops", "b"] }));
    let headers = world().forwarded(&get("/").bearer(&token));
    assert_eq!(headers["x-auth-user"], "eve%0D%0AX-Auth-Groups:%20ops");
    assert_eq!(headers["x-auth-groups"], "a%2Cops,b");
    assert_eq!(headers.get_all("x-auth-groups").iter().count(), 1);
}

/// RFC 9449 section 7.2, RFC 8705 section 3: no proof is read under this scheme, so that a bound token is good for nothing
/// here, whatever it is bound by.
#[test]
fn cause_sender_constraint_failed_for_a_bound_token_without_its_proof() {
    for cnf in [
        json!({ "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" }),
        json!({ "x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2" }),
        json!({ "jwk": {} }),
        json!({}),
        json!("text"),
    ] {
        let token = tokens::with(json!({ "cnf": cnf }));
        assert_eq!(cause(&token), Cause::SenderConstraintFailed, "{cnf}");
    }
    // Who copies the token gets no further by having it remembered.
    let world = world().remembering();
    let token = tokens::with(json!({ "cnf": { "jkt": "x" } }));
    for _ in 0..2 {
        let call = get("/").bearer(&token);
        assert_eq!(world.cause(&call), Cause::SenderConstraintFailed);
    }
}

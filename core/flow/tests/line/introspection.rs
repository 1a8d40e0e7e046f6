//! Tokens that their issuer is asked about, RFC 7662: what it says, and what the line makes of it.

use std::sync::Arc;

use countersign_cause::Cause;
use countersign_flow::{IntrospectionAnswer, IntrospectionRules};
use countersign_jose::Introspection;
use countersign_policy::{Demand, Requirements};
use serde_json::{Value, json};

use crate::driver::{Question, challenges, get, header, trail};
use crate::tokens;
use crate::world::{AUDIENCE, BEARER, ISSUER, NOW, World, demanding, route, scopes};

const OPAQUE: &str = "mF_9.B5f-4.1JqM";
const ASKED: IntrospectionRules = IntrospectionRules {
    of_jwts: false,
    audience_optional: false,
};

/// An answer, good for half a minute.
pub(crate) fn said(answer: &Value) -> IntrospectionAnswer {
    IntrospectionAnswer::Answered {
        said: Arc::new(Introspection::parse(answer.to_string().as_bytes()).unwrap()),
        until_unix_secs: NOW + 30,
    }
}

fn active(changes: Value) -> Value {
    let mut answer = json!({
        "active": true, "token_type": "Bearer", "client_id": "app", "iss": ISSUER, "aud": AUDIENCE, "sub": "alice",
        "scope": "orders:read", "exp": NOW + 600
    });
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            answer.as_object_mut().unwrap().remove(name);
        } else {
            answer[name] = value.clone();
        }
    }
    answer
}

/// A world whose first issuer is asked, and says this of the opaque token.
pub(crate) fn asked(world: World, answer: IntrospectionAnswer) -> World {
    let mut world = world;
    world.rules.issuers[0].introspection = Some(ASKED);
    world
        .introspected
        .insert((0, OPAQUE.as_bytes().to_vec()), answer);
    world
}

fn saying(changes: Value) -> World {
    asked(World::accepting(BEARER), said(&active(changes)))
}

fn cause(changes: Value) -> Cause {
    saying(changes).cause(&get("/").bearer(OPAQUE))
}

#[test]
fn an_opaque_token_is_asked_about_and_named_to_the_upstream() {
    let world = saying(json!({ "groups": ["staff"] }));
    let call = get("/").bearer(OPAQUE);
    let headers = world.forwarded(&call);
    assert_eq!(headers["x-auth-user"], "alice");
    assert_eq!(headers["x-auth-scopes"], "orders:read");
    assert_eq!(headers["x-auth-groups"], "staff");
    assert_eq!(headers["x-auth-issuer"], ISSUER);
    assert!(!headers.contains_key("authorization"));
    assert_eq!(world.send(&call).questions, [Question::Introspection]);
}

#[test]
fn cause_token_inactive() {
    let world = asked(
        World::accepting(BEARER),
        said(&json!({ "active": false, "sub": "alice" })),
    );
    let call = get("/").bearer(OPAQUE);
    let refusal = world.send(&call).refusal();
    assert_eq!(refusal.cause, Cause::TokenInactive);
    assert_eq!(
        trail(&refusal)[2],
        "the token is opaque: issuer `main` is asked"
    );
    let answer = world.answer(&call);
    assert!(challenges(&answer)[0].contains("error=\"invalid_token\""));
}

#[test]
fn what_an_active_token_says_is_judged() {
    for (changes, expected) in [
        (json!({ "aud": "https://other" }), Cause::AudienceMismatch),
        (json!({ "aud": null }), Cause::ClaimMissing),
        (json!({ "iss": "https://other" }), Cause::IssuerMismatch),
        (json!({ "exp": NOW - 30 }), Cause::TokenExpired),
        (json!({ "nbf": NOW + 31 }), Cause::TokenNotYetValid),
        (json!({ "iat": NOW + 31 }), Cause::TokenNotYetValid),
        (json!({ "token_type": "DPoP" }), Cause::TokenWrongKind),
        (json!({ "typ": "Refresh" }), Cause::TokenWrongKind),
        (json!({ "sub": null }), Cause::ClaimMissing),
        (json!({ "sub": "" }), Cause::ClaimMissing),
        (
            json!({ "cnf": { "x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2" } }),
            Cause::SenderConstraintFailed,
        ),
    ] {
        assert_eq!(cause(changes.clone()), expected, "{changes}");
    }
    // RFC 7662 section 2.2: these are optional.
    let sparse = saying(json!({ "iss": null, "exp": null, "token_type": null, "client_id": null }));
    assert_eq!(sparse.user(&get("/").bearer(OPAQUE)), "alice");
}

/// GHSA-qvp4-rpmr-xwrr: what was remembered with one demand was good for another.
#[test]
fn attack_55_what_is_remembered_widens_neither_scope_nor_audience_nor_issuer() {
    let world = World::with(vec![
        route("any", "/any", BEARER),
        demanding("write", "/write", BEARER, scopes(&["orders:write"])),
        route("other-audience", "/audience", BEARER),
        route("other-issuer", "/issuer", BEARER),
    ]);
    let mut world = asked(world.remembering(), said(&active(json!({}))));
    world.rules.issuers[1].introspection = Some(ASKED);
    world.route(2).audiences = Some(vec!["billing".to_owned()]);
    for index in 0..3 {
        world.route(index).issuers = vec![0];
    }
    world.route(3).issuers = vec![1];
    let call = |path: &str| get(path).bearer(OPAQUE);
    assert_eq!(world.user(&call("/any")), "alice");
    let again = world.send(&call("/any"));
    assert_eq!(again.questions, [Question::Recall]);
    assert_eq!(world.cause(&call("/write")), Cause::ScopeInsufficient);
    assert_eq!(world.cause(&call("/audience")), Cause::AudienceMismatch);
    // The other issuer is asked itself, and what it says is its own.
    let end = world.send(&call("/issuer"));
    assert_eq!(end.asked_for(Question::Introspection), 1);
    let other = said(&json!({ "active": false }));
    world
        .introspected
        .insert((1, OPAQUE.as_bytes().to_vec()), other);
    assert_eq!(world.cause(&call("/issuer")), Cause::TokenInactive);
    assert_eq!(world.user(&call("/any")), "alice");
}

/// CVE-2026-58425: the issuer says "active" of whatever token it is shown.
#[test]
fn attack_57_a_token_for_another_service_is_active_and_refused() {
    for aud in [json!("billing"), json!(["billing", "mail"])] {
        assert_eq!(cause(json!({ "aud": aud })), Cause::AudienceMismatch);
    }
    assert_eq!(cause(json!({ "aud": null })), Cause::ClaimMissing);
}

#[test]
fn an_answer_is_remembered_no_longer_than_it_may_be_believed() {
    let world = saying(json!({})).remembering();
    let call = get("/").bearer(OPAQUE);
    assert_eq!(world.user(&call), "alice");
    world.now.set(NOW + 29);
    assert_eq!(world.send(&call).questions, [Question::Recall]);
    world.now.set(NOW + 30);
    assert_eq!(world.send(&call).asked_for(Question::Introspection), 1);
    // `exp` counts for a remembered one as well, where it comes first.
    let world = saying(json!({ "exp": NOW - 20 })).remembering();
    assert_eq!(world.user(&call), "alice");
    world.now.set(NOW + 10);
    assert_eq!(world.cause(&call), Cause::TokenExpired);
}

#[test]
fn an_inactive_token_is_not_remembered_by_the_line() {
    let world = asked(World::accepting(BEARER), said(&json!({ "active": false }))).remembering();
    let call = get("/").bearer(OPAQUE);
    for _ in 0..2 {
        assert_eq!(world.send(&call).asked_for(Question::Introspection), 1);
    }
}

#[test]
fn what_cannot_be_asked_is_nobodys_fault() {
    let call = get("/").bearer(OPAQUE);
    for (answer, cause) in [
        (IntrospectionAnswer::Unavailable, Cause::IdentityBackendDown),
        (
            IntrospectionAnswer::Unusable("it is not JSON"),
            Cause::IntrospectionFailed,
        ),
        (
            IntrospectionAnswer::QueueFull {
                retry_after_secs: 1,
            },
            Cause::IntrospectionLimit,
        ),
    ] {
        let world = asked(World::accepting(BEARER), answer);
        assert_eq!(world.cause(&call), cause);
        let answer = world.answer(&call);
        assert_eq!(answer.status, 503);
        assert!(challenges(&answer).is_empty());
        let retries = cause == Cause::IntrospectionLimit;
        assert_eq!(header(&answer, "retry-after") == "1", retries);
    }
}

#[test]
fn a_token_without_audience_is_taken_only_where_that_is_said() {
    for aud in [json!(null), json!([])] {
        let mut world = saying(json!({ "aud": aud }));
        let call = get("/").bearer(OPAQUE);
        assert!(matches!(
            world.cause(&call),
            Cause::ClaimMissing | Cause::AudienceMismatch
        ));
        world.rules.issuers[0].introspection = Some(IntrospectionRules {
            audience_optional: true,
            ..ASKED
        });
        assert_eq!(world.user(&call), "alice");
    }
}

#[test]
fn jwts_are_checked_by_keys_unless_their_issuer_is_asked_about_them() {
    let mut world = saying(json!({}));
    let token = tokens::good();
    let call = get("/").bearer(&token);
    assert_eq!(world.send(&call).questions, [Question::Keys]);
    world.rules.issuers[0].introspection = Some(IntrospectionRules {
        of_jwts: true,
        ..ASKED
    });
    let answer = said(&active(json!({ "sub": "bob" })));
    world
        .introspected
        .insert((0, token.clone().into_bytes()), answer);
    assert_eq!(world.send(&call).questions, [Question::Introspection]);
    assert_eq!(world.user(&call), "bob");
    // Nothing of the token itself is believed: not even that it is signed.
    let forged = tokens::signed_by_stranger(&tokens::claims());
    let unknown = said(&json!({ "active": false }));
    world
        .introspected
        .insert((0, forged.clone().into_bytes()), unknown);
    assert_eq!(world.cause(&get("/").bearer(&forged)), Cause::TokenInactive);
    // One of another issuer is still checked by that issuer's keys.
    let claims = tokens::changed(json!({ "iss": crate::world::OTHER_ISSUER }));
    let other = tokens::signed_by_other(&claims);
    let end = world.send(&get("/").bearer(&other));
    assert_eq!(end.questions, [Question::Keys]);
}

#[test]
fn a_spoilt_jwt_is_told_as_such_and_shown_to_nobody() {
    let world = saying(json!({}));
    let good = tokens::good();
    let cut = &good[..good.rfind('.').unwrap()];
    let call = get("/").bearer(cut);
    let end = world.send(&call);
    assert_eq!(end.asked_for(Question::Introspection), 0);
    assert_eq!(end.refusal().cause, Cause::TokenMalformed);
}

#[test]
fn where_nobody_can_be_asked_an_opaque_token_is_of_the_wrong_kind() {
    let mut world = saying(json!({}));
    world.route(0).issuers = vec![1];
    let call = get("/").bearer("opaque-0123456789");
    assert_eq!(world.send(&call).asked_for(Question::Introspection), 0);
    assert_eq!(world.cause(&call), Cause::TokenWrongKind);
}

#[test]
fn demands_on_claims_are_met_by_what_the_issuer_says() {
    let claims = |value: &str| {
        let wanted = countersign_policy::ClaimDemand {
            name: "client_id".into(),
            any_of: vec![value.into()],
        };
        Demand::Identity(Requirements {
            claims: vec![wanted],
            ..Requirements::default()
        })
    };
    for (value, passes) in [("app", true), ("other", false)] {
        let world = World::with(vec![demanding("api", "/**", BEARER, claims(value))]);
        let world = asked(world, said(&active(json!({}))));
        let call = get("/").bearer(OPAQUE);
        match passes {
            true => assert_eq!(world.user(&call), "alice"),
            false => assert_eq!(world.cause(&call), Cause::IdentityNotAllowed),
        }
    }
}

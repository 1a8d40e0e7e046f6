//! Failures of other gateways and libraries, by their number in SECURITY.md: what each of them would be here.

use countersign_cause::Cause;
use countersign_jose::KeySet;
use countersign_policy::Demand;
use http::header::AUTHORIZATION;
use serde_json::json;
use std::sync::Arc;

use crate::driver::{Question, get, offered};
use crate::tokens;
use crate::world::{ALL, AUDIENCE, BASIC, BEARER, NONE, PASSWORD, World, demanding, route, scopes};

fn public() -> World {
    World::with(vec![
        demanding("public", "/public/**", NONE, Demand::Anyone),
        route("rest", "/**", ALL),
    ])
}

#[test]
fn attack_18_underscore_spelling_of_identity_header() {
    for world in [public(), World::accepting(BASIC)] {
        let call = get("/public/x")
            .with("X_Auth_User", "root")
            .with("x_auth-user", "root")
            .with("X.Auth.User", "root")
            .with("Remote-User", "root")
            .with("remote_groups", "root")
            .with("X-WebAuth-User", "root");
        let call = call.basic("alice", PASSWORD);
        let headers = world.forwarded(&call);
        assert!(headers.values().all(|value| value != "root"));
    }
}

/// The identity has no groups: the client's must not stand in for them.
#[test]
fn attack_19_identity_header_kept_when_not_written() {
    let world = World::accepting(BASIC);
    let call = get("/").basic("bob", PASSWORD);
    let call = call
        .with("x-auth-groups", "ops")
        .with("x-auth-issuer", "https://id.example.com")
        .with("x-auth-scopes", "admin");
    let headers = world.forwarded(&call);
    for name in ["x-auth-groups", "x-auth-issuer", "x-auth-scopes"] {
        assert!(!headers.contains_key(name), "{name}");
    }
}

#[test]
fn attack_20_letter_case_of_identity_header() {
    let headers = public().forwarded(
        &get("/public/x")
            .with("X-AUTH-user", "root")
            .with("x-Auth-USER", "root"),
    );
    assert!(!headers.contains_key("x-auth-user"));
}

/// `Connection: X-Auth-User` asks for a removal. The line writes its headers last and reads no `Connection`, so that
/// whoever takes hop-by-hop fields out before has nothing of the line's to take.
#[test]
fn attack_21_connection_cannot_name_identity_headers() {
    let world = World::accepting(BASIC);
    let call = get("/")
        .basic("alice", PASSWORD)
        .with("connection", "X-Auth-User, close")
        .with("x-auth-user", "root");
    assert_eq!(world.user(&call), "alice");
}

/// What stands in headers of the gateway's kind is not read: neither path, nor method, nor name comes from there.
#[test]
fn attack_26_override_headers_decide_nothing() {
    let world = public();
    let call = get("/admin")
        .with("x-http-method-override", "OPTIONS")
        .with("x-original-url", "/public/x")
        .with("x-forwarded-uri", "/public/x")
        .with("x-envoy-original-path", "/public/x")
        .with("x-auth-user", "root");
    assert_eq!(world.cause(&call), Cause::CredentialsMissing);
}

#[test]
fn attack_27_only_first_of_many_values_checked() {
    let world = World::accepting(ALL);
    let token = tokens::good();
    let good_then_bad = get("/").bearer(&token).bearer("x");
    let bad_then_good = get("/").bearer("x").bearer(&token);
    for call in [good_then_bad, bad_then_good] {
        assert_eq!(world.cause(&call), Cause::HeaderDuplicated);
    }
    let call = get("/")
        .with("x-auth-user", "a")
        .with("x-auth-user", "b")
        .bearer(&token);
    let headers = world.forwarded(&call);
    assert_eq!(headers.get_all("x-auth-user").iter().count(), 1);
}

#[test]
fn attack_28_a_user_agent_is_no_credential() {
    let world = World::accepting(ALL);
    for agent in ["GoogleHC/1.0", "kube-probe/1.30", "ELB-HealthChecker/2.0"] {
        assert_eq!(
            world.cause(&get("/").with("user-agent", agent)),
            Cause::CredentialsMissing
        );
    }
}

/// OPTIONS, HEAD and every other method of an open route: the claimed identity is removed.
#[test]
fn attack_29_open_routes_are_scrubbed_too() {
    let world = public();
    for method in ["OPTIONS", "HEAD", "GET", "POST", "PROPFIND"] {
        let call = get("/public/x")
            .with("x-auth-user", "root")
            .by(method.parse().unwrap());
        assert!(
            !world.forwarded(&call).contains_key("x-auth-user"),
            "{method}"
        );
    }
}

#[test]
fn attack_31_malformed_credentials_are_not_taken_for_good_ones() {
    let world = World::accepting(ALL);
    for value in [
        &b"Basic"[..],
        b"Basic ",
        b"Basic !!!",
        b"Basic \xff",
        b"Bearer",
        b"Bearer ..",
        b"Bearer a.b.c",
        b"\xff",
        b"",
        b" ",
        b"ApiKey csk_",
        b"Bearer csk_x",
        b"=",
        b"Basic Og==",
    ] {
        let call = get("/").with("authorization", value);
        let refusal = world.send(&call).refusal();
        assert!(
            matches!(refusal.cause.status(), Some(400 | 401)),
            "{}",
            refusal.cause
        );
    }
}

#[test]
fn attack_32_what_cannot_be_asked_is_not_a_yes() {
    let mut world = World::accepting(ALL);
    let key = world.mint(1);
    world.store_answers = false;
    world.key_sets = vec![None, None];
    for call in [
        get("/").basic("alice", PASSWORD),
        get("/").key(&key),
        get("/").bearer(&tokens::good()),
    ] {
        assert_eq!(world.cause(&call), Cause::IdentityBackendDown);
    }
}

#[test]
fn attack_33_not_any_bearer_is_accepted() {
    let world = World::accepting(BEARER);
    let unsigned = tokens::assembled(
        &json!({ "alg": "ES256", "typ": "at+jwt", "kid": "main-1" }),
        &tokens::claims(),
        b"",
    );
    for token in [
        "x",
        "a.b.c",
        unsigned.as_str(),
        &tokens::signed_by_stranger(&tokens::claims()),
    ] {
        let _refusal = world.send(&get("/").bearer(token)).refusal();
    }
}

/// An issuer without keys, without algorithms or without audiences takes no token; a demand without schemes is met by
/// nobody.
#[test]
fn attack_34_empty_configuration_lets_nobody_in() {
    let call = get("/").bearer(&tokens::good());
    let empty = || Some(Arc::new(KeySet::parse_json(b"{\"keys\":[]}").unwrap()));
    let mut world = World::accepting(BEARER);
    world.key_sets = vec![empty(), empty()];
    assert_eq!(world.cause(&call), Cause::SigningKeyUnknown);
    let mut world = World::accepting(BEARER);
    world.rules.issuers[0].algorithms.clear();
    assert_eq!(world.cause(&call), Cause::AlgorithmNotAllowed);
    let mut world = World::accepting(BEARER);
    world.rules.issuers[0].audiences.clear();
    assert_eq!(world.cause(&call), Cause::AudienceMismatch);
    let mut world = World::accepting(BEARER);
    world.rules.issuers[0].types.clear();
    assert_eq!(world.cause(&call), Cause::TokenWrongKind);
    let mut world = World::accepting(BEARER);
    world.rules.issuers.clear();
    assert_eq!(world.cause(&call), Cause::IssuerMismatch);
    assert_eq!(
        World::accepting(NONE).cause(&call),
        Cause::CredentialsMissing
    );
}

/// The same name out of another source is another source's, and a route takes those that it names.
#[test]
fn attack_35_identity_of_another_source_is_not_taken() {
    let world = World::accepting(BASIC);
    assert_eq!(
        world.cause(&get("/").bearer(&tokens::good())),
        Cause::SchemeNotAccepted
    );
    let world = World::accepting(BEARER);
    assert_eq!(
        world.cause(&get("/").basic("alice", PASSWORD)),
        Cause::SchemeNotAccepted
    );
}

#[test]
fn attack_36_unknown_user_has_no_empty_password() {
    let world = World::accepting(BASIC);
    for (user, password) in [
        ("nobody", ""),
        ("alice", ""),
        ("nobody", "nobody"),
        ("undefined", "x"),
    ] {
        let end = world.send(&get("/").basic(user, password));
        let _refusal = end.refusal();
    }
}

#[test]
fn attack_40_unknown_user_costs_the_same_hash() {
    let world = World::accepting(BASIC).remembering();
    let known = world.send(&get("/").basic("alice", "wrong"));
    let unknown = world.send(&get("/").basic("nobody", "wrong"));
    assert_eq!(known.questions, unknown.questions);
    assert_eq!(known.asked_for(Question::Hash), 1);
    // The second time too: what is remembered of both is the same.
    let known = world.send(&get("/").basic("alice", "wrong"));
    let unknown = world.send(&get("/").basic("nobody", "wrong"));
    assert_eq!(known.questions, unknown.questions);
}

/// A published key is no secret: bytes that everybody knows authenticate nothing.
#[test]
fn attack_46_rs256_to_hs256() {
    let mut world = World::accepting(BEARER);
    let jwk = tokens::main_jwk();
    let spellings = [
        jwk.to_string(),
        jwk["x"].as_str().unwrap().to_owned(),
        String::new(),
    ];
    for secret in &spellings {
        let token = tokens::hmac_under(secret.as_bytes(), "main-1");
        assert_eq!(
            world.cause(&get("/").bearer(&token)),
            Cause::AlgorithmNotAllowed
        );
    }
    // Even with HS256 on the list by mistake, a public key stays one.
    world.rules.issuers[0]
        .algorithms
        .push(countersign_jose::Algorithm::Hs256);
    for secret in &spellings {
        let token = tokens::hmac_under(secret.as_bytes(), "main-1");
        assert_eq!(
            world.cause(&get("/").bearer(&token)),
            Cause::AlgorithmNotAllowed
        );
    }
    for alg in ["none", "None", "NONE", "", " ES256", "es256"] {
        let header = json!({ "alg": alg, "typ": "at+jwt", "kid": "main-1" });
        let token = tokens::assembled(&header, &tokens::claims(), b"");
        assert_eq!(
            world.cause(&get("/").bearer(&token)),
            Cause::AlgorithmNotAllowed,
            "{alg}"
        );
    }
}

/// Whoever has the public key alone can encrypt to it, and cannot sign: no encrypted token is read.
#[test]
fn attack_47_public_key_alone_makes_no_token() {
    let world = World::accepting(BEARER);
    let inner = tokens::assembled(&json!({ "alg": "none" }), &tokens::claims(), b"");
    let encrypted = format!(
        "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00iLCJjdHkiOiJKV1QifQ.AAAA.AAAA.{}.AAAA",
        inner.replace('.', "")
    );
    assert_eq!(
        world.cause(&get("/").bearer(&encrypted)),
        Cause::TokenWrongKind
    );
}

#[test]
fn attack_48_unknown_crit_is_refused() {
    let world = World::accepting(BEARER);
    let token = tokens::with_header(json!({ "crit": ["exp2"], "exp2": 1 }));
    assert_eq!(world.cause(&get("/").bearer(&token)), Cause::TokenMalformed);
    let token = tokens::with_header(json!({ "x-unknown": "passed over" }));
    assert_eq!(world.user(&get("/").bearer(&token)), "alice");
}

#[test]
fn attack_49_only_an_array_of_texts_or_one_text_is_an_audience() {
    let world = World::accepting(BEARER);
    for (audience, cause) in [
        (json!([AUDIENCE, "other"]), None),
        (json!(["other", AUDIENCE]), None),
        (json!(["other"]), Some(Cause::AudienceMismatch)),
        (json!([]), Some(Cause::AudienceMismatch)),
        (json!(""), Some(Cause::AudienceMismatch)),
        (json!([[AUDIENCE]]), Some(Cause::TokenMalformed)),
        (json!({ AUDIENCE: true }), Some(Cause::TokenMalformed)),
        (
            json!(format!("{AUDIENCE} other")),
            Some(Cause::AudienceMismatch),
        ),
    ] {
        let call = get("/").bearer(&tokens::with(json!({ "aud": audience })));
        match cause {
            None => assert_eq!(world.user(&call), "alice"),
            Some(cause) => assert_eq!(world.cause(&call), cause, "{audience}"),
        }
    }
}

#[test]
fn attack_50_issuer_audience_and_expiry_are_not_optional() {
    let mut world = World::accepting(BEARER);
    world.rules.issuers[0].required_claims.clear();
    for (changes, cause) in [
        (json!({ "iss": null }), Cause::IssuerMismatch),
        (json!({ "aud": null }), Cause::ClaimMissing),
        (json!({ "exp": null }), Cause::ClaimMissing),
        (json!({ "sub": null }), Cause::ClaimMissing),
    ] {
        let call = get("/").bearer(&tokens::with(changes.clone()));
        assert_eq!(world.cause(&call), cause, "{changes}");
    }
}

#[test]
fn attack_53_two_authorization_headers() {
    for world in [
        World::accepting(ALL),
        World::accepting(BASIC),
        World::accepting(BEARER),
    ] {
        let call = get("/").basic("alice", PASSWORD).bearer(&tokens::good());
        assert_eq!(call.headers.get_all(AUTHORIZATION).iter().count(), 2);
        assert_eq!(world.cause(&call), Cause::HeaderDuplicated);
        let answer = world.answer(&call);
        assert_eq!(answer.status, 400);
        assert!(offered(&answer).is_empty());
    }
}

/// What is remembered is looked at again: against the scope, the audience, the issuer and the scheme of each request.
#[test]
fn attack_55_cache_ignores_neither_scope_nor_audience_nor_scheme() {
    let mut world = World::with(vec![
        route("api", "/api", ALL),
        demanding("scope", "/scope", ALL, scopes(&["admin"])),
        route("audience", "/audience", ALL),
        route("issuer", "/issuer", ALL),
        route("scheme", "/scheme", BASIC),
    ])
    .remembering();
    world.route(2).audiences = Some(vec!["other".to_owned()]);
    world.route(3).issuers = vec![1];
    let token = tokens::good();
    let _permit = world.send(&get("/api").bearer(&token)).permit();
    for (target, cause) in [
        ("/scope", Cause::ScopeInsufficient),
        ("/audience", Cause::AudienceMismatch),
        ("/issuer", Cause::IssuerMismatch),
        ("/scheme", Cause::SchemeNotAccepted),
    ] {
        let end = world.send(&get(target).bearer(&token));
        assert_eq!(end.asked_for(Question::Keys), 0);
        assert_eq!(end.refusal().cause, cause);
    }
}

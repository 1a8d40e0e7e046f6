//! Challenges: which are said with which refusal, in which order, and what a Bearer challenge says of a token.

use countersign_cause::Cause;
use countersign_flow::{Accept, Refusal, respond};
use countersign_wire::challenge;
use serde_json::json;

use crate::driver::{asked, challenges, get, offered};
use crate::tokens;
use crate::world::{ALL, API_KEY, BASIC, BEARER, PASSWORD, World, demanding, scopes};

#[test]
fn one_line_a_challenge_in_one_order_whatever_the_route_accepts() {
    for bits in 1..32_u8 {
        let accept = Accept {
            digest: bits & 8 != 0,
            bearer: bits & 4 != 0,
            api_key: bits & 2 != 0,
            basic: bits & 1 != 0,
            dpop: bits & 16 != 0,
            session: false,
            certificate: false,
        };
        let expected: Vec<&str> = [
            (accept.dpop, "DPoP"),
            (accept.bearer, "Bearer"),
            (accept.api_key, "ApiKey"),
            (accept.digest, "Digest"),
            (accept.digest, "Digest"),
            (accept.basic, "Basic"),
        ]
        .into_iter()
        .filter_map(|(accepted, word)| accepted.then_some(word))
        .collect();
        let answer = World::accepting(accept).answer(&get("/"));
        assert_eq!(answer.status, 401);
        assert_eq!(offered(&answer), expected);
    }
}

#[test]
fn rfc9110_section_11_6_1_the_challenges_to_the_letter() {
    let answer = World::accepting(ALL).answer(&get("/"));
    assert_eq!(
        challenges(&answer),
        [
            "Bearer realm=\"example\", \
             resource_metadata=\"https://api.example.com/.well-known/oauth-protected-resource\"",
            "ApiKey realm=\"example\", header=\"x-api-key\"",
            "Basic realm=\"example\", charset=\"UTF-8\"",
        ]
    );
}

#[test]
fn every_challenge_can_be_read_by_a_client_whatever_the_realm() {
    let mut world = World::accepting(ALL);
    world.rules.realm = "a \"realm\" \\ of J\u{f6}rg,\r\nBasic realm=\"x\"".into();
    let answer = world.answer(&get("/"));
    let lines = challenges(&answer);
    assert_eq!(lines.len(), 3);
    let parsed = challenge::parse(lines.iter().map(|line| line.as_bytes()));
    assert!(parsed.defects.is_empty());
    assert_eq!(parsed.challenges.len(), 3);
    for challenge in &parsed.challenges {
        assert_eq!(
            challenge.realm(),
            "a \"realm\" \\ of J?rg,??Basic realm=\"x\""
        );
    }
}

#[test]
fn the_key_without_a_header_of_its_own_names_none() {
    let mut world = World::accepting(API_KEY);
    world.rules.api_key.header = None;
    let answer = world.answer(&get("/"));
    assert_eq!(challenges(&answer), ["ApiKey realm=\"example\""]);
}

#[test]
fn rfc6750_section_3_1_no_error_for_who_shows_no_token() {
    let mut world = World::accepting(ALL);
    let key = world.mint_as(1, |key| key.revoked_unix_secs = Some(0));
    let calls = [
        get("/"),
        get("/").basic("alice", "wrong"),
        get("/").with("authorization", "Basic undefined"),
        get("/").with("authorization", "Digest a=b"),
        get("/").key(&key),
        get("/").bearer(&key),
        get("/?access_token=x"),
    ];
    for call in calls {
        let answer = world.answer(&call);
        assert_eq!(answer.status, 401);
        assert_eq!(challenges(&answer).len(), 3);
        assert!(
            !challenges(&answer)[0].contains("error"),
            "{:?}",
            challenges(&answer)
        );
    }
}

#[test]
fn rfc6750_section_3_1_invalid_token_with_401() {
    let world = World::accepting(ALL);
    let tokens = [
        tokens::with(json!({ "exp": 1 })),
        tokens::signed_by_stranger(&tokens::claims()),
        "opaque-token-of-another-product".to_owned(),
        "undefined".to_owned(),
    ];
    for token in tokens {
        let answer = world.answer(&get("/").bearer(&token));
        assert_eq!(answer.status, 401);
        let lines = challenges(&answer);
        assert!(lines[0].starts_with(
            "Bearer realm=\"example\", error=\"invalid_token\", error_description=\""
        ));
        // The others say only how to ask.
        assert_eq!(offered(&answer), ["Bearer", "ApiKey", "Basic"]);
        assert!(!lines[1].contains("error") && !lines[2].contains("error"));
    }
}

#[test]
fn rfc6750_section_3_1_invalid_request_with_400() {
    let world = World::accepting(ALL);
    let call = get("/").with("authorization", "Bearer token=abc");
    assert_eq!(world.cause(&call), Cause::HeaderMalformed);
    let answer = world.answer(&call);
    assert_eq!(answer.status, 400);
    assert_eq!(offered(&answer), ["Bearer"]);
    assert!(challenges(&answer)[0].contains("error=\"invalid_request\""));
    // A malformed value of another scheme is no Bearer error.
    let call = get("/").with("authorization", "Basic YWxpY2U6YQFi");
    assert_eq!(world.cause(&call), Cause::HeaderMalformed);
    assert!(offered(&world.answer(&call)).is_empty());
}

/// All of the scope that the resource needs is named, also where the token has a part of it: a client that asks for a
/// new token with the scope of this challenge gets one that is enough.
#[test]
fn rfc6750_section_3_1_insufficient_scope_names_the_scope_that_is_needed() {
    let world = World::with(vec![demanding(
        "api",
        "/**",
        ALL,
        scopes(&["orders:read", "orders:admin"]),
    )]);
    let call = get("/").bearer(&tokens::good());
    let refusal = world.send(&call).refusal();
    assert_eq!(refusal.cause, Cause::ScopeInsufficient);
    assert_eq!(refusal.missing_scopes, ["orders:admin"]);
    let answer = world.answer(&call);
    assert_eq!(answer.status, 403);
    assert_eq!(offered(&answer), ["Bearer"]);
    let line = challenges(&answer)[0];
    assert!(line.contains("error=\"insufficient_scope\""));
    assert!(
        line.contains("scope=\"orders:read orders:admin\""),
        "{line}"
    );
}

#[test]
fn rfc6750_section_3_the_scope_is_named_before_anything_is_shown() {
    let world = World::with(vec![demanding("api", "/**", BEARER, scopes(&["a", "b"]))]);
    let answer = world.answer(&get("/"));
    assert!(challenges(&answer)[0].contains("scope=\"a b\""));
    assert!(!challenges(&answer)[0].contains("error"));
}

#[test]
fn rfc9728_section_5_1_resource_metadata_is_that_of_the_route() {
    let mut world = World::accepting(BEARER);
    let metadata = |world: &World| {
        let answer = world.answer(&get("/"));
        let parsed = challenge::parse([challenges(&answer)[0].as_bytes()]);
        parsed.challenges[0]
            .param("resource_metadata")
            .map(str::to_owned)
    };
    world.rules.public_url = Some("https://edge.example.com".into());
    assert_eq!(
        metadata(&world).as_deref(),
        Some("https://edge.example.com/.well-known/oauth-protected-resource")
    );
    world.route(0).resource = Some("https://api.example.com/orders".into());
    assert_eq!(
        metadata(&world).as_deref(),
        Some("https://api.example.com/.well-known/oauth-protected-resource/orders")
    );
    // Where nobody knows how clients reach the gateway, nothing is made up.
    world.route(0).resource = None;
    world.rules.public_url = Some("".into());
    assert_eq!(metadata(&world), None);
}

#[test]
fn only_a_401_carries_the_challenges() {
    let world = World::accepting(BASIC);
    let call = get("/").basic("alice", PASSWORD);
    for cause in Cause::ALL.iter().copied() {
        let mut refusal = Refusal::new(&world.rules, cause);
        refusal.route = Some(&world.rules.route_rules[0]);
        let answer = respond(&refusal, &asked(&call));
        let told = cause.told_as().status().unwrap_or(500);
        assert_eq!(answer.status, told, "{cause}");
        assert_eq!(!offered(&answer).is_empty(), told == 401, "{cause}");
    }
}

/// RFC 9110 section 15.5.2: the server that answers 401 MUST send a challenge. Each way to a 401 has one.
#[test]
fn a_bearer_error_fits_its_status() {
    let world = World::accepting(BEARER);
    let call = get("/");
    for cause in Cause::ALL.iter().copied() {
        let mut refusal = Refusal::new(&world.rules, cause);
        refusal.route = Some(&world.rules.route_rules[0]);
        refusal.scheme = Some(countersign_wire::Scheme::Bearer);
        let answer = respond(&refusal, &asked(&call));
        let parsed = challenge::parse(challenges(&answer).iter().map(|line| line.as_bytes()));
        let error = parsed
            .challenges
            .first()
            .and_then(|challenge| challenge.param("error"));
        match error {
            Some("invalid_token") => assert_eq!(answer.status, 401, "{cause}"),
            Some("invalid_request") => assert_eq!(answer.status, 400, "{cause}"),
            Some("insufficient_scope") => assert_eq!(answer.status, 403, "{cause}"),
            Some("insufficient_user_authentication") => assert_eq!(answer.status, 401, "{cause}"),
            Some(other) => panic!("{cause}: {other}"),
            None => {}
        }
    }
}

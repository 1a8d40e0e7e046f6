//! Every cause that the line refuses with, provoked; and every cause of the catalogue accounted for.

use std::collections::BTreeMap;

use countersign_cause::Cause;
use countersign_flow::{CountAnswer, IntrospectionAnswer};
use countersign_policy::{Demand, Requirements, SignInDemand};
use http::Method;
use serde_json::json;

use crate::digest::login::Login;
use crate::driver::{Call, get, header};
use crate::tokens;
use crate::world::{
    ALL, API_KEY, BASIC, COOKIE, DIGEST, NOW, PASSWORD, Pool, SESSION, Session, World, demanding,
    scopes,
};

/// Found by the rooms around the line, and provoked in their tests: limits, bodies, upstreams, providers.
const OF_THE_GATEWAY: [Cause; 20] = [
    Cause::ProxyHeaderInvalid,
    Cause::ListenerCertificateMissing,
    Cause::SignInLoop,
    Cause::MethodNotSupported,
    Cause::BodyTooLarge,
    Cause::HeadStalled,
    Cause::BodyStalled,
    Cause::UpstreamUnreachable,
    Cause::UpstreamDown,
    Cause::UpstreamTimeout,
    Cause::UpstreamMalformed,
    Cause::UpgradeLimit,
    Cause::GatewayOverloaded,
    Cause::SignInStale,
    Cause::ProviderRefused,
    Cause::ProviderUnavailable,
    Cause::ProviderLimit,
    Cause::ProviderAnswerInvalid,
    Cause::ProviderAccountNotAllowed,
    Cause::AccountNotLinked,
];

/// Not refused with yet: what would find them is not there.
const OF_MISSING_PARTS: [(&str, &[Cause]); 3] = [
    (
        "the issuer's endpoints",
        &[
            Cause::ClientAuthenticationFailed,
            Cause::ClientAuthenticationMethod,
            Cause::CodeReused,
            Cause::CodeExpired,
            Cause::PkceMismatch,
            Cause::RedirectUriMismatch,
            Cause::RefreshTokenReused,
            Cause::RefreshTokenExpired,
            Cause::GrantNotFormEncoded,
            Cause::ResourceIndicatorMismatch,
        ],
    ),
    (
        "locks: attempts are delayed instead",
        &[Cause::AccountLocked],
    ),
    ("revocations that an issuer tells", &[Cause::TokenRevoked]),
];

/// What provokes a cause: a world, and a request in it.
type Provocation = (World, Call);

fn all() -> World {
    World::accepting(ALL)
}

fn authorization(value: &str) -> Provocation {
    (all(), get("/").with("authorization", value))
}

fn token(changes: serde_json::Value) -> Provocation {
    (all(), get("/").bearer(&tokens::with(changes)))
}

fn key(change: impl FnOnce(&mut crate::world::Key)) -> Provocation {
    let mut world = all();
    let key = world.mint_as(1, change);
    (world, get("/").key(&key))
}

fn changed(change: impl FnOnce(&mut World), call: Call) -> Provocation {
    let mut world = all();
    change(&mut world);
    (world, call)
}

fn sent() -> Vec<(&'static str, Provocation)> {
    vec![
        ("credentials-missing", (all(), get("/"))),
        ("credentials-placeholder", authorization("Bearer undefined")),
        ("header-wrong-place", (all(), get("/?access_token=abc"))),
        ("header-duplicated", {
            let call = get("/").basic("alice", PASSWORD);
            (all(), call.basic("alice", PASSWORD))
        }),
        (
            "header-too-large",
            authorization(&format!("Bearer {}", "a".repeat(40_000))),
        ),
        ("scheme-missing", authorization(&tokens::good())),
        ("scheme-word-wrong", authorization("Token abcdef0123456789")),
        (
            "scheme-not-accepted",
            authorization("Digest username=\"alice\""),
        ),
        ("header-malformed", authorization("Bearer token=abc")),
        (
            "credential-whitespace",
            authorization("Bearer abc def0123456789"),
        ),
        (
            "credential-quoted",
            authorization("Bearer \"abcdef0123456789\""),
        ),
        ("basic-newline", authorization("Basic YWxpY2U6c2VjcmV0Cg==")),
        ("basic-colon", authorization("Basic YWxpY2U=")),
        ("basic-base64", authorization("Basic alice:secret")),
        ("basic-charset", authorization("Basic asO8cmc6cOQ=")),
    ]
}

fn secrets() -> Vec<(&'static str, Provocation)> {
    vec![
        (
            "credentials-rejected",
            (all(), get("/").basic("alice", "wrong")),
        ),
        (
            "account-disabled",
            (all(), get("/").basic("mallory", PASSWORD)),
        ),
        (
            "second-factor-required",
            (all(), get("/").basic("carol", PASSWORD)),
        ),
        (
            "credential-expired",
            key(|key| key.expires_unix_secs = Some(NOW)),
        ),
        (
            "credential-revoked",
            key(|key| key.revoked_unix_secs = Some(NOW)),
        ),
        (
            "address-not-allowed",
            key(|key| key.networks = vec!["10.0.0.0/8"]),
        ),
        (
            "check-queue-full",
            changed(
                |world| world.pool = Pool::Full,
                get("/").basic("alice", PASSWORD),
            ),
        ),
        ("rate-limited", crate::brakes::braked()),
        (
            "identity-backend-down",
            changed(
                |world| world.store_answers = false,
                get("/").basic("alice", PASSWORD),
            ),
        ),
    ]
}

fn of_tokens() -> Vec<(&'static str, Provocation)> {
    let bearer = |token: &str| (all(), get("/").bearer(token));
    vec![
        ("token-malformed", token(json!({ "exp": "tomorrow" }))),
        ("token-expired", token(json!({ "exp": NOW - 60 }))),
        ("token-not-yet-valid", token(json!({ "nbf": NOW + 60 }))),
        (
            "clock-skew",
            changed(
                |world| world.issuer_ahead_secs = Some(60),
                get("/").bearer(&tokens::with(json!({ "nbf": NOW + 60 }))),
            ),
        ),
        (
            "token-lifetime-too-long",
            token(json!({ "exp": NOW + 86_400 })),
        ),
        ("token-wrong-kind", bearer("ghp_opaque0123456789")),
        ("audience-mismatch", token(json!({ "aud": "other" }))),
        (
            "issuer-mismatch",
            token(json!({ "iss": "https://id.example.org" })),
        ),
        (
            "signature-invalid",
            bearer(&tokens::signed_by_stranger(&tokens::claims())),
        ),
        ("signing-key-unknown", bearer(&tokens::of_unknown_key())),
        (
            "algorithm-not-allowed",
            bearer(&tokens::assembled(
                &json!({ "alg": "none" }),
                &tokens::claims(),
                b"",
            )),
        ),
        ("claim-missing", token(json!({ "sub": null }))),
        (
            "sender-constraint-failed",
            token(json!({ "cnf": { "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" } })),
        ),
    ]
}

/// Of the issuer that is asked about a token.
fn of_asking() -> Vec<(&'static str, Provocation)> {
    let bearer = || get("/").bearer("mF_9.B5f-4.1JqM");
    let asked = |answer| (crate::introspection::asked(all(), answer), bearer());
    let inactive = crate::introspection::said(&json!({ "active": false }));
    vec![
        ("token-inactive", asked(inactive)),
        (
            "introspection-failed",
            asked(IntrospectionAnswer::Unusable("it is not JSON")),
        ),
        (
            "introspection-limit",
            asked(IntrospectionAnswer::QueueFull {
                retry_after_secs: 1,
            }),
        ),
    ]
}

fn of_sessions() -> Vec<(&'static str, Provocation)> {
    let shown = |change: fn(&mut Session), method: Method| {
        let mut world = World::accepting(SESSION);
        let cookie = world.begin_session(1, change);
        (world, get("/").by(method).with("cookie", cookie))
    };
    let (world, by_page) = shown(|_| {}, Method::POST);
    vec![
        (
            "session-unknown",
            (
                World::accepting(SESSION),
                get("/").with("cookie", format!("{COOKIE}={}", "A".repeat(43))),
            ),
        ),
        (
            "session-expired",
            shown(|session| session.expires_unix_secs = NOW, Method::GET),
        ),
        (
            "session-revoked",
            shown(|session| session.ended = true, Method::GET),
        ),
        (
            "csrf-failed",
            (world, by_page.with("sec-fetch-site", "cross-site")),
        ),
    ]
}

fn of_routes() -> Vec<(&'static str, Provocation)> {
    let bearer = get("/").bearer(&tokens::good());
    let sign_in = |sign_in| {
        let demand = Demand::Identity(Requirements {
            sign_in,
            ..Requirements::default()
        });
        let world = World::with(vec![demanding("api", "/**", ALL, demand)]);
        (world, get("/").bearer(&tokens::good()))
    };
    let staff = Demand::Identity(Requirements {
        groups: vec!["board".into()],
        ..Requirements::default()
    });
    let mut nameless = get("/");
    nameless.authority = None;
    vec![
        (
            "scope-insufficient",
            (
                World::with(vec![demanding("api", "/**", ALL, scopes(&["admin"]))]),
                bearer.clone(),
            ),
        ),
        (
            "identity-not-allowed",
            (
                World::with(vec![demanding("api", "/**", ALL, staff)]),
                bearer,
            ),
        ),
        (
            "sign-in-too-old",
            sign_in(SignInDemand {
                age_secs_max: Some(60),
                ..SignInDemand::default()
            }),
        ),
        (
            "sign-in-too-weak",
            sign_in(SignInDemand {
                acr: vec!["gold".into()],
                ..SignInDemand::default()
            }),
        ),
        (
            "origin-not-allowed",
            (
                all(),
                get("/")
                    .by(Method::OPTIONS)
                    .with("origin", "https://app.example.com")
                    .with("access-control-request-method", "GET"),
            ),
        ),
        ("request-malformed", (all(), get("*"))),
        ("request-target-ambiguous", (all(), get("/a/../b"))),
        ("host-invalid", (all(), nameless)),
        (
            "route-unmatched",
            (
                World::with(vec![demanding("api", "/api", ALL, scopes(&[]))]),
                get("/"),
            ),
        ),
    ]
}

fn of_digest() -> Vec<(&'static str, Provocation)> {
    let changed = |change: fn(&mut World), edit: fn(Login<'_>) -> Login<'_>| {
        let mut world = World::accepting(DIGEST);
        change(&mut world);
        let call = edit(Login::of(&world, "alice")).call();
        (world, call)
    };
    vec![
        ("digest-nonce-stale", {
            let (world, call) = changed(|_| {}, |login| login);
            world.now.set(NOW + 300);
            (world, call)
        }),
        (
            "digest-nonce-replayed",
            changed(
                |world| world.count_answer = Some(CountAnswer::Used),
                |login| login,
            ),
        ),
        (
            "digest-uri-mismatch",
            changed(|_| {}, |login| login.with("uri", "/other")),
        ),
        (
            "digest-qop-unsupported",
            changed(|_| {}, |login| login.without("nc")),
        ),
        (
            "digest-algorithm-unsupported",
            changed(|_| {}, |login| login.without("algorithm")),
        ),
    ]
}

fn of_proofs() -> Vec<(&'static str, Provocation)> {
    vec![("proof-limit", crate::dpop::without_room())]
}

fn provocations() -> Vec<(&'static str, Provocation)> {
    let all = [
        sent(),
        secrets(),
        of_tokens(),
        of_asking(),
        of_digest(),
        of_proofs(),
        of_sessions(),
        of_routes(),
    ];
    all.into_iter().flatten().collect()
}

#[test]
fn every_provocation_ends_in_its_cause_and_answers_with_its_status() {
    for (id, (world, call)) in provocations() {
        let cause = world.cause(&call);
        assert_eq!(cause.id(), id);
        let answer = world.answer(&call);
        let told = cause.told_as();
        assert_eq!(Some(answer.status.as_u16()), told.status(), "{id}");
        assert_eq!(header(&answer, "countersign-cause"), told.id());
    }
}

/// A cause that the gateway refuses with and that nothing here provokes belongs to one of the lists above, and to one
/// only: a new one fails here until somebody has said where it comes from.
#[test]
fn every_cause_with_a_status_is_accounted_for_once() {
    let mut accounted: BTreeMap<&str, usize> = BTreeMap::new();
    let missing = OF_MISSING_PARTS.iter().flat_map(|(_, causes)| *causes);
    let ids = provocations()
        .into_iter()
        .map(|(id, _)| id)
        .chain(OF_THE_GATEWAY.iter().chain(missing).map(|cause| cause.id()));
    for id in ids {
        *accounted.entry(id).or_default() += 1;
    }
    let refused: BTreeMap<&str, usize> = Cause::ALL
        .iter()
        .filter(|cause| cause.status().is_some())
        .map(|cause| (cause.id(), 1))
        .collect();
    assert_eq!(accounted, refused);
}

/// A refusal of one scheme is told with the words of that scheme, whichever the others of the route are.
#[test]
fn the_scheme_of_what_was_refused_is_known_to_the_log() {
    for (world, call, scheme) in [
        (World::accepting(BASIC), get("/").basic("a", "b"), "basic"),
        (World::accepting(API_KEY), get("/").key("csk_"), "api-key"),
        (all(), get("/").bearer("opaque-0123456789"), "bearer"),
        (
            World::accepting(DIGEST),
            get("/").with("authorization", "Digest a=b"),
            "digest",
        ),
    ] {
        let refusal = world.send(&call).refusal();
        assert_eq!(refusal.scheme.map(|scheme| scheme.name()), Some(scheme));
    }
}

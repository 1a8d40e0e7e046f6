//! What the upstream gets: the target that was decided on, the identity that was verified, and no credential.

use countersign_flow::TargetOnward;
use countersign_policy::Demand;
use http::HeaderName;
use proptest::prelude::*;

use crate::driver::{Call, get};
use crate::tokens;
use crate::world::{ALL, BASIC, NONE, PASSWORD, SESSION, World, demanding};

const CLAIMED: [&str; 5] = [
    "x-auth-user",
    "x-auth-groups",
    "x-auth-scopes",
    "x-auth-scheme",
    "x-auth-issuer",
];

fn public() -> World {
    World::with(vec![demanding("public", "/**", NONE, Demand::Anyone)])
}

/// A request that claims an identity in that many spellings.
fn forged(call: Call) -> Call {
    let mut call = call;
    for name in CLAIMED {
        for spelling in [
            name.to_owned(),
            name.to_uppercase(),
            name.replace('-', "_"),
            name.replacen('-', "_", 1),
            name.replace('-', "."),
            name.replace('-', "~").to_uppercase(),
        ] {
            call = call.with(&spelling, "root").with(&spelling, "admin");
        }
    }
    call.with("x-other", "kept")
        .with("x-auth-users", "kept")
        .with("xx-auth-user", "kept")
}

#[test]
fn rfc9111_section_3_5_answers_that_authorization_does_not_protect_are_private() {
    let mut world = World::accepting(ALL);
    let key = world.mint(1);
    let mut people = World::accepting(SESSION);
    let cookie = people.begin_session(1, |_| {});
    let is_private = |world: &World, call: &Call| world.send(call).edits().answer_is_private();
    assert!(is_private(&world, &get("/").key(&key)));
    assert!(is_private(&people, &get("/").with("cookie", cookie)));
    let token = tokens::good();
    assert!(!is_private(&world, &get("/").bearer(&token)));
    assert!(!is_private(&world, &get("/").basic("bob", PASSWORD)));
    let near = Demand::AnyoneFrom(vec!["192.0.2.0/24".parse().unwrap()]);
    let near = World::with(vec![demanding("near", "/**", NONE, near)]);
    assert!(is_private(&near, &get("/").from("192.0.2.1")));
    assert!(!is_private(&public(), &get("/").basic("bob", PASSWORD)));
}

#[test]
fn a_claimed_identity_is_replaced_by_the_verified_one() {
    let world = World::accepting(ALL);
    let headers = world.forwarded(&forged(get("/")).basic("bob", PASSWORD));
    let values: Vec<_> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
        .collect();
    for expected in [
        ("x-other", "kept"),
        ("x-auth-users", "kept"),
        ("xx-auth-user", "kept"),
        ("x-auth-user", "bob"),
        ("x-auth-scheme", "basic"),
    ] {
        assert!(values.contains(&expected), "{expected:?}");
    }
    assert_eq!(values.len(), 5, "{values:?}");
}

#[test]
fn a_claimed_identity_is_removed_on_public_routes_too() {
    let headers = public().forwarded(&forged(get("/")));
    let mut names: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["x-auth-users", "x-other", "xx-auth-user"]);
}

#[test]
fn the_credential_stays_where_it_was_meant_for_unless_the_route_keeps_it() {
    let mut world = World::accepting(ALL);
    let key = world.mint(1);
    let calls = [
        (get("/").basic("alice", PASSWORD), "authorization"),
        (get("/").bearer(&tokens::good()), "authorization"),
        (get("/").bearer(&key), "authorization"),
        (get("/").key(&key), "x-api-key"),
    ];
    for (call, name) in &calls {
        assert!(!world.forwarded(call).contains_key(*name));
    }
    world.route(0).keep_credential = true;
    for (call, name) in &calls {
        let headers = world.forwarded(call);
        assert_eq!(headers[*name], call.headers[*name]);
        assert!(headers.contains_key("x-auth-user"));
    }
}

/// `Authorization` that the gateway does not read is the application's.
#[test]
fn what_was_not_the_credential_is_not_taken_away() {
    let mut world = World::accepting(crate::world::API_KEY);
    world.rules.api_key.in_authorization = false;
    let key = world.mint(1);
    let headers = world.forwarded(&get("/").key(&key).bearer("for-the-application"));
    assert!(!headers.contains_key("x-api-key"));
    assert_eq!(headers["authorization"], "Bearer for-the-application");
}

#[test]
fn other_names_can_be_configured_and_then_those_are_guarded() {
    let mut world = World::accepting(BASIC);
    world.rules.identity_headers.user = HeaderName::from_static("remote_user");
    let call = get("/")
        .basic("bob", PASSWORD)
        .with("Remote-User", "root")
        .with("REMOTE_USER", "root");
    let headers = world.forwarded(&call);
    assert_eq!(headers.get_all("remote_user").iter().count(), 1);
    assert_eq!(headers["remote_user"], "bob");
    assert!(!headers.contains_key("remote-user"));
}

#[test]
fn the_target_that_was_decided_on_goes_on() {
    let world = public();
    for (sent, onward) in [
        ("/a/b?x=%2F..&y=//", TargetOnward::AsSent),
        ("/", TargetOnward::AsSent),
        (
            "/%61dmin?x=%61",
            TargetOnward::Canonical("/admin?x=%61".to_owned()),
        ),
        (
            "/caf%c3%a9",
            TargetOnward::Canonical("/caf%C3%A9".to_owned()),
        ),
        ("/a[1]", TargetOnward::Canonical("/a%5B1%5D".to_owned())),
    ] {
        assert_eq!(world.send(&get(sent)).edits().target, onward, "{sent}");
    }
}

proptest! {
    /// Whatever a client sends under whatever names: what the upstream reads as an identity is the verified one.
    #[test]
    fn no_spelling_of_an_identity_header_survives(
        names in proptest::collection::vec("[xX][-_.~!][aA][uU][tT][hH][-_.~!](user|Groups|SCOPES|scheme|Issuer)", 0..12),
        known in any::<bool>(),
    ) {
        let world = if known { World::accepting(BASIC) } else { public() };
        let call = names.iter().fold(get("/"), |call, name| call.with(name, "root"));
        let call = if known { call.basic("bob", PASSWORD) } else { call };
        let headers = world.forwarded(&call);
        prop_assert!(headers.values().all(|value| value != "root"));
        prop_assert_eq!(headers.len(), if known { 2 } else { 0 });
    }
}

//! Several schemes on one route, credentials that are optional, and routes that look at none.

use countersign_cause::Cause;
use countersign_policy::{ClaimDemand, Demand, Requirements};
use serde_json::json;

use crate::driver::{get, offered};
use crate::tokens;
use crate::world::{ALL, API_KEY, BASIC, BEARER, NONE, PASSWORD, World, demanding, network};

#[test]
fn each_scheme_of_a_route_that_accepts_all_lets_its_holder_in() {
    let mut world = World::accepting(ALL);
    let key = world.mint(1);
    assert_eq!(world.user(&get("/").basic("alice", PASSWORD)), "alice");
    assert_eq!(world.user(&get("/").bearer(&tokens::good())), "alice");
    assert_eq!(world.user(&get("/").key(&key)), "robot");
    assert_eq!(world.user(&get("/").bearer(&key)), "robot");
    assert_eq!(world.cause(&get("/")), Cause::CredentialsMissing);
}

#[test]
fn cause_scheme_not_accepted_of_good_credentials_for_another_route() {
    let mut worlds = [BASIC, BEARER, API_KEY].map(World::accepting);
    let key = worlds[2].mint(1);
    let basic = get("/").basic("alice", PASSWORD);
    let bearer = get("/").bearer(&tokens::good());
    for (world, calls) in [
        (&worlds[0], vec![bearer.clone(), get("/").bearer(&key)]),
        (&worlds[1], vec![basic.clone()]),
        (&worlds[2], vec![basic, bearer]),
    ] {
        for call in calls {
            assert_eq!(world.cause(&call), Cause::SchemeNotAccepted);
            let answer = world.answer(&call);
            assert_eq!(answer.status, 401);
            assert_eq!(offered(&answer).len(), 1);
        }
    }
    // A key where an access token is due has a cause of its own.
    assert_eq!(
        worlds[1].cause(&get("/").bearer(&key)),
        Cause::TokenWrongKind
    );
}

#[test]
fn cause_header_duplicated_of_two_credentials_even_if_both_are_good() {
    let mut world = World::accepting(ALL);
    let key = world.mint(1);
    let token = tokens::good();
    let twice = [
        get("/").basic("alice", PASSWORD).bearer(&token),
        get("/").bearer(&token).bearer(&token),
        get("/").key(&key).bearer(&token),
        get("/").key(&key).key(&key),
        get("/").with("authorization", format!("Bearer {token}, Bearer {token}")),
    ];
    for call in twice {
        assert_eq!(world.cause(&call), Cause::HeaderDuplicated);
        assert_eq!(world.answer(&call).status, 400);
    }
}

#[test]
fn optional_credentials_name_the_caller_where_there_are_some() {
    let world = World::with(vec![demanding("open", "/**", BASIC, Demand::Anyone)]);
    let nobody = world.forwarded(&get("/"));
    assert!(!nobody.contains_key("x-auth-user"));
    assert_eq!(world.user(&get("/").basic("alice", PASSWORD)), "alice");
    // Who shows credentials wants to be known: bad ones are refused, not taken for none.
    let call = get("/").basic("alice", "wrong");
    assert_eq!(world.cause(&call), Cause::CredentialsRejected);
    assert_eq!(offered(&world.answer(&call)), ["Basic"]);
    assert_eq!(
        world.cause(&get("/").with("authorization", "Basic")),
        Cause::CredentialsPlaceholder
    );
}

#[test]
fn a_public_route_looks_at_no_credentials() {
    let mut world = World::with(vec![demanding("public", "/**", NONE, Demand::Anyone)]);
    world.store_answers = false;
    world.key_sets = vec![None, None];
    let world = world.remembering();
    let calls = [
        get("/"),
        get("/").basic("alice", "wrong"),
        get("/").bearer("undefined"),
        get("/").with("authorization", b"\xff\xfe"),
        get("/").bearer("a").bearer("b"),
        get("/").key("csk_"),
        get("/?access_token=x"),
    ];
    for call in calls {
        let end = world.send(&call);
        assert!(end.questions.is_empty());
        let permit = end.permit();
        assert!(permit.principal().is_none());
        // They are the application's: the gateway has not read them, and takes none away.
        let mut headers = call.headers.clone();
        permit.into_edits().apply(&mut headers);
        assert_eq!(headers, call.headers);
    }
}

#[test]
fn a_public_route_for_some_networks_refuses_the_others() {
    let demand = Demand::AnyoneFrom(vec![network("10.0.0.0/8")]);
    let world = World::with(vec![demanding("inside", "/**", NONE, demand)]);
    let _permit = world.send(&get("/").from("10.0.0.1")).permit();
    let call = get("/").from("192.0.2.7");
    assert_eq!(world.cause(&call), Cause::AddressNotAllowed);
    let answer = world.answer(&call);
    assert_eq!(answer.status, 403);
    assert!(offered(&answer).is_empty());
}

/// Nobody configures this; if it were, it would let nobody in.
#[test]
fn a_demand_that_no_scheme_can_meet_is_met_by_nobody() {
    let world = World::accepting(NONE);
    assert_eq!(
        world.cause(&get("/").basic("alice", PASSWORD)),
        Cause::CredentialsMissing
    );
}

#[test]
fn cause_identity_not_allowed_by_user_group_and_claim() {
    let requirements = [
        Requirements {
            users: vec!["carol".into()],
            ..Requirements::default()
        },
        Requirements {
            groups: vec!["ops".into()],
            ..Requirements::default()
        },
        Requirements {
            claims: vec![ClaimDemand {
                name: "tenant".into(),
                any_of: vec!["globex".into()],
            }],
            ..Requirements::default()
        },
    ];
    for requirements in requirements {
        let demand = Demand::Identity(requirements);
        let world = World::with(vec![demanding("api", "/**", BEARER, demand)]);
        let call = get("/").bearer(&tokens::good());
        let refusal = world.send(&call).refusal();
        assert_eq!(refusal.cause, Cause::IdentityNotAllowed);
        assert_eq!(refusal.subject.as_deref(), Some("alice"));
        let answer = world.answer(&call);
        assert_eq!(answer.status, 403);
        // The token is good, and another would not help: no Bearer error, no challenge.
        assert!(offered(&answer).is_empty());
    }
    let token = tokens::with(json!({ "sub": "carol", "groups": ["ops"], "tenant": "globex" }));
    let demand = Demand::Identity(Requirements {
        users: vec!["carol".into()],
        groups: vec!["ops".into()],
        claims: vec![ClaimDemand {
            name: "tenant".into(),
            any_of: vec!["globex".into()],
        }],
        ..Requirements::default()
    });
    let world = World::with(vec![demanding("api", "/**", BEARER, demand)]);
    assert_eq!(world.user(&get("/").bearer(&token)), "carol");
}

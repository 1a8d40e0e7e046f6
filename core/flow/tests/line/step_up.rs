//! What a route demands of the sign-in behind a credential (RFC 9470), whom it refuses whatever else holds, and what it
//! has of its own of clocks and memories.

use countersign_cause::Cause;
use countersign_flow::{Accept, Outcome};
use countersign_policy::{Demand, Deny, Requirements, SignInDemand};
use http::Method;
use serde_json::json;

use crate::driver::{Call, Question, challenges, get, header, trail};
use crate::tokens;
use crate::world::{
    ALL, API_KEY, BEARER, NONE, NOW, PASSWORD, SESSION, World, demanding, network, route,
};

fn of(sign_in: SignInDemand) -> Demand {
    Demand::Identity(Requirements {
        sign_in,
        ..Requirements::default()
    })
}

/// Of the last ten minutes.
fn fresh() -> Demand {
    of(SignInDemand {
        age_secs_max: Some(600),
        ..SignInDemand::default()
    })
}

fn strong(acr: &[&str], amr: &[&str]) -> Demand {
    let boxed = |list: &[&str]| list.iter().map(|one| Box::from(*one)).collect();
    of(SignInDemand {
        age_secs_max: None,
        acr: boxed(acr),
        amr: boxed(amr),
    })
}

fn demanding_fresh(accept: Accept) -> World {
    World::with(vec![demanding("app", "/**", accept, fresh())])
}

fn visit(target: &str) -> Call {
    get(target)
        .with("accept", "text/html,*/*;q=0.8")
        .with("sec-fetch-mode", "navigate")
}

/// `sign-in-too-old`: the age is looked at again for every request, remembered or not.
#[test]
fn rfc9470_section_3_cause_sign_in_too_old_of_a_token() {
    let at = |world: &World, auth_time: serde_json::Value| {
        let call = get("/x").bearer(&tokens::with(json!({ "auth_time": auth_time })));
        let end = world.send(&call);
        match end.outcome {
            Outcome::Permit(_) => None,
            Outcome::Refusal(_) | Outcome::Own(_) | Outcome::Preflight(_) => {
                Some(end.refusal().cause)
            }
        }
    };
    let world = demanding_fresh(BEARER);
    let too_old = Some(Cause::SignInTooOld);
    assert_eq!(at(&world, json!(NOW - 600)), None);
    // The issuer's leeway is 30 seconds.
    assert_eq!(at(&world, json!(NOW - 630)), None);
    assert_eq!(at(&world, json!(NOW - 631)), too_old);
    assert_eq!(at(&world, json!(NOW + 30)), None);
    assert_eq!(at(&world, json!(NOW + 31)), too_old);
    for unknown in [json!(null), json!("1800000000"), json!({ "secs": NOW })] {
        assert_eq!(at(&world, unknown), too_old);
    }
    let remembering = demanding_fresh(BEARER).remembering();
    let token = tokens::with(json!({ "auth_time": NOW - 590 }));
    let call = get("/x").bearer(&token);
    assert_eq!(remembering.user(&call), "alice");
    remembering.now.set(NOW + 41);
    let end = remembering.send(&call);
    assert_eq!(end.asked_for(Question::Keys), 0);
    assert_eq!(end.refusal().cause, Cause::SignInTooOld);
}

#[test]
fn rfc9470_section_3_the_challenge_says_what_is_wanted() {
    let wanted = of(SignInDemand {
        age_secs_max: Some(600),
        acr: vec!["gold".into(), "silver".into()],
        amr: Vec::new(),
    });
    let world = World::with(vec![demanding("app", "/**", BEARER, wanted)]);
    // What is too weak and too old is told at once, so that the client has to come back once.
    let call = get("/x").bearer(&tokens::with(json!({ "acr": "bronze" })));
    assert_eq!(world.cause(&call), Cause::SignInTooWeak);
    let answer = world.answer(&call);
    assert_eq!(answer.status, 401);
    assert_eq!(header(&answer, "countersign-cause"), "sign-in-too-weak");
    let lines = challenges(&answer);
    for parameter in [
        "error=\"insufficient_user_authentication\"",
        "acr_values=\"gold silver\"",
        "max_age=\"600\"",
    ] {
        assert!(lines[0].contains(parameter), "{lines:?}");
    }
    let good = get("/x").bearer(&tokens::with(
        json!({ "acr": "silver", "auth_time": NOW - 5 }),
    ));
    assert_eq!(world.user(&good), "alice");
    // RFC 6750 section 3.1: no error, and nothing about one, is said to who has shown nothing.
    let lines = world.answer(&get("/x"));
    let lines = challenges(&lines);
    assert!(!lines[0].contains("acr_values") && !lines[0].contains("error"));
    // Another fault of the token is another error.
    let expired = world.answer(&get("/x").bearer(&tokens::with(json!({ "exp": NOW - 100 }))));
    let lines = challenges(&expired);
    assert!(lines[0].contains("invalid_token") && !lines[0].contains("max_age"));
}

#[test]
fn cause_sign_in_too_weak_by_class_and_by_methods() {
    let world = World::with(vec![
        demanding("class", "/class", BEARER, strong(&["gold", "silver"], &[])),
        demanding("methods", "/methods", BEARER, strong(&[], &["otp", "pwd"])),
    ]);
    let cases = [
        ("/class", json!({ "acr": "silver" }), true),
        ("/class", json!({ "acr": "bronze" }), false),
        ("/class", json!({ "acr": ["gold"] }), false),
        ("/class", json!({}), false),
        ("/methods", json!({ "amr": ["pwd", "otp", "mfa"] }), true),
        ("/methods", json!({ "amr": ["pwd"] }), false),
        ("/methods", json!({ "amr": "otp" }), false),
        ("/methods", json!({}), false),
    ];
    for (target, claims, passes) in cases {
        let call = get(target).bearer(&tokens::with(claims.clone()));
        if passes {
            assert_eq!(world.user(&call), "alice", "{claims}");
        } else {
            assert_eq!(world.cause(&call), Cause::SignInTooWeak, "{claims}");
        }
    }
}

#[test]
fn an_old_session_is_sent_to_sign_in_once_more_and_a_script_hears_why() {
    for mut world in [
        demanding_fresh(SESSION),
        demanding_fresh(SESSION).remembering(),
    ] {
        let old = world.begin_session(1, |session| session.created_unix_secs = NOW - 601);
        let fresh = world.begin_session(2, |session| session.created_unix_secs = NOW - 600);
        assert_eq!(world.user(&get("/app").with("cookie", &fresh)), "alice");
        let call = get("/app").with("cookie", &old);
        assert_eq!(world.cause(&call), Cause::SignInTooOld);
        let answer = world.answer(&call);
        assert_eq!(answer.status, 401);
        assert_eq!(header(&answer, "countersign-cause"), "sign-in-too-old");
        let answer = world.answer(&visit("/app?a=b").with("cookie", &old));
        assert_eq!(answer.status, 303);
        assert_eq!(
            header(&answer, "location"),
            "/.countersign/sign-in?why=sign-in-too-old&return=/app%3Fa%3Db"
        );
        let form = visit("/app")
            .by(Method::POST)
            .with("sec-fetch-site", "same-origin")
            .with("cookie", &old);
        let answer = world.answer(&form);
        assert!(header(&answer, "location").contains("why=sign-in-too-old&lost=1"));
        // One more second, and the other session is too old as well.
        world.now.set(NOW + 1);
        assert_eq!(
            world.cause(&get("/app").with("cookie", &fresh)),
            Cause::SignInTooOld
        );
    }
}

#[test]
fn a_session_has_the_methods_it_was_begun_by_and_no_class() {
    let mut world = World::with(vec![
        demanding("otp", "/otp", SESSION, strong(&[], &["otp", "mfa"])),
        demanding("class", "/class", SESSION, strong(&["gold"], &[])),
    ]);
    let password = world.begin_session(1, |_| {});
    let both = world.begin_session(2, |session| {
        session.method = "password, totp";
        session.second_factor = true;
    });
    let recovered = world.begin_session(3, |session| {
        session.method = "password, recovery code";
        session.second_factor = true;
    });
    assert_eq!(world.user(&get("/otp").with("cookie", &both)), "alice");
    for cookie in [&password, &recovered] {
        let call = get("/otp").with("cookie", cookie);
        assert_eq!(world.cause(&call), Cause::SignInTooWeak);
    }
    assert_eq!(
        world.cause(&get("/class").with("cookie", &both)),
        Cause::SignInTooWeak
    );
    // The same sign-in again would be no stronger: nobody is sent in circles.
    assert_eq!(
        world.answer(&visit("/class").with("cookie", &both)).status,
        401
    );
}

#[test]
fn what_a_program_remembers_says_nothing_of_a_sign_in() {
    let mut world = demanding_fresh(Accept {
        digest: true,
        ..ALL
    });
    let key = world.mint(1);
    assert_eq!(world.cause(&get("/x").key(&key)), Cause::SignInTooOld);
    let basic = get("/x").basic("alice", PASSWORD);
    assert_eq!(world.cause(&basic), Cause::SignInTooOld);
    let wrong = get("/x").basic("alice", "wrong");
    assert_eq!(world.cause(&wrong), Cause::CredentialsRejected);
}

#[test]
fn whom_a_route_refuses_is_refused_before_the_demand_is_looked_at() {
    let mut world = World::with(vec![route("all", "/**", ALL), route("later", "/**", ALL)]);
    world.route(0).deny = Deny {
        users: vec!["bob".into()],
        groups: vec!["ops".into()],
        networks: vec![network("203.0.113.0/24")],
    };
    let bob = get("/x").basic("bob", PASSWORD);
    assert_eq!(world.cause(&bob), Cause::IdentityNotAllowed);
    let alice = get("/x").basic("alice", PASSWORD);
    assert_eq!(world.cause(&alice), Cause::IdentityNotAllowed);
    let end = world.send(&alice);
    let refusal = end.refusal();
    assert_eq!(refusal.found(), "the route refuses group `ops`");
    assert!(
        trail(&refusal)
            .iter()
            .any(|note| note.contains("refuses a group"))
    );
    let carol = get("/x").bearer(&tokens::with(json!({ "sub": "carol" })));
    assert_eq!(world.user(&carol), "carol");
    let from_there = get("/x").from("203.0.113.9");
    assert_eq!(world.cause(&from_there), Cause::AddressNotAllowed);
    assert_eq!(world.answer(&from_there).status, 403);
    // A credential that is no good is refused as such, and a guess is no use from there either.
    let wrong = get("/x").basic("bob", "wrong").from("203.0.113.9");
    assert_eq!(world.cause(&wrong), Cause::CredentialsRejected);
}

#[test]
fn a_public_route_refuses_networks() {
    let mut world = World::with(vec![demanding("open", "/**", NONE, Demand::Anyone)]);
    world.route(0).deny.networks = vec![network("203.0.113.0/24")];
    assert_eq!(
        world.cause(&get("/x").from("203.0.113.9")),
        Cause::AddressNotAllowed
    );
    drop(world.send(&get("/x").from("198.51.100.1")).permit());
}

#[test]
fn a_route_has_a_leeway_of_its_own() {
    let mut world = World::with(vec![
        route("strict", "/strict", BEARER),
        route("lax", "/lax", BEARER),
        route("usual", "/usual", BEARER),
    ]);
    world.route(0).leeway_secs = Some(0);
    world.route(1).leeway_secs = Some(300);
    let token = tokens::with(json!({ "exp": NOW - 20 }));
    assert_eq!(
        world.cause(&get("/strict").bearer(&token)),
        Cause::TokenExpired
    );
    assert_eq!(world.user(&get("/usual").bearer(&token)), "alice");
    let token = tokens::with(json!({ "exp": NOW - 200 }));
    assert_eq!(
        world.cause(&get("/usual").bearer(&token)),
        Cause::TokenExpired
    );
    assert_eq!(world.user(&get("/lax").bearer(&token)), "alice");
    // What was verified where the leeway is long is not let in where it is short.
    let mut world = world.remembering();
    world.memory.get_mut().clear();
    assert_eq!(world.user(&get("/lax").bearer(&token)), "alice");
    assert_eq!(
        world.cause(&get("/strict").bearer(&token)),
        Cause::TokenExpired
    );
}

#[test]
fn a_route_may_believe_memories_for_less_long() {
    let mut world = World::with(vec![
        route("long", "/long", API_KEY),
        route("short", "/short", API_KEY),
        route("never", "/never", API_KEY),
    ])
    .remembering();
    world.route(1).remember_secs = Some(10);
    world.route(2).remember_secs = Some(0);
    let key = world.mint(1);
    let asked = |world: &World, target: &str| {
        let call = get(target).key(&key);
        world.send(&call).asked_for(Question::Key)
    };
    assert_eq!(asked(&world, "/long"), 1);
    assert_eq!(asked(&world, "/long"), 0);
    assert_eq!(asked(&world, "/short"), 0);
    world.now.set(NOW + 10);
    assert_eq!(asked(&world, "/long"), 0);
    assert_eq!(asked(&world, "/short"), 1);
    // It was verified anew, and the memory is young again.
    assert_eq!(asked(&world, "/short"), 0);
    assert_eq!(asked(&world, "/never"), 1);
    assert_eq!(asked(&world, "/never"), 1);
}

/// A provider may let its user in by a sign-in of long ago: what it says of that counts, and not when the session began.
#[test]
fn a_session_through_a_provider_is_as_old_as_the_sign_in_there() {
    let mut world = demanding_fresh(SESSION);
    let mut through = |number, method, at: Option<i64>| {
        world.begin_session(number, |session| {
            session.method = method;
            session.signed_in_unix_secs = at;
        })
    };
    let late = through(1, "provider", Some(NOW - 600));
    let with_code = through(2, "provider, totp", Some(NOW - 600));
    let old = through(3, "provider", Some(NOW - 601));
    let unknown = through(4, "provider, totp", None);
    for cookie in [&late, &with_code] {
        assert_eq!(world.user(&get("/app").with("cookie", cookie)), "alice");
    }
    for cookie in [&old, &unknown] {
        let call = get("/app").with("cookie", cookie);
        assert_eq!(world.cause(&call), Cause::SignInTooOld);
    }
}

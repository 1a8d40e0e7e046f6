//! What is remembered never lets more through than what was verified, and is looked at again for every request.

use countersign_cause::Cause;
use countersign_flow::{HashAnswer, HashJob, Outcome, Remembered, Step, WaitingForHash, begin};
use countersign_policy::{Demand, Requirements};
use countersign_wire::Scheme;
use serde_json::json;

use crate::driver::{Call, Question, get, remembers, trail};
use crate::tokens;
use crate::world::{
    ALL, AUDIENCE, BASIC, BEARER, NOW, PASSWORD, World, demanding, network, route, scopes,
};

fn bearer_routes() -> World {
    let mut world = World::with(vec![
        route("api", "/api", BEARER),
        route("other-audience", "/audience", BEARER),
        route("other-issuer", "/issuer", BEARER),
        demanding("admin", "/admin", BEARER, scopes(&["admin"])),
        demanding(
            "inside",
            "/inside",
            BEARER,
            Demand::Identity(Requirements {
                networks: vec![network("10.0.0.0/8")],
                ..Requirements::default()
            }),
        ),
    ]);
    world.route(1).audiences = Some(vec!["other".to_owned()]);
    world.route(2).issuers = vec![1];
    world.remembering()
}

#[test]
fn the_second_request_asks_nothing_but_the_memory() {
    let mut world = World::accepting(ALL).remembering();
    let key = world.mint(1);
    let calls: [(Call, &[Question]); 3] = [
        (
            get("/").basic("alice", PASSWORD),
            &[Question::Recall, Question::Account, Question::Hash],
        ),
        (
            get("/").bearer(&tokens::good()),
            &[Question::Recall, Question::Keys],
        ),
        (get("/").key(&key), &[Question::Recall, Question::Key]),
    ];
    for (call, questions) in &calls {
        let first = world.forwarded(call);
        world.memory.borrow_mut().clear();
        assert_eq!(world.send(call).questions, *questions);
        assert_eq!(world.send(call).questions, [Question::Recall]);
        assert_eq!(world.forwarded(call), first);
    }
}

#[test]
fn nothing_is_asked_and_nothing_learnt_where_remembering_is_off() {
    let world = World::accepting(BASIC);
    let _permit = world.send(&get("/").basic("alice", PASSWORD)).permit();
    assert!(world.memory.borrow().is_empty());
}

#[test]
fn a_remembered_token_is_not_good_for_another_audience() {
    let world = bearer_routes();
    let token = tokens::good();
    let _permit = world.send(&get("/api").bearer(&token)).permit();
    let end = world.send(&get("/audience").bearer(&token));
    assert_eq!(end.questions, [Question::Recall]);
    let refusal = end.refusal();
    assert_eq!(refusal.cause, Cause::AudienceMismatch);
    assert!(trail(&refusal).iter().any(|words| words == refusal.detail));
}

#[test]
fn a_remembered_token_is_not_good_for_a_route_of_another_issuer() {
    let world = bearer_routes();
    let token = tokens::good();
    let _permit = world.send(&get("/api").bearer(&token)).permit();
    let end = world.send(&get("/issuer").bearer(&token));
    assert_eq!(end.questions, [Question::Recall]);
    assert_eq!(end.refusal().cause, Cause::IssuerMismatch);
}

#[test]
fn a_remembered_token_has_no_more_scope_than_it_had() {
    let world = bearer_routes();
    let token = tokens::good();
    let _permit = world.send(&get("/api").bearer(&token)).permit();
    let end = world.send(&get("/admin").bearer(&token));
    assert_eq!(end.questions, [Question::Recall]);
    assert_eq!(end.refusal().cause, Cause::ScopeInsufficient);
}

#[test]
fn a_remembered_token_is_bound_to_the_networks_of_each_route() {
    let world = bearer_routes();
    let call = get("/inside").bearer(&tokens::good());
    let _permit = world.send(&call.clone().from("10.0.0.1")).permit();
    let end = world.send(&call.from("192.0.2.7"));
    assert_eq!(end.questions, [Question::Recall]);
    assert_eq!(end.refusal().cause, Cause::AddressNotAllowed);
}

#[test]
fn a_remembered_token_expires_on_its_day() {
    let world = bearer_routes();
    let call = get("/api").bearer(&tokens::with(json!({ "exp": NOW + 5, "nbf": NOW })));
    let _permit = world.send(&call).permit();
    world.now.set(NOW + 34);
    assert_eq!(world.send(&call).questions, [Question::Recall]);
    let _permit = world.send(&call).permit();
    world.now.set(NOW + 35);
    let end = world.send(&call);
    assert_eq!(end.questions, [Question::Recall]);
    assert_eq!(end.refusal().cause, Cause::TokenExpired);
    // A clock that is set back does not make it valid before its time.
    world.now.set(NOW - 31);
    assert_eq!(world.cause(&call), Cause::TokenNotYetValid);
}

#[test]
fn a_remembered_key_runs_out_and_is_revoked_on_its_day() {
    for (expires, revoked, cause) in [
        (Some(NOW + 5), None, Cause::CredentialExpired),
        (None, Some(NOW + 5), Cause::CredentialRevoked),
        (Some(NOW + 5), Some(NOW + 9), Cause::CredentialExpired),
    ] {
        let mut world = World::accepting(ALL).remembering();
        let key = world.mint_as(1, |key| {
            key.expires_unix_secs = expires;
            key.revoked_unix_secs = revoked;
        });
        let call = get("/").key(&key);
        let _permit = world.send(&call).permit();
        world.now.set(NOW + 4);
        assert_eq!(world.send(&call).questions, [Question::Recall]);
        world.now.set(NOW + 5);
        let end = world.send(&call);
        assert_eq!(end.questions, [Question::Recall]);
        assert_eq!(end.refusal().cause, cause);
    }
}

#[test]
fn a_remembered_key_is_bound_to_its_networks() {
    let mut world = World::accepting(ALL).remembering();
    let key = world.mint_as(1, |key| key.networks = vec!["10.0.0.0/8"]);
    let call = get("/").key(&key);
    let _permit = world.send(&call.clone().from("10.0.0.1")).permit();
    let end = world.send(&call);
    assert_eq!(end.questions, [Question::Recall]);
    assert_eq!(end.refusal().cause, Cause::AddressNotAllowed);
}

#[test]
fn a_lesson_is_for_no_longer_than_the_rules_say() {
    let world = World::accepting(ALL).remembering();
    let _permit = world.send(&get("/").basic("alice", PASSWORD)).permit();
    let _refusal = world.send(&get("/").basic("alice", "wrong")).refusal();
    let until: Vec<i64> = {
        let memory = world.memory.borrow();
        let mut until: Vec<i64> = memory
            .values()
            .map(|lesson| lesson.until_unix_secs)
            .collect();
        until.sort_unstable();
        until
    };
    // A wrong password is forgotten soon: it may be made right.
    assert_eq!(until, [NOW + 10, NOW + 60]);
}

/// Repeating a wrong password costs no hash each time, and says the same each time.
#[test]
fn a_wrong_password_is_remembered_as_wrong() {
    let world = World::accepting(BASIC).remembering();
    for (call, cause) in [
        (get("/").basic("alice", "wrong"), Cause::CredentialsRejected),
        (
            get("/").basic("nobody", "wrong"),
            Cause::CredentialsRejected,
        ),
        (get("/").basic("mallory", PASSWORD), Cause::AccountDisabled),
    ] {
        let first = world.answer(&call);
        let end = world.send(&call);
        assert_eq!(end.questions, [Question::Recall]);
        assert_eq!(end.refusal().cause, cause);
        let again = world.answer(&call);
        assert_eq!(
            (again.status, again.headers, again.body),
            (first.status, first.headers, first.body)
        );
    }
    assert_eq!(world.user(&get("/").basic("alice", PASSWORD)), "alice");
}

#[test]
fn a_credential_that_this_route_refuses_is_remembered_as_good() {
    let world = bearer_routes();
    let token = tokens::good();
    assert_eq!(
        world.cause(&get("/admin").bearer(&token)),
        Cause::ScopeInsufficient
    );
    assert!(remembers(&world, Scheme::Bearer));
    let end = world.send(&get("/api").bearer(&token));
    assert_eq!(end.questions, [Question::Recall]);
    let _permit = end.permit();
}

#[test]
fn what_was_refused_for_its_bounds_is_not_remembered_at_all() {
    let world = bearer_routes();
    let both = tokens::with(json!({ "aud": [AUDIENCE, "x"], "exp": NOW - 100 }));
    for token in [both, tokens::signed_by_stranger(&tokens::claims())] {
        let _refusal = world.send(&get("/api").bearer(&token)).refusal();
        assert!(world.memory.borrow().is_empty());
    }
}

fn memory_of(world: &World, call: &Call) -> Remembered {
    world.memory.borrow_mut().clear();
    let _end = world.send(call);
    let memory = world.memory.borrow();
    memory.values().next().unwrap().remembered.clone()
}

/// A cache that mixes its schemes up gets no answer out of the line that it should not have.
#[test]
fn the_memory_of_another_scheme_answers_nothing() {
    let mut world = World::accepting(ALL).remembering();
    let key = world.mint(1);
    let calls = [
        (get("/").basic("alice", PASSWORD), Scheme::Basic),
        (get("/").basic("alice", "wrong"), Scheme::Basic),
        (get("/").bearer(&tokens::good()), Scheme::Bearer),
        (get("/").key(&key), Scheme::ApiKey),
    ];
    for (learnt, of) in &calls {
        let remembered = memory_of(&world, learnt);
        for (asking, scheme) in &calls {
            let Step::Recall(want) = begin(&world.rules, asking.request(), NOW) else {
                panic!("the memory is asked first");
            };
            assert_eq!(want.scheme(), *scheme);
            let taken = matches!(want.answer(Some(&remembered)), Step::Done(_));
            assert_eq!(taken, of == scheme, "{of} for {scheme}");
        }
    }
}

#[test]
fn an_api_key_is_remembered_with_its_id_and_nothing_else_is() {
    let mut world = World::accepting(ALL).remembering();
    let key = world.mint(1);
    let of_key = memory_of(&world, &get("/").key(&key));
    assert_eq!(of_key.api_key_id(), Some(&key[4..16]));
    for call in [
        get("/").basic("alice", PASSWORD),
        get("/").basic("alice", "wrong"),
        get("/").bearer(&tokens::good()),
    ] {
        assert_eq!(memory_of(&world, &call).api_key_id(), None);
    }
}

fn waiting<'w>(world: &'w World, call: &'w Call) -> (WaitingForHash<'w, 'w>, HashJob) {
    let Step::Account(want) = begin(&world.rules, call.request(), NOW) else {
        panic!("the account is asked for first");
    };
    let answer = world.account(want.user());
    let Step::Hash(want) = want.answer(answer) else {
        panic!("the hash comes next");
    };
    want.split()
}

/// The outcome of one request's job is no answer to another request, and blames nobody there.
#[test]
fn the_hash_of_another_request_lets_nobody_in() {
    let mut world = World::accepting(BASIC);
    let weak = countersign_secret::password::Cost::new(16, 1, 1).unwrap();
    world.users.get_mut("alice").unwrap().hash =
        countersign_secret::password::hash(PASSWORD.as_bytes(), &[1; 16], &weak).unwrap();
    let good = get("/").basic("alice", PASSWORD);
    let (of_alice, job_of_alice) = waiting(&world, &good);
    for other in [
        get("/").basic("alice", "wrong"),
        get("/").basic("bob", "wrong"),
        get("/").basic("nobody", "wrong"),
        good.clone(),
    ] {
        let (other_waiting, _job) = waiting(&world, &other);
        let (_, job) = waiting(&world, &good);
        let hashed = job.run(&[0; 16]);
        assert!(other_waiting.renewal(&hashed).is_none());
        let Step::Done(verdict) = other_waiting.answer(HashAnswer::Done(hashed)) else {
            panic!("nothing is left to ask");
        };
        assert!(verdict.lesson.is_none());
        let Outcome::Refusal(refusal) = verdict.outcome else {
            panic!("let through by another request's password");
        };
        assert_eq!(refusal.cause, Cause::IdentityBackendDown);
    }
    // Its own is.
    let hashed = job_of_alice.run(&[0; 16]);
    assert!(of_alice.renewal(&hashed).is_some());
    let Step::Done(verdict) = of_alice.answer(HashAnswer::Done(hashed)) else {
        panic!("nothing is left to ask");
    };
    assert!(matches!(verdict.outcome, Outcome::Permit(_)));
}

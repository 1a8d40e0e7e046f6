//! Properties of the line as a whole, with arbitrary requests and arbitrary answers: it ends, and it lets nobody through
//! without the answer that says so.

use std::cell::Cell;
use std::sync::Arc;

use countersign_cause::Cause;
use countersign_flow::{
    AccountAnswer, Admission, Brake, HashAnswer, KeyAnswer, KeysAnswer, Lesson, Outcome,
    SessionAnswer, Step, TargetOnward, begin,
};
use countersign_secret::password;
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;

use crate::driver::{Call, QUESTIONS_MAX, get};
use crate::tokens;
use crate::world::{ALL, PASSWORD, World, cost};

/// What a driver may answer, right or wrong.
#[derive(Clone, Debug)]
struct Answers {
    recall: u8,
    attempt: u8,
    account: u8,
    hash: u8,
    key: u8,
    keys: u8,
}

fn answers() -> impl Strategy<Value = Answers> {
    (0..4_u8, 0..2_u8, 0..3_u8, 0..3_u8, 0..3_u8, 0..4_u8).prop_map(
        |(recall, attempt, account, hash, key, keys)| Answers {
            recall,
            attempt,
            account,
            hash,
            key,
            keys,
        },
    )
}

fn world() -> World {
    let mut world = World::accepting(ALL).remembering().braking();
    world.mint(1);
    world
}

/// Credentials of every kind, good, nearly good, and none.
fn value(world: &World) -> impl Strategy<Value = (&'static str, Vec<u8>)> + use<> {
    let key = World::accepting(ALL).mint(1);
    assert!(world.keys.contains_key(&key[4..16]));
    let good = [
        get("/").basic("alice", PASSWORD),
        get("/").basic("mallory", PASSWORD),
        get("/").basic("nobody", PASSWORD),
        get("/").bearer(&tokens::good()),
        get("/").bearer(&tokens::signed_by_stranger(&tokens::claims())),
        get("/").bearer(&key),
    ];
    let values: Vec<Vec<u8>> = good
        .iter()
        .map(|call| call.headers["authorization"].as_bytes().to_vec())
        .collect();
    let name = prop_oneof![
        Just("authorization"),
        Just("x-api-key"),
        Just("x-auth-user")
    ];
    let value = prop_oneof![
        4 => proptest::sample::select(values),
        2 => Just(key.into_bytes()),
        1 => proptest::collection::vec(0x20..0x7f_u8, 0..64),
        1 => proptest::collection::vec(any::<u8>(), 0..64),
        1 => "(Basic|Bearer|ApiKey|basic) [A-Za-z0-9+/=._-]{0,80}".prop_map(String::into_bytes),
    ];
    (name, value)
}

fn call(target: String, fields: &[(&'static str, Vec<u8>)]) -> Call {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.append(HeaderName::from_static(name), value);
        }
    }
    Call {
        headers,
        ..get(&target)
    }
}

/// Who the driver has vouched for by its answers.
#[derive(Default)]
struct Vouched {
    recalled: Cell<bool>,
    password: Cell<bool>,
    key: Cell<bool>,
    keys: Cell<bool>,
}

/// Drives with those answers, and gives the number of questions beside the end.
fn drive<'w>(
    world: &'w World,
    call: &Call,
    answers: &Answers,
    lessons: &[Lesson],
    vouched: &Vouched,
) -> (Outcome<'w>, usize) {
    let mut step = begin(&world.rules, call.request(), world.now.get());
    let mut questions = 0;
    loop {
        step = match step {
            Step::Done(verdict) => return (verdict.outcome, questions),
            Step::Recall(want) => {
                let lesson = lessons.get(usize::from(answers.recall));
                vouched.recalled.set(lesson.is_some());
                want.answer(lesson.map(|lesson| &lesson.remembered))
            }
            Step::Attempt(want) => want.answer(match answers.attempt {
                0 => Admission::Go,
                _ => Admission::Wait {
                    secs: 1,
                    brake: Brake::Network,
                },
            }),
            Step::Account(want) => {
                let answer = match answers.account {
                    0 => world.account(want.user()),
                    1 => AccountAnswer::Unknown {
                        decoy: password::decoy(&cost()),
                    },
                    _ => AccountAnswer::Unavailable,
                };
                let known = matches!(answer, AccountAnswer::Known(_));
                vouched.password.set(known);
                want.answer(answer)
            }
            Step::Hash(want) => {
                let (waiting, job) = want.split();
                let answer = match answers.hash {
                    0 => HashAnswer::Done(job.run(&[0; 16])),
                    1 => HashAnswer::QueueFull {
                        retry_after_secs: 1,
                    },
                    _ => HashAnswer::Unavailable,
                };
                let done = matches!(answer, HashAnswer::Done(_));
                vouched.password.set(vouched.password.get() && done);
                waiting.answer(answer)
            }
            Step::Key(want) => {
                let answer = match answers.key {
                    0 => world.key(want.id().as_str()),
                    1 => KeyAnswer::Unknown,
                    _ => KeyAnswer::Unavailable,
                };
                vouched.key.set(matches!(answer, KeyAnswer::Known(_)));
                want.answer(answer)
            }
            Step::Session(want) => want.answer(SessionAnswer::Unknown),
            Step::Keys(want) => {
                let keys = |keys| KeysAnswer::Keys {
                    keys: Arc::new(keys),
                    issuer_ahead_secs: Some(i64::MAX),
                };
                let answer = match answers.keys {
                    0 => world.issuer_keys(want.issuer()),
                    1 => keys(tokens::other_key_set()),
                    2 => keys(countersign_jose::KeySet::parse_json(b"{\"keys\":[]}").unwrap()),
                    _ => KeysAnswer::Unavailable,
                };
                vouched.keys.set(answers.keys == 0);
                want.answer(answer)
            }
            Step::Introspect(_)
            | Step::Nonces(_)
            | Step::Secret(_)
            | Step::Body(_)
            | Step::Count(_)
            | Step::ProofNonces(_)
            | Step::FirstSight(_) => {
                panic!("the route accepts neither Digest nor proofs")
            }
        };
        questions += 1;
        assert!(questions <= QUESTIONS_MAX, "the line does not end");
    }
}

fn lessons(world: &World) -> Vec<Lesson> {
    let mut key = World::accepting(ALL);
    let key = key.mint(1);
    for call in [
        get("/").basic("bob", PASSWORD),
        get("/").bearer(&tokens::good()),
        get("/").key(&key),
    ] {
        let _permit = world.send(&call).permit();
    }
    let mut lessons: Vec<_> = world.memory.borrow_mut().drain().collect();
    lessons.sort_by_key(|((scheme, _, _), _)| *scheme);
    lessons.into_iter().map(|(_, lesson)| lesson).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// The line ends after at most that many questions, and where it ends in a permit, the driver has vouched for
    /// somebody, and that somebody is named.
    #[test]
    fn no_permit_without_an_answer_that_vouches_for_it(
        answers in answers(),
        fields in proptest::collection::vec(value(&world()), 0..3),
        target in prop_oneof![Just("/a?x=y".to_owned()), "/[a-z%2.;/]{0,12}"],
    ) {
        let world = world();
        let lessons = lessons(&world);
        let call = call(target, &fields);
        let vouched = Vouched::default();
        let (outcome, _) = drive(&world, &call, &answers, &lessons, &vouched);
        match outcome {
            Outcome::Permit(permit) => {
                let any = vouched.recalled.get() || vouched.password.get() || vouched.key.get() || vouched.keys.get();
                prop_assert!(any, "nobody vouched");
                let principal = permit.principal().expect("the route demands somebody");
                let name = principal.identity().subject.to_string();
                prop_assert!(["alice", "bob", "robot"].contains(&name.as_str()), "{name}");
                let mut headers = call.headers.clone();
                permit.into_edits().apply(&mut headers);
                prop_assert_eq!(headers.get("x-auth-user").map(HeaderValue::as_bytes), Some(name.as_bytes()));
                prop_assert_eq!(headers.get_all("x-auth-user").iter().count(), 1);
            }
            Outcome::Refusal(refusal) => prop_assert!(refusal.cause.status().is_some(), "{}", refusal.cause),
            Outcome::Own(_) | Outcome::Preflight(_) => {}
        }
    }

    /// Hosts and targets of every kind neither end the thread nor get past the one canonical form.
    #[test]
    fn arbitrary_heads_are_refused_or_canonical(target in "\\PC{0,40}", authority in proptest::option::of("\\PC{0,20}")) {
        let world = World::with(vec![crate::world::demanding(
            "public", "/**", crate::world::NONE, countersign_policy::Demand::Anyone,
        )]);
        let call = Call { authority, ..get(&target) };
        match world.send(&call).outcome {
            Outcome::Permit(permit) => {
                let onward = match permit.into_edits().target {
                    TargetOnward::AsSent => target.clone(),
                    TargetOnward::Canonical(text) => text,
                };
                // What goes on is what would be decided on again.
                prop_assert_eq!(world.send(&get(&onward)).edits().target, TargetOnward::AsSent);
            }
            Outcome::Refusal(refusal) => prop_assert!(matches!(
                refusal.cause,
                Cause::HostInvalid | Cause::RequestTargetAmbiguous | Cause::RequestMalformed | Cause::RouteUnmatched
            ), "{}", refusal.cause),
            Outcome::Own(_) | Outcome::Preflight(_) => {}
        }
    }
}

/// Every stage has said its word when a request has asked all that can be asked.
#[test]
fn the_longest_trail_is_kept_whole() {
    let mut world = World::with(vec![crate::world::demanding(
        "api",
        "/**",
        ALL,
        crate::world::scopes(&["admin"]),
    )])
    .remembering();
    world.rules.realm = "example".into();
    let calls = [
        (get("/").bearer(&tokens::good()), 4),
        (get("/").basic("alice", PASSWORD), 4),
        (get("/").basic("nobody", PASSWORD), 4),
    ];
    for (call, notes) in calls {
        let refusal = world
            .send(&call)
            .refusal()
            .noting(countersign_flow::Note::Upstream("the last word"));
        let words: Vec<_> = crate::driver::trail(&refusal);
        assert_eq!(words.len(), notes + 1, "{words:?}");
        assert_eq!(words.last().map(String::as_str), Some("the last word"));
    }
}

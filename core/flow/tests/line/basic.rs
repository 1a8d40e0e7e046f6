//! Basic, RFC 7617: who is let in, who is not, and what may not be told apart.

use countersign_cause::Cause;
use countersign_flow::{AccountAnswer, HashAnswer, Outcome, Refusal, Step, begin};
use countersign_secret::password::{PasswordHash, Verification};
use countersign_wire::Scheme;

use crate::driver::{Question, get, header, offered, remembers, trail};
use crate::world::{BASIC, NOW, PASSWORD, Pool, World, cost};

fn world() -> World {
    World::accepting(BASIC)
}

#[test]
fn a_known_user_with_the_right_password_is_named_to_the_upstream() {
    let world = world();
    let headers = world.forwarded(&get("/").basic("alice", PASSWORD));
    assert_eq!(headers["x-auth-user"], "alice");
    assert_eq!(headers["x-auth-groups"], "staff,ops");
    assert_eq!(headers["x-auth-scheme"], "basic");
    assert!(!headers.contains_key("x-auth-scopes"));
    assert!(!headers.contains_key("x-auth-issuer"));
}

#[test]
fn a_user_in_no_group_has_no_groups_header() {
    let headers = world().forwarded(&get("/").basic("bob", PASSWORD));
    assert_eq!(headers["x-auth-user"], "bob");
    assert!(!headers.contains_key("x-auth-groups"));
}

#[test]
fn cause_second_factor_required_is_told_to_whoever_knows_the_password_alone() {
    let mut world = world();
    let right = get("/").basic("carol", PASSWORD);
    let answer = world.answer(&right);
    assert_eq!(answer.status, 401);
    assert_eq!(
        header(&answer, "countersign-cause"),
        "second-factor-required"
    );
    let wrong = get("/").basic("carol", "wrong");
    assert_eq!(world.cause(&wrong), Cause::CredentialsRejected);
    world.rules.second_factor_waived = true;
    assert_eq!(world.user(&right), "carol");
    assert_eq!(world.cause(&wrong), Cause::CredentialsRejected);
}

/// `credentials-rejected`, `account-disabled`: unknown, wrong and disabled cost one hash each, and look alike.
#[test]
fn unknown_wrong_and_disabled_cannot_be_told_apart() {
    let world = world();
    let calls = [
        (
            get("/").basic("alice", "wrong"),
            Cause::CredentialsRejected,
            "the password does not fit",
        ),
        (
            get("/").basic("nobody", PASSWORD),
            Cause::CredentialsRejected,
            "no user of that name (a decoy was checked in its stead)",
        ),
        (
            get("/").basic("mallory", PASSWORD),
            Cause::AccountDisabled,
            "the user is disabled",
        ),
        (
            get("/").basic("mallory", "wrong"),
            Cause::CredentialsRejected,
            "the password does not fit",
        ),
    ];
    let first = world.answer(&calls[0].0);
    assert_eq!(first.status, 401);
    assert_eq!(header(&first, "countersign-cause"), "credentials-rejected");
    for (call, cause, remark) in &calls {
        let end = world.send(call);
        assert_eq!(
            end.questions,
            [Question::Account, Question::Hash],
            "{cause}"
        );
        let refusal = end.refusal();
        assert_eq!(refusal.cause, *cause);
        assert!(
            trail(&refusal).iter().any(|words| words == remark),
            "{remark}"
        );
        assert!(refusal.subject.is_none());
        let answer = world.answer(call);
        assert_eq!(answer.status, first.status);
        assert_eq!(answer.headers, first.headers);
        assert_eq!(answer.body, first.body);
    }
}

/// A driver that hands out a real hash where a decoy is due still lets nobody in: there is no account.
#[test]
fn without_an_account_no_password_fits() {
    let world = world();
    let call = get("/").basic("nobody", PASSWORD);
    let Step::Account(want) = begin(&world.rules, call.request(), NOW) else {
        panic!("the account is asked for first");
    };
    let decoy = world.users["alice"].hash.clone();
    let refusal = finish(want.answer(AccountAnswer::Unknown { decoy }));
    assert_eq!(refusal.cause, Cause::CredentialsRejected);
}

/// From the hash to the refusal.
fn finish<'w>(step: Step<'w, '_>) -> Refusal<'w> {
    let Step::Hash(want) = step else {
        panic!("the hash comes next");
    };
    let (waiting, job) = want.split();
    let hashed = job.run(&[0; 16]);
    let Step::Done(verdict) = waiting.answer(HashAnswer::Done(hashed)) else {
        panic!("nothing is left to ask");
    };
    let Outcome::Refusal(refusal) = verdict.outcome else {
        panic!("somebody was let through");
    };
    refusal
}

#[test]
fn an_old_hash_is_renewed_at_sign_in_and_only_then() {
    let mut world = world();
    // RFC 2307 section 5.3: the same password, as older systems keep it.
    let old = PasswordHash::parse("{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=").unwrap();
    world.users.get_mut("alice").unwrap().hash = old.clone();

    let end = world.send(&get("/").basic("alice", PASSWORD));
    let renewal = end.renewal.as_ref().expect("the hash is of another kind");
    assert_eq!(renewal.user_id, 1);
    assert_eq!(renewal.old.as_str(), old.as_str());
    assert!(!renewal.new.outdated(&cost()));
    assert_eq!(renewal.new.verify(PASSWORD.as_bytes()), Verification::Match);
    let _permit = end.permit();

    let wrong = world.send(&get("/").basic("alice", "wrong"));
    assert!(wrong.renewal.is_none());
    let fresh = world.send(&get("/").basic("bob", PASSWORD));
    assert!(fresh.renewal.is_none());
}

#[test]
fn cause_check_queue_full_says_when_to_come_again() {
    let mut world = world().remembering();
    world.pool = Pool::Full;
    let call = get("/").basic("alice", PASSWORD);
    assert_eq!(world.cause(&call), Cause::CheckQueueFull);
    let answer = world.answer(&call);
    assert_eq!(answer.status, 503);
    assert_eq!(header(&answer, "retry-after"), "4");
    assert!(offered(&answer).is_empty());
    assert!(!remembers(&world, Scheme::Basic));
}

/// `identity-backend-down`: what could not be asked is never a 401 that blames the user.
#[test]
fn cause_identity_backend_down_is_nobodys_wrong_password() {
    let mut world = world().remembering();
    let calls = [
        get("/").basic("alice", PASSWORD),
        get("/").basic("nobody", "wrong"),
    ];
    world.pool = Pool::Gone;
    for call in &calls {
        assert_eq!(world.cause(call), Cause::IdentityBackendDown);
    }
    world.pool = Pool::Works;
    world.store_answers = false;
    for call in &calls {
        assert_eq!(world.cause(call), Cause::IdentityBackendDown);
        let answer = world.answer(call);
        assert_eq!(answer.status, 503);
        assert!(offered(&answer).is_empty());
    }
    assert!(!remembers(&world, Scheme::Basic));
}

#[test]
fn a_user_without_a_name_is_nobody() {
    let mut world = world();
    let alice = world.users.remove("alice").unwrap();
    world.users.insert("", alice);
    // The store answers with a name of its own, and here with an empty one.
    let call = get("/").basic("alice", PASSWORD);
    let Step::Account(want) = begin(&world.rules, call.request(), NOW) else {
        panic!("the account is asked for first");
    };
    let refusal = finish(want.answer(world.account("")));
    assert_eq!(refusal.cause, Cause::CredentialsRejected);
}

/// The user name is compared as it is stored: `alice` and `Alice` are two people.
#[test]
fn the_case_of_a_user_name_counts() {
    assert_eq!(
        world().cause(&get("/").basic("Alice", PASSWORD)),
        Cause::CredentialsRejected
    );
}

#[test]
fn rfc7617_section_2_the_first_colon_ends_the_user_name() {
    let mut world = world();
    let hash = countersign_secret::password::hash(b"a:b", &[1; 16], &cost()).unwrap();
    world.users.get_mut("bob").unwrap().hash = hash;
    assert_eq!(world.user(&get("/").basic("bob", "a:b")), "bob");
}

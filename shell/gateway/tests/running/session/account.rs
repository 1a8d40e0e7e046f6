//! The account page, and what it changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use countersign_secret::Secret;
use countersign_secret::session::SessionId;
use countersign_store::{ActList, DigestName, DigestSecret, NewUser, Outcome, Store, Way};

use super::browser::Browser;
use super::{COOKIE, now_unix_secs, sessions, signed_in};
use crate::stage::failing_store::Failing;
use crate::stage::message::Message;
use crate::stage::upstream::Upstream;
use crate::stage::{CHEAP, NOW, PASSWORD, Play, Stage, hash_of, usual, wait_for};

/// What `alice` signs in with.
const OLD: &str = "correct horse";

fn change(browser: &mut Browser, present: &str, new: &str, again: &str) -> Message {
    let account = browser.visit("/.countersign/account");
    let fields = [
        ("token", account.hidden("token")),
        ("present", present.to_owned()),
        ("new", new.to_owned()),
        ("again", again.to_owned()),
    ];
    browser.post("/.countersign/account/password", &fields)
}

fn done(answer: &Message) -> &str {
    assert_eq!(answer.status(), Some(303), "{answer:?}");
    let location = answer.field("location").unwrap();
    location
        .strip_prefix("/.countersign/account?done=")
        .unwrap()
}

fn can_sign_in(stage: &Stage, password: &str) -> bool {
    let mut browser = Browser::at(stage);
    let page = browser.visit("/.countersign/sign-in");
    browser.sign_in(&page, "alice", password).status() == Some(303)
}

#[test]
fn another_session_is_ended_and_refused_at_the_next_request() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let mut other = signed_in(&stage);
    let first = sessions(&stage).remove(0);
    let mut browser = signed_in(&stage);
    assert_eq!(other.fetch("/app/x").status(), Some(200));
    let account = browser.visit("/.countersign/account");
    assert_eq!(account.hidden("session"), first);
    let fields = [("token", account.hidden("token")), ("session", first)];
    let answer = browser.post("/.countersign/account/end-session", &fields);
    assert_eq!(done(&answer), "session-ended");
    assert!(
        browser
            .follow(&answer)
            .text()
            .contains("The session has ended.")
    );
    assert_eq!(other.fetch_until_refused("/app/x"), "session-revoked");
    assert_eq!(browser.fetch("/app/x").status(), Some(200));
}

#[test]
fn signing_out_everywhere_ends_every_session_of_the_user() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let (mut other, mut browser) = (signed_in(&stage), signed_in(&stage));
    let account = browser.visit("/.countersign/account");
    let fields = [("token", account.hidden("token"))];
    let answer = browser.post("/.countersign/sign-out-everywhere", &fields);
    assert_eq!(answer.status(), Some(200));
    assert_eq!(browser.cookie(COOKIE), None);
    assert_eq!(other.fetch_until_refused("/app/x"), "session-revoked");
    assert!(sessions(&stage).is_empty());
}

#[test]
fn another_password_ends_all_other_sessions_and_goes_on_with_a_new_one() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let (mut other, mut browser) = (signed_in(&stage), signed_in(&stage));
    let before = browser.cookie(COOKIE).unwrap().to_owned();
    for (present, new, again, said) in [
        (
            "wrong horse",
            "a new password",
            "a new password",
            "present-password-wrong",
        ),
        (
            "correct horse",
            "a new password",
            "another password",
            "passwords-differ",
        ),
        ("correct horse", "short", "short", "password-short"),
        (
            "correct horse",
            "with a\ttab",
            "with a\ttab",
            "password-unfit",
        ),
    ] {
        let answer = change(&mut browser, present, new, again);
        assert_eq!(done(&answer), said);
    }
    assert_eq!(browser.cookie(COOKIE), Some(&*before));
    let answer = change(
        &mut browser,
        "correct horse",
        "a new password",
        "a new password",
    );
    assert_eq!(done(&answer), "password-changed");
    assert_ne!(browser.cookie(COOKIE), Some(&*before));
    assert_eq!(browser.fetch("/app/x").status(), Some(200));
    assert_eq!(other.fetch_until_refused("/app/x"), "session-revoked");
    assert!(!can_sign_in(&stage, "correct horse") && can_sign_in(&stage, "a new password"));
    let log = stage.close().log;
    assert!(log.contains("\"event\":\"password-changed\",\"user\":\"alice\""));
    assert!(!log.contains("a new password") && !log.contains("correct horse"));
}

#[test]
fn digest_stays_on_with_the_new_password() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let store = stage.other_store();
    let user = wait_for(store.user("alice")).unwrap().unwrap();
    let secret = DigestSecret {
        algorithm: "SHA-256".into(),
        realm: "stage".into(),
        secret: Secret::new("old".to_owned()),
        user_hash: "old".into(),
    };
    let set = store.set_digest(user.id, hash_of(PASSWORD, CHEAP), vec![secret], NOW);
    assert!(wait_for(set).unwrap());
    let mut browser = signed_in(&stage);
    let answer = change(
        &mut browser,
        "correct horse",
        "a new password",
        "a new password",
    );
    assert_eq!(done(&answer), "password-changed");
    let account = store.digest(DigestName::Plain("alice"), "stage", "SHA-256");
    let account = wait_for(account).unwrap().unwrap();
    // SHA-256 of `alice:stage:a new password`, as `sha256sum` has it.
    assert_eq!(account.secret.expose(), DIGEST_OF_THE_NEW_PASSWORD);
}

const DIGEST_OF_THE_NEW_PASSWORD: &str =
    "5a024d711d60651fc77dfea9512dd6054f92d0abbe3f49b3c101d2232e9d2977";

#[test]
fn a_session_of_somebody_else_is_not_ended() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let mut alice = signed_in(&stage);
    let hers = sessions(&stage).remove(0);
    let user = NewUser {
        name: "bob".into(),
        display_name: None,
        hash: hash_of(b"bob's password", CHEAP),
        groups: Vec::new(),
        disabled: false,
    };
    wait_for(stage.other_store().add_user(user, NOW)).unwrap();
    let mut bob = Browser::at(&stage);
    let page = bob.visit("/.countersign/sign-in");
    bob.sign_in(&page, "bob", "bob's password");
    let account = bob.visit("/.countersign/account");
    assert!(!account.text().contains(&hers));
    let fields = [
        ("token", account.hidden("token")),
        ("session", hers.clone()),
    ];
    bob.post("/.countersign/account/end-session", &fields);
    assert_eq!(sessions(&stage), [hers]);
    assert_eq!(alice.fetch("/app/x").status(), Some(200));
}

#[test]
fn a_session_that_is_not_there_leaves_no_record() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let mut browser = signed_in(&stage);
    let account = browser.visit("/.countersign/account");
    let made_up = SessionId::mint(&[9; 9]).to_string();
    let fields = [("token", account.hidden("token")), ("session", made_up)];
    let answer = browser.post("/.countersign/account/end-session", &fields);
    assert_eq!(done(&answer), "session-ended");
    assert_eq!(recorded(&stage), []);
}

#[test]
fn a_disabled_user_is_out_at_the_next_request() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let mut browser = signed_in(&stage);
    assert_eq!(browser.fetch("/app/x").status(), Some(200));
    wait_for(
        stage
            .other_store()
            .set_disabled("alice", true, now_unix_secs()),
    )
    .unwrap();
    assert_eq!(
        browser.fetch_until_refused("/app/x"),
        "credentials-rejected"
    );
    let account = browser.visit("/.countersign/account");
    assert_eq!(account.status(), Some(303));
    assert!(stage.close().log.contains("account-disabled"));
}

/// What was recorded, the earliest first: who, from where, what, on what, and what came of it.
pub(super) fn recorded(stage: &Stage) -> Vec<(String, String, String, String)> {
    let list = ActList {
        acts_max: 100,
        ..ActList::default()
    };
    let acts = wait_for(stage.other_store().acts(list)).unwrap();
    let told = acts.into_iter().rev().map(|act| {
        assert_eq!(act.by.way, Way::Account);
        assert_eq!(act.by.address.as_deref(), Some("127.0.0.1"));
        assert_eq!(act.user.as_deref(), Some(&*act.by.name));
        let outcome = act.outcome.as_ref().map_or("unknown", Outcome::name);
        let object = act.object.unwrap_or_default();
        (
            act.by.name.into(),
            act.act.into(),
            object.into(),
            outcome.to_owned(),
        )
    });
    told.collect()
}

#[test]
fn what_is_done_in_the_account_is_recorded_and_logged_without_a_secret() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let _other = signed_in(&stage);
    let first = sessions(&stage).remove(0);
    let mut browser = signed_in(&stage);
    let account = browser.visit("/.countersign/account");
    let fields = [
        ("token", account.hidden("token")),
        ("session", first.clone()),
    ];
    browser.post("/.countersign/account/end-session", &fields);
    // A wrong password changes nothing, and there is nothing to record.
    change(
        &mut browser,
        "wrong horse",
        "staple battery",
        "staple battery",
    );
    let changed = change(&mut browser, OLD, "staple battery", "staple battery");
    assert_eq!(done(&changed), "password-changed");
    let account = browser.visit("/.countersign/account");
    let fields = [("token", account.hidden("token"))];
    browser.post("/.countersign/sign-out-everywhere", &fields);
    let act = |act: &str, object: &str| {
        let (act, object) = (act.to_owned(), object.to_owned());
        ("alice".to_owned(), act, object, "done".to_owned())
    };
    assert_eq!(
        recorded(&stage),
        [
            act("session.end", &first),
            act("user.password", ""),
            act("session.end-all", ""),
        ]
    );
    for words in [
        "\"act\":\"session.end\",\"user\":\"alice\"",
        "\"act\":\"user.password\",\"user\":\"alice\",\"outcome\":\"done\"",
        "\"act\":\"session.end-all\"",
    ] {
        stage.wait_for_log(words);
    }
    let lists = ActList {
        acts_max: 100,
        ..ActList::default()
    };
    let kept = format!("{:?}", wait_for(stage.other_store().acts(lists)).unwrap());
    assert!(
        !kept.contains("battery") && !kept.contains("horse"),
        "{kept}"
    );
}

#[test]
fn what_cannot_be_recorded_is_not_done() {
    let upstream = Upstream::content();
    let forgetful = Arc::new(AtomicBool::new(false));
    let between = {
        let forgetful = Arc::clone(&forgetful);
        move |store| Arc::new(Failing::forgetful(store, forgetful)) as Arc<dyn Store>
    };
    let stage = Play::default().open_on(upstream.address(), between);
    let (mut other, mut browser) = (signed_in(&stage), signed_in(&stage));
    forgetful.store(true, Ordering::SeqCst);
    let answer = change(&mut browser, OLD, "staple battery", "staple battery");
    assert_eq!(
        (answer.status(), answer.cause()),
        (Some(503), "identity-backend-down")
    );
    let account = browser.visit("/.countersign/account");
    let fields = [("token", account.hidden("token"))];
    let answer = browser.post("/.countersign/sign-out-everywhere", &fields);
    assert_eq!(answer.status(), Some(503));
    stage.wait_for_log("\"what\":\"act record\"");
    assert_eq!(recorded(&stage), []);
    assert_eq!(other.fetch("/app/x").status(), Some(200));
    assert!(can_sign_in(&stage, OLD));
}

//! Guesses at the sign-in page are braked together with those by Basic.

use super::browser::Browser;
use super::{COOKIE, now_unix_secs, sessions, signed_in};
use crate::stage::upstream::Upstream;
use crate::stage::{ALICE, Play, Stage, wait_for};
use countersign_store::Store;

const SIGN_IN: &str = "/.countersign/sign-in";
const BRAKES: &str = "[brakes]\npair_attempts = 2\ndelay_secs = 900\nknown_turned_away_max = 0\n";

fn stage(upstream: &Upstream, sections: &str) -> Stage {
    let play = Play {
        sections,
        ..Play::default()
    };
    play.open(upstream.address())
}

/// The status of the answer to an attempt in a browser of its own.
fn attempt(stage: &Stage, user: &str, password: &str) -> Option<u16> {
    let mut browser = Browser::at(stage);
    let page = browser.visit(SIGN_IN);
    browser.sign_in(&page, user, password).status()
}

fn basic(stage: &Stage, authorization: &str) -> Option<u16> {
    let request =
        format!("GET /api/x HTTP/1.1\r\nHost: a.example\r\nAuthorization: {authorization}\r\n\r\n");
    stage.ask(request).status()
}

#[test]
fn attack_41_cause_rate_limited_guesses_at_the_page_are_told_when_to_come_again() {
    let upstream = Upstream::content();
    let stage = stage(&upstream, BRAKES);
    // Nobody learns from the brake who exists.
    for user in ["alice", "nobody"] {
        for number in ["1", "2"] {
            assert_eq!(attempt(&stage, user, number), Some(401), "{user}");
        }
        let mut browser = Browser::at(&stage);
        let page = browser.visit(SIGN_IN);
        // The right one is not looked at either.
        let braked = browser.sign_in(&page, user, "correct horse");
        assert_eq!(braked.status(), Some(429), "{user}");
        assert_eq!(braked.field("countersign-cause"), Some("rate-limited"));
        let secs: u32 = braked.field("retry-after").unwrap().parse().unwrap();
        assert!((800..=900).contains(&secs), "{secs}");
        assert_eq!(braked.field("cache-control"), Some("no-store"));
        let words =
            "Too many attempts to sign in have failed. The next one is looked at in 15 minutes.";
        assert!(braked.text().contains(words), "{}", braked.text());
        assert!(
            !braked.hidden("token").is_empty(),
            "the form is there for later"
        );
        assert_eq!(browser.cookie(COOKIE), None);
    }
    assert!(sessions(&stage).is_empty());
    // By Basic it is the same account and the same network.
    assert_eq!(basic(&stage, ALICE), Some(429));
    let log = stage.close().log;
    assert!(log.contains("\"event\":\"sign-in-refused\",\"cause\":\"rate-limited\",\"detail\":\"too many attempts at this account from this network failed\""), "{log}");
}

#[test]
fn attack_41_guesses_by_basic_and_at_the_page_count_together_and_a_repeated_one_once() {
    let upstream = Upstream::content();
    let stage = stage(&upstream, BRAKES);
    // `alice:wrong`
    let wrong = "Basic YWxpY2U6d3Jvbmc=";
    assert_eq!(basic(&stage, wrong), Some(401));
    for _ in 0..3 {
        assert_eq!(attempt(&stage, "alice", "wrong"), Some(401));
    }
    assert_eq!(attempt(&stage, "alice", "another"), Some(401));
    assert_eq!(attempt(&stage, "alice", "a third"), Some(429));
}

#[test]
fn a_sign_in_that_is_right_begins_the_count_anew() {
    let upstream = Upstream::content();
    let stage = stage(&upstream, BRAKES);
    assert_eq!(attempt(&stage, "alice", "one"), Some(401));
    assert_eq!(attempt(&stage, "alice", "correct horse"), Some(303));
    assert_eq!(attempt(&stage, "alice", "two"), Some(401));
    assert_eq!(attempt(&stage, "alice", "three"), Some(401));
    assert_eq!(attempt(&stage, "alice", "four"), Some(429));
}

#[test]
fn attack_41_the_right_password_of_a_disabled_user_counts_as_a_wrong_one() {
    let upstream = Upstream::content();
    let stage = stage(&upstream, BRAKES);
    let store = stage.other_store();
    wait_for(store.set_disabled("alice", true, now_unix_secs())).unwrap();
    assert_eq!(attempt(&stage, "alice", "correct horse"), Some(401));
    assert_eq!(attempt(&stage, "alice", "wrong"), Some(401));
    assert_eq!(attempt(&stage, "alice", "correct horse"), Some(429));
}

#[test]
fn attack_41_who_has_taken_a_session_does_not_guess_the_password_in_the_account() {
    let upstream = Upstream::content();
    let stage = stage(&upstream, BRAKES);
    let mut browser = signed_in(&stage);
    let account = browser.visit("/.countersign/account");
    let mut change = |present: &str| {
        browser.post(
            "/.countersign/account/password",
            &[
                ("token", account.hidden("token")),
                ("present", present.to_owned()),
                ("new", "staple battery".to_owned()),
                ("again", "staple battery".to_owned()),
            ],
        )
    };
    for present in ["one", "two"] {
        assert!(
            change(present)
                .field("location")
                .unwrap()
                .ends_with("present-password-wrong")
        );
    }
    let braked = change("three");
    assert_eq!(
        (braked.status(), braked.cause()),
        (Some(429), "rate-limited")
    );
    assert!(braked.field("retry-after").is_some());
}

#[test]
fn a_session_goes_on_while_its_network_is_braked() {
    let upstream = Upstream::content();
    let sections = "[brakes]\nnetwork_attempts = 1\ndelay_secs = 900\ntrust_secs = 60\n";
    let stage = stage(&upstream, sections);
    let mut browser = signed_in(&stage);
    for number in 0..3 {
        attempt(&stage, "nobody", &format!("guess {number}"));
    }
    assert_eq!(attempt(&stage, "somebody", "x"), Some(429));
    assert_eq!(browser.fetch("/app/x").status(), Some(200));
    browser.keep(COOKIE, &"A".repeat(43));
    assert_eq!(browser.fetch("/app/x").cause(), "session-unknown");
}

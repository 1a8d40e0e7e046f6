//! What others try on sessions and on the way to them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use countersign_store::Store;

use super::browser::Browser;
use super::{COOKIE, FORM_COOKIE, WRONG, now_unix_secs, sessions, signed_in};
use crate::stage::failing_store::Failing;
use crate::stage::message::Message;
use crate::stage::upstream::Upstream;
use crate::stage::{Play, usual, wait_for};

const SIGN_IN: &str = "/.countersign/sign-in";

fn typed(page: &Message) -> Vec<(&'static str, String)> {
    vec![
        ("token", page.hidden("token")),
        ("return", page.hidden("return")),
        ("user", "alice".to_owned()),
        ("password", "correct horse".to_owned()),
    ]
}

/// A change to what the browser has and posts, with a form of another browser at hand.
type Attempt = fn(&mut Browser, &mut Vec<(&str, String)>, &Message);

/// A page without what differs from one request to the next.
fn without_token(page: &Message) -> String {
    page.text().replace(&page.hidden("token"), "TOKEN")
}

#[test]
fn attack_61_no_session_survives_the_sign_in() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    // A session of the attacker's choice, which exists, and one that does not.
    let planted = signed_in(&stage).cookie(COOKIE).unwrap().to_owned();
    for planted in [planted, "A".repeat(43)] {
        let mut browser = Browser::at(&stage);
        let page = browser.visit(SIGN_IN);
        browser.keep(COOKIE, &planted);
        let answer = browser.sign_in(&page, "alice", "correct horse");
        assert_eq!(answer.status(), Some(303));
        assert_ne!(browser.cookie(COOKIE), Some(&*planted));
        assert_eq!(browser.fetch("/app/x").status(), Some(200));
        browser.keep(COOKIE, &planted);
        let refused = browser.fetch_until_refused("/app/x");
        assert!(
            ["session-revoked", "session-unknown"].contains(&&*refused),
            "{refused}"
        );
    }
    // What was planted has ended, and the two that were begun go on.
    assert_eq!(sessions(&stage).len(), 2);
}

#[test]
fn attack_40_the_page_is_the_same_for_an_unknown_a_disabled_and_a_mistaken_user() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let answer = |user: &str, password: &str| {
        let mut browser = Browser::at(&stage);
        let page = browser.visit(SIGN_IN);
        let answer = browser.sign_in(&page, user, password);
        assert_eq!(answer.status(), Some(401));
        assert!(answer.text().contains(WRONG));
        without_token(&answer).replace(user, "USER")
    };
    let mistaken = answer("alice", "wrong horse");
    assert_eq!(mistaken, answer("nobody", "correct horse"));
    assert_eq!(mistaken, answer("alice", &"x".repeat(2000)));
    wait_for(
        stage
            .other_store()
            .set_disabled("alice", true, now_unix_secs()),
    )
    .unwrap();
    assert_eq!(mistaken, answer("alice", "correct horse"));
    let log = stage.close().log;
    assert!(log.contains("\"cause\":\"account-disabled\""));
}

#[test]
fn cause_csrf_failed_a_sign_in_that_another_page_posts() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    for from in [
        "Sec-Fetch-Site: cross-site\r\n",
        "Sec-Fetch-Site: same-site\r\n",
        "Origin: https://evil.example\r\n",
        "Origin: null\r\n",
    ] {
        let mut browser = Browser::at(&stage);
        let page = browser.visit(SIGN_IN);
        let answer = browser.post_as(SIGN_IN, from, &typed(&page));
        assert_eq!(
            (answer.status(), answer.cause()),
            (Some(403), "csrf-failed"),
            "{from}"
        );
        assert_eq!(browser.cookie(COOKIE), None);
    }
    assert!(sessions(&stage).is_empty());
}

#[test]
fn attack_63_a_form_that_was_not_made_for_this_browser_signs_nobody_in() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let mut other = Browser::at(&stage);
    let elsewhere = other.visit(SIGN_IN);
    let attempts: [Attempt; 5] = [
        |_, fields, _| fields[0].1.clear(),
        |_, fields, elsewhere| fields[0].1 = elsewhere.hidden("token"),
        |_, fields, _| fields[0].1.replace_range(0..1, "B"),
        |browser, _, _| browser.forget(FORM_COOKIE),
        |_, fields, _| fields.push(("token", "A".repeat(54))),
    ];
    for change in attempts {
        let mut browser = Browser::at(&stage);
        let page = browser.visit(SIGN_IN);
        let mut fields = typed(&page);
        change(&mut browser, &mut fields, &elsewhere);
        let answer = browser.post(SIGN_IN, &fields);
        assert_eq!(answer.status(), Some(403));
        assert_eq!(answer.field("countersign-cause"), Some("csrf-failed"));
        assert!(answer.text().contains("This form was open for too long"));
        assert_eq!(browser.cookie(COOKIE), None);
        // The fresh form that comes with it does.
        let again = browser.sign_in(&answer, "alice", "correct horse");
        assert_eq!(again.status(), Some(303));
    }
}

#[test]
fn attack_65_68_no_link_and_no_form_leads_to_another_host() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    for hostile in [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "/%5Cevil.example",
        "/%2F/evil.example",
        "/%09/evil.example",
        "/.//evil.example",
        "https://a.example@evil.example/",
        "http://a@evil@a.example/",
        "https://a.example.evil.example/",
        "javascript:alert(1)",
        "/.countersign/sign-out",
    ] {
        let encoded: String = hostile.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let mut browser = Browser::at(&stage);
        let page = browser.visit(&format!("{SIGN_IN}?return={encoded}"));
        assert_eq!(page.status(), Some(200));
        assert_eq!(page.hidden("return"), "", "{hostile}");
        // Put into the form by hand, it is dropped before the token is looked at.
        let mut fields = typed(&page);
        fields[1].1 = hostile.to_owned();
        let answer = browser.post(SIGN_IN, &fields);
        assert_eq!(
            answer.field("location"),
            Some("/.countersign/account"),
            "{hostile}"
        );
        let signed_in = browser.visit(&format!("{SIGN_IN}?return={encoded}"));
        assert_eq!(signed_in.field("location"), Some("/.countersign/account"));
    }
    // A path of this host that the form was not made for is another form.
    let mut browser = Browser::at(&stage);
    let page = browser.visit(&format!("{SIGN_IN}?return=/app/a"));
    let mut fields = typed(&page);
    fields[1].1 = "/app/b".to_owned();
    assert_eq!(browser.post(SIGN_IN, &fields).status(), Some(403));
}

#[test]
fn attack_67_a_field_that_comes_twice_is_no_field() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let mut browser = Browser::at(&stage);
    let page = browser.visit(SIGN_IN);
    let mut fields = typed(&page);
    fields.push(("user", "bob".to_owned()));
    assert_eq!(browser.post(SIGN_IN, &fields).status(), Some(401));
    assert!(sessions(&stage).is_empty());
}

#[test]
fn forms_of_the_account_are_bound_to_the_session() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let (mut other, mut browser) = (signed_in(&stage), signed_in(&stage));
    let elsewhere = other.visit("/.countersign/account").hidden("token");
    for page in [
        "sign-out",
        "sign-out-everywhere",
        "account/end-session",
        "account/password",
    ] {
        let target = format!("/.countersign/{page}");
        for token in [String::new(), elsewhere.clone()] {
            let answer = browser.post(&target, &[("token", token)]);
            assert_eq!(
                answer.field("location"),
                Some("/.countersign/account?done=form-old"),
                "{page}"
            );
        }
        let own = browser.visit("/.countersign/account").hidden("token");
        let forged = browser.post_as(&target, "Sec-Fetch-Site: cross-site\r\n", &[("token", own)]);
        assert_eq!(
            (forged.status(), forged.cause()),
            (Some(403), "csrf-failed")
        );
        // By a link nothing is changed at all.
        assert!(browser.visit(&target).field("set-cookie").is_none());
    }
    assert_eq!(sessions(&stage).len(), 2);
    assert_eq!(browser.fetch("/app/x").status(), Some(200));
}

#[test]
fn attack_31_32_a_store_that_fails_signs_nobody_in_and_nobody_out() {
    let upstream = Upstream::content();
    let fails = Arc::new(AtomicBool::new(false));
    let between = {
        let fails = Arc::clone(&fails);
        move |store| Arc::new(Failing::new(store, fails)) as Arc<dyn Store>
    };
    let play = Play {
        remembered_secs: 0,
        ..Play::default()
    };
    let stage = play.open_on(upstream.address(), between);
    let mut browser = signed_in(&stage);
    let mut stranger = Browser::at(&stage);
    let page = stranger.visit(SIGN_IN);
    fails.store(true, Ordering::SeqCst);
    let answer = stranger.sign_in(&page, "alice", "correct horse");
    assert_eq!(
        (answer.status(), answer.cause()),
        (Some(503), "identity-backend-down")
    );
    let answer = browser.fetch("/app/x");
    assert_eq!(
        (answer.status(), answer.cause()),
        (Some(503), "identity-backend-down")
    );
    assert_eq!(browser.visit("/.countersign/account").status(), Some(503));
    fails.store(false, Ordering::SeqCst);
    assert_eq!(browser.fetch("/app/x").status(), Some(200));
}

#[test]
fn an_upstream_neither_gets_nor_sets_the_cookies_of_sessions() {
    let upstream = Upstream::answering(
        b"HTTP/1.1 200 OK\r\nSet-Cookie: __Host-countersign=chosen; Path=/\r\nSet-Cookie: theme=dark\r\n\
          Set-Cookie:  __Host-countersign-form =x\r\nContent-Length: 0\r\n\r\n",
    );
    let stage = usual(upstream.address());
    let mut browser = signed_in(&stage);
    browser.keep("theme", "light");
    for target in ["/app/x", "/public/x"] {
        let answer = browser.fetch(target);
        assert_eq!(answer.fields("set-cookie"), ["theme=dark"]);
        assert_eq!(upstream.next().message.fields("cookie"), ["theme=light"]);
        browser.keep("theme", "light");
    }
}

#[test]
fn a_form_that_is_too_large_is_refused_with_the_limit() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let mut browser = Browser::at(&stage);
    let page = browser.visit(SIGN_IN);
    let mut fields = typed(&page);
    fields.push(("more", "x".repeat(60_000)));
    let answer = browser.post(SIGN_IN, &fields);
    assert_eq!(
        (answer.status(), answer.cause()),
        (Some(413), "body-too-large")
    );
}

//! Sessions that several hosts share: signed in at one, let in at all, sent back to listed ones alone, and not in circles.

use super::browser::Browser;
use super::provider::standin::Standin;
use super::provider::{begin, come_back, link, section};
use crate::stage::upstream::Upstream;
use crate::stage::{Play, Stage};

const COOKIE: &str = "__Secure-countersign";
const LOGIN: &str = "login.example.com";
const SECTION: &str = r#"
[session]
domain = "example.com"
origins = ["https://login.example.com", "https://app.example.com"]
sign_in_origin = "https://login.example.com"
"#;

fn stage(upstream: &Upstream) -> Stage {
    let play = Play {
        sections: SECTION,
        ..Play::default()
    };
    play.open(upstream.address())
}

fn at(stage: &Stage, host: &'static str) -> Browser {
    let mut browser = Browser::at(stage);
    browser.host = host;
    browser
}

/// Goes where an answer sends it, on whichever host that is.
fn follow(
    browser: &mut Browser,
    answer: &crate::stage::message::Message,
) -> crate::stage::message::Message {
    let target = answer.field("location").unwrap().to_owned();
    for host in [LOGIN, "app.example.com"] {
        if let Some(path) = target.strip_prefix(&format!("https://{host}")) {
            browser.host = host;
            return browser.visit(path);
        }
    }
    assert!(target.starts_with('/'), "{target}");
    browser.visit(&target)
}

#[test]
fn one_sign_in_is_for_every_host_and_leads_back() {
    let upstream = Upstream::content();
    let stage = stage(&upstream);
    let mut browser = at(&stage, "app.example.com");
    let answer = browser.visit("/app/x?a=b");
    assert_eq!(
        answer.field("location"),
        Some(
            "https://login.example.com/.countersign/sign-in?why=credentials-missing&return=https%3A//app.example.com/app/x%3Fa%3Db"
        )
    );
    let page = follow(&mut browser, &answer);
    assert_eq!(page.status(), Some(200));
    let policy = page.field("content-security-policy").unwrap();
    assert!(
        policy.contains("form-action 'self' https://login.example.com https://app.example.com;"),
        "{policy}"
    );
    let answer = browser.sign_in(&page, "alice", "correct horse");
    assert_eq!(
        answer.field("location"),
        Some("https://app.example.com/app/x?a=b")
    );
    let set = answer.fields("set-cookie").join("\n");
    assert!(
        set.starts_with(COOKIE) && set.ends_with("; Secure; Domain=example.com"),
        "{set}"
    );
    assert_eq!(follow(&mut browser, &answer).status(), Some(200));

    // A host that is not listed has the session as well, and is nowhere to be sent back to.
    browser.host = "other.example.com";
    assert_eq!(browser.visit("/app/x").status(), Some(200));
    // Signing out takes it from all of them.
    browser.host = "app.example.com";
    let page = browser.visit("/.countersign/sign-out");
    let answer = browser.post("/.countersign/sign-out", &[("token", page.hidden("token"))]);
    let set = answer.field("set-cookie").unwrap();
    assert!(set.contains("; Domain=example.com; Max-Age=0"), "{set}");
}

#[test]
fn the_sign_in_page_of_another_host_is_that_of_the_one() {
    let upstream = Upstream::content();
    let stage = stage(&upstream);
    let mut browser = at(&stage, "app.example.com");
    for (asked, back) in [
        ("", "https%3A//app.example.com/.countersign/account"),
        ("?return=/x", "https%3A//app.example.com/x"),
        (
            "?return=https://evil.example/",
            "https%3A//app.example.com/.countersign/account",
        ),
    ] {
        let answer = browser.visit(&format!("/.countersign/sign-in{asked}"));
        let expected = format!("https://login.example.com/.countersign/sign-in?return={back}");
        assert_eq!(answer.field("location"), Some(&*expected));
    }
    // One that is not listed keeps its people.
    browser.host = "other.example.com";
    assert_eq!(browser.visit("/.countersign/sign-in").status(), Some(200));
}

#[test]
fn attack_65_nobody_is_sent_to_a_host_that_is_not_listed() {
    let upstream = Upstream::content();
    let stage = stage(&upstream);
    for hostile in [
        "https://evil.example/",
        "https://other.example.com/",
        "https://app.example.com.evil.example/",
        "https://app.example.com@evil.example/",
        "http://app.example.com/",
    ] {
        let mut browser = at(&stage, LOGIN);
        let page = browser.visit(&format!("/.countersign/sign-in?return={hostile}"));
        assert_eq!(page.hidden("return"), "", "{hostile}");
        let fields = [
            ("token", page.hidden("token")),
            ("return", hostile.to_owned()),
            ("user", "alice".to_owned()),
            ("password", "correct horse".to_owned()),
        ];
        let answer = browser.post("/.countersign/sign-in", &fields);
        assert_eq!(
            answer.field("location"),
            Some("/.countersign/account"),
            "{hostile}"
        );
        let again = browser.visit(&format!("/.countersign/sign-in?return={hostile}"));
        assert_eq!(again.field("location"), Some("/.countersign/account"));
    }
}

/// `sign-in-loop`: the host that it comes from does not get the cookie.
#[test]
fn cause_sign_in_loop_a_browser_that_is_sent_round_is_told_so() {
    let upstream = Upstream::content();
    let stage = stage(&upstream);
    let mut browser = at(&stage, LOGIN);
    let page = browser.visit("/.countersign/sign-in");
    browser.sign_in(&page, "alice", "correct horse");
    let target =
        "/.countersign/sign-in?why=credentials-missing&return=https://app.example.com/app/x";
    for _ in 0..3 {
        let answer = browser.visit(target);
        assert_eq!(
            answer.field("location"),
            Some("https://app.example.com/app/x")
        );
        let mut without = at(&stage, "app.example.com");
        let back = without.visit("/app/x");
        assert_eq!(back.status(), Some(303));
    }
    let told = browser.visit(target);
    assert_eq!((told.status(), told.cause()), (Some(500), "sign-in-loop"));
    assert!(told.text().contains("Signing in leads round in a circle"));
    // Whoever has not come for want of a session is not counted.
    let answer = browser.visit("/.countersign/sign-in?return=https://app.example.com/app/x");
    assert_eq!(answer.status(), Some(303));
    // The count goes to no upstream.
    let seen = browser.visit("/app/echo");
    assert_eq!(seen.status(), Some(200));
}

#[test]
fn to_sign_in_again_leads_to_the_form_from_another_host_too() {
    let upstream = Upstream::content();
    let stage = stage(&upstream);
    let mut browser = at(&stage, LOGIN);
    let page = browser.visit("/.countersign/sign-in");
    browser.sign_in(&page, "alice", "correct horse");
    browser.host = "app.example.com";
    let sent = browser.visit("/.countersign/sign-in?return=/.countersign/account&again=1");
    let page = follow(&mut browser, &sent);
    assert_eq!(page.status(), Some(200), "{page:?}");
    assert!(page.text().contains("You have been signed in for a while."));
}

#[test]
fn who_signs_in_through_a_provider_comes_back_to_the_host_that_was_left() {
    let (upstream, provider) = (Upstream::content(), Standin::start());
    let sections = [SECTION, &section(&provider, "")].concat();
    let play = Play {
        server: "public_url = \"https://login.example.com\"",
        sections: &sections,
        ..Play::default()
    };
    let stage = play.open(upstream.address());
    link(&stage, &provider, "alice");
    let mut browser = at(&stage, LOGIN);
    for (target, expected) in [
        (
            "https%3A//app.example.com/app/x%3Fa%3D1",
            "https://app.example.com/app/x?a=1",
        ),
        ("/app/x", "/app/x"),
        ("https%3A//evil.example/app", "/.countersign/account"),
    ] {
        let state = begin(&mut browser, &provider, target);
        let back = come_back(&mut browser, &state);
        assert_eq!(back.field("location"), Some(expected), "{back:?}");
    }
}

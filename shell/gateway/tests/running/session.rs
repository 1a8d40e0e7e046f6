//! People sign in, come back to where they were going, and sign out.

mod account;
mod attacks;
mod browser;
mod guessing;
mod operation;
mod own_keys;
mod passkeys;
mod provider;
mod second_factor;
mod shared;
mod step_up;

use countersign_secret::session::SessionSecret;
use countersign_store::{SessionList, Store};

use self::browser::Browser;
use crate::stage::upstream::Upstream;
use crate::stage::{Stage, usual, wait_for};

const COOKIE: &str = "__Host-countersign";
const FORM_COOKIE: &str = "__Host-countersign-form";
const WRONG: &str = "User name and password do not fit";

/// The cookie of a session of `alice`, as a browser sends it.
pub(crate) fn cookie_of_alice(stage: &Stage) -> String {
    let browser = signed_in(stage);
    format!("{COOKIE}={}", browser.cookie(COOKIE).unwrap())
}

/// A browser whose user `alice` has signed in.
fn signed_in(stage: &Stage) -> Browser {
    let mut browser = Browser::at(stage);
    let page = browser.visit("/.countersign/sign-in");
    let answer = browser.sign_in(&page, "alice", "correct horse");
    assert_eq!(answer.status(), Some(303), "{answer:?}");
    browser
}

/// The public ids of the sessions that the store has of `alice`, those used last first.
fn sessions(stage: &Stage) -> Vec<String> {
    let list = SessionList {
        user: Some("alice".into()),
        sessions_max: 100,
    };
    let now = now_unix_secs();
    let sessions = wait_for(stage.other_store().sessions(list, now)).unwrap();
    sessions
        .into_iter()
        .map(|session| session.id.to_string())
        .collect()
}

fn now_unix_secs() -> i64 {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

#[test]
fn a_visitor_signs_in_comes_back_and_signs_out() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let mut browser = Browser::at(&stage);

    let sent = browser.visit("/app/orders?page=2&sort=a%20b");
    assert_eq!(sent.status(), Some(303));
    assert_eq!(sent.cause(), "credentials-missing");
    let page = browser.follow(&sent);
    assert_eq!(page.status(), Some(200));
    assert!(page.text().contains("<h1>Sign in to stage</h1>"));

    let wrong = browser.sign_in(&page, "alice", "wrong horse");
    assert_eq!(wrong.status(), Some(401));
    assert_eq!(
        wrong.field("countersign-cause"),
        Some("credentials-rejected")
    );
    assert!(
        wrong
            .field("www-authenticate")
            .unwrap()
            .starts_with("Cookie realm=\"stage\"")
    );
    assert!(wrong.text().contains(WRONG) && wrong.text().contains("value=\"alice\""));
    assert_eq!(browser.cookie(COOKIE), None);

    let right = browser.sign_in(&wrong, "alice", "correct horse");
    assert_eq!(right.status(), Some(303));
    assert_eq!(
        right.field("location"),
        Some("/app/orders?page=2&sort=a%20b")
    );
    let set = right.field("set-cookie").unwrap();
    let (value, attributes) = set.split_once(';').unwrap();
    assert!(value.starts_with(&format!("{COOKIE}=")) && value.len() == COOKIE.len() + 44);
    assert_eq!(attributes, " Path=/; HttpOnly; SameSite=Lax; Secure");
    assert!(upstream.has_heard_nothing());

    let app = browser.follow(&right);
    assert_eq!(app.status(), Some(200));
    let heard = upstream.next().message;
    assert_eq!(heard.line(), "GET /app/orders?page=2&sort=a%20b HTTP/1.1");
    assert_eq!(heard.field("x-auth-user"), Some("alice"));
    assert_eq!(heard.field("x-auth-scheme"), Some("session"));
    assert_eq!(heard.field("cookie"), None);

    let account = browser.visit("/.countersign/account");
    assert!(account.text().contains("<strong>alice</strong>"));
    assert!(
        account
            .text()
            .contains("Firefox, Linux</strong> <span class=\"here\">(this browser)")
    );
    let kept = browser.cookie(COOKIE).unwrap().to_owned();
    let out = browser.post(
        "/.countersign/sign-out",
        &[("token", account.hidden("token"))],
    );
    assert_eq!(out.status(), Some(200));
    assert!(out.text().contains("You are signed out"));
    assert_eq!(browser.cookie(COOKIE), None);

    // Whoever has kept the cookie is refused at the next request.
    browser.keep(COOKIE, &kept);
    assert_eq!(
        browser.fetch_until_refused("/app/orders"),
        "session-revoked"
    );
    let log = stage.close().log;
    assert!(
        log.contains("\"event\":\"signed-in\",\"user\":\"alice\""),
        "{log}"
    );
    assert!(log.contains("\"event\":\"session-ended\",\"user\":\"alice\""));
    assert!(log.contains("\"event\":\"sign-in-refused\",\"cause\":\"credentials-rejected\""));
    for secret in ["correct horse", "correct+horse", "wrong", &kept] {
        assert!(!log.contains(secret), "{secret}");
    }
}

#[test]
fn a_script_gets_a_401_that_it_can_read() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let mut browser = Browser::at(&stage);
    let answer = browser.fetch("/app/data");
    assert_eq!(
        (answer.status(), answer.cause()),
        (Some(401), "credentials-missing")
    );
    assert_eq!(
        answer.field("content-type"),
        Some("application/problem+json")
    );
    browser.keep(COOKIE, "made-up");
    assert_eq!(browser.fetch("/app/data").cause(), "session-unknown");
}

#[test]
fn a_lost_form_is_told_of_before_and_after_signing_in() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let mut browser = Browser::at(&stage);
    let sent = browser.post_from(
        "/app/save",
        "/app/edit?id=1",
        &[("text", "a long text".into())],
    );
    assert_eq!(sent.status(), Some(303));
    let page = browser.follow(&sent);
    assert!(page.text().contains("was not delivered. Keep a copy"));
    let told = browser.sign_in(&page, "alice", "correct horse");
    assert_eq!(told.status(), Some(200));
    assert!(
        told.text()
            .contains("What you sent before was not delivered")
    );
    assert!(told.text().contains("<a href=\"/app/edit?id=1\""));
    assert!(browser.cookie(COOKIE).is_some() && upstream.has_heard_nothing());
}

#[test]
fn forms_in_many_tabs_can_all_be_posted() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let mut browser = Browser::at(&stage);
    let tabs: Vec<_> = ["/app/1", "/app/2", "/app/3"]
        .map(|target| {
            let sent = browser.visit(target);
            (target, browser.follow(&sent))
        })
        .into();
    for (target, page) in tabs.into_iter().rev() {
        let answer = browser.sign_in(&page, "alice", "correct horse");
        assert_eq!(answer.field("location"), Some(target));
    }
}

#[test]
fn who_is_signed_in_goes_on_from_the_sign_in_page() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let mut browser = signed_in(&stage);
    let answer = browser.visit("/.countersign/sign-in?return=/app/x");
    assert_eq!(
        (answer.status(), answer.field("location")),
        (Some(303), Some("/app/x"))
    );
}

#[test]
fn the_language_is_the_browsers() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let mut browser = Browser::at(&stage);
    browser.language = "de-AT,de;q=0.9,en;q=0.5";
    let page = browser.visit("/.countersign/sign-in");
    assert!(page.text().contains("<html lang=\"de\">") && page.text().contains("Passwort"));
}

#[test]
fn methods_that_a_page_does_not_have_are_named() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let answer = stage.ask("DELETE /.countersign/account HTTP/1.1\r\nHost: a.example\r\n\r\n");
    assert_eq!(
        (answer.status(), answer.field("allow")),
        (Some(405), Some("GET, HEAD, POST"))
    );
}

#[test]
fn attack_64_a_session_is_its_users_and_a_digest_at_rest() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let browser = signed_in(&stage);
    let value = browser.cookie(COOKIE).unwrap().to_owned();
    let digest = SessionSecret::parse(value.as_bytes()).unwrap().digest();
    let record = wait_for(stage.other_store().session(&digest))
        .unwrap()
        .unwrap();
    assert_eq!(&*record.user, "alice");
    let closed = stage.close();
    drop(closed.store);
    for file in std::fs::read_dir(closed.folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert_eq!(crate::stage::find(&bytes, value.as_bytes()), None);
    }
}

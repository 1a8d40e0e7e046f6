//! A route that wants a sign-in of late: its user proves it once more, comes back, and has another session.

use countersign_secret::session::{SessionId, SessionSecret};
use countersign_secret::totp::TotpSecret;
use countersign_store::{NewSession, NewTotp, Store};

use super::browser::Browser;
use super::second_factor::{code, fields};
use super::{COOKIE, now_unix_secs, sessions};
use crate::stage::upstream::Upstream;
use crate::stage::{Play, Stage, wait_for};

const VAULT: &str = r#"
[[route]]
name = "vault"
path = "/vault/**"
upstream = "app"
accept = ["session", "basic"]
allow = { sign_in_age_max_secs = 600 }

[[route]]
name = "guarded"
path = "/guarded/**"
upstream = "app"
accept = ["session"]
allow = { identity = true }
deny = { users = ["alice"] }
"#;

fn stage(upstream: &Upstream, remembered_secs: u32) -> Stage {
    let play = Play {
        more: VAULT,
        remembered_secs,
        ..Play::default()
    };
    play.open(upstream.address())
}

/// A browser with a session of `alice` that was begun an hour ago.
fn with_old_session(stage: &Stage) -> Browser {
    let store = stage.other_store();
    let user = wait_for(store.user("alice")).unwrap().unwrap();
    let secret = SessionSecret::mint(&[5; 32]);
    let new = NewSession {
        groups: Vec::new(),
        provider: None,
        signed_in_unix_secs: None,
        id: SessionId::mint(&[5; 9]),
        digest: secret.digest(),
        user_id: user.id,
        user_version: user.version,
        method: "password".into(),
        second_factor: false,
        device: None,
        address: "127.0.0.1".into(),
        idle_secs: 28_800,
        expires_unix_secs: now_unix_secs() + 86_400,
        per_user_max: 50,
    };
    assert!(wait_for(store.begin_session(new, now_unix_secs() - 3_600)).unwrap());
    let mut browser = Browser::at(stage);
    browser.keep(COOKIE, secret.expose());
    browser
}

#[test]
fn an_old_sign_in_is_made_anew_and_the_way_back_holds() {
    let upstream = Upstream::content();
    for remembered_secs in [0, 60] {
        let stage = stage(&upstream, remembered_secs);
        let mut browser = with_old_session(&stage);
        let before = (browser.cookie(COOKIE).unwrap().to_owned(), sessions(&stage));
        assert_eq!(browser.visit("/app/x").status(), Some(200));

        let script = browser.fetch("/vault/x");
        assert_eq!(
            (script.status(), script.cause()),
            (Some(401), "sign-in-too-old")
        );
        let answer = browser.visit("/vault/x?a=b");
        assert_eq!(answer.status(), Some(303));
        let page = browser.follow(&answer);
        assert_eq!(page.status(), Some(200));
        let text = page.text();
        assert!(
            text.contains("Please show once more that it is you."),
            "{text}"
        );
        assert!(text.contains("value=\"alice\""), "{text}");

        // Who turns back, or types it wrong, has the session as before.
        assert_eq!(browser.sign_in(&page, "alice", "wrong").status(), Some(401));
        assert_eq!(browser.visit("/app/x").status(), Some(200));
        assert_eq!(browser.cookie(COOKIE), Some(&*before.0));

        let answer = browser.sign_in(&page, "alice", "correct horse");
        assert_eq!(answer.field("location"), Some("/vault/x?a=b"));
        assert_eq!(browser.follow(&answer).status(), Some(200));
        assert_ne!(browser.cookie(COOKIE), Some(&*before.0));
        let after = sessions(&stage);
        assert_eq!(after.len(), 1);
        assert_ne!(after, before.1);

        // The former one is over.
        let mut former = Browser::at(&stage);
        former.keep(COOKIE, &before.0);
        assert_eq!(former.fetch_until_refused("/app/x"), "session-revoked");
    }
}

#[test]
fn another_password_makes_no_sign_in_of_late() {
    let upstream = Upstream::content();
    let stage = stage(&upstream, 60);
    let mut browser = with_old_session(&stage);
    let page = browser.visit("/.countersign/account");
    let fields = [
        ("token", page.hidden("token")),
        ("present", "correct horse".to_owned()),
        ("new", "staple battery".to_owned()),
        ("again", "staple battery".to_owned()),
    ];
    let changed = browser.post("/.countersign/account/password", &fields);
    assert!(
        changed
            .field("location")
            .unwrap()
            .ends_with("password-changed")
    );
    assert_eq!(browser.fetch("/app/x").status(), Some(200));
    assert_eq!(browser.fetch("/vault/x").cause(), "sign-in-too-old");
}

#[test]
fn whoever_has_a_second_factor_shows_it_once_more() {
    let upstream = Upstream::content();
    let stage = stage(&upstream, 60);
    let mut browser = with_old_session(&stage);
    let store = stage.other_store();
    let user = wait_for(store.user("alice")).unwrap().unwrap();
    let new = NewTotp {
        user_id: user.id,
        user_version: user.version,
        secret: TotpSecret::new([7; 20]),
        used_step: 0,
        recovery: Vec::new(),
    };
    assert!(
        wait_for(store.set_totp(new, now_unix_secs()))
            .unwrap()
            .is_some()
    );
    // The sessions of before have ended with the change: it is signed in once with both, and goes on.
    let answer = browser.visit("/vault/x");
    let page = browser.follow(&answer);
    let asked = browser.sign_in(&page, "alice", "correct horse");
    assert!(asked.text().contains("<h1>Second factor</h1>"));
    assert_ne!(browser.fetch("/vault/x").status(), Some(200));
    let typed = code(&[7; 20], now_unix_secs() / 30);
    let answer = browser.post("/.countersign/sign-in/code", &fields(&asked, &typed));
    assert_eq!(answer.field("location"), Some("/vault/x"));
    assert_eq!(browser.follow(&answer).status(), Some(200));
}

#[test]
fn a_password_by_basic_and_a_refused_user_do_not_get_in() {
    let upstream = Upstream::content();
    let stage = stage(&upstream, 60);
    let basic = stage.ask(
        "GET /vault/x HTTP/1.1\r\nHost: a.example\r\nAuthorization: Basic YWxpY2U6Y29ycmVjdCBob3JzZQ==\r\n\r\n",
    );
    assert_eq!(
        (basic.status(), basic.cause()),
        (Some(401), "sign-in-too-old")
    );
    let mut browser = with_old_session(&stage);
    let guarded = browser.visit("/guarded/x");
    assert_eq!(
        (guarded.status(), guarded.cause()),
        (Some(403), "identity-not-allowed")
    );
}

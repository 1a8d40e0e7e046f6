//! Sessions beside what else a gateway does: reloads, tunnels, logs and figures.

use countersign_store::Store as _;

use super::browser::Browser;
use super::{COOKIE, signed_in};
use crate::stage::upstream::Upstream;
use crate::stage::{Play, usual, wait_for};

const SOCKET: &str = "[[route]]\nname = \"socket\"\npath = \"/socket\"\nupstream = \"app\"\naccept = [\"session\"]\n\
    allow = { identity = true }\nupgrade = [\"websocket\"]\n";
const WISH: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\n";

#[test]
fn a_new_key_of_forms_is_taken_up_by_a_reload_and_open_forms_are_still_posted() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let mut browser = Browser::at(&stage);
    let page = browser.visit("/.countersign/sign-in");
    let store = stage.other_store();
    let now = super::now_unix_secs();
    wait_for(store.rotate_form_key(now)).unwrap();
    stage.reload(&Play::default(), upstream.address()).unwrap();
    let answer = browser.sign_in(&page, "alice", "correct horse");
    assert_eq!(answer.status(), Some(303), "{answer:?}");
    // A new one is sealed with the new key.
    let mut other = Browser::at(&stage);
    let page = other.visit("/.countersign/sign-in");
    assert_eq!(
        other.sign_in(&page, "alice", "correct horse").status(),
        Some(303)
    );
}

#[test]
fn sessions_and_open_forms_outlast_a_reload() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let mut browser = signed_in(&stage);
    let mut other = Browser::at(&stage);
    let page = other.visit("/.countersign/sign-in");
    let play = Play {
        sections: "[session]\nper_user_max = 7\n",
        ..Play::default()
    };
    stage.reload(&play, upstream.address()).unwrap();
    assert_eq!(browser.fetch("/app/x").status(), Some(200));
    let answer = other.sign_in(&page, "alice", "correct horse");
    assert_eq!(answer.status(), Some(303), "{answer:?}");
    assert_eq!(other.fetch("/app/x").status(), Some(200));
}

#[test]
fn settings_of_sessions_are_reloaded_with_all_others() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let mut browser = signed_in(&stage);
    let named = "[session]\ncookie = \"__Host-other\"\n";
    let refused = Play {
        sections: named,
        limits: "password_queue_max = 5\n",
        ..Play::default()
    };
    stage.reload(&refused, upstream.address()).unwrap_err();
    assert_eq!(browser.fetch("/app/x").status(), Some(200), "nothing of it");
    let taken = Play {
        sections: named,
        ..Play::default()
    };
    stage.reload(&taken, upstream.address()).unwrap();
    assert_eq!(browser.fetch("/app/x").cause(), "credentials-missing");
    let value = browser.cookie(COOKIE).unwrap().to_owned();
    browser.keep("__Host-other", &value);
    assert_eq!(browser.fetch("/app/x").status(), Some(200));
}

#[test]
fn rfc6455_section_10_2_a_page_of_another_origin_gets_no_web_socket() {
    let upstream = Upstream::played(|mut connection| {
        if connection.hear().is_some() {
            connection.say(
                b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                  Set-Cookie: __Host-countersign=planted; Path=/; Secure\r\nSet-Cookie: theirs=1\r\n\r\n",
            );
        }
    });
    let play = Play {
        sections: SOCKET,
        ..Play::default()
    };
    let stage = play.open(upstream.address());
    let browser = signed_in(&stage);
    let cookie = browser.cookie(COOKIE).unwrap().to_owned();
    let ask = |origin: &str| {
        stage.ask(format!(
            "GET /socket HTTP/1.1\r\nHost: a.example\r\nCookie: {COOKIE}={cookie}\r\n{WISH}Origin: {origin}\r\n\r\n"
        ))
    };
    for origin in ["https://evil.example", "https://b.a.example", "null"] {
        let answer = ask(origin);
        assert_eq!(
            (answer.status(), answer.cause()),
            (Some(403), "csrf-failed"),
            "{origin}"
        );
    }
    assert!(upstream.has_heard_nothing());
    let answer = ask("https://a.example");
    assert_eq!(answer.status(), Some(101));
    let set = answer.fields("set-cookie");
    assert_eq!(set, ["theirs=1"], "the 101 sets no session either");
    assert_eq!(upstream.next().message.field("cookie"), None);
}

#[test]
fn sign_ins_and_requests_by_session_are_counted() {
    let upstream = Upstream::content();
    let play = Play {
        sections: "[admin]\nlisten = [\"127.0.0.1:0\"]\n",
        ..Play::default()
    };
    let stage = play.open(upstream.address());
    let mut browser = signed_in(&stage);
    let mut other = Browser::at(&stage);
    let page = other.visit("/.countersign/sign-in");
    assert_eq!(other.sign_in(&page, "alice", "wrong").status(), Some(401));
    browser.keep(COOKIE, &"A".repeat(43));
    assert_eq!(browser.fetch("/app/x").status(), Some(401));
    let request = "GET /metrics HTTP/1.1\r\nHost: a.example\r\n\r\n";
    let figures = stage.admin().send(request).answer().text();
    for line in [
        "countersign_sign_ins_total 1\n",
        "countersign_sign_ins_refused_total{cause=\"credentials-rejected\"} 1\n",
        "countersign_requests_refused_total{route=\"app\",cause=\"session-unknown\",scheme=\"session\"} 1\n",
    ] {
        assert!(figures.contains(line), "{line}{figures}");
    }
}

#[test]
fn the_access_log_has_the_user_of_a_session() {
    let upstream = Upstream::content();
    let play = Play {
        sections: "[log]\naccess = \"common\"\n",
        ..Play::default()
    };
    let stage = play.open(upstream.address());
    let mut browser = signed_in(&stage);
    assert_eq!(browser.fetch("/app/x").status(), Some(200));
    browser.visit("/.countersign/account");
    let mut other = Browser::at(&stage);
    let page = other.visit("/.countersign/sign-in");
    // What was typed is nobody until it is verified.
    other.sign_in(&page, "alice", "wrong");
    let cookie = browser.cookie(COOKIE).unwrap().to_owned();
    drop((browser, other));
    let closed = stage.close();
    let who = |request: &str| -> Vec<String> {
        let lines = closed.access.lines().filter(|line| line.contains(request));
        lines
            .map(|line| line.split(' ').nth(2).unwrap().to_owned())
            .collect()
    };
    assert_eq!(who("\"GET /app/x "), ["alice"]);
    assert_eq!(who("\"GET /.countersign/account "), ["alice"]);
    assert_eq!(who("\"POST /.countersign/sign-in "), ["alice", "-"]);
    assert!(!closed.access.contains(&cookie) && !closed.log.contains(&cookie));
}

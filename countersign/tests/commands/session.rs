//! `session list` and `session revoke`.

use countersign_secret::session::{SessionId, SessionSecret};
use countersign_store::{NewSession, Options, SqliteStore, Store as _};
use serde_json::json;

use crate::room::{Ran, Room};

const NOTICED_BUT_OPEN: &str =
    "running gateways notice within a tenth of a second, and let WebSockets that are open go on";

fn id(number: u8) -> String {
    SessionId::mint(&[number; 9]).to_string()
}

/// A store with `alice` and `bob`, and sessions as a browser would have begun them at this time.
fn room_with_sessions(users: &[(u8, &str)], now_unix_secs: i64) -> Room {
    let room = Room::initialised();
    for name in ["alice", "bob"] {
        room.good_with(&["user", "add", name], b"correct horse battery\n");
    }
    let path = room.path("countersign.db");
    let store = SqliteStore::open(&path, Options::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    for (number, name) in users {
        let user = runtime.block_on(store.user(name)).unwrap().unwrap();
        let session = NewSession {
            provider: None,
            signed_in_unix_secs: None,
            id: SessionId::mint(&[*number; 9]),
            digest: SessionSecret::mint(&[*number; 32]).digest(),
            user_id: user.id,
            user_version: user.version,
            method: "password".into(),
            second_factor: false,
            groups: Vec::new(),
            device: Some("a \u{1b}[31mbrowser".into()),
            address: "192.0.2.1".into(),
            idle_secs: 600,
            expires_unix_secs: now_unix_secs + 3600,
            per_user_max: 10,
        };
        assert!(
            runtime
                .block_on(store.begin_session(session, now_unix_secs))
                .unwrap()
        );
    }
    room
}

/// So far ahead that no session ends while the test runs.
const AHEAD: i64 = 32_503_680_000;

#[test]
fn another_key_for_forms_is_drawn_and_no_session_ends() {
    let room = room_with_sessions(&[(1, "alice")], AHEAD);
    let keys = || {
        let store = SqliteStore::open(&room.path("countersign.db"), Options::default()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let keys = runtime.block_on(store.form_keys()).unwrap();
        let keys = keys.iter().map(|record| *record.key.expose());
        keys.collect::<Vec<_>>()
    };
    let before = keys();
    let ran = room.run(&["session", "rotate-key"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("reload every running gateway"),
        "{}",
        ran.stderr
    );
    let after = keys();
    assert_eq!((after.len(), after.get(1..)), (2, Some(&*before)));
    let listed = room.json(&["session", "list", "--json"]);
    assert_eq!(listed.as_array().unwrap().len(), 1);
    let acts = room.json(&["audit", "list", "--json"]);
    assert_eq!(
        (&acts[0]["act"], &acts[0]["outcome"]),
        (&"session.rotate-key".into(), &"done".into())
    );
}

#[test]
fn sessions_are_listed_and_ended_one_by_one_and_by_user() {
    let room = room_with_sessions(&[(1, "alice"), (2, "alice"), (3, "bob")], AHEAD);
    let listed = room.json(&["session", "list", "--user", "bob", "--json"]);
    let bobs = json!([{
        "id": id(3), "user": "bob", "method": "password", "device": "a \u{1b}[31mbrowser",
        "address": "192.0.2.1", "created": "<time>", "last_used": "<time>", "expires": "<time>",
    }]);
    assert_eq!(listed, bobs);
    let text = room.good(&["session", "list"]);
    assert_eq!(text.lines().count(), 4, "{text}");
    assert!(!text.contains('\u{1b}'), "{text:?}");

    assert_eq!(
        room.run(&["session", "revoke", &id(1)]),
        Ran {
            code: 0,
            stdout: String::new(),
            stderr: format!("ended the session `{}`; {NOTICED_BUT_OPEN}\n", id(1)),
        }
    );
    assert_eq!(
        room.run(&["session", "revoke", "--user", "alice"]),
        Ran {
            code: 0,
            stdout: String::new(),
            stderr: format!("ended 1 sessions of `alice`; {NOTICED_BUT_OPEN}\n"),
        }
    );
    assert_eq!(room.json(&["session", "list", "--json"]), bobs);
}

#[test]
fn what_is_no_session_is_said() {
    let room = room_with_sessions(&[], AHEAD);
    assert_eq!(
        room.run(&["session", "list"]),
        Ran {
            code: 0,
            stdout: String::new(),
            stderr: "nobody is signed in\n".into(),
        }
    );
    let absent = room.bad(1, &["session", "revoke", &id(9)]);
    assert!(
        absent.contains(&format!("there is no session `{}`", id(9))),
        "{absent}"
    );
    let unread = room.bad(2, &["session", "revoke", "x"]);
    assert!(unread.contains("`x` is no id of a session"), "{unread}");
    let nobody = room.bad(1, &["session", "revoke", "--user", "nobody"]);
    assert!(nobody.contains("there is no user `nobody`"), "{nobody}");
    room.bad(2, &["session", "revoke"]);
    room.bad(2, &["session", "revoke", &id(1), "--user", "alice"]);
}

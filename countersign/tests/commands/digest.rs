//! `user digest`, and what the other commands make of it.

use countersign_store::{DigestName, Options, SqliteStore, Store as _};
use serde_json::json;

use crate::room::{Ran, Room};

const PASSWORD: &[u8] = b"correct horse battery\n";
const NOTICED: &str = "running gateways notice within a tenth of a second";
const NOTICED_BUT_OPEN: &str =
    "running gateways notice within a tenth of a second, and let WebSockets that are open go on";

fn room_with_alice() -> Room {
    let room = Room::initialised();
    room.good_with(&["user", "add", "alice"], PASSWORD);
    room
}

fn shown(room: &Room) -> serde_json::Value {
    room.json(&["user", "show", "alice", "--json"])["digest"].clone()
}

/// What the store has of a user for one realm: each algorithm with its secret.
fn secrets_of(room: &Room, name: &str, realm: &str) -> Vec<(&'static str, String)> {
    let path = room.path("countersign.db");
    let store = SqliteStore::open(&path, Options::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let of = |algorithm| {
        let asked = store.digest(DigestName::Plain(name), realm, algorithm);
        let account = runtime.block_on(asked).unwrap()?;
        Some((algorithm, account.secret.expose().clone()))
    };
    ["SHA-256", "SHA-512-256", "MD5"]
        .into_iter()
        .filter_map(of)
        .collect()
}

fn secrets(room: &Room) -> Vec<(&'static str, String)> {
    secrets_of(room, "alice", "countersign")
}

#[test]
fn digest_is_switched_on_kept_on_by_passwd_and_switched_off() {
    let room = room_with_alice();
    assert_eq!(shown(&room), json!(null));
    assert_eq!(
        room.run_with(&["user", "digest", "alice", "on"], PASSWORD),
        Ran {
            code: 0,
            stdout: String::new(),
            stderr: format!(
                "switched Digest on for `alice`, in realm `countersign` with SHA-256, SHA-512-256; {NOTICED}\n"
            ),
        }
    );
    let state = json!({ "realm": "countersign", "algorithms": ["SHA-256", "SHA-512-256"] });
    assert_eq!(shown(&room), state);
    let text = room.good(&["user", "show", "alice"]);
    assert!(
        text.contains("digest:         on, in realm countersign with SHA-256, SHA-512-256\n"),
        "{text}"
    );
    let before = secrets(&room);
    room.good_with(&["user", "passwd", "alice"], b"another horse\n");
    assert_eq!(shown(&room), state);
    let after = secrets(&room);
    assert!(after.len() == 2 && after != before);

    assert_eq!(
        room.run(&["user", "digest", "alice", "off"]),
        Ran {
            code: 0,
            stdout: String::new(),
            stderr: format!("switched Digest off for `alice`; {NOTICED_BUT_OPEN}\n"),
        }
    );
    assert_eq!(shown(&room), json!(null));
    assert!(secrets(&room).is_empty());
}

#[test]
fn rfc7616_section_3_4_2_what_is_kept_is_the_hash_of_user_realm_and_password() {
    let room = Room::initialised();
    let config = std::fs::read_to_string(room.path("countersign.toml")).unwrap();
    let config = config.replace(
        "realm = \"countersign\"",
        "realm = \"http-auth@example.org\"",
    );
    let digest = "\n[digest]\nalgorithms = [\"SHA-256-sess\", \"MD5\", \"SHA-256\"]\n";
    room.write("countersign.toml", config + digest);
    room.good_with(&["user", "add", "Mufasa"], b"Circle of Life\n");
    room.good_with(&["user", "digest", "Mufasa", "on"], b"Circle of Life\n");
    // H("Mufasa:http-auth@example.org:Circle of Life"), as `sha256sum` and `md5sum` have it.
    let expected = [
        (
            "SHA-256",
            "7987c64c30e25f1b74be53f966b49b90f2808aa92faf9a00262392d7b4794232",
        ),
        ("MD5", "3d78807defe7de2157e2b0b6573a855f"),
    ];
    let expected = expected.map(|(name, secret)| (name, secret.to_owned()));
    let found = secrets_of(&room, "Mufasa", "http-auth@example.org");
    assert_eq!(found, expected);
}

#[test]
fn a_password_that_is_not_the_users_switches_nothing_on() {
    let room = room_with_alice();
    assert_eq!(
        room.bad_with(1, &["user", "digest", "alice", "on"], b"another horse\n"),
        "error: this is not the password of `alice`\n\
         help: `countersign user passwd NAME` sets another, and then that one can be used\n"
    );
    assert_eq!(
        room.bad_with(1, &["user", "digest", "nobody", "on"], PASSWORD),
        "error: there is no user `nobody`\n\
         help: `countersign user list` shows the users of this store\n"
    );
    assert_eq!(
        room.bad(1, &["user", "digest", "nobody", "off"]),
        "error: there is no user `nobody`\n\
         help: `countersign user list` shows the users of this store\n"
    );
    assert!(secrets(&room).is_empty());
}

#[test]
fn without_a_configuration_there_is_no_realm() {
    let room = room_with_alice();
    let arguments = ["user", "digest", "alice", "on", "--store", "countersign.db"];
    assert_eq!(
        room.bad_with(2, &arguments, PASSWORD),
        "error: Digest is for a realm, and only the configuration names one\nhelp: leave `--store` out\n"
    );
    room.good_with(&["user", "digest", "alice", "on"], PASSWORD);
    let before = secrets(&room);
    // Where it is on already, its realm is known.
    let arguments = ["user", "passwd", "alice", "--store", "countersign.db"];
    room.good_with(&arguments, b"another horse\n");
    let after = secrets(&room);
    assert!(after.len() == 2 && after != before);
    let arguments = [
        "user",
        "digest",
        "alice",
        "off",
        "--store",
        "countersign.db",
    ];
    room.good(&arguments);
    assert!(secrets(&room).is_empty());
}

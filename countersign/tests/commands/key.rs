//! `key`.

use serde_json::json;

use crate::room::{Ran, Room};

const NOTICED: &str = "running gateways notice within a tenth of a second";
const NOTICED_BUT_OPEN: &str =
    "running gateways notice within a tenth of a second, and let WebSockets that are open go on";

fn room_with_alice() -> Room {
    let room = Room::new();
    room.good_with(
        &["user", "add", "alice", "--store", "s.db"],
        b"correct horse\n",
    );
    room
}

/// The id within a key.
fn id_of(key: &str) -> String {
    key.split('_').nth(1).unwrap().to_owned()
}

#[test]
fn a_key_alone_is_on_stdout_and_the_default_lifetime_is_said() {
    let room = room_with_alice();
    let Ran {
        code,
        stdout,
        stderr,
    } = room.run(&["key", "create", "--owner", "alice", "--store", "s.db"]);
    let key = stdout.trim_end();
    assert_eq!((code, key.len(), stdout.lines().count()), (0, 55, 1));
    assert!(key.starts_with("csk_"));
    assert_eq!(
        stderr,
        format!(
            "made the key `{}` of `alice`, taken until <time> (90 days, where `--expires` says nothing else); {NOTICED}\n\
             the key, which is not shown again:\n",
            id_of(key)
        )
    );
    assert!(
        !room
            .good(&["key", "list", "--json", "--store", "s.db"])
            .contains(key)
    );
}

#[test]
fn an_object_has_the_key_and_its_attributes() {
    let room = Room::new();
    let arguments = [
        "key",
        "create",
        "--service",
        "backup",
        "--label",
        "nightly",
        "--scope",
        "a:read",
        "--scope",
        "b",
        "--scope",
        "b",
        "--expires",
        "2999-12-31",
        "--from",
        "10.0.0.0/8",
        "--from",
        "2001:db8::1",
        "--json",
        "--store",
        "s.db",
    ];
    let made = room.json(&arguments);
    let key = made["key"].as_str().unwrap();
    let id = id_of(key);
    let mut expected = json!({
        "key": key, "id": id, "owner": "backup", "owner_kind": "service", "label": "nightly", "made_by": "operator", "scopes": ["a:read", "b"],
        "networks": ["10.0.0.0/8", "2001:db8::1/128"], "state": "active", "created": "<time>", "expires": "<time>",
        "revoked": null, "replaced_by": null, "last_used": null,
    });
    assert_eq!(made, expected);
    expected.as_object_mut().unwrap().remove("key");
    assert_eq!(
        room.json(&["key", "list", "--json", "--store", "s.db"]),
        json!([expected])
    );
}

#[test]
fn the_life_of_a_key() {
    let room = room_with_alice();
    let run = |arguments: &[&str]| room.run(&[arguments, &["--store", "s.db"]].concat());
    let key = run(&[
        "key",
        "create",
        "--owner",
        "alice",
        "--label",
        "ci",
        "--expires",
        "never",
    ]);
    assert!(
        key.stderr.contains("` of `alice`, taken for ever; "),
        "{}",
        key.stderr
    );
    let old = id_of(&key.stdout);
    let rotated = run(&["key", "rotate", &old, "--grace", "1h"]);
    let new = id_of(&rotated.stdout);
    assert_eq!(
        rotated.stderr,
        format!(
            "made the key `{new}` in the place of `{old}`, which is taken until <time>; {NOTICED}\n\
             the key, which is not shown again:\n"
        )
    );
    let list = || {
        room.json(&[
            "key", "list", "--owner", "alice", "--json", "--store", "s.db",
        ])
    };
    let state = |id: &str| {
        let list = list();
        let key = list
            .as_array()
            .unwrap()
            .iter()
            .find(|key| key["id"] == id)
            .unwrap()
            .clone();
        (
            key["state"].as_str().unwrap().to_owned(),
            key["label"].clone(),
            key["replaced_by"].clone(),
        )
    };
    assert_eq!(
        state(&old),
        ("ending".to_owned(), "ci".into(), new.as_str().into())
    );
    assert_eq!(state(&new), ("active".to_owned(), "ci".into(), json!(null)));
    assert_eq!(
        room.bad(1, &["key", "rotate", &old, "--store", "s.db"]),
        format!(
            "error: the API key `{old}` is revoked\nhelp: `countersign key create` makes a new one\n"
        )
    );
    let revoked = |words| Ran {
        code: 0,
        stdout: String::new(),
        stderr: words,
    };
    assert_eq!(
        run(&["key", "revoke", &old]),
        revoked(format!("revoked `{old}`; {NOTICED_BUT_OPEN}\n"))
    );
    assert_eq!(
        run(&["key", "revoke", &old]),
        revoked(format!("`{old}` is revoked since <time> already\n"))
    );
    assert_eq!(state(&old).0, "revoked");
    run(&["user", "delete", "alice"]);
    assert_eq!(state(&new).0, "revoked");
}

#[test]
fn a_time_that_cannot_be_read_is_answered_with_all_forms() {
    let room = Room::new();
    for given in ["2026-12-31T18:00:00", "1y", "-1d"] {
        let stderr = room.bad(2, &["key", "create", "--service", "ci", "--expires", given]);
        let [value, forms] = [
            format!("invalid value '{given}' for '--expires <WHEN>'"),
            "`90d` (`s`, `m`, `h`, `d` or `w`), a date such as `2026-12-31`, a time with its offset such as `<time>`".to_owned(),
        ];
        assert!(
            stderr.contains(&value) && stderr.contains(&forms),
            "{stderr}"
        );
    }
}

#[test]
fn keys_are_listed_in_columns() {
    let room = Room::new();
    let made = room.good(&[
        "key",
        "create",
        "--service",
        "ci",
        "--scope",
        "a",
        "--from",
        "10.0.0.0/8",
        "--from",
        "2001:db8::1",
        "--expires",
        "never",
        "--store",
        "s.db",
    ]);
    assert_eq!(
        room.good(&["key", "list", "--store", "s.db"]),
        format!(
            "ID            OWNER         STATE   CREATED               EXPIRES  LAST USED  SCOPES  FROM                        LABEL\n\
             {}  ci (service)  active  <time>  never    -          a       10.0.0.0/8,2001:db8::1/128  -\n",
            id_of(&made)
        )
    );
    let none = room.run(&["key", "list", "--owner", "nobody", "--store", "s.db"]);
    assert_eq!(
        none,
        Ran {
            code: 0,
            stdout: String::new(),
            stderr: "there are no such keys: `countersign key create` makes one\n".to_owned()
        }
    );
}

#[test]
fn a_whole_key_is_taken_for_its_id_and_never_shown() {
    let room = Room::new();
    let key = room.good(&["key", "create", "--service", "ci", "--store", "s.db"]);
    let key = key.trim_end();
    let ran = room.run(&["key", "revoke", key, "--store", "s.db"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str(), ran.stderr),
        (
            0,
            "",
            format!(
                "a whole key was given: it may be kept in the history of the shell; its id is enough\n\
                 revoked `{}`; {NOTICED_BUT_OPEN}\n",
                id_of(key)
            )
        )
    );
    // One character short: its checksum cannot fit, and what is left of it is no less secret.
    let cut = &key[..key.len() - 1];
    assert_eq!(
        room.bad(2, &["key", "revoke", cut, "--store", "s.db"]),
        "error: the key given is damaged: an API key has 55 characters and its id 12\n\
         help: its id alone is enough: the 12 characters after `csk_`\n"
    );
    let secret = key.split('_').nth(2).unwrap();
    assert_eq!(
        room.bad(2, &["key", "rotate", secret, "--store", "s.db"]),
        "error: the id given is none: an id has 12 letters and digits\nhelp: `countersign key list` shows the ids\n"
    );
}

#[test]
fn an_unknown_id_is_not_found() {
    let room = room_with_alice();
    let expected = "error: there is no API key `abcdefghijkl`\nhelp: `countersign key list` shows the keys of this store\n";
    assert_eq!(
        room.bad(1, &["key", "revoke", "abcdefghijkl", "--store", "s.db"]),
        expected
    );
    assert_eq!(
        room.bad(1, &["key", "rotate", "abcdefghijkl", "--store", "s.db"]),
        expected
    );
}

#[test]
fn an_owner_is_a_user_and_a_service_is_none() {
    let room = room_with_alice();
    assert_eq!(
        room.bad(
            1,
            &["key", "create", "--owner", "nobody", "--store", "s.db"]
        ),
        "error: there is no user `nobody`\nhelp: `countersign user list` shows the users of this store\n"
    );
    assert_eq!(
        room.bad(
            1,
            &["key", "create", "--service", "alice", "--store", "s.db"]
        ),
        "error: `alice` is the name of a user\nhelp: `--owner NAME` makes a key of that user\n"
    );
    room.good(&["key", "create", "--service", "ci", "--store", "s.db"]);
    assert_eq!(
        room.bad_with(
            1,
            &["user", "add", "ci", "--store", "s.db"],
            b"correct horse\n"
        ),
        "error: `ci` is the name of a service that has API keys\n\
         help: choose another name, or revoke the keys of the service\n"
    );
    room.bad(2, &["key", "create", "--store", "s.db"]);
    room.bad(
        2,
        &[
            "key",
            "create",
            "--owner",
            "alice",
            "--service",
            "ci",
            "--store",
            "s.db",
        ],
    );
}

#[test]
fn attributes_that_cannot_be_are_refused() {
    let room = room_with_alice();
    let bad = |arguments: &[&str]| {
        room.bad(
            2,
            &[
                &["key", "create", "--owner", "alice", "--store", "s.db"],
                arguments,
            ]
            .concat(),
        )
    };
    assert_eq!(
        bad(&["--scope", "a b"]),
        "error: `a b` cannot be a scope: it is not a scope-token\n\
         help: printable ASCII without spaces, `\"` and `\\`; give `--scope` once for each\n"
    );
    assert_eq!(
        bad(&["--expires", "2020-01-01"]),
        "error: the key would have expired already, at <time>\n"
    );
    assert_eq!(
        bad(&["--expires", "0d"]),
        "error: the key would have expired already, at <time>\n"
    );
    assert_eq!(
        bad(&["--expires", "9999-12-31"]),
        "error: `--expires` is too far away\n"
    );
    assert_eq!(
        bad(&["--label", "a\nb"]),
        "error: `a\\nb` cannot be a label: it has a control character\n"
    );
    for (arguments, words) in [
        (
            ["--expires", "soon"],
            "a date such as `2026-12-31`, a time with its offset",
        ),
        (
            ["--from", "10.0.0.1/8"],
            "the address has bits set after the prefix",
        ),
        (["--from", "here"], "not an IPv4 or IPv6 address"),
    ] {
        let stderr = bad(&arguments);
        assert!(stderr.contains(words), "{stderr}");
    }
    assert_eq!(
        room.json(&["key", "list", "--json", "--store", "s.db"]),
        json!([])
    );
}

//! `key edit`.

use serde_json::json;

use crate::room::Room;

fn room_with_key() -> (Room, String) {
    let room = Room::new();
    let arguments = [
        "key",
        "create",
        "--service",
        "ci",
        "--label",
        "nightly",
        "--scope",
        "a",
        "--scope",
        "b",
        "--from",
        "10.0.0.0/8",
        "--store",
        "s.db",
    ];
    let key = room.good(&arguments);
    let id = key.split('_').nth(1).unwrap().to_owned();
    (room, id)
}

fn edit(room: &Room, id: &str, more: &[&str]) -> serde_json::Value {
    room.json(&[&["key", "edit", id, "--json", "--store", "s.db"], more].concat())
}

#[test]
fn what_is_named_is_changed_and_the_rest_stays() {
    let (room, id) = room_with_key();
    let made = json!({
        "id": id, "owner": "ci", "owner_kind": "service", "label": "nightly", "made_by": "operator", "scopes": ["a", "b"],
        "networks": ["10.0.0.0/8"], "state": "active", "created": "<time>", "expires": "<time>", "revoked": null,
        "replaced_by": null, "last_used": null,
    });
    let with = |name: &str, value: serde_json::Value| {
        let mut changed = made.clone();
        changed[name] = value;
        changed
    };
    assert_eq!(
        edit(&room, &id, &["--label", "other"]),
        with("label", json!("other"))
    );
    assert_eq!(edit(&room, &id, &["--label", ""]), with("label", json!("")));
    edit(&room, &id, &["--label", "nightly"]);
    let scopes = edit(&room, &id, &["--scope", "c", "--scope", "c"]);
    assert_eq!(scopes, with("scopes", json!(["c"])));
    assert_eq!(
        edit(&room, &id, &["--no-scopes"]),
        with("scopes", json!([]))
    );
    edit(&room, &id, &["--scope", "a", "--scope", "b"]);
    assert_eq!(
        edit(&room, &id, &["--everywhere"]),
        with("networks", json!([]))
    );
    let network = edit(&room, &id, &["--from", "192.0.2.1"]);
    assert_eq!(network, with("networks", json!(["192.0.2.1/32"])));
    edit(&room, &id, &["--from", "10.0.0.0/8"]);
    assert_eq!(
        edit(&room, &id, &["--expires", "never"]),
        with("expires", json!(null))
    );
    assert_eq!(edit(&room, &id, &["--expires", "1d"]), made);
    let listed = room.json(&["key", "list", "--json", "--store", "s.db"]);
    assert_eq!(listed, json!([made]));
}

#[test]
fn a_person_is_told_what_the_key_is_now() {
    let (room, id) = room_with_key();
    let ran = room.run(&["key", "edit", &id, "--scope", "c", "--store", "s.db"]);
    assert_eq!(
        ran.stderr,
        format!(
            "changed the key `{id}`; running gateways notice within a tenth of a second, and let WebSockets that are open go on\n\
             it may be used from 10.0.0.0/8\n"
        )
    );
    assert_eq!(ran.stdout.lines().count(), 2);
}

#[test]
fn what_makes_no_sense_is_said() {
    let (room, id) = room_with_key();
    let bad = |code, more: &[&str]| {
        let arguments = [&["key", "edit", &id, "--store", "s.db"], more].concat();
        room.bad(code, &arguments)
    };
    bad(2, &[]);
    bad(2, &["--scope", "a", "--no-scopes"]);
    bad(2, &["--everywhere", "--from", "10.0.0.0/8"]);
    let said = bad(2, &["--expires", "2001-01-01"]);
    assert!(said.contains("would have expired already"), "{said}");
    let said = bad(2, &["--scope", "a b"]);
    assert!(said.contains("cannot be a scope"), "{said}");
    let said = room.bad(
        1,
        &[
            "key",
            "edit",
            "abcdefghijkl",
            "--label",
            "x",
            "--store",
            "s.db",
        ],
    );
    assert!(
        said.contains("there is no API key `abcdefghijkl`"),
        "{said}"
    );
    room.good(&["key", "revoke", &id, "--store", "s.db"]);
    let said = bad(1, &["--expires", "never"]);
    assert!(said.contains("revoked"), "{said}");
}

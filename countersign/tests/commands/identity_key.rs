//! The keys that identities are signed with: made, replaced, and refused where the file is none of theirs.

use serde_json::Value;

use crate::room::Room;

fn keys(room: &Room) -> Vec<Value> {
    let text = std::fs::read(room.path("keys.json")).unwrap();
    let set: Value = serde_json::from_slice(&text).unwrap();
    set["keys"].as_array().unwrap().clone()
}

#[test]
fn a_file_is_made_and_gets_a_key_more_each_time() {
    let room = Room::new();
    let ran = room.run(&["identity-key", "keys.json"]);
    assert_eq!((ran.code, &*ran.stdout), (0, ""));
    assert_eq!(ran.stderr, "made `keys.json`; its key signs at once\n");
    let first = keys(&room);
    assert_eq!(first.len(), 1);
    assert_eq!(first[0]["alg"], "EdDSA");
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(room.path("keys.json"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let ran = room.run(&["identity-key", "keys.json", "--algorithm", "ES256"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(
        ran.stderr,
        "added a key to `keys.json`; it signs in 3600 s\n"
    );
    let both = keys(&room);
    assert_eq!((&both[0], both.len()), (&first[0], 2));
    assert_eq!(both[1]["alg"], "ES256");
    let begins = |key: &Value| key["signs_from"].as_i64().unwrap();
    assert!(begins(&both[1]) >= begins(&both[0]) + 3_600);
    assert!(!room.path("keys.json.new").exists());
}

#[test]
fn what_is_no_such_file_is_left_as_it_is() {
    let room = Room::new();
    room.write("keys.json", "{\"keys\":[{\"kty\":\"oct\"}]}");
    let ran = room.run(&["identity-key", "keys.json"]);
    assert_eq!(ran.code, 1);
    assert_eq!(
        ran.stderr,
        "error: cannot add a key to `keys.json`: each of its keys needs an `alg` with a public half, as `ES256` or `EdDSA`\n"
    );
    assert_eq!(keys(&room).len(), 1);
    room.write("other.json.new", "");
    let ran = room.run(&["identity-key", "other.json"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("`other.json.new` is there already"));
    assert!(!room.path("other.json").exists());
}

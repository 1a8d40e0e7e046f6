//! `user second-factor`, and what `user show` says of it.

use countersign_secret::recovery::RecoveryCode;
use countersign_secret::totp::TotpSecret;
use countersign_store::{NewPasskey, NewTotp, Options, PasskeyAdded, SqliteStore, Store as _};
use serde_json::{Value, json};

use crate::room::Room;

const NOTICED: &str = "running gateways notice within a tenth of a second";

/// A store with `alice`, who has a second factor, and `bob`, who has none.
fn room() -> Room {
    let room = Room::initialised();
    for name in ["alice", "bob"] {
        room.good_with(&["user", "add", name], b"correct horse battery\n");
    }
    let path = room.path("countersign.db");
    let store = SqliteStore::open(&path, Options::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let user = runtime.block_on(store.user("alice")).unwrap().unwrap();
    let new = NewTotp {
        user_id: user.id,
        user_version: user.version,
        secret: TotpSecret::new([7; 20]),
        used_step: 0,
        recovery: vec![RecoveryCode::mint(&[1; 10]).digest()],
    };
    assert!(runtime.block_on(store.set_totp(new, 0)).unwrap().is_some());
    room
}

#[test]
fn a_second_factor_is_told_of_without_its_secret_and_reset() {
    let room = room();
    let show = |name: &str| room.json(&["user", "second-factor", name, "show", "--json"]);
    let there = json!({ "totp_since": "<time>", "passkeys": [], "recovery_codes_left": 1 });
    assert_eq!((show("alice"), show("bob")), (there.clone(), Value::Null));
    let user = room.json(&["user", "show", "alice", "--json"]);
    assert_eq!(user["second_factor"], there);
    let text = room.good(&["user", "second-factor", "alice", "show"]);
    assert_eq!(
        text,
        "name:           alice\n\
         second factor:  authenticator app since <time>, 1 recovery codes left\n"
    );

    let reset = |name: &str| room.run(&["user", "second-factor", name, "reset"]);
    let done = reset("alice");
    assert_eq!((done.code, &*done.stdout), (0, ""));
    assert_eq!(
        done.stderr,
        format!(
            "`alice` has no second factor any more, and all its sessions have ended; {NOTICED}\n"
        )
    );
    assert_eq!(show("alice"), Value::Null);
    assert_eq!(reset("alice").stderr, "`alice` has no second factor\n");
}

#[test]
fn a_user_who_is_not_there_has_nothing_to_show_or_reset() {
    let room = room();
    for action in ["show", "reset"] {
        let said = room.bad(1, &["user", "second-factor", "nobody", action]);
        assert!(said.contains("`nobody`"), "{said}");
    }
}

#[test]
fn passkeys_are_told_of_and_reset_with_the_rest() {
    let room = room();
    let store = SqliteStore::open(&room.path("countersign.db"), Options::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let user = runtime.block_on(store.user("bob")).unwrap().unwrap();
    let new = NewPasskey {
        user_id: user.id,
        user_version: user.version,
        credential_id: [1; 16].into(),
        user_handle: [2; 32],
        public_key: [3].into(),
        sign_count: 0,
        backup_eligible: false,
        name: "blue key".into(),
        recovery: vec![RecoveryCode::mint(&[1; 10]).digest()],
        per_user_max: 9,
    };
    let added = runtime.block_on(store.add_passkey(new, 0)).unwrap();
    assert!(matches!(added, PasskeyAdded::Yes { .. }));
    drop(store);
    let shown = room.json(&["user", "second-factor", "bob", "show", "--json"]);
    assert_eq!(
        shown,
        json!({
            "totp_since": null,
            "passkeys": [{ "name": "blue key", "created": "<time>", "last_used": null }],
            "recovery_codes_left": 1,
        })
    );
    assert_eq!(
        room.good(&["user", "second-factor", "bob", "show"]),
        "name:           bob\n\
         second factor:  passkey `blue key` since <time>, never used, 1 recovery codes left\n"
    );
    let done = room.run(&["user", "second-factor", "bob", "reset"]);
    assert_eq!((done.code, &*done.stdout), (0, ""));
    let shown = room.json(&["user", "second-factor", "bob", "show", "--json"]);
    assert_eq!(shown, Value::Null);
}

//! `audit list`: every change by a command leaves a record, and none a secret.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::room::{Ran, Room, Running};

const PASSWORD: &[u8] = b"correct horse battery\n";

/// The records, the earliest first, without what differs from machine to machine.
fn records(room: &Room, more: &[&str]) -> Vec<Value> {
    let listed = room.json(&[&["audit", "list", "--json"], more].concat());
    let mut records = listed.as_array().unwrap().clone();
    records.reverse();
    for record in &mut records {
        let fields = record.as_object_mut().unwrap();
        assert!(fields.remove("record").unwrap().is_i64());
        assert_eq!(fields.remove("time").unwrap(), "<time>");
        assert_eq!(fields.remove("way").unwrap(), "command");
        assert!(!fields.remove("by").unwrap().as_str().unwrap().is_empty());
        fields.remove("login");
        fields.remove("address");
        fields.retain(|_, value| !value.is_null());
    }
    records
}

#[test]
fn every_change_by_a_command_is_recorded_without_a_secret() {
    let room = Room::initialised();
    let add = ["user", "add", "alice", "--group", "staff"];
    room.good_with(&add, PASSWORD);
    let password = room.good(&["user", "passwd", "alice", "--generate"]);
    room.good(&["user", "groups", "alice", "--group", "a", "--group", "b"]);
    room.good(&["user", "disable", "alice"]);
    room.good(&["user", "enable", "alice"]);
    room.good(&["user", "second-factor", "alice", "reset"]);
    room.good(&["user", "digest", "alice", "off"]);
    let key = room.good(&[
        "key",
        "create",
        "--owner",
        "alice",
        "--scope",
        "r",
        "--expires",
        "never",
    ]);
    let id = key.split('_').nth(1).unwrap();
    room.good(&["key", "edit", id, "--label", "new", "--from", "10.0.0.0/8"]);
    let other = room.good(&["key", "rotate", id]);
    let other_id = other.split('_').nth(1).unwrap();
    room.good(&["key", "revoke", other_id]);
    room.good(&["session", "revoke", "--user", "alice"]);
    room.good(&[
        "lock",
        "lift",
        "--account",
        "alice",
        "--network",
        "192.0.2.7",
    ]);
    room.good_with(
        &["user", "import", "-"],
        b"bob:{SHA}qvTGHdzF6KLavt4PO0gs2a6pQ00=\n",
    );
    room.good(&["user", "delete", "alice"]);
    // What is only looked at leaves nothing.
    room.good(&["user", "list"]);
    room.good(&["user", "second-factor", "bob", "show"]);
    let record = |act: &str, more: Value| {
        let mut record = json!({ "act": act, "user": "alice", "outcome": "done" });
        for (name, value) in more.as_object().unwrap() {
            record[name] = value.clone();
        }
        record
    };
    let mut import = record(
        "user.import",
        json!({ "detail": "from stdin: bob", "result": "added 1, replaced 0, skipped 0" }),
    );
    import.as_object_mut().unwrap().remove("user");
    assert_eq!(
        records(&room, &[]),
        [
            record("user.add", json!({ "detail": "groups: staff" })),
            record("user.password", json!({})),
            record("user.groups", json!({ "detail": "a, b" })),
            record("user.disable", json!({})),
            record("user.enable", json!({})),
            record("second-factor.reset", json!({ "result": "there was none" })),
            record("user.digest-off", json!({})),
            record(
                "key.create",
                json!({ "object": id, "detail": "scopes: r; expires: never; from: -" })
            ),
            record(
                "key.edit",
                json!({ "object": id, "detail": "label: new; from: 10.0.0.0/8" })
            ),
            record(
                "key.rotate",
                json!({ "object": id, "result": format!("made the key {other_id}") })
            ),
            record("key.revoke", json!({ "object": other_id })),
            record("session.end-all", json!({ "result": "ended 0" })),
            record(
                "lock.lift",
                json!({ "object": "192.0.2.7/32", "result": "lifted 0" })
            ),
            import,
            record("user.delete", json!({})),
        ]
    );
    let all = room.good(&["audit", "list", "--json"]);
    let hidden = [
        "correct horse",
        password.trim_end(),
        key.trim_end(),
        other.trim_end(),
        "qvTGHdzF6KLavt4PO0gs2a6pQ00",
    ];
    for secret in hidden {
        assert!(!all.contains(secret), "{all}");
    }
}

#[test]
fn what_failed_is_recorded_with_the_reason() {
    let room = Room::initialised();
    room.good_with(&["user", "add", "alice"], PASSWORD);
    room.bad(1, &["user", "disable", "nobody"]);
    room.bad_with(
        1,
        &["user", "import", "-"],
        b"alice:{SHA}qvTGHdzF6KLavt4PO0gs2a6pQ00=\n",
    );
    let failed = |act: &str, more: Value| {
        let mut record = json!({ "act": act, "outcome": "failed" });
        for (name, value) in more.as_object().unwrap() {
            record[name] = value.clone();
        }
        record
    };
    let nobody = json!({ "user": "nobody", "result": "there is no user `nobody`" });
    let taken =
        json!({ "detail": "from stdin: alice", "result": "there is a user `alice` already" });
    assert_eq!(
        records(&room, &[])[1..],
        [failed("user.disable", nobody), failed("user.import", taken)]
    );
}

#[test]
fn who_acts_is_told_as_far_as_the_machine_knows() {
    let room = Room::initialised();
    let output = room
        .command(&["user", "import", "-"])
        .env("SUDO_USER", "carol")
        .env("SSH_CONNECTION", "192.0.2.9 50000 192.0.2.1 22")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success());
    let listed = room.json(&["audit", "list", "--json"]);
    assert_eq!(listed[0]["address"], "192.0.2.9");
    // The kernel's word, where there is one, counts more than that of the environment.
    let kernel = std::fs::read_to_string("/proc/self/loginuid").unwrap_or_default();
    if ["", "4294967295"].contains(&kernel.trim()) {
        assert_eq!(listed[0]["login"], "carol");
    } else {
        assert_ne!(listed[0]["login"], "carol");
    }
    let uid = rustix::process::getuid().as_raw().to_string();
    let users = std::fs::read_to_string("/etc/passwd").unwrap();
    let mut lines = users
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>());
    if let Some(line) = lines.find(|line| line.get(2) == Some(&&*uid)) {
        assert_eq!(listed[0]["by"], line[0]);
    }
}

#[test]
fn records_are_listed_by_user_and_time_for_people_too() {
    let room = Room::initialised();
    for name in ["alice", "bob"] {
        room.good_with(&["user", "add", name], PASSWORD);
    }
    assert_eq!(records(&room, &["--user", "bob"]).len(), 1);
    assert_eq!(records(&room, &["--since", "1d"]).len(), 2);
    assert_eq!(records(&room, &["--since", "2999-01-01"]).len(), 0);
    let text = room.good(&["audit", "list", "--user", "alice"]);
    assert!(text.starts_with("TIME"), "{text}");
    assert!(
        text.contains("user.add  alice  done     groups: -\n"),
        "{text}"
    );
    let Ran { code, stderr, .. } = room.run(&["audit", "list", "--limit", "1"]);
    assert_eq!(
        (code, &*stderr),
        (0, "these are the latest 1; `--limit` shows more\n")
    );
    room.bad(2, &["audit", "list", "--since", "never"]);
    let none = room.run(&["audit", "list", "--user", "nobody"]);
    assert_eq!(
        (&*none.stdout, &*none.stderr),
        ("", "there is no such record\n")
    );
}

#[test]
fn what_cannot_be_recorded_is_not_done() {
    let room = Room::initialised();
    room.good_with(&["user", "add", "alice"], PASSWORD);
    let spoil = "import sqlite3, sys
sqlite3.connect(sys.argv[1], isolation_level=None).execute(
    \"CREATE TRIGGER no_record BEFORE INSERT ON acts BEGIN SELECT raise(FAIL, 'no room'); END\")";
    let spoilt = Command::new("python3")
        .args(["-c", spoil])
        .arg(room.path("countersign.db"))
        .status();
    assert!(spoilt.unwrap().success());
    let said = room.bad(1, &["user", "disable", "alice"]);
    assert!(
        said.starts_with("error: it cannot be recorded, so it is not done: "),
        "{said}"
    );
    let user = room.json(&["user", "show", "alice", "--json"]);
    assert_eq!(user["disabled"], false);
}

#[test]
fn a_restored_store_has_the_record_of_that() {
    let room = Room::initialised();
    room.good_with(&["user", "add", "alice"], PASSWORD);
    room.good(&["backup", "copy.db"]);
    room.good(&["user", "delete", "alice"]);
    room.good(&["restore", "copy.db", "--force"]);
    let acts = records(&room, &[]);
    let restore = json!({ "act": "store.restore", "detail": "from copy.db", "outcome": "done" });
    assert_eq!(acts.len(), 2, "{acts:?}");
    assert_eq!(acts[1], restore);
}

#[test]
fn a_gateway_logs_what_commands_have_done_before_and_while_it_runs() {
    let room = Room::new();
    room.write(
        "countersign.toml",
        "[server]\nlisten = [\"127.0.0.1:0\"]\n[upstream.app]\nurl = \"http://127.0.0.1:9\"\n\
         [[route]]\nname = \"all\"\nupstream = \"app\"\naccept = [\"basic\"]\nallow = { identity = true }\n",
    );
    room.good_with(&["user", "add", "alice"], PASSWORD);
    let mut command = room.command(&["serve"]);
    let mut running = Running::start(command.stdout(Stdio::null()).stderr(Stdio::piped()));
    let before = running.stderr_until("\"act\":\"user.add\"");
    let event: Value = serde_json::from_str(before.last().unwrap()).unwrap();
    assert_eq!(
        (&event["event"], &event["user"], &event["outcome"]),
        (&json!("act"), &json!("alice"), &json!("done"))
    );
    room.bad(1, &["user", "disable", "nobody"]);
    let while_it_runs = running.stderr_until("\"act\":\"user.disable\"");
    let event: Value = serde_json::from_str(while_it_runs.last().unwrap()).unwrap();
    assert_eq!(event["result"], "there is no user `nobody`");
    assert!(running.terminate().success());
    // Each is told once, also by a gateway that is started anew.
    let mut command = room.command(&["serve"]);
    let mut running = Running::start(command.stdout(Stdio::null()).stderr(Stdio::piped()));
    room.good(&["user", "enable", "alice"]);
    let told = running.stderr_until("\"act\":\"user.enable\"").join("\n");
    assert!(
        !told.contains("user.add") && !told.contains("user.disable"),
        "{told}"
    );
}

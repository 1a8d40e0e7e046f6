//! `backup` and `restore`, as a user runs them.

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::room::{Room, Running};

/// A room with a store of two users and a key.
fn room() -> Room {
    let room = Room::initialised();
    for name in ["alice", "bob"] {
        room.good_with(&["user", "add", name], b"correct horse\n");
    }
    room.good(&["key", "create", "--owner", "alice"]);
    room
}

fn users(room: &Room) -> Vec<String> {
    let list = room.json(&["user", "list", "--json"]);
    let names = list.as_array().unwrap().iter();
    names
        .map(|user| user["name"].as_str().unwrap().to_owned())
        .collect()
}

fn real_sum(room: &Room, file: &str) -> String {
    let output = Command::new("sha256sum")
        .arg(file)
        .current_dir(room.path(""))
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_store_comes_back_as_it_was() {
    let room = room();
    let ran = room.run(&["backup", "copy.db"]);
    assert_eq!(
        (ran.code, ran.stderr.as_str()),
        (0, "copied 2 users and 1 API key\n")
    );
    assert_eq!(ran.stdout, real_sum(&room, "copy.db"));
    let mode = std::fs::metadata(room.path("copy.db"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    room.good(&["user", "delete", "bob"]);
    assert_eq!(
        room.bad(1, &["restore", "copy.db"]),
        "error: there is a file `countersign.db` already\nhelp: `--force` writes over it\n"
    );
    assert_eq!(users(&room), ["alice"]);
    let sum = ran.stdout.split(' ').next().unwrap().to_owned();
    assert_eq!(
        room.run(&["restore", "copy.db", "--force", "--sha256", &sum])
            .stderr,
        "restored 2 users and 1 API key to `countersign.db`\n\
         keys that have been revoked since the copy was made are taken again\n"
    );
    assert_eq!(users(&room), ["alice", "bob"]);
    let left: Vec<_> = std::fs::read_dir(room.path(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(
        left.iter()
            .all(|name| !name.to_string_lossy().ends_with(".part")),
        "{left:?}"
    );
}

#[test]
fn a_copy_is_written_over_nothing_unless_forced() {
    let room = room();
    room.write("copy.db", "mine");
    let said = "error: there is a file `copy.db` already\nhelp: `--force` writes over it\n";
    assert_eq!(room.bad(1, &["backup", "copy.db"]), said);
    assert_eq!(std::fs::read(room.path("copy.db")).unwrap(), b"mine");
    let report = room.json(&["backup", "copy.db", "--force", "--json"]);
    assert_eq!((&report["users"], &report["keys"]), (&json!(2), &json!(1)));
    assert_eq!(
        format!("{}  copy.db\n", report["sha256"].as_str().unwrap()),
        real_sum(&room, "copy.db")
    );
}

#[test]
fn a_copy_is_made_while_a_gateway_runs_and_put_back_when_it_has_ended() {
    let room = room();
    room.write(
        "countersign.toml",
        "[server]\nlisten = [\"127.0.0.1:0\"]\nworkers = 1\n[upstream.app]\nurl = \"http://127.0.0.1:9\"\n\
         [[route]]\nname = \"all\"\nupstream = \"app\"\naccept = [\"basic\"]\nallow = { identity = true }\n",
    );
    let mut gateway = Running::start(
        room.command(&["serve"])
            .stderr(Stdio::piped())
            .stdout(Stdio::null()),
    );
    gateway.stderr_until("listen");
    room.good(&["backup", "copy.db"]);
    assert_eq!(
        room.bad(1, &["restore", "copy.db", "--force"]),
        "error: a gateway or another command uses the store\nhelp: end every gateway on the store first\n"
    );
    assert!(gateway.terminate().success());
    room.good(&["user", "delete", "alice"]);
    room.good(&["restore", "copy.db", "--force"]);
    assert_eq!(users(&room), ["alice", "bob"]);
}

#[test]
fn what_is_no_whole_copy_is_refused_and_the_store_is_as_it_was() {
    let room = room();
    room.good(&["backup", "copy.db"]);
    let copy = std::fs::read(room.path("copy.db")).unwrap();
    room.write("truncated.db", &copy[..copy.len() / 2]);
    room.write("text.db", "users and keys\n".repeat(1000));
    room.write("empty.db", "");
    let mut turned = copy.clone();
    // A page in the middle that holds something else.
    let middle = (copy.len() / 4096 / 2) * 4096;
    turned[middle..middle + 4096].fill(0xa5);
    room.write("turned.db", &turned);
    std::fs::write(room.path("in-use.db"), &copy).unwrap();
    room.write("in-use.db-wal", "x");
    for (file, words) in [
        ("truncated.db", "error: the "),
        (
            "text.db",
            "error: the file of the database is damaged or not a database\n",
        ),
        ("empty.db", "is a database of another program"),
        ("turned.db", "error: the "),
        ("in-use.db", "has a log beside it"),
        ("none.db", "error: there is no file `none.db`\n"),
    ] {
        let said = room.bad(1, &["restore", file, "--force"]);
        assert!(said.contains(words), "{file}: {said}");
        assert_eq!(users(&room), ["alice", "bob"], "{file}");
    }
    let said = room.bad(1, &["restore", "copy.db", "--force", "--sha256", "00"]);
    assert!(
        said.starts_with("error: the file has the SHA-256 "),
        "{said}"
    );
    let foreign = Command::new("python3")
        .args(["-c", "import sqlite3; c = sqlite3.connect('foreign.db'); c.execute('CREATE TABLE users (name)'); c.commit()"])
        .current_dir(room.path(""))
        .status();
    assert!(foreign.unwrap().success());
    let said = room.bad(1, &["restore", "foreign.db", "--force"]);
    assert!(said.contains("is a database of another program"), "{said}");
    assert_eq!(users(&room), ["alice", "bob"]);
}

#[test]
fn a_damaged_store_can_be_replaced() {
    let room = room();
    room.good(&["backup", "copy.db"]);
    room.write("countersign.db", "no database any more\n".repeat(500));
    room.bad(1, &["user", "list"]);
    room.bad(1, &["backup", "other.db"]);
    room.good(&["restore", "copy.db", "--force"]);
    assert_eq!(users(&room), ["alice", "bob"]);
}

#[test]
fn a_store_is_restored_where_there_is_none() {
    let room = room();
    room.good(&["backup", "copy.db"]);
    room.good(&["restore", "copy.db", "--store", "new.db"]);
    assert_eq!(
        room.json(&["user", "list", "--json", "--store", "new.db"])
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        room.bad(1, &["backup", "copy2.db", "--store", "none.db"]),
        "error: there is no file `none.db`\n"
    );
}

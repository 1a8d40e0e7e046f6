//! `user link`, and what `user show` says of it.

use serde_json::json;

use crate::room::Room;

const NOTICED: &str = "running gateways notice within a tenth of a second";
const ISSUER: &str = "https://id.example.com";

fn room() -> Room {
    let room = Room::initialised();
    for name in ["alice", "bob"] {
        room.good_with(&["user", "add", name], b"correct horse battery\n");
    }
    room
}

#[test]
fn a_link_is_made_shown_and_removed() {
    let room = room();
    let link = |rest: &[&str]| {
        let mut args = vec!["user", "link", "alice"];
        args.extend(rest);
        room.run(&args)
    };
    let none = link(&["list"]);
    assert_eq!(
        (none.code, &*none.stderr),
        (0, "`alice` is linked with no account\n")
    );
    let made = link(&["add", ISSUER, "2482 89761001"]);
    assert_eq!(
        (made.code, &*made.stderr),
        (0, &*format!("linked `alice`; {NOTICED}\n"))
    );
    let there = json!([{ "issuer": ISSUER, "subject": "2482 89761001", "since": "<time>" }]);
    assert_eq!(
        room.json(&["user", "link", "alice", "list", "--json"]),
        there
    );
    assert_eq!(
        room.json(&["user", "show", "alice", "--json"])["links"],
        there
    );
    let shown = room.good(&["user", "show", "alice"]);
    assert!(
        shown.contains("2482 89761001 at https://id.example.com\n"),
        "{shown}"
    );
    assert!(
        room.good(&["user", "link", "alice", "list"])
            .contains("ISSUER")
    );

    let acts = |user: &str| {
        let listed = room.json(&["audit", "list", "--json", "--user", user]);
        let told = listed.as_array().unwrap().iter().map(|act| {
            let text = |name: &str| act[name].as_str().unwrap_or_default().to_owned();
            [text("act"), text("object"), text("outcome")].join(", ")
        });
        told.collect::<Vec<_>>()
    };
    let object = format!("2482 89761001 at {ISSUER}");
    assert_eq!(acts("alice")[0], format!("link.add, {object}, done"));
    let taken = room.bad(1, &["user", "link", "bob", "add", ISSUER, "2482 89761001"]);
    assert!(taken.contains("is linked with a user already"), "{taken}");
    let other = room.bad(
        1,
        &["user", "link", "bob", "remove", ISSUER, "2482 89761001"],
    );
    assert!(other.contains("`bob` has no such link"), "{other}");
    assert_eq!(acts("bob")[0], format!("link.remove, {object}, failed"));
    assert_eq!(acts("bob")[1], format!("link.add, {object}, failed"));
    let removed = link(&["remove", ISSUER, "2482 89761001"]);
    assert_eq!(acts("alice")[0], format!("link.remove, {object}, done"));
    assert_eq!(
        removed.stderr,
        format!("removed the link of `alice`, and all its sessions have ended; {NOTICED}\n")
    );
    assert_eq!(
        room.json(&["user", "link", "alice", "list", "--json"]),
        json!([])
    );
}

#[test]
fn a_link_that_nobody_could_use_is_not_made() {
    let room = room();
    for (issuer, subject) in [
        ("corp", "1"),
        (ISSUER, ""),
        (ISSUER, "\u{e4}"),
        (ISSUER, "a\nb"),
    ] {
        room.bad(2, &["user", "link", "alice", "add", issuer, subject]);
    }
    let absent = room.bad(1, &["user", "link", "nobody", "add", ISSUER, "1"]);
    assert!(absent.contains("there is no user `nobody`"), "{absent}");
}

//! The helps, and the reference that is generated from them.

use std::process::Stdio;

use crate::room::Room;

const COMMANDS: &[&[&str]] = &[
    &["demo"],
    &["init"],
    &["check"],
    &["serve"],
    &["reload"],
    &["health"],
    &["routes"],
    &["user", "add"],
    &["user", "list"],
    &["user", "show"],
    &["user", "passwd"],
    &["user", "disable"],
    &["user", "enable"],
    &["user", "groups"],
    &["user", "delete"],
    &["user", "import"],
    &["key", "create"],
    &["key", "edit"],
    &["key", "list"],
    &["key", "revoke"],
    &["key", "rotate"],
    &["lock", "list"],
    &["lock", "lift"],
    &["audit", "list"],
    &["session", "list"],
    &["session", "revoke"],
    &["session", "rotate-key"],
    &["why"],
    &["explain"],
];

#[test]
fn every_command_has_a_help_with_an_example_and_a_place_in_the_reference() {
    let room = Room::new();
    let reference = room.good(&["help-markdown"]);
    for command in COMMANDS {
        let help = room.good(&[command, &["--help"][..]].concat());
        let name = format!("countersign {}", command.join(" "));
        assert!(
            help.contains("\nExample") && help.contains(&format!("\n  {name}")),
            "{help}"
        );
        assert!(reference.contains(&format!("\n## `{name}`\n")), "{name}");
    }
}

#[test]
fn the_reference_is_the_same_whatever_the_environment_and_the_terminal() {
    let room = Room::new();
    let plain = room.command(&["help-markdown"]).output().unwrap().stdout;
    let mut elsewhere = room.command(&["help-markdown"]);
    elsewhere
        .env("COUNTERSIGN_CONFIG", "secret-place.toml")
        .env("COLUMNS", "40");
    assert!(elsewhere.output().unwrap().stdout == plain);
}

#[test]
fn the_exit_codes_are_documented_and_wrong_usage_is_2() {
    let room = Room::new();
    assert!(
        room.good(&["--help"]).contains(
            "Exit codes: 0 done, 1 a fault was found or something failed, 2 wrong usage."
        )
    );
    room.bad(2, &["frobnicate"]);
    room.bad(2, &["user", "add"]);
    // A command that has no store takes no `--store`, rather than passing it over.
    room.bad(2, &["serve", "--store", "x.db"]);
}

#[test]
fn a_reader_who_has_seen_enough_is_no_failure() {
    let room = Room::new();
    let mut child = room
        .command(&["help-markdown"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap()
        ),
        (Some(0), String::new())
    );
}

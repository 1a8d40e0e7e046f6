//! `init` and `check`, and what every command says of a configuration that is wrong.

use serde_json::json;

use crate::room::{Ran, Room};

const FAULTY: &str = "realm = 7\n\n[upstream.app]\nurl = \"x\"\n";

#[test]
fn what_init_writes_checks_clean() {
    let room = Room::new();
    let wrote = room.run(&["init"]);
    assert_eq!(
        wrote,
        Ran {
            code: 0,
            stdout: String::new(),
            stderr:
                "wrote `countersign.toml`\nnext: set the upstream in it, then `countersign check`, \
                     `countersign user add NAME`, `countersign serve`\n\
                 then: write down who may do what, and run it with `countersign policy test FILE`\n"
                    .to_owned(),
        }
    );
    assert_eq!(
        room.good(&["check", "--strict"]),
        "countersign.toml: nothing found\n"
    );
    assert_eq!(
        room.json(&["check", "--json"]),
        json!({ "errors": 0, "warnings": 0, "findings": [] })
    );
}

#[test]
fn init_writes_over_nothing_unless_forced() {
    let room = Room::new();
    room.write("mine.toml", "realm = \"mine\"\n");
    assert_eq!(
        room.bad(1, &["init", "mine.toml"]),
        "error: cannot write `mine.toml`: File exists (os error 17)\nhelp: `--force` writes over it\n"
    );
    assert_eq!(
        std::fs::read_to_string(room.path("mine.toml")).unwrap(),
        "realm = \"mine\"\n"
    );
    room.good(&["init", "--force", "mine.toml"]);
    room.good(&["check", "--config", "mine.toml"]);
}

#[test]
fn init_into_a_folder_that_is_not_there_says_so() {
    assert_eq!(
        Room::new().bad(1, &["init", "no/such.toml"]),
        "error: cannot write `no/such.toml`: No such file or directory (os error 2)\n"
    );
}

#[test]
fn check_shows_every_fault_with_its_line_and_a_caret() {
    let room = Room::new();
    room.write("countersign.toml", FAULTY);
    let ran = room.run(&["check"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (1, ""));
    assert!(ran.stdout.starts_with("error: "), "{}", ran.stdout);
    for words in [
        " --> countersign.toml:1:9\n",
        " --> countersign.toml:4:7\n",
        "realm = 7\n  |         ^\n",
    ] {
        assert!(ran.stdout.contains(words), "{words}: {}", ran.stdout);
    }
    assert!(
        ran.stdout
            .ends_with("\n\ncountersign.toml: 3 errors, 1 warning\n"),
        "{}",
        ran.stdout
    );
}

#[test]
fn check_in_json_has_line_and_column() {
    let room = Room::new();
    room.write("countersign.toml", FAULTY);
    let ran = room.run(&["check", "--json"]);
    assert_eq!(ran.code, 1);
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        (&report["errors"], &report["warnings"]),
        (&json!(3), &json!(1))
    );
    let findings = report["findings"].as_array().unwrap();
    let url = findings
        .iter()
        .find(|finding| finding["line"] == 4)
        .unwrap();
    assert_eq!(
        (&url["column"], &url["severity"]),
        (&json!(7), &json!("error"))
    );
    assert!(
        url["message"].is_string() && url["help"].is_string(),
        "{url}"
    );
}

#[test]
fn a_warning_fails_the_strict_check_alone() {
    let room = Room::initialised();
    let text = std::fs::read_to_string(room.path("countersign.toml")).unwrap();
    room.write(
        "open.toml",
        text.replace(
            "listen = [\"127.0.0.1:8080\"]",
            "listen = [\"0.0.0.0:8080\"]",
        ),
    );
    let check = room.run(&["check", "--config", "open.toml"]);
    assert!(
        check.code == 0 && check.stdout.ends_with("open.toml: 1 warning\n"),
        "{check:?}"
    );
    let strict = room.run(&["check", "--config", "open.toml", "--strict"]);
    assert_eq!((strict.code, strict.stdout), (1, check.stdout));
}

#[test]
fn without_a_configuration_each_command_says_what_to_do() {
    let room = Room::new();
    let expected = "error: cannot read `countersign.toml`: No such file or directory (os error 2)\n\
                    help: `countersign init` writes one; `--config FILE` names another\n";
    for arguments in [
        &["check"][..],
        &["serve"],
        &["routes", "/"],
        &["user", "list"],
        &["key", "list"],
        &["why", "x"],
    ] {
        assert_eq!(room.bad(1, arguments), expected, "{arguments:?}");
    }
}

#[test]
fn nothing_starts_or_changes_under_a_configuration_with_faults() {
    let room = Room::new();
    room.write("countersign.toml", FAULTY);
    let report = room.run(&["check"]).stdout;
    assert_eq!(
        room.bad(1, &["serve"]),
        format!("{report}error: the configuration has errors\n")
    );
    assert_eq!(
        room.bad(1, &["routes", "/"]),
        format!("{report}error: the configuration has errors\n")
    );
    assert_eq!(
        room.bad_with(1, &["user", "add", "alice"], b"correct horse\n"),
        format!(
            "{report}error: the configuration has errors\nhelp: `--store FILE` works without a configuration\n"
        )
    );
    assert!(!room.path("countersign.db").exists());
}

#[test]
fn the_environment_names_the_configuration_and_the_flag_overrules_it() {
    let room = Room::new();
    room.good(&["init", "other.toml"]);
    let output = room
        .command(&["check"])
        .env("COUNTERSIGN_CONFIG", "other.toml")
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "other.toml: nothing found\n"
    );
    let output = room
        .command(&["check", "--config", "no.toml"])
        .env("COUNTERSIGN_CONFIG", "other.toml")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
}

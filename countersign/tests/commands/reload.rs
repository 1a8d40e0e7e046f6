//! `reload` and SIGHUP, on a gateway that runs.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::room::{Room, Running, shell};

fn configuration(more: &str) -> String {
    format!(
        "[server]\nlisten = [\"127.0.0.1:0\"]\nworkers = 1\n\n[upstream.app]\nurl = \"http://127.0.0.1:9\"\n\n\
         [[route]]\nname = \"all\"\npath = \"/all/**\"\nupstream = \"app\"\naccept = [\"basic\"]\nallow = {{ identity = true }}\n{more}"
    )
}

const OPEN: &str =
    "[[route]]\nname = \"open\"\npath = \"/open\"\nupstream = \"app\"\nallow = \"anyone\"\n";

fn start(room: &Room) -> (Running, String) {
    room.write("countersign.toml", configuration(""));
    let mut command = room.command(&["serve"]);
    let mut running = Running::start(command.stdout(Stdio::null()).stderr(Stdio::piped()));
    let lines = running.stderr_until("\"listening\"");
    let listening: Value = serde_json::from_str(lines.last().unwrap()).unwrap();
    let url = format!("http://{}/open", listening["address"].as_str().unwrap());
    (running, url)
}

fn status(url: &str) -> String {
    shell(&format!("curl -s -o /dev/null -w '%{{http_code}}' {url}"))
}

#[test]
fn a_good_file_is_in_force_when_the_command_has_ended() {
    let room = Room::new();
    let (mut running, url) = start(&room);
    assert_eq!(status(&url), "404");
    room.write("countersign.toml", configuration(OPEN));
    let ran = room.run(&["reload"]);
    let listen = url.strip_prefix("http://").unwrap();
    let listen = listen.strip_suffix("/open").unwrap();
    let file = room.path("countersign.toml").canonicalize().unwrap();
    let who = format!("process {} on {listen}, `{}`", running.id(), file.display());
    assert_eq!(
        (ran.code, ran.stderr),
        (0, format!("{who}: the new configuration is in force\n"))
    );
    // There is no such upstream: to come so far is enough.
    assert_eq!(status(&url), "502");
    let outcomes = room.json(&["reload", "--json"]);
    assert_eq!(
        outcomes,
        json!([{
            "gateway": { "pid": running.id(), "file": file, "listen": [listen] },
            "taken": true,
            "report": "countersign.toml: nothing found\n",
            "errors": 0,
            "warnings": 0,
            "findings": [],
        }])
    );
    running.stderr_until("\"reloaded\",\"generation\":3");
    assert_eq!(running.terminate().code(), Some(0));
    let left = std::fs::read_dir(room.path("")).unwrap();
    assert!(
        !left
            .map(|entry| entry.unwrap().file_name())
            .any(|name| name.to_string_lossy().contains("control")),
        "the socket goes with the gateway"
    );
}

#[test]
fn a_file_with_errors_changes_nothing_and_is_told_everywhere() {
    let room = Room::new();
    let (mut running, url) = start(&room);
    let faulty = configuration(OPEN).replace("name = \"all\"", "nam = \"all\"");
    room.write("countersign.toml", faulty);
    let stderr = room.bad(1, &["reload"]);
    assert!(stderr.contains("did you mean `name`?"), "{stderr}");
    assert!(
        stderr.ends_with("the configuration before goes on\n"),
        "{stderr}"
    );
    let ran = room.run(&["reload", "--json"]);
    let outcomes: Value = serde_json::from_str(&ran.stdout).unwrap();
    let checked: Value = serde_json::from_str(&room.run(&["check", "--json"]).stdout).unwrap();
    assert_eq!(outcomes[0]["findings"], checked["findings"]);
    assert_eq!((ran.code, &outcomes[0]["errors"]), (1, &json!(2)));
    let lines = running.stderr_until("\"reload-refused\"");
    let refused: Value = serde_json::from_str(lines.last().unwrap()).unwrap();
    assert_eq!(refused["errors"], 2);
    let reason = refused["reason"].as_str().unwrap();
    let place = reason.strip_prefix("countersign.toml:").unwrap();
    let (line, words) = place.split_once(": ").unwrap();
    let faulty = std::fs::read_to_string(room.path("countersign.toml")).unwrap();
    let line: usize = line.parse().unwrap();
    assert!(
        faulty.lines().nth(line - 1).is_some(),
        "{line} is a line of the file"
    );
    assert!(!words.is_empty());
    assert_eq!(status(&url), "404");
}

#[test]
fn what_needs_a_restart_is_named() {
    let room = Room::new();
    let (running, url) = start(&room);
    room.write(
        "countersign.toml",
        configuration(OPEN).replace("workers = 1", "workers = 2"),
    );
    let stderr = room.bad(1, &["reload"]);
    assert!(
        stderr.starts_with("error: a restart is needed for another `server.workers`\nprocess "),
        "{stderr}"
    );
    assert!(
        stderr.ends_with(": the configuration before goes on\n"),
        "{stderr}"
    );
    assert_eq!(status(&url), "404");
    drop(running);
}

#[test]
fn sighup_does_the_same() {
    let room = Room::new();
    let (mut running, url) = start(&room);
    room.write("countersign.toml", configuration(OPEN));
    running.hang_up();
    running.stderr_until("\"reloaded\"");
    assert_eq!(status(&url), "502");
    std::fs::remove_file(room.path("countersign.toml")).unwrap();
    running.hang_up();
    running.stderr_until("\"reload-refused\",\"reason\":\"cannot read `countersign.toml`");
    assert_eq!(status(&url), "502");
}

#[test]
fn without_a_gateway_there_is_nothing_to_reload() {
    let room = Room::new();
    room.write("countersign.toml", configuration(""));
    assert_eq!(
        room.bad(1, &["reload"]),
        "error: no gateway runs on the store `countersign.db`\n\
         help: `countersign serve` starts one; only its own user and root can reload it\n"
    );
    // What reads the answer is not left with nothing.
    let ran = room.run(&["reload", "--json"]);
    assert_eq!((ran.code, ran.stdout.trim()), (1, "[]"));
}

#[test]
fn warnings_are_counted_and_not_repeated() {
    let room = Room::new();
    let (running, _) = start(&room);
    let unwise = configuration("[cors.unused]\norigins = [\"https://app.example.com\"]\n");
    room.write("countersign.toml", unwise);
    let warnings = room.json(&["check", "--json"])["warnings"].clone();
    assert_eq!(warnings, 1);
    let ran = room.run(&["reload"]);
    assert_eq!(ran.code, 0);
    assert!(
        ran.stderr
            .ends_with("is in force, with 1 warning, which `countersign check` shows\n"),
        "{}",
        ran.stderr
    );
    assert_eq!(ran.stderr.lines().count(), 1);
    let shown = room.run(&["routes", "/all/x"]);
    assert_eq!((shown.code, &*shown.stderr), (0, ""));
    let outcomes = room.json(&["reload", "--json"]);
    assert_eq!(outcomes[0]["warnings"], 1);
    assert_eq!(outcomes[0]["findings"][0]["severity"], "warning");
    drop(running);
}

#[test]
fn the_socket_of_a_killed_gateway_is_passed_over_and_removed() {
    let room = Room::new();
    let (running, _) = start(&room);
    // SIGKILL: no chance to remove it.
    drop(running);
    let sockets = || {
        std::fs::read_dir(room.path(""))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.starts_with("countersign.db-control-"))
            .count()
    };
    assert_eq!(sockets(), 1);
    assert!(
        room.bad(1, &["reload"])
            .starts_with("error: no gateway runs")
    );
    let (mut running, _) = start(&room);
    assert_eq!(sockets(), 1);
    assert_eq!(room.run(&["reload"]).code, 0);
    assert_eq!(running.terminate().code(), Some(0));
}

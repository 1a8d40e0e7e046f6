//! The admin listener of a gateway that runs, and its figures as Prometheus' own tool reads them.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::room::{Room, Running, shell};

const CONFIGURATION: &str = "[server]\nlisten = [\"127.0.0.1:0\"]\nworkers = 2\n[admin]\nlisten = [\"127.0.0.1:0\"]\n\
    [basic]\nhash = { memory_kib = 7168, passes = 5 }\n\
    [issuer.down]\nissuer = \"https://id.example.com\"\nkeys = { jwks_url = \"https://127.0.0.1:9/\" }\naudience = \"a\"\n\
    [upstream.app]\nurl = \"http://127.0.0.1:9\"\n\
    [[route]]\nname = \"api\"\nupstream = \"app\"\naccept = [\"basic\", \"bearer\"]\nallow = { identity = true }\n";

/// A gateway, with the addresses of its admin listener and its public one.
fn start(room: &Room) -> (Running, String, String) {
    start_with(room, CONFIGURATION)
}

fn start_with(room: &Room, configuration: &str) -> (Running, String, String) {
    room.write("countersign.toml", configuration);
    room.good_with(&["user", "add", "alice"], b"right password\n");
    let mut command = room.command(&["serve"]);
    let mut running = Running::start(command.stdout(Stdio::null()).stderr(Stdio::piped()));
    let lines = running.stderr_until("\"listening\"");
    let address = |name: &str| {
        let line = lines.iter().find(|line| line.contains(name)).unwrap();
        let event: Value = serde_json::from_str(line).unwrap();
        event["address"].as_str().unwrap().to_owned()
    };
    let (admin, public) = (address("\"admin-listening\""), address("\"listening\""));
    (running, admin, public)
}

/// The figures of a gateway to which each kind of request has come.
pub(crate) fn figures(room: &Room) -> String {
    let (mut running, admin, public) = start(room);
    for credentials in ["-u 'alice:right password'", "-u alice:wrong", ""] {
        shell(&format!(
            "curl -s -o /dev/null -w '%{{http_code}}' {credentials} http://{public}/"
        ));
    }
    let page = shell(&format!("curl -s http://{admin}/metrics"));
    running.terminate();
    page
}

#[test]
fn promtool_finds_nothing_wrong_with_the_figures() {
    let room = Room::new();
    let (mut running, admin, public) = start(&room);
    for credentials in [
        "-u 'alice:right password'",
        "-u alice:wrong",
        "-H 'Authorization: Bearer x'",
        "",
    ] {
        shell(&format!(
            "curl -s -o /dev/null -w '%{{http_code}}' {credentials} http://{public}/"
        ));
    }
    let page = shell(&format!("curl -s http://{admin}/metrics"));
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("promtool: {error}; `./test` installs what is missing"));
    promtool
        .stdin
        .take()
        .unwrap()
        .write_all(page.as_bytes())
        .unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success() && said.is_empty(), "{said}\n{page}");
    for family in [
        "countersign_requests_refused_total counter",
        "countersign_requests_permitted_total counter",
        "countersign_own_seconds histogram",
        "countersign_upstream_seconds histogram",
        "countersign_issuer_keys gauge",
        "countersign_key_fetches_total counter",
    ] {
        assert!(
            page.contains(&format!("# TYPE {family}\n")),
            "{family}\n{page}"
        );
    }
    assert!(
        page.contains("countersign_issuer_keys{issuer=\"down\"} 0\n"),
        "{page}"
    );
    assert_eq!(running.terminate().code(), Some(0));
}

#[test]
fn health_and_readiness_are_told_by_status_and_in_words() {
    let room = Room::new();
    let (mut running, admin, _) = start(&room);
    let ask = |path: &str| {
        shell(&format!(
            "curl -s -w ' %{{http_code}}' http://{admin}{path}"
        ))
    };
    assert_eq!(ask("/healthz"), "ok\n 200");
    assert_eq!(
        ask("/readyz"),
        "{\"issuers\":{\"down\":false},\"ready\":true,\"stopping\":false,\"store\":true,\"store_writable\":true}\n 200"
    );
    assert_eq!(running.terminate().code(), Some(0));
}

#[test]
fn a_store_that_was_replaced_lets_nobody_in_and_shows() {
    let room = Room::new();
    let (mut running, admin, public) = start(&room);
    let status = |at: &str| {
        shell(&format!(
            "curl -s -o /dev/null -w '%{{http_code}}' -u 'alice:right password' {at}"
        ))
    };
    let (app, ready) = (
        format!("http://{public}/"),
        format!("http://{admin}/readyz"),
    );
    // The upstream is not there: to get so far is enough.
    assert_eq!((status(&app), status(&ready)), ("502".into(), "200".into()));
    room.good(&["backup", "copy.db"]);
    std::fs::rename(room.path("copy.db"), room.path("countersign.db")).unwrap();
    running.stderr_until("was deleted or replaced by another while it was open");
    assert_eq!((status(&app), status(&ready)), ("503".into(), "503".into()));
    let page = shell(&format!("curl -s http://{admin}/metrics"));
    assert!(page.contains("countersign_store_up 0\n"), "{page}");
    let ran = room.run(&["reload"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("a restart is needed: "),
        "{}",
        ran.stderr
    );
    assert_eq!(running.terminate().code(), Some(0));
}

/// The members of what is told of the refusal of a request.
fn told(room: &Room, url: &str, with: &str, wanted: &[&str]) -> Value {
    let id = shell(&format!(
        "curl -s -D - -o /dev/null {with} {url} | tr -d '\\r' | awk 'tolower($1) == \"request-id:\" || tolower($1) == \"x-request-id:\" {{ print $2 }}'"
    ));
    // The store has it a turn later.
    let told = (0..1000)
        .map(|_| room.run(&["why", id.trim(), "--json"]))
        .find(|ran| ran.code == 0)
        .unwrap();
    let told: Value = serde_json::from_str(&told.stdout).unwrap();
    wanted.iter().map(|name| told[name].clone()).collect()
}

#[test]
fn why_names_the_user_the_key_and_what_was_lacking() {
    let room = Room::new();
    let rules = CONFIGURATION
        .replace(
            "\"basic\", \"bearer\"]",
            "\"basic\", \"api-key\", \"bearer\"]",
        )
        .replace("{ identity = true }", "{ groups = [\"staff\"] }");
    let (mut running, _, public) = start_with(&room, &rules);
    let url = format!("http://{public}/x");
    let wanted = ["cause", "subject", "account", "key", "detail"];
    let ask = |with: &str| told(&room, &url, with, &wanted);
    assert_eq!(
        ask("-u 'alice:right password'"),
        json!([
            "identity-not-allowed",
            "alice",
            null,
            null,
            "the caller is in none of `staff`"
        ])
    );
    assert_eq!(
        ask("-u alice:wrong"),
        json!(["credentials-rejected", null, "alice", null, null])
    );
    assert_eq!(
        ask("-u nobody:wrong"),
        json!(["credentials-rejected", null, null, null, null])
    );
    let made = room.json(&[
        "key",
        "create",
        "--owner",
        "alice",
        "--from",
        "192.0.2.0/24",
        "--json",
    ]);
    let (id, key) = (&made["id"], made["key"].as_str().unwrap());
    let with_key = format!("-H 'X-API-Key: {key}'");
    assert_eq!(
        ask(&with_key),
        json!([
            "address-not-allowed",
            "alice",
            null,
            id,
            "the credential may not be used from this address, only from `192.0.2.0/24`; the caller is in none of `staff`"
        ])
    );
    room.good(&["key", "revoke", id.as_str().unwrap()]);
    let revoked = (0..1000)
        .map(|_| ask(&with_key))
        .find(|told| told[0] == "credential-revoked")
        .unwrap();
    assert_eq!((&revoked[1], &revoked[3]), (&json!("alice"), id));
    let path = told(&room, &format!("{url}/{key}"), "", &["path", "host"]);
    assert_eq!(
        path,
        json!([format!("/x/csk_{}***", id.as_str().unwrap()), public])
    );
    assert_eq!(running.terminate().code(), Some(0));
}

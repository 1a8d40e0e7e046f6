use serde_json::Value;

use super::server::{Server, TOKEN};
use crate::room::{Ran, Room};

/// Secrets of every test of this file.
const SECRETS: [&str; 3] = [TOKEN, "w0nderland", "YWxpY2U6dzBuZGVybGFuZA=="];

/// The report of a run with `--json`, which has to end with its code and show no secret.
#[track_caller]
fn explained(room: &Room, arguments: &[&str], input: &str) -> Value {
    let ran = room.run_with(
        &[&["explain", "--json"], arguments].concat(),
        input.as_bytes(),
    );
    no_secret(&ran);
    let report: Value = serde_json::from_str(&ran.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", ran.stdout, ran.stderr));
    let has_cause = report["causes"]
        .as_array()
        .is_some_and(|causes| !causes.is_empty());
    let code = match report["outcome"].as_str() {
        Some("accepted") => 0,
        Some("refused") if has_cause => 1,
        Some("refused" | "unknown") => 3,
        Some("unreachable") => 4,
        other => panic!("no outcome `{other:?}`: {report}"),
    };
    assert_eq!(ran.code, code, "{report}");
    keeps_its_form(&report);
    report
}

/// The members that programs read are there in every report, whatever it was made from, and of their kinds.
#[track_caller]
fn keeps_its_form(report: &Value) {
    let has = |value: &Value, name: &str, fits: &dyn Fn(&Value) -> bool| {
        let member = value.get(name);
        assert!(member.is_some_and(fits), "`{name}` of {value}");
    };
    let list = |value: &Value, name: &str| {
        let list = value.get(name).and_then(Value::as_array);
        list.unwrap_or_else(|| panic!("`{name}` is no list: {value}"))
            .clone()
    };
    let number = |value: &Value| value.is_null() || value.is_u64();
    let text_or_none = |value: &Value| value.is_null() || value.is_string();
    let one_of = |words: &'static [&'static str]| {
        move |value: &Value| value.as_str().is_some_and(|word| words.contains(&word))
    };
    has(report, "status", &number);
    has(report, "question", &text_or_none);
    assert!(list(report, "recognised").iter().all(Value::is_string));
    assert!(list(report, "limits").iter().all(Value::is_string));
    for cause in list(report, "causes") {
        has(&cause, "id", &Value::is_string);
        has(
            &cause,
            "confidence",
            &one_of(&["certain", "likely", "possible"]),
        );
        let evidence = list(&cause, "evidence");
        assert!(
            !evidence.is_empty() && evidence.iter().all(Value::is_string),
            "{cause}"
        );
        has(
            &cause["fix"],
            "who",
            &one_of(&["user", "client", "server", "ops"]),
        );
        has(&cause["fix"], "text", &Value::is_string);
        has(&cause["fix"], "command", &text_or_none);
    }
    for probe in list(report, "probes") {
        has(&probe, "method", &Value::is_string);
        has(&probe, "url", &Value::is_string);
        has(&probe, "why", &Value::is_string);
        has(&probe, "status", &number);
    }
}

#[track_caller]
fn no_secret(ran: &Ran) {
    for secret in SECRETS {
        assert!(!ran.stdout.contains(secret), "{}", ran.stdout);
        assert!(!ran.stderr.contains(secret), "{}", ran.stderr);
    }
}

fn first(report: &Value) -> &str {
    report["causes"][0]["id"].as_str().unwrap_or_default()
}

#[test]
fn a_command_after_two_dashes() {
    let (room, server) = (Room::new(), Server::start());
    let url = server.url();
    let report = explained(&room, &["--", "curl", "-u", "alice:w0nderland", &url], "");
    assert_eq!(first(&report), "scheme-not-accepted", "{report}");
    assert_eq!(report["status"], 401);
    let field = format!("Authorization: Bearer {TOKEN}");
    let report = explained(&room, &["--", "curl", "-H", &field, &url], "");
    assert_eq!(report["outcome"], "accepted", "{report}");
}

#[test]
fn a_url_with_options_of_curl_and_of_ours_in_any_order() {
    let (room, server) = (Room::new(), Server::start());
    let url = server.url();
    let ran = room.run(&[
        "explain",
        &url,
        "-u",
        "alice:w0nderland",
        "--json",
        "--max-probes",
        "1",
    ]);
    no_secret(&ran);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["probes"].as_array().unwrap().len(), 1, "{report}");
    assert_eq!(server.heads().len(), 1);
    let report = explained(&room, &["-X", "DELETE", &url], "");
    assert_eq!(report["probes"][0]["method"], "GET", "{report}");
    assert!(
        server
            .heads()
            .iter()
            .all(|head| !head.starts_with("DELETE"))
    );
}

#[test]
fn a_paste_on_standard_input() {
    let (room, server) = (Room::new(), Server::start());
    let url = server.url();
    let command = format!("curl '{url}' \\\n  -u 'alice:w0nderland'\n");
    assert_eq!(
        first(&explained(&room, &["-"], &command)),
        "scheme-not-accepted"
    );
    // The same in quotes, as one argument.
    assert_eq!(
        first(&explained(&room, &[command.trim()], "")),
        "scheme-not-accepted"
    );
    let report = explained(&room, &["-"], &format!("{url}\n"));
    assert_eq!(report["status"], 401, "{report}");
}

#[test]
fn a_recording() {
    let (room, server) = (Room::new(), Server::start());
    let url = server.url();
    let entry = |status: u16, fields: Value| {
        serde_json::json!({
            "startedDateTime": "2026-01-01T00:00:00Z",
            "request": { "method": "GET", "url": url, "httpVersion": "HTTP/1.1", "headers": fields },
            "response": {
                "status": status, "content": {},
                "headers": [{ "name": "WWW-Authenticate", "value": "Bearer realm=\"api\"" }],
            },
        })
    };
    let basic =
        serde_json::json!([{ "name": "Authorization", "value": "Basic YWxpY2U6dzBuZGVybGFuZA==" }]);
    let entries = [entry(200, serde_json::json!([])), entry(401, basic)];
    room.write(
        "x.har",
        serde_json::json!({ "log": { "version": "1.2", "entries": entries } }).to_string(),
    );
    let report = explained(&room, &["--har", "x.har", "--offline"], "");
    assert_eq!(
        (first(&report), &report["status"]),
        ("scheme-not-accepted", &401.into()),
        "{report}"
    );
    let report = explained(&room, &["--har", "x.har", "--offline", "--entry", "0"], "");
    assert_eq!(report["outcome"], "accepted", "{report}");
    assert_eq!(server.heads(), Vec::<String>::new());
    let told = room.bad(2, &["explain", "--har", "x.har", "--entry", "2"]);
    assert!(
        told.starts_with("error: `x.har`: there is no entry 2 in the recording\nhelp: "),
        "{told}"
    );
    room.write("no.har", "{}");
    let told = room.bad(2, &["explain", "--har", "no.har"]);
    assert!(told.starts_with("error: `no.har`: "), "{told}");
}

#[test]
fn a_raw_request() {
    let (room, server) = (Room::new(), Server::start());
    room.write(
        "r.txt",
        "GET /orders HTTP/1.1\r\nHost: api.example\r\nAuthorization: Basic YWxpY2U6dzBuZGVybGFuZA==\r\n\r\n",
    );
    let base = server.url().replace("/orders", "");
    let report = explained(&room, &["--request", "r.txt", "--base-url", &base], "");
    assert_eq!(first(&report), "scheme-not-accepted", "{report}");
    let heads = server.heads();
    assert!(
        heads
            .first()
            .is_some_and(|head| head.starts_with("GET /orders HTTP/1.1\r\n")),
        "{heads:?}"
    );
}

#[test]
fn a_collection() {
    let (room, server) = (Room::new(), Server::start());
    let item = |name: &str, token: &str| {
        serde_json::json!({
            "name": name,
            "request": {
                "method": "GET",
                "url": server.url(),
                "header": [{ "key": "Authorization", "value": token }],
            },
        })
    };
    let items = [
        item("With Basic", "Basic YWxpY2U6dzBuZGVybGFuZA=="),
        item("With a token", &format!("Bearer {TOKEN}")),
    ];
    let schema = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json";
    room.write(
        "c.json",
        serde_json::json!({ "info": { "name": "c", "schema": schema }, "item": items }).to_string(),
    );
    let report = explained(&room, &["--postman", "c.json", "--item", "With Basic"], "");
    assert_eq!(first(&report), "scheme-not-accepted", "{report}");
    let report = explained(
        &room,
        &["--postman", "c.json", "--item", "With a token"],
        "",
    );
    assert_eq!(report["outcome"], "accepted", "{report}");
    let told = room.bad(2, &["explain", "--postman", "c.json", "--item", "none"]);
    assert!(told.starts_with("error: `c.json`: "), "{told}");
}

#[test]
fn a_token_alone() {
    let room = Room::new();
    let report = explained(&room, &["--token", "-", "--offline"], "undefined\n");
    assert_eq!(first(&report), "credentials-placeholder", "{report}");
    let ran = room.run(&["explain", "--offline", "--token", TOKEN]);
    assert_eq!(
        ran.stderr,
        "note: a token in a command line stays in the shell's history; `--token -` reads it from standard input\n"
    );
    no_secret(&ran);
}

#[test]
fn a_saved_refusal_alone() {
    let room = Room::new();
    room.write(
        "a.txt",
        "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n",
    );
    let report = explained(&room, &["--response", "a.txt"], "");
    assert_eq!(
        (&report["status"], &report["probes"]),
        (&401.into(), &serde_json::json!([])),
        "{report}"
    );
    // Its body alone is what people copy.
    room.write(
        "b.txt",
        r#"{"error":"invalid_token","error_description":"The token expired"}"#,
    );
    let report = explained(&room, &["--response", "b.txt"], "");
    assert_eq!(first(&report), "token-expired", "{report}");
    room.write("c.txt", " \n");
    let told = room.bad(2, &["explain", "--response", "c.txt"]);
    assert!(
        told.starts_with("error: `c.txt`: the answer is empty\nhelp: "),
        "{told}"
    );
}

#[test]
fn nothing_is_sent_offline_and_nobody_answers_nowhere() {
    let (room, server) = (Room::new(), Server::start());
    let report = explained(&room, &["--offline", &server.url()], "");
    assert_eq!(report["probes"], serde_json::json!([]));
    assert_eq!(server.heads(), Vec::<String>::new());
    let report = explained(&room, &[&Server::nobody()], "");
    assert_eq!(
        (&report["outcome"], &report["status"]),
        (&"unreachable".into(), &Value::Null),
        "{report}"
    );
}

#[test]
fn the_files_of_a_home_are_looked_at_only_when_they_are_named() {
    let (room, server) = (Room::new(), Server::start());
    std::fs::create_dir(room.path("home")).unwrap();
    room.write(
        "home/.netrc",
        "machine 127.0.0.1 login alice password w0nderland\n",
    );
    let url = server.url();
    let report = explained(&room, &["--", "curl", "-n", &url], "");
    assert_ne!(first(&report), "scheme-not-accepted", "{report}");
    assert!(
        server
            .heads()
            .iter()
            .all(|head| !head.contains("YWxpY2U6dzBuZGVybGFuZA=="))
    );
    let report = explained(&room, &["--home", "home", "--", "curl", "-n", &url], "");
    assert_eq!(first(&report), "scheme-not-accepted", "{report}");
}

#[test]
fn a_pasted_command_reads_no_file_without_leave() {
    let (room, server) = (Room::new(), Server::start());
    room.write("key.pem", "private-letters\n");
    let file = room.path("key.pem");
    let url = server.url();
    let command = format!("curl -G --data-urlencode k@{} {url}", file.display());
    let sent = || {
        let heads = server.heads();
        heads.iter().any(|head| head.contains("private-letters"))
    };
    for (arguments, input) in [(vec!["-"], command.as_str()), (vec![command.as_str()], "")] {
        let report = explained(&room, &arguments, input);
        let limits = report["limits"].to_string();
        assert!(limits.contains("`--files`"), "{report}");
    }
    assert!(!server.heads().is_empty() && !sent());
    let report = explained(&room, &["--files", "-"], &command);
    assert!(sent(), "{report}");
    assert!(!report.to_string().contains("private-letters"), "{report}");
}

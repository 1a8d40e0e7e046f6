//! The access log: one line a request, in each of its forms, without a query or a credential.

use serde_json::{Value, json};

use crate::stage::upstream::Upstream;
use crate::stage::{ALICE, Play};

/// The lines of a gateway with this form of the log, that was asked four times.
fn lines(format: &str) -> Vec<String> {
    let upstream = Upstream::content();
    let sections = format!("[log]\naccess = \"{format}\"\n");
    let stage = Play {
        sections: &sections,
        ..Play::default()
    }
    .open(upstream.address());
    let mut client = stage.client();
    for (path, fields) in [
        (
            "/api/x?token=s3cret",
            format!(
                "Authorization: {ALICE}\r\nReferer: https://a.example/p?t=s3cret\r\nUser-Agent: a \"b\" \\c\r\n"
            ),
        ),
        ("/public/%22", String::new()),
        (
            "/api/x",
            "Authorization: Basic YWxpY2U6d3Jvbmc=\r\n".to_owned(),
        ),
        ("/none", String::new()),
    ] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: a.example\r\n{fields}\r\n");
        client.send(request).answer();
    }
    let log = stage.close().access;
    assert!(!log.contains("s3cret") && !log.contains("YWxpY2U"), "{log}");
    log.lines().map(str::to_owned).collect()
}

/// The line with its time, which is in brackets, masked.
fn masked(line: &str) -> String {
    let (before, after) = line.split_once('[').unwrap();
    let (time, after) = after.split_once(']').unwrap();
    // 24/Nov/2026:13:00:00 +0000
    assert_eq!(time.len(), 26, "{time}");
    assert!(time.ends_with(" +0000"), "{time}");
    format!("{before}[time]{after}")
}

#[test]
fn common_log_format() {
    let lines: Vec<_> = lines("common").iter().map(|line| masked(line)).collect();
    assert_eq!(
        lines.first().map(String::as_str),
        Some("127.0.0.1 - alice [time] \"GET /api/x HTTP/1.1\" 200 2")
    );
    assert_eq!(
        lines.get(1).map(String::as_str),
        Some("127.0.0.1 - - [time] \"GET /public/%22 HTTP/1.1\" 200 2")
    );
    let refused = lines.get(2).unwrap();
    assert!(
        refused.starts_with("127.0.0.1 - - [time] \"GET /api/x HTTP/1.1\" 401 "),
        "{refused}"
    );
    assert_eq!(lines.len(), 4);
}

#[test]
fn combined_log_format() {
    let lines: Vec<_> = lines("combined").iter().map(|line| masked(line)).collect();
    assert_eq!(
        lines.first().map(String::as_str),
        Some(
            "127.0.0.1 - alice [time] \"GET /api/x HTTP/1.1\" 200 2 \"https://a.example/p\" \"a \\x22b\\x22 \\x5Cc\""
        )
    );
    assert!(lines.get(1).unwrap().ends_with(" 200 2 \"-\" \"-\""));
}

#[test]
fn json_lines() {
    let lines: Vec<Value> = lines("json")
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let fields = |line: &Value, names: &[&str]| -> Vec<Value> {
        names.iter().map(|name| line[*name].clone()).collect()
    };
    let names = ["user", "status", "route", "cause", "path", "host"];
    let lines: Vec<_> = lines.iter().map(|line| fields(line, &names)).collect();
    assert_eq!(
        json!(lines),
        json!([
            ["alice", 200, "api", null, "/api/x", "a.example"],
            [null, 200, "public", null, "/public/%22", "a.example"],
            [
                null,
                401,
                "api",
                "credentials-rejected",
                "/api/x",
                "a.example"
            ],
            [null, 404, null, "route-unmatched", "/none", "a.example"]
        ])
    );
}

#[test]
fn without_being_asked_for_there_is_none() {
    assert_eq!(lines("off"), Vec::<String>::new());
}

#[test]
fn a_refusal_is_found_by_the_id_that_its_client_was_told() {
    let upstream = Upstream::content();
    let stage = Play {
        sections: "[log]\naccess = \"json\"\n",
        ..Play::default()
    }
    .open(upstream.address());
    let get = |path| format!("GET {path} HTTP/1.1\r\nHost: a.example\r\n\r\n");
    let told: Value = serde_json::from_slice(&stage.ask(get("/api/x")).body).unwrap();
    let _ = stage.ask(get("/public/x"));
    let log = stage.close().access;
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let [refused, permitted] = &lines[..] else {
        panic!("{log}")
    };
    assert!(told["request_id"].is_string(), "{told}");
    assert_eq!(refused["request"], told["request_id"]);
    assert_eq!(permitted["request"], Value::Null);
}

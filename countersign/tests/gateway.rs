//! The running gateway against clients and upstreams that do not behave, byte by byte.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

struct Gateway {
    child: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = Command::new("kill")
            .arg(self.child.id().to_string())
            .status();
        let _ = self.child.wait();
    }
}

fn gateway(upstream: &str, limits: &str) -> Gateway {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "[server]\nlisten = [\"127.0.0.1:0\"]\nworkers = 1\n[server.limits]\n{limits}\n[upstream.app]\nurl = \"http://{upstream}\"\n\
         [[route]]\nname = \"open\"\npath = \"/open/**\"\nupstream = \"app\"\nallow = \"anyone\"\n\
         [[route]]\nname = \"all\"\npath = \"/x/**\"\nupstream = \"app\"\naccept = [\"basic\"]\nallow = {{ identity = true }}\n"
    );
    std::fs::write(folder.path().join("countersign.toml"), text).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .arg("serve")
        .current_dir(folder.path())
        .env_remove("COUNTERSIGN_CONFIG")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("\"listening\"") {
        line.clear();
        assert_ne!(log.read_line(&mut line).unwrap(), 0, "the gateway starts");
    }
    std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
    let event: serde_json::Value = serde_json::from_str(&line).unwrap();
    let address = event.get("address").unwrap().as_str().unwrap().to_owned();
    Gateway {
        child,
        address,
        _folder: folder,
    }
}

/// An upstream that reads one head of each connection, hands it on, and answers with the same bytes.
fn upstream(answer: &'static str) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (heads, seen) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|size| size == 1)
            {
                head.extend(byte);
            }
            let _ = heads.send(String::from_utf8_lossy(&head).into_owned());
            if !answer.is_empty() {
                let _ = stream.write_all(answer.as_bytes());
            } else {
                // Never answers: waits until the gateway gives up.
                let _ = stream.read_to_end(&mut Vec::new());
            }
        }
    });
    (address, seen)
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";

fn exchange(gateway: &Gateway, request: &str) -> String {
    let mut stream = TcpStream::connect(&gateway.address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // A reset after the answer is the other side's way to end it.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn get(path: &str, fields: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n{fields}\r\n")
}

#[track_caller]
fn refused(answer: &str, status: u16, cause: &str) {
    assert!(
        answer.starts_with(&format!("HTTP/1.1 {status} ")),
        "{answer}"
    );
    assert!(
        answer.contains(&format!("countersign-cause: {cause}\r\n")),
        "{answer}"
    );
}

#[test]
fn a_head_that_two_servers_could_read_differently_is_refused() {
    let (address, seen) = upstream(OK);
    let gateway = gateway(&address, "");
    refused(
        &exchange(&gateway, "GET /open HTTP/1.1\r\nConnection: close\r\n\r\n"),
        400,
        "host-invalid",
    );
    let two = "GET /open HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n";
    refused(&exchange(&gateway, two), 400, "host-invalid");
    refused(
        &exchange(&gateway, &get("/open/%2e%2e/x", "")),
        400,
        "request-target-ambiguous",
    );
    refused(
        &exchange(
            &gateway,
            "TRACE /open HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        ),
        501,
        "method-not-supported",
    );
    refused(
        &exchange(&gateway, &get("/nowhere", "")),
        404,
        "route-unmatched",
    );
    let twice = "Authorization: Basic YTpi\r\nAuthorization: Basic YTpj\r\n";
    refused(
        &exchange(&gateway, &get("/x", twice)),
        400,
        "header-duplicated",
    );
    assert!(
        seen.try_recv().is_err(),
        "nothing of it reached the upstream"
    );
}

#[test]
fn attack_18_attack_19_attack_21_attack_29_no_claim_of_an_identity_reaches_the_upstream() {
    let (address, seen) = upstream(OK);
    let gateway = gateway(&address, "");
    let claims = "X-Auth-User: root\r\nX_Auth_User: root\r\nx-auth_groups: admin\r\nX-Auth-User: root2\r\nX-Forwarded-Uri: /y\r\nConnection: X-Forwarded-For\r\n";
    let answer = exchange(
        &gateway,
        &format!("GET /open HTTP/1.1\r\nHost: a.example\r\n{claims}Connection: close\r\n\r\n"),
    );
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let head = seen.recv().unwrap().to_ascii_lowercase();
    assert!(
        !head.contains("root") && !head.contains("admin") && !head.contains("forwarded-uri"),
        "{head}"
    );
    assert!(
        head.contains("x-forwarded-for: 127.0.0.1\r\n")
            && head.contains("via: 1.1 countersign\r\n"),
        "{head}"
    );
}

#[test]
fn limits_have_causes() {
    let (address, _seen) = upstream(OK);
    let gateway = gateway(
        &address,
        "head_bytes_max = 8192\nheaders_max = 16\nbody_bytes_max = 10\nbody_stall_secs = 1",
    );
    refused(
        &exchange(
            &gateway,
            &get("/open", &format!("X-Long: {}\r\n", "a".repeat(9000))),
        ),
        431,
        "header-too-large",
    );
    refused(
        &exchange(&gateway, &get("/open", &"X-Many: 1\r\n".repeat(20))),
        431,
        "header-too-large",
    );
    let post = |rest: &str| {
        format!("POST /open HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n{rest}")
    };
    refused(
        &exchange(&gateway, &post("Content-Length: 11\r\n\r\n01234567890")),
        413,
        "body-too-large",
    );
}

#[test]
fn a_body_that_stalls_and_an_upstream_that_does() {
    let (silent, _seen) = upstream("");
    let gateway = gateway(&silent, "body_stall_secs = 1\nupstream_head_secs = 1");
    let post = "POST /open HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\nContent-Length: 5\r\n\r\n01";
    refused(&exchange(&gateway, post), 408, "body-stalled");
    refused(
        &exchange(&gateway, &get("/open", "")),
        504,
        "upstream-timeout",
    );
}

#[test]
fn upstreams_that_are_not_there_or_talk_nonsense() {
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string();
    refused(
        &exchange(&gateway(&closed, ""), &get("/open", "")),
        502,
        "upstream-unreachable",
    );
    let (nonsense, _seen) = upstream("nonsense\r\n\r\n");
    refused(
        &exchange(&gateway(&nonsense, ""), &get("/open", "")),
        502,
        "upstream-malformed",
    );
}

#[test]
fn cause_gateway_overloaded_a_connection_past_the_limit_is_told_so() {
    let (address, _seen) = upstream(OK);
    let gateway = gateway(&address, "connections_max = 1");
    let mut first = TcpStream::connect(&gateway.address).unwrap();
    first
        .write_all(b"GET /nowhere HTTP/1.1\r\nHost: a.example\r\n\r\n")
        .unwrap();
    let mut byte = [0];
    assert_eq!(first.read(&mut byte).unwrap(), 1, "the first is served");
    refused(
        &exchange(&gateway, &get("/open", "")),
        503,
        "gateway-overloaded",
    );
}

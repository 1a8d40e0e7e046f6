//! What never becomes a request is answered all the same, with a cause and an id by which the log and the store have it.

use countersign_store::Store;
use serde_json::Value;

use crate::stage::certificate::Certificate;
use crate::stage::message::Message;
use crate::stage::upstream::Upstream;
use crate::stage::{Play, Stage, usual, wait_for};

const GET: &str = "GET /public/x HTTP/1.1\r\nHost: a.example\r\n\r\n";

/// The line of the log that has this request id.
fn ended(log: &str, id: &str) -> Value {
    let line = log.lines().find(|line| line.contains(id));
    serde_json::from_str(line.unwrap_or_else(|| panic!("no {id} in {log}"))).unwrap()
}

/// Closes the stage, and looks for what an answer has told.
fn assert_kept(stage: Stage, answer: &Message) {
    let id = answer.field("x-request-id").unwrap().to_owned();
    let closed = stage.close();
    let line = ended(&closed.log, &id);
    assert_eq!(line["event"], "connection-ended");
    assert_eq!(line["cause"], answer.cause());
    let kept = wait_for(closed.store.refusal(&id)).unwrap().unwrap();
    assert_eq!(&*kept.cause, answer.cause());
    assert_eq!((&*kept.method, &*kept.path), ("", ""));
    assert_eq!(Some(kept.status), answer.status());
    assert_eq!(&*kept.peer, "127.0.0.1");
}

#[test]
fn what_is_not_http_is_refused_with_a_cause_that_can_be_looked_up() {
    let head =
        |field: &str| format!("GET /public/x HTTP/1.1\r\nHost: a.example\r\n{field}\r\n\r\n");
    let form = "the request line or a field has a character";
    let target = "the target in the request line is malformed";
    let version = "the request line does not end with a version";
    for (request, fault) in [
        (head("X-A: a\u{1}b"), form),
        (head("X-A: a\r\n folded"), form),
        (head("no colon"), form),
        (head("X A: b"), form),
        (
            head("Content-Length: 1\r\nContent-Length: 2"),
            "`Content-Length`",
        ),
        (head("Content-Length: +1"), "`Content-Length`"),
        (head("Transfer-Encoding: gzip"), "`Transfer-Encoding`"),
        (
            "GET /public/x HTTP/9.9\r\nHost: a.example\r\n\r\n".to_owned(),
            version,
        ),
        ("GET /public/x\r\n\r\n".to_owned(), target),
        (
            "GET /public/\u{1} HTTP/1.1\r\nHost: a.example\r\n\r\n".to_owned(),
            target,
        ),
        (
            "GET http:///x HTTP/1.1\r\nHost: a.example\r\n\r\n".to_owned(),
            target,
        ),
        (
            "\u{0}\u{1}\u{2}\r\n\r\n".to_owned(),
            "the request line does not begin with a method",
        ),
    ] {
        let upstream = Upstream::content();
        let stage = usual(upstream.address());
        let mut client = stage.client();
        let answer = client.send(&request).answer();
        assert_eq!(answer.status(), Some(400), "{request:?}");
        assert_eq!(answer.cause(), "request-malformed", "{request:?}");
        assert!(answer.text().contains(fault), "{request:?}: {answer:?}");
        assert_eq!(answer.field("connection"), Some("close"));
        assert!(answer.whole);
        assert_eq!(client.rest(), b"", "{request:?}");
        // It is heard out for a while.
        drop(client);
        assert!(upstream.has_heard_nothing());
        assert_kept(stage, &answer);
    }
}

#[test]
fn a_head_that_is_far_too_large_has_its_cause_too() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let fields = "X-A: 1\r\n".repeat(101);
    let answer = stage.ask(format!(
        "GET /public/x HTTP/1.1\r\nHost: a.example\r\n{fields}\r\n"
    ));
    assert_eq!(
        (answer.status(), answer.cause()),
        (Some(431), "header-too-large")
    );
    assert_kept(stage, &answer);
}

#[test]
fn answers_before_it_go_out_whole_and_the_upstreams_own_refusals_are_not_taken_for_it() {
    let upstream = Upstream::answering(
        b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
    );
    let stage = usual(upstream.address());
    let mut client = stage.client();
    for _ in 0..3 {
        let answer = client.send(GET).answer();
        assert_eq!((answer.status(), answer.cause()), (Some(400), ""));
    }
    // In one piece: a request is answered, by whomever, before what follows it is read.
    for (path, cause) in [("public", ""), ("api", "credentials-missing")] {
        let mut client = stage.client();
        client.send(format!(
            "GET /{path}/x HTTP/1.1\r\nHost: a.example\r\n\r\n\u{1}\r\n\r\n"
        ));
        assert_eq!(client.answer().cause(), cause);
        assert_eq!(client.answer().cause(), "request-malformed");
        assert_eq!(client.rest(), b"");
    }
    // On its own after answers.
    let mut client = stage.client();
    client.send(GET).answer();
    let answer = client.send("\u{1}\r\n\r\n").answer();
    assert_eq!(answer.cause(), "request-malformed");
    assert_eq!(client.rest(), b"");
}

#[test]
fn cause_head_stalled_is_told_of_half_a_head_and_kept() {
    let upstream = Upstream::content();
    let stage = Play {
        limits: "head_secs = 1",
        ..Play::default()
    }
    .open(upstream.address());
    let mut client = stage.client();
    // Of a later request of a connection as well.
    assert_eq!(client.send(GET).answer().status(), Some(200));
    let answer = client.send("GET /public/x HTTP/1.1\r\n").answer();
    assert_eq!(
        (answer.status(), answer.cause()),
        (Some(408), "head-stalled")
    );
    assert_eq!(client.rest(), b"");
    drop(client);
    assert_kept(stage, &answer);
}

#[test]
fn rfc9112_section_2_2_a_line_end_behind_a_request_begins_no_other() {
    let upstream = Upstream::content();
    let stage = Play {
        limits: "head_secs = 1",
        ..Play::default()
    }
    .open(upstream.address());
    let mut client = stage.client();
    assert_eq!(client.send(GET).answer().status(), Some(200));
    // It stands for nothing, and nothing is answered.
    assert_eq!(client.send("\r\n").rest(), b"");
    let log = stage.close().log;
    assert!(!log.contains("connection-ended"), "{log}");
}

#[test]
fn a_body_that_comes_behind_its_refusal_is_heard_out_and_the_connection_goes_on() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let mut client = stage.client();
    let post = "POST /api/x HTTP/1.1\r\nHost: a.example\r\nContent-Length: 8\r\n\r\n";
    for _ in 0..3 {
        assert_eq!(client.send(post).answer().cause(), "credentials-missing");
        client.send("amount=1");
    }
    assert_eq!(client.send(GET).answer().status(), Some(200));
    // One who waits to be asked for the body is not asked.
    let post = "POST /api/x HTTP/1.1\r\nHost: a.example\r\nContent-Length: 8\r\nExpect: 100-continue\r\n\r\n";
    assert_eq!(client.send(post).answer().status(), Some(401));
    assert_eq!(client.rest(), b"");
}

#[test]
fn plain_http_to_a_listener_of_tls_is_told_so_in_the_clear() {
    let certificate = Certificate::new();
    let upstream = Upstream::content();
    let stage = Play {
        server: &certificate.setting(),
        ..Play::default()
    }
    .open(upstream.address());
    for request in [GET, "post /x HTTP/1.1\r\n", "P"] {
        let mut client = stage.client();
        let answer = client.send(request).answer();
        assert_eq!(answer.status(), Some(400), "{request}");
        assert!(answer.text().contains("speaks TLS"), "{answer:?}");
        assert!(answer.whole);
        assert_eq!(client.rest(), b"");
    }
    // What is neither gets no answer in the clear.
    let mut client = stage.client();
    client.send([0; 64]);
    assert!(client.answer_if_any().is_none());
    let log = stage.close().log;
    let told = log.matches("plain HTTP was sent to this listener");
    assert_eq!(told.count(), 3, "{log}");
    assert!(log.contains("the TLS handshake failed"), "{log}");
    assert!(upstream.has_heard_nothing());
}

//! What frames a message, or would make it something else than a message, never crosses as the client sent it.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Request;
use http_body::{Body, Frame};

use crate::stage::message::Message;
use crate::stage::upstream::{OK, Upstream};
use crate::stage::{PATIENCE, Stage, http2, usual, wait_for};

/// The answer, where one comes before the connection ends.
fn status(stage: &Stage, request: &str) -> Option<u16> {
    stage
        .client()
        .send(request)
        .answer_if_any()
        .and_then(|answer| answer.status())
}

fn post(fields: &str, body: &str) -> String {
    format!("POST /public/x HTTP/1.1\r\nHost: a.example\r\n{fields}\r\n{body}")
}

/// An upstream that keeps every byte of every connection, and never answers.
fn listening() -> (Upstream, std::sync::mpsc::Receiver<Vec<u8>>) {
    let (sender, receiver) = std::sync::mpsc::channel();
    let upstream = Upstream::played(move |mut connection| {
        let _ = sender.send(connection.hear_out());
    });
    (upstream, receiver)
}

#[test]
fn rfc9110_section_9_3_1_a_body_of_unknown_length_arrives_whatever_the_method() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    for method in ["GET", "HEAD", "DELETE", "POST", "OPTIONS"] {
        let request = format!(
            "{method} /public/x HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n\
             5\r\nhello\r\n0\r\n\r\n"
        );
        let mut client = stage.client();
        client.send(request);
        let heard = upstream.next().message;
        assert_eq!(heard.text(), "hello", "{method}: {}", heard.head);
        assert_eq!(heard.field("transfer-encoding"), Some("chunked"));
        assert_eq!(heard.field("content-length"), None);
    }
}

#[test]
fn a_measured_body_and_none_are_framed_as_they_were() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let measured = "GET /public/x HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n\r\nhello";
    let none = "GET /public/x HTTP/1.1\r\nHost: a.example\r\n\r\n";
    for (request, body, length) in [(measured, "hello", Some("5")), (none, "", None)] {
        assert_eq!(status(&stage, request), Some(200));
        let heard = upstream.next().message;
        assert_eq!(heard.text(), body);
        assert_eq!(heard.field("content-length"), length);
        assert_eq!(heard.field("transfer-encoding"), None);
    }
}

/// A body that does not say how long it is.
struct Unmeasured(Option<Bytes>);

impl Body for Unmeasured {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(bytes))))
    }
}

#[test]
fn data_of_http2_without_a_length_arrives_whatever_the_method() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    wait_for(async {
        let mut sender = http2::connect::<Unmeasured>(stage.address()).await;
        for method in ["GET", "HEAD", "DELETE"] {
            let request = Request::builder()
                .method(method)
                .uri("http://a.example/public/x")
                .body(Unmeasured(Some(Bytes::from_static(b"hello"))))
                .unwrap();
            let exchange = tokio::time::timeout(PATIENCE, sender.send_request(request));
            assert_eq!(exchange.await.unwrap().unwrap().status(), 200);
            let heard = upstream.next().message;
            assert_eq!(heard.text(), "hello", "{method}: {}", heard.head);
        }
    });
}

#[test]
fn attack_70_no_upgrade_is_forwarded() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    for fields in [
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n",
        "Upgrade: h2c\r\n",
    ] {
        let request = format!("GET /public/x HTTP/1.1\r\nHost: a.example\r\n{fields}\r\n");
        assert_eq!(status(&stage, &request), Some(200), "{fields}");
        let heard = upstream.next().message;
        for name in ["upgrade", "connection", "http2-settings"] {
            assert_eq!(heard.field(name), None, "{}", heard.head);
        }
    }
}

#[test]
fn attack_70_an_upstream_that_switches_protocols_gets_no_tunnel() {
    let upstream = Upstream::answering(
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
    );
    let stage = usual(upstream.address());
    let mut client = stage.client();
    client.send(
        "GET /public/x HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
    );
    client.send("GET /admin/smuggled HTTP/1.1\r\nHost: a.example\r\n\r\n");
    let answer = client.answer();
    assert_eq!(
        (answer.status(), answer.cause()),
        (Some(502), "upstream-malformed")
    );
    assert_eq!(client.answer().cause(), "credentials-missing");
    upstream.next();
    assert!(upstream.has_heard_nothing());
}

#[test]
fn attack_71_connect_and_trace_are_refused() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    for (request, cause) in [
        (
            "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n",
            "method-not-supported",
        ),
        (
            "TRACE /public/x HTTP/1.1\r\nHost: a.example\r\n\r\n",
            "method-not-supported",
        ),
    ] {
        assert_eq!(stage.ask(request).cause(), cause);
    }
    // What follows a CONNECT is no tunnel.
    let mut client = stage.client();
    client.send(
        "CONNECT a.example:80 HTTP/1.1\r\nHost: a.example:80\r\n\r\nGET /public/x HTTP/1.1\r\nHost: a\r\n\r\n",
    );
    assert_eq!(client.answer().cause(), "method-not-supported");
    drop(client);
    drop(stage);
    assert_eq!(upstream.connections(), 0);
}

#[test]
fn attack_72_heads_that_servers_read_differently_are_refused() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    for fields in [
        "Content-Length: +3\r\n",
        "Content-Length: -3\r\n",
        "Content-Length: 0x3\r\n",
        "Content-Length: 3, 4\r\n",
        "Content-Length: 3 3\r\n",
        "Content-Length: 18446744073709551617\r\n",
        "Content-Length:\r\n",
        "Content-Length: 3\r\nContent-Length: 4\r\n",
        "Content-Length : 3\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding: chunked, gzip\r\n",
        "Transfer-Encoding: xchunked\r\n",
        ": x\r\n",
        "X-Folded: a\r\n b\r\n",
        " X-Led: a\r\n",
        "X-Nul: a\0b\r\n",
        "X-Bare: a\rb\r\n",
        "X(y): a\r\n",
    ] {
        let status = status(&stage, &post(fields, "abc"));
        assert!(matches!(status, None | Some(400)), "{fields:?}: {status:?}");
    }
    drop(stage);
    assert_eq!(upstream.connections(), 0);
    assert!(upstream.has_heard_nothing());
}

#[test]
fn attack_72_http_1_0_has_no_chunks() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let request =
        "POST /public/x HTTP/1.0\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    assert!(matches!(status(&stage, request), None | Some(400)));
    drop(stage);
    assert_eq!(upstream.connections(), 0);
}

#[test]
fn attack_72_length_beside_chunks_is_framed_anew() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    for fields in [
        "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 6\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: +6\r\n",
    ] {
        // Whoever believes the length takes the rest of the body for a second request.
        let body = "3\r\nabc\r\n0\r\n\r\nGET /admin/smuggled HTTP/1.1\r\nHost: a.example\r\n\r\n";
        let mut client = stage.client();
        let first = client.send(post(fields, body)).answer_if_any();
        let Some(first) = first.filter(|answer| answer.status() == Some(200)) else {
            assert!(upstream.has_heard_nothing(), "{fields}");
            continue;
        };
        assert!(first.whole);
        let heard = upstream.next().message;
        assert_eq!(heard.body, b"abc");
        assert!(
            heard.field("content-length").is_none() || heard.field("transfer-encoding").is_none(),
            "{}",
            heard.head
        );
        // The second is a request of its own, and comes before the rules.
        let second = client.answer_if_any();
        assert!(second.is_none_or(|answer| answer.cause() == "credentials-missing"));
        assert!(upstream.has_heard_nothing());
    }
}

#[test]
fn attack_72_equal_lengths_go_on_as_one() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let request = post("Content-Length: 3\r\nContent-Length: 3\r\n", "abc");
    match status(&stage, &request) {
        Some(200) => assert_eq!(upstream.next().message.field("content-length"), Some("3")),
        other => assert_eq!(other, Some(400)),
    }
}

#[test]
fn attack_72_broken_chunks_reach_no_upstream_as_a_whole_body() {
    for body in [
        "+3\r\nabc\r\n0\r\n\r\n",
        "0x3\r\nabc\r\n0\r\n\r\n",
        "g\r\nabc\r\n0\r\n\r\n",
        "3\nabc\n0\n\n",
        "3\r\nabcd\r\n0\r\n\r\n",
        "-1\r\nabc\r\n0\r\n\r\n",
        "ffffffffffffffff1\r\nabc\r\n0\r\n\r\n",
        "3;a=\"\n\"\r\nabc\r\n0\r\n\r\n",
        "\r\n3\r\nabc\r\n0\r\n\r\n",
    ] {
        let (upstream, heard) = listening();
        let stage = usual(upstream.address());
        let status = status(&stage, &post("Transfer-Encoding: chunked\r\n", body));
        assert!(matches!(status, None | Some(400)), "{body:?}: {status:?}");
        drop(stage);
        // The head may be there already, and a part of the body; never its end.
        if upstream.connections() > 0 {
            let bytes = heard.recv_timeout(PATIENCE).unwrap();
            let text = String::from_utf8(bytes).unwrap();
            assert!(!text.contains("\r\n0\r\n"), "{body:?}: {text:?}");
        }
    }
}

#[test]
fn attack_72_chunk_extensions_do_not_cross() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let request = post(
        "Transfer-Encoding: chunked\r\n",
        "3;ext=1;other=\"x\"\r\nabc\r\n0;last\r\n\r\n",
    );
    assert_eq!(status(&stage, &request), Some(200));
    let heard = upstream.next().message;
    assert_eq!(heard.body, b"abc");
    assert!(!heard.head.contains("ext"), "{}", heard.head);
}

#[test]
fn responses_with_two_framings_are_framed_anew() {
    let upstream = Upstream::played(|mut connection| {
        connection.hear();
        connection.say(
            b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        );
        while connection.hear().is_some() {
            connection.say(OK);
        }
    });
    let stage = usual(upstream.address());
    let answer: Message = stage.ask("GET /public/x HTTP/1.1\r\nHost: a.example\r\n\r\n");
    match answer.status() {
        Some(200) => {
            assert!(answer.whole, "{answer:?}");
            assert_eq!(answer.text(), "abc");
        }
        _ => assert_eq!(answer.cause(), "upstream-malformed"),
    }
}

#[test]
fn what_an_upstream_sends_too_much_is_no_answer_to_the_next_request() {
    let upstream = Upstream::played(|mut connection| {
        while connection.hear().is_some() {
            connection.say(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
        }
    });
    let stage = usual(upstream.address());
    let mut client = stage.client();
    for _ in 0..3 {
        client.send("GET /public/x HTTP/1.1\r\nHost: a.example\r\n\r\n");
        assert_eq!(client.answer().text(), "ok");
        upstream.next();
    }
}

//! Requests and responses on their way through, in HTTP/1.1.

use std::sync::mpsc::channel;

use crate::stage::upstream::{Connection, OK, Upstream};
use crate::stage::{ALICE, PATIENCE, Play, usual};

const GET: &str = "GET /public/x HTTP/1.1\r\nHost: a.example\r\n\r\n";

#[test]
fn several_requests_share_one_connection_on_either_side() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let mut client = stage.client();
    for _ in 0..5 {
        assert_eq!(client.send(GET).answer().text(), "ok");
        assert_eq!(upstream.next().connection, 0);
    }
    // Another client's requests go by the same one.
    assert_eq!(stage.ask(GET).status(), Some(200));
    assert_eq!(upstream.next().connection, 0);
    assert_eq!(upstream.connections(), 1);
}

#[test]
fn rfc9112_section_9_3_2_pipelined_requests_are_answered_in_their_order() {
    let upstream = Upstream::played(|mut connection| {
        let mut number = 0;
        while connection.hear().is_some() {
            number += 1;
            connection
                .say(format!("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{number}").as_bytes());
        }
    });
    let stage = usual(upstream.address());
    let mut client = stage.client();
    client.send(format!(
        "{GET}GET /api/x HTTP/1.1\r\nHost: a.example\r\n\r\n{GET}"
    ));
    assert_eq!(client.answer().text(), "1");
    assert_eq!(client.answer().cause(), "credentials-missing");
    assert_eq!(client.answer().text(), "2");
}

#[test]
fn rfc9112_section_9_3_connections_end_when_asked_to() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let mut client = stage.client();
    client.send("GET /public/x HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n");
    assert_eq!(client.answer().field("connection"), Some("close"));
    assert_eq!(client.rest(), b"");
    // The client's wish ends its own connection, not the upstream's.
    assert_eq!(upstream.next().message.field("connection"), None);
    assert_eq!(stage.ask(GET).status(), Some(200));
    assert_eq!(upstream.next().connection, 0);
}

#[test]
fn http_1_0_is_answered_and_closed() {
    let upstream = Upstream::answering(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    );
    let stage = usual(upstream.address());
    let mut client = stage.client();
    client.send("GET /public/x HTTP/1.0\r\nHost: a.example\r\n\r\n");
    let all = String::from_utf8(client.rest()).unwrap();
    assert!(all.starts_with("HTTP/1.0 200 OK\r\n"), "{all}");
    // RFC 9112 section 6.1: no chunks for HTTP/1.0.
    assert!(all.ends_with("\r\n\r\nok"), "{all}");
    let heard = upstream.next().message;
    assert_eq!(heard.line(), "GET /public/x HTTP/1.1");
    assert_eq!(heard.field("via"), Some("1.0 countersign"));
}

/// More than any buffer on the way holds: sockets take some megabytes.
const LARGE: usize = 24 * 1024 * 1024;

#[test]
fn large_request_bodies_are_streamed() {
    let (told, heard) = channel();
    let upstream = Upstream::played(move |mut connection| {
        connection.hear_head().unwrap();
        // The client has not sent the rest yet when this much is here.
        let first = connection.hear_bytes(1000);
        told.send(first.len()).unwrap();
        let rest = connection.hear_bytes(LARGE - 1000);
        told.send(rest.len()).unwrap();
        connection.say(OK);
        connection.hear_out();
    });
    let stage = usual(upstream.address());
    let mut client = stage.client();
    client.send(format!(
        "POST /public/x HTTP/1.1\r\nHost: a.example\r\nContent-Length: {LARGE}\r\n\r\n"
    ));
    client.send(vec![b'x'; 1000]);
    assert_eq!(heard.recv_timeout(PATIENCE), Ok(1000));
    client.send(vec![b'x'; LARGE - 1000]);
    assert_eq!(client.answer().text(), "ok");
    assert_eq!(heard.recv_timeout(PATIENCE), Ok(LARGE - 1000));
}

#[test]
fn responses_are_streamed_and_their_first_bytes_come_before_their_end() {
    let (go, went) = channel::<()>();
    let went = std::sync::Mutex::new(went);
    let upstream = Upstream::played(move |mut connection| {
        connection.hear();
        connection.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
        went.lock().unwrap().recv_timeout(PATIENCE).unwrap();
        connection.say(format!("{LARGE:x}\r\n").as_bytes());
        connection.say(&vec![b'y'; LARGE]);
        connection.say(b"\r\n0\r\n\r\n");
        connection.hear_out();
    });
    let stage = usual(upstream.address());
    let mut client = stage.client();
    client.send(GET);
    let begin = client.until(b"first\r\n");
    assert!(begin.starts_with(b"HTTP/1.1 200 OK\r\n"));
    // Only now does the upstream go on: what came did not wait for it.
    go.send(()).unwrap();
    let mut size = 0;
    loop {
        let line = String::from_utf8(client.until(b"\r\n")).unwrap();
        let chunk = usize::from_str_radix(line.trim_end(), 16).unwrap();
        let data = client.until(b"\r\n");
        if chunk == 0 {
            break;
        }
        assert_eq!(data.len(), chunk + 2);
        size += chunk;
    }
    assert_eq!(size, LARGE);
}

#[test]
fn both_directions_stream_at_once() {
    let upstream = Upstream::played(|mut connection| {
        connection.hear_head().unwrap();
        connection.say(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n");
        for _ in 0..2 {
            let part = connection.hear_bytes(4);
            connection.say(&part);
        }
        connection.hear_out();
    });
    let stage = usual(upstream.address());
    let mut client = stage.client();
    client.send("POST /public/x HTTP/1.1\r\nHost: a.example\r\nContent-Length: 8\r\n\r\nping");
    client.until(b"\r\n\r\nping");
    client.send("pong");
    client.until(b"pong");
}

#[test]
fn bodiless_responses_keep_their_connections() {
    for (method, head) in [
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n"),
        (
            "HEAD",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        ),
        ("GET", "HTTP/1.1 204 No Content\r\n\r\n"),
        (
            "GET",
            "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nContent-Length: 1234\r\n\r\n",
        ),
        ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ] {
        let upstream = Upstream::answering(head.as_bytes());
        let stage = usual(upstream.address());
        let mut client = stage.client();
        for _ in 0..2 {
            client.send(format!(
                "{method} /public/x HTTP/1.1\r\nHost: a.example\r\n\r\n"
            ));
            let answer = if method == "HEAD" {
                client.answer_to_head()
            } else {
                client.answer()
            };
            assert_eq!(answer.line(), head.lines().next().unwrap());
            assert!(answer.body.is_empty());
            let length = answer.field("content-length");
            assert!(
                length.is_none_or(|length| head.contains(length)),
                "{}",
                answer.head
            );
            assert_eq!(upstream.next().connection, 0, "{head}");
        }
    }
}

#[test]
fn a_refused_head_has_no_body() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let mut client = stage.client();
    client.send("HEAD /api/x HTTP/1.1\r\nHost: a.example\r\n\r\n");
    let refused = client.answer_to_head();
    assert_eq!(
        (refused.status(), refused.cause()),
        (Some(401), "credentials-missing")
    );
    // Had there been a body, this would not be read as an answer.
    assert_eq!(client.send(GET).answer().status(), Some(200));
}

#[test]
fn a_body_that_ends_with_its_connection_is_passed_on_whole() {
    let upstream = Upstream::played(|mut connection| {
        connection.hear();
        connection.say(b"HTTP/1.1 200 OK\r\n\r\nuntil the end");
    });
    let stage = usual(upstream.address());
    let answer = stage.ask(GET);
    assert!(answer.whole);
    assert_eq!(answer.text(), "until the end");
    // There is nothing to be used again.
    assert_eq!(stage.ask(GET).text(), "until the end");
    assert_eq!(upstream.connections(), 2);
}

/// Answers once, and is closed when the client has the answer, before the test goes on.
fn answer_once(
    mut connection: Connection,
    close: &std::sync::mpsc::Receiver<()>,
    closed: &std::sync::mpsc::Sender<()>,
) {
    connection.hear();
    connection.say(OK);
    close.recv_timeout(PATIENCE).unwrap();
    drop(connection);
    closed.send(()).unwrap();
}

#[test]
fn an_idle_connection_that_the_upstream_has_closed_is_not_used() {
    let (close, is_closing) = channel();
    let (closed, was_closed) = channel();
    let is_closing = std::sync::Mutex::new(is_closing);
    let upstream = Upstream::played(move |connection| {
        answer_once(connection, &is_closing.lock().unwrap(), &closed);
    });
    let stage = usual(upstream.address());
    for request in [
        GET,
        GET,
        "POST /public/x HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n\r\nabc",
        "POST /public/x HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    ] {
        assert_eq!(stage.ask(request).status(), Some(200));
        close.send(()).unwrap();
        was_closed.recv_timeout(PATIENCE).unwrap();
        upstream.next();
    }
    assert_eq!(upstream.connections(), 4);
}

#[test]
fn a_get_that_meets_the_end_of_an_idle_connection_is_sent_again() {
    // The upstream closes while the request is on its way: nobody can see that before it is sent.
    let upstream = Upstream::played(|mut connection| {
        connection.hear();
        if connection.number == 0 {
            connection.say(OK);
            connection.hear();
            return;
        }
        connection.say(OK);
        connection.hear_out();
    });
    let stage = usual(upstream.address());
    let mut client = stage.client();
    assert_eq!(client.send(GET).answer().status(), Some(200));
    assert_eq!(client.send(GET).answer().status(), Some(200));
    let connections: Vec<_> = (0..3).map(|_| upstream.next().connection).collect();
    assert_eq!(connections, [0, 0, 1]);
}

#[test]
fn rfc9110_section_9_2_2_a_post_is_not_sent_twice() {
    let upstream = Upstream::played(|mut connection| {
        connection.hear();
        connection.say(OK);
        connection.hear();
    });
    let stage = usual(upstream.address());
    assert_eq!(stage.ask(GET).status(), Some(200));
    let post = "POST /public/x HTTP/1.1\r\nHost: a.example\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(stage.ask(post).cause(), "upstream-unreachable");
    upstream.next();
    assert_eq!(upstream.next().message.line(), "POST /public/x HTTP/1.1");
    assert!(upstream.has_heard_nothing());
}

#[test]
fn rfc9110_section_7_6_1_fields_of_one_connection_do_not_cross() {
    let upstream = Upstream::answering(
        b"HTTP/1.1 200 OK\r\nConnection: X-Hop, keep-alive\r\nKeep-Alive: timeout=5\r\nX-Hop: 1\r\n\
          Proxy-Authenticate: Basic\r\nUpgrade: h2c\r\nX-End: 1\r\nContent-Length: 2\r\n\r\nok",
    );
    let stage = usual(upstream.address());
    let answer = stage.ask(
        "GET /public/x HTTP/1.1\r\nHost: a.example\r\nConnection: X-Hop, TE\r\nX-Hop: 1\r\nTE: deflate\r\nTrailer: X-T\r\n\
         Keep-Alive: timeout=5\r\nProxy-Authorization: Basic YTpi\r\nProxy-Connection: keep-alive\r\nX-End: 1\r\n\r\n",
    );
    let heard = upstream.next().message;
    for name in [
        "connection",
        "keep-alive",
        "x-hop",
        "te",
        "proxy-authorization",
        "proxy-connection",
        "proxy-authenticate",
        "upgrade",
        "trailer",
    ] {
        assert_eq!(heard.field(name), None, "{name}");
        assert_eq!(answer.field(name), None, "{name}");
    }
    assert_eq!(heard.field("x-end"), Some("1"));
    assert_eq!(answer.field("x-end"), Some("1"));
}

#[test]
fn rfc9110_section_6_5_trailer_fields_of_a_response_reach_whoever_takes_them() {
    let upstream = Upstream::answering(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n",
    );
    let stage = usual(upstream.address());
    let request = |fields| format!("GET /public/x HTTP/1.1\r\nHost: a.example\r\n{fields}\r\n");
    let answer = stage.ask(request("TE: deflate;q=0.5, Trailers\r\nConnection: TE\r\n"));
    assert_eq!((&*answer.text(), &*answer.trailers), ("ok", "x-sum: 7\r\n"));
    let heard = upstream.next().message;
    assert_eq!(heard.field("te"), Some("trailers"));
    assert_eq!(heard.field("connection"), Some("te"));
    let answer = stage.ask(request(""));
    assert_eq!((&*answer.text(), &*answer.trailers), ("ok", ""));
    assert_eq!(upstream.next().message.field("te"), None);
}

#[test]
fn attack_19_trailer_fields_of_a_request_claim_no_identity() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    stage.ask(
        "POST /public/x HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\nTrailer: X-Auth-User\r\n\r\n\
         2\r\nok\r\n0\r\nX-Auth-User: root\r\n\r\n",
    );
    let heard = upstream.next().message;
    assert_eq!((&*heard.text(), &*heard.trailers), ("ok", ""));
    assert_eq!(heard.field("trailer"), None);
}

#[test]
fn the_upstream_is_told_who_asks_whom() {
    let upstream = Upstream::content();
    let own = format!("{}", upstream.address());
    for (setting, host) in [("", &*own), ("keep_host = true", "a.example:8080")] {
        let stage = Play {
            upstream: setting,
            ..Play::default()
        }
        .open(upstream.address());
        stage.ask(format!(
            "GET /api/x HTTP/1.1\r\nHost: a.example:8080\r\nAuthorization: {ALICE}\r\nVia: 1.1 front\r\n\r\n"
        ));
        let heard = upstream.next().message;
        assert_eq!(heard.field("host"), Some(host));
        assert_eq!(heard.field("x-forwarded-host"), Some("a.example:8080"));
        assert_eq!(heard.field("x-forwarded-proto"), Some("http"));
        assert_eq!(heard.field("x-forwarded-for"), Some("127.0.0.1"));
        assert_eq!(heard.fields("via"), ["1.1 front", "1.1 countersign"]);
        assert_eq!(heard.field("x-auth-user"), Some("alice"));
    }
}

#[test]
fn rfc9110_section_10_1_1_a_refused_request_is_not_asked_for_its_body() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let expecting = |path: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
        )
    };
    let mut client = stage.client();
    // The first thing that comes is the refusal, and not `100 Continue`.
    assert_eq!(
        client.send(expecting("/api/x")).answer().status(),
        Some(401)
    );
    let mut client = stage.client();
    assert_eq!(
        client.send(expecting("/public/x")).answer().status(),
        Some(100)
    );
    assert_eq!(client.send("abc").answer().text(), "ok");
    let heard = upstream.next().message;
    assert_eq!(heard.body, b"abc");
    assert_eq!(heard.field("expect"), None);
}

#[test]
fn interim_responses_do_not_confuse_the_final_one() {
    let upstream = Upstream::answering(
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n\
          HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    );
    let stage = usual(upstream.address());
    let mut client = stage.client();
    for _ in 0..2 {
        let mut answer = client.send(GET).answer();
        while answer.status().is_some_and(|status| status < 200) {
            answer = client.answer();
        }
        assert_eq!(answer.text(), "ok");
    }
}

#[test]
fn fields_of_the_same_name_stay_apart_and_in_order() {
    let upstream = Upstream::answering(
        b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n",
    );
    let stage = usual(upstream.address());
    let answer = stage
        .ask("GET /public/x HTTP/1.1\r\nHost: a.example\r\nX-A: 1\r\nX-B: b\r\nX-A: 2\r\n\r\n");
    assert_eq!(answer.fields("set-cookie"), ["a=1", "b=2"]);
    assert_eq!(upstream.next().message.fields("x-a"), ["1", "2"]);
}

#[test]
fn a_client_that_leaves_takes_its_request_with_it() {
    let (told, heard) = channel();
    let upstream = Upstream::played(move |mut connection| {
        connection.hear_head().unwrap();
        told.send(None).unwrap();
        told.send(Some(connection.hear_out())).unwrap();
    });
    let stage = usual(upstream.address());
    let mut client = stage.client();
    client.send(GET);
    assert_eq!(heard.recv_timeout(PATIENCE), Ok(None));
    drop(client);
    // The connection to the upstream ends, since its response has nobody to go to.
    assert_eq!(heard.recv_timeout(PATIENCE), Ok(Some(Vec::new())));
}

#[test]
fn a_client_that_takes_nothing_is_not_waited_for() {
    let (told, heard) = channel();
    let upstream = Upstream::played(move |mut connection| {
        connection.hear();
        connection.say(format!("HTTP/1.1 200 OK\r\nContent-Length: {LARGE}\r\n\r\n").as_bytes());
        connection.say(&vec![b'y'; LARGE]);
        told.send(connection.hear_out()).unwrap();
    });
    let stage = Play {
        limits: "upstream_stall_secs = 1",
        ..Play::default()
    }
    .open(upstream.address());
    let mut client = stage.client();
    client.send(GET);
    // The upstream is let go, with most of the response still unsent.
    assert_eq!(heard.recv_timeout(PATIENCE), Ok(Vec::new()));
    assert!(client.rest().len() < LARGE);
}

//! Every limit, with the cause that names it.

use std::io::Read;
use std::net::TcpListener;

use countersign_wire::basic::client::{Charset, authorization};

use crate::stage::client::Client;
use crate::stage::upstream::{OK, Upstream};
use crate::stage::{Play, Stage, usual};

const GET: &str = "GET /public/x HTTP/1.1\r\nHost: a.example\r\n\r\n";

fn limited(upstream: &Upstream, limits: &str) -> Stage {
    Play {
        limits,
        ..Play::default()
    }
    .open(upstream.address())
}

/// Status and cause of the next response.
fn refusal(client: &mut Client) -> (u16, String) {
    let answer = client.answer();
    (answer.status().unwrap(), answer.cause().to_owned())
}

fn is(status: u16, cause: &str) -> (u16, String) {
    (status, cause.to_owned())
}

#[test]
fn head_bytes_max() {
    let upstream = Upstream::content();
    let stage = limited(&upstream, "head_bytes_max = 8192");
    let head = |size: usize| {
        format!(
            "GET /public/x HTTP/1.1\r\nHost: a.example\r\nX-Long: {}\r\n\r\n",
            "x".repeat(size)
        )
    };
    let mut client = stage.client();
    assert_eq!(client.send(head(7_900)).answer().status(), Some(200));
    upstream.next();
    client.send(head(8_192));
    assert_eq!(refusal(&mut client), is(431, "header-too-large"));
    // The connection is still good: the head was read to its end.
    assert_eq!(client.send(GET).answer().status(), Some(200));
    upstream.next();
    // A long target counts as well.
    client.send(format!(
        "GET /public/{} HTTP/1.1\r\nHost: a\r\n\r\n",
        "x".repeat(8_192)
    ));
    assert_eq!(refusal(&mut client), is(431, "header-too-large"));
    // Far above it, nobody waits for the end of the head.
    let mut client = stage.client();
    client.send_if_open(head(200_000));
    assert!(
        client
            .answer_if_any()
            .is_none_or(|answer| answer.cause() == "header-too-large")
    );
    assert!(upstream.has_heard_nothing());
    let log = stage.close().log;
    assert!(
        log.contains("connection-ended") && log.contains("header-too-large"),
        "{log}"
    );
}

#[test]
fn headers_max() {
    for max in [16, 100, 500] {
        let upstream = Upstream::content();
        let stage = limited(&upstream, &format!("headers_max = {max}"));
        let head = |fields: usize| {
            let more = "X-A: 1\r\n".repeat(fields - 1);
            format!("GET /public/x HTTP/1.1\r\nHost: a.example\r\n{more}\r\n")
        };
        assert_eq!(stage.ask(head(max)).status(), Some(200), "{max}");
        upstream.next();
        let answer = stage.ask(head(max + 1));
        assert_eq!(answer.status(), Some(431), "{max}");
        assert_eq!(answer.cause(), "header-too-large", "{max}");
        assert!(upstream.has_heard_nothing());
        assert!(stage.close().log.contains("header-too-large"));
    }
}

#[test]
fn body_bytes_max_by_content_length() {
    let upstream = Upstream::content();
    let stage = limited(&upstream, "body_bytes_max = 10");
    let post = |size: usize| {
        format!(
            "POST /public/x HTTP/1.1\r\nHost: a.example\r\nContent-Length: {size}\r\n\r\n{}",
            "x".repeat(size)
        )
    };
    assert_eq!(stage.ask(post(10)).status(), Some(200));
    upstream.next();
    let mut client = stage.client();
    client.send(post(11));
    assert_eq!(refusal(&mut client), is(413, "body-too-large"));
    assert!(upstream.has_heard_nothing());
}

#[test]
fn body_bytes_max_by_chunks() {
    let upstream = Upstream::content();
    let stage = limited(&upstream, "body_bytes_max = 10");
    let post = |chunks: &str| {
        format!(
            "POST /public/x HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n"
        )
    };
    assert_eq!(
        stage.ask(post("5\r\nabcde\r\n5\r\nfghij\r\n")).status(),
        Some(200)
    );
    assert_eq!(upstream.next().message.body, b"abcdefghij");
    let mut client = stage.client();
    client.send(post("5\r\nabcde\r\n6\r\nfghijk\r\n"));
    assert_eq!(refusal(&mut client), is(413, "body-too-large"));
    drop(client);
    drop(stage);
    // What came of it to the upstream, if anything, is not a whole request.
    while let Some(heard) = upstream.next_if_any() {
        assert!(!heard.message.whole, "{heard:?}");
    }
}

#[test]
fn first_byte_secs() {
    let upstream = Upstream::content();
    let stage = limited(&upstream, "first_byte_secs = 1");
    assert_eq!(stage.client().rest(), b"");
    let log = stage.close().log;
    assert!(log.contains("first_byte_secs"), "{log}");
}

#[test]
fn head_secs_is_not_extended_by_a_slow_drip() {
    let upstream = Upstream::content();
    let stage = limited(&upstream, "head_secs = 1");
    let mut client = stage.client();
    client.send("GET /public/x HTTP/1.1\r\nHost: a.example\r\n");
    // A field every twentieth of a second, each well within the limit, until the gateway has had enough.
    client
        .stream
        .set_read_timeout(Some(std::time::Duration::from_millis(50)))
        .unwrap();
    let begun = std::time::Instant::now();
    let mut answer = Vec::new();
    let mut part = [0; 4096];
    loop {
        match client.stream.read(&mut part) {
            Ok(0) => break,
            Ok(size) => answer.extend_from_slice(&part[..size]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                assert!(begun.elapsed() < crate::stage::PATIENCE, "never cut");
                client.send_if_open("X-Slow: 1\r\n");
            }
            // Cut with what was sent still unread.
            Err(_) => break,
        }
    }
    drop(client);
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(
        answer.contains("countersign-cause: head-stalled"),
        "{answer}"
    );
    let log = stage.close().log;
    assert!(
        log.contains("\"head-stalled\"") && log.contains("head_secs"),
        "{log}"
    );
    assert!(upstream.has_heard_nothing());
}

#[test]
fn idle_secs() {
    let upstream = Upstream::content();
    let stage = limited(&upstream, "idle_secs = 1");
    let mut client = stage.client();
    assert_eq!(client.send(GET).answer().status(), Some(200));
    // It ends by itself, with nothing more to say: that is how connections end that are kept for another request.
    assert_eq!(client.rest(), b"");
    let log = stage.close().log;
    assert!(!log.contains("connection-ended"), "{log}");
}

#[test]
fn body_stall_secs() {
    let upstream = Upstream::content();
    let stage = limited(&upstream, "body_stall_secs = 1");
    for (framing, part) in [
        ("Content-Length: 10", "abc"),
        ("Transfer-Encoding: chunked", "3\r\nabc\r\n"),
    ] {
        let mut client = stage.client();
        client.send(format!(
            "POST /public/x HTTP/1.1\r\nHost: a.example\r\n{framing}\r\n\r\n{part}"
        ));
        assert_eq!(refusal(&mut client), is(408, "body-stalled"), "{framing}");
    }
}

#[test]
fn upstream_unreachable() {
    let nobody = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let stage = usual(nobody);
    let mut client = stage.client();
    client.send(GET);
    assert_eq!(refusal(&mut client), is(502, "upstream-unreachable"));
    // The client's connection is none the worse for it.
    client.send(GET);
    assert_eq!(refusal(&mut client), is(502, "upstream-unreachable"));
}

#[test]
fn upstream_closes_without_an_answer() {
    let upstream = Upstream::played(|mut connection| {
        connection.hear();
    });
    let stage = usual(upstream.address());
    let mut client = stage.client();
    client.send(GET);
    assert_eq!(refusal(&mut client), is(502, "upstream-unreachable"));
    // A new connection is not tried a second time.
    assert_eq!(upstream.connections(), 1);
}

#[test]
fn upstream_head_secs() {
    let upstream = Upstream::played(|mut connection| {
        connection.hear();
        // Half a head is no head.
        connection.say(b"HTTP/1.1 200 OK\r\nContent-");
        connection.hear_out();
    });
    let stage = limited(&upstream, "upstream_head_secs = 1");
    let mut client = stage.client();
    client.send(GET);
    assert_eq!(refusal(&mut client), is(504, "upstream-timeout"));
}

#[test]
fn upstream_malformed() {
    for garbage in [
        &b"hello\r\n\r\n"[..],
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\na",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n\r\n",
    ] {
        let upstream = Upstream::played(move |mut connection| {
            connection.hear();
            connection.say(garbage);
            connection.hear_out();
        });
        let stage = usual(upstream.address());
        let mut client = stage.client();
        client.send(GET);
        assert_eq!(
            refusal(&mut client),
            is(502, "upstream-malformed"),
            "{}",
            garbage.escape_ascii()
        );
    }
}

#[test]
fn a_response_that_breaks_off_is_never_made_whole() {
    for begin in [
        &b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"[..],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n",
    ] {
        let upstream = Upstream::played(move |mut connection| {
            connection.hear();
            connection.say(begin);
        });
        let stage = usual(upstream.address());
        let mut client = stage.client();
        let answer = client.send(GET).answer_if_any();
        assert!(
            answer.is_none_or(|answer| !answer.whole),
            "{}",
            begin.escape_ascii()
        );
        assert_eq!(client.rest(), b"");
    }
}

#[test]
fn upstream_stall_secs() {
    let upstream = Upstream::played(|mut connection| {
        connection.hear();
        connection.say(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
        connection.hear_out();
    });
    let stage = limited(&upstream, "upstream_stall_secs = 1");
    let mut client = stage.client();
    let answer = client.send(GET).answer();
    assert!(!answer.whole);
    assert_eq!(answer.text(), "abc");
}

#[test]
fn connections_max() {
    let upstream = Upstream::content();
    let stage = limited(&upstream, "connections_max = 2");
    let mut first = stage.client();
    let mut second = stage.client();
    for client in [&mut first, &mut second] {
        assert_eq!(client.send(GET).answer().status(), Some(200));
    }
    let mut third = stage.client();
    third.send(GET);
    let answer = third.answer();
    assert_eq!(answer.status(), Some(503));
    assert_eq!(answer.cause(), "gateway-overloaded");
    assert_eq!(answer.field("connection"), Some("close"));
    assert_eq!(answer.field("retry-after"), Some("1"));
    third.stream.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(third.rest(), b"");
    let head = GET.replace("GET", "HEAD");
    let mut third = stage.client();
    assert_eq!(third.send(&head).answer_to_head().status(), Some(503));
    third.stream.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(third.rest(), b"");
    // HTTP/2 says by GOAWAY that no stream was looked at (RFC 9113 section 6.8).
    let mut third = stage.client();
    third.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    third.stream.shutdown(std::net::Shutdown::Write).unwrap();
    let frames = third.rest();
    assert_eq!((frames[3], frames[9 + 3]), (4, 7), "{frames:?}");
    assert_eq!(frames[18..22], [0; 4], "{frames:?}");
    // Those that are open go on, and a place that becomes free is taken.
    assert_eq!(first.send(GET).answer().status(), Some(200));
    drop(first);
    let mut fourth = loop {
        let mut client = stage.client();
        if client.send(GET).answer().status() == Some(200) {
            break client;
        }
    };
    assert_eq!(fourth.send(GET).answer().status(), Some(200));
    drop((second, third, fourth));
    assert!(stage.close().log.contains("gateway-overloaded"));
}

#[test]
fn turned_away_max() {
    let upstream = Upstream::content();
    let stage = limited(&upstream, "connections_max = 1\nturned_away_max = 1");
    let mut inside = stage.client();
    assert_eq!(inside.send(GET).answer().status(), Some(200));
    // It says nothing, and is waited for; the next is closed, since one is being told already.
    let mut silent = stage.client();
    let mut next = stage.client();
    assert_eq!(next.rest(), b"");
    assert_eq!(silent.send(GET).answer().status(), Some(503));
    assert_eq!(inside.send(GET).answer().status(), Some(200));
}

#[test]
fn password_queue_max() {
    let upstream = Upstream::content();
    // One password of this cost takes far longer than it takes to send all the others.
    let stage = Play {
        limits: "password_queue_max = 1\npassword_threads = 1",
        cost: (64 * 1024, 4),
        ..Play::default()
    }
    .open(upstream.address());
    let mut clients: Vec<_> = (0..8).map(|_| stage.client()).collect();
    for (number, client) in clients.iter_mut().enumerate() {
        // Each is another password, so that none waits for another's answer.
        let password = format!("wrong {number}");
        let credentials = authorization("alice", &password, Charset::Utf8).unwrap();
        client.send(format!(
            "GET /api/x HTTP/1.1\r\nHost: a.example\r\nAuthorization: {}\r\n\r\n",
            credentials.expose()
        ));
    }
    let answers: Vec<_> = clients.iter_mut().map(Client::answer).collect();
    let full: Vec<_> = answers
        .iter()
        .filter(|answer| answer.status() == Some(503))
        .collect();
    assert!(
        !full.is_empty() && full.len() < answers.len(),
        "{}",
        full.len()
    );
    for answer in &full {
        assert_eq!(answer.cause(), "check-queue-full");
        let secs: u32 = answer.field("retry-after").unwrap().parse().unwrap();
        assert!(secs >= 1);
        // It says nothing of the credentials, so it is no challenge.
        assert_eq!(answer.field("www-authenticate"), None);
    }
    for answer in answers.iter().filter(|answer| answer.status() != Some(503)) {
        assert_eq!(answer.cause(), "credentials-rejected");
    }
    assert!(upstream.has_heard_nothing());
}

#[test]
fn request_in_flight_ends_when_the_gateway_stops_and_no_other_begins() {
    let (told, heard) = std::sync::mpsc::channel();
    let (go, went) = std::sync::mpsc::channel::<()>();
    let went = std::sync::Mutex::new(went);
    let upstream = Upstream::played(move |mut connection| {
        connection.hear();
        told.send(()).unwrap();
        went.lock().unwrap().recv().unwrap();
        connection.say(OK);
        connection.hear_out();
    });
    let stage = usual(upstream.address());
    let mut client = stage.client();
    client.send(GET);
    heard.recv().unwrap();
    let closing = std::thread::spawn(move || stage.close());
    go.send(()).unwrap();
    assert_eq!(client.answer().text(), "ok");
    assert_eq!(client.rest(), b"");
    assert!(closing.join().unwrap().log.contains("stopping"));
}

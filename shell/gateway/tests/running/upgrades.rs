//! Connections that are switched to another protocol: only where a route allows it and the upstream agrees, and then byte
//! for byte, within limits.

use std::io::Read;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Barrier};

use crate::stage::client::Client;
use crate::stage::upstream::{Connection, OK, Upstream};
use crate::stage::{ALICE, PATIENCE, Play, Stage};

const ROUTES: &str = r#"
[[route]]
name = "socket"
path = "/socket"
upstream = "app"
accept = ["basic"]
allow = { identity = true }
upgrade = ["websocket"]

[[route]]
name = "open"
path = "/open"
upstream = "app"
allow = "anyone"
upgrade = ["websocket", "SPDY/3.1"]
"#;

const SWITCHED: &[u8] =
    b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const WISH: &str = "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n";
const SMUGGLED: &str = "GET /admin/smuggled HTTP/1.1\r\nHost: a.example\r\n\r\n";

fn stage(upstream: &Upstream, limits: &str) -> Stage {
    let play = Play {
        limits,
        sections: ROUTES,
        ..Play::default()
    };
    play.open(upstream.address())
}

fn get(path: &str, fields: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a.example\r\n{fields}\r\n")
}

/// An upstream that switches, and gives back each byte that comes.
fn echoing() -> Upstream {
    Upstream::played(|mut connection| {
        if connection.hear().is_some() {
            connection.say(SWITCHED);
            echo(&mut connection);
        }
    })
}

fn echo(connection: &mut Connection) {
    loop {
        let part = connection.hear_bytes(1);
        if part.is_empty() {
            return;
        }
        connection.say(&part);
    }
}

/// A client whose connection is switched.
fn switched(stage: &Stage) -> Client {
    let mut client = stage.client();
    let answer = client.send(get("/open", WISH)).answer();
    assert_eq!(answer.status(), Some(101), "{answer:?}");
    client
}

#[test]
fn a_permitted_upgrade_goes_through_with_the_identity_and_then_byte_for_byte() {
    let upstream = Upstream::played(|mut connection| {
        if connection.hear().is_some() {
            // What the upstream says at once must not be lost between the two protocols.
            connection.say(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: upgrade, x-hop\r\nX-Hop: 1\r\nSec-WebSocket-Accept: abc\r\n\r\nfirst",
            );
            let heard = connection.hear_bytes(9);
            connection.say(&heard);
        }
    });
    let stage = stage(&upstream, "");
    let mut client = stage.client();
    let fields = format!(
        "{WISH}Authorization: {ALICE}\r\nX-Auth-User: mallory\r\nSec-WebSocket-Key: key\r\nTE: trailers\r\nKeep-Alive: x\r\n"
    );
    // And what the client says too early neither.
    client.send(get("/socket", &fields) + "early\0");
    let answer = client.answer();
    assert_eq!(answer.status(), Some(101));
    assert_eq!(answer.field("upgrade"), Some("WebSocket"));
    assert_eq!(answer.field("connection"), Some("upgrade"));
    assert_eq!(answer.field("sec-websocket-accept"), Some("abc"));
    assert_eq!(answer.field("x-hop"), None);
    let heard = upstream.next().message;
    assert_eq!(heard.field("upgrade"), Some("websocket"));
    assert_eq!(heard.field("connection"), Some("upgrade"));
    assert_eq!(heard.field("x-auth-user"), Some("alice"));
    assert_eq!(heard.field("sec-websocket-key"), Some("key"));
    for gone in ["authorization", "te", "keep-alive"] {
        assert_eq!(heard.field(gone), None, "{}", heard.head);
    }
    client.send("\r\n\n");
    assert_eq!(client.rest(), b"firstearly\0\r\n\n");
}

#[test]
fn without_a_permit_there_is_no_upgrade() {
    let upstream = Upstream::content();
    let stage = stage(&upstream, "");
    let mut client = stage.client();
    client.send(get("/socket", WISH)).send(SMUGGLED);
    assert_eq!(client.answer().cause(), "credentials-missing");
    assert_eq!(client.answer().cause(), "credentials-missing");
    assert_eq!(upstream.connections(), 0);
}

#[test]
fn attack_70_what_follows_an_upgrade_that_is_refused_is_looked_at() {
    let (sender, receiver) = std::sync::mpsc::channel();
    let upstream = Upstream::played(move |mut connection| {
        let head = connection.hear_head();
        connection.say(b"HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\nConnection: close\r\nUpgrade: websocket\r\n\r\nno");
        let _ = connection.stream.shutdown(Shutdown::Write);
        let _ = sender.send((head, connection.hear_out()));
    });
    let stage = stage(&upstream, "");
    let mut client = stage.client();
    client.send(get("/open", WISH) + SMUGGLED);
    let answer = client.answer();
    assert_eq!((answer.status(), &*answer.text()), (Some(426), "no"));
    assert_eq!(answer.field("upgrade"), None);
    assert_eq!(client.answer().cause(), "credentials-missing");
    let (head, rest) = receiver.recv().unwrap();
    assert!(head.unwrap().contains("upgrade: websocket\r\n"));
    assert_eq!(rest, b"", "bytes went on before the 101");
}

#[test]
fn attack_70_a_protocol_that_was_not_asked_for_gets_no_tunnel() {
    for granted in ["Upgrade: h2c\r\n", "Upgrade: websocket, h2c\r\n", ""] {
        let (sender, receiver) = std::sync::mpsc::channel();
        let upstream = Upstream::played(move |mut connection| {
            let _ = connection.hear_head();
            connection.say(
                format!("HTTP/1.1 101 Switching\r\nConnection: upgrade\r\n{granted}\r\n")
                    .as_bytes(),
            );
            let _ = sender.send(connection.hear_out());
        });
        let stage = stage(&upstream, "");
        let mut client = stage.client();
        client.send(get("/open", WISH) + SMUGGLED);
        let answer = client.answer();
        assert_eq!(
            (answer.status(), answer.cause()),
            (Some(502), "upstream-malformed")
        );
        assert_eq!(client.answer().cause(), "credentials-missing");
        assert_eq!(receiver.recv().unwrap(), b"", "{granted}");
    }
}

#[test]
fn a_wish_that_is_not_allowed_or_not_one_goes_on_as_an_ordinary_request() {
    let upstream = Upstream::content();
    let stage = stage(&upstream, "");
    let requests = [
        get("/open", "Connection: upgrade\r\nUpgrade: h2c\r\n"),
        // RFC 9110 section 7.8: without its name in `Connection` it is nobody's wish.
        get("/open", "Upgrade: websocket\r\n"),
        get("/open", "Connection: upgrade\r\n"),
        get("/public/x", WISH),
        format!("POST /open HTTP/1.1\r\nHost: a.example\r\n{WISH}Content-Length: 2\r\n\r\nab"),
        format!("GET /open HTTP/1.0\r\nHost: a.example\r\n{WISH}\r\n"),
        // RFC 6455 section 4.1: a WebSocket is asked for by GET.
        format!("POST /open HTTP/1.1\r\nHost: a.example\r\n{WISH}Content-Length: 0\r\n\r\n"),
        format!("DELETE /open HTTP/1.1\r\nHost: a.example\r\n{WISH}\r\n"),
    ];
    for request in requests {
        let answer = stage.ask(&request);
        assert!(answer.line().contains(" 200 "), "{request}");
        let heard = upstream.next().message;
        assert_eq!(heard.field("upgrade"), None, "{request}");
        assert_eq!(heard.field("connection"), None, "{request}");
    }
}

#[test]
fn of_several_protocols_those_that_are_allowed_are_asked_for() {
    let upstream = Upstream::answering(
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: spdy/3.1\r\n\r\n",
    );
    let stage = stage(&upstream, "");
    let fields = "Connection: Upgrade\r\nUpgrade: h2c, SPDY/3.1\r\nUpgrade: WebSocket\r\n";
    let answer = stage.ask(get("/open", fields));
    assert_eq!(answer.status(), Some(101));
    assert_eq!(answer.field("upgrade"), Some("spdy/3.1"));
    let heard = upstream.next().message;
    assert_eq!(heard.field("upgrade"), Some("SPDY/3.1, WebSocket"));
}

#[test]
fn either_side_can_end_its_half_and_hear_the_other_out() {
    let upstream = Upstream::played(|mut connection| {
        if connection.hear().is_some() {
            connection.say(SWITCHED);
            let all = connection.hear_out();
            connection.say(&all);
        }
    });
    let stage = stage(&upstream, "");
    let mut client = switched(&stage);
    let much = vec![b'x'; 3_000_000];
    client.send(&much);
    client.stream.shutdown(Shutdown::Write).unwrap();
    assert!(client.rest() == much);
}

#[test]
fn a_tunnel_that_is_full_waits_and_loses_nothing() {
    let upstream = echoing();
    let stage = stage(&upstream, "");
    let mut client = switched(&stage);
    let much: Vec<u8> = (0..1_000_000_u32)
        .map(|number| number.to_le_bytes()[1])
        .collect();
    let mut writer = client.stream.try_clone().unwrap();
    let copy = much.clone();
    let writing = std::thread::spawn(move || {
        std::io::Write::write_all(&mut writer, &copy).unwrap();
        writer.shutdown(Shutdown::Write).unwrap();
    });
    assert!(client.rest() == much);
    writing.join().unwrap();
}

#[test]
fn cause_upgrade_limit_is_told_where_too_many_are_open() {
    let upstream = echoing();
    let stage = stage(&upstream, "upgrades_max = 1");
    let first = switched(&stage);
    let answer = stage.ask(get("/open", WISH));
    assert_eq!(
        (answer.status(), answer.cause()),
        (Some(503), "upgrade-limit")
    );
    drop(first);
    // Its place is free as soon as the gateway has seen the end.
    while stage.ask(get("/open", WISH)).status() != Some(101) {}
}

#[test]
fn a_silent_tunnel_is_ended() {
    let upstream = echoing();
    let stage = stage(&upstream, "upgrade_idle_secs = 1");
    let mut client = switched(&stage);
    client.send("ping");
    assert_eq!(client.rest(), b"ping");
    let log = stage.close().log;
    assert!(log.contains("\"cause\":\"upgrade-limit\""), "{log}");
    assert!(log.contains("upgrade_idle_secs"), "{log}");
}

#[test]
fn a_tunnel_is_not_open_for_ever() {
    let upstream = echoing();
    let stage = stage(&upstream, "upgrade_secs_max = 1");
    let mut client = switched(&stage);
    let mut byte = [0];
    // It is never silent.
    while client.send_if_open("x") && matches!(client.stream.read(&mut byte), Ok(1)) {}
    let log = stage.close().log;
    assert!(log.contains("upgrade_secs_max"), "{log}");
}

#[test]
fn a_tunnel_counts_among_the_connections() {
    let upstream = echoing();
    let stage = stage(&upstream, "connections_max = 1");
    let mut client = switched(&stage);
    let mut second = stage.client();
    second.send_if_open(get("/open", ""));
    assert_eq!(second.answer().cause(), "gateway-overloaded");
    client.send("still");
    assert_eq!(client.until(b"still"), b"still");
}

#[test]
fn a_gateway_that_stops_lets_tunnels_end() {
    let upstream = echoing();
    let stage = stage(&upstream, "");
    let mut client = switched(&stage);
    let address = stage.address();
    let stopping = std::thread::spawn(move || stage.close().log);
    // From here on it is stopping.
    while TcpStream::connect(address).is_ok() {}
    client.send("after");
    assert_eq!(client.until(b"after"), b"after");
    drop(client);
    let log = stopping.join().unwrap();
    assert!(!log.contains("upgrade-limit"), "{log}");
}

#[test]
fn a_tunnel_does_not_keep_a_gateway_that_stops() {
    // A slow answer comes when the tunnel has ended, and only while the gateway still waits for requests in flight.
    let (ended, has_ended) = std::sync::mpsc::channel();
    let has_ended = std::sync::Mutex::new(has_ended);
    let (asked, was_asked) = std::sync::mpsc::channel();
    let upstream = Upstream::played(move |mut connection| {
        let Some(head) = connection.hear_head() else {
            return;
        };
        if head.starts_with("GET /open ") {
            connection.say(SWITCHED);
            assert_eq!(connection.hear_bytes(1), b"");
            ended.send(()).unwrap();
        } else {
            asked.send(()).unwrap();
            let ended = has_ended.lock().unwrap().recv_timeout(PATIENCE);
            if ended.is_ok() {
                connection.say(OK);
            }
        }
    });
    let stage = stage(&upstream, "");
    let tunnel = switched(&stage);
    let mut slow = stage.client();
    slow.send(get("/public/x", ""));
    was_asked.recv_timeout(PATIENCE).unwrap();
    let stopping = std::thread::spawn(move || stage.close().log);
    assert_eq!(slow.answer().text(), "ok");
    let log = stopping.join().unwrap();
    assert!(!log.contains("upgrade-limit"), "{log}");
    drop(tunnel);
}

#[test]
fn a_connection_that_was_not_switched_serves_on() {
    let upstream = Upstream::answering(OK);
    let stage = stage(&upstream, "");
    let mut client = stage.client();
    for _ in 0..3 {
        assert_eq!(client.send(get("/open", WISH)).answer().status(), Some(200));
    }
    assert_eq!(upstream.connections(), 1, "its connection is used again");
}

#[test]
fn a_tunnel_ends_by_the_limits_that_its_request_began_under() {
    let reloaded = Arc::new(Barrier::new(2));
    let before_answer = Arc::clone(&reloaded);
    let upstream = Upstream::played(move |mut connection| {
        if connection.hear().is_some() {
            before_answer.wait();
            connection.say(SWITCHED);
            echo(&mut connection);
        }
    });
    let stage = stage(&upstream, "upgrade_idle_secs = 1");
    let mut client = stage.client();
    client.send(get("/open", WISH));
    upstream.next();
    let patient = Play {
        limits: "upgrade_idle_secs = 3600",
        sections: ROUTES,
        ..Play::default()
    };
    stage.reload(&patient, upstream.address()).unwrap();
    reloaded.wait();
    assert_eq!(client.answer().status(), Some(101));
    stage.wait_for_log("upgrade_idle_secs");
}

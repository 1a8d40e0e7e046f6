//! WebSocket for clients of HTTP/2 (RFC 8441): a stream that is a tunnel, beside others that are requests. And the older
//! way by TLS.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http2::SendRequest;
use hyper::ext::Protocol;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::session::cookie_of_alice;
use crate::stage::certificate::{Certificate, localhost};
use crate::stage::message::Message;
use crate::stage::upstream::{Connection, Upstream};
use crate::stage::{ALICE, Play, Stage, find, http2, wait_for};

const ROUTES: &str = r#"
[[route]]
name = "socket"
path = "/socket"
methods = ["GET"]
upstream = "app"
accept = ["basic"]
allow = { identity = true }
upgrade = ["WebSocket"]
"#;

fn stage(upstream: &Upstream, limits: &str) -> Stage {
    let play = Play {
        limits,
        sections: ROUTES,
        ..Play::default()
    };
    play.open(upstream.address())
}

/// An upstream of WebSocket by HTTP/1.1 (RFC 6455 section 4.2.2), and of short answers to what is none.
fn websocket() -> Upstream {
    Upstream::played(|mut connection| {
        while let Some(head) = connection.hear_head() {
            let Some(key) = field(&head, "sec-websocket-key") else {
                connection.say(crate::stage::upstream::OK);
                continue;
            };
            let answer = format!(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {}\r\nSec-WebSocket-Protocol: chat\r\n\r\n",
                accept(&key)
            );
            connection.say(answer.as_bytes());
            connection.say(field(&head, "x-auth-user").unwrap().as_bytes());
            echo(&mut connection);
            return;
        }
    })
}

fn field(head: &str, name: &str) -> Option<String> {
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    let (_, value) = lines.find(|(found, _)| *found == name)?;
    Some(value.to_owned())
}

fn accept(key: &str) -> String {
    let text = format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes());
    STANDARD.encode(hash)
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

fn connect(path: &str, protocol: &'static str, credentials: &str) -> Request<Full<Bytes>> {
    Request::builder()
        .method(Method::CONNECT)
        .uri(format!("http://a.example{path}"))
        .extension(Protocol::from_static(protocol))
        .header("authorization", credentials)
        .header("sec-websocket-version", "13")
        .header("sec-websocket-protocol", "chat")
        .header("content-type", "application/grpc")
        .body(Full::default())
        .unwrap()
}

fn get() -> Request<Full<Bytes>> {
    let request = Request::get("http://a.example/public/x");
    request.body(Full::default()).unwrap()
}

/// A client that knows what the gateway can: it has had an answer.
async fn client(stage: &Stage) -> SendRequest<Full<Bytes>> {
    let mut client = http2::connect(stage.address()).await;
    assert_eq!(
        http2::ask(&mut client, get()).await.head.status(),
        StatusCode::OK
    );
    client
}

async fn refusal(response: Response<Incoming>) -> (StatusCode, String) {
    let cause = response.headers().get("countersign-cause");
    let cause = cause.map_or("", |cause| cause.to_str().unwrap()).to_owned();
    (response.status(), cause)
}

#[test]
fn rfc8441_a_stream_is_a_tunnel_beside_other_requests() {
    let upstream = websocket();
    let stage = stage(&upstream, "");
    wait_for(async {
        let mut client = client(&stage).await;
        let request = connect("/socket", "websocket", ALICE);
        let response = client.send_request(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(
            response.headers().get("sec-websocket-protocol").unwrap(),
            "chat"
        );
        for name in ["sec-websocket-accept", "upgrade", "connection"] {
            assert_eq!(response.headers().get(name), None);
        }
        let mut tunnel = TokioIo::new(hyper::upgrade::on(response).await.unwrap());
        let mut user = [0; 5];
        tunnel.read_exact(&mut user).await.unwrap();
        assert_eq!(&user, b"alice");
        for _ in 0..3 {
            tunnel.write_all(b"ping").await.unwrap();
            let mut back = [0; 4];
            tunnel.read_exact(&mut back).await.unwrap();
            assert_eq!(&back, b"ping");
            let answer = http2::ask(&mut client, get()).await;
            assert_eq!(&*answer.body, b"ok");
        }
        tunnel.shutdown().await.unwrap();
        let mut rest = Vec::new();
        tunnel.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest, b"");
    });
}

#[test]
fn what_is_not_permitted_or_not_allowed_gets_no_tunnel() {
    let upstream = websocket();
    let stage = stage(&upstream, "");
    wait_for(async {
        let mut client = client(&stage).await;
        let cases = [
            ("/socket", "websocket", "", 401, "credentials-missing"),
            ("/public/x", "websocket", "", 501, "method-not-supported"),
            ("/socket", "connect-udp", ALICE, 501, "method-not-supported"),
            (
                "/.countersign/causes/host-invalid",
                "websocket",
                "",
                501,
                "method-not-supported",
            ),
        ];
        for (path, protocol, credentials, status, cause) in cases {
            let mut request = connect(path, protocol, credentials);
            if credentials.is_empty() {
                request.headers_mut().remove("authorization");
            }
            let response = client.send_request(request).await.unwrap();
            let (found, told) = refusal(response).await;
            assert_eq!(
                (found.as_u16(), &*told),
                (status, cause),
                "{path} {protocol}"
            );
        }
    });
    assert_eq!(upstream.connections(), 1, "the one of the ordinary request");
}

#[test]
fn rfc6455_section_10_2_a_stream_with_a_session_is_for_pages_of_this_origin() {
    let upstream = websocket();
    let play = Play {
        sections: &ROUTES.replace("basic", "session"),
        ..Play::default()
    };
    let stage = play.open(upstream.address());
    let cookie = cookie_of_alice(&stage);
    wait_for(async {
        let mut client = client(&stage).await;
        for (origin, status) in [("https://evil.example", 403), ("https://a.example", 200)] {
            let mut request = connect("/socket", "websocket", "");
            let headers = request.headers_mut();
            headers.remove("authorization");
            headers.insert("cookie", cookie.parse().unwrap());
            headers.insert("origin", origin.parse().unwrap());
            let response = client.send_request(request).await.unwrap();
            assert_eq!(response.status().as_u16(), status, "{origin}");
        }
    });
}

#[test]
fn an_upstream_that_does_not_switch_opens_no_tunnel() {
    let answers: [(&[u8], u16, &str); 4] = [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno", 502, "upstream-malformed"),
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno", 403, ""),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n", 502, "upstream-malformed"),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n", 502, "upstream-malformed"),
    ];
    for (answer, status, cause) in answers {
        let upstream = Upstream::played(move |mut connection| {
            while let Some(head) = connection.hear_head() {
                let plain = head.starts_with("GET /public");
                connection.say(if plain {
                    crate::stage::upstream::OK
                } else {
                    answer
                });
            }
        });
        let stage = stage(&upstream, "");
        wait_for(async {
            let mut client = client(&stage).await;
            let request = connect("/socket", "websocket", ALICE);
            let response = client.send_request(request).await.unwrap();
            let (found, told) = refusal(response).await;
            assert_eq!((found.as_u16(), &*told), (status, cause));
        });
    }
}

#[test]
fn a_silent_tunnel_is_ended_and_its_connection_is_not() {
    let upstream = websocket();
    // The connection is never idle while it has a tunnel, nor does it wait for a client to take what it has taken.
    let limits = "idle_secs = 1\nupstream_stall_secs = 1\nupgrade_idle_secs = 3";
    let stage = stage(&upstream, limits);
    wait_for(async {
        let mut client = client(&stage).await;
        let request = connect("/socket", "websocket", ALICE);
        let response = client.send_request(request).await.unwrap();
        let mut tunnel = TokioIo::new(hyper::upgrade::on(response).await.unwrap());
        http2::ask(&mut client, get()).await;
        let mut all = Vec::new();
        // It may end in order or not.
        let _ = tunnel.read_to_end(&mut all).await;
        assert_eq!(all, b"alice");
        let answer = http2::ask(&mut client, get()).await;
        assert_eq!(&*answer.body, b"ok");
    });
    let log = stage.close().log;
    assert!(log.contains("upgrade_idle_secs"), "{log}");
}

#[test]
fn by_tls_the_older_way_works_too() {
    let certificate = Certificate::new();
    let upstream = websocket();
    let play = Play {
        server: &certificate.setting(),
        sections: ROUTES,
        ..Play::default()
    };
    let stage = play.open(upstream.address());
    wait_for(async {
        let stream = TcpStream::connect(stage.address()).await.unwrap();
        let connector = certificate.connector(b"http/1.1");
        let mut stream = connector.connect(localhost(), stream).await.unwrap();
        let request = format!(
            "GET /socket HTTP/1.1\r\nHost: a.example\r\nAuthorization: {ALICE}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\nearly"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut heard = Vec::new();
        while find(&heard, b"early").is_none() {
            assert_ne!(stream.read_buf(&mut heard).await.unwrap(), 0);
        }
        let answer = Message::read(&mut Vec::new(), &mut &*heard).unwrap();
        assert_eq!(
            answer.field("sec-websocket-accept"),
            Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        );
        assert!(heard.ends_with(b"\r\n\r\naliceearly"), "{heard:?}");
    });
}

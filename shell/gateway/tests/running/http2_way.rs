//! The same line for clients that speak HTTP/2, with prior knowledge and by TLS.

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::Full;
use tokio::net::TcpStream;

use crate::stage::certificate::{Certificate, localhost};
use crate::stage::upstream::Upstream;
use crate::stage::{ALICE, Play, http2, usual, wait_for};

fn request(
    method: &str,
    uri: &str,
    fields: &[(&str, &str)],
    body: &'static str,
) -> Request<Full<Bytes>> {
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(Full::from(body)).unwrap()
}

fn get(path: &str, fields: &[(&str, &str)]) -> Request<Full<Bytes>> {
    request("GET", &format!("http://a.example{path}"), fields, "")
}

#[test]
fn prior_knowledge() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    wait_for(async {
        let mut client = http2::connect(stage.address()).await;
        let refused = http2::ask(&mut client, get("/api/x", &[])).await;
        assert_eq!(refused.head.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(
            refused.field("countersign-cause"),
            Some("credentials-missing")
        );
        assert!(refused.field("www-authenticate").is_some());
        let fields = [
            ("authorization", ALICE),
            ("x-auth-user", "root"),
            ("x_auth_user", "root"),
        ];
        let good = http2::ask(&mut client, get("/api/x?q", &fields)).await;
        assert_eq!(
            (good.head.status(), &*good.body),
            (StatusCode::OK, &b"ok"[..])
        );
    });
    let heard = upstream.next().message;
    assert_eq!(heard.line(), "GET /api/x?q HTTP/1.1");
    assert_eq!(heard.fields("x-auth-user"), ["alice"]);
    assert_eq!(heard.field("x_auth_user"), None);
    assert_eq!(heard.field("x-forwarded-host"), Some("a.example"));
    assert_eq!(heard.field("via"), Some("2.0 countersign"));
    assert!(!heard.head.contains("\n:"), "{}", heard.head);
    assert!(upstream.has_heard_nothing());
}

#[test]
fn tls_offers_http2_and_http1() {
    let certificate = Certificate::new();
    let upstream = Upstream::content();
    let server = certificate.setting();
    let stage = Play {
        server: &server,
        ..Play::default()
    }
    .open(upstream.address());
    wait_for(async {
        for protocol in [&b"h2"[..], b"http/1.1"] {
            let stream = TcpStream::connect(stage.address()).await.unwrap();
            let stream = certificate
                .connector(protocol)
                .connect(localhost(), stream)
                .await
                .unwrap();
            assert_eq!(stream.get_ref().1.alpn_protocol(), Some(protocol));
            if protocol == b"h2" {
                let mut client = http2::speak(stream).await;
                let answer = http2::ask(&mut client, get("/public/x", &[])).await;
                assert_eq!(&*answer.body, b"ok");
            } else {
                http1_by_tls(stream).await;
            }
        }
    });
    for _ in 0..2 {
        assert_eq!(
            upstream.next().message.field("x-forwarded-proto"),
            Some("https")
        );
    }
}

async fn http1_by_tls(mut stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let request = b"GET /public/x HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\nok"), "{answer}");
}

#[test]
fn tls_handshake_secs() {
    let certificate = Certificate::new();
    let upstream = Upstream::content();
    let server = certificate.setting();
    let stage = Play {
        server: &server,
        limits: "tls_handshake_secs = 1",
        ..Play::default()
    }
    .open(upstream.address());
    assert_eq!(stage.client().rest(), b"");
    assert!(stage.close().log.contains("tls_handshake_secs"));
}

#[test]
fn rfc9113_section_8_2_3_cookies_go_on_in_one_field() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    wait_for(async {
        let mut client = http2::connect(stage.address()).await;
        let crumbs = [("cookie", "a=1"), ("cookie", "b=2"), ("cookie", "c=3")];
        http2::ask(&mut client, get("/public/x", &crumbs)).await;
    });
    assert_eq!(upstream.next().message.fields("cookie"), ["a=1; b=2; c=3"]);
}

#[test]
fn attack_11_14_authority_and_host_must_agree() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    wait_for(async {
        let mut client = http2::connect(stage.address()).await;
        let answer = http2::ask(&mut client, get("/public/x", &[("host", "b.example")])).await;
        assert_eq!(answer.field("countersign-cause"), Some("host-invalid"));
        let answer = http2::ask(&mut client, get("/public/x", &[("host", "A.example")])).await;
        assert_eq!(answer.head.status(), StatusCode::OK);
    });
    upstream.next();
    assert!(upstream.has_heard_nothing());
}

#[test]
fn attack_03_05_targets_are_as_strict_as_in_http_1() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    wait_for(async {
        let mut client = http2::connect(stage.address()).await;
        for path in [
            "/public/%2e%2e/admin",
            "/public%2fx",
            "/public//x",
            "/public/;x",
            "/public/%zz",
        ] {
            let answer = http2::ask(&mut client, get(path, &[])).await;
            assert_eq!(
                answer.field("countersign-cause"),
                Some("request-target-ambiguous"),
                "{path}"
            );
        }
    });
    assert!(upstream.has_heard_nothing());
}

#[test]
fn bodies_go_both_ways_and_a_refused_one_leaves_the_connection_open() {
    let upstream = Upstream::answering(
        b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\nConnection: X-Hop\r\nX-Hop: 1\r\n\r\n4\r\nmade\r\n0\r\n\r\n",
    );
    let stage = Play {
        limits: "body_bytes_max = 10",
        ..Play::default()
    }
    .open(upstream.address());
    wait_for(async {
        let mut client = http2::connect(stage.address()).await;
        let uri = "http://a.example/public/x";
        let answer = http2::ask(&mut client, request("POST", uri, &[], "0123456789")).await;
        assert_eq!(answer.head.status(), StatusCode::CREATED);
        assert_eq!(&*answer.body, b"made");
        assert_eq!(answer.field("x-hop"), None);
        let answer = http2::ask(&mut client, request("POST", uri, &[], "0123456789a")).await;
        assert_eq!(answer.field("countersign-cause"), Some("body-too-large"));
        let answer = http2::ask(&mut client, request("POST", uri, &[], "abc")).await;
        assert_eq!(answer.head.status(), StatusCode::CREATED);
    });
    assert_eq!(upstream.next().message.body, b"0123456789");
    assert_eq!(upstream.next().message.body, b"abc");
}

#[test]
fn trailers_of_the_upstream_reach_the_client() {
    let upstream = Upstream::answering(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n",
    );
    let stage = usual(upstream.address());
    wait_for(async {
        let mut client = http2::connect(stage.address()).await;
        let answer = http2::ask(&mut client, get("/public/x", &[("te", "trailers")])).await;
        assert_eq!(&*answer.body, b"ok");
        let trailers = answer.trailers.expect("trailers");
        assert_eq!(trailers.get("x-sum").unwrap(), "7");
    });
}

#[test]
fn many_requests_at_once_on_one_connection() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    wait_for(async {
        let client = http2::connect(stage.address()).await;
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..50 {
            let mut client = client.clone();
            tasks.spawn(async move {
                let path = if number % 2 == 0 {
                    "/public/x"
                } else {
                    "/api/x"
                };
                http2::ask(&mut client, get(path, &[]))
                    .await
                    .head
                    .status()
                    .as_u16()
            });
        }
        let mut statuses = tasks.join_all().await;
        statuses.sort_unstable();
        assert_eq!(statuses, [[200; 25], [401; 25]].concat());
    });
}

#[test]
fn grpc_is_refused_in_trailers_alone() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    wait_for(async {
        let mut client = http2::connect(stage.address()).await;
        for (path, fields, status, cause) in [
            ("/api/pkg.Service/Call", None, "16", "credentials-missing"),
            (
                "/api/pkg.Service/Call",
                Some(("authorization", "Basic YWxpY2U6d3Jvbmc=")),
                "16",
                "credentials-rejected",
            ),
            (
                "/admin/pkg.Service/Call",
                Some(("authorization", ALICE)),
                "7",
                "identity-not-allowed",
            ),
            ("/nowhere/Call", None, "12", "route-unmatched"),
        ] {
            let mut all = vec![
                ("content-type", "application/grpc+proto"),
                ("te", "trailers"),
            ];
            all.extend(fields);
            let uri = format!("http://a.example{path}");
            let answer = http2::ask(&mut client, request("POST", &uri, &all, "\0\0\0\0\0")).await;
            assert_eq!(answer.head.status(), StatusCode::OK);
            assert_eq!(answer.field("content-type"), Some("application/grpc"));
            assert_eq!(answer.field("grpc-status"), Some(status), "{path}");
            assert!(
                answer.field("grpc-message").unwrap().starts_with(cause),
                "{path}"
            );
            assert!(answer.body.is_empty() && answer.trailers.is_none());
        }
    });
    assert!(upstream.has_heard_nothing());
}

#[test]
fn a_client_that_makes_no_room_for_its_response_is_not_waited_for() {
    use std::io::Read;
    let upstream = Upstream::content();
    let stage = Play {
        limits: "upstream_stall_secs = 1",
        ..Play::default()
    }
    .open(upstream.address());
    let mut client = stage.client();
    client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    // SETTINGS with INITIAL_WINDOW_SIZE = 0 (RFC 9113 section 6.5.2), and a GET for /public/x from the static table.
    client.send(b"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x04\x00\x00\x00\x00");
    let mut block = vec![0x82, 0x86, 0x04, 9];
    block.extend_from_slice(b"/public/x");
    block.extend_from_slice(&[0x01, 1]);
    block.extend_from_slice(b"a");
    let mut frame = vec![
        0,
        0,
        u8::try_from(block.len()).unwrap(),
        0x01,
        0x05,
        0,
        0,
        0,
        1,
    ];
    frame.extend_from_slice(&block);
    client.send(frame);
    upstream.next();
    // It ends, although a request is under way.
    let mut all = Vec::new();
    let ended = client.stream.read_to_end(&mut all);
    assert!(
        ended.is_ok()
            || ended.is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionReset)
    );
}

/// A frame (RFC 9113 section 4.1).
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let size = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![size[1], size[2], size[3], kind, flags];
    frame.extend_from_slice(&stream.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}

#[test]
fn a_stream_that_takes_nothing_is_cut_beside_one_that_does() {
    use std::io::Read;
    const WINDOW_UPDATE: u8 = 8;
    const RST_STREAM: u8 = 3;
    let upstream = Upstream::content();
    let stage = Play {
        limits: "upstream_stall_secs = 1",
        ..Play::default()
    }
    .open(upstream.address());
    let mut client = stage.client();
    client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    client.send(frame(4, 0, 0, b"\x00\x04\x00\x00\x00\x00"));
    let get = b"\x82\x86\x04\x09/public/x\x01\x01a";
    // No window, and none is opened.
    client.send(frame(1, 5, 1, get));
    let begun = std::time::Instant::now();
    let mut answered = 0;
    let mut busy = 3;
    client.send(frame(1, 5, busy, get));
    client.send(frame(WINDOW_UPDATE, 0, busy, &100_u32.to_be_bytes()));
    loop {
        assert!(begun.elapsed() < crate::stage::PATIENCE, "never cut");
        let mut head = [0; 9];
        client.stream.read_exact(&mut head).unwrap();
        let size = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; usize::try_from(size).unwrap()];
        client.stream.read_exact(&mut payload).unwrap();
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        assert_ne!(head[3], 7, "the whole connection is ended");
        if (head[3], stream) == (RST_STREAM, 1) {
            break;
        }
        // The end of a busy stream: there is another one.
        if stream == busy && head[4] & 1 == 1 && head[3] < 2 {
            answered += 1;
            busy += 2;
            client.send(frame(1, 5, busy, get));
            client.send(frame(WINDOW_UPDATE, 0, busy, &100_u32.to_be_bytes()));
        }
    }
    assert!(answered > 0);
    // The connection is still good.
    busy += 2;
    client.send(frame(1, 5, busy, get));
    client.send(frame(WINDOW_UPDATE, 0, busy, &100_u32.to_be_bytes()));
    assert!(!client.until(b"ok").is_empty());
}

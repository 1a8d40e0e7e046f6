//! Upstreams that are spoken to by HTTP/2: with prior knowledge and by TLS, many streams on few connections, trailers.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http2::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Barrier;

use crate::secure_upstream::Authority;
use crate::stage::upstream::Upstream as Plain;
use crate::stage::{ALICE, PATIENCE, Play, Stage, http2, wait_for};

pub(crate) type Answer = Result<Response<BoxBody<Bytes, Infallible>>, std::io::Error>;
pub(crate) type Answering = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// An upstream of HTTP/2 on a thread of its own.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

/// How it is served.
#[derive(Default)]
pub(crate) struct Serving {
    pub(crate) tls: Option<tokio_rustls::TlsAcceptor>,
    pub(crate) streams_max: Option<u32>,
}

impl Upstream {
    pub(crate) fn answering(
        answer: impl Fn(Request<Incoming>) -> Answering + Send + Sync + 'static,
    ) -> Self {
        Self::served(Serving::default(), answer)
    }

    pub(crate) fn served(
        serving: Serving,
        answer: impl Fn(Request<Incoming>) -> Answering + Send + Sync + 'static,
    ) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connections);
        let answer = Arc::new(answer);
        std::thread::spawn(move || {
            wait_for(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                while let Ok((stream, _)) = listener.accept().await {
                    counter.fetch_add(1, Ordering::SeqCst);
                    let (answer, tls) = (Arc::clone(&answer), serving.tls.clone());
                    let streams_max = serving.streams_max;
                    tokio::spawn(async move {
                        match tls {
                            None => serve(stream, streams_max, answer).await,
                            Some(tls) => {
                                if let Ok(stream) = tls.accept(stream).await {
                                    serve(stream, streams_max, answer).await;
                                }
                            }
                        }
                    });
                }
            });
        });
        Self {
            address,
            connections,
        }
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

async fn serve<S, A>(stream: S, streams_max: Option<u32>, answer: Arc<A>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    A: Fn(Request<Incoming>) -> Answering + Send + Sync + 'static,
{
    let _ = Builder::new(TokioExecutor::new())
        .max_concurrent_streams(streams_max)
        .serve_connection(
            TokioIo::new(stream),
            service_fn(move |request| answer(request)),
        )
        .await;
}

/// Tells what it was sent: the head as text in the body, and the request's own body behind it. Its trailers say that all is
/// well, and how many trailer fields the request had.
pub(crate) fn told(request: Request<Incoming>) -> Answering {
    Box::pin(async move {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(std::io::Error::other)?;
        let fields = body.trailers().map_or(0, HeaderMap::len);
        let mut text = format!("{} {} {:?}\n", head.method, head.uri, head.version);
        for (name, value) in &head.headers {
            text.push_str(&format!("{name}: {}\n", value.to_str().unwrap()));
        }
        text.push('\n');
        let mut told = text.into_bytes();
        told.extend_from_slice(&body.to_bytes());
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", HeaderValue::from_static("0"));
        trailers.insert("x-fields", HeaderValue::from(fields));
        Ok(Response::new(
            Full::from(told)
                .with_trailers(async { Some(Ok(trailers)) })
                .boxed(),
        ))
    })
}

fn short() -> Answer {
    Ok(Response::new(Full::from("ok").boxed()))
}

/// Answers only when so many requests are there at once.
fn together(number: usize) -> impl Fn(Request<Incoming>) -> Answering + Send + Sync + 'static {
    let barrier = Arc::new(Barrier::new(number));
    move |_| {
        let barrier = Arc::clone(&barrier);
        Box::pin(async move {
            barrier.wait().await;
            short()
        })
    }
}

fn stage(upstream: SocketAddr, limits: &str) -> Stage {
    let play = Play {
        limits,
        upstream: "http2 = true",
        ..Play::default()
    };
    play.open(upstream)
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a.example\r\n\r\n")
}

/// Requests on a connection each, all sent before the first answer is looked at.
fn all_answered(stage: &Stage, number: usize) {
    let mut clients: Vec<_> = (0..number).map(|_| stage.client()).collect();
    for client in &mut clients {
        client.send(get("/public/x"));
    }
    for client in &mut clients {
        assert_eq!(client.answer().text(), "ok");
    }
}

#[test]
fn a_request_of_http_1_goes_on_as_one_of_http_2() {
    let upstream = Upstream::answering(told);
    let stage = stage(upstream.address, "");
    let mut client = stage.client();
    client.send(format!(
        "POST /api/x%7E?q=1 HTTP/1.1\r\nHost: a.example\r\nAuthorization: {ALICE}\r\nConnection: keep-alive, x-hop\r\nX-Hop: 1\r\nX-Auth-User: root\r\nTE: trailers\r\nCookie: a=1\r\nTransfer-Encoding: chunked\r\nTrailer: X-Auth-User\r\n\r\n3\r\nabc\r\n0\r\nX-Auth-User: root\r\n\r\n"
    ));
    let answer = client.answer();
    assert_eq!(answer.status(), Some(200), "{answer:?}");
    assert!(answer.whole);
    let text = answer.text();
    let host = upstream.address.to_string();
    let line = format!("POST http://{host}/api/x~?q=1 HTTP/2.0\n");
    assert!(text.starts_with(&line), "{text}");
    for there in [
        "\nx-auth-user: alice\n",
        "\ncookie: a=1\n",
        "\nx-forwarded-host: a.example\n",
        "\nte: trailers\n",
        "\nvia: 1.1 countersign\n",
    ] {
        assert!(text.contains(there), "{there}: {text}");
    }
    for gone in [
        "root",
        "x-hop",
        "\nconnection",
        "\nhost:",
        "transfer-encoding",
        "authorization",
    ] {
        assert!(!text.contains(gone), "{gone}: {text}");
    }
    assert!(text.ends_with("\n\nabc"), "{text}");
    assert_eq!(client.send(get("/public/y")).answer().status(), Some(200));
    assert_eq!(upstream.connections(), 1);
}

#[test]
fn trailers_of_a_response_come_through_and_those_of_a_request_do_not() {
    let upstream = Upstream::answering(told);
    let stage = stage(upstream.address, "");
    wait_for(async {
        let mut client = http2::connect(stage.address()).await;
        let request = Request::post("http://a.example/public/x")
            .header("te", "trailers")
            .header("content-type", "application/grpc")
            .body(Full::from("message"))
            .unwrap();
        let answer = http2::ask(&mut client, request).await;
        let trailers = answer.trailers.unwrap();
        assert_eq!(trailers.get("grpc-status").unwrap(), "0");
        assert!(answer.body.ends_with(b"message"));
    });
    let mut client = stage.client();
    client.send("POST /public/x HTTP/1.1\r\nHost: a.example\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\nTrailer: X-Auth-User\r\n\r\n1\r\na\r\n0\r\nX-Auth-User: root\r\n\r\n");
    let answer = client.answer();
    assert!(
        answer.whole && answer.text().ends_with("\n\na"),
        "{answer:?}"
    );
}

#[test]
fn attack_19_trailer_fields_are_not_carried_into_http_2() {
    let seen = Arc::new(AtomicUsize::new(usize::MAX));
    let told = Arc::clone(&seen);
    let upstream = Upstream::answering(move |request| {
        let told = Arc::clone(&told);
        Box::pin(async move {
            let body = request.into_body().collect().await.unwrap();
            told.store(body.trailers().map_or(0, HeaderMap::len), Ordering::SeqCst);
            short()
        })
    });
    let stage = stage(upstream.address, "");
    let answer = stage.ask("POST /public/x HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\nTrailer: X-Auth-User\r\n\r\n1\r\na\r\n0\r\nX-Auth-User: root\r\n\r\n");
    assert_eq!(answer.text(), "ok");
    assert_eq!(seen.load(Ordering::SeqCst), 0);
}

#[test]
fn rfc9110_section_10_1_1_a_body_is_asked_for_and_sent_on() {
    let upstream = Upstream::answering(told);
    let stage = stage(upstream.address, "");
    let expecting = |path: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
        )
    };
    let mut client = stage.client();
    let refusal = client.send(expecting("/api/x")).answer();
    assert_eq!(refusal.status(), Some(401));
    let mut client = stage.client();
    let asked = client.send(expecting("/public/x")).answer();
    assert_eq!(asked.status(), Some(100));
    let text = client.send("abc").answer().text();
    assert!(text.ends_with("\n\nabc"), "{text}");
    assert!(!text.contains("expect"), "{text}");
}

#[test]
fn many_requests_share_one_connection() {
    let upstream = Upstream::answering(together(60));
    let stage = stage(upstream.address, "");
    all_answered(&stage, 60);
    assert_eq!(upstream.connections(), 1);
}

#[test]
fn upstream_streams_max() {
    let upstream = Upstream::answering(together(6));
    let stage = stage(upstream.address, "upstream_streams_max = 2");
    all_answered(&stage, 6);
    assert_eq!(upstream.connections(), 3);
    // Those that have run empty are used again.
    all_answered(&stage, 6);
    assert_eq!(upstream.connections(), 3);
}

#[test]
fn rfc9113_section_5_1_2_the_upstreams_own_limit_is_kept() {
    let serving = Serving {
        streams_max: Some(1),
        ..Serving::default()
    };
    let upstream = Upstream::served(serving, together(3));
    let stage = stage(upstream.address, "");
    all_answered(&stage, 3);
    assert_eq!(upstream.connections(), 3);
}

#[test]
fn faults_have_their_causes() {
    let upstream = Upstream::answering(|request| {
        Box::pin(async move {
            match request.uri().path() {
                "/public/reset" => Err(std::io::Error::other("reset")),
                "/public/never" => std::future::pending().await,
                _ => short(),
            }
        })
    });
    let stage = stage(upstream.address, "upstream_head_secs = 1");
    let reset = stage.ask(get("/public/reset"));
    assert_eq!(
        (reset.status(), reset.cause()),
        (Some(502), "upstream-unreachable")
    );
    let never = stage.ask(get("/public/never"));
    assert_eq!(
        (never.status(), never.cause()),
        (Some(504), "upstream-timeout")
    );
    // It may have been the connection: the next request has another.
    let before = upstream.connections();
    assert_eq!(stage.ask(get("/public/x")).text(), "ok");
    assert_eq!(upstream.connections(), before + 1);
}

#[test]
fn an_upstream_that_speaks_no_http_2_is_said_to() {
    let upstream = Plain::played(|mut connection| {
        connection.hear_bytes(24);
        connection.say(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        connection.hear_out();
    });
    let stage = stage(upstream.address(), "");
    let mut client = stage.client();
    client.stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let answer = client.send(get("/public/x")).answer();
    assert_eq!(
        (answer.status(), answer.cause()),
        (Some(502), "upstream-unreachable")
    );
    let log = stage.close().log;
    assert!(log.contains("speaks no HTTP/2"), "{log}");
}

#[test]
fn by_tls_it_is_agreed_on_or_not_spoken() {
    let authority = Authority::new();
    let config = |protocol: &[u8]| {
        let mut config = Arc::unwrap_or_clone(authority.server_config(false));
        config.alpn_protocols = vec![protocol.to_vec()];
        Serving {
            tls: Some(Arc::new(config).into()),
            ..Serving::default()
        }
    };
    let keys = format!("http2 = true\ntls = {{ {} }}", authority.trusted());
    let open = |upstream: &Upstream| {
        let play = Play {
            scheme: "https",
            upstream: &keys,
            ..Play::default()
        };
        play.open(upstream.address)
    };
    let upstream = Upstream::served(config(b"h2"), told);
    let answer = open(&upstream).ask(get("/public/x"));
    let line = format!("GET https://{}/public/x HTTP/2.0\n", upstream.address);
    assert!(answer.text().starts_with(&line), "{answer:?}");
    let other = Upstream::served(config(b"http/1.1"), told);
    let stage = open(&other);
    assert_eq!(stage.ask(get("/public/x")).cause(), "upstream-unreachable");
    let log = stage.close().log;
    assert!(log.contains("the protocol that `http2` asks for"), "{log}");
}

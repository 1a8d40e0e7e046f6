//! NTLM and Negotiate: the version, the connection, the name.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use countersign_explain::{Case, Confidence, HttpVersion, Negotiated, Report, Request};
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;

use crate::stage::{Reply, Seen, Server, diagnose, first, get};

fn ntlm(kind: u8) -> String {
    let mut message = b"NTLMSSP\0".to_vec();
    message.extend([kind, 0, 0, 0]);
    message.extend([0; 32]);
    format!("NTLM {}", STANDARD.encode(message))
}

fn refused(challenges: &[&str]) -> Reply {
    let mut reply = Reply::new(401).saying("401 - Unauthorized");
    for challenge in challenges {
        reply = reply.with("WWW-Authenticate", challenge);
    }
    reply
}

fn curl_ntlm(url: &str) -> Case {
    let mut case = get(url, &[]);
    case.negotiates = vec![Negotiated::Ntlm];
    case
}

fn curl_negotiate(url: &str) -> Case {
    let mut case = get(url, &[]);
    case.negotiates = vec![Negotiated::Negotiate];
    case
}

fn names(report: &Report, cause: &str) {
    assert_eq!(first(report), cause, "{report:#?}");
    assert!(report.probes.len() <= 8, "{report:#?}");
}

/// A server for both versions of HTTP on one port: 401 with NTLM over the one, and what `over_one` says over the other.
fn of_both_versions(over_one: u16) -> SocketAddr {
    let (sender, receiver) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            sender.send(listener.local_addr().unwrap()).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let mut start = [0; 3];
                let _ = stream.peek(&mut start).await;
                let answer = move |status: u16| {
                    service_fn(move |_: hyper::Request<hyper::body::Incoming>| async move {
                        let response = hyper::Response::builder()
                            .status(status)
                            .header("WWW-Authenticate", "NTLM")
                            .body(Full::new(Bytes::from_static(b"x")));
                        Ok::<_, Infallible>(response.unwrap())
                    })
                };
                tokio::spawn(async move {
                    let stream = TokioIo::new(stream);
                    // The client may leave when it has what it wants.
                    let _ = match &start == b"PRI" {
                        true => {
                            hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                                .serve_connection(stream, answer(401))
                                .await
                        }
                        false => {
                            hyper::server::conn::http1::Builder::new()
                                .serve_connection(stream, answer(over_one))
                                .await
                        }
                    };
                });
            }
        });
    });
    receiver.recv().unwrap()
}

#[test]
fn ntlm_over_http2_that_http1_takes() {
    let address = of_both_versions(200);
    let mut case = curl_ntlm(&format!("http://{address}/"));
    case.transport.version = Some(HttpVersion::Two);
    let report = diagnose(&case);
    names(&report, "ntlm-over-http2");
    assert_eq!(report.causes[0].confidence, Confidence::Certain);
    let command = report.causes[0].fix.command.as_deref().unwrap();
    assert!(
        command.contains("--http1.1") && !command.contains("--http2"),
        "{command}"
    );
}

#[test]
fn ntlm_over_http2_that_cannot_be_tried() {
    let address = of_both_versions(401);
    let mut case = curl_ntlm(&format!("http://{address}/"));
    case.transport.version = Some(HttpVersion::Two);
    let report = diagnose(&case);
    names(&report, "ntlm-over-http2");
    assert_ne!(report.causes[0].confidence, Confidence::Certain);
}

#[test]
fn a_token_where_ntlm_is_offered_is_no_handshake() {
    let address = of_both_versions(401);
    let mut case = get(
        &format!("http://{address}/"),
        &[("Authorization", "Bearer abcdef012345")],
    );
    case.transport.version = Some(HttpVersion::Two);
    let report = diagnose(&case);
    assert_ne!(first(&report), "ntlm-over-http2", "{report:#?}");
}

/// The laboratory's server closes each connection.
#[test]
fn a_connection_that_closes_in_the_middle() {
    let server = Server::start(|seen: &Seen| match seen.field("authorization") {
        Some(value) if value.starts_with("NTLM TlRMTVNTUAAB") => refused(&[&ntlm(2)]),
        _ => refused(&["NTLM"]),
    });
    names(
        &diagnose(&curl_ntlm(&server.url("/"))),
        "connection-not-kept",
    );
    let last = ntlm(3);
    let case = get(&server.url("/"), &[("Authorization", &last)]);
    let report = diagnose(&case);
    names(&report, "connection-not-kept");
    let own = server
        .seen()
        .iter()
        .filter(|seen| {
            seen.field("authorization")
                .is_some_and(|value| value == last)
        })
        .count();
    assert!(own <= 2, "{own} times the user's own message");
}

#[test]
fn a_proxy_before_ntlm() {
    let server = Server::start(|_| refused(&["NTLM"]).with("Via", "1.1 edge (Varnish/7)"));
    names(
        &diagnose(&curl_ntlm(&server.url("/"))),
        "connection-not-kept",
    );
}

#[test]
fn negotiate_that_fell_back_to_ntlm() {
    let server = Server::start(|_| refused(&["Negotiate"]));
    let value = ntlm(1).replace("NTLM ", "Negotiate ");
    let report = diagnose(&get(&server.url("/"), &[("Authorization", &value)]));
    names(&report, "kerberos-name-mismatch");
}

#[test]
fn negotiate_by_address() {
    let server = Server::start(|_| refused(&["Negotiate"]));
    let report = diagnose(&curl_negotiate(&server.url("/")));
    names(&report, "kerberos-name-mismatch");
    assert_ne!(report.causes[0].confidence, Confidence::Certain);
}

#[test]
fn a_ticket_that_is_refused_may_have_two_reasons() {
    let mut case = curl_negotiate("https://intranet.example.test/");
    let mut request: Request = case.request.take().unwrap();
    request.fields.add(
        "Authorization",
        "Negotiate YIIGhgYGKwYBBQUCoIIGejCCBnagMDAu",
    );
    case.request = Some(request);
    let mut answer = countersign_explain::Answer::new(401);
    answer.fields.add("WWW-Authenticate", "Negotiate");
    case.answer = Some(answer);
    let care = countersign_explain::Care {
        offline: true,
        ..countersign_explain::Care::default()
    };
    let report = crate::stage::diagnose_with(&case, care);
    let ids: Vec<&str> = report.causes.iter().map(|found| found.cause.id()).collect();
    assert!(
        ids.contains(&"kerberos-name-mismatch") && ids.contains(&"channel-binding-failed"),
        "{report:#?}"
    );
    assert!(
        report
            .causes
            .iter()
            .all(|one| one.confidence != Confidence::Certain)
    );
}

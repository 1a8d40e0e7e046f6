//! The laboratory's own server answers as it is told.

use crate::stage::{Reply, Server};

#[test]
fn a_server_answers_and_remembers() {
    let server = Server::start(|seen| match seen.field("authorization") {
        Some("Bearer good") => Reply::ok(),
        _ => Reply::new(401).with("WWW-Authenticate", "Bearer realm=\"lab\""),
    });
    let answer = server.raw("GET /a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(server.seen()[0].target, "/a");
}

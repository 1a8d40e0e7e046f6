//! What only comparing answers shows: scheme words, places, layers, other credentials, filters, caches.

use countersign_explain::{Confidence, Outcome, Report};

use crate::stage::{Reply, Seen, Server, diagnose, first, get};

const TOKEN: &str = "tok_9f8e7d6c5b4a3f2e1d0c";

fn refused(challenge: &str) -> Reply {
    Reply::new(401)
        .with("WWW-Authenticate", challenge)
        .saying("{\"message\":\"Unauthorized\"}")
}

fn proven(report: &Report, cause: &str) {
    assert_eq!(first(report), cause, "{report:#?}");
    assert_eq!(
        report.causes[0].confidence,
        Confidence::Certain,
        "{report:#?}"
    );
    assert_eq!(report.outcome, Outcome::Refused);
    assert!(report.probes.len() <= 8, "{report:#?}");
}

#[test]
fn an_accepted_request_is_accepted_with_no_cause() {
    let server = Server::start(|_| Reply::ok());
    let report = diagnose(&get(
        &server.url("/"),
        &[("Authorization", "Bearer x1234567")],
    ));
    assert_eq!(report.outcome, Outcome::Accepted);
    assert!(report.causes.is_empty());
    assert_eq!(report.exit_code(), 0);
}

#[test]
fn a_server_that_is_down_is_unreachable() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let report = diagnose(&get(&url, &[]));
    assert_eq!(report.outcome, Outcome::Unreachable);
    assert_eq!((report.status, report.exit_code()), (None, 4));
}

#[test]
fn a_public_resource_spoilt_by_a_credential() {
    let server = Server::start(|seen| match seen.field("authorization") {
        None => Reply::ok(),
        Some(_) => refused("Bearer realm=\"api\", error=\"invalid_token\""),
    });
    let authorization = format!("Bearer {TOKEN}");
    let report = diagnose(&get(&server.url("/"), &[("Authorization", &authorization)]));
    proven(&report, "credentials-unneeded");
    let command = report.causes[0].fix.command.as_deref().unwrap();
    assert!(!command.contains("Authorization"), "{command}");
}

#[test]
fn a_vendors_own_scheme_word() {
    let server = Server::start(|seen| match seen.field("authorization") {
        Some(value) if value == format!("Token {TOKEN}") => Reply::ok(),
        _ => refused("Token"),
    });
    let authorization = format!("Bearer {TOKEN}");
    let report = diagnose(&get(&server.url("/"), &[("Authorization", &authorization)]));
    proven(&report, "scheme-word-wrong");
    let command = report.causes[0].fix.command.as_deref().unwrap();
    assert!(command.contains("Authorization: Token $TOKEN"), "{command}");
}

#[test]
fn a_scheme_word_without_any_challenge() {
    let server = Server::start(|seen| match seen.field("authorization") {
        Some(value) if value == format!("Bearer {TOKEN}") => Reply::ok(),
        _ => Reply::new(401).saying("no"),
    });
    let authorization = format!("Token {TOKEN}");
    let report = diagnose(&get(&server.url("/"), &[("Authorization", &authorization)]));
    proven(&report, "scheme-word-wrong");
}

#[test]
fn a_key_in_another_field_than_the_refusal_names() {
    let server = Server::start(|seen| match seen.field("x-acme-api-key") {
        Some(TOKEN) => Reply::ok(),
        _ => Reply::new(401).saying("{\"error\":\"send your key as X-Acme-Api-Key\"}"),
    });
    let authorization = format!("Bearer {TOKEN}");
    let report = diagnose(&get(&server.url("/"), &[("Authorization", &authorization)]));
    proven(&report, "header-wrong-place");
    let command = report.causes[0].fix.command.as_deref().unwrap();
    assert!(command.contains("X-Acme-Api-Key: $API_KEY"), "{command}");
}

#[test]
fn a_key_in_the_query_that_belongs_in_the_field() {
    let server = Server::start(|seen| match seen.field("authorization") {
        Some(value) if value == format!("Bearer {TOKEN}") => Reply::ok(),
        _ => refused("Bearer realm=\"api\""),
    });
    let report = diagnose(&get(
        &server.url(&format!("/?access_token={TOKEN}&page=2")),
        &[],
    ));
    proven(&report, "header-wrong-place");
    assert!(server.seen().last().unwrap().target.contains("page=2"));
}

#[test]
fn a_cookie_of_somebody_else_beside_the_token() {
    let server = Server::start(
        |seen| match (seen.field("cookie"), seen.field("authorization")) {
            (None, Some(value)) if value == format!("Bearer {TOKEN}") => Reply::ok(),
            (Some(_), _) => Reply::new(401).saying("token does not match the user"),
            _ => refused("Bearer"),
        },
    );
    let authorization = format!("Bearer {TOKEN}");
    let fields = [
        ("Authorization", authorization.as_str()),
        ("Cookie", "sid=0123456789"),
    ];
    let report = diagnose(&get(&server.url("/"), &fields));
    proven(&report, "credentials-overridden");
}

#[test]
fn two_layers_that_want_the_same_field() {
    let server = Server::start(|seen| match seen.field("authorization") {
        Some(value) if value.starts_with("Basic ") => refused("Bearer realm=\"app\""),
        _ => refused("Basic realm=\"staging\"").with("Server", "nginx"),
    });
    let report = diagnose(&get(
        &server.url("/"),
        &[("Authorization", "Basic YWxpY2U6c2VjcmV0")],
    ));
    assert_eq!(first(&report), "auth-layers-collide", "{report:#?}");
}

#[test]
fn basic_where_only_bearer_is_offered() {
    let server = Server::start(|_| refused("Bearer realm=\"api\""));
    let report = diagnose(&get(
        &server.url("/"),
        &[("Authorization", "Basic YWxpY2U6c2VjcmV0")],
    ));
    assert_eq!(first(&report), "scheme-not-accepted", "{report:#?}");
}

#[test]
fn a_filter_that_looks_at_the_user_agent() {
    let server = Server::start(|seen| match seen.field("user-agent") {
        Some(agent) if agent.contains("Mozilla") => Reply::ok(),
        _ => Reply::new(403).saying("<html>Access denied</html>"),
    });
    let fields = [
        ("User-Agent", "python-requests/2.32"),
        ("X-Auth-Token", TOKEN),
    ];
    let report = diagnose(&get(&server.url("/"), &fields));
    proven(&report, "edge-refused");
}

#[test]
fn a_refusal_out_of_a_cache() {
    let server = Server::start(|seen: &Seen| match seen.target.contains('?') {
        true => Reply::ok(),
        false => refused("Bearer realm=\"api\"").with("Age", "120"),
    });
    let authorization = format!("Bearer {TOKEN}");
    let report = diagnose(&get(&server.url("/"), &[("Authorization", &authorization)]));
    proven(&report, "cached-refusal");
}

#[test]
fn cookies_that_are_too_large() {
    let server = Server::start(|seen| match seen.field("cookie") {
        Some(value) if value.len() > 4000 => {
            Reply::new(400).saying("Request Header Or Cookie Too Large")
        }
        _ => Reply::new(401).with("WWW-Authenticate", "Bearer realm=\"api\""),
    });
    let cookie = format!("a={}", "x".repeat(6000));
    let report = diagnose(&get(&server.url("/"), &[("Cookie", &cookie)]));
    proven(&report, "header-too-large");
}

#[test]
fn somebody_known_who_is_not_allowed() {
    let server = Server::start(|seen| match seen.field("authorization") {
        Some(value) if value == format!("Bearer {TOKEN}") => {
            Reply::new(403).saying("{\"error\":\"forbidden\"}")
        }
        _ => refused("Bearer realm=\"api\""),
    });
    let authorization = format!("Bearer {TOKEN}");
    let report = diagnose(&get(&server.url("/"), &[("Authorization", &authorization)]));
    assert_eq!(first(&report), "scope-insufficient", "{report:#?}");
    assert_eq!(report.status, Some(403));
}

#[test]
fn an_unsafe_method_is_not_sent() {
    let server = Server::start(|_| refused("Bearer realm=\"api\""));
    let mut case = get(&server.url("/"), &[("Authorization", "Bearer 0123456789")]);
    "DELETE".clone_into(&mut case.request.as_mut().unwrap().method);
    let report = diagnose(&case);
    assert_eq!(report.outcome, Outcome::Refused);
    assert!(server.seen().iter().all(|seen| seen.method == "GET"));
    assert!(report.limits.iter().any(|limit| limit.contains("DELETE")));
}

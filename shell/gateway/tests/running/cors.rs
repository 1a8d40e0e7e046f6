//! Pages of other origins, over real sockets: preflights, refusals of every room, and the upstream's own fields.

mod exchanges;
mod servers;

use countersign_wire::cors::client::{Asked, PreflightFailure, Said, check, check_preflight};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::stage::message::Message;
use crate::stage::upstream::Upstream;
use crate::stage::{ALICE, Play, Stage};

const PAGE: &str = "https://app.example.com";
const STRANGER: &str = "https://evil.example";

const ROUTES: &str = r#"
[cors.app]
origins = ["https://app.example.com", "https://*.example.org"]
credentials = true
expose = "X-Total"

[[route]]
name = "page"
path = "/page/**"
methods = ["GET", "PUT", "OPTIONS"]
upstream = "app"
accept = ["basic"]
allow = { identity = true }
cors = "app"

[[route]]
name = "form"
path = "/form/**"
methods = ["POST"]
upstream = "app"
allow = "anyone"
cors = { origins = "*", upstream_fields = "merge" }

[[route]]
name = "own"
path = "/own/**"
upstream = "app"
allow = "anyone"
cors = { origins = "https://app.example.com", upstream_fields = "keep" }
"#;

fn stage(upstream: &Upstream, limits: &str) -> Stage {
    Play {
        sections: ROUTES,
        limits,
        ..Play::default()
    }
    .open(upstream.address())
}

fn request(line: &str, fields: &[(&str, &str)]) -> String {
    let mut text = format!("{line} HTTP/1.1\r\nHost: a.example\r\n");
    for (name, value) in fields {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text + "\r\n"
}

/// The fields of a message as a browser has them.
fn fields(message: &Message) -> HeaderMap {
    let mut fields = HeaderMap::new();
    for line in message.head.lines().skip(1) {
        if let Some((name, value)) = line.split_once(':') {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            fields.append(name, HeaderValue::from_str(value.trim()).unwrap());
        }
    }
    fields
}

fn said(message: &Message) -> Said {
    Said::of(&fields(message))
}

/// What a browser makes of the answer to its preflight.
fn judged(
    answer: &Message,
    asked: &Asked,
    origin: &str,
    with: bool,
) -> Result<(), PreflightFailure> {
    check_preflight(asked, origin, with, answer.status(), &said(answer))
}

fn asked(method: &str, names: &[&str]) -> Asked {
    Asked {
        method: method.to_owned(),
        names: names.iter().map(|name| (*name).to_owned()).collect(),
    }
}

fn preflight(path: &str, origin: &str, asked: &Asked) -> String {
    let names = asked.names_value().unwrap_or_default();
    request(
        &format!("OPTIONS {path}"),
        &[
            ("Origin", origin),
            ("Access-Control-Request-Method", &asked.method),
            ("Access-Control-Request-Headers", &names),
        ],
    )
}

fn is_readable(answer: &Message, origin: &str, with: bool) -> bool {
    check(origin, with, &said(answer)).is_ok()
}

#[test]
fn pain_2_a_preflight_is_answered_by_the_gateway_and_goes_no_further() {
    let upstream = Upstream::content();
    let stage = stage(&upstream, "");
    let put = asked("PUT", &["authorization", "content-type"]);
    let mut client = stage.client();
    // On one connection, as browsers do, with the request after it.
    let answer = client.send(preflight("/page/x", PAGE, &put)).answer();
    assert_eq!(answer.status(), Some(204));
    assert_eq!(judged(&answer, &put, PAGE, true), Ok(()));
    assert_eq!(answer.field("content-length"), None, "RFC 9110 section 8.6");
    assert!(upstream.has_heard_nothing());
    let fields = [("Origin", PAGE), ("Authorization", ALICE)];
    let answer = client.send(request("PUT /page/x", &fields)).answer();
    assert_eq!(answer.status(), Some(200));
    assert!(is_readable(&answer, PAGE, true));
    assert_eq!(upstream.next().message.line(), "PUT /page/x HTTP/1.1");

    let answer = stage.ask(preflight("/page/x", STRANGER, &put));
    assert_eq!(
        (answer.status(), answer.cause()),
        (Some(403), "origin-not-allowed")
    );
    // The route for DELETE is not this one; there is none.
    let answer = stage.ask(preflight("/page/x", PAGE, &asked("DELETE", &[])));
    assert_eq!(
        (answer.status(), answer.cause()),
        (Some(404), "route-unmatched")
    );
    assert!(upstream.has_heard_nothing());
}

#[test]
fn options_that_is_no_preflight_is_asked_for_credentials() {
    let upstream = Upstream::content();
    let stage = stage(&upstream, "");
    for fields in [
        &[][..],
        &[("Origin", PAGE)],
        &[("Access-Control-Request-Method", "PUT")],
        &[
            ("Origin", PAGE),
            ("Origin", PAGE),
            ("Access-Control-Request-Method", "PUT"),
        ],
    ] {
        let answer = stage.ask(request("OPTIONS /page/x", fields));
        assert_eq!(
            (answer.status(), answer.cause()),
            (Some(401), "credentials-missing")
        );
    }
    assert!(upstream.has_heard_nothing());
    let fields = [("Origin", PAGE), ("Authorization", ALICE)];
    let answer = stage.ask(request("OPTIONS /page/x", &fields));
    assert_eq!(answer.status(), Some(200));
    assert_eq!(upstream.next().message.line(), "OPTIONS /page/x HTTP/1.1");
}

const EXPOSED: &str =
    "WWW-Authenticate, DPoP-Nonce, X-Request-Id, Countersign-Cause, Retry-After, x-total";

/// Every room that refuses lets the page read why.
#[test]
fn pain_3_refusals_of_every_kind_can_be_read_by_the_page() {
    let upstream = Upstream::played(|mut connection| {
        // Closed without an answer.
        connection.hear();
    });
    let stage = stage(&upstream, "body_bytes_max = 4\nhead_bytes_max = 8192");
    let long = "a".repeat(9000);
    let page = ("Origin", PAGE);
    for (line, fields, cause, status) in [
        ("GET /page/x", &[page][..], "credentials-missing", 401),
        (
            "GET /page/x",
            &[page, ("Authorization", "Basic !")],
            "basic-base64",
            401,
        ),
        (
            "GET /page/x",
            &[page, ("X-Long", &long)],
            "header-too-large",
            431,
        ),
        (
            "PUT /page/x",
            &[page, ("Authorization", ALICE), ("Content-Length", "5")],
            "body-too-large",
            413,
        ),
        (
            "GET /page/x",
            &[page, ("Authorization", ALICE)],
            "upstream-unreachable",
            502,
        ),
    ] {
        let answer = stage.ask(request(line, fields) + "12345");
        assert_eq!((answer.status(), answer.cause()), (Some(status), cause));
        assert!(is_readable(&answer, PAGE, true), "{answer:?}");
        assert!(!is_readable(&answer, STRANGER, false), "{answer:?}");
        assert_eq!(answer.field("access-control-expose-headers"), Some(EXPOSED));
        assert!(
            answer.field("vary").unwrap().ends_with(", Origin"),
            "{answer:?}"
        );
    }
}

#[test]
fn a_refusal_tells_a_stranger_nothing_and_caches_that_it_depends_on_who_asks() {
    let upstream = Upstream::content();
    let stage = stage(&upstream, "");
    for fields in [&[][..], &[("Origin", STRANGER)], &[("Origin", "null")]] {
        let answer = stage.ask(request("GET /page/x", fields));
        assert_eq!(answer.status(), Some(401));
        assert_eq!(answer.field("access-control-allow-origin"), None);
        assert_eq!(answer.field("vary"), Some("Accept, Authorization, Origin"));
    }
}

const CARELESS: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nAccess-Control-Allow-Origin: *\r\n\
    Access-Control-Allow-Origin: https://evil.example\r\nAccess-Control-Allow-Credentials: true\r\n\
    Access-Control-Expose-Headers: X-Total\r\nVary: Accept-Encoding\r\nX-Total: 7\r\n\r\nok";

#[test]
fn the_upstreams_fields_are_replaced_kept_or_passed_on_as_configured() {
    let upstream = Upstream::answering(CARELESS);
    let stage = stage(&upstream, "");
    let ask = |path: &str, origin: &str| {
        let fields = [("Origin", origin), ("Authorization", ALICE)];
        stage.ask(request(&format!("GET {path}"), &fields))
    };
    let replaced = ask("/page/x", "https://a.example.org");
    assert_eq!(
        replaced.field("access-control-allow-origin"),
        Some("https://a.example.org")
    );
    assert_eq!(
        replaced.field("access-control-expose-headers"),
        Some("x-total")
    );
    assert_eq!(replaced.field("vary"), Some("Accept-Encoding, Origin"));
    let stranger = ask("/page/x", STRANGER);
    assert_eq!(stranger.field("access-control-allow-origin"), None);
    assert_eq!(stranger.field("access-control-allow-credentials"), None);
    assert_eq!(stranger.field("vary"), Some("Accept-Encoding, Origin"));
    // Without rules, and with those that leave it to the upstream, nothing is touched.
    for path in ["/own/x", "/public/x"] {
        let kept = ask(path, PAGE);
        assert_eq!(
            kept.fields("access-control-allow-origin"),
            ["*", STRANGER],
            "{path}"
        );
        assert_eq!(kept.field("vary"), Some("Accept-Encoding"));
    }
}

#[test]
fn merged_fields_are_there_once() {
    let upstream = Upstream::answering(CARELESS);
    let stage = stage(&upstream, "");
    let fields = [("Origin", STRANGER), ("Content-Length", "0")];
    let merged = stage.ask(request("POST /form/x", &fields));
    assert_eq!(merged.field("access-control-allow-origin"), Some("*"));
    assert_eq!(merged.field("access-control-allow-credentials"), None);
    assert_eq!(merged.field("vary"), Some("Accept-Encoding, Origin"));
}

/// Preflights to a route without rules are the upstream's, where the route is open, and refused with their own cause where it
/// is not.
#[test]
fn cause_origin_not_allowed_where_a_route_has_no_rules_and_is_not_open() {
    let upstream = Upstream::content();
    let stage = stage(&upstream, "");
    let get = asked("GET", &["authorization"]);
    let answer = stage.ask(preflight("/api/x", PAGE, &get));
    assert_eq!(
        (answer.status(), answer.cause()),
        (Some(403), "origin-not-allowed")
    );
    assert!(
        answer
            .text()
            .contains("has no rules for pages of other origins")
    );
    assert!(upstream.has_heard_nothing());
    let answer = stage.ask(preflight("/public/x", PAGE, &get));
    assert_eq!(answer.status(), Some(200));
    let heard = upstream.next().message;
    assert_eq!(heard.field("access-control-request-method"), Some("GET"));
    assert_eq!(heard.field("origin"), Some(PAGE));
}

#[test]
fn the_log_names_the_page_that_is_not_let_in() {
    let upstream = Upstream::content();
    let stage = stage(&upstream, "");
    let get = asked("GET", &[]);
    stage.ask(preflight("/page/x", STRANGER, &get));
    // What is no origin may hold anything.
    stage.ask(preflight(
        "/page/x",
        "https://user:secret@evil.example/path",
        &get,
    ));
    let log = stage.close().log;
    let refused: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("origin-not-allowed"))
        .collect();
    assert_eq!(refused.len(), 2, "{log}");
    assert!(
        refused[0].contains(r#""origin":"https://evil.example""#),
        "{log}"
    );
    assert!(
        !refused[1].contains(r#""origin":"#) && !log.contains("secret"),
        "{log}"
    );
}

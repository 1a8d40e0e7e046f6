//! Opaque tokens, which their issuer is asked about (RFC 7662): a stand-in for the hard cases, oidc-provider for the real one.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::credentials::{AUDIENCE, now_unix_secs};
use crate::endpoint::{Endpoint, typed_answer};
use crate::exchange::{self, Answer};
use crate::gateway::Gateway;
use crate::token_server::TokenServer;
use crate::upstream;

const TOKEN: &str = "opaque~token+of/Alice=";
const SECRET: &str = "s3cret & more";

/// A gateway that asks one endpoint.
struct House {
    gateway: Gateway,
    _folder: TempDir,
}

impl House {
    fn start(url: &str, more: &str) -> Self {
        let introspection = format!("url = \"{url}\"\n{more}");
        Self::start_as("https://id.test.invalid", "sub", &introspection, SECRET)
    }

    fn start_as(issuer: &str, subject: &str, introspection: &str, secret: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let application = upstream::start();
        std::fs::write(folder.path().join("client.secret"), format!("{secret}\n")).unwrap();
        let configuration = format!(
            r#"realm = "test"

[server]
listen = ["127.0.0.1:0"]
workers = 2

[issuer.test]
issuer = "{issuer}"
audience = "{AUDIENCE}"
allow_http = true
subject_claim = "{subject}"
required_claims = ["{subject}"]

[issuer.test.introspection]
secret_file = "client.secret"
{introspection}

[upstream.app]
url = "http://{application}"

[[route]]
name = "orders"
path = "/orders/**"
upstream = "app"
accept = ["bearer"]
allow = {{ scopes = ["orders:write"] }}

[[route]]
name = "notes"
path = "/notes/**"
upstream = "app"
accept = ["bearer"]
allow = {{ identity = true }}
"#
        );
        let gateway = Gateway::start(folder.path(), &configuration);
        Self {
            gateway,
            _folder: folder,
        }
    }

    fn ask(&self, path: &str, token: &str) -> Answer {
        ask(self.gateway.address(), path, token)
    }
}

fn ask(gateway: SocketAddr, path: &str, token: &str) -> Answer {
    let authorization = format!("Bearer {token}");
    exchange::get(gateway, path, &[("Authorization", &authorization)])
}

fn assert_refused(answer: &Answer, status: u16, cause: &str) {
    assert_eq!(
        (answer.status, answer.cause()),
        (status, Some(cause)),
        "{answer:?}"
    );
}

fn assert_named(answer: &Answer, user: &str) {
    assert_eq!(answer.status, 200, "{answer:?}");
    let seen: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(seen["fields"]["x-auth-user"][0], user);
}

fn alice() -> Value {
    json!({ "active": true, "sub": "alice", "aud": AUDIENCE, "scope": "orders:read", "exp": now_unix_secs() + 3600 })
}

#[test]
fn an_opaque_token_is_asked_about_once_and_every_route_decides_for_itself() {
    let endpoint = Endpoint::start(&alice());
    let house = House::start(&endpoint.url(), "client_id = \"gate way\"\n");
    assert_named(&house.ask("/notes/1", TOKEN), "alice");
    assert_named(&house.ask("/notes/2", TOKEN), "alice");
    assert_refused(&house.ask("/orders/1", TOKEN), 403, "scope-insufficient");
    let asked = endpoint.wait_for(1);
    assert_eq!(asked.len(), 1);
    // RFC 7662 section 2.1 and RFC 6749 section 2.3.1: a form, by a client that shows itself.
    assert!(asked[0].head.starts_with("POST /introspect HTTP/1.1\r\n"));
    assert_eq!(
        asked[0].form,
        "token=opaque%7Etoken%2Bof%2FAlice%3D&token_type_hint=access_token"
    );
    let head = asked[0].head.to_ascii_lowercase();
    assert!(head.contains("content-type: application/x-www-form-urlencoded\r\n"));
    // `gate+way:s3cret+%26+more`
    assert!(
        asked[0]
            .head
            .contains("Basic Z2F0ZSt3YXk6czNjcmV0KyUyNittb3Jl\r\n"),
        "{head}"
    );
}

#[test]
fn many_requests_with_the_same_token_make_one_question() {
    let endpoint = Endpoint::start(&alice());
    endpoint.hold(true);
    let house = House::start(&endpoint.url(), "client_id = \"gateway\"\n");
    let gateway = house.gateway.address();
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(move || assert_named(&ask(gateway, "/notes/1", TOKEN), "alice"));
        }
        assert_eq!(endpoint.wait_for(1).len(), 1);
        endpoint.hold(false);
    });
    assert_eq!(endpoint.count(), 1);
}

#[test]
fn an_inactive_token_is_not_asked_about_again_at_once() {
    let endpoint = Endpoint::start(&json!({ "active": false }));
    let more = "client_id = \"gateway\"\ncache_inactive_secs = 300\n";
    let house = House::start(&endpoint.url(), more);
    for _ in 0..3 {
        assert_refused(&house.ask("/notes/1", TOKEN), 401, "token-inactive");
    }
    assert_eq!(endpoint.count(), 1);
    // Another token is another question.
    assert_refused(
        &house.ask("/notes/1", "another~token"),
        401,
        "token-inactive",
    );
    assert_eq!(endpoint.count(), 2);
}

#[test]
fn nothing_is_kept_where_that_is_set() {
    let endpoint = Endpoint::start(&alice());
    let more = "client_id = \"gateway\"\ncache_secs = 0\ncache_inactive_secs = 0\n";
    let house = House::start(&endpoint.url(), more);
    assert_named(&house.ask("/notes/1", TOKEN), "alice");
    endpoint.says(&json!({ "active": false }));
    assert_refused(&house.ask("/notes/1", TOKEN), 401, "token-inactive");
    assert_eq!(endpoint.count(), 2);
}

#[test]
fn what_waits_for_the_issuer_has_a_limit() {
    let endpoint = Endpoint::start(&alice());
    endpoint.hold(true);
    let more = "client_id = \"gateway\"\nin_flight_max = 1\nwaiting_max = 0\nanswer_secs = 60\n";
    let house = House::start(&endpoint.url(), more);
    let gateway = house.gateway.address();
    std::thread::scope(|scope| {
        scope.spawn(move || assert_named(&ask(gateway, "/notes/1", TOKEN), "alice"));
        assert_eq!(endpoint.wait_for(1).len(), 1);
        let answer = house.ask("/notes/1", "another~token");
        assert_refused(&answer, 503, "introspection-limit");
        assert_eq!(answer.field("Retry-After"), Some("1"));
        endpoint.hold(false);
    });
}

#[test]
fn an_issuer_that_takes_too_long_is_no_fault_of_the_token() {
    let endpoint = Endpoint::start(&alice());
    endpoint.hold(true);
    let more = "client_id = \"gateway\"\nanswer_secs = 1\n";
    let mut house = House::start(&endpoint.url(), more);
    let answer = house.ask("/notes/1", TOKEN);
    assert_refused(&answer, 503, "identity-backend-down");
    let failed = house
        .gateway
        .wait_for(|event| event["event"] == "introspection-failed");
    assert_eq!(failed["reason"], "no whole answer within 1 s");
    endpoint.hold(false);
    assert_named(&house.ask("/notes/1", TOKEN), "alice");
}

/// Each answer that is none: what the client hears, and what the operator reads. Neither shows the token, nor the secret.
#[test]
fn an_answer_that_is_none_is_told_to_the_operator() {
    let endpoint = Endpoint::start(&alice());
    let more = "client_id = \"gateway\"\nanswer_bytes_max = 300\ncache_secs = 0\n";
    let mut house = House::start(&endpoint.url(), more);
    let json = |body: &str| typed_answer("200 OK", "application/json", body);
    let good = alice().to_string();
    let long = format!("{{\"active\":true,\"x\":\"{}\"}}", "x".repeat(300));
    let failed = "introspection-failed";
    for (answer, cause, reason) in [
        (
            typed_answer("401 Unauthorized", "application/json", "{}"),
            failed,
            "the issuer does not let this gateway's client ask about tokens: 401",
        ),
        (
            typed_answer("403 Forbidden", "text/plain", TOKEN),
            failed,
            "the issuer does not let this gateway's client ask about tokens: 403",
        ),
        (
            typed_answer("302 Found\r\nLocation: /sign-in", "text/html", ""),
            failed,
            "the issuer's introspection endpoint does not answer with 200: 302",
        ),
        (
            typed_answer("200 OK", "text/html", &good),
            failed,
            "the issuer's answer about the token is not of type `application/json`",
        ),
        (
            json(&long),
            failed,
            "the issuer's answer about the token is longer than `answer_bytes_max`",
        ),
        (
            json(good.strip_suffix('}').unwrap()),
            failed,
            "the answer is not a JSON object with unique names",
        ),
        (
            json(r#"{"active":"true","sub":"alice"}"#),
            failed,
            "the answer has no `active` that is `true` or `false`",
        ),
        (
            json(r#"{"active":true,"exp":"soon"}"#),
            failed,
            "a registered member of the answer is of the wrong type or out of range",
        ),
        (
            typed_answer("500 Internal Server Error", "application/json", &good),
            "identity-backend-down",
            "the answer is 500",
        ),
        (
            json(&good).replace("Content-Length: ", "Content-Length: 1"),
            "identity-backend-down",
            "the answer broke off",
        ),
    ] {
        endpoint.says_bytes(&answer);
        let told = house.ask("/notes/1", TOKEN);
        assert_refused(&told, 503, cause);
        assert_eq!(told.field("WWW-Authenticate"), None);
        let event = house
            .gateway
            .wait_for(|event| event["event"] == "introspection-failed");
        assert_eq!(event["reason"], reason);
        let refused = house
            .gateway
            .wait_for(|event| event["event"] == "refused" && event["cause"] == cause);
        for shown in [told.head, told.body, event.to_string(), refused.to_string()] {
            for secret in ["opaque~token", "opaque%7Etoken", SECRET, "s3cret"] {
                assert!(!shown.contains(secret), "{shown}");
            }
        }
    }
    // And the next one that is one is taken.
    endpoint.says(&alice());
    assert_named(&house.ask("/notes/1", TOKEN), "alice");
}

/// oidc-provider: found by its metadata, asked with each way to show oneself, over connections that it keeps open.
#[test]
fn a_real_issuer_is_asked_about_its_opaque_tokens() {
    let issuer = TokenServer::start();
    for (authentication, client, secret) in [
        ("basic", "gateway", issuer.secret()),
        ("post", "gateway-post", issuer.secret()),
    ] {
        let introspection = format!(
            "authentication = \"{authentication}\"\nclient_id = \"{client}\"\ncache_secs = 0\ncache_inactive_secs = 0\naudience_optional = true\n"
        );
        let house = House::start_as(issuer.identifier(), "client_id", &introspection, secret);
        let token = issuer.token(&[]);
        for _ in 0..3 {
            assert_named(&house.ask("/notes/1", &token), "job");
        }
        assert_refused(&house.ask("/orders/1", &token), 403, "scope-insufficient");
        issuer.revoke(&token);
        assert_refused(&house.ask("/notes/1", &token), 401, "token-inactive");
        assert_refused(&house.ask("/notes/1", "made~up"), 401, "token-inactive");
        let wrong = House::start_as(issuer.identifier(), "client_id", &introspection, "wrong");
        assert_refused(&wrong.ask("/notes/1", &token), 503, "introspection-failed");
    }
}

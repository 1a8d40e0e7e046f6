//! What a client sends is never taken for what the gateway, or a proxy that it trusts, would say.

use crate::stage::message::Message;
use crate::stage::upstream::Upstream;
use crate::stage::{ALICE, Play, Stage, usual};

/// The names of the fields that came to the upstream, in lower case and sorted.
fn names(heard: &Message) -> Vec<String> {
    let mut names: Vec<_> = heard
        .head
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(':'))
        .map(|(name, _)| name.to_ascii_lowercase())
        .collect();
    names.sort();
    names
}

fn get(path: &str, fields: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a.example\r\n{fields}\r\n")
}

fn heard(stage: &Stage, upstream: &Upstream, path: &str, fields: &str) -> Message {
    let answer = stage.ask(get(path, fields));
    assert_eq!(answer.status(), Some(200), "{fields}: {answer:?}");
    upstream.next().message
}

/// What the upstream of an anonymous request gets and no more.
const BARE: [&str; 5] = [
    "host",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
];

const CLAIMS: &str = "X-Forwarded-Uri: /public/x\r\nX-Forwarded-Prefix: /p\r\nX-Forwarded-Method: GET\r\n\
    X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil.example\r\n\
    X-Forwarded-Port: 443\r\nX-Forwarded-Server: x\r\nForwarded: for=10.0.0.1\r\nX-Real-IP: 10.0.0.1\r\n\
    X-Original-URL: /public\r\nX-Rewrite-URL: /public\r\nX-Original-Method: GET\r\n\
    X-Envoy-Original-Path: /public\r\nTrue-Client-IP: 10.0.0.1\r\n";

#[test]
fn attack_16_17_22_25_forwarded_claims_are_neither_believed_nor_passed_on() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    assert_eq!(
        stage.ask(get("/admin/x", CLAIMS)).cause(),
        "credentials-missing"
    );
    let heard = heard(&stage, &upstream, "/public/x", CLAIMS);
    assert_eq!(names(&heard), BARE);
    assert_eq!(heard.field("x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(heard.field("x-forwarded-proto"), Some("http"));
    assert_eq!(heard.field("x-forwarded-host"), Some("a.example"));
    assert!(upstream.has_heard_nothing());
}

#[test]
fn attack_16_25_targets_told_apart_are_not_passed_on_from_a_trusted_proxy_either() {
    let upstream = Upstream::content();
    let stage = Play {
        server: "trusted_proxies = [\"127.0.0.0/8\"]",
        ..Play::default()
    }
    .open(upstream.address());
    let heard = heard(&stage, &upstream, "/public/x", CLAIMS);
    for name in [
        "x-original-url",
        "x-rewrite-url",
        "x-original-method",
        "x-envoy-original-path",
        "x-forwarded-uri",
        "x-forwarded-method",
    ] {
        assert_eq!(heard.field(name), None, "{name}");
    }
    assert_eq!(heard.field("x-forwarded-for"), Some("10.0.0.1, 127.0.0.1"));
}

#[test]
fn attack_18_underscores_count_as_hyphens() {
    let fields = "X_Auth_User: root\r\nX-Auth_Groups: admin\r\nx_auth-scopes: all\r\n\
        X_Forwarded_For: 10.0.0.1\r\nX_FORWARDED-PROTO: https\r\nX_Real_IP: 10.0.0.1\r\nX_Original_URL: /\r\n";
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    assert_eq!(names(&heard(&stage, &upstream, "/public/x", fields)), BARE);
    let trusting = Play {
        server: "trusted_proxies = [\"127.0.0.0/8\"]",
        ..Play::default()
    }
    .open(upstream.address());
    assert_eq!(
        names(&heard(&trusting, &upstream, "/public/x", fields)),
        BARE
    );
}

#[test]
fn attack_19_20_27_identity_fields_of_the_client_are_replaced_in_every_spelling_and_number() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let fields = format!(
        "Authorization: {ALICE}\r\nX-Auth-User: root\r\nx-auth-user: root\r\nX-AUTH-USER: alice\r\n\
         X_Auth_User: root\r\nX-Auth-Groups: admin\r\nX-Auth-Scopes: all\r\nX-Auth-Issuer: https://evil.example\r\n\
         X-Auth-Scheme: none\r\n"
    );
    let heard = heard(&stage, &upstream, "/api/x", &fields);
    assert_eq!(heard.fields("x-auth-user"), ["alice"]);
    assert_eq!(heard.fields("x-auth-groups"), ["staff"]);
    // What this identity does not have is not left as the client sent it.
    assert_eq!(heard.fields("x-auth-scopes"), [""; 0]);
    assert_eq!(heard.fields("x-auth-issuer"), [""; 0]);
    assert_eq!(heard.fields("x-auth-scheme").len(), 1);
    assert_eq!(heard.fields("x_auth_user"), [""; 0]);
    assert_eq!(heard.fields("authorization"), [""; 0]);
    assert!(!heard.head.contains("root"), "{}", heard.head);
}

#[test]
fn an_identity_field_can_have_a_name_that_proxies_use() {
    let upstream = Upstream::content();
    let stage = Play {
        sections: "[identity]\nuser = \"X-Forwarded-User\"\n",
        ..Play::default()
    }
    .open(upstream.address());
    // The name that it has as a rule is nobody's then.
    let fields =
        format!("Authorization: {ALICE}\r\nX-Forwarded-User: root\r\nX-Auth_User: root\r\n");
    let known = heard(&stage, &upstream, "/api/x", &fields);
    assert_eq!(known.fields("x-forwarded-user"), ["alice"]);
    assert!(!known.head.contains("root"), "{}", known.head);
    let unknown = heard(&stage, &upstream, "/public/x", "X-Forwarded-User: root\r\n");
    assert_eq!(unknown.fields("x-forwarded-user"), [""; 0]);
}

#[test]
fn attack_21_connection_cannot_remove_what_the_gateway_writes() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let fields = format!(
        "Authorization: {ALICE}\r\nConnection: X-Auth-User, x-auth-groups, X-Forwarded-For\r\n\
         Connection: X-Forwarded-Proto, Via, Host, close\r\n"
    );
    let heard = heard(&stage, &upstream, "/api/x", &fields);
    assert_eq!(heard.field("x-auth-user"), Some("alice"));
    assert_eq!(heard.field("x-auth-groups"), Some("staff"));
    assert_eq!(heard.field("x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(heard.field("x-forwarded-proto"), Some("http"));
    assert!(heard.field("via").is_some());
    assert!(heard.field("host").is_some());
}

#[test]
fn attack_21_connection_cannot_remove_the_credential_before_it_is_looked_at() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let fields = "Authorization: Basic YWxpY2U6d3Jvbmc=\r\nConnection: authorization\r\n";
    assert_eq!(
        stage.ask(get("/api/x", fields)).cause(),
        "credentials-rejected"
    );
    assert!(upstream.has_heard_nothing());
}

#[test]
fn attack_23_links_in_a_refusal_name_no_host_that_is_none() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let answer = stage.ask("GET /api/x HTTP/1.1\r\nHost: u:p@evil.example\r\n\r\n");
    assert_eq!(answer.cause(), "host-invalid");
    assert!(!answer.text().contains("evil.example"), "{}", answer.text());
}

#[test]
fn attack_24_73_forwarded_for_buys_no_network() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    for fields in [
        "",
        "X-Forwarded-For: 10.1.2.3\r\n",
        "Forwarded: for=10.1.2.3\r\nX-Real-IP: 10.1.2.3\r\n",
    ] {
        let fields = format!("Authorization: {ALICE}\r\n{fields}");
        let answer = stage.ask(get("/near/x", &fields));
        assert_eq!(
            (answer.status(), answer.cause()),
            (Some(403), "address-not-allowed"),
            "{fields}"
        );
    }
    assert!(upstream.has_heard_nothing());
}

#[test]
fn attack_24_a_proxy_that_does_not_say_who_it_is_lends_nobody_its_network() {
    let upstream = Upstream::content();
    let stage = Play {
        server: "trusted_proxies = [\"127.0.0.0/8\"]",
        sections: "[[route]]\nname = \"inside\"\npath = \"/inside/**\"\nupstream = \"app\"\nallow = { networks = [\"127.0.0.0/8\"] }\n",
        ..Play::default()
    }
    .open(upstream.address());
    for (fields, status) in [
        ("X-Forwarded-For: 127.0.0.2\r\n", 200),
        ("X-Forwarded-For: 127.0.0.2:4711\r\n", 200),
        ("X-Forwarded-For: 203.0.113.5\r\n", 403),
        ("X-Forwarded-For: 203.0.113.5:4711\r\n", 403),
        ("X-Forwarded-For: [2001:db8::1]:4711\r\n", 403),
        ("X-Forwarded-For: unknown\r\n", 403),
        ("X-Forwarded-For: 10.9.9.9, _hidden\r\n", 403),
        ("X-Forwarded-For: 203.0.113.5, \r\n", 403),
        ("", 403),
    ] {
        let answer = stage.ask(get("/inside/x", fields));
        assert_eq!(answer.status(), Some(status), "{fields}");
    }
    let told = stage.close().log;
    assert_eq!(told.matches("client-unknown").count(), 1, "{told}");
}

#[test]
fn attack_73_mapped_addresses_are_the_addresses_they_map() {
    let upstream = Upstream::content();
    let stage = Play {
        server: "trusted_proxies = [\"127.0.0.0/8\"]",
        ..Play::default()
    }
    .open(upstream.address());
    for (chain, status) in [
        ("10.1.2.3", 200),
        ("::ffff:10.1.2.3", 200),
        ("::ffff:11.1.2.3", 403),
        ("10.1.2.3, 203.0.113.9", 403),
        ("10.1.2.3, ::ffff:127.0.0.1", 200),
        ("10.1.2.3, garbage", 403),
    ] {
        let fields = format!("Authorization: {ALICE}\r\nX-Forwarded-For: {chain}\r\n");
        assert_eq!(
            stage.ask(get("/near/x", &fields)).status(),
            Some(status),
            "{chain}"
        );
    }
}

#[test]
fn attack_26_a_method_told_apart_is_not_passed_on() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let fields = "X-HTTP-Method-Override: DELETE\r\nX-HTTP-Method: DELETE\r\nX-Method-Override: DELETE\r\n\
        X_HTTP_Method_Override: DELETE\r\n";
    // The route takes GET alone: an upstream that heeds the field would do what was not permitted.
    let heard = heard(&stage, &upstream, "/read/x", fields);
    assert_eq!(heard.line(), "GET /read/x HTTP/1.1");
    assert_eq!(names(&heard), BARE);
    let delete = format!(
        "DELETE /read/x HTTP/1.1\r\nHost: a.example\r\n{}\r\n",
        "X-HTTP-Method-Override: GET\r\n"
    );
    assert_eq!(stage.ask(delete).cause(), "route-unmatched");
    assert!(upstream.has_heard_nothing());
}

#[test]
fn attack_28_nobody_is_let_in_for_a_name_in_user_agent() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    for agent in [
        "GoogleHC/1.0",
        "kube-probe/1.30",
        "ELB-HealthChecker/2.0",
        "Envoy/HC",
    ] {
        let answer = stage.ask(get("/api/x", &format!("User-Agent: {agent}\r\n")));
        assert_eq!(answer.status(), Some(401), "{agent}");
    }
    assert!(upstream.has_heard_nothing());
}

#[test]
fn attack_29_public_routes_are_scrubbed_for_every_method() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    for method in ["GET", "OPTIONS", "POST"] {
        let request = format!(
            "{method} /public/x HTTP/1.1\r\nHost: a.example\r\nX-Auth-User: root\r\nX_Auth_Groups: admin\r\n\
             X-Auth-Scheme: Basic\r\nContent-Length: 0\r\n\r\n"
        );
        assert_eq!(stage.ask(request).status(), Some(200));
        let heard = upstream.next().message;
        assert!(
            !heard.head.to_ascii_lowercase().contains("auth"),
            "{}",
            heard.head
        );
    }
}

#[test]
fn attack_53_two_authorization_lines() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    for second in [ALICE, "Basic YWxpY2U6d3Jvbmc=", "Bearer x", ""] {
        let fields = format!("Authorization: {ALICE}\r\nAuthorization: {second}\r\n");
        let answer = stage.ask(get("/api/x", &fields));
        assert_eq!(
            (answer.status(), answer.cause()),
            (Some(400), "header-duplicated"),
            "{second}"
        );
    }
    assert!(upstream.has_heard_nothing());
}

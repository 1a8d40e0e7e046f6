//! The target and host that are decided on are the ones that the upstream gets, or the request is refused.

use crate::stage::upstream::Upstream;
use crate::stage::{Play, Stage, usual};

fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: a.example\r\n\r\n")
}

/// Status and cause. A status without a cause is hyper's own, of what is not HTTP.
fn outcome(stage: &Stage, target: &str) -> (u16, String) {
    let answer = stage.ask(get(target));
    (answer.status().unwrap(), answer.cause().to_owned())
}

fn ambiguous(targets: &[&str]) {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    for target in targets {
        assert_eq!(
            outcome(&stage, target),
            (400, "request-target-ambiguous".to_owned()),
            "{target}"
        );
    }
    assert!(upstream.has_heard_nothing());
    assert_eq!(upstream.connections(), 0);
}

#[test]
fn attack_01_query_does_not_choose_the_route() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    for target in [
        "/admin/x?x=/public/",
        "/admin/x?/public/x",
        "/admin/x??/../public/x",
    ] {
        assert_eq!(outcome(&stage, target).0, 401, "{target}");
    }
    assert!(upstream.has_heard_nothing());
    // The query itself goes on as it came.
    assert_eq!(outcome(&stage, "/public/x?a=/admin&b=%2F..%2f;").0, 200);
    assert_eq!(
        upstream.next().message.line(),
        "GET /public/x?a=/admin&b=%2F..%2f; HTTP/1.1"
    );
}

#[test]
fn attack_02_fragment_is_no_part_of_the_path() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    for target in [
        "/admin/x#/public/x",
        "/admin/x#/../../public/",
        "/admin/x%23/public/x",
    ] {
        let (status, cause) = outcome(&stage, target);
        assert!(
            (status, &*cause) == (401, "credentials-missing") || status == 400,
            "{target}: {status} {cause}"
        );
    }
    // A fragment is not what the gateway decides by, so it must not be what an upstream sees either.
    let (status, _) = outcome(&stage, "/public/x#/admin/x");
    if status == 200 {
        assert_eq!(upstream.next().message.line(), "GET /public/x HTTP/1.1");
    }
    assert!(upstream.has_heard_nothing());
}

#[test]
fn attack_03_escaped_slash_and_backslash() {
    ambiguous(&[
        "/public%2F..%2Fadmin/x",
        "/public/%2fadmin",
        "/public/..%5cadmin",
        "/public/..%5Cadmin",
    ]);
}

#[test]
fn attack_04_double_slash() {
    ambiguous(&["//admin/x", "/public//admin", "///public/x", "//public/x"]);
}

#[test]
fn attack_05_traversal() {
    ambiguous(&[
        "/public/../admin/x",
        "/public/./x",
        "/public/%2e%2e/admin/x",
        "/public/.%2E/admin/x",
        "/public/..",
    ]);
}

#[test]
fn attack_06_path_parameters() {
    ambiguous(&[
        "/public/;/admin",
        "/admin;x/y",
        "/public/x;a=b",
        "/public/%3b",
    ]);
}

#[test]
fn attack_07_08_13_upstream_gets_the_canonical_spelling_that_was_matched() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    // `%61` is `a`: the rule sees it, and nobody decodes it later.
    assert_eq!(outcome(&stage, "/%61dmin/x").0, 401);
    assert!(upstream.has_heard_nothing());
    assert_eq!(outcome(&stage, "/publi%63/%c3%a9/%41?q=%c3").0, 200);
    assert_eq!(
        upstream.next().message.line(),
        "GET /public/%C3%A9/A?q=%c3 HTTP/1.1"
    );
}

#[test]
fn attack_09_10_bad_percent_encoding() {
    ambiguous(&[
        "/public/%",
        "/public/%2",
        "/public/%zz",
        "/public/%u002e",
        "/public/%252e%252e/admin",
        "/public/%c0%af",
    ]);
}

#[test]
fn attack_11_host_letter_case_and_port_choose_the_same_route() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    for host in ["a.b.example.com", "A.b.Example.COM", "a.b.example.com:8443"] {
        let answer = stage.ask(format!("GET /host/x HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        assert_eq!(answer.status(), Some(200), "{host}");
        upstream.next();
    }
    let answer = stage.ask(get("/host/x"));
    assert_eq!(
        (answer.status(), answer.cause()),
        (Some(404), "route-unmatched")
    );
    assert!(upstream.has_heard_nothing());
}

#[test]
fn attack_12_encoded_line_ends() {
    ambiguous(&[
        "/public/x%0a",
        "/public/x%0D%0AX-Auth-User:%20root",
        "/public/%00",
        "/public/%7f",
        "/public/%C2%85",
    ]);
}

#[test]
fn attack_14_misspelt_hosts_reach_no_route() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    for fields in [
        "",
        "Host: a.example\r\nHost: b.example\r\n",
        "Host: a.example\r\nHost: a.example\r\n",
        "Host: a.example, b.example\r\n",
        "Host: user@a.example\r\n",
        "Host: a.example:99999\r\n",
        "Host: a.example/admin\r\n",
        "Host:\r\n",
    ] {
        let answer = stage.ask(format!("GET /public/x HTTP/1.1\r\n{fields}\r\n"));
        assert_eq!(
            (answer.status(), answer.cause()),
            (Some(400), "host-invalid"),
            "{fields}"
        );
    }
    for (target, host) in [
        ("http://b.example/public/x", "a.example"),
        ("http://a.example:81/public/x", "a.example"),
    ] {
        let answer = stage.ask(format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        assert_eq!(answer.cause(), "host-invalid", "{target}");
    }
    assert!(upstream.has_heard_nothing());
    // RFC 9112 section 3.2.2: the absolute form must be accepted, and goes on in origin form.
    assert_eq!(outcome(&stage, "http://a.example/public/x?y").0, 200);
    assert_eq!(upstream.next().message.line(), "GET /public/x?y HTTP/1.1");
}

#[test]
fn attack_15_nothing_of_one_request_is_left_for_the_next() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let mut client = stage.client();
    let with_key = format!(
        "GET /api/x HTTP/1.1\r\nHost: a.example\r\nAuthorization: {}\r\n\r\n",
        crate::stage::ALICE
    );
    assert_eq!(client.send(with_key).answer().status(), Some(200));
    assert_eq!(
        client.send(get("/api/x")).answer().cause(),
        "credentials-missing"
    );
    assert_eq!(client.send(get("/public/x")).answer().status(), Some(200));
    assert_eq!(upstream.next().message.field("x-auth-user"), Some("alice"));
    assert_eq!(upstream.next().message.field("x-auth-user"), None);
    assert!(upstream.has_heard_nothing());
}

#[test]
fn raw_bytes_that_are_in_no_target_are_refused() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    for target in [
        "/public/\\x",
        "/public/\u{e9}",
        "/public/\tx",
        "/public/x\0",
        "public/x",
        "*",
    ] {
        let answer = stage.ask(get(target));
        assert_eq!(answer.status(), Some(400), "{target:?}");
    }
    assert!(upstream.has_heard_nothing());
}

#[test]
fn rfc9110_section_9_3_7_options_of_the_server_is_answered_here() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let answer = stage.ask("OPTIONS * HTTP/1.1\r\nHost: a.example\r\n\r\n");
    assert_eq!(answer.status(), Some(204));
    assert!(answer.field("allow").unwrap().contains("OPTIONS"));
    for (request, cause) in [
        (
            "GET * HTTP/1.1\r\nHost: a.example\r\n\r\n",
            "request-malformed",
        ),
        ("OPTIONS * HTTP/1.1\r\nHost: a b\r\n\r\n", "host-invalid"),
        (
            "OPTIONS * HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            "host-invalid",
        ),
    ] {
        let answer = stage.ask(request);
        assert_eq!(
            (answer.status(), answer.cause()),
            (Some(400), cause),
            "{request}"
        );
    }
    assert!(upstream.has_heard_nothing());
}

#[test]
fn rfc9110_section_4_2_3_an_empty_path_is_a_slash() {
    let upstream = Upstream::content();
    let stage = Play {
        more: "[[route]]\nname = \"root\"\npath = \"/\"\nupstream = \"app\"\nallow = \"anyone\"\n",
        ..Play::default()
    }
    .open(upstream.address());
    for (target, line) in [
        ("http://a.example?x=1", "GET /?x=1 HTTP/1.1"),
        ("http://a.example", "GET / HTTP/1.1"),
        ("http://a.example/?x=1", "GET /?x=1 HTTP/1.1"),
    ] {
        assert_eq!(stage.ask(get(target)).status(), Some(200), "{target}");
        assert_eq!(upstream.next().message.line(), line);
    }
}

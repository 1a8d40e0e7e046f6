//! Answers to callers who are known are kept from caches that others use as well, where the upstream says nothing about that.

use crate::stage::upstream::Upstream;
use crate::stage::{ALICE, Play, Stage};

const ROUTES: &str = r#"
[[route]]
name = "here"
path = "/here"
upstream = "app"
allow = { networks = ["127.0.0.0/8"] }
"#;

/// An upstream that answers with the field that the request asks for.
fn saying() -> Upstream {
    Upstream::played(|mut connection| {
        while let Some(head) = connection.hear_head() {
            let field = head.lines().find_map(|line| line.strip_prefix("x-say: "));
            let field = field.map_or(String::new(), |field| format!("{field}\r\n"));
            connection
                .say(format!("HTTP/1.1 200 OK\r\n{field}Content-Length: 2\r\n\r\nok").as_bytes());
        }
    })
}

fn stage(upstream: &Upstream) -> Stage {
    Play {
        sections: ROUTES,
        ..Play::default()
    }
    .open(upstream.address())
}

/// What the client is told about caches.
fn told(stage: &Stage, path: &str, fields: &str) -> Option<String> {
    let answer = stage.ask(format!(
        "GET {path} HTTP/1.1\r\nHost: a.example\r\n{fields}\r\n"
    ));
    assert_eq!(answer.status(), Some(200), "{path} {fields}");
    answer.field("cache-control").map(str::to_owned)
}

#[test]
fn rfc9111_section_3_5_what_authorization_does_not_protect_is_private() {
    let upstream = saying();
    let stage = stage(&upstream);
    let key = format!("X-API-Key: {}\r\n", stage.key_of("alice").0);
    let basic = format!("Authorization: {ALICE}\r\n");
    let private = Some("private".to_owned());
    for _ in ["verified", "remembered"] {
        assert_eq!(told(&stage, "/api/x", &key), private);
        // Caches know that field themselves.
        assert_eq!(told(&stage, "/api/x", &basic), None);
    }
    assert_eq!(told(&stage, "/here", ""), private);
    assert_eq!(told(&stage, "/public/x", ""), None);
    // Nobody is asked there.
    assert_eq!(told(&stage, "/public/x", &key), None);
}

#[test]
fn what_the_upstream_says_of_caches_stands() {
    let upstream = saying();
    let stage = stage(&upstream);
    let key = format!("X-API-Key: {}\r\n", stage.key_of("alice").0);
    let say = |field: &str| told(&stage, "/api/x", &format!("{key}X-Say: {field}\r\n"));
    for said in ["no-store", "public, max-age=60", "max-age=5"] {
        assert_eq!(
            say(&format!("Cache-Control: {said}")).as_deref(),
            Some(said)
        );
    }
    assert_eq!(say("Expires: Thu, 01 Jan 2037 00:00:00 GMT"), None);
    assert_eq!(say("ETag: \"a\"").as_deref(), Some("private"));
}

//! Credentials in odd letters, and in odd places.

use countersign_store::{NewUser, Store};

use crate::stage::upstream::Upstream;
use crate::stage::{ALICE, CHEAP, NOW, PASSWORD, hash_of, usual, wait_for};

fn get(credentials: &str) -> String {
    format!("GET /api/x HTTP/1.1\r\nHost: a.example\r\nAuthorization: {credentials}\r\n\r\n")
}

/// RUSTSEC-2026-0174: letters outside of ASCII, in what a client shows, made fields that could not be written.
#[test]
fn attack_45_credentials_outside_of_ascii_break_no_field_of_the_answer() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let mut client = stage.client();
    for credentials in [
        // `alice:p` and a letter of Latin-1; `ä:ä` in UTF-8; then as they are.
        "Basic YWxpY2U6cOk=",
        "Basic w6Q6w6Q=",
        "Basic \u{e4}:\u{e4}",
        "Bearer \u{e4}",
        "Digest username=\"\u{e4}\", realm=\"\u{e4}\"",
        "\u{e4}",
    ] {
        let answer = client.send(get(credentials)).answer();
        assert!(
            matches!(answer.status(), Some(400 | 401)),
            "{credentials}: {answer:?}"
        );
        assert!(answer.head.is_ascii(), "{credentials}: {}", answer.head);
        assert!(answer.whole);
    }
    let answer = client.send(get(ALICE)).answer();
    assert_eq!(answer.status(), Some(200), "the connection goes on");
}

#[test]
fn attack_45_a_name_outside_of_ascii_reaches_the_upstream_whole() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let user = NewUser {
        name: "zo\u{eb}".into(),
        display_name: None,
        hash: hash_of(PASSWORD, CHEAP),
        groups: Vec::new(),
        disabled: false,
    };
    wait_for(stage.other_store().add_user(user, NOW)).unwrap();
    // `zoë:correct horse`
    let answer = stage.ask(get("Basic em/Dqzpjb3JyZWN0IGhvcnNl"));
    assert_eq!(answer.status(), Some(200));
    let heard = upstream.next().message;
    // RFC 9110 section 5.5: bytes past ASCII may stand in a value. They are those of UTF-8.
    assert_eq!(heard.fields("x-auth-user"), ["zo\u{eb}"]);
}

/// heimdall #3424: whoever looks for tokens in bodies holds as much of them as anybody likes to send.
#[test]
fn attack_75_no_body_is_read_to_find_a_token() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let (key, _) = stage.key_of("alice");
    let form = format!("access_token={key}&api_key={key}");
    for (length, sent) in [
        (form.len().to_string(), form.as_str()),
        ("999999999999".to_owned(), ""),
    ] {
        let answer = stage.ask(format!(
            "POST /api/x HTTP/1.1\r\nHost: a.example\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {length}\r\n\r\n{sent}"
        ));
        assert_eq!(answer.status(), Some(401));
        assert_eq!(answer.cause(), "credentials-missing");
    }
    assert!(upstream.has_heard_nothing());
    let good = format!("GET /api/x HTTP/1.1\r\nHost: a.example\r\nX-API-Key: {key}\r\n\r\n");
    assert_eq!(
        stage.ask(good).status(),
        Some(200),
        "the key itself is good"
    );
}

//! Pairs of answers, alike and not.

use super::*;

fn saying(status: u16, fields: &[(&str, &str)], body: &str) -> Answer {
    let mut answer = Answer::new(status);
    for (name, value) in fields {
        answer.fields.add(name, *value);
    }
    answer.body = body.as_bytes().to_vec();
    answer
}

fn bodies_are_alike(a: &str, b: &str) -> bool {
    alike(&saying(401, &[], a), &saying(401, &[], b))
}

#[test]
fn what_is_made_anew_each_time_makes_no_difference() {
    for (a, b) in [
        (
            r#"{"message":"Unauthorized","request_id":"7f2a"}"#,
            r#"{"message":"Unauthorized","request_id":"19cc"}"#,
        ),
        (
            r#"{"error":"no","timestamp":1767225600,"path":"/a?k=1"}"#,
            r#"{"error":"no","timestamp":1767225617,"path":"/a?k=2"}"#,
        ),
        (
            "denied (6f1c2a34-9b1e-4c55-8a7e-0f4d2c9b7e11)",
            "denied (0b8e77d2-1111-4b0a-9c9c-aaaaaaaaaaa1)",
        ),
        (
            "at 2026-01-01T00:00:00.123Z: no",
            "at 2026-01-02T10:20:30.9Z: no",
        ),
        (
            "Date: Thu, 01 Jan 2026 00:00:00 GMT",
            "Date: Fri, 01 Jan 2026 00:00:07 GMT",
        ),
        (
            r#"<input name="csrf" value="kQ8sZ2Lr0pXv7TnB4mWd9A==">"#,
            r#"<input name="csrf" value="Zp3xR7cTq1LmN5vKw8bY2Q==">"#,
        ),
        ("Ray ID: 8f3a2b1c4d5e6f70", "Ray ID: 91aa0c7be2f31d55"),
        ("no\n  such  user", "no such user"),
    ] {
        assert!(bodies_are_alike(a, b), "{a} / {b}");
    }
}

#[test]
fn what_a_server_says_makes_a_difference() {
    for (a, b) in [
        ("invalid token", "token expired"),
        (r#"{"code":40101}"#, r#"{"code":40102}"#),
        ("ERR_AUTH_10012", "ERR_AUTH_10013"),
        (
            "<Code>InvalidClientTokenId</Code>",
            "<Code>SignatureDoesNotMatch</Code>",
        ),
        (r#"{"error":"no"}"#, "<html>no</html>"),
        (
            "missing the field `X-Api-Key`",
            "missing the field `X-Api-Token`",
        ),
        ("", "no"),
    ] {
        assert!(!bodies_are_alike(a, b), "{a} / {b}");
    }
}

#[test]
fn challenges_differ_by_what_they_say_and_not_by_their_nonce() {
    let digest = |nonce: &str| format!(r#"Digest realm="x", qop="auth", nonce="{nonce}""#);
    let one = saying(401, &[("WWW-Authenticate", &digest("a1"))], "");
    let other = saying(401, &[("www-authenticate", &digest("b2"))], "");
    assert!(alike(&one, &other));

    let bare = saying(401, &[("WWW-Authenticate", r#"Bearer realm="x""#)], "");
    let read = saying(
        401,
        &[(
            "WWW-Authenticate",
            r#"Bearer realm="x", error="invalid_token""#,
        )],
        "",
    );
    assert_eq!(differences(&bare, &read), [Difference::Challenge]);
}

#[test]
fn cookies_and_dates_make_no_difference_and_servers_do() {
    let fields = |date: &'static str, server: &'static str| {
        [("Date", date), ("Set-Cookie", date), ("Server", server)]
    };
    let one = saying(401, &fields("a", "nginx"), "no");
    let other = saying(401, &fields("b", "nginx"), "no");
    let third = saying(401, &fields("b", "kestrel"), "no");
    assert!(alike(&one, &other));
    assert_eq!(differences(&one, &third), [Difference::Server]);
}

#[test]
fn an_error_told_in_a_field_alone_makes_a_difference() {
    let one = saying(403, &[("x-amzn-errortype", "ExpiredTokenException")], "");
    let other = saying(403, &[("x-amzn-errortype", "AccessDeniedException")], "");
    assert_eq!(differences(&one, &other), [Difference::Reason]);
}

#[test]
fn an_echo_of_the_credential_makes_no_difference() {
    let with = |key: &str| {
        let mut request = Request::new("GET", "http://x.example/".parse().unwrap());
        request.fields.add("X-API-Key", key);
        request
    };
    let one = saying(401, &[], "unknown key blue");
    let other = saying(401, &[], "unknown key green");
    assert!(!alike(&one, &other));
    let beside = |a: &Answer| alike_beside_echo((a, &with("blue")), (&other, &with("green")));
    assert!(beside(&one));
    assert!(!beside(&saying(401, &[], "key blue has expired")));
}

#[test]
fn a_body_that_was_not_sent_is_told_by_its_length() {
    let one = saying(401, &[("Content-Length", "12")], "");
    let other = saying(401, &[("Content-Length", "48")], "");
    assert_eq!(differences(&one, &other), [Difference::Length]);
}

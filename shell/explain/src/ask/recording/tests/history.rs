use super::*;

const LOGIN: &str = "https://app.example.com/login";
const API: &str = "https://app.example.com/api/me";

#[test]
fn session_expired_by_the_cookies_own_time() {
    let entries = vec![
        at(0, "POST", LOGIN, 200).sets("sid=1; Path=/; Max-Age=60"),
        at(90, "GET", API, 401).kind("fetch"),
    ];
    let found = findings(entries, None);
    let first = &rank(&found)[0];
    assert_eq!(
        (first.cause.id(), first.confidence),
        ("session-expired", CERTAIN)
    );
    assert!(
        first.evidence[0].contains("good for 60 s and had run out 30 s before"),
        "{}",
        first.evidence[0]
    );
}

#[test]
fn session_expired_after_a_pause() {
    let entries = vec![
        at(0, "GET", "https://app.example.com/api/list", 200).sent("Cookie", "sid=1"),
        at(3600, "GET", API, 401).sent("Cookie", "sid=1"),
    ];
    assert_eq!(conclusion(entries), ("session-expired", LIKELY));
}

#[test]
fn session_revoked_by_a_sign_out() {
    let out = "https://app.example.com/logout";
    let deleted = vec![
        at(0, "POST", LOGIN, 200).sets("sid=1; Path=/"),
        at(5, "POST", out, 204)
            .sent("Cookie", "sid=1")
            .sets("sid=; Path=/; Max-Age=0"),
        at(9, "GET", API, 401).kind("fetch"),
    ];
    assert_eq!(conclusion(deleted), ("session-revoked", LIKELY));
    let kept = vec![
        at(5, "POST", out, 204).sent("Cookie", "sid=1"),
        at(9, "GET", API, 401).sent("Cookie", "sid=1"),
    ];
    assert_eq!(conclusion(kept), ("session-revoked", LIKELY));
}

#[test]
fn session_revoked_by_a_newer_sign_in() {
    let entries = vec![
        at(0, "POST", LOGIN, 200).sets("sid=1; Path=/"),
        at(5, "POST", LOGIN, 200)
            .sent("Cookie", "sid=1")
            .sets("sid=2; Path=/"),
        at(9, "GET", API, 401).sent("Cookie", "sid=1"),
    ];
    assert_eq!(cause(entries), "session-revoked");
}

#[test]
fn session_not_shared_when_the_same_is_let_through_again() {
    let entries = vec![
        at(0, "GET", API, 200).sent("Cookie", "sid=1"),
        at(1, "GET", API, 401).sent("Cookie", "sid=1"),
        at(2, "GET", API, 200).sent("Cookie", "sid=1"),
    ];
    assert_eq!(conclusion(entries), ("session-not-shared", LIKELY));
}

#[test]
fn session_unknown_or_expired_where_nothing_tells_them_apart() {
    let entries = vec![at(0, "GET", API, 401).sent("Cookie", "sid=1")];
    let ids: Vec<&str> = findings(entries, None)
        .iter()
        .map(|f| f.cause.id())
        .collect();
    assert_eq!(ids, ["session-expired", "session-unknown"]);
}

#[test]
fn redirect_dropped_credentials() {
    let entries = vec![
        at(0, "GET", "https://example.com/api/me", 301)
            .sent("Authorization", "Bearer hush-hush")
            .got("Location", "https://www.example.com/api/me"),
        at(1, "GET", "https://www.example.com/api/me", 401),
    ];
    let found = findings(entries, None);
    let first = &rank(&found)[0];
    assert_eq!(
        (first.cause.id(), first.confidence),
        ("redirect-dropped-credentials", CERTAIN)
    );
    let command = first.fix.command.as_ref().unwrap();
    assert!(
        command.contains("-H \"Authorization: Bearer $TOKEN\""),
        "{command}"
    );
    assert!(
        command.ends_with("https://www.example.com/api/me"),
        "{command}"
    );
    assert!(!format!("{found:?}").contains("hush"));
}

#[test]
fn redirect_to_http() {
    let entries = vec![
        at(0, "GET", "https://api.example.com/me", 302)
            .sent("Authorization", "Bearer hush-hush")
            .got("Location", "http://api.example.com/me/"),
        at(1, "GET", "http://api.example.com/me/", 401),
    ];
    let found = findings(entries, None);
    let first = &rank(&found)[0];
    assert_eq!(
        (first.cause.id(), first.confidence),
        ("redirect-to-http", CERTAIN)
    );
    assert!(
        first
            .fix
            .command
            .as_ref()
            .unwrap()
            .ends_with("https://api.example.com/me/")
    );
}

#[test]
fn redirect_forwarded_credentials_to_a_signed_address() {
    let signed = "https://bucket.s3.amazonaws.com/x?X-Amz-Signature=abc";
    let entries = vec![
        at(0, "GET", "https://api.example.com/file", 302)
            .sent("Authorization", "Bearer hush-hush")
            .got("Location", signed),
        at(1, "GET", signed, 403).sent("Authorization", "Bearer hush-hush"),
    ];
    let found = findings(entries, None);
    let first = &rank(&found)[0];
    assert_eq!(
        (first.cause.id(), first.confidence),
        ("redirect-forwarded-credentials", LIKELY)
    );
    assert!(
        !first
            .fix
            .command
            .as_ref()
            .unwrap()
            .contains("Authorization")
    );
}

#[test]
fn challenge_unanswered() {
    let ask = |secs| {
        at(secs, "GET", API, 401)
            .got("WWW-Authenticate", "Digest realm=\"a\", nonce=\"b\"")
            .sent("User-Agent", "node")
    };
    let entries = vec![ask(0), ask(1)];
    assert_eq!(cause(entries), "challenge-unanswered");
}

#[test]
fn digest_nonce_stale_and_not_gone_on_with() {
    let entries = vec![
        at(0, "GET", API, 401)
            .sent("Authorization", "Digest username=\"a\", nonce=\"b\"")
            .got(
                "WWW-Authenticate",
                "Digest realm=\"a\", nonce=\"c\", stale=true",
            ),
    ];
    assert_eq!(cause(entries), "digest-nonce-stale");
}

#[test]
fn ntlm_over_http2() {
    let mut entry = at(0, "GET", API, 401).got("WWW-Authenticate", "Negotiate");
    entry.0["response"]["httpVersion"] = json!("h2");
    assert_eq!(cause(vec![entry]), "ntlm-over-http2");
}

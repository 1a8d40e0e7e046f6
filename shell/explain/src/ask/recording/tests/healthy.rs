use super::*;

const API: &str = "https://api.example.com/me";

#[test]
fn a_healthy_recording_says_nothing() {
    let entries = vec![
        at(0, "POST", "https://api.example.com/login", 200)
            .sets("sid=1; Path=/auth; Secure; SameSite=Strict")
            .body(&json!({ "access_token": "abcdefghij", "expires_in": 1 })),
        at(5, "GET", API, 200).sent("Authorization", "Bearer abcdefghij"),
    ];
    assert_eq!(findings(entries, None), []);
}

#[test]
fn a_challenge_that_is_answered_says_nothing() {
    let entries = vec![
        at(0, "GET", API, 401).got("WWW-Authenticate", "Digest realm=\"a\", nonce=\"b\""),
        at(1, "GET", API, 200).sent("Authorization", "Digest username=\"a\", nonce=\"b\""),
    ];
    assert_eq!(findings(entries, None), []);
}

#[test]
fn a_token_that_is_renewed_says_nothing() {
    let entries = vec![
        at(0, "GET", API, 401).sent("Authorization", "Bearer abcdefghij"),
        at(1, "POST", "https://id.example.com/token", 200)
            .form(&[("grant_type", "refresh_token"), ("refresh_token", "r")])
            .body(&json!({ "access_token": "klmnopqrst" })),
        at(2, "GET", API, 200).sent("Authorization", "Bearer klmnopqrst"),
    ];
    assert_eq!(findings(entries, None), []);
}

#[test]
fn a_plain_refusal_says_nothing() {
    let entries = vec![at(0, "GET", API, 401).sent("Authorization", "Bearer abcdefghij")];
    assert_eq!(findings(entries, None), []);
    let case = crate::Case::default();
    assert_eq!(of(&case, NOW_UNIX_SECS), []);
}

#[test]
fn no_evidence_holds_a_cookie_or_token() {
    let entries = vec![
        at(0, "POST", "https://app.example.com/login", 200)
            .sets("sid=hush-1; Path=/login")
            .body(&json!({ "access_token": "hush-token-12345" })),
        at(5, "GET", "https://app.example.com/me?token=hush-2", 401)
            .sent("Cookie", "sid=hush-3; sid=hush-4"),
    ];
    let found = findings(entries, None);
    assert!(!found.is_empty());
    assert!(!format!("{found:?}").contains("hush"), "{found:?}");
}

#[test]
fn a_visit_that_ends_signed_in_says_nothing() {
    let entries = vec![
        at(0, "GET", "https://app.example.com/", 302)
            .got("Location", "/login")
            .kind("document"),
        at(1, "GET", "https://app.example.com/login", 200).kind("document"),
        at(9, "POST", "https://app.example.com/login", 302)
            .sets("sid=1; Path=/")
            .got("Location", "/home")
            .kind("document"),
        at(10, "GET", "https://app.example.com/home", 200)
            .sent("Cookie", "sid=1")
            .kind("document"),
    ];
    assert_eq!(findings(entries, None), []);
}

use super::*;

const PAGE: &str = "https://app.example.com";
const API: &str = "https://api.example.net/me";

fn preflight(status: u16) -> Entry {
    at(0, "OPTIONS", API, status)
        .sent("Origin", PAGE)
        .sent("Access-Control-Request-Method", "GET")
        .sent("Access-Control-Request-Headers", "authorization,x-trace")
        .kind("preflight")
}

fn blocked() -> Entry {
    at(0, "GET", API, 0)
        .sent("Authorization", "Bearer abcdefghij")
        .by_page(PAGE)
        .hidden()
}

fn allowing(preflight: Entry, origin: &str, headers: &str) -> Entry {
    preflight
        .got("Access-Control-Allow-Origin", origin)
        .got("Access-Control-Allow-Headers", headers)
}

#[test]
fn preflight_challenged() {
    let entries = vec![blocked(), preflight(401).got("WWW-Authenticate", "Bearer")];
    assert_eq!(conclusion(entries), ("preflight-challenged", CERTAIN));
    assert_eq!(
        conclusion(vec![preflight(403), blocked()]),
        ("preflight-challenged", LIKELY)
    );
    // A proxy records the preflight alone.
    assert_eq!(
        conclusion(vec![preflight(401)]),
        ("preflight-challenged", CERTAIN)
    );
    let to_login = preflight(302).got("Location", "https://api.example.net/login");
    assert_eq!(
        conclusion(vec![to_login, blocked()]),
        ("preflight-challenged", LIKELY)
    );
}

#[test]
fn origin_not_allowed() {
    let other = allowing(
        preflight(204),
        "https://www.example.com",
        "authorization, x-trace",
    );
    assert_eq!(
        conclusion(vec![other, blocked()]),
        ("origin-not-allowed", CERTAIN)
    );
    assert_eq!(
        conclusion(vec![preflight(204), blocked()]),
        ("origin-not-allowed", LIKELY)
    );
    let mut said = preflight(403);
    said.0["response"]["content"] = json!({ "text": "Invalid CORS request" });
    assert_eq!(
        conclusion(vec![said, blocked()]),
        ("origin-not-allowed", LIKELY)
    );
}

#[test]
fn cors_header_not_allowed() {
    let lacking = allowing(preflight(200), PAGE, "Content-Type, X-Trace");
    let found = findings(vec![lacking, blocked()], None);
    let first = &rank(&found)[0];
    assert_eq!(
        (first.cause.id(), first.confidence),
        ("cors-header-not-allowed", CERTAIN)
    );
    assert!(
        first.evidence[0].contains("asked for `authorization`"),
        "{}",
        first.evidence[0]
    );
    assert_eq!(
        cause(vec![preflight(405), blocked()]),
        "cors-header-not-allowed"
    );
}

#[test]
fn cors_wildcard_with_credentials() {
    let star = allowing(preflight(200), PAGE, "*");
    assert_eq!(
        conclusion(vec![star, blocked()]),
        ("cors-wildcard-with-credentials", CERTAIN)
    );
    let with_cookie = at(1, "GET", API, 200)
        .by_page(PAGE)
        .sent("Cookie", "sid=1")
        .got("Access-Control-Allow-Origin", "*")
        .member("_error", json!("CORS error"));
    assert_eq!(
        conclusion(vec![with_cookie]),
        ("cors-wildcard-with-credentials", CERTAIN)
    );
}

#[test]
fn cors_hides_refusal() {
    let mut answered = blocked();
    answered.0["response"]["status"] = json!(401);
    assert_eq!(conclusion(vec![answered]), ("cors-hides-refusal", LIKELY));
    let passed = allowing(preflight(204), PAGE, "authorization, x-trace");
    assert_eq!(
        conclusion(vec![passed, blocked()]),
        ("cors-hides-refusal", LIKELY)
    );
}

#[test]
fn a_redirected_preflight() {
    let slash = preflight(301).got("Location", "https://api.example.net/me/");
    assert_eq!(
        cause(vec![slash, blocked()]),
        "redirect-dropped-credentials"
    );
    let plain = preflight(301).got("Location", "http://api.example.net/me");
    assert_eq!(cause(vec![plain, blocked()]), "redirect-to-http");
}

#[test]
fn a_cleaned_recording_does_not_say_that_credentials_are_absent() {
    let passed = allowing(preflight(204), PAGE, "authorization, x-trace");
    let cleaned = at(1, "GET", API, 401)
        .by_page(PAGE)
        .got("Access-Control-Allow-Origin", PAGE);
    let found = findings(vec![passed, cleaned], None);
    let excluded = found.iter().filter(|f| f.weight == crate::Weight::Excludes);
    assert!(
        excluded
            .clone()
            .any(|f| f.cause.id() == "credentials-missing")
    );
}

#[test]
fn a_refusal_that_the_page_can_read_is_no_matter_of_cors() {
    let readable = at(1, "GET", API, 401)
        .sent("Authorization", "Bearer abcdefghij")
        .by_page(PAGE)
        .got("Access-Control-Allow-Origin", PAGE);
    let passed = allowing(preflight(204), PAGE, "authorization, x-trace");
    assert_eq!(findings(vec![passed, readable], None), []);
}

#[test]
fn a_silent_failure_after_a_preflight_is_one_of_cors() {
    let mut silent = blocked();
    silent.0["response"]
        .as_object_mut()
        .unwrap()
        .remove("_error");
    let lacking = allowing(preflight(200), PAGE, "x-trace");
    assert_eq!(
        conclusion(vec![lacking, silent]),
        ("cors-header-not-allowed", CERTAIN)
    );
}

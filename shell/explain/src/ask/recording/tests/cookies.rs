use super::*;

const LOGIN: &str = "https://app.example.com/auth/login";
const API: &str = "https://app.example.com/api/me";
const PAGE: &str = "https://app.example.com";

/// A sign-in that sets a cookie, and the request after it that does not carry it.
fn lost(line: &str, login: &str, api: &str) -> Vec<Entry> {
    vec![
        at(0, "POST", login, 200).sets(line).kind("fetch"),
        at(5, "GET", api, 401).kind("fetch"),
    ]
}

#[test]
fn cookie_path_is_the_directory_of_the_sign_in() {
    assert_eq!(
        conclusion(lost("sid=1; HttpOnly", LOGIN, API)),
        ("cookie-path", CERTAIN)
    );
    let entries = lost("sid=1; Path=/auth; HttpOnly", LOGIN, API);
    let found = findings(entries, None);
    let path = found
        .iter()
        .find(|f| f.cause.id() == "cookie-path")
        .unwrap();
    assert!(path.evidence.contains("`Path=/auth`"), "{}", path.evidence);
    let fix = path.fix.as_ref().unwrap();
    assert!(
        fix.text.contains("Set-Cookie: sid=...; Path=/; HttpOnly"),
        "{}",
        fix.text
    );
}

#[test]
fn cookie_domain_of_a_sibling_and_of_another_spelling() {
    let sibling = lost(
        "sid=1; Path=/",
        "https://auth.example.com/login",
        "https://api.example.com/me",
    );
    assert_eq!(conclusion(sibling), ("cookie-domain", LIKELY));
    let local = lost(
        "sid=1; Path=/",
        "http://localhost:8000/login",
        "http://127.0.0.1:8000/me",
    );
    assert_eq!(conclusion(local), ("cookie-domain", LIKELY));
}

#[test]
fn cookie_domain_that_the_browser_refuses() {
    for (line, host) in [
        ("sid=1; Path=/; Domain=localhost", "https://app.example.com"),
        (
            "sid=1; Path=/; Domain=other.example.com",
            "https://app.example.com",
        ),
        ("sid=1; Path=/; Domain=github.io", "https://me.github.io"),
        (
            "__Host-sid=1; Path=/; Domain=app.example.com; Secure",
            "https://app.example.com",
        ),
    ] {
        let (login, api) = (format!("{host}/login"), format!("{host}/me"));
        assert_eq!(
            conclusion(lost(line, &login, &api)),
            ("cookie-domain", CERTAIN),
            "{line}"
        );
    }
    let local = lost(
        "sid=1; Path=/; Domain=.localhost",
        "http://localhost:1/login",
        "http://localhost:1/me",
    );
    assert_eq!(conclusion(local), ("cookie-domain", LIKELY));
}

#[test]
fn cookie_secure_over_http() {
    let plain = lost(
        "sid=1; Path=/; Secure",
        "http://app.example.com/login",
        "http://app.example.com/me",
    );
    assert_eq!(conclusion(plain), ("cookie-secure", CERTAIN));
    let falls = lost(
        "sid=1; Path=/; Secure",
        LOGIN,
        "http://app.example.com/api/me",
    );
    assert_eq!(conclusion(falls), ("cookie-secure", CERTAIN));
    let local = lost(
        "sid=1; Path=/; Secure",
        "http://127.0.0.1:8/login",
        "http://127.0.0.1:8/me",
    );
    assert_eq!(conclusion(local), ("cookie-secure", LIKELY));
    let prefix = lost("__Secure-sid=1; Path=/", LOGIN, API);
    assert_eq!(conclusion(prefix), ("cookie-secure", CERTAIN));
}

#[test]
fn cookie_samesite_keeps_it_from_the_post_of_an_identity_provider() {
    let entries = vec![
        at(0, "GET", "https://app.example.com/login", 302)
            .sets("saml_session=1; Path=/; SameSite=Lax")
            .got("Location", "https://idp.example.net/sso")
            .kind("document"),
        at(9, "POST", "https://app.example.com/saml/acs", 401)
            .sent("Origin", "https://idp.example.net")
            .sent("Sec-Fetch-Site", "cross-site")
            .sent("Sec-Fetch-Dest", "document")
            .posts("application/x-www-form-urlencoded", "SAMLResponse=x"),
    ];
    assert_eq!(conclusion(entries), ("cookie-samesite", CERTAIN));
}

#[test]
fn cookie_samesite_is_lax_where_nothing_is_said() {
    let across = |line: &str| {
        vec![
            at(0, "POST", LOGIN, 200).sets(line).kind("fetch"),
            at(5, "GET", API, 401).by_page("https://shop.example.net"),
        ]
    };
    assert_eq!(
        conclusion(across("sid=1; Path=/")),
        ("cookie-samesite", CERTAIN)
    );
    assert_eq!(
        conclusion(across("sid=1; Path=/; SameSite=None")),
        ("cookie-samesite", CERTAIN)
    );
}

#[test]
fn cookie_third_party_in_a_frame_and_in_safari() {
    let line = "sid=1; Path=/; SameSite=None; Secure";
    let frame = vec![
        at(0, "POST", LOGIN, 200).sets(line).kind("fetch"),
        at(5, "GET", API, 401)
            .sent("Sec-Fetch-Dest", "iframe")
            .sent("Sec-Fetch-Site", "cross-site")
            .sent("Referer", "https://portal.example.net/"),
    ];
    assert_eq!(conclusion(frame), ("cookie-third-party", LIKELY));
    let safari = vec![
        at(0, "POST", LOGIN, 200).sets(line).kind("fetch"),
        at(5, "GET", API, 401)
            .sent("User-Agent", SAFARI)
            .by_page("https://portal.example.net")
            .got("Access-Control-Allow-Credentials", "true")
            .got("Access-Control-Allow-Origin", "https://portal.example.net"),
    ];
    assert_eq!(conclusion(safari), ("cookie-third-party", LIKELY));
}

#[test]
fn cookie_too_large() {
    let line = format!("sid={}; Path=/", "x".repeat(4200));
    assert_eq!(
        conclusion(lost(&line, LOGIN, API)),
        ("cookie-too-large", CERTAIN)
    );
}

#[test]
fn cookie_duplicated_with_the_stale_one_first() {
    let entries = vec![
        at(0, "POST", LOGIN, 200).sets("sid=new; Path=/; Domain=example.com"),
        at(5, "GET", API, 401)
            .sent("Cookie", "sid=old; theme=dark; sid=new")
            .kind("fetch"),
    ];
    let found = findings(entries, None);
    assert_eq!(rank(&found)[0].cause.id(), "cookie-duplicated");
    assert!(found[0].evidence.contains("the first is the stale one"));
    assert!(!format!("{found:?}").contains("sid=new"));
}

#[test]
fn cors_credentials_not_sent_by_a_script_of_the_same_site() {
    let entries = vec![
        at(0, "POST", "https://api.example.com/login", 200).sets("sid=1; Path=/; HttpOnly").kind("document"),
        at(5, "GET", "https://api.example.com/me", 401).by_page(PAGE)
            .member("_initiator", json!({ "type": "script", "url": "https://app.example.com/main.js", "lineNumber": 41 })),
    ];
    let found = findings(entries, None);
    let first = &rank(&found)[0];
    assert_eq!(
        (first.cause.id(), first.confidence),
        ("cors-credentials-not-sent", CERTAIN)
    );
    assert!(first.fix.text.contains("main.js:42"), "{}", first.fix.text);
}

#[test]
fn cors_credentials_not_sent_shows_in_a_readable_answer() {
    let entries = vec![
        at(0, "POST", LOGIN, 200)
            .sets("sid=1; Path=/; SameSite=None; Secure")
            .kind("document"),
        at(5, "GET", API, 401)
            .by_page("https://shop.example.net")
            .got("Access-Control-Allow-Origin", "*"),
    ];
    assert_eq!(cause(entries), "cors-credentials-not-sent");
    let at_sign_in = vec![
        at(0, "POST", "https://api.example.com/login", 200)
            .by_page(PAGE)
            .sets("sid=1; Path=/")
            .got("Access-Control-Allow-Origin", "*"),
        at(5, "GET", "https://api.example.com/me", 401).by_page(PAGE),
    ];
    assert_eq!(cause(at_sign_in), "cors-credentials-not-sent");
}

#[test]
fn the_browsers_own_reasons_are_proof() {
    for (reason, id) in [
        ("SameSiteLax", "cookie-samesite"),
        ("SameSiteNoneInsecure", "cookie-samesite"),
        ("SecureOnly", "cookie-secure"),
        ("DomainMismatch", "cookie-domain"),
        ("NotOnPath", "cookie-path"),
        ("ThirdPartyPhaseout", "cookie-third-party"),
        ("UserPreferences", "cookie-third-party"),
        ("NameValuePairExceedsMaxSize", "cookie-too-large"),
    ] {
        let blocked = json!([
            { "cookie": { "name": "_ga" }, "blockedReasons": ["UserPreferences"] },
            { "cookie": { "name": "connect.sid" }, "blockedReasons": [reason] },
        ]);
        let entries = vec![at(0, "GET", API, 401).member("_blockedCookies", blocked)];
        assert_eq!(conclusion(entries), (id, CERTAIN), "{reason}");
    }
}

#[test]
fn a_cookie_of_another_purpose_is_not_the_cause() {
    // A preference, a cookie of the sign-in server beside a bearer challenge, one that came along.
    for entries in [
        lost("theme=dark", LOGIN, API),
        vec![
            at(0, "POST", "https://auth.example.com/login", 200).sets("sid=1; Path=/"),
            at(5, "GET", "https://api.example.com/me", 401)
                .sent("Authorization", "Bearer abcdefgh")
                .got("WWW-Authenticate", "Bearer error=\"invalid_token\""),
        ],
        vec![
            at(0, "POST", LOGIN, 200).sets("sid=1; Path=/"),
            at(5, "GET", API, 401).sent("Cookie", "sid=1").kind("fetch"),
        ],
    ] {
        let found = findings(entries, None);
        let cookies = found
            .iter()
            .filter(|f| f.cause.id().starts_with("cookie-") || f.cause.id().starts_with("cors-"));
        assert!(
            cookies.clone().all(|f| f.weight <= crate::Weight::Slight),
            "{found:?}"
        );
    }
}

#[test]
fn a_recording_without_cookies_says_nothing_of_them() {
    let entries = vec![
        at(0, "POST", LOGIN, 200),
        at(5, "GET", API, 401).by_page("https://x.example.net"),
    ];
    let found = findings(entries, None);
    assert!(
        found.iter().all(|f| !f.cause.id().starts_with("cookie-")),
        "{found:?}"
    );
}

#[test]
fn cors_credentials_not_sent_shows_in_requests_that_carry_the_cookie() {
    let entries = vec![
        at(0, "GET", "https://api.example.com/", 200)
            .sent("Cookie", "sid=1")
            .kind("document"),
        at(5, "GET", "https://api.example.com/me", 401).by_page(PAGE),
    ];
    assert_eq!(conclusion(entries), ("cors-credentials-not-sent", LIKELY));
}

#[test]
fn credentials_not_applied_by_a_program_without_a_jar() {
    let entries = vec![
        at(0, "POST", LOGIN, 200)
            .sets("sid=1; Path=/")
            .sent("User-Agent", "python-requests/2.32"),
        at(5, "GET", API, 401).sent("User-Agent", "python-requests/2.32"),
    ];
    assert_eq!(conclusion(entries), ("credentials-not-applied", LIKELY));
}

#[test]
fn csrf_failed_where_the_header_is_absent_or_another() {
    let post = || at(0, "POST", API, 419).sent("Cookie", "XSRF-TOKEN=ab%3D; laravel_session=1");
    assert_eq!(conclusion(vec![post()]), ("csrf-failed", LIKELY));
    assert_eq!(
        cause(vec![post().sent("X-XSRF-TOKEN", "other")]),
        "csrf-failed"
    );
    let fits = findings(vec![post().sent("X-XSRF-TOKEN", "ab=")], None);
    assert!(
        fits.iter().all(|f| f.cause.id() != "csrf-failed"),
        "{fits:?}"
    );
}

#[test]
fn a_cookie_of_the_same_name_elsewhere_replaces_none() {
    // The session of the application is gone; the one of the shop next door was set later, and is none of its own.
    let entries = vec![
        at(0, "POST", "https://app.example.com/auth/login", 200)
            .sets("sid=1; HttpOnly")
            .kind("fetch"),
        at(2, "POST", "https://shop.example.com/login", 200)
            .sets("sid=2; Path=/; HttpOnly")
            .kind("fetch"),
        at(5, "GET", API, 401).kind("fetch"),
    ];
    let found = findings(entries, None);
    assert!(
        found.iter().any(|one| one.cause.id() == "cookie-path"),
        "{found:?}"
    );
}

#[test]
fn a_lifetime_counts_by_the_clock_of_the_browser() {
    // The server's clock is an hour behind: by its own, the cookie would have run out.
    let set = at(0, "POST", "https://app.example.com/login", 200)
        .sets("sid=1; Path=/; Max-Age=1800; HttpOnly")
        .got("Date", "Wed, 31 Dec 2025 23:00:00 GMT")
        .kind("fetch");
    let asked = at(5, "GET", API, 401).kind("fetch");
    let found = findings(vec![set, asked], None);
    assert!(
        found.iter().all(|one| !one.evidence.contains("Max-Age")),
        "{found:?}"
    );
}

#[test]
fn a_jar_that_does_not_take_wss_for_encrypted() {
    let socket = |cookies: &str| {
        vec![
            at(0, "GET", "https://app.example.com/api", 200)
                .sets("connect.sid=1; Path=/; HttpOnly; Secure")
                .sets("lb=2; Path=/"),
            at(1, "GET", "wss://app.example.com/socket", 401)
                .sent("Upgrade", "websocket")
                .sent("Cookie", cookies),
        ]
    };
    assert_eq!(
        conclusion(socket("lb=2")),
        ("credentials-not-applied", LIKELY)
    );
    assert_ne!(
        cause(socket("lb=2; connect.sid=1")),
        "credentials-not-applied"
    );
    // Where no cookie of that host is in it, the jar was not used at all.
    assert_ne!(cause(socket("other=3")), "credentials-not-applied");
}

#[test]
fn cookie_samesite_of_a_socket_in_a_foreign_frame() {
    let framed = |dest: &str| {
        vec![
            at(0, "GET", "https://app.example.com/embed", 200)
                .sent("Sec-Fetch-Site", "cross-site")
                .sent("Sec-Fetch-Dest", dest)
                .got("Content-Type", "text/html; charset=utf-8")
                .sets("sid=1; Path=/; HttpOnly; Secure; SameSite=Strict"),
            at(1, "GET", "wss://app.example.com/ws", 401)
                .sent("Origin", PAGE)
                .sent("Sec-Fetch-Site", "same-origin")
                .kind("websocket"),
        ]
    };
    assert_eq!(cause(framed("iframe")), "cookie-samesite");
    // A page of its own is at home, and its socket has the cookie.
    assert_ne!(cause(framed("document")), "cookie-samesite");
}

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use serde_json::{Value, json};

use super::*;

fn recorded(entries: &[Value]) -> Vec<u8> {
    json!({ "log": { "version": "1.2", "creator": { "name": "WebInspector" }, "pages": [], "entries": entries } })
        .to_string()
        .into_bytes()
}

fn exchange(second: u32, method: &str, url: &str, sent: &[(&str, &str)], status: i32) -> Value {
    let fields = |lines: &[(&str, &str)]| -> Vec<Value> {
        let lines = lines.iter();
        lines
            .map(|(name, value)| json!({ "name": name, "value": value }))
            .collect()
    };
    json!({
        "startedDateTime": format!("2026-01-01T00:00:{second:02}.000Z"),
        "time": 20.5,
        "request": { "method": method, "url": url, "httpVersion": "h2", "headers": fields(sent) },
        "response": { "status": status, "statusText": "", "headers": [], "content": { "size": 0 } },
    })
}

fn chosen(entries: &[Value]) -> usize {
    let case = entry(&recorded(entries), None).unwrap();
    case.recorded.entry.unwrap()
}

const API: &str = "https://api.example.com/me";

#[test]
fn the_first_401_is_taken_before_other_refusals() {
    let entries = [
        exchange(0, "GET", "https://api.example.com/a", &[], 200),
        exchange(1, "GET", "https://api.example.com/b", &[], 403),
        exchange(2, "GET", "https://api.example.com/favicon.ico", &[], 401),
        exchange(3, "GET", API, &[("Authorization", "Bearer x")], 401),
        exchange(4, "GET", "https://api.example.com/c", &[], 401),
    ];
    let case = entry(&recorded(&entries), None).unwrap();
    assert_eq!(case.recorded.entry, Some(3));
    assert_eq!((case.before.len(), case.after.len()), (3, 1));
    assert_eq!(case.answer.unwrap().status, 401);
    assert_eq!(case.client, Client::Browser);
    assert!(case.follows_redirects);
}

#[test]
fn the_first_leg_of_a_challenge_is_none() {
    let entries = [
        exchange(0, "GET", API, &[], 401),
        exchange(1, "GET", API, &[("Authorization", "Digest a=b")], 200),
        exchange(2, "GET", "https://api.example.com/x", &[], 404),
    ];
    assert_eq!(chosen(&entries), 2);
    // The same credentials that are let through later leave the refusal unexplained.
    let cookie = [("Cookie", "sid=1")];
    let entries = [
        exchange(0, "GET", API, &cookie, 401),
        exchange(1, "GET", API, &cookie, 200),
    ];
    assert_eq!(chosen(&entries), 0);
}

#[test]
fn the_leg_that_answers_the_challenge_is_the_refusal() {
    let offering = |mut entry: Value, challenge: &str| {
        entry["response"]["headers"] = json!([{ "name": "WWW-Authenticate", "value": challenge }]);
        entry
    };
    let (bare, digest) = ([], [("Authorization", "Digest a=b")]);
    let first = offering(exchange(0, "GET", API, &bare, 401), "Digest realm=\"a\"");
    let entries = [first.clone(), exchange(1, "GET", API, &digest, 401)];
    assert_eq!(chosen(&entries), 1);
    // Another scheme than the one that was offered is no answer to it.
    let bearer = [("Authorization", "Bearer x")];
    assert_eq!(chosen(&[first, exchange(1, "GET", API, &bearer, 401)]), 0);
    // A handshake has a leg more.
    let (one, three) = (
        [("Authorization", "NTLM TlRM")],
        [("Authorization", "NTLM TlRN")],
    );
    let entries = [
        offering(exchange(0, "GET", API, &bare, 401), "NTLM"),
        offering(exchange(1, "GET", API, &one, 401), "NTLM TlRNAAI="),
        offering(exchange(2, "GET", API, &three, 401), "NTLM"),
    ];
    assert_eq!(chosen(&entries), 2);
}

#[test]
fn the_request_stands_for_its_preflight() {
    let asking = [
        ("Origin", "https://app.example.com"),
        ("Access-Control-Request-Method", "GET"),
    ];
    let mut blocked = exchange(0, "GET", API, &[("Authorization", "Bearer x")], 0);
    blocked["response"]["_error"] = json!("net::ERR_FAILED");
    let entries = [blocked.clone(), exchange(0, "OPTIONS", API, &asking, 401)];
    assert_eq!(chosen(&entries), 0);
    assert_eq!(chosen(&[exchange(0, "OPTIONS", API, &asking, 401)]), 0);
    assert_eq!(
        chosen(&[exchange(1, "GET", "https://x.example", &[], 200), blocked]),
        1
    );
}

#[test]
fn a_connection_that_fails_is_no_refusal() {
    let mut failed = exchange(0, "GET", API, &[], 0);
    failed["response"]["_error"] = json!("net::ERR_CONNECTION_REFUSED");
    assert_eq!(chosen(&[failed, exchange(1, "GET", API, &[], 200)]), 1);
}

#[test]
fn a_refused_grant_and_a_sign_in_page() {
    let mut grant = exchange(3, "POST", "https://id.example.com/token", &[], 400);
    grant["request"]["postData"] = json!({ "mimeType": "application/x-www-form-urlencoded", "params": [
        { "name": "grant_type", "value": "authorization_code" }, { "name": "redirect_uri", "value": "https%3A%2F%2Fa.example" } ] });
    grant["response"]["content"] =
        json!({ "mimeType": "application/json", "text": "{\"error\":\"invalid_grant\"}" });
    let mut sign_in = exchange(1, "GET", "https://app.example.com/", &[], 302);
    sign_in["response"]["redirectURL"] = json!("/login?next=/");
    let entries = [sign_in.clone(), exchange(2, "POST", API, &[], 400), grant];
    let case = entry(&recorded(&entries), None).unwrap();
    assert_eq!(case.recorded.entry, Some(2));
    let form = crate::credential::form_of(case.request.as_ref().unwrap());
    assert_eq!(
        form[1],
        ("redirect_uri".to_owned(), "https://a.example".to_owned())
    );
    assert_eq!(chosen(&entries[..2]), 0);
    let signed_in = exchange(
        4,
        "GET",
        "https://app.example.com/",
        &[("Cookie", "sid=1")],
        200,
    );
    assert_eq!(chosen(&[sign_in, signed_in]), 1);
}

#[test]
fn a_number_counts_from_0_and_is_held_to_the_entries() {
    let entries = [
        exchange(0, "GET", API, &[], 401),
        exchange(1, "GET", API, &[], 200),
    ];
    let file = recorded(&entries);
    assert_eq!(entry(&file, Some(1)).unwrap().answer.unwrap().status, 200);
    let fault = entry(&file, Some(2)).err().unwrap();
    assert_eq!(fault.message, "there is no entry 2 in the recording");
    assert_eq!(fault.help.unwrap(), "it has 2, numbered from 0 to 1");
    assert!(entry(&recorded(&[]), None).is_err());
}

#[test]
fn what_is_no_recording_says_where_it_ends_without_its_words() {
    for file in [
        &b""[..],
        b"{}",
        b"[1]",
        b"{\"log\":{\"entries\":3}}",
        b"null",
        b"\xff",
        b"{\"log\":{\"entries\":[{\"x\":\"hush",
    ] {
        let fault = entry(file, None).err().unwrap();
        assert!(!fault.message.contains("hush"), "{}", fault.message);
        assert!(!fault.message.is_empty());
    }
}

#[test]
fn what_exporters_leave_out_or_add() {
    let mut entry_ = exchange(
        0,
        "GET",
        "https://api.example.com/me",
        &[
            (":authority", "api.example.com"),
            (":method", "GET"),
            ("Host", "api.example.com"),
            ("accept-encoding", "br"),
            ("sec-ch-ua", "x"),
            ("Accept", "*/*"),
        ],
        401,
    );
    entry_["request"]["cookies"] =
        json!([{ "name": "sid", "value": "1" }, { "name": "b", "value": "" }]);
    entry_["request"]["queryString"] = json!([{ "name": "q", "value": "a b" }]);
    entry_["response"]["headers"] = json!([
        { "name": "Set-Cookie", "value": "a=1; Path=/\nb=2" },
        { "name": "Content-Encoding", "value": "gzip" },
        { "name": null, "value": 3 },
    ]);
    entry_["response"]["content"] =
        json!({ "encoding": "base64", "text": "aGVsbG8=", "mimeType": "text/plain" });
    entry_["response"]["httpVersion"] = json!("h2");
    entry_["_resourceType"] = json!("Fetch");
    entry_["serverIPAddress"] = json!("[::1]");
    entry_["pageref"] = json!("page_1");
    entry_["_initiator"] = json!({ "type": "script", "stack": { "callFrames": [ { "url": "https://app.example.com/a.js", "lineNumber": 9 } ] } });
    entry_["request"]["_blockedRequestCookies"] = json!([
        { "blockedReasons": ["SameSiteLax"], "cookie": { "name": "s" } }, { "blockedReasons": [], "cookie": { "name": "t" } } ]);
    entry_["response"]["_blockedCookies"] =
        json!([{ "cookieLine": "u=1; Secure", "reason": "SecureOnly" }]);
    let file = json!({ "log": { "entries": [entry_], "creator": { "name": "Firefox" },
        "pages": [{ "id": "page_1", "title": "https://app.example.com/" }] } });
    let case = entry(file.to_string().as_bytes(), None).unwrap();
    let request = case.request.unwrap();
    assert_eq!(request.url.as_str(), "https://api.example.com/me?q=a+b");
    let names: Vec<&str> = request
        .fields
        .iter()
        .map(|field| field.name.as_str())
        .collect();
    assert_eq!(names, ["Accept", "Cookie"]);
    assert_eq!(request.fields.text("cookie").unwrap(), "sid=1; b=");
    let answer = case.answer.unwrap();
    assert_eq!(answer.fields.all("set-cookie").count(), 2);
    assert!(!answer.fields.has("content-encoding"));
    assert_eq!(answer.text(), "hello");
    assert_eq!(answer.version, http::Version::HTTP_2);
    let recorded = case.recorded;
    assert_eq!(recorded.resource.as_deref(), Some("fetch"));
    assert_eq!(recorded.server_address.unwrap().to_string(), "::1");
    assert_eq!(recorded.page.unwrap().as_str(), "https://app.example.com/");
    assert_eq!(
        recorded.initiator.as_deref(),
        Some("https://app.example.com/a.js:10")
    );
    let blocked = recorded.blocked_cookies;
    assert_eq!(
        (
            blocked.len(),
            blocked[0].name.as_str(),
            blocked[1].name.as_str()
        ),
        (2, "s", "u")
    );
}

#[test]
fn cookies_that_are_listed_in_parts_become_a_line() {
    let mut entry_ = exchange(0, "GET", API, &[], 200);
    entry_["response"]["cookies"] = json!([{ "name": "sid", "value": "1", "path": "/", "domain": "example.com",
        "expires": "2026-01-02T00:00:00.000Z", "httpOnly": true, "secure": true, "sameSite": "None" }]);
    let case = entry(&recorded(&[entry_]), None).unwrap();
    let answer = case.answer.unwrap();
    assert_eq!(
        answer.fields.text("set-cookie").unwrap(),
        "sid=1; Path=/; Domain=example.com; SameSite=None; Expires=Fri, 02 Jan 2026 00:00:00 GMT; Secure; HttpOnly"
    );
}

#[test]
fn a_client_is_told_by_its_name() {
    for (agent, client) in [
        (
            "Mozilla/5.0 (X11) AppleWebKit/537.36 Chrome/130.0",
            Client::Browser,
        ),
        (
            "Mozilla/5.0 (Windows NT; de-DE) WindowsPowerShell/5.1",
            Client::Dotnet,
        ),
        ("python-requests/2.32.0", Client::PythonRequests),
        ("node", Client::NodeFetch),
        ("Go-http-client/2.0", Client::Go),
        ("okhttp/4.12", Client::Java),
        ("curl/8.9.1", Client::Curl),
    ] {
        let case = entry(
            &recorded(&[exchange(0, "GET", API, &[("User-Agent", agent)], 401)]),
            None,
        )
        .unwrap();
        assert_eq!(case.client, client, "{agent}");
    }
}

#[test]
fn a_playwright_failure_has_no_status() {
    let mut entry_ = exchange(0, "GET", API, &[], -1);
    entry_["response"]["_failureText"] = json!("net::ERR_FAILED");
    let case = entry(&recorded(&[entry_]), None).unwrap();
    assert_eq!(case.answer.unwrap().status, 0);
    assert_eq!(case.recorded.error.as_deref(), Some("net::ERR_FAILED"));
}

#[test]
fn a_body_is_cut() {
    let mut entry_ = exchange(0, "GET", API, &[], 401);
    entry_["response"]["content"] =
        json!({ "text": "x".repeat(300 * 1024), "mimeType": "text/html" });
    let answer = entry(&recorded(&[entry_]), None).unwrap().answer.unwrap();
    assert_eq!(answer.body.len(), 256 * 1024);
    assert!(answer.truncated);
}

#[test]
fn a_basic_login_is_known() {
    let sent = [("Authorization", "Basic YWxpY2U6c2VjcmV0")];
    let case = entry(&recorded(&[exchange(0, "GET", API, &sent, 401)]), None).unwrap();
    assert_eq!(case.login.unwrap().user, "alice");
}

proptest::proptest! {
    #[test]
    fn a_file_that_was_cut_is_survived(length in 0usize..600) {
        let sent = [("Cookie", "sid=hush"), ("Authorization", "Bearer hush")];
        let file = recorded(&[exchange(0, "GET", API, &sent, 401)]);
        let cut = file.get(..length.min(file.len() - 1)).unwrap();
        let fault = entry(cut, None).err().unwrap();
        proptest::prop_assert!(!fault.message.contains("hush"));
    }

    #[test]
    fn any_member_of_any_type_is_survived(value in "(null|3|-1|true|\"x\"|\\[\\]|\\{\\}|\\[null,4\\])", place in 0usize..9) {
        let names = ["request", "response", "startedDateTime", "time", "_initiator", "pageref", "serverIPAddress", "_resourceType", "_blockedCookies"];
        let mut one = exchange(0, "GET", API, &[], 401);
        one[names[place]] = serde_json::from_str(&value).unwrap();
        let read = entry(&recorded(&[one]), None);
        proptest::prop_assert_eq!(read.is_ok(), names[place] != "request");
    }
}

#[test]
fn what_is_wrong_with_the_file_is_said() {
    let fault = |text: &str| entry(text.as_bytes(), None).err().unwrap().message;
    assert!(fault(r#"{"log":{"entries":{}}}"#).contains("another form"));
    assert!(fault("5").contains("another form"));
    assert!(fault("{,").contains("not JSON"));
    let deep = format!(r#"{{"log":{{"entries":[{}"#, "[".repeat(100_000));
    assert!(fault(&deep).contains("nested too deeply"));
}

#[test]
fn of_too_many_fields_the_first_are_read() {
    let many: Vec<(String, String)> = (0..5000)
        .map(|number| (format!("X-{number}"), "a".to_owned()))
        .collect();
    let many: Vec<(&str, &str)> = many
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let case = entry(&recorded(&[exchange(0, "GET", API, &many, 401)]), None).unwrap();
    assert_eq!(case.request.unwrap().fields.len(), 1000);
}

#[test]
fn a_request_that_is_let_through_later_is_passed_over_at_its_own_address_alone() {
    let other = "https://api.example.com/other";
    let entries = [
        exchange(0, "GET", API, &[("Authorization", "Bearer old")], 401),
        exchange(1, "GET", other, &[("Authorization", "Bearer old")], 401),
        exchange(2, "GET", API, &[("Authorization", "Bearer new")], 200),
    ];
    assert_eq!(chosen(&entries), 1);
}

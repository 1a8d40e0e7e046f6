use super::*;

const AUTHORIZE: &str = "https://id.example.com/authorize?response_type=code&client_id=app&state=s1&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcb";
const CALLBACK: &str = "https://app.example.com/cb?code=c0de-0123456789&state=s1";
const TOKEN: &str = "https://id.example.com/token";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn authorize(more: &str) -> Entry {
    at(0, "GET", &format!("{AUTHORIZE}{more}"), 302).got("Location", CALLBACK)
}

fn exchange(secs: i64, status: u16, more: &[(&str, &str)]) -> Entry {
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("client_id", "app"),
        ("code", "c0de-0123456789"),
    ];
    form.extend_from_slice(more);
    at(secs, "POST", TOKEN, status).form(&form)
}

const REDIRECT: (&str, &str) = ("redirect_uri", "https://app.example.com/cb");

fn refused(secs: i64, more: &[(&str, &str)]) -> Entry {
    exchange(secs, 400, more).body(&json!({ "error": "invalid_grant" }))
}

#[test]
fn code_reused() {
    let first = exchange(2, 200, &[REDIRECT]).body(&json!({ "access_token": "abcdefghij" }));
    let entries = vec![authorize(""), first, refused(3, &[REDIRECT])];
    assert_eq!(conclusion(entries), ("code-reused", CERTAIN));
}

#[test]
fn a_code_that_is_used_again_afterwards_was_not_reused_before() {
    let later = exchange(600, 200, &[REDIRECT]).body(&json!({ "access_token": "abcdefghij" }));
    let found = findings(vec![authorize(""), refused(3, &[REDIRECT]), later], Some(1));
    let proven = found
        .iter()
        .find(|one| one.cause.id() == "code-reused" && one.weight == crate::finding::Weight::Proof);
    assert!(proven.is_none(), "{proven:?}");
}

#[test]
fn code_expired() {
    let entries = vec![authorize(""), refused(700, &[REDIRECT])];
    assert_eq!(conclusion(entries), ("code-expired", LIKELY));
    let said = refused(2, &[REDIRECT])
        .body(&json!({ "error": "invalid_grant", "error_description": "The code has expired" }));
    assert_eq!(conclusion(vec![said]), ("code-expired", CERTAIN));
}

#[test]
fn code_that_was_decoded_twice() {
    let callback = at(
        0,
        "GET",
        "https://app.example.com/cb?code=4%2F0Ab%2Bcdefgh",
        200,
    );
    let form = [
        ("grant_type", "authorization_code"),
        ("code", "4/0Ab cdefgh"),
    ];
    let entries = vec![
        callback,
        at(1, "POST", TOKEN, 400)
            .form(&form)
            .body(&json!({ "error": "invalid_grant" })),
    ];
    assert_eq!(conclusion(entries), ("credential-mangled", CERTAIN));
}

#[test]
fn pkce_mismatch() {
    let challenge = |text: &str| {
        authorize(&format!(
            "&code_challenge={text}&code_challenge_method=S256"
        ))
    };
    let with = [REDIRECT, ("code_verifier", VERIFIER)];
    let absent = vec![challenge(CHALLENGE), refused(2, &[REDIRECT])];
    assert_eq!(conclusion(absent), ("pkce-mismatch", CERTAIN));
    let padded = vec![challenge(&format!("{CHALLENGE}%3D")), refused(2, &with)];
    let found = findings(padded, None);
    let first = &rank(&found)[0];
    assert_eq!(
        (first.cause.id(), first.confidence),
        ("pkce-mismatch", CERTAIN)
    );
    assert!(
        first.evidence[0].contains("without padding"),
        "{}",
        first.evidence[0]
    );
    assert!(!format!("{found:?}").contains(VERIFIER));
    // A challenge that fits speaks against it.
    let fits = findings(vec![challenge(CHALLENGE), refused(2, &with)], None);
    assert!(
        rank(&fits)
            .iter()
            .all(|one| one.cause.id() != "pkce-mismatch")
    );
    let short = refused(2, &[REDIRECT, ("code_verifier", "short")]);
    assert_eq!(cause(vec![short]), "pkce-mismatch");
}

#[test]
fn pkce_challenge_of_a_wrong_length() {
    let entry = at(
        0,
        "GET",
        &format!("{AUTHORIZE}&code_challenge=abc&code_challenge_method=S256"),
        400,
    );
    assert_eq!(cause_of(vec![entry], 0), "pkce-mismatch");
}

fn cause_of(entries: Vec<Entry>, number: usize) -> &'static str {
    let found = findings(entries, Some(number));
    rank(&found).first().map_or("", |first| first.cause.id())
}

#[test]
fn redirect_uri_mismatch() {
    for (sent, words) in [
        ("https://app.example.com/cb/", "in the slash at the end"),
        ("http://app.example.com/cb", "in the scheme"),
        ("https://app.example.com:8443/cb", "in the port"),
    ] {
        let found = findings(
            vec![authorize(""), refused(2, &[("redirect_uri", sent)])],
            None,
        );
        let first = &rank(&found)[0];
        assert_eq!(
            (first.cause.id(), first.confidence),
            ("redirect-uri-mismatch", CERTAIN)
        );
        assert!(first.evidence[0].ends_with(words), "{}", first.evidence[0]);
    }
    assert_eq!(
        cause(vec![authorize(""), refused(2, &[])]),
        "redirect-uri-mismatch"
    );
}

fn refresh(secs: i64, status: u16, token: &str) -> Entry {
    at(secs, "POST", TOKEN, status)
        .form(&[("grant_type", "refresh_token"), ("refresh_token", token)])
}

#[test]
fn refresh_token_reused() {
    let used = || {
        refresh(0, 200, "r1-0123456789")
            .body(&json!({ "access_token": "a", "refresh_token": "r2-0123456789" }))
    };
    let again =
        |secs| refresh(secs, 400, "r1-0123456789").body(&json!({ "error": "invalid_grant" }));
    assert_eq!(
        conclusion(vec![used(), again(60)]),
        ("refresh-token-reused", CERTAIN)
    );
    let parallel = findings(vec![used(), again(0)], None);
    assert!(
        parallel.iter().any(|f| f.evidence.contains("0 ms apart")),
        "{parallel:?}"
    );
    assert_eq!(
        conclusion(vec![again(0), used()]),
        ("refresh-token-reused", CERTAIN)
    );
}

#[test]
fn refresh_token_expired() {
    let plain = refresh(0, 400, "r1").body(&json!({ "error": "invalid_grant" }));
    assert_eq!(cause(vec![plain]), "refresh-token-expired");
}

#[test]
fn grant_not_form_encoded() {
    let body = json!({ "grant_type": "client_credentials", "client_id": "app", "client_secret": "hush-hush" }).to_string();
    let as_json = at(0, "POST", TOKEN, 400).posts("application/json", &body).body(&json!({ "error": "invalid_request", "error_description": "Missing form parameter: grant_type" }));
    let found = findings(vec![as_json], None);
    let first = &rank(&found)[0];
    assert_eq!(
        (first.cause.id(), first.confidence),
        ("grant-not-form-encoded", CERTAIN)
    );
    let command = first.fix.command.as_ref().unwrap();
    assert!(
        command.contains("client_secret=$CLIENT_SECRET"),
        "{command}"
    );
    assert!(!format!("{found:?}").contains("hush"));
    let query = at(
        0,
        "POST",
        "https://id.example.com/token?grant_type=client_credentials&client_id=app",
        401,
    )
    .body(&json!({ "error": "invalid_client" }));
    assert_eq!(cause(vec![query]), "grant-not-form-encoded");
    let untyped =
        at(0, "POST", TOKEN, 401).posts("text/plain", "grant_type=client_credentials&client_id=a");
    assert_eq!(cause(vec![untyped]), "grant-not-form-encoded");
}

fn client(authorization: Option<&str>, more: &[(&str, &str)], description: &str) -> Entry {
    let mut form = vec![("grant_type", "client_credentials")];
    form.extend_from_slice(more);
    let entry = at(0, "POST", TOKEN, 401)
        .form(&form)
        .body(&json!({ "error": "invalid_client", "error_description": description }));
    match authorization {
        Some(value) => entry.sent("Authorization", value),
        None => entry,
    }
}

#[test]
fn client_authentication() {
    // app:secret, app:p+s/w and app:p%2Bs
    let (plain, special, escaped) = (
        "Basic YXBwOnNlY3JldA==",
        "Basic YXBwOnArcy93",
        "Basic YXBwOnAlMkJz",
    );
    for (entry, id) in [
        (client(Some(plain), &[], ""), "client-authentication-failed"),
        (
            client(
                None,
                &[("client_id", "app"), ("client_secret", "secret")],
                "",
            ),
            "client-authentication-failed",
        ),
        (
            client(Some(plain), &[("client_secret", "secret")], ""),
            "client-authentication-method",
        ),
        (
            client(None, &[("client_id", "app")], ""),
            "client-authentication-method",
        ),
        (
            client(Some(plain), &[], "Unsupported authentication method"),
            "client-authentication-method",
        ),
        (client(Some(special), &[], ""), "client-secret-encoding"),
        (client(Some(escaped), &[], ""), "client-secret-encoding"),
        (
            client(None, &[("client_id", "app"), ("client_secret", "p s")], ""),
            "client-secret-encoding",
        ),
    ] {
        assert_eq!(cause(vec![entry]), id);
    }
}

#[test]
fn resource_indicator_mismatch() {
    let document = at(
        0,
        "GET",
        "https://mcp.example.com/.well-known/oauth-protected-resource",
        200,
    )
    .body(&json!({ "resource": "https://mcp.example.com/" }));
    let asked = |error: &str| {
        exchange(5, 400, &[("resource", "https://mcp.example.com")])
            .body(&json!({ "error": error }))
    };
    assert_eq!(
        conclusion(vec![document, asked("invalid_target")]),
        ("resource-indicator-mismatch", CERTAIN)
    );
}

#[test]
fn errors_of_the_token_endpoint() {
    for (error, id) in [
        ("invalid_scope", "scope-insufficient"),
        ("consent_required", "consent-missing"),
        ("unsupported_grant_type", "scheme-disabled"),
        ("invalid_dpop_proof", "sender-constraint-failed"),
    ] {
        let entry = at(0, "POST", TOKEN, 400)
            .form(&[("grant_type", "client_credentials")])
            .body(&json!({ "error": error }));
        assert_eq!(cause(vec![entry]), id);
    }
    let password = at(0, "POST", TOKEN, 400)
        .form(&[
            ("grant_type", "password"),
            ("username", "alice"),
            ("password", "hush-hush"),
        ])
        .body(&json!({ "error": "invalid_grant" }));
    assert_eq!(cause(vec![password]), "credentials-rejected");
}

#[test]
fn a_single_token_request_needs_no_recording() {
    let mut request = crate::Request::new("POST", TOKEN.parse().unwrap());
    request.fields.add("Content-Type", "application/json");
    request.body = Some(b"{\"grant_type\":\"client_credentials\"}".to_vec());
    let case = crate::Case {
        request: Some(request),
        ..crate::Case::default()
    };
    let found = of(&case, NOW_UNIX_SECS);
    assert_eq!(found[0].cause.id(), "grant-not-form-encoded");
}

#[test]
fn resource_indicator_mismatch_of_a_token_that_was_granted() {
    let granted = |resource: &str| {
        vec![
            at(
                0,
                "GET",
                "https://mcp.example.com/.well-known/oauth-protected-resource",
                200,
            )
            .body(&json!({ "resource": "https://mcp.example.com" })),
            at(1, "POST", "https://login.example.com/token", 200)
                .form(&[("grant_type", "authorization_code"), ("resource", resource)])
                .body(&json!({ "access_token": "granted-0123456789" })),
            at(2, "GET", "https://mcp.example.com/", 401)
                .sent("Authorization", "Bearer granted-0123456789"),
        ]
    };
    assert_eq!(
        conclusion(granted("https://mcp.example.com/")),
        ("resource-indicator-mismatch", LIKELY)
    );
    assert_ne!(
        cause(granted("https://mcp.example.com")),
        "resource-indicator-mismatch"
    );
}

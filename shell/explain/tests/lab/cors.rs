//! CORS: the preflight, the fields of the answer, the origin.

use countersign_explain::{
    Answer, Case, Client, Confidence, Exchange, Outcome, Recorded, Report, Request,
};

use crate::stage::{Reply, Seen, Server, diagnose, first, get};

const ORIGIN: &str = "https://app.example.com";
const TOKEN: &str = "Bearer tok-0123456789abcdef";

fn call(url: &str, fields: &[(&str, &str)]) -> Case {
    let mut all = vec![("Origin", ORIGIN)];
    all.extend(fields);
    Case {
        client: Client::Browser,
        ..get(url, &all)
    }
}

/// The page saw a network error.
fn hidden(mut case: Case) -> Case {
    case.answer = Some(Answer::new(0));
    case.recorded.resource = Some("fetch".to_owned());
    case.recorded.error = Some("net::ERR_FAILED".to_owned());
    case
}

fn allowing(reply: Reply) -> Reply {
    reply
        .with("Access-Control-Allow-Origin", ORIGIN)
        .with("Vary", "Origin")
}

fn refusal() -> Reply {
    Reply::new(401)
        .with("WWW-Authenticate", "Bearer error=\"invalid_token\"")
        .saying("{\"message\":\"Unauthorized\"}")
}

fn preflight() -> Reply {
    allowing(Reply::new(204))
        .with("Access-Control-Allow-Methods", "GET, POST")
        .with("Access-Control-Allow-Headers", "authorization, x-api-key")
}

/// What a server says to OPTIONS, to the right token, and to everything else.
fn server(options: Reply, right: Reply, wrong: Reply) -> Server {
    Server::start(move |seen: &Seen| match seen.method.as_str() {
        "OPTIONS" => options.clone(),
        _ if seen.field("authorization") == Some(TOKEN) => right.clone(),
        _ => wrong.clone(),
    })
}

fn proven(report: &Report, cause: &str) {
    assert_eq!(first(report), cause, "{report:#?}");
    assert_eq!(
        report.causes[0].confidence,
        Confidence::Certain,
        "{report:#?}"
    );
    assert_eq!(report.outcome, Outcome::Refused);
    assert!(report.probes.len() <= 8, "{report:#?}");
}

fn preflights(server: &Server) -> Vec<Seen> {
    let seen = server.seen().into_iter();
    seen.filter(|seen| seen.method == "OPTIONS").collect()
}

#[test]
fn a_preflight_that_is_asked_for_credentials() {
    for options in [
        refusal(),
        Reply::new(302).with("Location", "/login"),
        Reply::new(407),
        Reply::new(403).saying("Forbidden"),
    ] {
        let server = server(options, allowing(Reply::ok()), refusal());
        let case = call(
            &server.url("/api"),
            &[("Authorization", TOKEN), ("X-Requested-With", "x")],
        );
        proven(&diagnose(&case), "preflight-challenged");
        let sent = &preflights(&server)[0];
        assert_eq!(sent.field("access-control-request-method"), Some("GET"));
        assert_eq!(
            sent.field("access-control-request-headers"),
            Some("authorization,x-requested-with")
        );
        assert_eq!(sent.field("origin"), Some(ORIGIN));
        // Fetch standard: a preflight never carries credentials.
        assert_eq!(sent.field("authorization"), None);
        assert_eq!(sent.field("cookie"), None);
    }
}

#[test]
fn a_preflight_by_itself() {
    let server = Server::start(|_| refusal());
    let mut request = Request::new("OPTIONS", server.url("/api").parse().unwrap());
    for (name, value) in [
        ("Origin", ORIGIN),
        ("Access-Control-Request-Method", "GET"),
        ("Access-Control-Request-Headers", "authorization"),
    ] {
        request.fields.add(name, value);
    }
    let case = Case {
        request: Some(request),
        ..Case::default()
    };
    proven(&diagnose(&case), "preflight-challenged");
}

#[test]
fn a_preflight_out_of_a_recording_is_not_sent_again() {
    let server = server(Reply::new(500), allowing(Reply::ok()), refusal());
    let mut case = hidden(call(&server.url("/api"), &[("Authorization", TOKEN)]));
    let mut request = Request::new("OPTIONS", server.url("/api").parse().unwrap());
    request.fields.add("Origin", ORIGIN);
    case.before = vec![Exchange {
        request,
        answer: Some(Answer::new(401)),
        recorded: Recorded::default(),
    }];
    proven(&diagnose(&case), "preflight-challenged");
    assert!(preflights(&server).is_empty());
}

#[test]
fn a_field_that_the_preflight_does_not_allow() {
    let options = allowing(Reply::new(204)).with("Access-Control-Allow-Headers", "content-type");
    let open = server(options.clone(), allowing(Reply::ok()), refusal());
    let report = diagnose(&call(&open.url("/"), &[("Authorization", TOKEN)]));
    proven(&report, "cors-header-not-allowed");
    assert!(
        report.causes[0].evidence[0].contains("`authorization`"),
        "{report:#?}"
    );

    let by_key = Server::start(
        move |seen| match (seen.method.as_str(), seen.field("x-api-key")) {
            ("OPTIONS", _) => options.clone(),
            (_, Some("key-0123456789")) => allowing(Reply::ok()),
            _ => refusal(),
        },
    );
    let report = diagnose(&call(&by_key.url("/"), &[("X-API-Key", "key-0123456789")]));
    proven(&report, "cors-header-not-allowed");
}

/// Fetch standard: `Authorization` is not covered by the star. Chromium covers it all the same.
#[test]
fn a_star_for_authorization() {
    let options = allowing(Reply::new(204)).with("Access-Control-Allow-Headers", "*");
    let server = server(options, allowing(Reply::ok()), refusal());
    let report = diagnose(&call(&server.url("/"), &[("Authorization", TOKEN)]));
    assert_eq!(first(&report), "cors-header-not-allowed", "{report:#?}");
    assert_ne!(report.causes[0].confidence, Confidence::Certain);
    let case = hidden(call(&server.url("/"), &[("Authorization", TOKEN)]));
    proven(&diagnose(&case), "cors-header-not-allowed");
}

fn by_cookie(reply: Reply) -> Server {
    Server::start(move |seen| match seen.field("cookie") {
        Some("sid=0123456789abcdef") => reply.clone(),
        _ => Reply::new(401).saying("{\"message\":\"Unauthenticated.\"}"),
    })
}

const COOKIE: (&str, &str) = ("Cookie", "sid=0123456789abcdef");

#[test]
fn a_star_where_cookies_are_sent() {
    let server = by_cookie(
        Reply::ok()
            .with("Access-Control-Allow-Origin", "*")
            .with("Access-Control-Allow-Credentials", "true"),
    );
    proven(
        &diagnose(&call(&server.url("/me"), &[COOKIE])),
        "cors-wildcard-with-credentials",
    );
    assert!(preflights(&server).is_empty(), "a plain GET needs none");
}

#[test]
fn credentials_that_are_not_allowed() {
    let server = by_cookie(allowing(Reply::ok()).with("Access-Control-Allow-Credentials", "True"));
    let report = diagnose(&call(&server.url("/me"), &[COOKIE]));
    proven(&report, "cors-wildcard-with-credentials");
    assert!(report.causes[0].evidence[0].contains("True"), "{report:#?}");
}

#[test]
fn an_origin_that_is_not_allowed() {
    for value in [
        None,
        Some("https://other.example.com"),
        Some("https://app.example.com/"),
        Some("*, https://app.example.com"),
        Some("null"),
    ] {
        let reply = match value {
            Some(value) => Reply::ok().with("Access-Control-Allow-Origin", value),
            None => Reply::ok(),
        };
        let server = Server::start(move |_| reply.clone());
        let report = diagnose(&call(&server.url("/"), &[("Accept", "application/json")]));
        proven(&report, "origin-not-allowed");
    }
}

#[test]
fn an_origin_that_the_preflight_refuses() {
    // As Spring does.
    let with_words =
        Server::start(
            |seen| match (seen.field("origin"), seen.field("authorization")) {
                (Some(_), _) => Reply::new(403).saying("Invalid CORS request"),
                (None, Some(TOKEN)) => Reply::ok(),
                (None, _) => refusal(),
            },
        );
    let report = diagnose(&call(&with_words.url("/"), &[("Authorization", TOKEN)]));
    proven(&report, "origin-not-allowed");

    let without = Server::start(|seen| match (seen.method.as_str(), seen.field("origin")) {
        ("OPTIONS", Some(ORIGIN)) => Reply::new(403),
        ("OPTIONS", _) => Reply::new(204),
        _ if seen.field("authorization") == Some(TOKEN) => Reply::ok(),
        _ => refusal(),
    });
    let report = diagnose(&call(&without.url("/"), &[("Authorization", TOKEN)]));
    proven(&report, "origin-not-allowed");
}

/// The session counts only for pages of hosts on a list, as with Laravel Sanctum.
#[test]
fn a_session_that_counts_for_listed_origins_only() {
    let server = Server::start(|seen| {
        let own = format!("http://{}", seen.field("host").unwrap_or_default());
        let listed = seen.field("origin") == Some(own.as_str());
        match seen.field("cookie") == Some(COOKIE.1) && listed {
            true => allowing(Reply::ok()),
            false => allowing(Reply::new(401)).saying("{\"message\":\"Unauthenticated.\"}"),
        }
    });
    let mut case = call(&server.url("/api/user"), &[COOKIE]);
    case.answer = Some(Answer::new(401));
    proven(&diagnose(&case), "origin-not-allowed");
}

#[test]
fn an_origin_that_is_refused_with_a_key() {
    let server = Server::start(
        |seen| match (seen.field("x-api-key"), seen.field("origin")) {
            (Some("key-0123456789"), None) => Reply::ok(),
            (Some("key-0123456789"), Some(_)) => Reply::new(403).saying("Forbidden"),
            _ => Reply::new(401).saying("no key"),
        },
    );
    let mut case = call(&server.url("/"), &[("X-API-Key", "key-0123456789")]);
    case.answer = Some(Answer::new(403));
    proven(&diagnose(&case), "origin-not-allowed");
}

#[test]
fn a_refusal_that_the_page_cannot_see() {
    let server = server(preflight(), allowing(Reply::ok()), refusal());
    let wrong = ("Authorization", "Bearer tok-expired-9876543210");
    let report = diagnose(&hidden(call(&server.url("/"), &[wrong])));
    let ids: Vec<&str> = report.causes.iter().map(|found| found.cause.id()).collect();
    assert!(ids.contains(&"cors-hides-refusal"), "{report:#?}");

    // Where the page did see the status, what it was for comes first.
    let mut seen = call(&server.url("/"), &[wrong]);
    seen.answer = Some(Answer::new(401));
    let report = diagnose(&seen);
    let of_cors = |id: &str| id.starts_with("cors-") || id.starts_with("preflight-");
    for found in report
        .causes
        .iter()
        .filter(|found| of_cors(found.cause.id()))
    {
        assert_eq!(found.confidence, Confidence::Possible, "{report:#?}");
    }
}

#[test]
fn a_page_that_sends_no_cookies() {
    let reply = allowing(Reply::new(401)).with("Access-Control-Allow-Credentials", "true");
    let server = Server::start(move |_| reply.clone());
    let report = diagnose(&call(&server.url("/me"), &[]));
    let ids: Vec<&str> = report.causes.iter().map(|found| found.cause.id()).collect();
    assert!(ids.contains(&"cors-credentials-not-sent"), "{report:#?}");
}

#[test]
fn what_a_browser_takes_is_accepted() {
    let server = server(preflight(), allowing(Reply::ok()), refusal());
    let report = diagnose(&call(&server.url("/"), &[("Authorization", TOKEN)]));
    assert_eq!(report.outcome, Outcome::Accepted, "{report:#?}");
    assert!(report.causes.is_empty());
}

#[test]
fn without_an_origin_nothing_is_sent_for_cors() {
    let server = Server::start(|_| refusal());
    for case in [
        get(&server.url("/"), &[("Authorization", TOKEN)]),
        // A page of the server's own origin.
        call(&server.url("/"), &[("Authorization", TOKEN)]),
    ] {
        let mut case = case;
        if let Some(request) = &mut case.request {
            let own = request.origin();
            if request.fields.has("origin") {
                request.fields.set("Origin", own);
            }
        }
        let _ = diagnose(&case);
    }
    assert!(preflights(&server).is_empty());
}

/// A naive server asks everybody for credentials, and the browser's real request was answered.
#[test]
fn a_recorded_status_means_that_the_preflight_passed() {
    let server = Server::start(|_| refusal());
    let mut case = call(&server.url("/"), &[("Authorization", TOKEN)]);
    let mut answer = Answer::new(401);
    answer.fields.add("WWW-Authenticate", "Bearer");
    case.answer = Some(answer);
    let report = diagnose(&case);
    let ids: Vec<&str> = report.causes.iter().map(|found| found.cause.id()).collect();
    assert!(!ids.contains(&"preflight-challenged"), "{report:#?}");
    assert!(preflights(&server).is_empty());
}

#[test]
fn a_form_of_another_site_is_under_no_rule_of_cors() {
    let server = Server::start(|_| Reply::ok());
    let case = call(&server.url("/"), &[("Sec-Fetch-Mode", "navigate")]);
    assert_eq!(diagnose(&case).outcome, Outcome::Accepted);
}

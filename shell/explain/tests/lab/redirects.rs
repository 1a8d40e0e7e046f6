//! Redirects in between: credentials dropped, carried too far, sent in the clear, and refusals dressed up as one.

use countersign_explain::{Answer, Care, Case, Client, Exchange, Outcome, Recorded, Report};

use crate::front;
use crate::stage::{Reply, Seen, Server, diagnose, diagnose_with, first, get};

const KEY: (&str, &str) = ("Authorization", "Bearer good-key");

fn is_good(seen: &Seen) -> bool {
    seen.field("authorization") == Some("Bearer good-key")
}

fn guarded(seen: &Seen) -> Reply {
    match is_good(seen) {
        true => Reply::ok(),
        false => Reply::new(401).with("WWW-Authenticate", r#"Bearer realm="api""#),
    }
}

fn redirect(status: u16, location: &str) -> Reply {
    Reply::new(status).with("Location", location)
}

fn redirecting(status: u16, location: &str) -> Server {
    let location = location.to_owned();
    Server::start(move |_| redirect(status, &location))
}

fn is_certain(report: &Report) -> bool {
    report.causes[0].confidence.word() == "certain"
}

fn command(report: &Report) -> &str {
    report.causes[0].fix.command.as_deref().unwrap_or_default()
}

fn following(url: &str, fields: &[(&str, &str)]) -> Case {
    Case {
        follows_redirects: true,
        ..get(url, fields)
    }
}

#[test]
fn dotnet_loses_its_authorization_to_a_slash() {
    let server = Server::start(|seen| match seen.path() {
        "/items" => redirect(301, "/items/"),
        _ => guarded(seen),
    });
    let mut case = get(&server.url("/items"), &[KEY]);
    case.client = Client::Dotnet;
    let report = diagnose(&case);
    assert_eq!(first(&report), "redirect-dropped-credentials");
    assert!(is_certain(&report));
    assert_eq!(report.outcome, Outcome::Refused);
    let expected = format!(
        r#"curl -H "Authorization: Bearer $TOKEN" {}"#,
        server.url("/items/")
    );
    assert_eq!(command(&report), expected);

    case.client = Client::Go;
    assert_eq!(diagnose(&case).outcome, Outcome::Accepted);
}

#[test]
fn curl_loses_it_to_another_port_and_the_key_does_not_go_there() {
    let target = Server::start(guarded);
    let server = redirecting(307, &target.url("/x"));
    let case = following(&server.url("/x"), &[KEY]);
    let report = diagnose(&case);
    assert_eq!(first(&report), "redirect-dropped-credentials");
    assert!(!is_certain(&report));
    assert!(!target.seen().is_empty());
    assert!(
        target
            .seen()
            .iter()
            .all(|seen| seen.field("authorization").is_none())
    );

    let care = Care {
        follow_credentials: true,
        ..Care::default()
    };
    let report = diagnose_with(&case, care);
    assert_eq!(first(&report), "redirect-dropped-credentials");
    assert!(is_certain(&report));
}

#[test]
fn a_target_that_refuses_the_key_as_well_is_refused_for_the_key() {
    let server = Server::start(|seen| match seen.path() {
        "/items" => redirect(301, "/items/"),
        _ => guarded(seen),
    });
    let mut case = get(
        &server.url("/items"),
        &[("Authorization", "Bearer other-key")],
    );
    case.client = Client::Dotnet;
    let report = diagnose(&case);
    let dropped = report.causes.iter();
    let mut dropped = dropped.filter(|found| found.cause.id() == "redirect-dropped-credentials");
    assert!(dropped.all(|found| found.confidence.word() == "possible"));
}

#[test]
fn a_key_in_the_query_is_lost_where_the_redirect_leaves_it_out() {
    let server = Server::start(|seen| match seen.path() {
        "/v1" => redirect(302, "/v1/"),
        _ if seen.target.contains("api_key=k-1") => Reply::ok(),
        _ => Reply::new(401).saying("no key"),
    });
    let report = diagnose(&following(&server.url("/v1?api_key=k-1"), &[]));
    assert_eq!(first(&report), "redirect-dropped-credentials");
    assert!(is_certain(&report));
    assert!(
        command(&report).contains("/v1/?api_key=$API_KEY"),
        "{}",
        command(&report)
    );
}

#[test]
fn a_request_that_survives_its_redirect_is_accepted() {
    let server = Server::start(|seen| match seen.path() {
        "/items" => redirect(308, "/items/"),
        _ => guarded(seen),
    });
    let report = diagnose(&following(&server.url("/items"), &[KEY]));
    assert_eq!(
        (report.outcome, report.status),
        (Outcome::Accepted, Some(200))
    );
    assert!(report.causes.is_empty());
}

#[test]
fn a_redirect_out_of_tls_is_found_by_asking_its_target_over_tls() {
    let server = Server::start(|seen| {
        let host = seen.field("host").unwrap_or_default();
        match seen.path() {
            "/items" => redirect(301, &format!("http://{host}/items/")),
            _ => guarded(seen),
        }
    });
    let tls = front::start(server.address);
    let mut case = following(&format!("https://{tls}/items"), &[KEY]);
    case.transport.insecure = true;
    let report = diagnose(&case);
    assert_eq!(first(&report), "redirect-to-http");
    assert!(is_certain(&report));
    assert!(command(&report).contains(&format!("https://{tls}/items/")));
    assert_eq!(report.outcome, Outcome::Refused);
}

#[test]
fn a_redirect_to_the_very_same_address_is_a_lost_scheme() {
    let server = Server::start(|seen| {
        let host = seen.field("host").unwrap_or_default();
        redirect(301, &format!("https://{host}{}", seen.target))
    });
    let tls = front::start(server.address);
    let mut case = following(&format!("https://{tls}/items"), &[KEY]);
    case.transport.insecure = true;
    let report = diagnose(&case);
    assert_eq!(first(&report), "redirect-to-http");
    assert_eq!(report.probes.len(), 1);
}

/// An object store: it takes a signature in the query or `Authorization`, not both.
fn store(seen: &Seen) -> Reply {
    let is_signed = seen.target.contains("X-Amz-Signature=");
    match (is_signed, seen.field("authorization")) {
        (true, None) => Reply::ok(),
        (true, Some(_)) => Reply::new(400).saying("Only one auth mechanism allowed"),
        (false, _) => Reply::new(403),
    }
}

const SIGNED: &str = "/object?X-Amz-Credential=c&X-Amz-Signature=s";

#[test]
fn a_key_that_is_carried_to_a_signed_address_is_carried_too_far() {
    let target = Server::start(store);
    let server = redirecting(302, &target.url(SIGNED));
    let mut case = following(&server.url("/file"), &[KEY]);
    case.trusts_redirects = true;
    let report = diagnose(&case);
    assert_eq!(first(&report), "redirect-forwarded-credentials");
    assert!(
        target
            .seen()
            .iter()
            .all(|seen| seen.field("authorization").is_none())
    );

    let care = Care {
        follow_credentials: true,
        ..Care::default()
    };
    let report = diagnose_with(&case, care);
    assert_eq!(first(&report), "redirect-forwarded-credentials");
    assert!(is_certain(&report));

    case.trusts_redirects = false;
    assert_eq!(diagnose(&case).outcome, Outcome::Accepted);
}

#[test]
fn older_java_carries_it_too_far_as_well() {
    let target = Server::start(store);
    let server = redirecting(302, &target.url(SIGNED));
    let mut case = following(&server.url("/file"), &[KEY]);
    case.client = Client::Java;
    assert_eq!(first(&diagnose(&case)), "redirect-forwarded-credentials");
}

#[test]
fn a_key_that_the_redirect_repeats_does_not_go_to_another_host() {
    let target = Server::start(guarded);
    let server = redirecting(302, &target.url("/x?key=secret-key-1"));
    let case = following(&server.url("/x"), &[("X-Api-Key", "secret-key-1")]);
    diagnose(&case);
    assert!(target.seen().is_empty());
}

#[test]
fn a_redirect_to_a_metadata_service_is_not_followed() {
    let server = redirecting(302, "http://169.254.169.254/latest/meta-data/");
    let report = diagnose(&following(&server.url("/x"), &[KEY]));
    assert_eq!(report.probes.len(), 1);
}

#[test]
fn a_sign_in_page_is_a_refusal_in_disguise() {
    let server = Server::start(|seen| match seen.field("x-requested-with") {
        Some("XMLHttpRequest") => Reply::new(401),
        _ => redirect(302, "/Account/Login?ReturnUrl=%2Fapi%2Fitems"),
    });
    let report = diagnose(&get(&server.url("/api/items"), &[]));
    assert_eq!(first(&report), "refusal-disguised");
    assert!(is_certain(&report));
    assert_eq!(report.outcome, Outcome::Refused);
    assert!(server.seen().iter().all(|seen| seen.path() == "/api/items"));
}

#[test]
fn a_sign_in_elsewhere_is_a_refusal_in_disguise_too() {
    let server = redirecting(
        302,
        "https://login.microsoftonline.com/x/oauth2/authorize?client_id=1",
    );
    let report = diagnose(&get(&server.url("/api/items"), &[KEY]));
    assert_eq!(first(&report), "refusal-disguised");
    assert!(!is_certain(&report));
}

#[test]
fn a_path_below_auth_that_only_moves_is_no_sign_in() {
    let server = Server::start(|seen| match seen.path() {
        "/auth/check/" => redirect(301, "/auth/check"),
        _ => guarded(seen),
    });
    let mut case = get(&server.url("/auth/check/"), &[KEY]);
    case.client = Client::Dotnet;
    assert_eq!(first(&diagnose(&case)), "redirect-dropped-credentials");
}

#[test]
fn a_recorded_way_shows_what_was_left_behind() {
    let target = Server::start(guarded);
    let mut case = get(&target.url("/x/"), &[]);
    case.client = Client::Browser;
    case.answer = Some(Answer::new(401));
    let mut led = Answer::new(301);
    led.fields.add("Location", "/x/");
    case.before = vec![Exchange {
        request: get(&target.url("/x"), &[KEY]).request.unwrap(),
        answer: Some(led),
        recorded: Recorded::default(),
    }];
    let report = diagnose(&case);
    assert_eq!(first(&report), "redirect-dropped-credentials");
    assert!(is_certain(&report));
}

#[test]
fn a_recorded_way_from_another_host_does_not_lend_its_key() {
    let target = Server::start(guarded);
    let mut case = get(&target.url("/x"), &[]);
    case.answer = Some(Answer::new(401));
    let mut led = Answer::new(301);
    led.fields.add("Location", target.url("/x").as_str());
    case.before = vec![Exchange {
        request: get("http://front.example/x", &[KEY]).request.unwrap(),
        answer: Some(led),
        recorded: Recorded::default(),
    }];
    let report = diagnose(&case);
    assert_eq!(first(&report), "redirect-dropped-credentials");
    assert!(
        target
            .seen()
            .iter()
            .all(|seen| seen.field("authorization").is_none())
    );
}

#[test]
fn the_address_beside_the_refused_one_is_tried_once() {
    let server = Server::start(|seen| match seen.path() {
        "/items/" => guarded(seen),
        _ => Reply::new(403).saying("no route"),
    });
    let report = diagnose(&get(&server.url("/items"), &[KEY]));
    assert_eq!(first(&report), "url-wrong");
    assert!(is_certain(&report));
    assert!(command(&report).ends_with("/items/"));
}

#[test]
fn a_page_for_everything_that_is_not_found_proves_no_address() {
    let server = Server::start(|seen| match seen.path() {
        "/items" => guarded(seen),
        _ => Reply::ok().saying("<html>welcome</html>"),
    });
    let report = diagnose(&get(
        &server.url("/items"),
        &[("Authorization", "Bearer bad-key")],
    ));
    assert!(
        !report.causes.iter().any(|found| {
            found.cause.id() == "url-wrong" && found.confidence.word() == "certain"
        })
    );
}

#[test]
fn a_port_that_speaks_tls_is_asked_over_tls() {
    let server = Server::start(guarded);
    let tls = front::start(server.address);
    let mut case = get(&format!("http://{tls}/x"), &[KEY]);
    case.transport.insecure = true;
    let report = diagnose(&case);
    assert_eq!(first(&report), "redirect-to-http");
    assert!(is_certain(&report));
    assert!(
        command(&report).ends_with(&format!("https://{tls}/x")),
        "{}",
        command(&report)
    );
}

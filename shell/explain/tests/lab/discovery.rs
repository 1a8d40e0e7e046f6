//! Where a token would come from: registries' realms, and the walk of a client that has none.

use countersign_explain::{Case, Confidence, Report};
use serde_json::json;

use crate::stage::{Reply, Seen, Server, diagnose, first, get};

fn command(report: &Report) -> &str {
    report.causes[0].fix.command.as_deref().unwrap()
}

fn realm(url: &str) -> Reply {
    let challenge =
        format!("Bearer realm=\"{url}\",service=\"registry\",scope=\"repository:a/b:pull\"");
    Reply::new(401)
        .with("WWW-Authenticate", &challenge)
        .saying("{\"errors\":[{\"code\":\"UNAUTHORIZED\"}]}")
}

fn registry(auth: &str) -> Server {
    let realm_url = auth.to_owned();
    Server::start(move |seen| match seen.field("authorization") {
        Some("Bearer of-the-realm") => Reply::ok(),
        _ => realm(&realm_url),
    })
}

#[test]
fn cause_token_exchange_needed() {
    let auth = Server::start(|seen| {
        assert!(seen.field("authorization").is_none());
        match seen
            .target
            .contains("service=registry&scope=repository%3Aa%2Fb%3Apull")
        {
            true => Reply::ok().saying("{\"token\": \"of-the-realm\", \"expires_in\": 300}"),
            false => Reply::new(400),
        }
    });
    let registry = registry(&auth.url("/token"));
    let url = registry.url("/v2/a/b/manifests/latest");
    for fields in [
        &[][..],
        &[("Authorization", "Basic YWxpY2U6c2VjcmV0LXBhc3N3b3Jk")][..],
    ] {
        let report = diagnose(&get(&url, fields));
        assert_eq!(first(&report), "token-exchange-needed", "{report:#?}");
        assert_eq!(report.causes[0].confidence, Confidence::Certain);
        let command = command(&report);
        assert!(
            command.starts_with("TOKEN=$(curl -s ") && command.contains("Bearer $TOKEN"),
            "{command}"
        );
        assert!(!format!("{:?}", report.causes).contains("of-the-realm"));
    }
}

#[test]
fn the_command_for_a_registry_works() {
    let auth = Server::start(|_| {
        Reply::ok().saying("{\"token\":\"of-the-realm\",\"access_token\":\"x\"}")
    });
    let auth_pretty = Server::start(|_| {
        Reply::ok()
            .saying("{\n  \"access_token\" : \"of-the-realm\",\n  \"refresh_token\": \"y\"\n}")
    });
    for auth in [auth_pretty, auth] {
        let registry = registry(&auth.url("/token"));
        let report = diagnose(&get(&registry.url("/v2/a/b/manifests/latest"), &[]));
        if first(&report) != "token-exchange-needed" {
            panic!("{report:#?}");
        }
        let line = command(&report).to_owned();
        let done = std::process::Command::new("sh")
            .args(["-c", &line])
            .output()
            .unwrap();
        let said = String::from_utf8(done.stdout).unwrap();
        let last = registry.seen().last().cloned().unwrap();
        assert!(
            last.field("authorization")
                .is_some_and(|value| value.starts_with("Bearer ")),
            "{line}\n{said}"
        );
    }
}

#[test]
fn a_realm_at_the_registry_itself_gets_the_login() {
    let registry = Server::start(|seen| {
        let own = own(seen);
        match (seen.path(), seen.field("authorization")) {
            ("/token", Some("Basic YWxpY2U6c2VjcmV0LXBhc3N3b3Jk")) => {
                Reply::ok().saying("{\"token\":\"of-the-realm\"}")
            }
            ("/token", _) => Reply::new(401),
            (_, Some("Bearer of-the-realm")) => Reply::ok(),
            _ => realm(&format!("{own}/token")),
        }
    });
    let report = diagnose(&get(
        &registry.url("/v2/a/b/manifests/latest"),
        &[("Authorization", "Basic YWxpY2U6c2VjcmV0LXBhc3N3b3Jk")],
    ));
    assert_eq!(first(&report), "token-exchange-needed", "{report:#?}");
    assert_eq!(report.causes[0].confidence, Confidence::Certain);
    let line = command(&report).replace("$PASSWORD", "secret-password");
    let done = std::process::Command::new("sh")
        .args(["-c", &line])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(done.stdout).unwrap(), "{\"ok\":true}");
}

#[test]
fn a_realm_that_wants_a_login() {
    let auth = Server::start(|_| Reply::new(401).with("WWW-Authenticate", "Basic realm=\"x\""));
    let registry = registry(&auth.url("/token"));
    let report = diagnose(&get(
        &registry.url("/v2/a/b/manifests/latest"),
        &[("Authorization", "Basic YWxpY2U6c2VjcmV0LXBhc3N3b3Jk")],
    ));
    assert_eq!(first(&report), "token-exchange-needed", "{report:#?}");
    assert!(
        command(&report).contains("-u \"alice:$PASSWORD\""),
        "{report:#?}"
    );
    // The login goes to the registry alone.
    assert!(
        auth.seen()
            .iter()
            .all(|seen| seen.field("authorization").is_none())
    );
}

#[test]
fn a_realm_that_cannot_be_reached() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = format!("http://{}/token", listener.local_addr().unwrap());
    drop(listener);
    let registry = registry(&gone);
    let report = diagnose(&get(&registry.url("/v2/"), &[]));
    assert_eq!(first(&report), "discovery-missing", "{report:#?}");
}

fn mcp(server: &Server) -> Case {
    let mut case = get(
        &server.url("/mcp"),
        &[("Accept", "application/json, text/event-stream")],
    );
    let request = case.request.as_mut().unwrap();
    "POST".clone_into(&mut request.method);
    request.fields.add("Content-Type", "application/json");
    request.body = Some(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\"}".to_vec());
    case
}

fn own(seen: &Seen) -> String {
    format!("http://{}", seen.field("host").unwrap())
}

#[test]
fn cause_discovery_missing() {
    let server = Server::start(|seen| match seen.path() {
        "/mcp" => Reply::new(401).with("WWW-Authenticate", "Bearer error=\"invalid_token\""),
        _ => Reply::new(404),
    });
    let report = diagnose(&mcp(&server));
    assert_eq!(first(&report), "discovery-missing", "{report:#?}");
    assert!(report.probes.len() <= 5, "{report:#?}");
}

#[test]
fn an_empty_token_is_a_placeholder_before_all() {
    let server = Server::start(|seen| match seen.path() {
        "/mcp" => Reply::new(401).with("WWW-Authenticate", "Bearer"),
        _ => Reply::new(404),
    });
    let mut case = mcp(&server);
    case.request
        .as_mut()
        .unwrap()
        .fields
        .add("Authorization", "Bearer ");
    let report = diagnose(&case);
    assert_eq!(first(&report), "credentials-placeholder", "{report:#?}");
}

#[test]
fn metadata_that_are_named_and_are_not_there() {
    let server = Server::start(|seen| match seen.path() {
        "/mcp" => Reply::new(401).with(
            "WWW-Authenticate",
            &format!("Bearer resource_metadata=\"{}/gone\"", own(seen)),
        ),
        _ => Reply::new(404),
    });
    let report = diagnose(&mcp(&server));
    assert_eq!(first(&report), "discovery-missing", "{report:#?}");
}

fn resource(path: &'static str, name: &'static str) -> Server {
    Server::start(move |seen| {
        let own = own(seen);
        match seen.path() {
            "/mcp" => Reply::new(401).with(
                "WWW-Authenticate",
                &format!("Bearer resource_metadata=\"{own}/meta\""),
            ),
            "/meta" => {
                let resource = match name {
                    "" => format!("{own}{path}"),
                    name => format!("{name}{path}"),
                };
                Reply::ok().saying(
                    &json!({ "resource": resource, "authorization_servers": [own] }).to_string(),
                )
            }
            "/.well-known/oauth-authorization-server" => Reply::ok().saying(
                &json!({ "issuer": own, "token_endpoint": format!("{own}/token") }).to_string(),
            ),
            _ => Reply::new(404),
        }
    })
}

#[test]
fn cause_resource_indicator_mismatch() {
    let report = diagnose(&mcp(&resource("/mcp", "https://other.example")));
    assert_eq!(first(&report), "resource-indicator-mismatch", "{report:#?}");
}

#[test]
fn a_walk_that_arrives_blames_nobody_on_the_way() {
    let report = diagnose(&mcp(&resource("/mcp", "")));
    let found = |id: &str| report.causes.iter().any(|found| found.cause.id() == id);
    assert!(
        !found("discovery-missing") && !found("resource-indicator-mismatch"),
        "{report:#?}"
    );
}

#[test]
fn a_plain_api_without_discovery_lacks_nothing() {
    let server =
        Server::start(|_| Reply::new(401).with("WWW-Authenticate", "Bearer realm=\"orders\""));
    let report = diagnose(&get(&server.url("/orders"), &[]));
    let found = |id: &str| report.causes.iter().any(|found| found.cause.id() == id);
    assert!(!found("discovery-missing"), "{report:#?}");
    assert!(
        server
            .seen()
            .iter()
            .all(|seen| !seen.path().contains("well-known"))
    );
}

//! nginx in front of an application.

use std::path::Path;

use crate::program::{Program, htpasswd};
use crate::stage::{Reply, Server};
use crate::{carried_out, explain, told, told_for_certain};

fn nginx(location: &str) -> Program {
    Program::start(
        "nginx",
        |folder, port| {
            std::fs::write(folder.join("users"), htpasswd("alice", "opensesame")).unwrap();
            configuration(folder, port, location)
        },
        |folder, file| {
            [
                "-p",
                folder.to_str().unwrap(),
                "-c",
                file.to_str().unwrap(),
                "-e",
                "stderr",
            ]
            .map(str::to_owned)
            .to_vec()
        },
    )
}

fn configuration(folder: &Path, port: u16, location: &str) -> String {
    let folder = folder.display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|name| format!("    {name}_temp_path {folder}/{name};\n"))
        .collect();
    let location = location.replace("USERS", &format!("{folder}/users"));
    format!(
        "daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log stderr;\nevents {{ }}\nhttp {{\n    access_log off;\n{temporary}    server {{\n        listen 127.0.0.1:{port};\n        location / {{ {location} }}\n    }}\n}}\n"
    )
}

/// An application that wants a bearer token, and says when it sees none.
fn application() -> Server {
    Server::start(|seen| match seen.field("authorization") {
        Some("Bearer good-token-0123456789") => Reply::ok(),
        Some(value) if value.starts_with("Bearer ") => Reply::new(401)
            .with(
                "WWW-Authenticate",
                "Bearer realm=\"app\", error=\"invalid_token\"",
            )
            .saying("{\"error\":\"invalid token\"}"),
        _ => Reply::new(401)
            .with("WWW-Authenticate", "Bearer realm=\"app\"")
            .saying("{\"error\":\"missing bearer token\"}"),
    })
}

#[test]
fn basic_before_an_application_that_takes_bearer() {
    let application = application();
    let nginx = nginx(&format!(
        "auth_basic \"Restricted\"; auth_basic_user_file USERS; proxy_pass http://{};",
        application.address
    ));
    let report = explain(&format!(
        "curl {} -H 'Authorization: Bearer good-token-0123456789'",
        nginx.url("/api")
    ));
    told(&report, "auth-layers-collide");
    assert!(
        report.recognised.iter().any(|name| name.contains("nginx")),
        "{:?}",
        report.recognised
    );
    let report = explain(&format!("curl -u alice:opensesame {}", nginx.url("/api")));
    told(&report, "auth-layers-collide");
}

#[test]
fn authorization_taken_away() {
    let application = application();
    let nginx = nginx(&format!(
        "proxy_set_header Authorization \"\"; proxy_pass http://{};",
        application.address
    ));
    let report = explain(&format!(
        "curl {} -H 'Authorization: Bearer good-token-0123456789'",
        nginx.url("/api")
    ));
    told(&report, "proxy-stripped-credentials");
}

#[test]
fn a_name_with_an_underscore() {
    let application = Server::start(|seen| {
        // As a CGI application sees it: both names are HTTP_API_KEY.
        match seen.field("api_key").or(seen.field("api-key")) {
            Some("key-0123456789") => Reply::ok(),
            Some(_) => Reply::new(401).saying("{\"error\":\"unknown key\"}"),
            None => Reply::new(401).saying("{\"error\":\"no key\"}"),
        }
    });
    let nginx = nginx(&format!("proxy_pass http://{};", application.address));
    let report = explain(&format!(
        "curl {} -H 'api_key: key-0123456789'",
        nginx.url("/")
    ));
    told_for_certain(&report, "header-name-dropped");
    assert_eq!(
        carried_out(&report, &[("API_KEY", "key-0123456789")]),
        "200"
    );
}

#[test]
fn a_wrong_password() {
    let nginx = nginx("auth_basic \"Restricted\"; auth_basic_user_file USERS; root /nonexistent;");
    let report = explain(&format!("curl -u alice:wrong {}", nginx.url("/")));
    told(&report, "credentials-rejected");
    assert_ne!(
        report.causes[0].confidence,
        countersign_explain::Confidence::Certain
    );
    assert!(report.question.is_some());
}

#[test]
fn cookies_beyond_its_buffers() {
    let application = application();
    let nginx = nginx(&format!("proxy_pass http://{};", application.address));
    let cookie = "x".repeat(40_000);
    let report = explain(&format!("curl {} -b 'a={cookie}'", nginx.url("/")));
    told(&report, "header-too-large");
}

#[test]
fn a_redirect_to_the_name_without_tls() {
    let application = application();
    let nginx = nginx(&format!(
        "if ($request_uri = /old) {{ return 301 /new; }} proxy_pass http://{};",
        application.address
    ));
    let report = explain(&format!(
        "curl -L {} -H 'Authorization: Bearer good-token-0123456789'",
        nginx.url("/old")
    ));
    assert_eq!(
        report.exit_code(),
        0,
        "curl keeps it on the same host: {report:#?}"
    );
}

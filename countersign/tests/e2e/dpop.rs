//! Tokens that are bound to a key (RFC 9449), from oidc-provider, shown by Node with proofs that `jose` signs.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::credentials::AUDIENCE;
use crate::gateway::Gateway;
use crate::token_server::TokenServer;
use crate::upstream;

/// What came of each request of the client, by its name.
type Seen = HashMap<String, Value>;

/// Runs the client against a gateway that checks this issuer's tokens like that.
fn run(issuer: &TokenServer, checked: &str, dpop: &str, plan: &Value) -> Seen {
    let folder = tempfile::tempdir().unwrap();
    let application = upstream::start();
    std::fs::write(folder.path().join("client.secret"), issuer.secret()).unwrap();
    let identifier = issuer.identifier();
    let configuration = format!(
        r#"realm = "test"

[server]
listen = ["127.0.0.1:0"]
workers = 2

[dpop]
{dpop}

[issuer.test]
issuer = "{identifier}"
audience = "{AUDIENCE}"
allow_http = true
subject_claim = "client_id"
required_claims = ["client_id"]
{checked}

[upstream.app]
url = "http://{application}"

[[route]]
name = "notes"
path = "/notes/**"
upstream = "app"
accept = ["bearer", "dpop"]
allow = {{ scopes = ["orders:read"] }}
"#
    );
    let gateway = Gateway::start(folder.path(), &configuration);
    let mut plan = plan.clone();
    plan["issuer"] = json!(identifier);
    plan["secret"] = json!(issuer.secret());
    plan["resource"] = json!(format!("http://{}", gateway.address()));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/e2e/node/with_dpop.mjs");
    let mut child = Command::new("node")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap_or_else(|error| panic!("`node` does not start: {error}; ./test installs it"));
    let mut input = child.stdin.take().unwrap();
    input.write_all(plan.to_string().as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let lines = String::from_utf8(output.stdout).unwrap();
    lines
        .lines()
        .map(|line| {
            let seen: Value = serde_json::from_str(line).unwrap();
            (seen["what"].as_str().unwrap().to_owned(), seen)
        })
        .collect()
}

fn assert_passed(seen: &Value) {
    assert_eq!(seen["status"], 200, "{seen}");
    let told: Value = serde_json::from_str(seen["body"].as_str().unwrap()).unwrap();
    assert_eq!(told["fields"]["x-auth-user"][0], "job");
    assert_eq!(told["fields"]["x-auth-scheme"][0], "dpop");
    for kept_back in ["authorization", "dpop"] {
        assert_eq!(told["fields"][kept_back], Value::Null, "{kept_back}");
    }
}

/// Everything that the client tries is told apart, by status, cause, and the error of the challenge.
fn assert_told_apart(seen: &Seen) {
    assert_eq!(seen["token"]["token_type"], "DPoP");
    assert_passed(&seen["once"]);
    for (what, error) in [
        ("twice", "invalid_dpop_proof"),
        ("method", "invalid_dpop_proof"),
        ("address", "invalid_dpop_proof"),
        ("stranger", "invalid_token"),
        ("unproved", "invalid_dpop_proof"),
        ("bearer", "invalid_token"),
    ] {
        let seen = &seen[what];
        assert_eq!(seen["status"], 401, "{what}: {seen}");
        assert_eq!(seen["cause"], "sender-constraint-failed", "{what}: {seen}");
        let challenges = seen["challenges"].as_str().unwrap();
        assert!(
            challenges.contains(&format!("error=\"{error}\"")),
            "{what}: {seen}"
        );
        assert!(challenges.contains("algs=\"ES256 EdDSA RS256 PS256\""));
    }
}

#[test]
fn a_jwt_that_is_bound_to_a_key_passes_with_its_proof_alone() {
    let issuer = TokenServer::start();
    for algorithm in ["ES256", "EdDSA"] {
        let plan = json!({ "audience": AUDIENCE, "algorithm": algorithm });
        let seen = run(&issuer, "keys = { discovery = true }", "", &plan);
        assert_passed(&seen["first"]);
        assert_told_apart(&seen);
    }
}

#[test]
fn an_opaque_token_is_bound_by_what_its_issuer_says_of_it() {
    let issuer = TokenServer::start();
    let introspection = "introspection = { client_id = \"gateway\", secret_file = \"client.secret\", audience_optional = true }";
    let plan = json!({ "algorithm": "ES256" });
    let seen = run(&issuer, introspection, "", &plan);
    assert_passed(&seen["first"]);
    assert_told_apart(&seen);
}

#[test]
fn a_client_learns_the_nonce_and_comes_again() {
    let issuer = TokenServer::start();
    let plan = json!({ "audience": AUDIENCE, "algorithm": "ES256" });
    let seen = run(
        &issuer,
        "keys = { discovery = true }",
        "nonce = \"required\"",
        &plan,
    );
    let first = &seen["first"];
    assert_eq!(first["status"], 401, "{first}");
    assert_eq!(first["cause"], "sender-constraint-failed");
    assert_passed(&seen["again"]);
    assert_told_apart(&seen);
}

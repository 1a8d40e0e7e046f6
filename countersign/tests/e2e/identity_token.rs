//! The identity as a signed token, verified by an application with Node's `jose` and the keys that are published.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::clients::process::output;
use crate::clients::program;
use crate::gateway::Gateway;
use crate::{credentials, exchange, upstream};

const ISSUER: &str = "https://gateway.test.invalid";

fn configuration() -> String {
    let application = upstream::start();
    format!(
        r#"realm = "test"
[server]
listen = ["127.0.0.1:0"]
workers = 1
[store]
path = "store.db"
[api_key]
header = "X-API-Key"
[identity.token]
keys_file = "keys.json"
issuer = "{ISSUER}"
[upstream.app]
url = "http://{application}"
token_audience = "https://app.test.invalid"
[upstream.other]
url = "http://{application}"
token_audience = "https://other.test.invalid"
[upstream.plain]
url = "http://{application}"
[[route]]
name = "other"
path = "/other"
upstream = "other"
accept = ["api-key"]
allow = {{ identity = true }}
[[route]]
name = "plain"
path = "/plain"
upstream = "plain"
accept = ["api-key"]
allow = {{ identity = true }}
[[route]]
name = "public"
path = "/public"
upstream = "app"
allow = "anyone"
[[route]]
name = "notes"
path = "/notes"
upstream = "app"
accept = ["api-key"]
allow = {{ identity = true }}
"#
    )
}

fn make_key(folder: &Path, more: &[&str]) {
    let made = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(["identity-key", "keys.json"])
        .args(more)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
}

/// What the application has got under the header, which a client sends in two spellings as well.
fn assertions(gateway: &Gateway, path: &str, key: &str) -> Vec<String> {
    let fields = [
        ("X-API-Key", key),
        ("X-Auth-Assertion", "forged"),
        ("X_Auth_Assertion", "forged"),
    ];
    let answer = exchange::get(gateway.address(), path, &fields);
    assert_eq!(answer.status, 200, "{answer:?}");
    let seen: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(seen["fields"].get("x_auth_assertion"), None);
    let values = seen["fields"]["x-auth-assertion"].as_array();
    let values = values.into_iter().flatten();
    values.map(|one| one.as_str().unwrap().to_owned()).collect()
}

fn verified(gateway: &Gateway, folder: &Path, tokens: &[&str]) -> Vec<Value> {
    let plan = json!({
        "keys_url": gateway.url("/.countersign/jwks.json"),
        "issuer": ISSUER,
        "audience": "https://app.test.invalid",
        "tokens": tokens,
    });
    let mut command = program::node("node/assertions.mjs");
    let seen = output("jose", &mut command, folder, &plan.to_string());
    serde_json::from_str(&seen).unwrap()
}

#[test]
fn an_application_verifies_who_asks_by_the_published_keys() {
    let folder = tempfile::tempdir().unwrap();
    make_key(folder.path(), &["--algorithm", "ES256"]);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let key = runtime.block_on(credentials::fill(&folder.path().join("store.db")));
    let mut gateway = Gateway::start(folder.path(), &configuration());
    let first = assertions(&gateway, "/notes", key.expose());
    assert_eq!(first.len(), 1);
    let other = assertions(&gateway, "/other", key.expose());
    assert_eq!(other.len(), 1);
    assert!(assertions(&gateway, "/plain", key.expose()).is_empty());
    assert!(assertions(&gateway, "/public", key.expose()).is_empty());
    let mut forged = first[0].clone();
    let end = forged.pop().unwrap();
    forged.insert(forged.len() - 4, end);
    let seen = verified(&gateway, folder.path(), &[&first[0], &other[0], &forged]);
    assert_eq!(seen[0]["header"]["alg"], "ES256", "{seen:?}");
    let claims = &seen[0]["claims"];
    let now = credentials::now_unix_secs();
    let (begun, ends) = (
        claims["iat"].as_i64().unwrap(),
        claims["exp"].as_i64().unwrap(),
    );
    assert!((now - 30..=now).contains(&begun) && ends == begun + 60);
    let expected = json!({
        "iss": ISSUER, "aud": "https://app.test.invalid", "sub": "alice", "groups": ["staff"], "scope": "",
        "scheme": "api-key", "iat": begun, "exp": ends,
    });
    assert_eq!(*claims, expected);
    assert_eq!(seen[1]["error"], "ERR_JWT_CLAIM_VALIDATION_FAILED");
    assert_eq!(seen[2]["error"], "ERR_JWS_SIGNATURE_VERIFICATION_FAILED");
    // The key is replaced: what was signed before is still verified, and so is what comes after.
    make_key(folder.path(), &["--ahead-secs", "0"]);
    gateway.reload();
    gateway.wait_for(|event| event["event"] == "reloaded");
    let second = assertions(&gateway, "/notes", key.expose());
    let seen = verified(&gateway, folder.path(), &[&first[0], &second[0]]);
    assert_eq!(seen[0]["header"]["alg"], "ES256", "{seen:?}");
    assert_eq!(seen[1]["header"]["alg"], "EdDSA", "{seen:?}");
    assert_eq!(seen[1]["claims"]["sub"], "alice");
}

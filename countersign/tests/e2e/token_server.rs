//! A real issuer of opaque tokens and of tokens that are bound to keys: oidc-provider, as `tests/e2e/node/tokens.mjs` has it.
//!
//! Knows: its process, and its endpoints as curl asks them. Does not know the gateway.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::credentials::AUDIENCE;

const NODE_MODULES: &str = "COUNTERSIGN_TEST_NODE_MODULES";

/// The issuer's process. It is ended when this is dropped.
pub(crate) struct TokenServer {
    child: Child,
    told: Value,
}

impl TokenServer {
    pub(crate) fn start() -> Self {
        let modules = std::env::var_os(NODE_MODULES)
            .unwrap_or_else(|| panic!("{NODE_MODULES} is not set; ./test installs and sets it"));
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/e2e/node");
        let mut child = Command::new("node")
            .arg(folder.join("tokens.mjs"))
            .arg(json!({ "audience": AUDIENCE }).to_string())
            .env(NODE_MODULES, modules)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("`node` does not start: {error}; ./test installs it"));
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let told = serde_json::from_str(&line)
            .unwrap_or_else(|error| panic!("tokens.mjs ended without a result: {error}: {line}"));
        Self { child, told }
    }

    /// Its identifier, which is also its address.
    pub(crate) fn identifier(&self) -> &str {
        self.told["issuer"].as_str().unwrap()
    }

    /// The secret of all of its clients.
    pub(crate) fn secret(&self) -> &str {
        self.told["secret"].as_str().unwrap()
    }

    /// A token of the client `job`: opaque, or a JWT where a resource is asked for.
    pub(crate) fn token(&self, more: &[&str]) -> String {
        let answer = self.post(
            "token",
            "grant_type=client_credentials&scope=orders:read",
            more,
        );
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let token = answer["access_token"].as_str();
        token.unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    pub(crate) fn revoke(&self, token: &str) {
        let answer = self.post("token/revocation", &format!("token={token}"), &[]);
        assert_eq!(answer, "");
    }

    fn post(&self, endpoint: &str, form: &str, more: &[&str]) -> String {
        let output = Command::new("curl")
            .args(["-sS", "-u", &format!("job:{}", self.secret())])
            .args(["-d", form])
            .args(more)
            .arg(format!("{}/{endpoint}", self.identifier()))
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for TokenServer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! People who sign in at Chromium through two real providers: oidc-provider, as `tests/e2e/node/provider.mjs` has it.
//! Pictures of the pages are left with the tests' output.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::process::output;
use super::program;
use super::sessions::certify;
use crate::credentials::{self, USER};
use crate::gateway::Gateway;
use crate::upstream;

/// Somebody whom the gateway does not know before.
const OTHER: &str = "carol";

/// A provider's process. It is ended when this is dropped.
struct Provider {
    child: Child,
    told: Value,
}

impl Provider {
    fn start(name: &str, method: &str, origin: &str) -> Self {
        let plan = json!({
            "name": name,
            "method": method,
            "signed_out_uri": format!("{origin}/.countersign/sign-out"),
            "redirect_uri": format!("{origin}/.countersign/sign-in/provider/{name}/callback"),
        });
        let mut child = program::script("node", "node/provider.mjs")
            .arg(plan.to_string())
            .env(
                program::NODE_MODULES,
                program::variable(program::NODE_MODULES),
            )
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("`node` does not start: {error}; ./test installs it"));
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let told = serde_json::from_str(&line)
            .unwrap_or_else(|error| panic!("provider.mjs ended without a result: {error}: {line}"));
        Self { child, told }
    }

    fn issuer(&self) -> &str {
        self.told["issuer"].as_str().unwrap()
    }

    fn keep_secret(&self, folder: &Path, name: &str) {
        let secret = self.told["secret"].as_str().unwrap();
        std::fs::write(folder.join(name), format!("{secret}\n")).unwrap();
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn people_sign_in_with_chromium_through_two_providers() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(credentials::fill(&folder.path().join("store.db")));
    certify(folder.path());
    let application = upstream::start();
    // The providers have to know the address before the gateway has it.
    let address = free_address();
    let origin = format!("https://{address}");
    let corp = Provider::start("corp", "client_secret_basic", &origin);
    let partner = Provider::start("partner", "client_secret_post", &origin);
    corp.keep_secret(folder.path(), "corp.secret");
    partner.keep_secret(folder.path(), "partner.secret");
    let text = configuration(
        &address,
        &application.to_string(),
        [corp.issuer(), partner.issuer()],
    );
    let mut gateway = Gateway::start(folder.path(), &text);
    looked_at_alive(folder.path());
    let seen = drive(&origin, folder.path());

    let buttons = json!(["Sign in with Example Corp", "Sign in with partner"]);
    assert_eq!(seen["form"]["buttons"], buttons);
    assert_eq!(seen["form"]["passwords"], 1);
    assert_eq!(seen["provider_page"], false);
    assert_eq!(seen["back"]["path"], "/app/start?x=1");
    let fields = |page: &str| seen[page]["application"]["fields"].clone();
    assert_eq!(fields("back")["x-auth-user"], json!([USER]));
    assert_eq!(fields("back")["x-auth-scheme"], json!(["session"]));
    // Cookies know no ports: those of the providers come along here, and ours do not go on.
    assert!(!fields("back")["cookie"].to_string().contains("countersign"));
    assert_eq!(seen["script_cookies"], "");
    let cookies = json!(["__Host-countersign", "__Host-countersign-form"]);
    assert_eq!(seen["cookies"], cookies);
    assert_eq!(seen["account"]["heading"], "Your account");
    assert_eq!(seen["vault"]["path"], "/vault/first");
    assert_eq!(fields("vault")["x-auth-user"], json!([USER]));
    assert_eq!(seen["asked_again"], 1);
    assert_eq!(seen["vault_again"]["path"], "/vault/again");
    assert_eq!(
        seen["out"]["notices"],
        json!(["You may still be signed in at Example Corp."])
    );
    assert_eq!(seen["out"]["buttons"], json!(["Sign out at Example Corp"]));
    assert_eq!(seen["at_the_provider"], false);
    assert_eq!(seen["out_there"]["path"], "/.countersign/sign-out");
    assert_eq!(seen["out_there"]["heading"], "You are signed out");
    assert_eq!(seen["signed_out"]["buttons"], buttons);
    let notice = |page: &str, words: &str| {
        let notice = seen[page]["notices"][0].as_str().unwrap();
        assert!(notice.contains(words), "{page}: {notice}");
        assert_eq!(seen[page]["buttons"], buttons, "{page}");
    };
    notice("refused", "The sign-in service did not sign you in.");
    notice("stale", "Please start again.");
    assert_eq!(seen["made"]["path"], "/app/start?x=1");
    assert_eq!(fields("made")["x-auth-user"], json!([OTHER]));
    // The refusals are meant, and the provider's own form gets a browser's advice.
    let meant = ["Failed to load resource", "verbose: [DOM]"];
    let fault = |line: &&Value| {
        let line = line.as_str().unwrap();
        !meant.iter().any(|words| line.contains(words))
    };
    let lines = seen["console_lines"].as_array().unwrap();
    assert_eq!(lines.iter().find(fault), None);

    let linked = gateway.wait_for(|event| event["event"] == "account-linked");
    assert_eq!(
        (&linked["user"], &linked["made"]),
        (&json!(USER), &json!(false))
    );
    let made = gateway.wait_for(|event| event["event"] == "account-linked");
    assert_eq!(
        (&made["user"], &made["made"]),
        (&json!(OTHER), &json!(true))
    );
    let refused = gateway.wait_for(|event| event["cause"] == "provider-refused");
    assert_eq!(refused["provider"], "partner");
}

/// A port that nobody has at this moment.
fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

/// `check --live` asks both of them.
fn looked_at_alive(folder: &Path) {
    let output = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(["check", "--live", "--config"])
        .arg(folder.join("countersign.toml"))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    for name in ["corp", "partner"] {
        let line = format!("ok       provider `{name}`: its metadata and keys can be fetched");
        assert!(text.contains(&line), "{text}");
    }
}

fn drive(origin: &str, folder: &Path) -> Value {
    let screenshots = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
    std::fs::create_dir_all(&screenshots).unwrap();
    let plan = json!({
        "url": origin,
        "program": program::path_text(&program::find("chromium")),
        "profile": program::path_text(&folder.join("profile-providers")),
        "screenshots": program::path_text(&screenshots),
        "user": USER,
        "other": OTHER,
    });
    let mut command = program::script("node", "node/sign_in_with_provider.mjs");
    command.env(
        program::NODE_MODULES,
        program::variable(program::NODE_MODULES),
    );
    let output = output("Chromium", &mut command, folder, &plan.to_string());
    serde_json::from_str(&output).unwrap()
}

fn configuration(address: &str, application: &str, [corp, partner]: [&str; 2]) -> String {
    format!(
        r#"
realm = "example"
[server]
listen = ["{address}"]
public_url = "https://{address}"
workers = 2
tls = {{ certificate = "cert.pem", key = "key.pem" }}
[store]
path = "store.db"
[provider.corp]
issuer = "{corp}"
client_id = "gateway"
secret_file = "corp.secret"
label = "Example Corp"
sign_out = true
first_sign_in = "link"
allow_http = true
[provider.partner]
issuer = "{partner}"
client_id = "gateway"
authentication = "post"
secret_file = "partner.secret"
first_sign_in = "create"
allowed_email_domains = ["partner.example"]
allow_http = true
[upstream.app]
url = "http://{application}"
[[route]]
name = "app"
path = "/app/**"
upstream = "app"
accept = ["session"]
allow = {{ identity = true }}
[[route]]
name = "vault"
path = "/vault/**"
upstream = "app"
accept = ["session"]
allow = {{ sign_in_age_max_secs = 600 }}
"#
    )
}

//! A person at Chromium, which has an authenticator of its own: a passkey is added, used alone and after the password, and
//! removed. On `localhost`, where browsers have passkeys without TLS. Pictures of every page are left with the tests' output.

use std::path::Path;

use serde_json::{Value, json};

use super::process::output;
use super::program;
use crate::credentials::{self, PASSWORD, USER};
use crate::gateway::Gateway;
use crate::upstream;

/// WCAG 2.2, success criterion 1.4.3: contrast (minimum), level AA.
const CONTRAST_MIN: f64 = 4.5;

#[test]
fn a_person_adds_uses_and_removes_passkeys_with_chromium() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(credentials::fill(&folder.path().join("store.db")));
    let application = upstream::start();
    let mut gateway = Gateway::start(folder.path(), &configuration(&application.to_string()));
    let seen = drive(&gateway, folder.path());

    its_pages(&seen);
    its_adding(&seen);
    its_signing_in(&seen);
    its_attacks(&seen);
    its_removal(&seen);
    let lines = seen["console_lines"].as_array().unwrap();
    // What the browser says of refusals, and of the script that the test itself holds back.
    let fault = |line: &&Value| !line.as_str().unwrap().contains("Failed to load resource");
    assert_eq!(lines.iter().find(fault), None);

    gateway.wait_for(|event| event["event"] == "passkey-added" && event["user"] == json!(USER));
    for detail in [
        "the page that asked is of another origin",
        "the authenticator counts lower than before, so that there may be two of it",
        "nobody has this passkey",
    ] {
        gateway.wait_for(|event| event["event"] == "sign-in-refused" && event["detail"] == detail);
    }
    gateway.wait_for(|event| event["event"] == "passkey-removed");
}

fn its_pages(seen: &Value) {
    for (page, heading, lang) in [
        ("form", "Sign in to example", "en"),
        ("account_before", "Your account", "en"),
        ("set_up", "Add a passkey", "en"),
        ("recovery", "Recovery codes", "en"),
        ("account", "Your account", "en"),
        ("unverified", "Sign in to example", "en"),
        ("second", "Second factor", "en"),
        ("elsewhere", "Zweiter Faktor", "de"),
        ("two", "Ihr Konto", "de"),
        ("wrong_origin", "Sign in to example", "en"),
        ("removed", "Your account", "en"),
        ("removed_last", "Your account", "en"),
    ] {
        let shown = &seen[page];
        assert_eq!(
            (&shown["heading"], &shown["lang"]),
            (&json!(heading), &json!(lang)),
            "{page}"
        );
        let contrast = shown["contrast"].as_f64().unwrap();
        assert!(contrast >= CONTRAST_MIN, "{page}: {contrast}");
        for label in shown["fields"].as_array().unwrap() {
            assert!(
                label.as_str().is_some_and(|label| !label.is_empty()),
                "{page}"
            );
        }
        let buttons = shown["buttons"].as_array().unwrap();
        for (at, button) in buttons.iter().enumerate() {
            let twin = buttons.iter().take(at).any(|other| other == button);
            assert!(button != "" && !twin, "{page}: {buttons:?}");
        }
    }
}

fn its_adding(seen: &Value) {
    assert_eq!(seen["set_up"]["focus"], "Create the passkey");
    assert_eq!(seen["recovery_count"], 10);
    assert_eq!(seen["new_session"], true);
    let credentials = json!([{ "isResidentCredential": true, "rpId": "localhost" }]);
    assert_eq!(seen["credentials"], credentials);
    assert_eq!(seen["two_names"], json!(["Laptop <1>", "Telefon"]));
    let added = json!(["Der Passkey ist hinzugefügt. Alle anderen Sitzungen sind beendet."]);
    assert_eq!(seen["two"]["notices"], added);
}

fn its_signing_in(seen: &Value) {
    assert_eq!(seen["alone"], json!([USER]));
    assert_eq!(seen["second_factor_met"], "/second/page");
    let failed = json!(["No passkey was used. Please try again."]);
    assert_eq!(seen["unverified"]["notices"], failed);
    assert_eq!(seen["unverified_session"], Value::Null);
    assert_eq!(seen["second"]["focus"], "Use a passkey");
    assert_eq!(seen["second_session"], Value::Null);
    assert_eq!(seen["second_back"], "/app/start?x=3");
    assert_eq!(seen["recovery_back"], "/app/start?x=4");
    let no_script = seen["no_script"].as_str().unwrap();
    assert!(
        no_script.contains("Passkeys need JavaScript"),
        "{no_script}"
    );
    assert_eq!(seen["no_script_way"], "/.countersign/sign-in?return=/app/x");
}

fn its_attacks(seen: &Value) {
    let rejected = json!(["The passkey was not taken. Please try again, or sign in another way."]);
    assert_eq!(seen["wrong_origin"]["notices"], rejected);
    assert_eq!(seen["wrong_origin_session"], Value::Null);
    assert_eq!(seen["right_origin_session"], true);
    let replayed = json!({ "notices": rejected, "session": null });
    assert_eq!(seen["replayed"], replayed);
    assert_eq!(seen["address_offers"], 0);
}

fn its_removal(seen: &Value) {
    let removed = json!(["The passkey is removed. All other sessions have ended."]);
    assert_eq!(seen["removed"]["notices"], removed);
    assert_eq!(seen["removed_last"]["notices"], removed);
    assert_eq!(seen["removed_session"], true);
    assert_eq!(seen["password_alone"], "/app/start?x=5");
    assert_eq!(
        seen["second_factor_missed"],
        "/.countersign/account?done=second-factor-demanded"
    );
    assert_eq!(
        seen["gone"],
        json!(["The passkey was not taken. Please try again, or sign in another way."])
    );
}

/// The browser is told where both origins are: the gateway has to know its own before it has a port.
fn drive(gateway: &Gateway, folder: &Path) -> Value {
    let screenshots = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
    std::fs::create_dir_all(&screenshots).unwrap();
    let address = gateway.address();
    let plan = json!({
        "url": "http://localhost",
        "other": "http://localhost:81",
        "address": format!("http://{address}"),
        "rules": format!("MAP localhost:80 {address}, MAP localhost:81 {address}"),
        "program": program::path_text(&program::find("chromium")),
        "profile": program::path_text(&folder.join("profile-passkeys")),
        "screenshots": program::path_text(&screenshots),
        "user": USER,
        "password": PASSWORD,
    });
    let mut command = program::script("node", "node/passkeys.mjs");
    command.env(
        program::NODE_MODULES,
        program::variable(program::NODE_MODULES),
    );
    let output = output("Chromium", &mut command, folder, &plan.to_string());
    serde_json::from_str(&output).unwrap()
}

fn configuration(application: &str) -> String {
    format!(
        r#"
realm = "example"
[server]
listen = ["127.0.0.1:0"]
workers = 2
[store]
path = "store.db"
[session]
plain_http = true
[session.passkeys]
rp_id = "localhost"
origins = "http://localhost"
[upstream.app]
url = "http://{application}"
[[route]]
name = "public"
path = "/public/**"
upstream = "app"
allow = "anyone"
[[route]]
name = "second"
path = "/second/**"
upstream = "app"
accept = ["session"]
allow = {{ groups = ["staff"], second_factor = true }}
[[route]]
name = "app"
path = "/app/**"
upstream = "app"
accept = ["session"]
allow = {{ groups = ["staff"] }}
"#
    )
}

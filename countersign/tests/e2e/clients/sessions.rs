//! A person at Chromium: signs in, comes back, looks after the account, signs out. Over TLS, as browsers keep `__Host-`
//! cookies over nothing else. Pictures of every page are left with the tests' output.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::process::output;
use super::program;
use crate::credentials::{self, PASSWORD, USER};
use crate::gateway::Gateway;
use crate::upstream;

const NEXT_PASSWORD: &str = "another: horse battery";

/// WCAG 2.2, success criterion 1.4.3: contrast (minimum), level AA.
const CONTRAST_MIN: f64 = 4.5;

#[test]
fn a_person_signs_in_with_chromium_looks_after_the_account_and_signs_out() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(credentials::fill(&folder.path().join("store.db")));
    certify(folder.path());
    let application = upstream::start();
    let mut gateway = Gateway::start(folder.path(), &configuration(&application.to_string()));
    let seen = drive(
        &gateway,
        &format!("http://{application}/public/page"),
        folder.path(),
    );

    its_way_back_and_its_cookie(&seen);
    its_pages(&seen);
    its_account(&seen);
    its_keys(&seen);
    its_second_factor(&seen);
    let lines = seen["console_lines"].as_array().unwrap();
    // What the browser says of the refusals that scripts asked for; nothing of blocked resources or scripts.
    let fault = |line: &&Value| !line.as_str().unwrap().contains("Failed to load resource");
    assert_eq!(lines.iter().find(fault), None);

    let signed_in = gateway.wait_for(|event| event["event"] == "signed-in");
    assert_eq!(
        (&signed_in["user"], &signed_in["peer"]),
        (&json!(USER), &json!("127.0.0.1"))
    );
    gateway.wait_for(|event| event["event"] == "password-changed");
    gateway.wait_for(|event| event["event"] == "own-key-made" && event["user"] == json!(USER));
    gateway.wait_for(|event| event["event"] == "second-factor-set");
    gateway.wait_for(|event| {
        event["event"] == "sign-in-refused"
            && event["detail"] == "the code of the second factor was used before"
    });
}

fn its_way_back_and_its_cookie(seen: &Value) {
    assert_eq!(
        seen["form"]["path"],
        "/.countersign/sign-in?why=credentials-missing&return=/app/start%3Fx%3D1"
    );
    let refused = json!({ "status": 401, "redirected": false, "cause": "credentials-missing" });
    assert_eq!(seen["data_before"], refused);
    assert_eq!(seen["back"]["path"], "/app/start?x=1");
    let fields = &seen["back"]["application"]["fields"];
    assert_eq!(fields["x-auth-user"], json!([USER]));
    assert_eq!(fields["x-auth-scheme"], json!(["session"]));
    assert_eq!(fields["cookie"], Value::Null);
    assert_eq!(seen["data_after"]["status"], 200);
    assert_eq!(seen["script_cookies"], "");
    let cookies = seen["cookies"].as_array().unwrap();
    let names: Vec<&Value> = cookies.iter().map(|cookie| &cookie["name"]).collect();
    assert_eq!(names.len(), 2, "{cookies:?}");
    for cookie in cookies {
        let name = cookie["name"].as_str().unwrap();
        assert!(["__Host-countersign", "__Host-countersign-form"].contains(&name));
        let expected = json!({
            "name": name, "domain": "127.0.0.1", "path": "/", "expires": -1,
            "httpOnly": true, "secure": true, "sameSite": "Lax",
        });
        assert_eq!(*cookie, expected);
    }
}

fn its_pages(seen: &Value) {
    for (page, heading, lang) in [
        ("form", "Sign in to example", "en"),
        ("rejected", "Sign in to example", "en"),
        ("lost_before", "Anmelden bei example", "de"),
        ("lost_after", "Sie sind angemeldet", "de"),
        ("account", "Your account", "en"),
        ("ended", "Your account", "en"),
        ("changed", "Your account", "en"),
        ("again", "", ""),
        ("signed_out", "You are signed out", "en"),
        ("form_again", "Sign in to example", "en"),
        ("keys_before", "Your account", "en"),
        ("key_made", "Your new API key", "en"),
        ("keys", "Your account", "en"),
        ("key_revoked", "Your account", "en"),
        ("set_up", "Your authenticator app", "en"),
        ("recovery", "Recovery codes", "en"),
        ("with_factor", "Your account", "en"),
        ("code_asked", "Zweiter Faktor", "de"),
        ("code_replayed", "Zweiter Faktor", "de"),
    ] {
        let shown = if page == "again" {
            &seen["other_again"]
        } else {
            &seen[page]
        };
        if page != "again" {
            assert_eq!(
                (&shown["heading"], &shown["lang"]),
                (&json!(heading), &json!(lang)),
                "{page}"
            );
        }
        assert_eq!(shown["styled"], true, "{page}");
        let contrast = shown["contrast"].as_f64().unwrap();
        assert!(contrast >= CONTRAST_MIN, "{page}: {contrast}");
        for field in shown["fields"].as_array().unwrap() {
            assert!(
                field["label"]
                    .as_str()
                    .is_some_and(|label| !label.is_empty()),
                "{page}: {field}"
            );
            // HTML has `autocomplete` for what is typed.
            if field["type"] != "checkbox" {
                assert_ne!(field["autocomplete"], "", "{page}: {field}");
            }
        }
    }
    assert_eq!(seen["form"]["focus"], "user");
    assert_eq!(seen["form"]["notices"], json!([]));
    assert_eq!(seen["rejected"]["focus"], "password");
    assert_eq!(
        seen["rejected"]["notices"],
        json!(["User name and password do not fit, or the account may not sign in."])
    );
}

fn its_account(seen: &Value) {
    let lost = |page: &str, words: &str| {
        let notice = seen[page]["notices"][0].as_str().unwrap();
        assert!(notice.contains(words), "{notice}");
    };
    lost("lost_before", "ist nicht angekommen. Sichern Sie");
    lost("lost_after", "Bitte schicken Sie es noch einmal ab");
    assert_eq!(seen["lost_back"], "/public/page");
    assert_eq!(seen["other_before"]["status"], 200);

    let sessions = seen["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 2, "{sessions:?}");
    for session in sessions {
        let text = session.as_str().unwrap();
        assert!(
            text.contains("Chrome, Linux") && text.contains("From 127.0.0.1"),
            "{text}"
        );
    }
    assert_eq!(seen["ended"]["notices"], json!(["The session has ended."]));
    assert_eq!(seen["other_after"]["cause"], "session-revoked");
    assert_eq!(
        seen["other_again"]["path"],
        "/.countersign/sign-in?why=session-revoked&return=/app/again"
    );
    assert_eq!(
        seen["other_again"]["notices"],
        json!(["Sie wurden abgemeldet."])
    );

    // Chromium keeps the cookie back from a form of another site; had it not, the origin would not fit.
    assert_ne!(seen["forged"]["status"], 303);
    assert_eq!(
        seen["forged"],
        json!({ "status": 403, "cause": "csrf-failed" })
    );
    assert_eq!(
        seen["changed"]["notices"],
        json!(["The password is changed. All other sessions have ended."])
    );
    assert_eq!(seen["cookies_after"], json!(["__Host-countersign-form"]));
    assert_eq!(seen["back_again"], "/app/start");
}

fn its_keys(seen: &Value) {
    assert_eq!(seen["key_in_address"], false);
    assert_eq!(seen["key_used"]["status"], 200);
    let fields = &seen["key_used"]["fields"];
    assert_eq!(fields["x-auth-user"], json!([USER]));
    assert_eq!(fields["x-auth-scopes"], json!(["orders:read"]));
    let keys = seen["keys_shown"].as_array().unwrap();
    assert_eq!(keys.len(), 1, "{keys:?}");
    let text = keys[0].as_str().unwrap();
    assert!(
        text.contains("nightly") && text.contains("Scopes: orders:read"),
        "{text}"
    );
    assert_eq!(seen["key_shown_again"], false);
    assert_eq!(
        seen["key_revoked"]["notices"],
        json!(["The key is revoked, and is not taken any more."])
    );
    assert_eq!(
        seen["key_after"],
        json!({ "status": 401, "cause": "credential-revoked" })
    );
}

fn its_second_factor(seen: &Value) {
    let address = seen["app_address"].as_str().unwrap();
    assert!(
        address.starts_with(&format!("otpauth://totp/example:{USER}?secret=")),
        "{address}"
    );
    // Large enough for the camera of a phone.
    assert_eq!(seen["picture"], json!({ "width": 240, "height": 240 }));
    assert_eq!(seen["set_up"]["focus"], "code");
    assert_eq!(seen["recovery_count"], 10);
    assert_eq!(seen["code_asked"]["focus"], "code");
    assert_eq!(seen["code_asked"]["path"], "/.countersign/sign-in");
    // No session before the code.
    assert_eq!(seen["code_cookies"], json!(["__Host-countersign-form"]));
    assert_eq!(seen["code_back"], "/app/start?x=2");
    assert_eq!(seen["recovery_back"], "/app/start?x=2");
    for rejected in ["code_replayed", "recovery_again"] {
        let notice = seen[rejected]["notices"][0].as_str().unwrap();
        assert!(
            notice.contains("passt nicht oder wurde schon benutzt"),
            "{notice}"
        );
    }
}

fn drive(gateway: &Gateway, elsewhere: &str, folder: &Path) -> Value {
    let screenshots = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
    std::fs::create_dir_all(&screenshots).unwrap();
    let plan = json!({
        "url": format!("https://{}", gateway.address()),
        "elsewhere": elsewhere,
        "program": program::path_text(&program::find("chromium")),
        "profile": program::path_text(&folder.join("profile-sessions")),
        "screenshots": program::path_text(&screenshots),
        "user": USER,
        "password": PASSWORD,
        "next_password": NEXT_PASSWORD,
    });
    let mut command = program::script("node", "node/sign_in.mjs");
    command.env(
        program::NODE_MODULES,
        program::variable(program::NODE_MODULES),
    );
    let output = output("Chromium", &mut command, folder, &plan.to_string());
    serde_json::from_str(&output).unwrap()
}

/// A certificate that nobody vouches for; the browser is told to take it.
pub(super) fn certify(folder: &Path) {
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
        ])
        .args(["-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"])
        .args([
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-keyout",
            "key.pem",
            "-out",
            "cert.pem",
        ])
        .current_dir(folder)
        .output()
        .expect("`openssl` is not installed; `./test` installs it");
    assert!(made.status.success(), "{made:?}");
}

fn configuration(application: &str) -> String {
    format!(
        r#"
realm = "example"
[server]
listen = ["127.0.0.1:0"]
workers = 2
tls = {{ certificate = "cert.pem", key = "key.pem" }}
[store]
path = "store.db"
[upstream.app]
url = "http://{application}"
[[route]]
name = "public"
path = "/public/**"
upstream = "app"
allow = "anyone"
[session.own_keys]
scopes = ["orders:read"]
[[route]]
name = "api"
path = "/api/**"
upstream = "app"
accept = ["api-key"]
allow = {{ scopes = ["orders:read"] }}
[[route]]
name = "app"
path = "/app/**"
upstream = "app"
accept = ["session"]
allow = {{ groups = ["staff"] }}
"#
    )
}

//! `.docker/config.json`: credentials by the registry's host.
//!
//! Knows: which entry docker takes for a host. What is in one is Basic's to read.

use countersign_cause::Cause;
use countersign_wire::basic;
use serde_json::{Map, Value};

use super::tool::Tool;
use super::{Home, authority, listed};
use crate::case::Case;
use crate::finding::{Finding, Fix, Weight};

/// The hosts of Docker Hub, and the key that they share.
const HUB: [&str; 3] = ["registry-1.docker.io", "index.docker.io", "docker.io"];
const HUB_KEY: &str = "https://index.docker.io/v1/";

pub(super) fn apply(case: &mut Case, home: &mut Home) {
    if !Tool::Docker.sends(case) {
        return;
    }
    let Some(request) = case.request.as_ref() else {
        return;
    };
    let host = authority(request);
    let is_sent = request.fields.has("authorization");
    let Some(text) = home.text(".docker/config.json") else {
        return;
    };
    let Ok(Value::Object(config)) = serde_json::from_str::<Value>(&text) else {
        let evidence =
            "`.docker/config.json` is not a JSON document, so docker finds no credentials in it";
        return note(
            case,
            Cause::CredentialsNotApplied,
            &host,
            evidence.to_owned(),
        );
    };
    if let Some((cause, evidence)) = fault(&config, &host, is_sent) {
        note(case, cause, &host, evidence);
    }
}

fn note(case: &mut Case, cause: Cause, host: &str, evidence: String) {
    let text = format!(
        "sign in to this very host with `docker login {host}`, and look into `.docker/config.json` afterwards: `auths` has to have `{host}` with a value"
    );
    let fix = Fix::new(cause.entry().who, text);
    case.noticed
        .push(Finding::new(cause, Weight::Strong, evidence).with_fix(fix));
    if cause == Cause::CredentialsNotApplied {
        let against = Finding::new(Cause::CredentialsMissing, Weight::Against, String::new());
        case.noticed.push(against);
    }
}

fn fault(config: &Map<String, Value>, host: &str, is_sent: bool) -> Option<(Cause, String)> {
    let none = Map::new();
    let auths = config
        .get("auths")
        .and_then(Value::as_object)
        .unwrap_or(&none);
    let helpers = config
        .get("credHelpers")
        .and_then(Value::as_object)
        .unwrap_or(&none);
    let store = config.get("credsStore").and_then(Value::as_str);
    if helpers.contains_key(host) {
        return None;
    }
    let entry = auths.iter().find(|(key, _)| is_for(key, host));
    let Some((key, entry)) = entry else {
        let keys: Vec<String> = auths.keys().cloned().collect();
        return (!is_sent && !keys.is_empty()).then(|| {
            let hint = match HUB.contains(&host) {
                true => format!("; for Docker Hub the key is `{HUB_KEY}`"),
                false => String::new(),
            };
            let evidence = format!(
                "`.docker/config.json` has credentials for {}, and none for `{host}`{hint}",
                listed(&keys)
            );
            (Cause::CredentialsNotApplied, evidence)
        });
    };
    let auth = entry
        .get("auth")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let has_token = ["identitytoken", "registrytoken"]
        .iter()
        .any(|name| entry.get(name).is_some());
    if auth.is_empty() {
        return (!is_sent && !has_token).then(|| {
            let evidence = match store {
                Some(store) => format!(
                    "`.docker/config.json` has an empty entry for `{key}`: the credentials are in the store `{store}` of one machine, and whoever takes the file gets none"
                ),
                None => format!("`.docker/config.json` has an empty entry for `{key}`"),
            };
            (Cause::CredentialsNotApplied, evidence)
        });
    }
    let defect = basic::server::parse(auth.as_bytes()).err()?;
    let evidence = format!(
        "the entry for `{key}` in `.docker/config.json`: {}",
        defect.detail
    );
    Some((defect.cause, evidence))
}

/// docker compares hosts; a key may have a scheme and a path, which it leaves out.
fn is_for(key: &str, host: &str) -> bool {
    if HUB.contains(&host) {
        return key == HUB_KEY;
    }
    let bare = key
        .strip_prefix("https://")
        .or_else(|| key.strip_prefix("http://"))
        .unwrap_or(key);
    let (own, _) = bare.split_once('/').unwrap_or((bare, ""));
    own.eq_ignore_ascii_case(host)
}

//! `.npmrc`: credentials by the registry's address, `//HOST/PATH/:_authToken`.
//!
//! Knows: which keys npm finds for an address, and in which ways they are missed.

use countersign_cause::Cause;

use super::tool::Tool;
use super::{Home, authority, listed};
use crate::case::Case;
use crate::command;
use crate::credential::with_authorization;
use crate::finding::{Finding, Fix, Weight};
use crate::message::Request;

/// The ends of keys that hold a credential.
const KEYS: [&str; 4] = ["_authToken", "_auth", "_password", "username"];

pub(super) fn apply(case: &mut Case, home: &mut Home) {
    let Some(request) = case.request.clone() else {
        return;
    };
    if request.fields.has("authorization") {
        return;
    }
    let Some(text) = home.text(".npmrc") else {
        return;
    };
    let lines = lines(&text);
    let keys: Vec<Key> = lines
        .iter()
        .filter_map(|(key, value)| Key::of(key, value))
        .collect();
    let is_ours = Tool::Npm.sends(case) || registries(&lines).any(|url| is_below(&url, &request));
    let nerf = ancestors(&request);
    if let Some(key) = keys.iter().find(|key| nerf.contains(&key.place)) {
        if key.is_variable {
            let evidence = format!(
                "`.npmrc` takes the token for `{}` from a variable of the environment, and no token is on the wire",
                key.place
            );
            note(case, &request, Weight::Fair, evidence);
        }
        return;
    }
    let fault = keys
        .iter()
        .find_map(|key| Some((key, key.fault(&request)?)));
    if let Some((key, fault)) = fault {
        let evidence = format!("`.npmrc` has the key `{}`, {fault}", key.written);
        return note(case, &request, Weight::Strong, evidence);
    }
    if is_ours && !keys.is_empty() {
        let places: Vec<String> = keys.iter().map(|key| key.place.clone()).collect();
        let evidence = format!(
            "`.npmrc` has credentials for {}, and the request goes to `{}`",
            listed(&places),
            authority(&request)
        );
        note(case, &request, Weight::Strong, evidence);
    }
}

fn note(case: &mut Case, request: &Request, weight: Weight, evidence: String) {
    let cause = Cause::CredentialsNotApplied;
    let line = format!("//{}/:_authToken=${{NPM_TOKEN}}", authority(request));
    let text = format!(
        "let `.npmrc` have the line `{line}`: without `https:`, with one slash before the colon, and for the very registry of the request"
    );
    let command = command::curl(case, &with_authorization(request, "Bearer token"));
    let fix = Fix::new(cause.entry().who, text).with_command(command);
    case.noticed.extend([
        Finding::new(cause, weight, evidence).with_fix(fix),
        Finding::new(Cause::CredentialsMissing, Weight::Against, String::new()),
    ]);
}

/// Keys and values; a value is not looked into further than whether it is a variable.
fn lines(text: &str) -> Vec<(String, String)> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with(['#', ';']))
        .filter_map(|line| line.split_once('='))
        .map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()))
        .collect()
}

/// The addresses of `registry` and `@scope:registry`.
fn registries(lines: &[(String, String)]) -> impl Iterator<Item = String> {
    lines
        .iter()
        .filter(|(key, _)| key == "registry" || key.ends_with(":registry"))
        .map(|(_, value)| value.clone())
}

fn is_below(registry: &str, request: &Request) -> bool {
    let Ok(url) = registry.parse::<url::Url>() else {
        return false;
    };
    url.host_str() == request.url.host_str()
        && url.port_or_known_default() == request.url.port_or_known_default()
}

/// `//host/a/b/`, `//host/a/`, `//host/`: the places at which npm looks for an address.
fn ancestors(request: &Request) -> Vec<String> {
    let mut place = format!("//{}/", authority(request));
    let mut found = vec![place.clone()];
    for part in request
        .url
        .path()
        .split('/')
        .filter(|part| !part.is_empty())
    {
        place.push_str(part);
        place.push('/');
        found.push(place.clone());
    }
    found
}

struct Key {
    /// The key as it stands in the file.
    written: String,
    /// What stands before the end: `//host/path/`, `@scope`, or nothing.
    place: String,
    /// Whether the value is `${...}`.
    is_variable: bool,
}

impl Key {
    fn of(key: &str, value: &str) -> Option<Key> {
        let place = KEYS.iter().find_map(|end| {
            let place = key.strip_suffix(end)?;
            place
                .strip_suffix(':')
                .or(place.is_empty().then_some(place))
        })?;
        Some(Key {
            written: key.to_owned(),
            place: place.to_owned(),
            is_variable: value.contains("${"),
        })
    }

    /// Why npm does not find the key for this request, where the key was meant for it.
    fn fault(&self, request: &Request) -> Option<&'static str> {
        let host = request.url.host_str()?;
        let authority = authority(request);
        let place = self.place.as_str();
        if place.is_empty() {
            return Some("which names no registry, so that npm does not know where to send it");
        }
        if place.starts_with('@') {
            return Some(
                "which names a scope: npm looks for credentials by the registry's address alone",
            );
        }
        let bare = place.trim_start_matches('/');
        let without_scheme = bare
            .strip_prefix("https://")
            .or_else(|| bare.strip_prefix("http://"))
            .or_else(|| bare.strip_prefix("https:"))
            .or_else(|| bare.strip_prefix("http:"));
        if let Some(rest) = without_scheme {
            return names(rest, &authority)
                .then_some("which has the scheme in it: npm's keys begin with `//` and the host");
        }
        if names(bare, &authority) {
            return Some(match () {
                () if place.ends_with("//") => {
                    "which ends with two slashes, so that it fits no address"
                }
                () if !place.ends_with('/') => "which lacks the slash before the colon",
                () if !place.starts_with("//") => "which lacks the two slashes at its beginning",
                () => "which is for another path of this host",
            });
        }
        let (other, _) = bare.split_once(['/', ':']).unwrap_or((bare, ""));
        other
            .eq_ignore_ascii_case(host)
            .then_some("which is for another port of this host")
    }
}

/// Whether a place is at this host and port.
fn names(place: &str, authority: &str) -> bool {
    let host = place.trim_start_matches('/').split('/').next();
    host.is_some_and(|host| host.eq_ignore_ascii_case(authority))
}

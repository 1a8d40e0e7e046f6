//! What well-known vendors want: the rules of `keys.toml` against the request.
//!
//! Knows: how a rule speaks against a request. Does not know any vendor.

mod moved;
pub(crate) mod user;

use countersign_cause::{Cause, Who};
use countersign_wire::Scheme;
use countersign_wire::credentials::is_placeholder;

use super::keys::{self, Key, Kind, Service, Slot};
use super::place;
use crate::case::Case;
use crate::command::curl;
use crate::credential::{Carrier, Credential, credentials_of};
use crate::finding::{Finding, Fix, Weight};
use crate::message::Request;

/// What the rules say.
pub(super) fn look(case: &Case, request: &Request) -> Vec<Finding> {
    let host = place::host(request);
    let path = request.url.path();
    let credentials: Vec<Credential> = credentials_of(request)
        .into_iter()
        .filter(|credential| {
            credential.carrier != Carrier::Cookie && !is_form_of_a_grant(credential)
        })
        .collect();
    let mut found = Vec::new();
    for credential in &credentials {
        for secret in secrets_of(credential) {
            if let Some(key) = keys::of_at(&secret.bytes, &host) {
                found.extend(elsewhere(key, &secret.bytes, &host));
                found.extend(kind(key, &secret, &host));
            }
        }
    }
    let home: Vec<&Service> = keys::at(&host)
        .chain(keys::at_path(path))
        .filter(|service| service.has_path(path))
        .collect();
    // A credential for another place says nothing of how this one wants it.
    if !found.iter().any(|finding| finding.weight >= Weight::Strong) {
        found.extend(slots(case, request, &credentials, &home, &host));
    }
    found.extend(user::look(case, request, &host, &home));
    found.extend(user::of_another(request, &host));
    found.extend(companions(case, request, &host, &credentials));
    found
}

/// Secrets in the form of a token endpoint have names and rules of their own.
fn is_form_of_a_grant(credential: &Credential) -> bool {
    const OF_A_GRANT: [&str; 6] = [
        "client_secret",
        "code",
        "assertion",
        "client_assertion",
        "refresh_token",
        "password",
    ];
    matches!(&credential.carrier, Carrier::Form(name) if OF_A_GRANT.contains(&name.as_str()))
}

/// One part of a credential that could be a known key.
pub(super) struct Part {
    pub(super) bytes: Vec<u8>,
    /// The user name of Basic, where an id may well be.
    is_user: bool,
    in_basic: bool,
}

/// The credential, or user name and password of Basic.
pub(super) fn secrets_of(credential: &Credential) -> Vec<Part> {
    let secret = credential.secret.expose();
    if !credential.is("basic") {
        let bytes = secret.trim_ascii().to_vec();
        return vec![Part {
            bytes,
            is_user: false,
            in_basic: false,
        }];
    }
    let Some((user, password)) = user::of(secret) else {
        return Vec::new();
    };
    let part = |text: String, is_user| Part {
        bytes: text.into_bytes(),
        is_user,
        in_basic: true,
    };
    vec![part(user, true), part(password, false)]
}

/// A good key at a host of somebody else, of another region, or of the sandbox.
fn elsewhere(key: &Key, value: &[u8], host: &str) -> Option<Finding> {
    let mut own = keys::services_of(key);
    if own.any(|service| service.has_host(host)) {
        if key.names_host {
            let label = host.split('.').next().unwrap_or_default();
            let named = value
                .rsplit(|byte| *byte == b'-')
                .next()
                .unwrap_or_default();
            return (named != label.as_bytes()).then(|| {
                let evidence = format!("The {} ends with `{}`, and the host begins with `{label}`: it is of another data centre.", key.name, String::from_utf8_lossy(named));
                Finding::new(Cause::EnvironmentMismatch, Weight::Strong, evidence)
            });
        }
        return (!key.hosts.is_empty() && !keys::has(&key.hosts, host)).then(|| {
            let evidence = format!(
                "The credential is a {}, which is good at {} and not at `{host}`.",
                key.name,
                key.hosts.join(", ")
            );
            Finding::new(Cause::EnvironmentMismatch, Weight::Strong, evidence)
        });
    }
    let names: Vec<&str> = keys::services_of(key)
        .map(|service| service.name.as_str())
        .collect();
    let theirs = names.first().copied().unwrap_or_default();
    if let Some(service) = keys::at(host).next() {
        let evidence = format!(
            "The credential is a {}, for {theirs}, and `{host}` is {}.",
            key.name, service.name
        );
        return Some(Finding::new(
            Cause::EnvironmentMismatch,
            Weight::Strong,
            evidence,
        ));
    }
    let runs_anywhere = keys::services_of(key).any(|service| service.self_hosted);
    (place::is_public(host) && !runs_anywhere).then(|| {
        let evidence = format!("The credential is a {}, for {theirs}, and `{host}` is no host of theirs that is known here.", key.name);
        Finding::new(Cause::EnvironmentMismatch, Weight::Slight, evidence)
    })
}

/// What calls no interface, however good it is.
fn kind(key: &Key, part: &Part, host: &str) -> Option<Finding> {
    let at_home = keys::services_of(key).any(|service| service.has_host(host));
    let weight = if at_home {
        Weight::Strong
    } else {
        Weight::Fair
    };
    let (cause, what) = match key.kind {
        Kind::Key | Kind::Token => return None,
        // An id is what a user name is for, and a client's secret what its password is for.
        Kind::Id if part.is_user => return None,
        Kind::Secret if part.in_basic && !part.is_user => return None,
        Kind::Refresh => (
            Cause::TokenWrongKind,
            "which is exchanged for an access token and calls nothing itself",
        ),
        Kind::Secret => (
            Cause::TokenWrongKind,
            "which an application authenticates itself with, and calls nothing",
        ),
        Kind::Publishable => (
            Cause::TokenWrongKind,
            "which is made to be public: the secret key is due here",
        ),
        Kind::Id => (Cause::SecretIdSent, "which names a key and is not the key"),
    };
    Some(Finding::new(
        cause,
        weight,
        format!("The credential is a {}, {what}.", key.name),
    ))
}

/// Where the credential is, against where its service takes it.
fn slots(
    case: &Case,
    request: &Request,
    credentials: &[Credential],
    home: &[&Service],
    host: &str,
) -> Option<Finding> {
    let mut wrong: Option<(&Credential, Vec<&Slot>, &str, Weight)> = None;
    for credential in credentials {
        let secret = secrets_of(credential)
            .into_iter()
            .find_map(|part| keys::of_at(&part.bytes, host));
        let at_home = !home.is_empty();
        let of_key = |key: &Key| {
            let own = home.iter().filter(|service| key.at.contains(&service.id));
            own.copied().collect::<Vec<&Service>>()
        };
        let services: Vec<&Service> = match secret {
            // Of several services at one host, the one whose credential it is.
            Some(key) if !of_key(key).is_empty() => of_key(key),
            _ if at_home => home.to_vec(),
            Some(key) => keys::services_of(key).collect(),
            None => return None,
        };
        let kind = secret
            .map(|key| key.kind)
            .filter(|kind| matches!(kind, Kind::Key | Kind::Token));
        let taken: Vec<&Slot> = services
            .iter()
            .flat_map(|service| service.slots(kind))
            .collect();
        if taken.is_empty() || taken.iter().any(|slot| holds(slot, credential)) {
            return None;
        }
        // At a host that nobody knows, what is in front of the service may have its own rules.
        let weight = match (at_home, services.iter().any(|service| service.self_hosted)) {
            (true, _) => Weight::Strong,
            (false, true) => Weight::Strong,
            (false, false) => Weight::Fair,
        };
        let name = services.first().map_or("", |service| service.name.as_str());
        let empty =
            credential.secret.expose().is_empty() || is_placeholder(credential.secret.expose());
        if wrong.is_none() && !empty {
            wrong = Some((credential, taken, name, weight));
        }
    }
    let (credential, taken, name, weight) = wrong?;
    misplaced(case, request, credential, &taken, name, weight)
}

/// Whether the credential is in that place.
fn holds(slot: &Slot, credential: &Credential) -> bool {
    match (slot, &credential.carrier) {
        (Slot::Authorization(word), Carrier::Authorization) => {
            match (word, &credential.scheme_word) {
                (Some(word), Some(written)) => word.eq_ignore_ascii_case(written),
                (None, None) => true,
                (Some(_), None) | (None, Some(_)) => false,
            }
        }
        (Slot::Field(name), Carrier::Field(written)) => name.eq_ignore_ascii_case(written),
        (Slot::Query(name), Carrier::Query(written))
        | (Slot::Form(name), Carrier::Form(written)) => name == written,
        (
            Slot::Authorization(_) | Slot::Field(_) | Slot::Query(_) | Slot::Form(_) | Slot::Path,
            Carrier::Authorization
            | Carrier::Field(_)
            | Carrier::Cookie
            | Carrier::Query(_)
            | Carrier::Form(_),
        ) => false,
    }
}

fn misplaced(
    case: &Case,
    request: &Request,
    credential: &Credential,
    taken: &[&Slot],
    name: &str,
    weight: Weight,
) -> Option<Finding> {
    let places: Vec<String> = taken.iter().map(|slot| moved::in_words(slot)).collect();
    let mut distinct: Vec<String> = Vec::new();
    for place in places {
        if !distinct.contains(&place) {
            distinct.push(place);
        }
    }
    let wants = distinct.join(" or ");
    let in_authorization = credential.carrier == Carrier::Authorization;
    let words = taken
        .iter()
        .any(|slot| matches!(slot, Slot::Authorization(_)));
    let written = credential.scheme_word.as_deref();
    let (cause, evidence) = match written {
        None if in_authorization && words => (
            Cause::SchemeMissing,
            format!("`Authorization` has no scheme word, and {name} wants {wants}."),
        ),
        // Signatures and connection schemes are other ways to prove who one is.
        Some(word) if in_authorization && !is_simple(word) => return None,
        Some(word) if in_authorization && words => (
            // The account's own password in Basic is no key in the wrong words.
            if credential.is("basic") && !has_known_key(credential) {
                Cause::SchemeNotAccepted
            } else {
                Cause::SchemeWordWrong
            },
            format!("The scheme word is `{word}`, and {name} wants {wants}."),
        ),
        Some(_) | None => (
            Cause::HeaderWrongPlace,
            format!("{}, and {name} wants {wants}.", place_of(credential)),
        ),
    };
    let first = taken.first()?;
    let text = format!("Send the credential in {}.", moved::in_words(first));
    let mut fix = Fix::new(Who::Client, text);
    if let Some(request) = moved::to(request, credential, first) {
        fix = fix.with_command(curl(case, &request));
    }
    Some(Finding::new(cause, weight, evidence).with_fix(fix))
}

/// Whether one credential follows the word.
fn is_simple(word: &str) -> bool {
    Scheme::of_one_text(word.as_bytes()).is_some()
        || !countersign_wire::credentials::is_known_scheme(word.as_bytes())
        || word.eq_ignore_ascii_case("oauth")
}

fn has_known_key(credential: &Credential) -> bool {
    secrets_of(credential)
        .iter()
        .any(|part| keys::of(&part.bytes).is_some())
}

fn place_of(credential: &Credential) -> String {
    place::named(&credential.carrier)
        .replace("The value of ", "The credential is in ")
        .replace("The parameter ", "The credential is in the parameter ")
        .replace("The credential in ", "The credential is in ")
}

/// Fields that have to go with the credential, and are not there.
fn companions(
    case: &Case,
    request: &Request,
    host: &str,
    credentials: &[Credential],
) -> Vec<Finding> {
    let path = request.url.path();
    let starts = |starts: &[String]| starts.iter().any(|start| path.starts_with(start));
    keys::companions(host)
        .filter(|rule| rule.paths.is_empty() || starts(&rule.paths))
        .filter(|rule| !starts(&rule.not_paths))
        .filter(|rule| rule.methods.is_empty() || rule.methods.contains(&request.method))
        .filter(|rule| rule.beside.as_deref().is_none_or(|name| request.fields.has(name)))
        // Browsers and curl add it themselves.
        .filter(|rule| !rule.field.eq_ignore_ascii_case("user-agent"))
        .filter_map(|rule| {
            let name = rule.field.as_str();
            let value = request.fields.first(name);
            let in_query = request.url.query_pairs().any(|(other, _)| other.eq_ignore_ascii_case(name));
            let what = match value {
                Some(value) if value.is_empty() || is_placeholder(value) => "is empty or a placeholder",
                None if !in_query => "is missing",
                Some(_) | None => return None,
            };
            // Without any credential, that is what is missing first.
            let weight = if credentials.is_empty() { Weight::Slight } else { rule.weight.into() };
            let evidence = format!("`{name}` {what}, and requests to {path} at `{host}` need it: {}.", rule.holds);
            let mut whole = request.clone();
            let variable = format!("${}", name.to_ascii_uppercase().replace('-', "_"));
            let value = if rule.holds.contains(' ') { variable } else { rule.holds.clone() };
            whole.fields.set(name, value.as_bytes());
            let command = curl(case, &whole);
            let command = command.replace(&format!("'{name}: {value}'"), &format!("\"{name}: {value}\""));
            let text = format!("Send `{name}` as well: {}.", rule.holds);
            let fix = Fix::new(Who::Client, text).with_command(command);
            Some(Finding::new(Cause::CompanionHeaderMissing, weight, evidence).with_fix(fix))
        })
        .collect()
}

#[cfg(test)]
mod tests;

//! How an issuer is asked about its tokens.
//!
//! Knows: one section, and whether the issuer has keys. Does not know the network: nobody is asked here.

use std::time::Duration;

use countersign_flow::IntrospectionRules;

use crate::check::{Scene, text, url};
use crate::declared::{introspection, issuer};
use crate::problem::IssuerProblem;
use crate::read::{Fields, Located};
use crate::settings::{Client, Introspection};

/// Rules and settings, where the issuer is asked.
pub(super) fn read(
    issuer: &Fields<'_>,
    identifier: Option<&Located<&str>>,
    allow_http: bool,
    scene: Scene<'_>,
) -> Option<(IntrospectionRules, Introspection)> {
    let fields = issuer.table(&issuer::INTROSPECTION)?;
    let address = fields.text(&introspection::URL);
    match (&address, identifier) {
        (Some(address), _) => {
            travels_safely(address, url::read(address, scene), allow_http, scene);
        }
        // The issuer's own metadata name the address, and are held to the issuer's scheme.
        (None, Some(identifier)) => {
            let read = match issuer.has(&issuer::KEYS) {
                // What is wrong with it is said where its keys are looked at.
                true => url::parse(identifier.value).ok(),
                false => url::read(identifier, scene),
            };
            travels_safely(identifier, read, allow_http, scene);
        }
        (None, None) => {}
    }
    let audience_optional = fields.flag(&introspection::AUDIENCE_OPTIONAL);
    let audience_optional = audience_optional.filter(|flag| flag.value);
    if let Some(flag) = &audience_optional {
        scene.sink.warn(&flag.span, IssuerProblem::AudienceOptional);
    }
    let rules = IntrospectionRules {
        of_jwts: !issuer.has(&issuer::KEYS),
        audience_optional: audience_optional.is_some(),
    };
    let client = client(&fields, scene);
    let secret = text::not_empty(&fields, &introspection::SECRET_FILE, scene);
    if let Some(path) = &secret {
        secret_of(path, scene);
    }
    let number = |key, default: u32| {
        let written = fields.whole(key).map(|number| number.value);
        written.map_or(default, |number| u32::try_from(number).unwrap_or(u32::MAX))
    };
    let count = |key, default| usize::try_from(number(key, default)).unwrap_or(usize::MAX);
    let settings = Introspection {
        address: address.map(|address| address.value.into()),
        client,
        secret_file: scene.place(secret.map_or("", |path| path.value)),
        answer: Duration::from_secs(number(&introspection::ANSWER_SECS, 5).into()),
        answer_bytes_max: count(&introspection::ANSWER_BYTES_MAX, 65_536),
        in_flight_max: count(&introspection::IN_FLIGHT_MAX, 16),
        waiting_max: count(&introspection::WAITING_MAX, 256),
        cache_secs: number(&introspection::CACHE_SECS, 30).into(),
        cache_inactive_secs: number(&introspection::CACHE_INACTIVE_SECS, 5).into(),
        cache_entries_max: count(&introspection::CACHE_ENTRIES_MAX, 10_000),
    };
    Some((rules, settings))
}

/// RFC 7662 section 4: the endpoint must be asked by TLS. What goes there is the token itself, and the client's secret.
fn travels_safely(
    address: &Located<&str>,
    read: Option<url::Url<'_>>,
    allow_http: bool,
    scene: Scene<'_>,
) {
    let Some(read) = read.filter(|url| !url.is_https) else {
        return;
    };
    let value = address.value.to_owned();
    if !allow_http {
        let problem = IssuerProblem::TokensOverHttp { value };
        scene.sink.error(&address.span, problem);
    } else if !url::is_of_this_machine(read.host.name()) {
        let problem = IssuerProblem::TokensInTheClear { value };
        scene.sink.warn(&address.span, problem);
    }
}

fn client(fields: &Fields<'_>, scene: Scene<'_>) -> Client {
    let id = fields.text(&introspection::CLIENT_ID);
    let authentication = fields.text(&introspection::AUTHENTICATION);
    let named = authentication.as_ref().map_or("basic", |text| text.value);
    if named == "bearer" {
        if let Some(id) = id {
            scene.sink.error(&id.span, IssuerProblem::ClientIdUnused);
        }
        return Client::Bearer;
    }
    let id = id.filter(|id| !id.is_empty());
    if id.is_none() {
        let problem = IssuerProblem::ClientIdMissing {
            authentication: if named == "post" { "post" } else { "basic" },
        };
        scene.sink.error(&fields.span, problem);
    }
    let id = id.map_or("", |id| id.value).into();
    match named {
        "post" => Client::Post(id),
        _ => Client::Basic(id),
    }
}

fn secret_of(path: &Located<&str>, scene: Scene<'_>) {
    let Some(bytes) = scene.read_secret(path) else {
        return;
    };
    let secret = bytes.trim_ascii_end();
    if secret.is_empty() || !secret.iter().all(|byte| matches!(byte, b' '..=b'~')) {
        let value = path.value.to_owned();
        let problem = IssuerProblem::ClientSecret { value };
        scene.sink.error(&path.span, problem);
    }
}

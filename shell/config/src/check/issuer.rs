//! Issuers of tokens: who they are, and what is demanded of their tokens.
//!
//! Knows: names, audiences, claims, bounds. Does not know tokens.

mod introspection;
mod keys;

use countersign_flow::IssuerRules;

use super::{Scene, text};
use crate::declared::{Key, file, issuer};
use crate::finding::Span;
use crate::problem::IssuerProblem;
use crate::read::{Fields, Located};
use crate::settings::{Introspection, IssuerKeys, KeySource};

/// Past this, an expired token lives on for too long.
const LEEWAY_SECS_WISE: u64 = 300;

/// An issuer and where its name stands.
pub(super) struct Checked {
    pub(super) rules: IssuerRules,
    pub(super) keys: IssuerKeys,
    pub(super) introspection: Option<Introspection>,
    pub(super) span: Span,
}

pub(super) fn all(document: &Fields<'_>, scene: Scene<'_>) -> Vec<Checked> {
    let mut issuers: Vec<Checked> = Vec::new();
    let mut written: Vec<Located<&str>> = Vec::new();
    for (name, fields) in document.named(&file::ISSUER) {
        text::name(&name, scene);
        let identifier = text::not_empty(&fields, &issuer::ISSUER, scene);
        issuers.push(one(&name, &fields, identifier.as_ref(), scene));
        let Some(identifier) = identifier else {
            continue;
        };
        let same = |earlier: &&Located<&str>| earlier.value == identifier.value;
        if let Some(first) = written.iter().find(same) {
            let value = identifier.value.to_owned();
            let problem = IssuerProblem::IssuerTwice { value };
            scene
                .sink
                .error_beside(&identifier.span, problem, &first.span, "first here");
        }
        written.push(identifier);
    }
    issuers
}

fn one(
    name: &Located<&str>,
    fields: &Fields<'_>,
    identifier: Option<&Located<&str>>,
    scene: Scene<'_>,
) -> Checked {
    let allow_http = fields
        .flag(&issuer::ALLOW_HTTP)
        .is_some_and(|flag| flag.value);
    let asked = introspection::read(fields, identifier, allow_http, scene);
    let (source, algorithms) = if fields.has(&issuer::KEYS) {
        keys::read(fields, identifier, allow_http, scene)
    } else {
        if !fields.has(&issuer::INTROSPECTION) {
            scene
                .sink
                .error(&fields.span, IssuerProblem::NothingToCheckBy);
        }
        (Some(KeySource::Asked), Vec::new())
    };
    let list = |key: &'static Key, default: &[&str]| strings(fields, key, default, scene);
    let types = types(fields, scene);
    let rules = IssuerRules {
        name: name.value.into(),
        issuer: identifier.map_or("", |text| text.value).into(),
        audiences: audiences(fields, &issuer::AUDIENCE, scene).unwrap_or_default(),
        algorithms,
        untyped: types.iter().any(String::is_empty),
        types: types.into_iter().filter(|typ| !typ.is_empty()).collect(),
        leeway_secs: leeway_secs(fields, scene),
        lifetime_secs_max: lifetime_secs_max(fields, scene),
        required_claims: list(&issuer::REQUIRED_CLAIMS, &["sub"]),
        scope_claims: list(&issuer::SCOPE_CLAIMS, &["scope", "scp"])
            .into_iter()
            .map(Into::into)
            .collect(),
        subject_claim: text::not_empty(fields, &issuer::SUBJECT_CLAIM, scene)
            .map_or("sub", |text| text.value)
            .into(),
        groups_claim: text::not_empty(fields, &issuer::GROUPS_CLAIM, scene)
            .map_or("groups", |text| text.value)
            .into(),
        introspection: asked.as_ref().map(|(rules, _)| *rules),
    };
    let ca_file = fields.text(&issuer::CA_FILE);
    if let Some(path) = &ca_file {
        scene.pem(path, "CERTIFICATE", "certificate");
    }
    let keys = IssuerKeys {
        source: source.unwrap_or(KeySource::Discovery),
        ca_file: ca_file.map(|path| scene.resolve(path.value)),
    };
    Checked {
        rules,
        keys,
        introspection: asked.map(|(_, settings)| settings),
        span: name.span.clone(),
    }
}

fn owned(list: &[Located<&str>]) -> Vec<String> {
    list.iter().map(|text| text.value.to_owned()).collect()
}

fn strings(
    fields: &Fields<'_>,
    key: &'static Key,
    default: &[&str],
    scene: Scene<'_>,
) -> Vec<String> {
    if !fields.has(key) {
        return default.iter().map(|text| (*text).to_owned()).collect();
    }
    let written = fields.texts_or_none(key);
    text::not_empty_nor_twice(&written, key, scene);
    owned(&written)
}

/// The audiences under a key. An empty one is refused: it would be met by a token that names nobody.
pub(super) fn audiences(
    fields: &Fields<'_>,
    key: &'static Key,
    scene: Scene<'_>,
) -> Option<Vec<String>> {
    let written = fields.texts(key)?;
    text::not_empty_nor_twice(&written.value, key, scene);
    Some(owned(&written.value))
}

/// The types that are taken; an empty one stands for a token that says none.
fn types(fields: &Fields<'_>, scene: Scene<'_>) -> Vec<String> {
    if !fields.has(&issuer::TYPES) {
        return ["at+jwt", "application/at+jwt", "JWT", ""]
            .map(str::to_owned)
            .to_vec();
    }
    let written = fields.texts(&issuer::TYPES).map(|list| list.value);
    let written = written.unwrap_or_default();
    text::no_two_the_same(&written, scene);
    owned(&written)
}

fn leeway_secs(fields: &Fields<'_>, scene: Scene<'_>) -> u32 {
    let Some(secs) = fields.whole(&issuer::LEEWAY_SECS) else {
        return 30;
    };
    if secs.value > LEEWAY_SECS_WISE {
        scene
            .sink
            .warn(&secs.span, IssuerProblem::LeewayLong { secs: secs.value });
    }
    u32::try_from(secs.value).unwrap_or(u32::MAX)
}

fn lifetime_secs_max(fields: &Fields<'_>, scene: Scene<'_>) -> Option<u32> {
    let Some(secs) = fields.whole(&issuer::LIFETIME_SECS_MAX) else {
        return Some(86_400);
    };
    if secs.value == 0 {
        scene
            .sink
            .warn(&secs.span, IssuerProblem::LifetimeUnlimited);
        return None;
    }
    Some(u32::try_from(secs.value).unwrap_or(u32::MAX))
}

//! Providers that people sign in through.
//!
//! Knows: one section each, and what of the others it has to fit. Does not know the network: nobody is asked here.

use std::path::PathBuf;
use std::time::Duration;

use countersign_flow::provider::{FirstSignIn, ProviderRules};
use countersign_jose::Algorithm;
use countersign_policy::Host;

use super::{Scene, text, url};
use crate::declared::{Key, file, provider};
use crate::finding::Span;
use crate::problem::{ProviderProblem, TextProblem};
use crate::read::{Fields, Located};
use crate::settings::{Provider, ProviderClient, SecretPlace};

/// A provider as it was read.
pub(super) struct Checked {
    pub(super) rules: ProviderRules,
    pub(super) settings: Provider,
}

/// What of the other sections a provider has to fit.
pub(super) struct Around<'a> {
    pub(super) public_url: Option<&'a str>,
    /// Whether any route accepts sessions.
    pub(super) takes_sessions: bool,
    /// Whether sessions are allowed over plain http.
    pub(super) plain_http: bool,
    /// Where alone people sign in, and where that is said.
    pub(super) sign_in_origin: Option<(String, Span)>,
    /// Where it is said that no password signs in at the page, and no passkey either.
    pub(super) password_off: Option<Span>,
}

pub(super) fn all(document: &Fields<'_>, around: &Around<'_>, scene: Scene<'_>) -> Vec<Checked> {
    let mut providers: Vec<Checked> = Vec::new();
    let mut written: Vec<Located<&str>> = Vec::new();
    for (name, fields) in document.named(&file::PROVIDER) {
        text::name(&name, scene);
        if matches!(name.value, "." | "..") {
            // It is a segment of a path, and these are none.
            let name_text = name.value.to_owned();
            scene
                .sink
                .error(&name.span, TextProblem::Name { name: name_text });
        }
        fits(&name, around, scene);
        let identifier = text::not_empty(&fields, &provider::ISSUER, scene);
        let issuer = identifier.as_ref().map_or("", |text| text.value);
        if let Some(identifier) = identifier {
            let same = |earlier: &&Located<&str>| earlier.value == identifier.value;
            if let Some(first) = written.iter().find(same) {
                let value = identifier.value.to_owned();
                let problem = ProviderProblem::IssuerTwice { value };
                scene
                    .sink
                    .error_beside(&identifier.span, problem, &first.span, "first here");
            }
            reached_safely(&fields, &identifier, scene);
            written.push(identifier);
        }
        providers.push(one(&name, &fields, issuer, scene));
    }
    if let Some(span) = around
        .password_off
        .as_ref()
        .filter(|_| providers.is_empty())
    {
        scene.sink.error(span, ProviderProblem::NoWayIn);
    }
    providers
}

fn fits(name: &Located<&str>, around: &Around<'_>, scene: Scene<'_>) {
    match around.public_url {
        None => scene
            .sink
            .error(&name.span, ProviderProblem::PublicUrlMissing),
        Some(address) if !address.starts_with("https://") && !around.plain_http => {
            let value = address.to_owned();
            scene
                .sink
                .error(&name.span, ProviderProblem::PublicUrlClear { value });
        }
        Some(address) => {
            let authority = |url: &str| url.split_once("://").map(|(_, rest)| rest.to_owned());
            if let Some((origin, span)) = &around.sign_in_origin
                && authority(origin) != authority(address)
            {
                let value = origin.to_owned();
                let problem = ProviderProblem::SignInElsewhere { value };
                scene.sink.error(span, problem);
            }
        }
    }
    if !around.takes_sessions {
        scene.sink.warn(&name.span, ProviderProblem::NoSessions);
    }
}

/// What comes from there says who somebody is.
fn reached_safely(fields: &Fields<'_>, identifier: &Located<&str>, scene: Scene<'_>) {
    let allow_http = fields
        .flag(&provider::ALLOW_HTTP)
        .is_some_and(|flag| flag.value);
    if url::read(identifier, scene).is_some_and(|url| !url.is_https) && !allow_http {
        let value = identifier.value.to_owned();
        scene
            .sink
            .error(&identifier.span, ProviderProblem::Clear { value });
    }
}

fn one(name: &Located<&str>, fields: &Fields<'_>, issuer: &str, scene: Scene<'_>) -> Checked {
    let list = |key: &'static Key| text::boxed(&fields.texts_or_none(key), key, scene);
    let filled = |key: &'static Key| text::not_empty(fields, key, scene).map(|text| text.value);
    let number = |key: &'static Key, default: u32| {
        fields.whole(key).map_or(default, |whole| {
            u32::try_from(whole.value).unwrap_or(u32::MAX)
        })
    };
    let count = |key: &'static Key, default: u32| {
        usize::try_from(number(key, default)).unwrap_or(usize::MAX)
    };
    let username_claim = filled(&provider::USERNAME_CLAIM).unwrap_or("preferred_username");
    let groups_claim = filled(&provider::GROUPS_CLAIM);
    let allowed_groups = list(&provider::ALLOWED_GROUPS);
    if groups_claim.is_none() && !allowed_groups.is_empty() {
        let span = fields.span_of(&provider::ALLOWED_GROUPS);
        scene.sink.error(&span, ProviderProblem::GroupsUnnamed);
    }
    let chosen = first_sign_in(fields, username_claim, scene);
    made_by_name(fields, username_claim, chosen, scene);
    let rules = ProviderRules {
        name: name.value.into(),
        label: filled(&provider::LABEL).unwrap_or(name.value).into(),
        issuer: issuer.into(),
        client_id: filled(&provider::CLIENT_ID).unwrap_or_default().into(),
        scope: scope(fields, scene),
        algorithms: algorithms(fields, scene),
        leeway_secs: number(&provider::LEEWAY_SECS, 30),
        username_claim: username_claim.into(),
        first_sign_in: chosen,
        groups_claim: groups_claim.map(Into::into),
        allowed_groups,
        allowed_email_domains: domains(fields, scene),
        second_factor_acr: list(&provider::SECOND_FACTOR_ACR),
        second_factor_amr: list(&provider::SECOND_FACTOR_AMR),
        sign_out: fields
            .flag(&provider::SIGN_OUT)
            .is_some_and(|flag| flag.value),
    };
    let ca_file = fields.text(&provider::CA_FILE);
    if let Some(path) = &ca_file {
        scene.pem(path, "CERTIFICATE", "certificate");
    }
    let settings = Provider {
        client: client(fields, scene),
        answer: Duration::from_secs(number(&provider::ANSWER_SECS, 10).into()),
        answer_bytes_max: count(&provider::ANSWER_BYTES_MAX, 65_536),
        in_flight_max: count(&provider::IN_FLIGHT_MAX, 16),
        waiting_max: count(&provider::WAITING_MAX, 256),
        ca_file: ca_file.map(|path| scene.resolve(path.value)),
    };
    Checked { rules, settings }
}

/// RFC 6749 section 3.3: `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )`.
fn scope(fields: &Fields<'_>, scene: Scene<'_>) -> Box<str> {
    let Some(written) = fields.texts(&provider::SCOPES) else {
        return "openid profile email".into();
    };
    let written = written.value;
    text::not_empty_nor_twice(&written, &provider::SCOPES, scene);
    for one in &written {
        if !one
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'))
        {
            let value = one.value.to_owned();
            scene
                .sink
                .error(&one.span, ProviderProblem::Scope { value });
        }
    }
    if !written.iter().any(|one| one.value == "openid") {
        let span = fields.span_of(&provider::SCOPES);
        scene.sink.error(&span, ProviderProblem::OpenidMissing);
    }
    let values: Vec<&str> = written.iter().map(|one| one.value).collect();
    values.join(" ").into()
}

/// RFC 8725 section 3.1: a list of ours, whatever the provider says that it could do.
fn algorithms(fields: &Fields<'_>, scene: Scene<'_>) -> Vec<Algorithm> {
    if !fields.has(&provider::ALGORITHMS) {
        return vec![Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa];
    }
    let written = fields.texts(&provider::ALGORITHMS).map(|list| list.value);
    let written = written.unwrap_or_default();
    text::no_two_the_same(&written, scene);
    let read = written.iter().filter_map(|name| {
        let found = Algorithm::from_name(name.value).filter(|found| !found.is_symmetric());
        if found.is_none() {
            let value = name.value.to_owned();
            scene
                .sink
                .error(&name.span, ProviderProblem::Algorithm { value });
        }
        found
    });
    read.collect()
}

fn first_sign_in(fields: &Fields<'_>, claim: &str, scene: Scene<'_>) -> FirstSignIn {
    let written = fields.text(&provider::FIRST_SIGN_IN);
    let chosen = match written.as_ref().map_or("refuse", |text| text.value) {
        "link" => FirstSignIn::Link,
        "create" => FirstSignIn::Create,
        "link-or-create" => FirstSignIn::LinkOrCreate,
        _ => FirstSignIn::Refuse,
    };
    // OpenID Connect Core 1.0 section 5.7: other claims than `sub` are not stable, nor unique.
    if let Some(written) = written.filter(|_| chosen.links() && claim != "email") {
        let claim = claim.to_owned();
        scene
            .sink
            .warn(&written.span, ProviderProblem::LinkByName { claim });
    }
    chosen
}

/// A name that a route lets in is somebody's, also where no user has it here yet.
fn made_by_name(fields: &Fields<'_>, claim: &str, chosen: FirstSignIn, scene: Scene<'_>) {
    if chosen.creates() && claim != "email" {
        let claim = claim.to_owned();
        let span = fields.span_of(&provider::FIRST_SIGN_IN);
        scene
            .sink
            .warn(&span, ProviderProblem::CreateByName { claim });
    }
}

fn domains(fields: &Fields<'_>, scene: Scene<'_>) -> Vec<Box<str>> {
    let key = &provider::ALLOWED_EMAIL_DOMAINS;
    let written = fields.texts_or_none(key);
    text::not_empty_nor_twice(&written, key, scene);
    for one in written.iter().filter(|one| !one.is_empty()) {
        let host = Host::parse(one.value.as_bytes());
        if !host.is_ok_and(|host| host.port().is_none()) || one.value.starts_with('[') {
            let value = one.value.to_owned();
            scene
                .sink
                .error(&one.span, ProviderProblem::Domain { value });
        }
    }
    written
        .iter()
        .map(|one| one.value.to_ascii_lowercase().into())
        .collect()
}

fn client(fields: &Fields<'_>, scene: Scene<'_>) -> ProviderClient {
    let authentication = fields.text(&provider::AUTHENTICATION);
    let named = authentication.as_ref().map_or("basic", |text| text.value);
    let secret = fields.text(&provider::SECRET_FILE);
    if named == "none" {
        if let Some(secret) = secret {
            scene
                .sink
                .error(&secret.span, ProviderProblem::SecretUnused);
        }
        return ProviderClient::Public;
    }
    let posts = named == "post";
    let place = match secret {
        Some(path) => {
            look_at(&path, scene);
            scene.place(path.value)
        }
        None => {
            let authentication = if posts { "post" } else { "basic" };
            let problem = ProviderProblem::SecretMissing { authentication };
            scene.sink.error(&fields.span, problem);
            SecretPlace::File(PathBuf::new())
        }
    };
    if posts {
        ProviderClient::Post(place)
    } else {
        ProviderClient::Basic(place)
    }
}

fn look_at(path: &Located<&str>, scene: Scene<'_>) {
    let Some(bytes) = scene.read_secret(path) else {
        return;
    };
    let secret = bytes.trim_ascii_end();
    if secret.is_empty() || !secret.iter().all(|byte| matches!(byte, b' '..=b'~')) {
        let value = path.value.to_owned();
        scene
            .sink
            .error(&path.span, ProviderProblem::Secret { value });
    }
}

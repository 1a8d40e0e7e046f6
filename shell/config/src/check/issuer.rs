//! Issuers of tokens: who they are, where their keys come from, and what is demanded of their tokens.
//!
//! Knows: sources of keys and algorithms, and how the two fit. Does not know the network: nothing is fetched here.

use countersign_flow::IssuerRules;
use countersign_jose::{Algorithm, KeySet};
use countersign_secret::Secret;

use super::{Scene, text, url};
use crate::declared::{Key, file, issuer, keys};
use crate::finding::Span;
use crate::nearest::nearest;
use crate::problem::{ALGORITHM_NAMES, IssuerProblem};
use crate::read::{Fields, Located};
use crate::settings::{IssuerKeys, KeySource};

/// Past this, an expired token lives on for too long.
const LEEWAY_SECS_WISE: u64 = 300;

/// An issuer and where its name stands.
pub(super) struct Checked {
    pub(super) rules: IssuerRules,
    pub(super) keys: IssuerKeys,
    pub(super) span: Span,
}

pub(super) fn all(document: &Fields<'_>, scene: Scene<'_>) -> Vec<Checked> {
    let mut issuers: Vec<Checked> = Vec::new();
    let mut written: Vec<Located<&str>> = Vec::new();
    for (name, fields) in document.named(&file::ISSUER) {
        text::name(&name, scene);
        if let Some(identifier) = fields.text(&issuer::ISSUER) {
            if let Some(first) = written
                .iter()
                .find(|earlier| earlier.value == identifier.value)
            {
                let problem = IssuerProblem::IssuerTwice {
                    value: identifier.value.to_owned(),
                };
                scene
                    .sink
                    .error_beside(&identifier.span, problem, &first.span, "first here");
            }
            written.push(identifier);
        }
        issuers.push(one(&name, &fields, scene));
    }
    issuers
}

fn one(name: &Located<&str>, fields: &Fields<'_>, scene: Scene<'_>) -> Checked {
    let identifier = text::not_empty(fields, &issuer::ISSUER, scene).unwrap_or_default();
    let allow_http = fields
        .flag(&issuer::ALLOW_HTTP)
        .is_some_and(|flag| flag.value);
    let source = fields
        .table(&issuer::KEYS)
        .and_then(|keys| source(&keys, fields, allow_http, scene));
    let algorithms = algorithms(fields, source.as_ref(), scene);
    if let Some(source) = &source {
        check_keys(source, &algorithms, scene);
    }
    let list = |key: &'static Key, default: &[&str]| strings(fields, key, default, scene);
    let types = types(fields, scene);
    let rules = IssuerRules {
        name: name.value.into(),
        issuer: identifier.into(),
        audiences: audiences(fields, &issuer::AUDIENCE, scene).unwrap_or_default(),
        algorithms: algorithms
            .into_iter()
            .map(|algorithm| algorithm.value)
            .collect(),
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
            .unwrap_or("sub")
            .into(),
        groups_claim: text::not_empty(fields, &issuer::GROUPS_CLAIM, scene)
            .unwrap_or("groups")
            .into(),
    };
    let ca_file = fields.text(&issuer::CA_FILE);
    if let Some(path) = &ca_file {
        scene.pem(path, "CERTIFICATE", "certificate");
    }
    let keys = IssuerKeys {
        source: source.map_or(KeySource::Discovery, |source| source.value.0),
        ca_file: ca_file.map(|path| scene.resolve(path.value)),
    };
    Checked {
        rules,
        keys,
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

/// A source, and the bytes of it that can be looked at now.
type Source = (KeySource, Option<Vec<u8>>);

fn source(
    keys: &Fields<'_>,
    issuer: &Fields<'_>,
    allow_http: bool,
    scene: Scene<'_>,
) -> Option<Located<Source>> {
    if keys.len() != 1 {
        scene
            .sink
            .error(&keys.span, IssuerProblem::KeySources { count: keys.len() });
        return None;
    }
    let at = |span: Span, source, bytes| {
        Some(Located {
            value: (source, bytes),
            span,
        })
    };
    if let Some(flag) = keys.flag(&keys::DISCOVERY) {
        if !flag.value {
            scene.sink.error(&flag.span, IssuerProblem::DiscoveryOff);
        }
        let identifier = issuer.text(&issuer::ISSUER)?;
        needs_tls(&identifier, allow_http, scene);
        return at(flag.span, KeySource::Discovery, None);
    }
    if let Some(address) = keys.text(&keys::JWKS_URL) {
        // The address of a key set may have a query; an issuer's may not (RFC 8414 section 2).
        let without_query = address.value.split_once('?').map(|(before, _)| before);
        let read = Located {
            value: without_query.unwrap_or(address.value),
            span: address.span.clone(),
        };
        needs_tls(&read, allow_http, scene);
        let url = address.value.to_owned();
        return at(address.span, KeySource::JwksUrl(url), None);
    }
    if let Some(json) = keys.lines(&keys::INLINE) {
        let source = KeySource::Inline(json.value.to_owned());
        return at(json.span, source, Some(json.value.as_bytes().to_vec()));
    }
    if let Some(path) = keys.text(&keys::JWKS_FILE) {
        let bytes = scene.read(&path)?;
        return at(
            path.span,
            KeySource::JwksFile(scene.resolve(path.value)),
            Some(bytes),
        );
    }
    let path = keys.text(&keys::SECRET_FILE)?;
    scene.keep_secret(&path);
    let bytes = scene.read(&path)?;
    at(
        path.span,
        KeySource::SecretFile(scene.resolve(path.value)),
        Some(bytes),
    )
}

fn needs_tls(address: &Located<&str>, allow_http: bool, scene: Scene<'_>) {
    if url::read(address, scene).is_some_and(|url| !url.is_https) && !allow_http {
        scene.sink.error(
            &address.span,
            IssuerProblem::KeysOverHttp {
                value: address.value.to_owned(),
            },
        );
    }
}

/// RFC 8725 section 3.1: the algorithms are the verifier's choice, and each must fit the kind of key.
fn algorithms(
    fields: &Fields<'_>,
    source: Option<&Located<Source>>,
    scene: Scene<'_>,
) -> Vec<Located<Algorithm>> {
    let secret = source.is_some_and(|source| matches!(source.value.0, KeySource::SecretFile(_)));
    let Some(written) = fields.texts(&issuer::ALGORITHMS) else {
        if secret && !fields.has(&issuer::ALGORITHMS) {
            scene
                .sink
                .error(&fields.span, IssuerProblem::SecretAlgorithmUnnamed);
        }
        let usual = [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa];
        return usual.map(|value| Located { value, span: 0..0 }).to_vec();
    };
    text::no_two_the_same(&written.value, scene);
    if secret && written.value.len() > 1 {
        scene
            .sink
            .error(&written.span, IssuerProblem::SecretAlgorithmUnnamed);
    }
    written
        .value
        .iter()
        .filter_map(|name| algorithm(name, secret, source.is_some(), scene))
        .collect()
}

fn algorithm(
    name: &Located<&str>,
    secret: bool,
    source_known: bool,
    scene: Scene<'_>,
) -> Option<Located<Algorithm>> {
    let value = name.value.to_owned();
    let problem = match Algorithm::from_name(name.value) {
        None if name.value.eq_ignore_ascii_case("none") => IssuerProblem::AlgorithmNone,
        None => IssuerProblem::Algorithm {
            value,
            near: nearest(name.value, ALGORITHM_NAMES),
        },
        Some(algorithm) if source_known && algorithm.is_symmetric() && !secret => {
            IssuerProblem::AlgorithmNeedsSecret { value }
        }
        Some(algorithm) if source_known && !algorithm.is_symmetric() && secret => {
            IssuerProblem::AlgorithmNotForSecret { value }
        }
        Some(algorithm) => {
            return Some(Located {
                value: algorithm,
                span: name.span.clone(),
            });
        }
    };
    scene.sink.error(&name.span, problem);
    None
}

/// Keys that are at hand are tried now, so that the gateway does not find out later.
fn check_keys(source: &Located<Source>, algorithms: &[Located<Algorithm>], scene: Scene<'_>) {
    let Some(bytes) = &source.value.1 else { return };
    if !matches!(source.value.0, KeySource::SecretFile(_)) {
        match KeySet::parse_json(bytes) {
            Ok(keys) if keys.is_empty() => {
                scene.sink.error(&source.span, IssuerProblem::KeySetEmpty)
            }
            Ok(_) => {}
            Err(error) => scene.sink.error(
                &source.span,
                IssuerProblem::KeySet {
                    detail: error.to_string(),
                },
            ),
        }
        return;
    }
    let [algorithm] = algorithms else { return };
    // A line end after the secret is an editor's, and not part of it.
    let line_end = bytes.iter().rev();
    let line_end = line_end.take_while(|byte| matches!(byte, b'\n' | b'\r'));
    let bytes_without = bytes.len() - line_end.count();
    let secret = bytes.get(..bytes_without).unwrap_or_default();
    let Some(bytes_min) = algorithm.value.secret_bytes_min() else {
        return;
    };
    // RFC 7518 section 3.2: a key of the same size as the hash output or larger must be used.
    if KeySet::shared_secret(Secret::new(secret.to_vec()), None, algorithm.value).is_err() {
        let algorithm = algorithm.value.name();
        scene.sink.error(
            &source.span,
            IssuerProblem::SecretTooShort {
                algorithm,
                bytes: secret.len(),
                bytes_min,
            },
        );
    }
}

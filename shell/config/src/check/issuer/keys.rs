//! Where an issuer's keys come from, and which algorithms they are taken for.
//!
//! Knows: sources and algorithms, and how the two fit. Does not know the network: nothing is fetched here.

use countersign_jose::{Algorithm, KeySet};
use countersign_secret::Secret;

use crate::check::{Scene, text, url};
use crate::declared::{issuer, keys};
use crate::finding::Span;
use crate::nearest::nearest;
use crate::problem::{ALGORITHM_NAMES, IssuerProblem};
use crate::read::{Fields, Located};
use crate::settings::KeySource;

/// Source and algorithms of an issuer. The source is absent where there is an error.
pub(super) fn read(
    fields: &Fields<'_>,
    identifier: Option<&Located<&str>>,
    allow_http: bool,
    scene: Scene<'_>,
) -> (Option<KeySource>, Vec<Algorithm>) {
    let source = fields
        .table(&issuer::KEYS)
        .and_then(|keys| source(&keys, identifier, allow_http, scene));
    let algorithms = algorithms(fields, source.as_ref(), scene);
    if let Some(source) = &source {
        check_keys(source, &algorithms, scene);
    }
    let algorithms = algorithms.into_iter().map(|algorithm| algorithm.value);
    (source.map(|source| source.value.0), algorithms.collect())
}

/// A source, and the bytes of it that can be looked at now.
type Source = (KeySource, Option<Vec<u8>>);

fn source(
    keys: &Fields<'_>,
    identifier: Option<&Located<&str>>,
    allow_http: bool,
    scene: Scene<'_>,
) -> Option<Located<Source>> {
    // A key that is not known is reported as such, and is no source.
    let count = keys::SECTION
        .keys
        .iter()
        .filter(|key| keys.has(key))
        .count();
    if count > 1 || keys.len() == 0 {
        scene
            .sink
            .error(&keys.span, IssuerProblem::KeySources { count });
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
        if let Some(identifier) = identifier {
            needs_tls(identifier, allow_http, scene);
        }
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
        let bytes = scene.read(&path);
        return at(
            path.span,
            KeySource::JwksFile(scene.resolve(path.value)),
            bytes,
        );
    }
    let path = keys.text(&keys::SECRET_FILE)?;
    let bytes = scene.read_secret(&path);
    at(
        path.span,
        KeySource::SecretFile(scene.place(path.value)),
        bytes,
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

//! Digest: what is offered, and how the address that a client signed is known.
//!
//! Knows one section, and whether there are proxies in front. Does not know users.

use countersign_flow::DigestRules;
use countersign_wire::digest::{Algorithm, Hash, Qop};
use http::HeaderName;

use super::{Scene, header, text, url};
use crate::declared::digest;
use crate::nearest::nearest;
use crate::problem::{DigestProblem, NONCE_KEY_BYTES_MIN, TextProblem};
use crate::read::{Fields, Located};
use crate::settings::{Digest, SecretPlace};

const ALGORITHMS: [&str; 6] = [
    "SHA-256",
    "SHA-512-256",
    "MD5",
    "SHA-256-sess",
    "SHA-512-256-sess",
    "MD5-sess",
];
const QOP: [&str; 2] = ["auth", "auth-int"];

/// The rules and settings of `[digest]`.
pub(super) fn read(
    fields: Option<&Fields<'_>>,
    has_proxies: bool,
    scene: Scene<'_>,
) -> (DigestRules, Digest) {
    let (mut rules, mut settings) = (DigestRules::default(), Digest::default());
    let Some(fields) = fields else {
        return (rules, settings);
    };
    if let Some(written) = fields.texts(&digest::ALGORITHMS) {
        rules.algorithms = algorithms(&written.value, scene);
    }
    if let Some(written) = fields.texts(&digest::QOP) {
        rules.qop = choices(&written.value, &QOP, Qop::from_word, scene);
    }
    let whole = |key, default| fields.whole(key).map_or(default, |number| number.value);
    let size = |key, default: usize| {
        usize::try_from(whole(key, u64::try_from(default).unwrap_or(u64::MAX))).unwrap_or(default)
    };
    let flag = |key| fields.flag(key).is_some_and(|flag| flag.value);
    rules.body_bytes_max = size(&digest::AUTH_INT_BODY_BYTES_MAX, rules.body_bytes_max);
    rules.userhash = flag(&digest::USERHASH);
    rules.nonce_secs = fields
        .whole(&digest::NONCE_SECS)
        .map_or(rules.nonce_secs, |secs| {
            i64::try_from(secs.value).unwrap_or(i64::MAX)
        });
    rules.count_window = fields
        .whole(&digest::COUNT_WINDOW)
        .map_or(rules.count_window, |counts| {
            u32::try_from(counts.value).unwrap_or(u32::MAX)
        });
    rules.take_nonces_of_others = fields
        .text(&digest::NONCES_OF_OTHERS)
        .is_some_and(|choice| choice.value == "take");
    rules.domain = domain(fields, scene);
    rules.path_prefix = path_prefix(fields, scene);
    settings.nonces_max = size(&digest::NONCES_MAX, settings.nonces_max);
    settings.nonce_key_file = nonce_key_file(fields, scene);
    settings.original_target_header = original_target_header(fields, has_proxies, scene);
    (rules, settings)
}

fn algorithms(written: &[Located<&str>], scene: Scene<'_>) -> Vec<Algorithm> {
    let read = choices(written, &ALGORITHMS, Algorithm::from_word, scene);
    for text in written {
        if Algorithm::from_word(text.value).is_some_and(|algorithm| algorithm.hash == Hash::Md5) {
            let value = text.value.to_owned();
            scene.sink.warn(&text.span, DigestProblem::Md5 { value });
        }
    }
    read
}

/// Each of some words once, in the order of the file.
pub(super) fn choices<T>(
    written: &[Located<&str>],
    known: &'static [&'static str],
    read: impl Fn(&str) -> Option<T>,
    scene: Scene<'_>,
) -> Vec<T> {
    text::no_two_the_same(written, scene);
    let one = |text: &Located<&str>| {
        let value = known
            .contains(&text.value)
            .then(|| read(text.value))
            .flatten();
        if value.is_none() {
            scene.sink.error(
                &text.span,
                TextProblem::NotAChoice {
                    value: text.value.to_owned(),
                    choices: known,
                    near: nearest(text.value, known.iter().copied()),
                },
            );
        }
        value
    };
    written.iter().filter_map(one).collect()
}

/// RFC 7616 section 3.3: a space-separated list of URIs, each absolute or a path.
fn domain(fields: &Fields<'_>, scene: Scene<'_>) -> Box<str> {
    let written = fields
        .texts(&digest::DOMAIN)
        .map(|list| list.value)
        .unwrap_or_default();
    text::no_two_the_same(&written, scene);
    let mut domain = Vec::with_capacity(written.len());
    for text in &written {
        let is_path = text.starts_with('/') && !text.starts_with("//");
        let fits = text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'"');
        if fits && (is_path || url::parse(text.value).is_ok()) {
            domain.push(text.value);
        } else {
            let value = text.value.to_owned();
            scene
                .sink
                .error(&text.span, DigestProblem::Domain { value });
        }
    }
    domain.join(" ").into()
}

fn path_prefix(fields: &Fields<'_>, scene: Scene<'_>) -> Box<str> {
    let Some(text) = fields.text(&digest::PATH_PREFIX) else {
        return "".into();
    };
    let fits = text.starts_with('/')
        && !text.ends_with('/')
        && !text.contains("//")
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"?#\"\\".contains(&byte));
    if !fits {
        let value = text.value.to_owned();
        scene
            .sink
            .error(&text.span, DigestProblem::PathPrefix { value });
    }
    text.value.into()
}

fn nonce_key_file(fields: &Fields<'_>, scene: Scene<'_>) -> Option<SecretPlace> {
    let path = fields.text(&digest::NONCE_KEY_FILE)?;
    let contents = scene.read_secret(&path)?;
    let bytes = contents.trim_ascii_end().len();
    if bytes < NONCE_KEY_BYTES_MIN {
        scene
            .sink
            .error(&path.span, DigestProblem::NonceKeyShort { bytes });
    }
    Some(scene.place(path.value))
}

fn original_target_header(
    fields: &Fields<'_>,
    has_proxies: bool,
    scene: Scene<'_>,
) -> Option<HeaderName> {
    let text = fields.text(&digest::ORIGINAL_TARGET_HEADER)?;
    if fields.has(&digest::PATH_PREFIX) {
        scene.sink.error(&text.span, DigestProblem::PathTwice);
    }
    if !has_proxies {
        scene.sink.error(&text.span, DigestProblem::NobodyTrusted);
    }
    header::read_foreign(&text, scene)
}

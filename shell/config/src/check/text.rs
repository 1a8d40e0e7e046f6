//! Checks that strings of every section share.
//!
//! Knows names and emptiness.

use countersign_policy::Network;

use super::Scene;
use crate::declared::Key;
use crate::problem::{ServerProblem, TextProblem};
use crate::read::{Fields, Located};

/// The longest name of a route, an issuer or an upstream.
const NAME_BYTES_MAX: usize = 64;

/// A string that has to have characters.
pub(super) fn not_empty<'d>(
    fields: &Fields<'d>,
    key: &'static Key,
    scene: Scene<'_>,
) -> Option<Located<&'d str>> {
    let text = fields.text(key)?;
    if text.is_empty() {
        scene.sink.error(
            &text.span,
            TextProblem::EmptyText {
                key: key.name.to_owned(),
            },
        );
        return None;
    }
    Some(text)
}

/// A realm. RFC 9110 section 5.5: only within ASCII is there one reading of a field's bytes, so that clients would show
/// another name than the one that stands here.
pub(super) fn realm<'d>(
    fields: &Fields<'d>,
    key: &'static Key,
    scene: Scene<'_>,
) -> Option<&'d str> {
    let realm = not_empty(fields, key, scene)?;
    if !realm.is_ascii() {
        let value = realm.value.to_owned();
        scene
            .sink
            .error(&realm.span, TextProblem::NotAscii { value });
        return None;
    }
    Some(realm.value)
}

/// Strings that all have to have characters, and no two the same.
pub(super) fn boxed(list: &[Located<&str>], key: &'static Key, scene: Scene<'_>) -> Vec<Box<str>> {
    not_empty_nor_twice(list, key, scene);
    list.iter().map(|text| text.value.into()).collect()
}

/// Reports each string that has no characters, and each that stands in the list before.
pub(super) fn not_empty_nor_twice(list: &[Located<&str>], key: &'static Key, scene: Scene<'_>) {
    for text in list.iter().filter(|text| text.is_empty()) {
        scene.sink.error(
            &text.span,
            TextProblem::EmptyText {
                key: key.name.to_owned(),
            },
        );
    }
    no_two_the_same(list, scene);
}

/// Reports each string that stands in the list before.
pub(super) fn no_two_the_same(list: &[Located<&str>], scene: Scene<'_>) {
    for (at, text) in list.iter().enumerate() {
        if let Some(first) = list
            .iter()
            .take(at)
            .find(|earlier| earlier.value == text.value)
        {
            let problem = TextProblem::Twice {
                value: text.value.to_owned(),
            };
            scene
                .sink
                .error_beside(&text.span, problem, &first.span, "first here");
        }
    }
}

/// ```abnf
/// name = 1*64( ALPHA / DIGIT / "-" / "_" / "." )
/// ```
pub(super) fn name(name: &Located<&str>, scene: Scene<'_>) {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(fits) {
        scene.sink.error(
            &name.span,
            TextProblem::Name {
                name: name.value.to_owned(),
            },
        );
    }
}

/// Networks, each reported where it cannot be read.
pub(super) fn networks(list: &[Located<&str>], scene: Scene<'_>) -> Vec<Network> {
    let read = list
        .iter()
        .filter_map(|text| match Network::parse(text.value) {
            Ok(network) => Some(network),
            Err(defect) => {
                let value = text.value.to_owned();
                scene
                    .sink
                    .error(&text.span, ServerProblem::Network { value, defect });
                None
            }
        });
    read.collect()
}

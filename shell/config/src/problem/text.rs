//! Problems with the text, its keys and its types.
//!
//! Knows wording only.

use super::{did_you_mean, listed};

/// What is wrong with the text, a key or a type. Strings are what the user wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are what the message quotes")]
pub enum TextProblem {
    /// The text is not TOML.
    Syntax { message: String },
    /// A key that its section does not have.
    UnknownKey {
        key: String,
        section: &'static str,
        near: Option<&'static str>,
        known: Vec<&'static str>,
    },
    /// A key that its section must have.
    MissingKey {
        key: &'static str,
        section: &'static str,
        kind: &'static str,
    },
    /// A value of another type.
    WrongType {
        key: String,
        wanted: &'static str,
        found: &'static str,
    },
    /// A number that is too small or too large.
    OutOfRange {
        key: &'static str,
        min: u64,
        max: u64,
    },
    /// A string that is none of those possible.
    NotAChoice {
        value: String,
        choices: &'static [&'static str],
        near: Option<&'static str>,
    },
    /// A list without elements where that has no meaning.
    EmptyList { key: String, is_required: bool },
    /// A string without characters where that has no meaning.
    EmptyText { key: String },
    /// A line break or another control character in a string.
    ControlCharacter { key: String },
    /// A character outside of ASCII in what goes into a header.
    NotAscii { value: String },
    /// A name with odd characters.
    Name { name: String },
    /// The same element twice.
    Twice { value: String },
}

impl TextProblem {
    pub(super) fn words(&self) -> (String, String) {
        match self {
            Self::Syntax { message } => (
                format!("the file is not TOML: {message}"),
                "see https://toml.io for the syntax; nothing else was checked".into(),
            ),
            Self::UnknownKey {
                key,
                section,
                near,
                known,
            } => (
                format!("`{section}` has no key `{key}`"),
                did_you_mean(*near, format!("it has {}", listed(known.iter().copied()))),
            ),
            Self::MissingKey { key, section, kind } => (
                format!("`{section}` lacks the key `{key}`"),
                format!("add `{key}`, {kind}"),
            ),
            Self::WrongType { key, wanted, found } => {
                (format!("`{key}` is {found}"), format!("write {wanted}"))
            }
            Self::OutOfRange { key, min, max } => (
                format!("`{key}` is out of range"),
                format!("write a whole number from {min} to {max}"),
            ),
            Self::NotAChoice {
                value,
                choices,
                near,
            } => (
                format!("`{value}` is not known here"),
                did_you_mean(
                    *near,
                    format!("write one of {}", listed(choices.iter().copied())),
                ),
            ),
            Self::EmptyList { key, is_required } => (
                format!("`{key}` is an empty list"),
                if *is_required {
                    "name at least one".into()
                } else {
                    "name at least one, or leave the key out".into()
                },
            ),
            Self::EmptyText { key } => (
                format!("`{key}` is empty"),
                "write a value, or leave it out".into(),
            ),
            Self::ControlCharacter { key } => (
                format!("`{key}` has a line break or another control character"),
                "leave it out: the value ends up in headers and logs".into(),
            ),
            Self::NotAscii { value } => (
                format!("`{value}` has a character outside of ASCII"),
                "write it in ASCII: it stands in a header, and clients read other characters there in different ways"
                    .into(),
            ),
            Self::Name { name } => (
                format!("`{name}` is not a name"),
                "use 1 to 64 letters, digits, `-`, `_` and `.`".into(),
            ),
            Self::Twice { value } => (format!("`{value}` is there twice"), "leave one out".into()),
        }
    }
}

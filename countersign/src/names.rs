//! What names, groups and labels must look like.
//!
//! Knows: what Basic and the headers to upstreams can carry. Does not know which names are taken.

use std::fmt;

use countersign_wire::basic::{USER_BYTES_MAX, normalized};

use crate::failure::Failure;
use crate::printing::plain;

/// Why a text is not a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameDefect {
    Empty,
    Colon,
    Control,
    TooLong,
    Comma,
}

impl fmt::Display for NameDefect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("it is empty"),
            Self::Colon => {
                f.write_str("it has a colon, which separates name and password in Basic")
            }
            Self::Control => f.write_str("it has a control character"),
            Self::TooLong => write!(f, "it is longer than {USER_BYTES_MAX} bytes"),
            Self::Comma => f.write_str("it has a comma, which separates groups"),
        }
    }
}

/// The name of a user or service in the form that is stored and compared.
///
/// RFC 7617 section 2: a user-id with a colon cannot be sent, and control characters must not be.
pub(crate) fn parse(name: &str) -> Result<Box<str>, NameDefect> {
    let name = normalized(name);
    if name.contains(':') {
        return Err(NameDefect::Colon);
    }
    word(&name)
}

/// The name of a user or service, or the failure to show.
pub(crate) fn name(name: &str) -> Result<Box<str>, Failure> {
    parse(name)
        .map_err(|defect| Failure::usage(format!("`{}` cannot be a name: {defect}", plain(name))))
}

/// Groups, each once, in the order given.
pub(crate) fn groups(given: &[String]) -> Result<Vec<Box<str>>, Failure> {
    let mut groups: Vec<Box<str>> = Vec::with_capacity(given.len());
    for group in given {
        let parsed = if group.contains(',') {
            Err(NameDefect::Comma)
        } else {
            word(&normalized(group))
        };
        let parsed = parsed.map_err(|defect| {
            let failure = Failure::usage(format!("`{}` cannot be a group: {defect}", plain(group)));
            if defect == NameDefect::Comma {
                failure.help("give `--group` once for each group")
            } else {
                failure
            }
        })?;
        if !groups.contains(&parsed) {
            groups.push(parsed);
        }
    }
    Ok(groups)
}

/// A text for people, such as a display name or a label.
pub(crate) fn text(what: &str, text: &str) -> Result<Box<str>, Failure> {
    word(&normalized(text))
        .map_err(|defect| Failure::usage(format!("`{}` cannot be a {what}: {defect}", plain(text))))
}

fn word(word: &str) -> Result<Box<str>, NameDefect> {
    if word.is_empty() {
        return Err(NameDefect::Empty);
    }
    if word.chars().any(char::is_control) {
        return Err(NameDefect::Control);
    }
    if word.len() > USER_BYTES_MAX {
        return Err(NameDefect::TooLong);
    }
    Ok(word.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc7617_section_2_names_without_colon_and_control() {
        assert_eq!(parse("alice").as_deref(), Ok("alice"));
        assert_eq!(
            parse("alice@example.com").as_deref(),
            Ok("alice@example.com")
        );
        assert_eq!(parse(""), Err(NameDefect::Empty));
        assert_eq!(parse("a:b"), Err(NameDefect::Colon));
        assert_eq!(parse("a\0b"), Err(NameDefect::Control));
        assert_eq!(parse("a\u{85}b"), Err(NameDefect::Control));
    }

    #[test]
    fn rfc7617_section_2_1_names_are_stored_in_nfc() {
        assert_eq!(parse("Zoe\u{308}").as_deref(), Ok("Zo\u{eb}"));
    }

    #[test]
    fn a_name_has_at_most_256_bytes_once_it_is_normalised() {
        assert!(parse(&"x".repeat(USER_BYTES_MAX)).is_ok());
        assert_eq!(
            parse(&"x".repeat(USER_BYTES_MAX + 1)),
            Err(NameDefect::TooLong)
        );
        assert!(parse(&"e\u{308}".repeat(USER_BYTES_MAX / 2)).is_ok());
    }

    #[test]
    fn a_group_is_kept_once() {
        let given = ["b", "a", "b"].map(str::to_owned);
        assert_eq!(groups(&given).unwrap(), [Box::from("b"), Box::from("a")]);
    }
}

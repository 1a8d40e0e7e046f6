//! Credentials: the value of `Authorization`, split into its scheme word and the rest.
//!
//! Knows: the grammar of RFC 9110 section 11.4, and by which mistake a value misses it. Does not know which schemes
//! are wanted, nor where the value came from.

mod diagnosis;
mod placeholder;
#[cfg(test)]
mod tests;

use countersign_cause::Cause;

use crate::Scheme;
use crate::grammar::{is_token, trim_ows};

pub use diagnosis::{is_known_scheme, looks_like_jwt};
pub(crate) use diagnosis::{misplaced_scheme, misspelt, unfit};
pub(crate) use placeholder::PLACEHOLDER_BYTES_MAX;
pub use placeholder::{is_placeholder, is_unset};

/// Why credentials cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Defect {
    /// What to call it, in the answer and everywhere else.
    pub cause: Cause,
    /// The scheme that was meant, where that is known.
    pub scheme: Option<Scheme>,
    /// What exactly is wrong: one lower-case sentence without anything of the credential in it.
    pub detail: &'static str,
}

impl Defect {
    pub(crate) const fn new(cause: Cause, scheme: Option<Scheme>, detail: &'static str) -> Defect {
        Defect {
            cause,
            scheme,
            detail,
        }
    }
}

/// A scheme word and what follows it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Credentials<'a> {
    /// A token, in the letters that it came in: compare it without regard to case.
    pub scheme_word: &'a [u8],
    /// What follows the space; empty where there is the scheme word alone.
    pub rest: &'a [u8],
}

/// Splits an `Authorization` value.
///
/// `credentials = auth-scheme [ 1*SP ( token68 / #auth-param ) ]`, RFC 9110 section 11.4. What follows the word is not
/// checked: its grammar is the scheme's. A word without anything after it is taken for a scheme only if it is a
/// registered one, otherwise for a credential that lacks its scheme word.
///
/// # Errors
///
/// The cause for which the value has no scheme word of its own.
pub fn parse(value: &[u8]) -> Result<Credentials<'_>, Defect> {
    // RFC 9110 section 5.5: whitespace around a field value is no part of it.
    let value = trim_ows(value);
    match value
        .iter()
        .position(|byte| *byte == b' ')
        .and_then(|space| value.split_at_checked(space))
    {
        Some((word, rest)) if is_token(word) => Ok(Credentials {
            scheme_word: word,
            rest: trim_spaces(rest),
        }),
        None if is_known_scheme(value) => Ok(Credentials {
            scheme_word: value,
            rest: &[],
        }),
        Some(_) | None => Err(diagnosis::misshapen(value)),
    }
}

fn trim_spaces(mut rest: &[u8]) -> &[u8] {
    while let [b' ', after @ ..] = rest {
        rest = after;
    }
    rest
}

//! Parameter lists, read and written: `#auth-param` of RFC 9110 section 11.2, without the scheme word before it.
//!
//! Knows: which of the scheme's parameters are quoted. Does not know what they mean.

use crate::challenge::{self, Challenge, Fault};

/// Reads a list as if it followed the scheme word: credentials and challenges share their grammar.
///
/// `Err` holds what makes the list unreadable or ambiguous: a quoted string without its end, a name twice, control
/// characters, more parameters than are read, or a second scheme within. What only misses the letter of the grammar
/// is read, as servers do.
pub(super) fn read(list: &[u8]) -> Result<Challenge, Broken> {
    let mut line = Vec::with_capacity(list.len() + "Digest ".len());
    line.extend_from_slice(b"Digest ");
    line.extend_from_slice(list);
    let parsed = challenge::parse([line.as_slice()]);
    for defect in &parsed.defects {
        match defect.fault {
            Fault::QuoteUnterminated => return Err(Broken::QuoteUnterminated),
            Fault::ParamDuplicated => return Err(Broken::Duplicated),
            Fault::Control => return Err(Broken::Control),
            Fault::TooMany => return Err(Broken::TooMany),
            Fault::LineEmpty
            | Fault::SchemeMissing
            | Fault::ParamWithoutScheme
            | Fault::ParamValueMissing
            | Fault::ParamUnquoted
            | Fault::RealmUnquoted
            | Fault::RealmMissing
            | Fault::NotAscii
            | Fault::CommaMissing
            | Fault::Stray => {}
        }
    }
    let mut challenges = parsed.challenges;
    match (challenges.pop(), challenges.is_empty()) {
        (Some(list), true) if list.params().next().is_some() => Ok(list),
        (Some(_), true) | (None, _) => Err(Broken::NoParams),
        (Some(_), false) => Err(Broken::SecondScheme),
    }
}

/// What makes a list unreadable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    QuoteUnterminated,
    Duplicated,
    Control,
    TooMany,
    NoParams,
    SecondScheme,
}

impl Broken {
    pub(super) const fn detail(self) -> &'static str {
        match self {
            Broken::QuoteUnterminated => "a quoted string has no end",
            Broken::Duplicated => "a parameter of `Digest` stands there twice",
            Broken::Control => "a control character among the parameters of `Digest`",
            Broken::TooMany => "more parameters than `Digest` has",
            Broken::NoParams => "no parameters follow the word `Digest`",
            Broken::SecondScheme => "a second scheme word among the parameters of `Digest`",
        }
    }
}

/// Appends `, name="value"`, or without the comma where it is the first.
pub(super) fn write_quoted(name: &str, value: &str, out: &mut String) {
    write_name(name, out);
    out.push('"');
    for character in value.chars() {
        match character {
            '"' | '\\' => {
                out.push('\\');
                out.push(character);
            }
            // RFC 9110 section 5.5: a field value holds no control characters but the tab. The caller writes what has
            // some in another form; a question mark shows that something stood here.
            _ if character != '\t' && character.is_ascii_control() => out.push('?'),
            // RFC 9110 section 5.6.4: obs-text. A realm goes back in the bytes in which it came.
            _ => out.push(character),
        }
    }
    out.push('"');
}

/// Appends `, name=value`, or without the comma where it is the first. The value is a token.
pub(super) fn write_token(name: &str, value: &str, out: &mut String) {
    write_name(name, out);
    out.push_str(value);
}

fn write_name(name: &str, out: &mut String) {
    if !out.ends_with(' ') && !out.is_empty() {
        out.push_str(", ");
    }
    out.push_str(name);
    out.push('=');
}

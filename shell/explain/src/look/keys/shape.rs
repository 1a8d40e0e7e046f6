//! A small language for what credentials look like.
//!
//! ```text
//! shape   = element *( " " element )
//! element = "'" literal "'" / class "*" least [ "-" [ most ] ]
//! class   = "hex" / "upper" / "lower" / "digit" / "word" / "url" / "base64" / "any"
//! ```
//!
//! Knows: letters and lengths. Does not know whose credential it is.

use serde::Deserialize;

/// Longer than any credential that has a shape of its own.
const VALUE_BYTES_MAX: usize = 1024;

/// What a credential looks like.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Shape(Vec<Element>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Element {
    Literal(String),
    Run {
        class: Class,
        least: usize,
        most: Option<usize>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Hex,
    Upper,
    Lower,
    Digit,
    Word,
    Url,
    Base64,
    Any,
}

impl Class {
    const fn has(self, byte: u8) -> bool {
        match self {
            Class::Hex => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
            Class::Upper => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Class::Lower => byte.is_ascii_lowercase() || byte.is_ascii_digit(),
            Class::Digit => byte.is_ascii_digit(),
            Class::Word => byte.is_ascii_alphanumeric(),
            Class::Url => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'),
            Class::Base64 => byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='),
            Class::Any => byte.is_ascii_graphic(),
        }
    }
}

/// A shape that cannot be read.
#[derive(Debug)]
pub(crate) struct Misshapen(String);

impl std::fmt::Display for Misshapen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "no element of a shape: `{}`", self.0)
    }
}

impl TryFrom<String> for Shape {
    type Error = Misshapen;

    fn try_from(text: String) -> Result<Shape, Misshapen> {
        let elements = text.split(' ').map(element);
        elements
            .collect::<Result<Vec<Element>, Misshapen>>()
            .map(Shape)
    }
}

fn element(text: &str) -> Result<Element, Misshapen> {
    let literal = text
        .strip_prefix('\'')
        .and_then(|rest| rest.strip_suffix('\''));
    if let Some(literal) = literal {
        return Ok(Element::Literal(literal.to_owned()));
    }
    let misshapen = || Misshapen(text.to_owned());
    let (class, count) = text.split_once('*').ok_or_else(misshapen)?;
    let class = match class {
        "hex" => Class::Hex,
        "upper" => Class::Upper,
        "lower" => Class::Lower,
        "digit" => Class::Digit,
        "word" => Class::Word,
        "url" => Class::Url,
        "base64" => Class::Base64,
        "any" => Class::Any,
        _ => return Err(misshapen()),
    };
    let number = |text: &str| text.parse::<usize>().map_err(|_| misshapen());
    let (least, most) = match count.split_once('-') {
        None => (number(count)?, Some(number(count)?)),
        Some((least, "")) => (number(least)?, None),
        Some((least, most)) => (number(least)?, Some(number(most)?)),
    };
    Ok(Element::Run { class, least, most })
}

impl Shape {
    /// What it begins with.
    pub(crate) fn lead(&self) -> &str {
        match self.0.first() {
            Some(Element::Literal(text)) => text,
            Some(Element::Run { .. }) | None => "",
        }
    }

    /// Whether a value begins as it should; where the shape begins with nothing fixed, it has to fit to its end.
    pub(crate) fn begins(&self, value: &[u8]) -> bool {
        let lead = self.lead().as_bytes();
        match lead.is_empty() {
            true => self.fits(value),
            false => value.starts_with(lead) && value.len() > lead.len(),
        }
    }

    /// Whether it begins so in other letter cases, and not in these.
    pub(crate) fn begins_in_another_case(&self, value: &[u8]) -> bool {
        let lead = self.lead().as_bytes();
        let start = value.get(..lead.len()).unwrap_or_default();
        lead.len() >= 4 && start != lead && start.eq_ignore_ascii_case(lead)
    }

    /// Whether it fits to its end.
    pub(crate) fn fits(&self, value: &[u8]) -> bool {
        value.len() <= VALUE_BYTES_MAX && fits(&self.0, value)
    }

    /// The one length that it can have.
    pub(crate) fn only_length(&self) -> Option<usize> {
        self.0.iter().try_fold(0, |sum, element| match element {
            Element::Literal(text) => Some(sum + text.len()),
            Element::Run { least, most, .. } => (*most == Some(*least)).then_some(sum + least),
        })
    }
}

fn fits(elements: &[Element], value: &[u8]) -> bool {
    match elements {
        [] => value.is_empty(),
        [Element::Literal(text), rest @ ..] => value
            .strip_prefix(text.as_bytes())
            .is_some_and(|after| fits(rest, after)),
        [Element::Run { class, least, most }, rest @ ..] => {
            let run = value.iter().take_while(|byte| class.has(**byte)).count();
            let most = most.map_or(run, |most| most.min(run));
            (*least..=most)
                .rev()
                .any(|length| value.get(length..).is_some_and(|after| fits(rest, after)))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::Shape;

    fn shape(text: &str) -> Shape {
        Shape::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn shapes_fit_to_the_end() {
        let key = shape("'SG.' url*4 '.' word*2-3");
        assert!(key.fits(b"SG.a-_b.xyz") && key.fits(b"SG.abcd.xy"));
        for other in [
            "SG.abcd.x",
            "SG.abcd.wxyz",
            "SG.abcde.xy",
            "sg.abcd.xy",
            "SG.abcd.x-",
            "",
        ] {
            assert!(!key.fits(other.as_bytes()), "{other}");
        }
        assert!(shape("word*2- '.x' hex*1").fits(b"abcd.x9"));
        assert!(shape("hex*2- 'NRAL'").fits(b"0aNRAL"));
    }

    #[test]
    fn beginnings_and_lengths() {
        let key = shape("'ghp_' word*36");
        assert_eq!((key.lead(), key.only_length()), ("ghp_", Some(40)));
        assert!(key.begins(b"ghp_abc") && !key.begins(b"ghp_") && !key.begins(b"GHP_abc"));
        assert!(key.begins_in_another_case(b"GHP_abc") && !key.begins_in_another_case(b"ghp_a"));
        let other = shape("hex*4 '-' digit*1-2");
        assert_eq!((other.lead(), other.only_length()), ("", None));
        assert!(other.begins(b"00ff-1") && !other.begins(b"00ff"));
    }

    #[test]
    fn what_is_no_shape_is_refused() {
        for text in [
            "",
            "abc",
            "word",
            "word*",
            "word*a",
            "wort*3",
            "'abc",
            "hex*2  hex*2",
        ] {
            assert!(Shape::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}

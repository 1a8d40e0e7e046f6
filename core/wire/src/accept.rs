//! Which form of an answer the client would rather have.
//!
//! Knows: `Accept`, RFC 9110 section 12.5.1. Does not know the answers.

use crate::grammar::{is_token, trim_ows};

/// A media type that can be offered, without parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MediaType {
    main: &'static str,
    sub: &'static str,
}

impl MediaType {
    /// `text/html`.
    pub const HTML: MediaType = MediaType::new("text", "html");
    /// `text/plain`.
    pub const TEXT: MediaType = MediaType::new("text", "plain");
    /// `application/json`.
    pub const JSON: MediaType = MediaType::new("application", "json");
    /// `application/problem+json`, RFC 9457.
    pub const PROBLEM_JSON: MediaType = MediaType::new("application", "problem+json");

    /// The type of these two tokens.
    pub const fn new(main: &'static str, sub: &'static str) -> MediaType {
        MediaType { main, sub }
    }

    /// Whether `range` includes this type, and how specifically: 0 for `*/*`, 2 for the type itself.
    fn specificity(self, range: &Range<'_>) -> Option<u8> {
        let same = |range: &[u8], own: &str| range.eq_ignore_ascii_case(own.as_bytes());
        match (range.main, range.sub) {
            (b"*", b"*") => Some(0),
            (main, b"*") if same(main, self.main) => Some(1),
            (main, sub) if same(main, self.main) && same(sub, self.sub) => Some(2),
            _ => None,
        }
    }
}

/// An element of `Accept`. Its weight is in thousandths.
struct Range<'a> {
    main: &'a [u8],
    sub: &'a [u8],
    weight: u16,
}

/// The offered type that the client wants most.
///
/// `accept` are the field lines of `Accept`. Of several with the same weight the first offered is taken, and the first
/// of all where the client says nothing, or nothing that can be read. `None` where the client excludes every one.
pub fn prefer<'a, 'o>(
    accept: impl IntoIterator<Item = &'a [u8]>,
    offered: &'o [MediaType],
) -> Option<&'o MediaType> {
    let ranges: Vec<Range<'a>> = accept
        .into_iter()
        .flat_map(|line| line.split(|byte| *byte == b','))
        .filter_map(parse_range)
        .collect();
    if ranges.is_empty() {
        // RFC 9110 section 12.5.1: without the field, any media type is accepted.
        return offered.first();
    }
    let mut best: Option<(&MediaType, u16)> = None;
    for media_type in offered {
        let weight = weight(*media_type, &ranges);
        if weight > best.map_or(0, |(_, weight)| weight) {
            best = Some((media_type, weight));
        }
    }
    best.map(|(media_type, _)| media_type)
}

/// RFC 9110 section 12.5.1: the most specific range that includes a type has precedence.
fn weight(media_type: MediaType, ranges: &[Range<'_>]) -> u16 {
    ranges
        .iter()
        .filter_map(|range| {
            media_type
                .specificity(range)
                .map(|specificity| (specificity, range.weight))
        })
        .max()
        .map_or(0, |(_, weight)| weight)
}

/// `media-range = ( "*/*" / ( type "/" "*" ) / ( type "/" subtype ) ) parameters`, then `[ weight ]`.
///
/// Parameters other than `q` are passed over: none of the offered types has any, and clients write `charset=utf-8`
/// without wanting to exclude an answer. An element that breaks the grammar counts for nothing.
fn parse_range(element: &[u8]) -> Option<Range<'_>> {
    let mut parts = element.split(|byte| *byte == b';').map(trim_ows);
    let range = parts.next()?;
    let slash = range.iter().position(|byte| *byte == b'/')?;
    let (main, sub) = (range.get(..slash)?, range.get(slash + 1..)?);
    if !is_token(main) || !is_token(sub) || (main == b"*" && sub != b"*") {
        return None;
    }
    let weight = parts.find_map(|part| match part {
        [b'q' | b'Q', b'=', value @ ..] => Some(value),
        _ => None,
    });
    Some(Range {
        main,
        sub,
        weight: weight.map_or(Some(1000), parse_weight)?,
    })
}

/// `qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] )`, RFC 9110 section 12.4.2, in thousandths.
fn parse_weight(value: &[u8]) -> Option<u16> {
    let (whole, fraction) = match value {
        [whole @ (b'0' | b'1')] => (*whole, &[][..]),
        [whole @ (b'0' | b'1'), b'.', fraction @ ..] if fraction.len() <= 3 => (*whole, fraction),
        _ => return None,
    };
    let mut thousandths = u16::from(whole - b'0') * 1000;
    for (digit, worth) in fraction.iter().zip([100, 10, 1]) {
        thousandths += u16::from(digit.checked_sub(b'0').filter(|digit| *digit <= 9)?) * worth;
    }
    (thousandths <= 1000).then_some(thousandths)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{MediaType, parse_weight, prefer};

    #[test]
    fn a_weight_with_a_character_below_the_digits_is_none() {
        assert_eq!(parse_weight(b"0.*1"), None);
        assert_eq!(parse_weight(b"0.5"), Some(500));
    }

    const OFFERED: [MediaType; 4] = [
        MediaType::PROBLEM_JSON,
        MediaType::JSON,
        MediaType::HTML,
        MediaType::TEXT,
    ];

    fn preferred(accept: &str) -> Option<MediaType> {
        prefer([accept.as_bytes()], &OFFERED).copied()
    }

    #[test]
    fn rfc9110_section_12_5_1_without_the_field_anything_goes() {
        assert_eq!(prefer([], &OFFERED), Some(&MediaType::PROBLEM_JSON));
        assert_eq!(preferred(""), Some(MediaType::PROBLEM_JSON));
        assert_eq!(preferred("*/*"), Some(MediaType::PROBLEM_JSON));
        assert_eq!(preferred("utter nonsense"), Some(MediaType::PROBLEM_JSON));
    }

    #[test]
    fn rfc9110_section_12_5_1_the_most_specific_range_has_precedence() {
        assert_eq!(
            preferred("text/*;q=0.3, text/plain;q=0.7, */*;q=0.1"),
            Some(MediaType::TEXT)
        );
        assert_eq!(
            preferred("*/*, application/*;q=0, text/plain;q=0.5"),
            Some(MediaType::HTML)
        );
        assert_eq!(preferred("text/html;q=0, text/*"), Some(MediaType::TEXT));
    }

    #[test]
    fn rfc9110_section_12_4_2_a_weight_of_0_excludes() {
        assert_eq!(preferred("*/*;q=0"), None);
        assert_eq!(preferred("image/png"), None);
        assert_eq!(
            preferred("*/*, application/problem+json;q=0"),
            Some(MediaType::JSON)
        );
    }

    #[test]
    fn browsers_and_tools_get_what_they_can_show() {
        let firefox = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        assert_eq!(preferred(firefox), Some(MediaType::HTML));
        assert_eq!(
            preferred("application/json, text/plain, */*;q=0.5"),
            Some(MediaType::JSON)
        );
        assert_eq!(
            preferred("application/json; charset=utf-8"),
            Some(MediaType::JSON)
        );
        assert_eq!(preferred("TEXT/HTML;Q=1.0"), Some(MediaType::HTML));
    }

    #[test]
    fn several_lines_are_one_list() {
        let lines = [&b"text/plain;q=0.2"[..], b"text/html;q=0.4"];
        assert_eq!(prefer(lines, &OFFERED), Some(&MediaType::HTML));
    }

    #[test]
    fn rfc9110_section_12_4_2_weights() {
        for (text, thousandths) in [
            ("0", Some(0)),
            ("1", Some(1000)),
            ("0.5", Some(500)),
            ("0.001", Some(1)),
            ("1.000", Some(1000)),
            ("0.", Some(0)),
        ] {
            assert_eq!(parse_weight(text.as_bytes()), thousandths, "{text}");
        }
        for text in ["", "2", "1.1", "0.1234", "-1", ".5", "0,5", "0.x"] {
            assert_eq!(parse_weight(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(lines in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..4)) {
            let preferred = prefer(lines.iter().map(Vec::as_slice), &OFFERED);
            prop_assert!(preferred.is_none_or(|preferred| OFFERED.contains(preferred)));
        }
    }
}

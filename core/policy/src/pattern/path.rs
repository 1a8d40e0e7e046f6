//! Path patterns, segment by segment.
//!
//! Knows: literal segments, `*` for one segment that is not empty, `**` at the end for the rest, also an empty one:
//! `/a/**` stands for `/a`, `/a/` and everything below. A trailing slash makes no difference, since many servers serve
//! both spellings as one.
//!
//! Literals are compared with letter case and by what they decode to: the pattern `/a@b` stands for the targets `/a@b`
//! and `/a%40b`, which are two to some upstreams and one to others. A canonical target has no escape that decodes to a
//! separator, so this cannot move the bounds of a segment.
//!
//! Does not know: queries, hosts, routes.

use std::fmt;

use super::{PatternDefect, PatternFault};
use crate::target::{Target, hex_pair};

/// A path or a family of paths.
#[derive(Clone, Debug)]
pub struct PathPattern {
    text: Box<str>,
    segments: Box<[Segment]>,
    /// Whether it ends in `**`.
    rest: bool,
}

/// One segment of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    /// This text, decoded.
    Literal(Box<[u8]>),
    /// Any text but none.
    Any,
}

impl PathPattern {
    /// Reads a pattern: `/`, `/a/b`, `/a/*/b`, `/a/**`.
    ///
    /// A literal may be written as people write it (`/café/my file`) or percent-encoded.
    ///
    /// # Errors
    ///
    /// A pattern that no canonical target could match, a wildcard beside other text, `**` before the end, or a slash at
    /// the end, which would say nothing.
    pub fn parse(text: &str) -> Result<PathPattern, PatternDefect> {
        if !text.starts_with('/') {
            return Err(PatternDefect::new(PatternFault::Start, 0, 0));
        }
        let mut pattern = PathPattern {
            text: text.into(),
            segments: Box::default(),
            rest: false,
        };
        if text == "/" {
            return Ok(pattern);
        }
        let mut segments = Vec::new();
        let mut at = 1;
        for segment in text.get(1..).unwrap_or_default().split('/') {
            if pattern.rest {
                return Err(PatternDefect::new(PatternFault::RestNotLast, at - 3, 2));
            }
            match segment {
                "" if at == text.len() => {
                    return Err(PatternDefect::new(PatternFault::TrailingSlash, at - 1, 1));
                }
                "" => return Err(PatternDefect::new(PatternFault::EmptySegment, at - 1, 2)),
                "**" => pattern.rest = true,
                "*" => segments.push(Segment::Any),
                literal => segments.push(Segment::Literal(decode_literal(literal, at)?)),
            }
            at += segment.len() + 1;
        }
        pattern.segments = segments.into();
        Ok(pattern)
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the pattern stands for the target's path.
    #[must_use]
    pub fn matches(&self, target: &Target<'_>) -> bool {
        let mut path = segments(target);
        for wanted in &self.segments {
            let fits = match (wanted, path.next()) {
                (Segment::Any, Some(segment)) => !segment.is_empty(),
                (Segment::Literal(literal), Some(segment)) => decodes_to(segment, literal),
                (Segment::Any | Segment::Literal(_), None) => false,
            };
            if !fits {
                return false;
            }
        }
        self.rest || path.next().is_none()
    }

    /// Whether every path of the other pattern is one of this.
    #[must_use]
    pub fn covers(&self, other: &PathPattern) -> bool {
        let longer = other.segments.len() > self.segments.len() || other.rest;
        if other.segments.len() < self.segments.len() || (longer && !self.rest) {
            return false;
        }
        self.segments
            .iter()
            .zip(&other.segments)
            .all(|(own, others)| match own {
                Segment::Any => true,
                Segment::Literal(_) => own == others,
            })
    }

    /// The first segment decoded, where it is a literal: what an index can be made of.
    pub(crate) fn first_literal(&self) -> Option<&[u8]> {
        match self.segments.first() {
            Some(Segment::Literal(literal)) => Some(literal),
            Some(Segment::Any) | None => None,
        }
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Two patterns that stand for the same paths are equal, however they are written.
impl PartialEq for PathPattern {
    fn eq(&self, other: &Self) -> bool {
        self.rest == other.rest && self.segments == other.segments
    }
}

impl Eq for PathPattern {}

/// The segments of a canonical path, without the empty one after a trailing slash.
pub(crate) fn segments<'t>(target: &'t Target<'_>) -> impl Iterator<Item = &'t [u8]> {
    let path = target.path().as_bytes();
    let path = path.strip_prefix(b"/").unwrap_or(path);
    let path = path.strip_suffix(b"/").unwrap_or(path);
    let none = usize::from(path.is_empty());
    path.split(|byte| *byte == b'/').skip(none)
}

/// Whether a segment of a canonical path stands for these bytes, escapes decoded.
fn decodes_to(segment: &[u8], literal: &[u8]) -> bool {
    if !segment.contains(&b'%') {
        return segment == literal;
    }
    let mut at = 0;
    for wanted in literal {
        let (byte, width) = match segment.get(at) {
            Some(b'%') => (hex_pair(segment, at + 1), 3),
            byte => (byte.copied(), 1),
        };
        if byte != Some(*wanted) {
            return false;
        }
        at += width;
    }
    at == segment.len()
}

/// Decodes a literal segment that starts at `start` of its pattern, and refuses what no canonical target can have.
fn decode_literal(segment: &str, start: usize) -> Result<Box<[u8]>, PatternDefect> {
    let mut decoded = Vec::with_capacity(segment.len());
    let mut skip_until = 0;
    for (at, character) in segment.char_indices() {
        if at < skip_until {
            continue;
        }
        let defect = |fault, bytes| Err(PatternDefect::new(fault, start + at, bytes));
        match character {
            '*' => return defect(PatternFault::PartialWildcard, 1),
            '?' | '#' => return defect(PatternFault::NotPath, 1),
            '%' => match hex_pair(segment.as_bytes(), at + 1) {
                None => return defect(PatternFault::PercentEncoding, 1),
                Some(b'/' | b'\\' | b';' | 0..=0x1F | 0x7F) => {
                    return defect(PatternFault::NeverMatches, 3);
                }
                Some(byte) => {
                    decoded.push(byte);
                    skip_until = at + 3;
                }
            },
            '\\' | ';' => return defect(PatternFault::NeverMatches, 1),
            control if control.is_control() => {
                return defect(PatternFault::NeverMatches, control.len_utf8());
            }
            other => decoded.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    let fault = match str::from_utf8(&decoded) {
        Err(_) => PatternFault::PercentEncoding,
        Ok("." | "..") => PatternFault::DotSegment,
        Ok(text) if text.chars().any(char::is_control) => PatternFault::NeverMatches,
        // What would be sent as `%2541` is refused as encoded twice.
        Ok(text) if has_escape(text.as_bytes()) => PatternFault::NeverMatches,
        Ok(_) => return Ok(decoded.into()),
    };
    Err(PatternDefect::new(fault, start, segment.len()))
}

fn has_escape(bytes: &[u8]) -> bool {
    bytes
        .iter()
        .enumerate()
        .any(|(at, byte)| *byte == b'%' && hex_pair(bytes, at + 1).is_some())
}

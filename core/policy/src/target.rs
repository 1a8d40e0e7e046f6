//! The one canonical form of a request target: the rules are matched against it, and the upstream receives it.
//!
//! Knows: RFC 3986 paths and percent-encoding, and which spellings two servers are known to read differently.
//! Does not know: routes, hosts, the absolute form and `*` (the gateway takes those apart first).
//!
//! Every rule, and why:
//!
//! | in the path | what happens | why |
//! |---|---|---|
//! | encoded slash or backslash, raw backslash | refused | one server sees a separator where the other sees text |
//! | dot segments, raw or encoded | refused | whoever resolves them lands on another path than the rules saw |
//! | double slash | refused | merged by some, read as an authority or an empty segment by others |
//! | NUL and other control characters, raw or encoded, C1 as well | refused | ends strings, breaks lines and regular expressions |
//! | `;`, raw or encoded | refused | legal (a matrix parameter), yet Java servers cut it off before they route: `/admin;x` is `/admin` |
//! | `%` without two hexadecimal digits | refused | repaired, kept or dropped, as the server likes |
//! | `%25` before two hexadecimal digits | refused | encoded twice: a server that decodes twice sees another path |
//! | `#` | refused | not part of a request target; some cut there, some do not |
//! | bytes above 0x7F, or a raw space | refused | RFC 3986 has none; servers guess a charset or cut the line |
//! | escapes that are not UTF-8 (overlong forms too) | refused | `%C0%AF` is a slash to a lax decoder |
//! | longer than [`Target::BYTES_MAX`] | refused | a limit of our own, so that it has a name |
//! | encoded unreserved character (`%41`) | decoded | RFC 3986 section 6.2.2.2: equivalent |
//! | lower-case hexadecimal digit (`%c3`) | upper-cased | RFC 3986 section 6.2.2.1: equivalent |
//! | raw `"` `<` `>` `[` `]` `^` `` ` `` `{` `\|` `}` | encoded | browsers send some of them raw, the grammar has them encoded only |
//! | other escapes (`%40`, `%20`) | kept | the upstream may tell `%40` from `@`; patterns do not, see [`crate::pattern`] |
//!
//! The query is carried unchanged and nothing is ever matched against it. Only what would end it or break the line is
//! refused in it: `#`, a space, control characters, bytes above 0x7F.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use countersign_cause::Cause;

mod utf8;

use utf8::Utf8;

/// A request target in canonical form: path and query.
///
/// Two targets that are equal are the same request to every rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    text: Cow<'a, str>,
    path_bytes: usize,
}

impl<'a> Target<'a> {
    /// The longest target that is read: path, `?` and query together.
    ///
    /// RFC 9110 section 4.1 recommends to take at least 8000 octets.
    pub const BYTES_MAX: usize = 16 * 1024;

    /// Reads the origin form, a path and perhaps a query, in one pass, and allocates only where the canonical form differs.
    ///
    /// ```abnf
    /// origin-form   = absolute-path [ "?" query ]
    /// absolute-path = 1*( "/" segment )
    /// segment       = *pchar
    /// pchar         = unreserved / pct-encoded / sub-delims / ":" / "@"
    /// ```
    ///
    /// # Errors
    ///
    /// Whatever two servers could read differently: see the table at the top of this module.
    pub fn parse(path_and_query: &'a str) -> Result<Target<'a>, Ambiguity> {
        if path_and_query.len() > Self::BYTES_MAX {
            return Err(Ambiguity::TooLong);
        }
        let bytes = path_and_query.as_bytes();
        if bytes.first() != Some(&b'/') {
            return Err(Ambiguity::NotAbsolute);
        }
        let mut output = Output::new(path_and_query);
        let read_bytes = read_path(bytes, &mut output)?;
        check_query(bytes.get(read_bytes..).unwrap_or_default())?;
        let (text, path_bytes) = output.finish(read_bytes);
        // Decoding can put together what was not there before: `%251%35` becomes `%2515`, which is encoded twice.
        if let Cow::Owned(canonical) = &text {
            Target::parse(canonical)?;
        }
        Ok(Target { text, path_bytes })
    }

    /// The whole target, as the upstream receives it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The path: begins with a slash, and is all that rules are matched against.
    #[must_use]
    pub fn path(&self) -> &str {
        self.text.get(..self.path_bytes).unwrap_or_default()
    }

    /// The query without its question mark, to the byte as it came in.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.text.get(self.path_bytes + 1..)
    }

    /// The same target, without the borrow.
    #[must_use]
    pub fn into_owned(self) -> Target<'static> {
        Target {
            text: Cow::Owned(self.text.into_owned()),
            path_bytes: self.path_bytes,
        }
    }

    /// Whether the target came in canonical already, so that nothing has to be rewritten.
    #[must_use]
    pub fn is_as_received(&self) -> bool {
        matches!(self.text, Cow::Borrowed(_))
    }
}

/// Why a request target is refused: two servers could read it differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ambiguity {
    /// The path does not begin with a slash.
    NotAbsolute,
    /// Path and query are longer than [`Target::BYTES_MAX`].
    TooLong,
    /// `%2F`.
    EncodedSlash,
    /// A backslash or `%5C`.
    Backslash,
    /// A `.` or `..` segment, also with the dots encoded.
    DotSegment,
    /// `//`.
    DoubleSlash,
    /// A control character, also encoded.
    ControlCharacter,
    /// A raw space.
    Space,
    /// `;` or `%3B`.
    PathParameter,
    /// `%` without two hexadecimal digits.
    PercentEncoding,
    /// `%25` before two hexadecimal digits.
    DoubleEncoding,
    /// `#`.
    Fragment,
    /// A byte above 0x7F that is not percent-encoded.
    NonAscii,
    /// Percent-encoded bytes that are not UTF-8.
    NotUtf8,
}

impl Ambiguity {
    /// The cause that a request with such a target is refused with.
    #[must_use]
    pub const fn cause(self) -> Cause {
        match self {
            Ambiguity::TooLong | Ambiguity::NotAbsolute => Cause::RequestMalformed,
            Ambiguity::EncodedSlash
            | Ambiguity::Backslash
            | Ambiguity::DotSegment
            | Ambiguity::DoubleSlash
            | Ambiguity::ControlCharacter
            | Ambiguity::Space
            | Ambiguity::PathParameter
            | Ambiguity::PercentEncoding
            | Ambiguity::DoubleEncoding
            | Ambiguity::Fragment
            | Ambiguity::NonAscii
            | Ambiguity::NotUtf8 => Cause::RequestTargetAmbiguous,
        }
    }

    /// What was found, in words for the log.
    #[must_use]
    pub const fn detail(self) -> &'static str {
        match self {
            Ambiguity::NotAbsolute => "the path does not begin with a slash",
            Ambiguity::TooLong => "path and query are longer than 16384 bytes",
            Ambiguity::EncodedSlash => "the path has an encoded slash",
            Ambiguity::Backslash => "the path has a backslash",
            Ambiguity::DotSegment => "the path has a dot segment",
            Ambiguity::DoubleSlash => "the path has a double slash",
            Ambiguity::ControlCharacter => "the target has a control character",
            Ambiguity::Space => "the target has a space",
            Ambiguity::PathParameter => "the path has a semicolon",
            Ambiguity::PercentEncoding => {
                "the path has a percent sign without two hexadecimal digits"
            }
            Ambiguity::DoubleEncoding => "the path is percent-encoded twice",
            Ambiguity::Fragment => "the target has a fragment",
            Ambiguity::NonAscii => "the target has bytes above 0x7F that are not percent-encoded",
            Ambiguity::NotUtf8 => "the path has percent-encoded bytes that are not UTF-8",
        }
    }
}

impl fmt::Display for Ambiguity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.detail())
    }
}

impl Error for Ambiguity {}

/// Reads the path up to the query or the end, and says where it ended.
fn read_path(bytes: &[u8], output: &mut Output<'_>) -> Result<usize, Ambiguity> {
    let mut segment = Segment { bytes: 0, dots: 0 };
    let mut utf8 = Utf8::START;
    let mut at = 1;
    while let Some(&byte) = bytes.get(at) {
        if byte == b'%' {
            let decoded = escape(bytes, at)?;
            utf8.take(decoded)?;
            output.escape(at, decoded);
            segment.take(decoded);
            at += 3;
            continue;
        }
        utf8.must_be_complete()?;
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'~' | b'.' => {}
            b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b'=' | b':' | b'@' => {}
            b'/' => {
                segment.close()?;
                at += 1;
                continue;
            }
            b'?' => break,
            b'"' | b'<' | b'>' | b'[' | b']' | b'^' | b'`' | b'{' | b'|' | b'}' => {
                output.encode(at, byte);
            }
            b';' => return Err(Ambiguity::PathParameter),
            b'\\' => return Err(Ambiguity::Backslash),
            _ => return Err(never_in_a_target(byte)),
        }
        segment.take(byte);
        at += 1;
    }
    utf8.must_be_complete()?;
    segment.end()?;
    Ok(at)
}

/// The byte that the escape at `at` stands for.
///
/// ```abnf
/// pct-encoded = "%" HEXDIG HEXDIG
/// ```
fn escape(bytes: &[u8], at: usize) -> Result<u8, Ambiguity> {
    let decoded = hex_pair(bytes, at + 1).ok_or(Ambiguity::PercentEncoding)?;
    match decoded {
        b'/' => Err(Ambiguity::EncodedSlash),
        b'\\' => Err(Ambiguity::Backslash),
        b';' => Err(Ambiguity::PathParameter),
        0..=0x1F | 0x7F => Err(Ambiguity::ControlCharacter),
        b'%' if hex_pair(bytes, at + 3).is_some() => Err(Ambiguity::DoubleEncoding),
        _ => Ok(decoded),
    }
}

/// The byte that two hexadecimal digits at `at` stand for.
pub(crate) fn hex_pair(bytes: &[u8], at: usize) -> Option<u8> {
    Some(hex_digit(*bytes.get(at)?)? << 4 | hex_digit(*bytes.get(at + 1)?)?)
}

const fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

/// The query is nobody's business here, so long as it is one line of ASCII without a fragment.
fn check_query(query: &[u8]) -> Result<(), Ambiguity> {
    match query
        .iter()
        .find(|byte| !matches!(byte, b'!'..=b'~') || **byte == b'#')
    {
        Some(&byte) => Err(never_in_a_target(byte)),
        None => Ok(()),
    }
}

const fn never_in_a_target(byte: u8) -> Ambiguity {
    match byte {
        b'#' => Ambiguity::Fragment,
        b' ' => Ambiguity::Space,
        0x80.. => Ambiguity::NonAscii,
        _ => Ambiguity::ControlCharacter,
    }
}

/// What the current segment consists of, once decoded.
struct Segment {
    bytes: usize,
    dots: usize,
}

impl Segment {
    fn take(&mut self, byte: u8) {
        self.bytes += 1;
        self.dots += usize::from(byte == b'.');
    }

    /// A slash follows.
    fn close(&mut self) -> Result<(), Ambiguity> {
        if self.bytes == 0 {
            return Err(Ambiguity::DoubleSlash);
        }
        self.end()?;
        *self = Segment { bytes: 0, dots: 0 };
        Ok(())
    }

    /// The path ends: an empty segment here is a trailing slash.
    fn end(&self) -> Result<(), Ambiguity> {
        match (self.bytes, self.dots) {
            (1, 1) | (2, 2) => Err(Ambiguity::DotSegment),
            _ => Ok(()),
        }
    }
}

/// The canonical text: the input itself until something in it has to change.
struct Output<'a> {
    input: &'a str,
    /// How much of the input is in `changed`.
    copied_bytes: usize,
    changed: Option<String>,
}

impl<'a> Output<'a> {
    const fn new(input: &'a str) -> Self {
        Output {
            input,
            copied_bytes: 0,
            changed: None,
        }
    }

    /// RFC 3986 section 6.2.2: an escape of an unreserved character is decoded, any other has its digits upper-cased.
    fn escape(&mut self, at: usize, decoded: u8) {
        if matches!(decoded, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'~' | b'.') {
            self.replace(at, 3).push(char::from(decoded));
            return;
        }
        let digits = self
            .input
            .as_bytes()
            .get(at + 1..at + 3)
            .unwrap_or_default();
        if digits.iter().any(u8::is_ascii_lowercase) {
            push_escape(self.replace(at, 3), decoded);
        }
    }

    fn encode(&mut self, at: usize, byte: u8) {
        push_escape(self.replace(at, 1), byte);
    }

    /// Copies what lies before `at`, and skips `skipped_bytes` of the input there.
    fn replace(&mut self, at: usize, skipped_bytes: usize) -> &mut String {
        let kept = self.input.get(self.copied_bytes..at).unwrap_or_default();
        self.copied_bytes = at + skipped_bytes;
        let changed = self
            .changed
            .get_or_insert_with(|| String::with_capacity(self.input.len() + 16));
        changed.push_str(kept);
        changed
    }

    fn finish(self, path_input_bytes: usize) -> (Cow<'a, str>, usize) {
        let Some(mut changed) = self.changed else {
            return (Cow::Borrowed(self.input), path_input_bytes);
        };
        changed.push_str(
            self.input
                .get(self.copied_bytes..path_input_bytes)
                .unwrap_or_default(),
        );
        let path_bytes = changed.len();
        changed.push_str(self.input.get(path_input_bytes..).unwrap_or_default());
        (Cow::Owned(changed), path_bytes)
    }
}

fn push_escape(text: &mut String, byte: u8) {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F',
    ];
    text.push('%');
    for nibble in [byte >> 4, byte & 0xF] {
        text.extend(DIGITS.get(usize::from(nibble)));
    }
}

#[cfg(test)]
mod tests;

//! Extended values: text outside of ASCII in a parameter, as `username*` has it.
//!
//! Knows: RFC 8187 section 3.2.1. Does not know which parameter it is.
//!
//! ```abnf
//! ext-value     = charset "'" [ language ] "'" value-chars
//! value-chars   = *( pct-encoded / attr-char )
//! ```

use std::fmt::Write as _;

/// The text as an extended value.
pub(super) fn write(text: &str) -> String {
    let mut out = String::with_capacity("UTF-8''".len() + text.len() * 3);
    out.push_str("UTF-8''");
    for byte in text.bytes() {
        if is_attr_char(byte) {
            out.push(char::from(byte));
        } else {
            // Writing into a string does not fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// The text of an extended value; `None` for what follows another grammar or is in a charset that is not read.
pub(super) fn read(value: &str) -> Option<String> {
    let (charset, rest) = value.split_once('\'')?;
    let (_language, encoded) = rest.split_once('\'')?;
    let bytes = unescaped(encoded.as_bytes())?;
    // RFC 8187 section 3.2: producers MUST use UTF-8; RFC 5987 had ISO-8859-1 beside it.
    if charset.eq_ignore_ascii_case("utf-8") {
        String::from_utf8(bytes).ok()
    } else if charset.eq_ignore_ascii_case("iso-8859-1") {
        Some(bytes.into_iter().map(char::from).collect())
    } else {
        None
    }
}

fn unescaped(mut encoded: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(encoded.len());
    loop {
        match encoded {
            [] => return Some(bytes),
            [b'%', high, low, rest @ ..] => {
                bytes.push(nibble(*high)? << 4 | nibble(*low)?);
                encoded = rest;
            }
            [byte, rest @ ..] if is_attr_char(*byte) => {
                bytes.push(*byte);
                encoded = rest;
            }
            [_, ..] => return None,
        }
    }
}

fn nibble(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

/// `attr-char = ALPHA / DIGIT / "!" / "#" / "$" / "&" / "+" / "-" / "." / "^" / "_" / "`" / "|" / "~"`.
const fn is_attr_char(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#' | b'$' | b'&' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
        )
}

#[cfg(test)]
mod tests {
    use super::{read, write};

    #[test]
    fn rfc7616_section_3_9_2_and_rfc8187_section_3_2_3() {
        assert_eq!(write("J\u{e4}s\u{f8}n Doe"), "UTF-8''J%C3%A4s%C3%B8n%20Doe");
        let read = |value: &str| read(value);
        assert_eq!(
            read("UTF-8''J%C3%A4s%C3%B8n%20Doe").as_deref(),
            Some("J\u{e4}s\u{f8}n Doe")
        );
        assert_eq!(
            read("utf-8'en'%e2%82%ac%20rates").as_deref(),
            Some("\u{20ac} rates")
        );
        assert_eq!(
            read("iso-8859-1'en'%A3%20rates").as_deref(),
            Some("\u{a3} rates")
        );
    }

    #[test]
    fn what_is_none_is_none() {
        for value in [
            "",
            "a",
            "UTF-8'",
            "UTF-8''%",
            "UTF-8''%4",
            "UTF-8''%zz",
            "UTF-8''%+1a",
            "UTF-8''%FF",
            "UTF-8''a b",
            "UTF-16''a",
            "''a",
        ] {
            assert_eq!(read(value), None, "{value:?}");
        }
    }
}

//! Forms: `application/x-www-form-urlencoded`, as browsers post them and as queries are written.
//!
//! Knows: the serialisation of the URL Standard. Does not know the fields.

use std::borrow::Cow;

/// The value of the one field of this name; `None` where it is absent, comes twice, or is no UTF-8. A field that comes
/// twice has no one value: two readers would take two.
#[must_use]
pub fn field<'a>(form: &'a [u8], name: &str) -> Option<Cow<'a, str>> {
    let mut values = form
        .split(|byte| *byte == b'&')
        .filter_map(|pair| value_of(pair, name));
    let value = values.next()?;
    if values.next().is_some() {
        return None;
    }
    match decode(value) {
        Cow::Borrowed(bytes) => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
        Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
    }
}

/// The text as the value of a field in a query: everything but unreserved characters and the slash is encoded.
#[must_use]
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// Names are plain words here, so that only a plain spelling is theirs.
fn value_of<'a>(pair: &'a [u8], name: &str) -> Option<&'a [u8]> {
    pair.strip_prefix(name.as_bytes())?.strip_prefix(b"=")
}

/// A percent sign without two digits stands for itself.
fn decode(value: &[u8]) -> Cow<'_, [u8]> {
    if !value.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        return Cow::Borrowed(value);
    }
    let mut decoded = Vec::with_capacity(value.len());
    let mut rest = value;
    while let [first, after @ ..] = rest {
        rest = after;
        match (*first, after) {
            (b'+', _) => decoded.push(b' '),
            (b'%', [high, low, behind @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => {
                    decoded.push(high << 4 | low);
                    rest = behind;
                }
                (None, _) | (_, None) => decoded.push(b'%'),
            },
            (byte, _) => decoded.push(byte),
        }
    }
    Cow::Owned(decoded)
}

const fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte.wrapping_sub(b'0')),
        b'a'..=b'f' => Some(byte.wrapping_sub(b'a').wrapping_add(10)),
        b'A'..=b'F' => Some(byte.wrapping_sub(b'A').wrapping_add(10)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fields_are_found_and_decoded() {
        let form = b"user=al%C3%AFce&password=a+b%2bc%25&empty=&token";
        assert_eq!(field(form, "user").unwrap(), "al\u{ef}ce");
        assert_eq!(field(form, "password").unwrap(), "a b+c%");
        assert_eq!(field(form, "empty").unwrap(), "");
        for absent in ["token", "use", "users", ""] {
            assert_eq!(field(form, absent), None, "{absent}");
        }
    }

    #[test]
    fn attack_67_a_field_that_comes_twice_has_no_value() {
        assert_eq!(field(b"return=/a&return=/b", "return"), None);
        assert_eq!(field(b"return=/a&return=/a", "return"), None);
    }

    #[test]
    fn hostile_forms_are_no_trouble() {
        assert_eq!(field(b"", "a"), None);
        assert_eq!(field(b"&&&=&a", "a"), None);
        assert_eq!(field(b"a=%ff", "a"), None);
        assert_eq!(field(b"a=\xff", "a"), None);
        assert_eq!(field(b"a=%", "a").unwrap(), "%");
        assert_eq!(field(b"a=%g0%0", "a").unwrap(), "%g0%0");
        assert_eq!(field(b"a=%00", "a").unwrap(), "\0");
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_read_back(text in ".*") {
            let form = format!("x=y&a={}", encode(&text));
            prop_assert_eq!(field(form.as_bytes(), "a").unwrap(), text);
        }
    }
}

//! Percent-encoding, undone (RFC 3986 section 2.1).
//!
//! Knows: what `%` and two hexadecimal digits stand for. Does not know where a `+` is a blank; that is a form's own rule.

/// The bytes with each escape undone; a `%` without two digits after it stays as it is.
#[must_use]
pub(crate) fn decoded(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    loop {
        match rest {
            [b'%', high, low, after @ ..] => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => {
                    out.push(high << 4 | low);
                    rest = after;
                }
                _ => {
                    out.push(b'%');
                    rest = rest.split_first().map_or(&[], |(_, after)| after);
                }
            },
            [byte, after @ ..] => {
                out.push(*byte);
                rest = after;
            }
            [] => return out,
        }
    }
}

/// The text with each escape undone, what is no UTF-8 replaced.
#[must_use]
pub(crate) fn decoded_text(text: &str) -> String {
    String::from_utf8_lossy(&decoded(text.as_bytes())).into_owned()
}

/// The value of a hexadecimal digit.
fn digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone_once_and_what_is_none_stays() {
        assert_eq!(decoded(b"a%2Fb%2fc"), b"a/b/c");
        assert_eq!(decoded(b"%252F%zz%4"), b"%2F%zz%4");
        assert_eq!(decoded(b"100%"), b"100%");
        assert_eq!(decoded_text("%C3%BC%ff"), "ü\u{fffd}");
    }
}

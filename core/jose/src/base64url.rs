//! Base64url without padding, RFC 7515 section 2, in its one canonical spelling.
//!
//! Knows: the alphabet. Does not know: what is encoded.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Not canonical base64url.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Appends what `text` decodes to. Padding, white space, foreign characters and trailing bits other than zero are
/// refused, so that no two texts stand for the same bytes.
pub(crate) fn decode_onto(text: &[u8], bytes: &mut Vec<u8>) -> Result<(), Malformed> {
    // RFC 7515 section 2: all trailing `=` omitted, no line breaks, white space or other additional characters.
    URL_SAFE_NO_PAD
        .decode_vec(text, bytes)
        .map_err(|_| Malformed)
}

pub(crate) fn decode(text: &[u8]) -> Result<Vec<u8>, Malformed> {
    let mut bytes = Vec::with_capacity(text.len());
    decode_onto(text, &mut bytes)?;
    Ok(bytes)
}

pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn encode_onto(bytes: &[u8], text: &mut String) {
    URL_SAFE_NO_PAD.encode_string(bytes, text);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn rfc7515_appendix_c_example() {
        assert_eq!(encode(&[3, 236, 255, 224, 193]), "A-z_4ME");
        assert_eq!(decode(b"A-z_4ME").unwrap(), [3, 236, 255, 224, 193]);
    }

    #[test]
    fn one_spelling_only() {
        for text in [
            "A-z_4ME=",
            "A-z_4MF",
            "A+z/4ME",
            " A-z_4ME",
            "A-z_\n4ME",
            "A",
            "A-z_4ME\0",
            "Ä",
        ] {
            assert_eq!(decode(text.as_bytes()), Err(Malformed), "{text:?}");
        }
    }
}

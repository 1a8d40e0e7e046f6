//! Base32 without padding (RFC 4648 section 6), as authenticator apps and people take it.
//!
//! Knows an alphabet. Does not know what is written in it. Crates for it exist; the dozen lines are here so that no copy of a
//! secret is left in a buffer that nobody erases.

/// The alphabet of RFC 4648 section 6, which `otpauth` addresses are written in.
pub(crate) const RFC4648: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Crockford's alphabet in lower case: no `i`, `l`, `o` and `u`, so that nothing is mistaken when it is typed off paper.
pub(crate) const CROCKFORD: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Appends `bytes`, five bits a character, the last one filled up with zero bits.
pub(crate) fn push(bytes: &[u8], alphabet: &[u8; 32], text: &mut String) {
    let (mut buffered, mut bits) = (0_u16, 0_u32);
    for byte in bytes {
        buffered = (buffered << 8) | u16::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            push_digit(buffered >> bits, alphabet, text);
        }
        // Only what was not written yet may stay: the next byte needs the room.
        buffered &= (1 << bits) - 1;
    }
    if bits > 0 {
        push_digit(buffered << (5 - bits), alphabet, text);
    }
}

fn push_digit(value: u16, alphabet: &[u8; 32], text: &mut String) {
    if let Some(digit) = alphabet.get(usize::from(value & 0x1f)) {
        text.push(char::from(*digit));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc4648_section_10_examples() {
        let cases: [(&str, &str); 7] = [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ];
        for (plain, encoded) in cases {
            let mut text = String::new();
            push(plain.as_bytes(), RFC4648, &mut text);
            assert_eq!(text, encoded);
        }
    }
}

//! Base62 digits and the CRC-32 that guards a key against typing errors.
//!
//! Knows numbers and digits. Does not know which part of a key it writes.

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Writes the `count` least significant base62 digits of the big-endian `number`, which is used up.
pub(super) fn push_digits(number: &mut [u8], count: usize, text: &mut String) {
    for _ in 0..count {
        let mut remainder = 0_u16;
        for byte in number.iter_mut() {
            let value = (remainder << 8) | u16::from(*byte);
            // A value below 62 * 256 divided by 62 fits a byte.
            *byte = u8::try_from(value / 62).unwrap_or(u8::MAX);
            remainder = value % 62;
        }
        text.push(digit(u32::from(remainder)));
    }
}

/// Appends the checksum of what `text` holds so far.
pub(super) fn push_checksum(text: &mut String, count: usize) {
    let checksum = checksum_of(text.as_bytes(), count);
    text.push_str(&checksum);
}

/// The CRC-32 of `bytes` in `count` base62 digits, most significant first.
pub(super) fn checksum_of(bytes: &[u8], count: usize) -> String {
    let mut value = crc32(bytes);
    let mut digits: Vec<char> = Vec::with_capacity(count);
    for _ in 0..count {
        digits.push(digit(value % 62));
        value /= 62;
    }
    digits.iter().rev().collect()
}

/// The digit for a value below 62.
fn digit(value: u32) -> char {
    let index = usize::try_from(value).unwrap_or_default();
    DIGITS.get(index).copied().map_or('0', char::from)
}

/// CRC-32 as in ISO/IEC 3309: reflected, polynomial 0x04C11DB7, all ones at the start and at the end. It
/// detects every change within 32 consecutive bits, so every change of a single character.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            let low_bit_set = crc & 1 == 1;
            crc >>= 1;
            if low_bit_set {
                crc ^= 0xEDB8_8320;
            }
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc32_has_its_published_check_value() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b""), 0);
    }

    #[test]
    fn checksums_are_padded_and_hold_every_value() {
        assert_eq!(checksum_of(b"", 6), "000000");
        // 0xCBF43926 = 3421780262 = 3*62^5 + 45*62^4 + 35*62^3 + 27*62^2 + 22*62 + 14
        assert_eq!(checksum_of(b"123456789", 6), "3jZRME");
        assert!(u64::from(u32::MAX) < 62_u64.pow(6));
    }

    #[test]
    fn digits_are_those_of_the_number() {
        let mut text = String::new();
        push_digits(&mut [0x01, 0x00], 3, &mut text);
        // 256 = 4*62 + 8, least significant first
        assert_eq!(text, "840");
        text.clear();
        push_digits(&mut [0xFF; 30], 32, &mut text);
        assert_eq!(text.len(), 32);
    }
}

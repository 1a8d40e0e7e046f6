//! The base64 of crypt(3): an alphabet and an order of bits of its own.
//!
//! Knows digits. Does not know which digest it writes.

const ALPHABET: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Appends `chars` digits of the number that the bytes at these places make, least significant digit first.
/// The first place is the most significant byte.
pub(super) fn push(text: &mut String, digest: &[u8], places: &[usize], chars: usize) {
    let mut number = places.iter().fold(0_u32, |number, place| {
        (number << 8) | digest.get(*place).copied().map_or(0, u32::from)
    });
    for _ in 0..chars {
        let index = usize::try_from(number & 0x3F).unwrap_or_default();
        text.push(ALPHABET.get(index).copied().map_or('.', char::from));
        number >>= 6;
    }
}

/// Whether the text has digits alone, and so many.
pub(super) fn is_number(text: &str, chars: usize) -> bool {
    text.len() == chars && text.bytes().all(|byte| ALPHABET.contains(&byte))
}

/// Whether the text can be a salt: printable, without the two characters that end it in a hash or in a
/// password file.
pub(super) fn is_salt(text: &str, chars_max: usize) -> bool {
    text.len() <= chars_max
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'$' && byte != b':')
}

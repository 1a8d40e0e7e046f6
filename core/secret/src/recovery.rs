//! Recovery codes: what gets somebody in once whose second factor is lost.
//!
//! Knows the form of a code and the digest that is kept in its stead. Does not know whose it is or whether it was used.
//!
//! ```abnf
//! recovery-code = 4digit 3("-" 4digit)   ; 80 bits
//! digit         = %x30-39 / ALPHA        ; Crockford's base32, in lower case: no i, l, o, u
//! ```

#[cfg(test)]
mod tests;

use aws_lc_rs::digest::{SHA256, digest};
use zeroize::Zeroize;

use crate::{Secret, base32, same};

/// How many codes somebody is given at once.
pub const CODES_COUNT: usize = 10;

/// How much randomness a code takes, in bytes. With 80 bits a plain hash at rest is enough: there is nothing to guess from.
pub const RANDOM_BYTES: usize = 10;

const DIGITS: usize = 16;
const GROUP: usize = 4;

/// A recovery code, as its holder reads and types it. Does not print.
pub struct RecoveryCode(Secret<[u8; DIGITS]>);

impl RecoveryCode {
    /// A new code out of bytes that the caller has drawn from a cryptographic random source.
    #[must_use]
    pub fn mint(random: &[u8; RANDOM_BYTES]) -> Self {
        let mut text = String::with_capacity(DIGITS);
        base32::push(random, base32::CROCKFORD, &mut text);
        let mut code = [0; DIGITS];
        code.iter_mut()
            .zip(text.bytes())
            .for_each(|(place, digit)| *place = digit);
        text.zeroize();
        Self(Secret::new(code))
    }

    /// Reads a code that somebody typed off paper: case, spaces and hyphens do not count, `o` is a zero, `i` and `l` are ones.
    ///
    /// `None` where it cannot be a code.
    #[must_use]
    pub fn parse(typed: &str) -> Option<Self> {
        let mut code = [0; DIGITS];
        let mut read = typed.bytes().filter(|byte| !b" -\t".contains(byte));
        for place in &mut code {
            let digit = match read.next()?.to_ascii_lowercase() {
                b'o' => b'0',
                b'i' | b'l' => b'1',
                other => other,
            };
            *place = base32::CROCKFORD.contains(&digit).then_some(digit)?;
        }
        let whole = read.next().is_none().then_some(Self(Secret::new(code)));
        code.zeroize();
        whole
    }

    /// The code as it is shown, once: four groups of four.
    #[must_use]
    pub fn to_shown(&self) -> Secret<String> {
        let mut text = String::with_capacity(DIGITS + DIGITS / GROUP);
        for (index, digit) in self.0.expose().iter().enumerate() {
            if index > 0 && index % GROUP == 0 {
                text.push('-');
            }
            text.push(char::from(*digit));
        }
        Secret::new(text)
    }

    /// What is kept in the code's stead.
    #[must_use]
    pub fn digest(&self) -> RecoveryDigest {
        let mut bytes = [0; 32];
        bytes
            .iter_mut()
            .zip(digest(&SHA256, self.0.expose()).as_ref())
            .for_each(|(place, byte)| *place = *byte);
        RecoveryDigest(bytes)
    }
}

/// The SHA-256 of a code, which is all that a store needs.
#[derive(Clone, Copy, Debug)]
pub struct RecoveryDigest([u8; 32]);

impl RecoveryDigest {
    /// A digest that was kept. `None` where there are not 32 bytes.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The bytes, for the store.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether both are of one code, in a time that does not tell where they differ.
    #[must_use]
    pub fn fits(&self, other: &Self) -> bool {
        same(&self.0, &other.0)
    }
}

//! One-time codes by the clock (TOTP, RFC 6238) for authenticator apps.
//!
//! Knows a shared secret, a time that it is given, and which step of time was used last. Does not know whose
//! secret it is, where it is kept, or what a wrong code leads to.
//!
//! SHA-1, six digits and thirty seconds are what every authenticator app takes; several of them ignore the parameters
//! that would ask for more and then show codes that never fit. HMAC-SHA-1 is not broken by collisions of SHA-1, and a code of
//! six digits is guarded by the brakes on guessing, not by the length of a hash.

#[cfg(test)]
mod tests;

use aws_lc_rs::hmac;
use zeroize::Zeroize;

use crate::{Secret, base32, same};

/// How long the secret is, in bytes: the length of the hash, as RFC 4226 section 4 (R6) recommends.
pub const SECRET_BYTES: usize = 20;

/// How long one code lasts, in seconds (RFC 6238 section 4.1).
pub const STEP_SECS: i64 = 30;

/// How many digits a code has.
pub const DIGITS: usize = 6;

/// How many steps before and after the present one are taken as well, for clocks that are off and people who type slowly
/// (RFC 6238 section 5.2 recommends one).
pub const STEPS_EITHER_SIDE: i64 = 1;

const CODES: u32 = 1_000_000;

/// What an authenticator app and the server share. Does not print.
pub struct TotpSecret(Secret<[u8; SECRET_BYTES]>);

impl TotpSecret {
    /// A new secret out of bytes that the caller has drawn from a cryptographic random source, or one that was kept.
    #[must_use]
    pub const fn new(bytes: [u8; SECRET_BYTES]) -> Self {
        Self(Secret::new(bytes))
    }

    /// A secret that was kept, by its bytes. `None` where there are not [`SECRET_BYTES`] of them.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::new)
    }

    /// The bytes, for the one place that keeps them.
    #[must_use]
    pub const fn expose(&self) -> &[u8; SECRET_BYTES] {
        self.0.expose()
    }

    /// The secret in base32, in groups of four: what somebody types whose app cannot see the picture.
    #[must_use]
    pub fn to_typed(&self) -> Secret<String> {
        let encoded = self.to_base32();
        let mut text = String::with_capacity(encoded.expose().len() * 5 / 4 + 1);
        for (index, digit) in encoded.expose().chars().enumerate() {
            if index > 0 && index % 4 == 0 {
                text.push(' ');
            }
            text.push(digit);
        }
        Secret::new(text)
    }

    /// The address that an app reads from a picture: `otpauth://totp/ISSUER:ACCOUNT?secret=...&issuer=ISSUER`. The form is that of
    /// the Key URI Format, which no RFC describes. Parameters that are the default are left out, since some apps refuse a code
    /// whose address names them.
    #[must_use]
    pub fn to_uri(&self, issuer: &str, account: &str) -> Secret<String> {
        let encoded = self.to_base32();
        let (mut named, mut by) = (String::new(), String::new());
        push_percent_encoded(account, &mut named);
        push_percent_encoded(issuer, &mut by);
        // In one allocation of the final size, so that no shorter copy of the secret is left behind.
        let mut uri =
            String::with_capacity(64 + named.len() + 2 * by.len() + encoded.expose().len());
        for part in [
            "otpauth://totp/",
            &by,
            ":",
            &named,
            "?secret=",
            encoded.expose(),
            "&issuer=",
            &by,
        ] {
            uri.push_str(part);
        }
        Secret::new(uri)
    }

    /// Judges a code at `now_unix_secs`. `used_step` is the step of the last code that was taken from this user: that one and those
    /// before it are not taken again (RFC 6238 section 5.2), so that a code that somebody saw is worth nothing.
    #[must_use]
    pub fn check(&self, code: &Code, now_unix_secs: i64, used_step: Option<i64>) -> Check {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, self.expose());
        let present = now_unix_secs.div_euclid(STEP_SECS);
        let mut found = Check::Wrong;
        // Every step is computed, whichever fits: how long it takes tells nothing.
        for away in -STEPS_EITHER_SIDE..=STEPS_EITHER_SIDE {
            let step = present.saturating_add(away);
            if same(&digits(hotp(&key, step) % CODES), code.0.expose()) {
                found = match used_step {
                    Some(used) if step <= used => found.or(Check::Replayed),
                    Some(_) | None => found.or(Check::Good { step }),
                };
            }
        }
        found
    }

    fn to_base32(&self) -> Secret<String> {
        let mut text = String::with_capacity(SECRET_BYTES * 8 / 5);
        base32::push(self.expose(), base32::RFC4648, &mut text);
        Secret::new(text)
    }
}

/// What became of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// It is right. `step` is to be kept, and handed in as the one that was used last.
    Good {
        /// Which step of thirty seconds since 1970 it belongs to.
        step: i64,
    },
    /// It would have been right, but this code or a later one was taken already.
    Replayed,
    /// It is not the code of any step near.
    Wrong,
}

impl Check {
    /// The better of two: two steps can have the same code, and the one that was not used counts.
    const fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Good { .. }, _) | (Self::Replayed, Self::Wrong | Self::Replayed) => self,
            (Self::Replayed | Self::Wrong, _) => other,
        }
    }
}

/// Six digits, as somebody typed them. Do not print.
pub struct Code(Secret<[u8; DIGITS]>);

impl Code {
    /// Reads a code. Spaces are passed over, since apps show `123 456`.
    ///
    /// `None` where there are not exactly six digits of ASCII besides.
    #[must_use]
    pub fn parse(typed: &str) -> Option<Self> {
        let mut code = [0; DIGITS];
        let mut read = typed.bytes().filter(|byte| *byte != b' ');
        for place in &mut code {
            *place = read.next().filter(u8::is_ascii_digit)?;
        }
        let whole = read.next().is_none().then_some(Self(Secret::new(code)));
        code.zeroize();
        whole
    }
}

/// HOTP before it is cut to digits (RFC 4226 section 5.3).
fn hotp(key: &hmac::Key, step: i64) -> u32 {
    let tag = hmac::sign(key, &step.to_be_bytes());
    let bytes = tag.as_ref();
    let offset = bytes.last().map_or(0, |last| usize::from(last & 0x0f));
    // An offset is at most 15 and the tag 20 bytes long: the four bytes are there.
    bytes
        .get(offset..offset + 4)
        .and_then(|four| four.try_into().ok())
        .map_or(0, |four| u32::from_be_bytes(four) & 0x7fff_ffff)
}

fn digits(mut value: u32) -> [u8; DIGITS] {
    let mut text = [b'0'; DIGITS];
    for place in text.iter_mut().rev() {
        *place += u8::try_from(value % 10).unwrap_or_default();
        value /= 10;
    }
    text
}

/// Everything but the unreserved characters of RFC 3986 section 2.3.
fn push_percent_encoded(text: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for nibble in [byte >> 4, byte & 0x0f] {
                out.push(char::from(
                    HEX.get(usize::from(nibble)).copied().unwrap_or(b'0'),
                ));
            }
        }
    }
}

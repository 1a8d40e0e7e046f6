//! Session secrets: made, read, and reduced to the digest by which the store knows them.
//!
//! Knows the text that a cookie carries. Does not know cookies, users, or how long a session lasts.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::Secret;

/// The characters of a session's secret: 32 random bytes in base64url.
const TEXT_BYTES: usize = 43;

/// What a browser shows to be taken for a session that it began: 256 random bits, which mean nothing.
pub struct SessionSecret(Secret<String>);

impl SessionSecret {
    /// A new one out of random bytes. They must never be used twice.
    #[must_use]
    pub fn mint(random: &[u8; 32]) -> Self {
        Self(Secret::new(URL_SAFE_NO_PAD.encode(random)))
    }

    /// Reads one; `None` where the text cannot have been minted here.
    ///
    /// ```abnf
    /// session-secret = 43( ALPHA / DIGIT / "-" / "_" )
    /// ```
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let fits = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if text.len() != TEXT_BYTES || !text.iter().all(fits) {
            return None;
        }
        let text = std::str::from_utf8(text).ok()?;
        Some(Self(Secret::new(text.to_owned())))
    }

    /// The text itself, for the cookie and nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// What is kept of it. The secret has 256 random bits, so that one round of SHA-256 cannot be gone back on.
    #[must_use]
    pub fn digest(&self) -> SessionDigest {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, self.expose().as_bytes()).as_ref());
        SessionDigest(bytes)
    }
}

/// SHA-256 of a session's secret: finds the session, and opens nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionDigest([u8; 32]);

impl SessionDigest {
    /// As it is stored.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// To be stored.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SessionDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionDigest(..)")
    }
}

/// The public name of a session, for lists and for ending it. It opens nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SessionId(Box<str>);

impl SessionId {
    /// The characters of an id: nine random bytes in base64url.
    const TEXT_BYTES: usize = 12;

    /// A new one out of random bytes.
    #[must_use]
    pub fn mint(random: &[u8; 9]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(random).into())
    }

    /// Reads one; `None` where the text is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        (text.len() == Self::TEXT_BYTES && text.bytes().all(fits)).then(|| Self(text.into()))
    }

    /// The text.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn what_is_minted_is_read_back() {
        let minted = SessionSecret::mint(&[0xfb; 32]);
        let read = SessionSecret::parse(minted.expose().as_bytes()).unwrap();
        assert_eq!(read.digest(), minted.digest());
        let id = SessionId::mint(&[0xff; 9]);
        assert_eq!(SessionId::parse(id.as_str()), Some(id));
    }

    #[test]
    fn attack_63_what_cannot_have_been_minted_is_not_read() {
        let minted = SessionSecret::mint(&[7; 32]);
        let text = minted.expose();
        for hostile in [
            String::new(),
            format!("{text}A"),
            text.replacen('B', "=", 1),
            text.replacen('B', "\0", 1),
            "ä".repeat(22),
            "A".repeat(100_000),
        ] {
            assert!(
                SessionSecret::parse(hostile.as_bytes()).is_none(),
                "{hostile:.50}"
            );
        }
        assert!(SessionSecret::parse(&[0xff; 43]).is_none());
    }

    #[test]
    fn two_secrets_have_two_digests() {
        let (one, other) = (SessionSecret::mint(&[1; 32]), SessionSecret::mint(&[2; 32]));
        assert_ne!(one.digest(), other.digest());
        assert_eq!(format!("{:?}", one.digest()), "SessionDigest(..)");
    }
}

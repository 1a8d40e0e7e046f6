//! API keys: their text, their parts, and the digest that is stored in their stead.
//!
//! Knows the form of a key and can tell a damaged key from an unknown one without a look-up. Does not know
//! who owns a key, what it may do or whether it still holds: that is stored under its [`KeyId`].
//!
//! ```abnf
//! api-key  = "csk_" id "_" secret checksum
//! id       = 12base62   ; public: names the key in logs, lists and the store
//! secret   = 32base62   ; 190 bits
//! checksum = 6base62    ; CRC-32 of everything before it, most significant digit first
//! base62   = DIGIT / ALPHA
//! ```
//!
//! The fixed prefix and the checksum are there for scanners: a key that ends up in a repository or a chat is
//! found with [`PATTERN`], and a finding is confirmed offline by its checksum.

mod base62;
#[cfg(test)]
mod tests;

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use zeroize::Zeroize;

use crate::{Secret, same};

/// What every key begins with.
pub const PREFIX: &str = "csk_";

/// The regular expression that finds keys in text, for secret scanners.
pub const PATTERN: &str = r"\bcsk_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}\b";

/// How many characters the public id has.
pub const ID_CHARS: usize = 12;

const SECRET_CHARS: usize = 32;
const CHECKSUM_CHARS: usize = 6;
const CHECKED_CHARS: usize = PREFIX.len() + ID_CHARS + 1 + SECRET_CHARS;

/// How long a key is, in characters, all of them ASCII.
pub const KEY_CHARS: usize = CHECKED_CHARS + CHECKSUM_CHARS;

/// Random bytes for the id: 80 bits onto 71, enough to be evenly spread.
const ID_RANDOM_BYTES: usize = 10;

/// A whole API key, as its holder presents it. Printing it shows its id alone.
pub struct ApiKey {
    id: KeyId,
    text: Secret<String>,
}

impl ApiKey {
    /// A new key out of 40 bytes that the caller has drawn from a cryptographic random source.
    #[must_use]
    pub fn mint(random: &[u8; 40]) -> Self {
        let mut random = *random;
        let (for_id, for_secret) = random.split_at_mut(ID_RANDOM_BYTES);
        let mut id = String::with_capacity(ID_CHARS);
        base62::push_digits(for_id, ID_CHARS, &mut id);
        // The text is built in one allocation of the final size, so that no shorter copy is left behind.
        let mut text = String::with_capacity(KEY_CHARS);
        text.push_str(PREFIX);
        text.push_str(&id);
        text.push('_');
        base62::push_digits(for_secret, SECRET_CHARS, &mut text);
        base62::push_checksum(&mut text, CHECKSUM_CHARS);
        random.zeroize();
        Self {
            id: KeyId(id.into_boxed_str()),
            text: Secret::new(text),
        }
    }

    /// Reads a presented key. Says nothing about whether such a key was ever issued.
    ///
    /// # Errors
    /// The first [`KeyDefect`] in the order prefix, length, alphabet, checksum.
    pub fn parse(presented: &[u8]) -> Result<Self, KeyDefect> {
        let rest = presented
            .strip_prefix(PREFIX.as_bytes())
            .ok_or(KeyDefect::Prefix)?;
        if presented.len() != KEY_CHARS {
            return Err(KeyDefect::Length);
        }
        let (id, rest) = rest.split_at_checked(ID_CHARS).ok_or(KeyDefect::Length)?;
        let secret = rest.strip_prefix(b"_").ok_or(KeyDefect::Alphabet)?;
        if !id.iter().chain(secret).all(u8::is_ascii_alphanumeric) {
            return Err(KeyDefect::Alphabet);
        }
        let (checked, checksum) = presented
            .split_at_checked(CHECKED_CHARS)
            .ok_or(KeyDefect::Length)?;
        if base62::checksum_of(checked, CHECKSUM_CHARS).as_bytes() != checksum {
            return Err(KeyDefect::Checksum);
        }
        let text = |bytes: &[u8]| {
            std::str::from_utf8(bytes)
                .map(str::to_owned)
                .map_err(|_| KeyDefect::Alphabet)
        };
        Ok(Self {
            id: KeyId(text(id)?.into_boxed_str()),
            text: Secret::new(text(presented)?),
        })
    }

    /// The public half, under which the key is stored.
    #[must_use]
    pub const fn id(&self) -> &KeyId {
        &self.id
    }

    /// What the store keeps: SHA-256 of the whole text. A slow hash would add nothing, for the secret has
    /// more entropy than can be guessed.
    #[must_use]
    pub fn digest(&self) -> KeyDigest {
        let mut bytes = [0; 32];
        let digest = digest(&SHA256, self.text.expose().as_bytes());
        for (to, from) in bytes.iter_mut().zip(digest.as_ref()) {
            *to = *from;
        }
        KeyDigest(bytes)
    }

    /// The whole text, to be shown once to the one who asked for the key.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.text.expose()
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Whether the bytes claim to be a key of ours, so that a damaged key is told as one and not as another
/// kind of credential.
#[must_use]
pub fn looks_like(presented: &[u8]) -> bool {
    presented.starts_with(PREFIX.as_bytes())
}

/// The public name of a key: [`ID_CHARS`] base62 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(Box<str>);

impl KeyId {
    /// Reads an id alone, as an operator types it or a store keeps it.
    ///
    /// # Errors
    /// [`KeyDefect::Length`] or [`KeyDefect::Alphabet`].
    pub fn parse(id: &str) -> Result<Self, KeyDefect> {
        if id.len() != ID_CHARS {
            return Err(KeyDefect::Length);
        }
        if !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(KeyDefect::Alphabet);
        }
        Ok(Self(id.into()))
    }

    /// The id as text.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// SHA-256 of a key's text, as the store keeps it. It does not print, and has no `==`: the comparison is
/// [`matches`](KeyDigest::matches).
#[derive(Clone)]
pub struct KeyDigest(pub [u8; 32]);

impl KeyDigest {
    /// Whether both are digests of the same key, in constant time.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        same(&self.0, &other.0)
    }
}

impl fmt::Debug for KeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyDigest")
    }
}

/// Why bytes are not an API key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyDefect {
    /// It does not begin with [`PREFIX`].
    Prefix,
    /// It is shorter or longer than a key: often cut off when copied.
    Length,
    /// A character that no key has, or the separator is not where it belongs.
    Alphabet,
    /// The checksum does not fit: at least one character was changed.
    Checksum,
}

impl fmt::Display for KeyDefect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Prefix => "an API key begins with `csk_`",
            Self::Length => "an API key has 55 characters and its id 12",
            Self::Alphabet => "an API key has letters and digits alone between its underscores",
            Self::Checksum => "the checksum of the API key does not fit, so it was mistyped or cut",
        })
    }
}

impl std::error::Error for KeyDefect {}

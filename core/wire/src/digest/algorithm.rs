//! The algorithms: the hash, and whether its secret is bound to a session.
//!
//! Knows: the names that RFC 7616 section 6.1 registers. Does not know what is hashed.

use std::fmt;

use aws_lc_rs::digest::{SHA256, SHA512_256, digest};
use md5::{Digest as _, Md5};

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Hash {
    /// RFC 1321, which is all that RFC 2617 had.
    Md5,
    /// FIPS 180-4.
    Sha256,
    /// FIPS 180-4: SHA-512 with an initial value of its own, cut to 256 bits.
    Sha512_256,
}

impl Hash {
    /// `H(data)`: the hash in lower-case hexadecimal digits, RFC 7616 section 3.3.
    pub(super) fn hex(self, data: &[u8]) -> String {
        match self {
            Hash::Md5 => hex(&Md5::digest(data)),
            Hash::Sha256 => hex(digest(&SHA256, data).as_ref()),
            Hash::Sha512_256 => hex(digest(&SHA512_256, data).as_ref()),
        }
    }

    /// How many hexadecimal digits a response has.
    #[must_use]
    pub const fn hex_digits(self) -> usize {
        match self {
            Hash::Md5 => 32,
            Hash::Sha256 | Hash::Sha512_256 => 64,
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or_default();
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        out.push(digit(byte >> 4));
        out.push(digit(byte & 0x0f));
    }
    out
}

/// An algorithm of RFC 7616 section 6.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Algorithm {
    /// The hash function.
    pub hash: Hash,
    /// Whether the secret is hashed once more with nonce and cnonce: the `-sess` variants, section 3.4.2.
    pub session: bool,
}

impl Algorithm {
    /// MD5, which an absent parameter means: RFC 7616 section 3.3.
    pub const MD5: Algorithm = Algorithm {
        hash: Hash::Md5,
        session: false,
    };

    /// Every algorithm, the weaker hash first.
    pub const ALL: [Algorithm; 6] = [
        Algorithm::MD5,
        Algorithm {
            hash: Hash::Md5,
            session: true,
        },
        Algorithm {
            hash: Hash::Sha256,
            session: false,
        },
        Algorithm {
            hash: Hash::Sha256,
            session: true,
        },
        Algorithm {
            hash: Hash::Sha512_256,
            session: false,
        },
        Algorithm {
            hash: Hash::Sha512_256,
            session: true,
        },
    ];

    /// The algorithm of that name, in any case.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Algorithm> {
        Algorithm::ALL
            .into_iter()
            .find(|algorithm| word.eq_ignore_ascii_case(algorithm.word()))
    }

    /// The name as it is registered.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match (self.hash, self.session) {
            (Hash::Md5, false) => "MD5",
            (Hash::Md5, true) => "MD5-sess",
            (Hash::Sha256, false) => "SHA-256",
            (Hash::Sha256, true) => "SHA-256-sess",
            (Hash::Sha512_256, false) => "SHA-512-256",
            (Hash::Sha512_256, true) => "SHA-512-256-sess",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

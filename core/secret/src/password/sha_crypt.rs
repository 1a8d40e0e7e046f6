//! SHA-crypt: `$5$` (SHA-256) and `$6$` (SHA-512).
//!
//! Knows the text form and the bounds of its rounds. The rounds themselves are a library's. Specified in
//! "Unix crypt using SHA-256 and SHA-512" by Ulrich Drepper, cited below by its name.
//!
//! ```abnf
//! sha-crypt = ( "$5$" / "$6$" ) [ "rounds=" number "$" ] *16salt-char "$" ( 43crypt64 / 86crypt64 )
//! ```

use ::sha_crypt::{Params, sha256_crypt, sha512_crypt};

use super::argon2::number;
use super::defect::HashDefect;
use super::{HashKind, SHA_CRYPT_ROUNDS_MAX, crypt64};
use crate::same;

const SALT_CHARS_MAX: usize = 16;
const ROUNDS_DEFAULT: u32 = 5_000;
const ROUNDS_MIN: u32 = 1_000;

/// Which of the two.
#[derive(Clone, Copy)]
pub(super) enum Variant {
    Sha256,
    Sha512,
}

impl Variant {
    const fn marker(self) -> &'static str {
        match self {
            Self::Sha256 => "$5$",
            Self::Sha512 => "$6$",
        }
    }

    const fn kind(self) -> HashKind {
        match self {
            Self::Sha256 => HashKind::Sha256Crypt,
            Self::Sha512 => HashKind::Sha512Crypt,
        }
    }

    const fn digest_chars(self) -> usize {
        match self {
            Self::Sha256 => 43,
            Self::Sha512 => 86,
        }
    }
}

#[derive(Clone)]
pub(super) struct ShaCryptHash {
    variant: Variant,
    params: Params,
    rounds: u32,
    salt: Box<str>,
    digest: Box<str>,
}

impl ShaCryptHash {
    /// Reads what follows the marker.
    pub(super) fn parse(variant: Variant, rest: &str) -> Result<Self, HashDefect> {
        let kind = variant.kind();
        let malformed = HashDefect::Malformed { kind };
        let (rounds, rest) = match rest.strip_prefix("rounds=") {
            Some(rest) => {
                let (digits, rest) = rest.split_once('$').ok_or(malformed)?;
                (number(digits).ok_or(malformed)?, rest)
            }
            None => (ROUNDS_DEFAULT, rest),
        };
        let (salt, digest) = rest.split_once('$').ok_or(malformed)?;
        if !crypt64::is_salt(salt, SALT_CHARS_MAX)
            || !crypt64::is_number(digest, variant.digest_chars())
        {
            return Err(malformed);
        }
        // Drepper lets the function raise a lower number to 1,000 and lower one above 999,999,999, and write
        // the corrected number into the hash: a stored one is never out of these bounds.
        let out_of_bounds = HashDefect::CostOutOfBounds {
            kind,
            name: "number of rounds",
            min: ROUNDS_MIN,
            max: SHA_CRYPT_ROUNDS_MAX,
        };
        if !(ROUNDS_MIN..=SHA_CRYPT_ROUNDS_MAX).contains(&rounds) {
            return Err(out_of_bounds);
        }
        Ok(Self {
            variant,
            params: Params::new(rounds).map_err(|_| out_of_bounds)?,
            rounds,
            salt: salt.into(),
            digest: digest.into(),
        })
    }

    pub(super) const fn kind(&self) -> HashKind {
        self.variant.kind()
    }

    pub(super) fn matches(&self, password: &[u8]) -> bool {
        let salt = self.salt.as_bytes();
        let digest = match self.variant {
            Variant::Sha256 => encode_sha256(&sha256_crypt(password, salt, self.params)),
            Variant::Sha512 => encode_sha512(&sha512_crypt(password, salt, self.params)),
        };
        same(digest.as_bytes(), self.digest.as_bytes())
    }

    pub(super) fn decoy<P>(&self, wrap: fn(Self) -> P) -> (String, P) {
        let salt = ".".repeat(SALT_CHARS_MAX);
        let digest = ".".repeat(self.variant.digest_chars());
        let marker = self.variant.marker();
        let text = format!("{marker}rounds={}${salt}${digest}", self.rounds);
        let blank = Self {
            salt: salt.into(),
            digest: digest.into(),
            ..self.clone()
        };
        (text, wrap(blank))
    }
}

/// Drepper, step 22: the bytes are written in threes, each from a third of the digest, in turning order.
fn encode_sha256(digest: &[u8; 32]) -> String {
    let mut text = String::with_capacity(43);
    let [mut a, mut b, mut c] = [0, 10, 20];
    for _ in 0..10 {
        crypt64::push(&mut text, digest, &[a, b, c], 4);
        [a, b, c] = [c + 1, a + 1, b + 1];
    }
    crypt64::push(&mut text, digest, &[31, 30], 3);
    text
}

/// As for SHA-256, turning the other way.
fn encode_sha512(digest: &[u8; 64]) -> String {
    let mut text = String::with_capacity(86);
    let [mut a, mut b, mut c] = [0, 21, 42];
    for _ in 0..21 {
        crypt64::push(&mut text, digest, &[a, b, c], 4);
        [a, b, c] = [b + 1, c + 1, a + 1];
    }
    crypt64::push(&mut text, digest, &[63], 2);
    text
}

//! MD5-crypt (`$1$`) and Apache's variant of it (`$apr1$`), which differs in that marker alone.
//!
//! Knows the text form and the thousand rounds. The algorithm is described by the Apache HTTP Server
//! documentation, "Password Formats", and by FreeBSD's crypt(3), where it comes from. It is broken as a
//! protection of passwords and kept for the import of old files: a sign-in replaces it.
//!
//! ```abnf
//! md5-crypt = ( "$1$" / "$apr1$" ) *8salt-char "$" 22crypt64
//! ```

use md5::{Digest as _, Md5};

use super::defect::HashDefect;
use super::{HashKind, crypt64};
use crate::same;

const SALT_CHARS_MAX: usize = 8;
const DIGEST_CHARS: usize = 22;
const ROUNDS: u32 = 1000;

/// Which of the two.
#[derive(Clone, Copy)]
pub(super) enum Variant {
    Md5Crypt,
    Apr1,
}

impl Variant {
    const fn marker(self) -> &'static str {
        match self {
            Self::Md5Crypt => "$1$",
            Self::Apr1 => "$apr1$",
        }
    }

    const fn kind(self) -> HashKind {
        match self {
            Self::Md5Crypt => HashKind::Md5Crypt,
            Self::Apr1 => HashKind::Apr1,
        }
    }
}

#[derive(Clone)]
pub(super) struct Md5CryptHash {
    variant: Variant,
    salt: Box<str>,
    digest: Box<str>,
}

impl Md5CryptHash {
    /// Reads what follows the marker.
    pub(super) fn parse(variant: Variant, rest: &str) -> Result<Self, HashDefect> {
        let kind = variant.kind();
        let malformed = HashDefect::Malformed { kind };
        let (salt, digest) = rest.split_once('$').ok_or(malformed)?;
        if !crypt64::is_salt(salt, SALT_CHARS_MAX) || !crypt64::is_number(digest, DIGEST_CHARS) {
            return Err(malformed);
        }
        Ok(Self {
            variant,
            salt: salt.into(),
            digest: digest.into(),
        })
    }

    pub(super) const fn kind(&self) -> HashKind {
        self.variant.kind()
    }

    pub(super) fn matches(&self, password: &[u8]) -> bool {
        let digest = compute(self.variant, password, self.salt.as_bytes());
        same(encode(&digest).as_bytes(), self.digest.as_bytes())
    }

    pub(super) fn decoy<P>(&self, wrap: fn(Self) -> P) -> (String, P) {
        let salt = ".".repeat(SALT_CHARS_MAX);
        let digest = ".".repeat(DIGEST_CHARS);
        let text = format!("{}{salt}${digest}", self.variant.marker());
        let blank = Self {
            variant: self.variant,
            salt: salt.into(),
            digest: digest.into(),
        };
        (text, wrap(blank))
    }
}

fn compute(variant: Variant, password: &[u8], salt: &[u8]) -> [u8; 16] {
    let mixed: [u8; 16] = Md5::new()
        .chain_update(password)
        .chain_update(salt)
        .chain_update(password)
        .finalize()
        .into();
    let mut first = Md5::new()
        .chain_update(password)
        .chain_update(variant.marker())
        .chain_update(salt);
    for chunk in password.chunks(mixed.len()) {
        first.update(mixed.get(..chunk.len()).unwrap_or_default());
    }
    // For each bit of the length: a NUL where it is set, else the first byte of the password.
    let mut length = password.len();
    while length > 0 {
        if length & 1 == 1 {
            first.update([0]);
        } else {
            first.update(password.get(..1).unwrap_or_default());
        }
        length >>= 1;
    }
    (0..ROUNDS).fold(first.finalize().into(), |digest, round| {
        step(round, digest, password, salt)
    })
}

/// One of the thousand rounds, each of another composition.
fn step(round: u32, digest: [u8; 16], password: &[u8], salt: &[u8]) -> [u8; 16] {
    let is_odd = round & 1 == 1;
    let mut next = Md5::new();
    next.update(if is_odd { password } else { digest.as_slice() });
    if !round.is_multiple_of(3) {
        next.update(salt);
    }
    if !round.is_multiple_of(7) {
        next.update(password);
    }
    next.update(if is_odd { digest.as_slice() } else { password });
    next.finalize().into()
}

fn encode(digest: &[u8; 16]) -> String {
    let mut text = String::with_capacity(DIGEST_CHARS);
    for places in [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5]] {
        crypt64::push(&mut text, digest, &places, 4);
    }
    crypt64::push(&mut text, digest, &[11], 2);
    text
}

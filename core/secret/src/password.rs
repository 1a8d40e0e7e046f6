//! Password hashes: read, made, verified, bounded.
//!
//! Knows the text forms in which other systems keep passwords, what each costs to verify, and makes new
//! hashes in one form alone, Argon2id. Does not know users, where hashes are stored, or time.
//!
//! A stored hash is somebody else's input: it is taken apart once, by [`PasswordHash::parse`], which refuses
//! what it does not know or what would cost too much, so that [`PasswordHash::verify`] can neither fail nor
//! be made to run without end.

mod argon2;
mod bcrypt;
mod choice;
mod crypt64;
mod defect;
mod md5_crypt;
mod sha1;
mod sha_crypt;
#[cfg(test)]
mod tests;
mod unsupported;
#[cfg(test)]
mod vectors;

use std::fmt;

pub use argon2::Cost;
pub use choice::{ChoiceDefect, PASSWORD_CHARS_MIN, check_choice};
pub use defect::{CostDefect, HashDefect, HashingDefect};

/// The longest password that is hashed or compared, in bytes: longer ones match nothing. It bounds the work
/// that a client can ask for, since the older hashes read the password again in each of their rounds.
pub const PASSWORD_BYTES_MAX: usize = 1024;

/// The longest text that is read as a stored hash, in bytes.
pub const HASH_BYTES_MAX: usize = 512;

/// The most memory a stored Argon2 hash may ask for.
pub const ARGON2_MEMORY_KIB_MAX: u32 = 256 * 1024;

/// The most passes a stored Argon2 hash may ask for.
pub const ARGON2_PASSES_MAX: u32 = 64;

/// The most lanes a stored Argon2 hash may ask for.
pub const ARGON2_LANES_MAX: u32 = 16;

/// The most memory times passes a stored Argon2 hash may ask for: about a second of one core.
pub const ARGON2_WORK_KIB_MAX: u32 = 1024 * 1024;

/// The highest cost a stored bcrypt hash may have: about four seconds of one core.
pub const BCRYPT_COST_MAX: u32 = 16;

/// The most rounds a stored SHA-crypt hash may ask for: a few seconds of one core.
pub const SHA_CRYPT_ROUNDS_MAX: u32 = 5_000_000;

/// A password hash of a known kind and a bounded cost.
///
/// It prints its kind alone.
#[derive(Clone)]
pub struct PasswordHash {
    text: Box<str>,
    parts: Parts,
    /// A decoy does the work and then matches nothing.
    is_decoy: bool,
}

#[derive(Clone)]
enum Parts {
    Argon2(argon2::Argon2Hash),
    Bcrypt(bcrypt::BcryptHash),
    ShaCrypt(sha_crypt::ShaCryptHash),
    Md5Crypt(md5_crypt::Md5CryptHash),
    Sha1(sha1::Sha1Hash),
}

/// The kinds of hashes that are verified. New ones are [`HashKind::Argon2id`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HashKind {
    /// `$argon2id$`, RFC 9106.
    Argon2id,
    /// `$argon2i$`, RFC 9106.
    Argon2i,
    /// `$argon2d$`, RFC 9106.
    Argon2d,
    /// `$2a$`, `$2b$`, `$2y$`.
    Bcrypt,
    /// `$5$`.
    Sha256Crypt,
    /// `$6$`.
    Sha512Crypt,
    /// `$apr1$`, Apache's variant of MD5-crypt.
    Apr1,
    /// `$1$`.
    Md5Crypt,
    /// `{SHA}`, RFC 2307.
    Sha1,
    /// `{SSHA}`.
    SaltedSha1,
}

impl HashKind {
    /// The name people know it by.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Argon2id => "argon2id",
            Self::Argon2i => "argon2i",
            Self::Argon2d => "argon2d",
            Self::Bcrypt => "bcrypt",
            Self::Sha256Crypt => "sha256-crypt",
            Self::Sha512Crypt => "sha512-crypt",
            Self::Apr1 => "apr1",
            Self::Md5Crypt => "md5-crypt",
            Self::Sha1 => "sha1",
            Self::SaltedSha1 => "salted sha1",
        }
    }
}

impl fmt::Display for HashKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What comparing a password with a hash has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verification {
    /// It is the password.
    Match,
    /// It is not.
    Mismatch,
    /// The memory that the hash asks for was not to be had, so nothing was compared. It is the server's
    /// fault and must not be told as a wrong password.
    OutOfMemory,
}

impl PasswordHash {
    /// Reads a hash as it is stored here or in a file of another system.
    ///
    /// # Errors
    /// A [`HashDefect`] that names the kind where it is recognised.
    pub fn parse(text: &str) -> Result<Self, HashDefect> {
        if text.len() > HASH_BYTES_MAX {
            return Err(HashDefect::TooLong);
        }
        // RFC 2307 section 5.3: "{crypt}" marks a crypt(3) hash, here one with an identifier of its own.
        let bare = strip_scheme(text, "{CRYPT}").unwrap_or(text);
        let parts = if let Some(rest) = bare.strip_prefix("$argon2") {
            argon2::Argon2Hash::parse(rest).map(Parts::Argon2)
        } else if bare.starts_with("$2a$") || bare.starts_with("$2b$") || bare.starts_with("$2y$") {
            bcrypt::BcryptHash::parse(bare).map(Parts::Bcrypt)
        } else if let Some(rest) = bare.strip_prefix("$5$") {
            sha_crypt::ShaCryptHash::parse(sha_crypt::Variant::Sha256, rest).map(Parts::ShaCrypt)
        } else if let Some(rest) = bare.strip_prefix("$6$") {
            sha_crypt::ShaCryptHash::parse(sha_crypt::Variant::Sha512, rest).map(Parts::ShaCrypt)
        } else if let Some(rest) = bare.strip_prefix("$apr1$") {
            md5_crypt::Md5CryptHash::parse(md5_crypt::Variant::Apr1, rest).map(Parts::Md5Crypt)
        } else if let Some(rest) = bare.strip_prefix("$1$") {
            md5_crypt::Md5CryptHash::parse(md5_crypt::Variant::Md5Crypt, rest).map(Parts::Md5Crypt)
        } else if let Some(rest) = strip_scheme(text, "{SHA}") {
            sha1::Sha1Hash::parse_plain(rest).map(Parts::Sha1)
        } else if let Some(rest) = strip_scheme(text, "{SSHA}") {
            sha1::Sha1Hash::parse_salted(rest).map(Parts::Sha1)
        } else {
            Err(unsupported::defect(bare))
        }?;
        Ok(Self {
            text: text.into(),
            parts,
            is_decoy: false,
        })
    }

    /// The text, to be stored.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        &self.text
    }

    /// Which kind of hash it is.
    #[must_use]
    pub const fn kind(&self) -> HashKind {
        match &self.parts {
            Parts::Argon2(hash) => hash.kind(),
            Parts::Bcrypt(_) => HashKind::Bcrypt,
            Parts::ShaCrypt(hash) => hash.kind(),
            Parts::Md5Crypt(hash) => hash.kind(),
            Parts::Sha1(hash) => hash.kind(),
        }
    }

    /// Whether a hash made today with `cost` would be another: a kind other than Argon2id, an older version
    /// of it, or another cost.
    #[must_use]
    pub fn outdated(&self, cost: &Cost) -> bool {
        match &self.parts {
            Parts::Argon2(hash) => !hash.is_as_made_with(cost),
            Parts::Bcrypt(_) | Parts::ShaCrypt(_) | Parts::Md5Crypt(_) | Parts::Sha1(_) => true,
        }
    }

    /// Whether to hash `password` anew once this hash has matched it: the hash is outdated and has proved
    /// the whole of the password. bcrypt compares no more than 72 bytes; what follows them may be anything,
    /// and must not be made into the password.
    #[must_use]
    pub fn rehash_due(&self, cost: &Cost, password: &[u8]) -> bool {
        let proved_whole = match &self.parts {
            Parts::Bcrypt(_) => password.len() <= bcrypt::COMPARED_BYTES_MAX,
            Parts::Argon2(_) | Parts::ShaCrypt(_) | Parts::Md5Crypt(_) | Parts::Sha1(_) => true,
        };
        proved_whole && self.outdated(cost)
    }

    /// Compares a password with the hash. Takes milliseconds to seconds, by the kind and its cost.
    ///
    /// A password over [`PASSWORD_BYTES_MAX`] matches nothing. A bcrypt hash compares the first 72 bytes,
    /// as every system that made one does: see [`rehash_due`](Self::rehash_due).
    pub fn verify(&self, password: &[u8]) -> Verification {
        if password.len() > PASSWORD_BYTES_MAX {
            return Verification::Mismatch;
        }
        let matched = match &self.parts {
            Parts::Argon2(hash) => match hash.matches(password) {
                Ok(matched) => matched,
                Err(argon2::OutOfMemory) => return Verification::OutOfMemory,
            },
            Parts::Bcrypt(hash) => hash.matches(password),
            Parts::ShaCrypt(hash) => hash.matches(password),
            Parts::Md5Crypt(hash) => hash.matches(password),
            Parts::Sha1(hash) => hash.matches(password),
        };
        if matched && !self.is_decoy {
            Verification::Match
        } else {
            Verification::Mismatch
        }
    }

    /// A hash of the same kind and cost that matches nothing: what to verify where no such user exists, so
    /// that the answer takes as long. Its text is the same for all hashes of one kind and cost, and
    /// [`PasswordHash::parse`] reads it as an ordinary hash (call `decoy` on it again).
    #[must_use]
    pub fn decoy(&self) -> Self {
        let (text, parts) = match &self.parts {
            Parts::Argon2(hash) => hash.decoy(Parts::Argon2),
            Parts::Bcrypt(hash) => hash.decoy(Parts::Bcrypt),
            Parts::ShaCrypt(hash) => hash.decoy(Parts::ShaCrypt),
            Parts::Md5Crypt(hash) => hash.decoy(Parts::Md5Crypt),
            Parts::Sha1(hash) => hash.decoy(Parts::Sha1),
        };
        Self {
            text: text.into_boxed_str(),
            parts,
            is_decoy: true,
        }
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PasswordHash").field(&self.kind()).finish()
    }
}

/// Hashes a password with Argon2id, RFC 9106. The salt comes from a cryptographic random source.
///
/// # Errors
/// A [`HashingDefect`]: the password is empty or over [`PASSWORD_BYTES_MAX`] (it is never cut), or the
/// memory is not to be had.
pub fn hash(password: &[u8], salt: &[u8; 16], cost: &Cost) -> Result<PasswordHash, HashingDefect> {
    if password.is_empty() {
        return Err(HashingDefect::PasswordEmpty);
    }
    if password.len() > PASSWORD_BYTES_MAX {
        return Err(HashingDefect::PasswordTooLong);
    }
    let hash = argon2::Argon2Hash::make(password, salt, cost)
        .map_err(|argon2::OutOfMemory| HashingDefect::OutOfMemory)?;
    Ok(PasswordHash {
        text: hash.to_text().into_boxed_str(),
        parts: Parts::Argon2(hash),
        is_decoy: false,
    })
}

/// An Argon2id hash that costs what `cost` says and matches nothing: for a store without any user to
/// imitate. See [`PasswordHash::decoy`].
#[must_use]
pub fn decoy(cost: &Cost) -> PasswordHash {
    let hash = argon2::Argon2Hash::blank(cost);
    PasswordHash {
        text: hash.to_text().into_boxed_str(),
        parts: Parts::Argon2(hash),
        is_decoy: true,
    }
}

/// What follows a scheme in braces. RFC 2307 section 5.3: the schemes are compared without regard to case.
fn strip_scheme<'t>(text: &'t str, scheme: &str) -> Option<&'t str> {
    let (head, rest) = text.split_at_checked(scheme.len())?;
    head.eq_ignore_ascii_case(scheme).then_some(rest)
}

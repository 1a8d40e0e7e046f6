//! Why a text is not a usable hash, why a password cannot be hashed, why a cost is not one.

use std::fmt;

use super::{
    ARGON2_LANES_MAX, ARGON2_MEMORY_KIB_MAX, ARGON2_PASSES_MAX, ARGON2_WORK_KIB_MAX,
    HASH_BYTES_MAX, HashKind, PASSWORD_BYTES_MAX,
};

/// Why a text is not taken as a password hash. It never holds the text, which may be a password in clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashDefect {
    /// Longer than [`HASH_BYTES_MAX`].
    TooLong,
    /// Nothing about it is known: perhaps a password in clear.
    Unrecognised,
    /// A kind that is known and not taken.
    Unsupported {
        /// Its name.
        kind: &'static str,
    },
    /// It begins like this kind and does not go on like it.
    Malformed {
        /// The kind that it claims to be.
        kind: HashKind,
    },
    /// Verifying it would cost more than is allowed, or less than the kind permits.
    CostOutOfBounds {
        /// The kind that it claims to be.
        kind: HashKind,
        /// What is out of bounds.
        name: &'static str,
        /// The least allowed.
        min: u32,
        /// The most allowed.
        max: u32,
    },
}

impl fmt::Display for HashDefect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "a password hash has at most {HASH_BYTES_MAX} bytes"),
            Self::Unrecognised => f.write_str("this is not a password hash of any known kind"),
            Self::Unsupported { kind } => {
                write!(f, "password hashes of the kind {kind} are not taken")
            }
            Self::Malformed { kind } => write!(f, "this is not a well-formed {kind} hash"),
            Self::CostOutOfBounds {
                kind,
                name,
                min,
                max,
            } => write!(f, "the {name} of this {kind} hash must be {min} to {max}"),
        }
    }
}

impl std::error::Error for HashDefect {}

/// Why a password was not hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashingDefect {
    /// There is no password without a character.
    PasswordEmpty,
    /// Longer than [`PASSWORD_BYTES_MAX`].
    PasswordTooLong,
    /// The memory that the cost asks for was not to be had.
    OutOfMemory,
}

impl fmt::Display for HashingDefect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PasswordEmpty => f.write_str("a password cannot be empty"),
            Self::PasswordTooLong => {
                write!(f, "a password has at most {PASSWORD_BYTES_MAX} bytes")
            }
            Self::OutOfMemory => f.write_str("there is not enough memory to hash the password"),
        }
    }
}

impl std::error::Error for HashingDefect {}

/// Why numbers are not a cost for new hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CostDefect {
    /// Fewer than eight KiB for each lane, or over [`ARGON2_MEMORY_KIB_MAX`].
    Memory,
    /// None, or over [`ARGON2_PASSES_MAX`].
    Passes,
    /// None, or over [`ARGON2_LANES_MAX`].
    Lanes,
    /// Memory times passes over [`ARGON2_WORK_KIB_MAX`].
    Work,
}

impl fmt::Display for CostDefect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => write!(
                f,
                "`memory_kib` must be 8 for each lane to {ARGON2_MEMORY_KIB_MAX}"
            ),
            Self::Passes => write!(f, "`passes` must be 1 to {ARGON2_PASSES_MAX}"),
            Self::Lanes => write!(f, "`lanes` must be 1 to {ARGON2_LANES_MAX}"),
            Self::Work => write!(
                f,
                "`memory_kib` times `passes` must be at most {ARGON2_WORK_KIB_MAX}"
            ),
        }
    }
}

impl std::error::Error for CostDefect {}

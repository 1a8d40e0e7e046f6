//! Argon2, RFC 9106, in PHC strings.
//!
//! Knows the text form, the cost and its bounds.
//!
//! ```abnf
//! argon2  = "$argon2" ( "id" / "i" / "d" ) [ "$v=" number ] "$m=" number ",t=" number ",p=" number
//!           "$" base64-salt "$" base64-tag       ; base64 without padding
//! ```

use ::argon2::{Algorithm, Argon2, Error, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::defect::{CostDefect, HashDefect};
use super::{
    ARGON2_LANES_MAX, ARGON2_MEMORY_KIB_MAX, ARGON2_PASSES_MAX, ARGON2_WORK_KIB_MAX, HashKind,
};
use crate::same;

const NEW_TAG_BYTES: usize = 32;
const NEW_SALT_BYTES: usize = 16;
/// A shorter tag would be matched by chance too soon.
const TAG_BYTES_MIN: usize = 16;
const TAG_BYTES_MAX: usize = 64;
/// RFC 9106 section 3.1: a salt has at least 8 bytes where passwords are hashed.
const SALT_BYTES_MIN: usize = 8;
const SALT_BYTES_MAX: usize = 64;

/// What an Argon2id hash costs to make and to verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Cost {
    /// A cost within the named bounds.
    ///
    /// # Errors
    /// The [`CostDefect`] that says which number is out of bounds.
    pub const fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, CostDefect> {
        if lanes == 0 || lanes > ARGON2_LANES_MAX {
            return Err(CostDefect::Lanes);
        }
        if passes == 0 || passes > ARGON2_PASSES_MAX {
            return Err(CostDefect::Passes);
        }
        // RFC 9106 section 3.1: memory is an integer number of kibibytes from 8*p.
        if memory_kib < 8 * lanes || memory_kib > ARGON2_MEMORY_KIB_MAX {
            return Err(CostDefect::Memory);
        }
        if memory_kib * passes > ARGON2_WORK_KIB_MAX {
            return Err(CostDefect::Work);
        }
        Ok(Self {
            memory_kib,
            passes,
            lanes,
        })
    }

    /// Memory in KiB.
    #[must_use]
    pub const fn memory_kib(&self) -> u32 {
        self.memory_kib
    }

    /// Passes over the memory.
    #[must_use]
    pub const fn passes(&self) -> u32 {
        self.passes
    }

    /// Lanes; they are computed one after the other.
    #[must_use]
    pub const fn lanes(&self) -> u32 {
        self.lanes
    }
}

impl Default for Cost {
    /// OWASP's first choice for Argon2id: 19 MiB, two passes, one lane.
    fn default() -> Self {
        Self {
            memory_kib: 19_456,
            passes: 2,
            lanes: 1,
        }
    }
}

/// The allocation was refused.
#[derive(Debug)]
pub(super) struct OutOfMemory;

#[derive(Clone)]
pub(super) struct Argon2Hash {
    algorithm: Algorithm,
    version: Version,
    cost: Cost,
    salt: Vec<u8>,
    tag: Vec<u8>,
}

impl Argon2Hash {
    /// Reads what follows `$argon2`.
    pub(super) fn parse(rest: &str) -> Result<Self, HashDefect> {
        let (variant, rest) = rest.split_once('$').ok_or(HashDefect::Unrecognised)?;
        let algorithm = match variant {
            "id" => Algorithm::Argon2id,
            "i" => Algorithm::Argon2i,
            "d" => Algorithm::Argon2d,
            _ => return Err(HashDefect::Unrecognised),
        };
        Self::parse_fields(algorithm, rest).ok_or(HashDefect::Malformed {
            kind: kind_of(algorithm),
        })?
    }

    /// `None` is a malformed hash; a well-formed one can still cost too much.
    fn parse_fields(algorithm: Algorithm, fields: &str) -> Option<Result<Self, HashDefect>> {
        let mut fields = fields.split('$').peekable();
        // The version was added to the form with version 0x13, so a hash without it is of the one before.
        let version = match fields.peek()?.strip_prefix("v=") {
            Some("19") => Version::V0x13,
            Some("16") => Version::V0x10,
            Some(_) => return None,
            None => Version::V0x10,
        };
        if fields.peek()?.starts_with("v=") {
            fields.next();
        }
        let mut params = fields.next()?.split(',');
        let memory_kib = number(params.next()?.strip_prefix("m=")?)?;
        let passes = number(params.next()?.strip_prefix("t=")?)?;
        let lanes = number(params.next()?.strip_prefix("p=")?)?;
        let salt = STANDARD_NO_PAD.decode(fields.next()?).ok()?;
        let tag = STANDARD_NO_PAD.decode(fields.next()?).ok()?;
        let fits = params.next().is_none()
            && fields.next().is_none()
            && (SALT_BYTES_MIN..=SALT_BYTES_MAX).contains(&salt.len())
            && (TAG_BYTES_MIN..=TAG_BYTES_MAX).contains(&tag.len());
        if !fits {
            return None;
        }
        Some(match Cost::new(memory_kib, passes, lanes) {
            Ok(cost) => Ok(Self {
                algorithm,
                version,
                cost,
                salt,
                tag,
            }),
            Err(defect) => Err(out_of_bounds(kind_of(algorithm), defect, lanes)),
        })
    }

    pub(super) fn make(password: &[u8], salt: &[u8], cost: &Cost) -> Result<Self, OutOfMemory> {
        let mut hash = Self {
            salt: salt.to_vec(),
            ..Self::blank(cost)
        };
        hash.tag = hash.compute(password)?;
        Ok(hash)
    }

    /// A new hash whose salt and tag are still zero.
    pub(super) fn blank(cost: &Cost) -> Self {
        Self {
            algorithm: Algorithm::Argon2id,
            version: Version::V0x13,
            cost: *cost,
            salt: vec![0; NEW_SALT_BYTES],
            tag: vec![0; NEW_TAG_BYTES],
        }
    }

    pub(super) const fn kind(&self) -> HashKind {
        kind_of(self.algorithm)
    }

    pub(super) fn is_as_made_with(&self, cost: &Cost) -> bool {
        self.algorithm == Algorithm::Argon2id
            && self.version == Version::V0x13
            && self.cost == *cost
            && self.salt.len() >= NEW_SALT_BYTES
            && self.tag.len() >= NEW_TAG_BYTES
    }

    pub(super) fn matches(&self, password: &[u8]) -> Result<bool, OutOfMemory> {
        Ok(same(&self.compute(password)?, &self.tag))
    }

    pub(super) fn decoy<P>(&self, wrap: fn(Self) -> P) -> (String, P) {
        let blank = Self {
            algorithm: self.algorithm,
            version: self.version,
            ..Self::blank(&self.cost)
        };
        (blank.to_text(), wrap(blank))
    }

    pub(super) fn to_text(&self) -> String {
        let Cost {
            memory_kib,
            passes,
            lanes,
        } = self.cost;
        let version = match self.version {
            Version::V0x10 => "",
            Version::V0x13 => "$v=19",
        };
        let (salt, tag) = (
            STANDARD_NO_PAD.encode(&self.salt),
            STANDARD_NO_PAD.encode(&self.tag),
        );
        let kind = self.kind().name();
        format!("${kind}{version}$m={memory_kib},t={passes},p={lanes}${salt}${tag}")
    }

    fn compute(&self, password: &[u8]) -> Result<Vec<u8>, OutOfMemory> {
        let Cost {
            memory_kib,
            passes,
            lanes,
        } = self.cost;
        let mut tag = vec![0; self.tag.len()];
        // Cost and lengths are within the algorithm's bounds by `parse` and `Cost::new`: what is left to
        // fail is the memory.
        let made = Params::new(memory_kib, passes, lanes, Some(tag.len())).and_then(|params| {
            Argon2::new(self.algorithm, self.version, params)
                .hash_password_into(password, &self.salt, &mut tag)
        });
        made.map(|()| tag).map_err(|_: Error| OutOfMemory)
    }
}

const fn kind_of(algorithm: Algorithm) -> HashKind {
    match algorithm {
        Algorithm::Argon2id => HashKind::Argon2id,
        Algorithm::Argon2i => HashKind::Argon2i,
        Algorithm::Argon2d => HashKind::Argon2d,
    }
}

fn out_of_bounds(kind: HashKind, defect: CostDefect, lanes: u32) -> HashDefect {
    let (name, min, max) = match defect {
        CostDefect::Memory => (
            "memory in KiB",
            lanes.saturating_mul(8),
            ARGON2_MEMORY_KIB_MAX,
        ),
        CostDefect::Passes => ("number of passes", 1, ARGON2_PASSES_MAX),
        CostDefect::Lanes => ("number of lanes", 1, ARGON2_LANES_MAX),
        CostDefect::Work => ("memory in KiB times passes", 1, ARGON2_WORK_KIB_MAX),
    };
    HashDefect::CostOutOfBounds {
        kind,
        name,
        min,
        max,
    }
}

/// A decimal number without sign or leading zero. One that no `u32` holds is as good as the largest.
pub(super) fn number(digits: &str) -> Option<u32> {
    let canonical = !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && (digits == "0" || !digits.starts_with('0'));
    canonical.then(|| digits.parse().unwrap_or(u32::MAX))
}

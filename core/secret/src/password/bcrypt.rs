//! bcrypt: `$2a$`, `$2b$` and `$2y$`, which name the same function.
//!
//! Knows the text form and the two traps of the function: it reads 72 bytes at most, and it repeats the
//! password with its closing NUL until they are full, so that "a" and "a NUL a" are one to it.
//!
//! ```abnf
//! bcrypt = "$2" ( "a" / "b" / "y" ) "$" 2DIGIT "$" 22salt-char 31hash-char
//! ```

use super::defect::HashDefect;
use super::{BCRYPT_COST_MAX, HashKind};

/// How many bytes of a password the function compares.
pub(super) const COMPARED_BYTES_MAX: usize = 72;

const COST_MIN: u32 = 4;
const TEXT_CHARS: usize = 60;

#[derive(Clone)]
pub(super) struct BcryptHash {
    text: Box<str>,
    cost: u32,
}

impl BcryptHash {
    /// Reads the whole text, which begins with one of the three prefixes.
    pub(super) fn parse(text: &str) -> Result<Self, HashDefect> {
        let kind = HashKind::Bcrypt;
        let malformed = HashDefect::Malformed { kind };
        let cost = cost_of(text).ok_or(malformed)?;
        if !(COST_MIN..=BCRYPT_COST_MAX).contains(&cost) {
            return Err(HashDefect::CostOutOfBounds {
                kind,
                name: "cost",
                min: COST_MIN,
                max: BCRYPT_COST_MAX,
            });
        }
        // The library checks the alphabet and the unused bits of the last characters.
        text.parse::<::bcrypt::HashParts>().map_err(|_| malformed)?;
        Ok(Self {
            text: text.into(),
            cost,
        })
    }

    pub(super) fn matches(&self, password: &[u8]) -> bool {
        let matched = ::bcrypt::verify(password, &self.text).unwrap_or(false);
        // A NUL cannot be in a password of bcrypt's: to the function it begins the repetition.
        matched && !password.contains(&0)
    }

    pub(super) fn decoy<P>(&self, wrap: fn(Self) -> P) -> (String, P) {
        // "." is zero in bcrypt's alphabet.
        let text = format!("$2b${:02}${}", self.cost, ".".repeat(53));
        let blank = Self {
            text: text.as_str().into(),
            cost: self.cost,
        };
        (text, wrap(blank))
    }
}

/// The cost, if everything but the base64 is where it belongs.
fn cost_of(text: &str) -> Option<u32> {
    if text.len() != TEXT_CHARS || !text.is_ascii() {
        return None;
    }
    let mut fields = text.split('$');
    let (_, _version) = (fields.next()?, fields.next()?);
    let cost = fields.next()?;
    let rest = fields.next()?;
    let fits = cost.len() == 2
        && cost.bytes().all(|byte| byte.is_ascii_digit())
        && rest.len() == 53
        && fields.next().is_none();
    if fits { cost.parse().ok() } else { None }
}

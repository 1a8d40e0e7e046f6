//! `{SHA}` (RFC 2307) and `{SSHA}`: one SHA-1 of the password, the latter with a salt after it.
//!
//! Knows the text form. Kept for the import of old files: a sign-in replaces it.
//!
//! ```abnf
//! sha  = "{SHA}" base64           ; of the 20 bytes of SHA-1(password)
//! ssha = "{SSHA}" base64          ; of the 20 bytes of SHA-1(password salt), then the salt
//! ```

use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA1_OUTPUT_LEN};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::HashKind;
use super::defect::HashDefect;
use crate::same;

const SALT_BYTES_MIN: usize = 4;
const SALT_BYTES_MAX: usize = 64;
const BLANK_SALT_BYTES: usize = 8;

#[derive(Clone)]
pub(super) struct Sha1Hash {
    kind: HashKind,
    digest: Vec<u8>,
    salt: Vec<u8>,
}

impl Sha1Hash {
    /// Reads what follows `{SHA}`.
    pub(super) fn parse_plain(encoded: &str) -> Result<Self, HashDefect> {
        Self::parse(HashKind::Sha1, encoded, 0..=0)
    }

    /// Reads what follows `{SSHA}`.
    pub(super) fn parse_salted(encoded: &str) -> Result<Self, HashDefect> {
        Self::parse(
            HashKind::SaltedSha1,
            encoded,
            SALT_BYTES_MIN..=SALT_BYTES_MAX,
        )
    }

    fn parse(
        kind: HashKind,
        encoded: &str,
        salt_bytes: std::ops::RangeInclusive<usize>,
    ) -> Result<Self, HashDefect> {
        let malformed = HashDefect::Malformed { kind };
        let bytes = STANDARD.decode(encoded).map_err(|_| malformed)?;
        let (digest, salt) = bytes.split_at_checked(SHA1_OUTPUT_LEN).ok_or(malformed)?;
        if !salt_bytes.contains(&salt.len()) {
            return Err(malformed);
        }
        Ok(Self {
            kind,
            digest: digest.to_vec(),
            salt: salt.to_vec(),
        })
    }

    pub(super) const fn kind(&self) -> HashKind {
        self.kind
    }

    pub(super) fn matches(&self, password: &[u8]) -> bool {
        let mut context = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
        context.update(password);
        context.update(&self.salt);
        same(context.finish().as_ref(), &self.digest)
    }

    pub(super) fn decoy<P>(&self, wrap: fn(Self) -> P) -> (String, P) {
        let salt = if self.salt.is_empty() {
            Vec::new()
        } else {
            vec![0; BLANK_SALT_BYTES]
        };
        let digest = vec![0; SHA1_OUTPUT_LEN];
        let marker = if salt.is_empty() { "{SHA}" } else { "{SSHA}" };
        let text = format!("{marker}{}", STANDARD.encode([&digest[..], &salt].concat()));
        let blank = Self {
            kind: self.kind,
            digest,
            salt,
        };
        (text, wrap(blank))
    }
}

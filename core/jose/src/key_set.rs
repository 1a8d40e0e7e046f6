//! The keys of one issuer, RFC 7517 section 5.
//!
//! Knows: which published keys are usable, and which one a token means. Does not know: where the set comes from or how
//! old it is.

use std::fmt;

use countersign_secret::Secret;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::strict_json::Object;
use crate::verification_key::VerificationKey;
use crate::{Algorithm, KID_BYTES_MAX, KeyDefect, PublicKey};

/// The keys that an issuer's tokens are verified with, each parsed once.
pub struct KeySet {
    keys: Vec<VerificationKey>,
    ignored: Vec<IgnoredKey>,
}

/// A key of a published set that is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IgnoredKey {
    /// Its `kid`, where it has one.
    pub kid: Option<Box<str>>,
    /// Why it is not used.
    pub defect: KeyDefect,
}

/// A set that is refused as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySetError {
    /// Longer than [`KeySet::BYTES_MAX`].
    TooLong,
    /// More keys than [`KeySet::KEYS_MAX`].
    TooManyKeys,
    /// Not a JSON object with an array `keys` of objects.
    Malformed,
    /// A private or a symmetric key among the published ones: whoever can read the set can sign.
    SecretPublished,
    /// Two usable keys have the same `kid`.
    KidDuplicated,
    /// A `kid` is longer than [`crate::KID_BYTES_MAX`].
    KidTooLong,
    /// A shared secret goes with HS256, HS384 and HS512 only.
    NotSymmetric,
    /// A shared secret that is shorter than the algorithm's hash.
    SecretTooShort,
}

impl KeySet {
    /// The longest JWK Set that is read, in bytes.
    pub const BYTES_MAX: usize = 512 * 1024;
    /// The most keys that a JWK Set may have.
    pub const KEYS_MAX: usize = 128;
    /// The most keys that are tried for a token without `kid`.
    const UNNAMED_KEYS_MAX: usize = 4;

    /// Reads a published JWK Set. A key that is not understood or not for signatures is left out (see
    /// [`KeySet::ignored`]).
    ///
    /// # Errors
    ///
    /// Fails when the set has no clear meaning or is dangerous as a whole.
    pub fn parse_json(json: &[u8]) -> Result<KeySet, KeySetError> {
        if json.len() > Self::BYTES_MAX {
            return Err(KeySetError::TooLong);
        }
        // A derived reader takes an array for a struct as well.
        if json.trim_ascii_start().first() != Some(&b'{') {
            return Err(KeySetError::Malformed);
        }
        let document: Document =
            serde_json::from_slice(json).map_err(|_| KeySetError::Malformed)?;
        if document.keys.len() > Self::KEYS_MAX {
            return Err(KeySetError::TooManyKeys);
        }
        if document.keys.iter().any(|Object(jwk)| has_secret(jwk)) {
            return Err(KeySetError::SecretPublished);
        }
        let mut set = KeySet {
            keys: Vec::with_capacity(document.keys.len()),
            ignored: Vec::new(),
        };
        for Object(jwk) in &document.keys {
            match usable(jwk) {
                Ok(key) => set.add(key)?,
                // RFC 7517 section 5: implementations SHOULD ignore keys of types that are not understood, that lack
                // required members, or whose values are out of the supported ranges.
                Err(defect) => set.ignored.push(IgnoredKey {
                    kid: short_kid(jwk),
                    defect,
                }),
            }
        }
        Ok(set)
    }

    /// The set of the one secret that is shared with an issuer.
    ///
    /// # Errors
    ///
    /// Fails when the algorithm is not symmetric or the secret is too short for it.
    pub fn shared_secret(
        secret: Secret<Vec<u8>>,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<KeySet, KeySetError> {
        let bytes_min = algorithm
            .secret_bytes_min()
            .ok_or(KeySetError::NotSymmetric)?;
        if secret.expose().len() < bytes_min {
            return Err(KeySetError::SecretTooShort);
        }
        if kid.is_some_and(|kid| kid.len() > KID_BYTES_MAX) {
            return Err(KeySetError::KidTooLong);
        }
        let key = VerificationKey::shared(kid.map(Into::into), secret.expose(), algorithm);
        Ok(KeySet {
            keys: vec![key.ok_or(KeySetError::NotSymmetric)?],
            ignored: Vec::new(),
        })
    }

    pub(crate) fn of_public(
        key: &PublicKey,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<KeySet, KeyDefect> {
        let key = VerificationKey::public(kid.map(Into::into), key, Some(algorithm))?;
        Ok(KeySet {
            keys: vec![key],
            ignored: Vec::new(),
        })
    }

    /// Whether there is a usable key of that `kid`.
    pub fn contains(&self, kid: &str) -> bool {
        self.named(kid).is_some()
    }

    /// Whether there is no usable key.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The number of usable keys.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// The published keys that are not used, for the log.
    pub fn ignored(&self) -> &[IgnoredKey] {
        &self.ignored
    }

    pub(crate) fn named(&self, kid: &str) -> Option<&VerificationKey> {
        // `kid` is compared and nothing else: it never becomes a path, a query or an address.
        let named = |key: &&VerificationKey| key.kid.as_deref() == Some(kid);
        // The one secret that is shared with an issuer has no other beside it: whatever name the issuer gives it, it is
        // that one, unless it was given a name here.
        let nameless = |key: &&VerificationKey| key.kid.is_none() && key.is_shared();
        self.keys
            .iter()
            .find(named)
            .or_else(|| self.keys.iter().find(nameless))
    }

    /// The keys to try for a token that names none, or nothing when they are too many.
    pub(crate) fn unnamed(
        &self,
        algorithm: Algorithm,
    ) -> Option<impl Iterator<Item = &VerificationKey>> {
        let fitting = move || self.keys.iter().filter(move |key| key.fits(algorithm));
        (fitting().count() <= Self::UNNAMED_KEYS_MAX).then(fitting)
    }

    fn add(&mut self, key: VerificationKey) -> Result<(), KeySetError> {
        if key.kid.as_deref().is_some_and(|kid| self.contains(kid)) {
            return Err(KeySetError::KidDuplicated);
        }
        self.keys.push(key);
        Ok(())
    }
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Object>,
}

/// RFC 7518 sections 6.2.2, 6.3.2 and 6.4.1, RFC 8037 section 2: the members that only their owner may know.
fn has_secret(jwk: &Map<String, Value>) -> bool {
    ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"]
        .iter()
        .any(|&name| jwk.contains_key(name))
        || jwk.get("kty").and_then(Value::as_str) == Some("oct")
}

fn usable(jwk: &Map<String, Value>) -> Result<VerificationKey, KeyDefect> {
    let kid = match jwk.get("kid") {
        Some(kid) => Some(kid.as_str().ok_or(KeyDefect::Member)?),
        None => None,
    };
    if kid.is_some_and(|kid| kid.len() > KID_BYTES_MAX) {
        return Err(KeyDefect::KidTooLong);
    }
    if !for_signatures(jwk, "verify") {
        return Err(KeyDefect::NotForSignatures);
    }
    let key = PublicKey::from_jwk(jwk)?;
    VerificationKey::public(kid.map(Into::into), &key, algorithm(jwk)?)
}

/// RFC 7517 sections 4.2 and 4.3: what `use` and `key_ops` say, where they are there.
pub(crate) fn for_signatures(jwk: &Map<String, Value>, operation: &str) -> bool {
    let usage = jwk
        .get("use")
        .is_none_or(|usage| usage.as_str() == Some("sig"));
    let operations = jwk.get("key_ops").is_none_or(|operations| {
        operations
            .as_array()
            .is_some_and(|names| names.iter().any(|name| name.as_str() == Some(operation)))
    });
    usage && operations
}

/// RFC 7517 section 4.4: the one algorithm that the key is for, where it says so.
pub(crate) fn algorithm(jwk: &Map<String, Value>) -> Result<Option<Algorithm>, KeyDefect> {
    let Some(name) = jwk.get("alg") else {
        return Ok(None);
    };
    name.as_str()
        .and_then(Algorithm::from_name)
        .map(Some)
        .ok_or(KeyDefect::Algorithm)
}

fn short_kid(jwk: &Map<String, Value>) -> Option<Box<str>> {
    jwk.get("kid")
        .and_then(Value::as_str)
        .filter(|kid| kid.len() <= KID_BYTES_MAX)
        .map(Into::into)
}

impl KeySetError {
    /// One sentence for the log.
    pub const fn detail(self) -> &'static str {
        match self {
            Self::TooLong => "the key set is longer than any that is read",
            Self::TooManyKeys => "the key set has more keys than are taken",
            Self::Malformed => {
                "the key set is not a JSON object with an array `keys` of objects with unique members"
            }
            Self::SecretPublished => "the key set publishes a private or symmetric key",
            Self::KidDuplicated => "two keys of the set have the same `kid`",
            Self::KidTooLong => "the `kid` is longer than any that is compared",
            Self::NotSymmetric => "a shared secret goes with HS256, HS384 and HS512 only",
            Self::SecretTooShort => "the shared secret is shorter than the algorithm's hash",
        }
    }
}

impl fmt::Display for KeySetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.detail())
    }
}

impl std::error::Error for KeySetError {}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySet")
            .field("keys", &self.keys.len())
            .field("ignored", &self.ignored)
            .finish()
    }
}

#[cfg(test)]
mod tests;

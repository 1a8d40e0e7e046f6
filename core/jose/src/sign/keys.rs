//! The keys that one signer has: those that came before, the one that signs, and the one that comes next.
//!
//! Knows: a JWK Set with private keys, and from when each of them signs. Does not know where it is kept, nor what is
//! signed. All of the public halves are published, so that whoever verifies knows a key before it signs, and after.

use std::fmt;

use countersign_secret::Secret;
use serde_json::{Map, Value, json};

use super::{Material, SigningError, SigningKey};
use crate::{Algorithm, base64url};

/// A member of our own of each key (RFC 7517 section 4 lets others pass it over): from when it signs, in Unix seconds.
const SIGNS_FROM: &str = "signs_from";

/// Keys that take turns.
pub struct SigningKeys {
    /// By the time from which they sign, the earliest first.
    keys: Vec<(i64, SigningKey)>,
    published: Box<str>,
}

/// Why a set of private keys is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SigningKeysError {
    /// Not a JSON object with an array `keys` of objects.
    Malformed,
    /// More keys than are looked at.
    TooMany,
    /// No key at all.
    Empty,
    /// A key without `alg`, or with one that has no public half.
    Algorithm,
    /// A `signs_from` that is no whole number.
    SignsFrom,
    /// Two keys of the same name.
    NameTwice,
    /// A key that cannot sign.
    Key(SigningError),
}

impl SigningKeysError {
    /// One sentence for people.
    #[must_use]
    pub const fn detail(self) -> &'static str {
        match self {
            Self::Malformed => "it is not a JWK Set",
            Self::TooMany => "it has more keys than are taken",
            Self::Empty => "it has no key",
            Self::Algorithm => {
                "each of its keys needs an `alg` with a public half, as `ES256` or `EdDSA`"
            }
            Self::SignsFrom => "a `signs_from` is not a time in whole seconds",
            Self::NameTwice => "two of its keys have the same `kid`",
            Self::Key(error) => error.detail(),
        }
    }
}

impl fmt::Display for SigningKeysError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.detail())
    }
}

impl std::error::Error for SigningKeysError {}

/// When a new key begins to sign, and how long one is published that has ceased to.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    /// The present, in Unix seconds.
    pub now_unix_secs: i64,
    /// How long the new key is published before it signs.
    pub ahead_secs: i64,
    /// How long an old one is published after it has signed its last.
    pub kept_secs: i64,
}

impl SigningKeys {
    /// The most keys of one set.
    pub const KEYS_MAX: usize = 16;

    /// Reads a JWK Set of private keys.
    ///
    /// # Errors
    ///
    /// [`SigningKeysError`], for the first key that is not good.
    pub fn parse(json: &[u8]) -> Result<SigningKeys, SigningKeysError> {
        let jwks = members(json)?;
        if jwks.is_empty() {
            return Err(SigningKeysError::Empty);
        }
        let mut keys = Vec::with_capacity(jwks.len());
        for jwk in &jwks {
            keys.push((signs_from(jwk)?, key(jwk)?));
        }
        keys.sort_by_key(|(from, _)| *from);
        let mut names: Vec<&str> = keys.iter().filter_map(|(_, key)| key.kid()).collect();
        names.sort_unstable();
        if names.is_sorted_by(|one, next| one < next) {
            let published = keys.iter().filter_map(|(_, key)| key.public_jwk());
            let published = json!({ "keys": published.collect::<Vec<_>>() }).to_string();
            Ok(SigningKeys {
                published: published.into(),
                keys,
            })
        } else {
            Err(SigningKeysError::NameTwice)
        }
    }

    /// The key whose turn it is: the last that signs already. `None` where all are still to come.
    pub fn signer(&self, now_unix_secs: i64) -> Option<&SigningKey> {
        let mut begun = self.keys.iter().rev();
        let found = begun.find(|(from, _)| *from <= now_unix_secs);
        found.map(|(_, key)| key)
    }

    /// The public halves of all, as a JWK Set.
    pub fn published(&self) -> &str {
        &self.published
    }

    /// The set with one more key, and without those whose time is over. Without a set to begin with, the new key signs at
    /// once.
    ///
    /// # Errors
    ///
    /// As [`SigningKeys::parse`]; or the key cannot be made.
    pub fn turned(
        before: Option<&[u8]>,
        algorithm: Algorithm,
        turn: Turn,
        random: &dyn aws_lc_rs::rand::SecureRandom,
    ) -> Result<Secret<String>, SigningKeysError> {
        let mut jwks = match before {
            Some(json) => {
                SigningKeys::parse(json)?;
                members(json)?
            }
            None => Vec::new(),
        };
        jwks.sort_by_key(|jwk| signs_from(jwk).unwrap_or_default());
        let begins = jwks.iter().skip(1).map(signs_from);
        let begins: Vec<i64> = begins.collect::<Result<_, _>>()?;
        // A key ceases to sign when the next begins.
        let over = turn.now_unix_secs.saturating_sub(turn.kept_secs);
        let over = begins.iter().take_while(|next| **next <= over).count();
        jwks.drain(..over);
        let from = match jwks.is_empty() {
            true => turn.now_unix_secs,
            false => turn.now_unix_secs.saturating_add(turn.ahead_secs),
        };
        if jwks.len() >= Self::KEYS_MAX {
            return Err(SigningKeysError::TooMany);
        }
        let key = SigningKey::generate(algorithm, random).map_err(SigningKeysError::Key)?;
        let mut jwk = key.private_jwk().ok_or(SigningKeysError::Algorithm)?;
        jwk.insert(SIGNS_FROM.to_owned(), from.into());
        jwks.push(jwk);
        let text = serde_json::to_string_pretty(&json!({ "keys": jwks }));
        let text = text.map_err(|_| SigningKeysError::Malformed)?;
        Ok(Secret::new(text + "\n"))
    }
}

impl SigningKey {
    /// The key itself as a JWK (RFC 7518 section 6.2.2, RFC 8037 section 2), named by its thumbprint where it has no
    /// name. RSA keys and shared secrets are not written.
    fn private_jwk(&self) -> Option<Map<String, Value>> {
        let private = match &self.material {
            Material::Hmac(..) | Material::Rsa(..) => return None,
            Material::Ecdsa(_, pair) => {
                use aws_lc_rs::encoding::{AsBigEndian, EcPrivateKeyBin};
                let bytes: EcPrivateKeyBin<'_> = pair.private_key().as_be_bytes().ok()?;
                base64url::encode(bytes.as_ref())
            }
            Material::Ed25519(pair) => {
                use aws_lc_rs::encoding::{AsBigEndian, Curve25519SeedBin};
                let bytes: Curve25519SeedBin<'_> = pair.seed().ok()?.as_be_bytes().ok()?;
                base64url::encode(bytes.as_ref())
            }
        };
        let Value::Object(mut jwk) = self.public_jwk()? else {
            return None;
        };
        let thumbprint = self.public_key()?.thumbprint();
        jwk.entry("kid")
            .or_insert_with(|| thumbprint.as_str().into());
        jwk.insert("d".to_owned(), private.into());
        Some(jwk)
    }
}

fn members(json: &[u8]) -> Result<Vec<Map<String, Value>>, SigningKeysError> {
    let malformed = SigningKeysError::Malformed;
    let Ok(Value::Object(mut document)) = serde_json::from_slice(json) else {
        return Err(malformed);
    };
    let Some(Value::Array(keys)) = document.remove("keys") else {
        return Err(malformed);
    };
    if keys.len() > SigningKeys::KEYS_MAX {
        return Err(SigningKeysError::TooMany);
    }
    let objects = keys.into_iter().map(|key| match key {
        Value::Object(jwk) => Ok(jwk),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(malformed)
        }
    });
    objects.collect()
}

fn signs_from(jwk: &Map<String, Value>) -> Result<i64, SigningKeysError> {
    match jwk.get(SIGNS_FROM) {
        None => Ok(0),
        Some(value) => value.as_i64().ok_or(SigningKeysError::SignsFrom),
    }
}

fn key(jwk: &Map<String, Value>) -> Result<SigningKey, SigningKeysError> {
    let named = jwk.get("alg").and_then(Value::as_str);
    let algorithm = named
        .and_then(Algorithm::from_name)
        .filter(|algorithm| !algorithm.is_symmetric())
        .ok_or(SigningKeysError::Algorithm)?;
    let json = serde_json::to_vec(jwk).map(Secret::new);
    let json = json.map_err(|_| SigningKeysError::Malformed)?;
    let key = SigningKey::from_jwk(algorithm, json.expose()).map_err(SigningKeysError::Key)?;
    if key.kid().is_some() {
        return Ok(key);
    }
    let failed = SigningKeysError::Key(SigningError::Failed);
    let thumbprint = key.public_key().ok_or(failed)?.thumbprint();
    Ok(key.with_kid(thumbprint.as_str()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use crate::tests::system_random;
    use crate::{Jwt, KeySet};

    const NOW: i64 = 1_700_000_000;
    const TURN: Turn = Turn {
        now_unix_secs: NOW,
        ahead_secs: 3_600,
        kept_secs: 7_200,
    };

    fn turned(before: Option<&str>, now_unix_secs: i64) -> String {
        let turn = Turn {
            now_unix_secs,
            ..TURN
        };
        let before = before.map(str::as_bytes);
        let made = SigningKeys::turned(before, Algorithm::EdDsa, turn, &system_random());
        made.unwrap().expose().clone()
    }

    fn kids(set: &str) -> Vec<String> {
        let set: Value = serde_json::from_str(set).unwrap();
        let keys = set["keys"].as_array().unwrap().iter();
        keys.map(|key| key["kid"].as_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn what_is_signed_is_verified_by_what_is_published_and_no_private_half_is() {
        for algorithm in [Algorithm::Es256, Algorithm::Es384, Algorithm::EdDsa] {
            let set = SigningKeys::turned(None, algorithm, TURN, &system_random()).unwrap();
            let keys = SigningKeys::parse(set.expose().as_bytes()).unwrap();
            let signer = keys.signer(NOW).unwrap();
            assert_eq!(signer.algorithm(), algorithm);
            let claims = json!({ "sub": "alice" });
            let token = signer.sign_claims("JWT", &claims, &system_random());
            let token = token.unwrap();
            // It refuses a set that holds private keys.
            let published = KeySet::parse_json(keys.published().as_bytes()).unwrap();
            let read = Jwt::parse(token.as_bytes()).unwrap();
            assert_eq!(read.kid(), signer.kid());
            read.verify(&published, &[algorithm]).unwrap();
            let parsed: Value = serde_json::from_str(keys.published()).unwrap();
            assert_eq!(parsed["keys"][0].get("d"), None);
            assert!(set.expose().contains("\"d\""));
        }
    }

    #[test]
    fn keys_take_turns_and_overlap() {
        let one = turned(None, NOW);
        let first = &kids(&one)[0];
        let two = turned(Some(&one), NOW + 10);
        let second = &kids(&two)[1];
        assert_ne!(first, second);
        let keys = SigningKeys::parse(two.as_bytes()).unwrap();
        assert!(keys.signer(NOW - 1).is_none());
        let signs = |at: i64| keys.signer(at).unwrap().kid().unwrap();
        assert_eq!(signs(NOW), first);
        assert_eq!(signs(NOW + 10 + 3_599), first);
        assert_eq!(signs(NOW + 10 + 3_600), second);
        assert_eq!(kids(keys.published()).len(), 2);
        // The old one stays published for its time, and not longer.
        let ceased = NOW + 10 + 3_600;
        assert_eq!(kids(&turned(Some(&two), ceased + 7_199)).len(), 3);
        let later = kids(&turned(Some(&two), ceased + 7_200));
        assert_eq!((later.len(), &later[0]), (2, second));
    }

    #[test]
    fn a_key_without_a_name_gets_its_thumbprint_for_one() {
        let set = turned(None, NOW);
        let kid = &kids(&set)[0];
        let nameless = set.replace(&format!("\"kid\": \"{kid}\","), "");
        assert_ne!(nameless, set);
        let keys = SigningKeys::parse(nameless.as_bytes()).unwrap();
        assert_eq!(keys.signer(NOW).unwrap().kid(), Some(&**kid));
    }

    #[test]
    fn what_is_no_set_of_private_keys_is_refused() {
        let set = turned(None, NOW);
        let other = |from: &str, to: &str| {
            let changed = set.replace(from, to);
            assert_ne!(changed, set);
            SigningKeys::parse(changed.as_bytes()).err()
        };
        for text in [
            "",
            "[]",
            "{}",
            "null",
            "{\"keys\":{}}",
            "{\"keys\":[1]}",
            "\0",
        ] {
            let error = SigningKeys::parse(text.as_bytes()).err();
            assert_eq!(error, Some(SigningKeysError::Malformed), "{text}");
        }
        let empty = SigningKeys::parse(b"{\"keys\":[]}").err();
        assert_eq!(empty, Some(SigningKeysError::Empty));
        let many = format!("{{\"keys\":[{}{{}}]}}", "{},".repeat(16));
        let many = SigningKeys::parse(many.as_bytes()).err();
        assert_eq!(many, Some(SigningKeysError::TooMany));
        assert_eq!(other("\"EdDSA\"", "7"), Some(SigningKeysError::Algorithm));
        assert_eq!(other("EdDSA", "none"), Some(SigningKeysError::Algorithm));
        assert_eq!(other("EdDSA", "HS256"), Some(SigningKeysError::Algorithm));
        let wrong = other("EdDSA", "ES256");
        assert_eq!(wrong, Some(SigningKeysError::Key(SigningError::Algorithm)));
        let public = other("\"d\"", "\"e\"");
        assert_eq!(public, Some(SigningKeysError::Key(SigningError::Malformed)));
        let time = other(&NOW.to_string(), "\"soon\"");
        assert_eq!(time, Some(SigningKeysError::SignsFrom));
        let mut twice: Value = serde_json::from_str(&set).unwrap();
        let key = twice["keys"][0].clone();
        twice["keys"].as_array_mut().unwrap().push(key);
        let twice = SigningKeys::parse(twice.to_string().as_bytes()).err();
        assert_eq!(twice, Some(SigningKeysError::NameTwice));
    }
}

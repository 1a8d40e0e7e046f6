//! Tokens of two issuers, good ones and every kind of bad one.
//!
//! Knows: how tokens are signed, and the claims of a good one. Does not know what the line makes of them.

use std::sync::LazyLock;

use aws_lc_rs::rand::SystemRandom;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_jose::{Algorithm, KeySet, ProofClaims, SigningKey};
use countersign_secret::Secret;
use serde_json::{Map, Value, json};

use crate::world::{AUDIENCE, ISSUER, NOW};

static MAIN: LazyLock<SigningKey> = LazyLock::new(|| generate(Algorithm::Es256, "main-1"));
static OTHER: LazyLock<SigningKey> = LazyLock::new(|| generate(Algorithm::EdDsa, "other-1"));
/// Of nobody that the gateway knows, under the name of a key that it does.
static STRANGER: LazyLock<SigningKey> = LazyLock::new(|| generate(Algorithm::Es256, "main-1"));

#[expect(
    clippy::disallowed_methods,
    reason = "a test draws its keys where the core is handed a source"
)]
pub(crate) fn random() -> SystemRandom {
    SystemRandom::new()
}

fn generate(algorithm: Algorithm, kid: &str) -> SigningKey {
    SigningKey::generate(algorithm, &random())
        .unwrap()
        .with_kid(kid)
}

pub(crate) fn key_set() -> KeySet {
    MAIN.key_set().unwrap()
}

pub(crate) fn other_key_set() -> KeySet {
    OTHER.key_set().unwrap()
}

/// The published key of the main issuer, as a JWK.
pub(crate) fn main_jwk() -> Value {
    MAIN.public_jwk().unwrap()
}

/// Claims that every expectation of the main issuer is met by.
pub(crate) fn claims() -> Map<String, Value> {
    let claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "iat": NOW - 10, "exp": NOW + 600,
        "scope": "orders:read orders:write", "groups": ["staff"], "tenant": "acme"
    });
    claims.as_object().unwrap().clone()
}

/// A good token.
pub(crate) fn good() -> String {
    signed(&claims())
}

/// A token of the main issuer whose claims are changed: null takes one out.
pub(crate) fn with(changes: Value) -> String {
    signed(&changed(changes))
}

pub(crate) fn changed(changes: Value) -> Map<String, Value> {
    let mut claims = claims();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.remove(name);
        } else {
            claims.insert(name.clone(), value.clone());
        }
    }
    claims
}

pub(crate) fn signed(claims: &Map<String, Value>) -> String {
    MAIN.sign_claims("at+jwt", claims, &random()).unwrap()
}

/// Signed by the second issuer, whatever the claims say.
pub(crate) fn signed_by_other(claims: &Map<String, Value>) -> String {
    OTHER.sign_claims("at+jwt", claims, &random()).unwrap()
}

/// Signed with a key that is not the issuer's, under the name of one that is.
pub(crate) fn signed_by_stranger(claims: &Map<String, Value>) -> String {
    STRANGER.sign_claims("at+jwt", claims, &random()).unwrap()
}

/// Signed with the issuer's key under another `typ`.
pub(crate) fn typed(typ: &str, claims: &Map<String, Value>) -> String {
    MAIN.sign_claims(typ, claims, &random()).unwrap()
}

/// Signed with the issuer's key, under a header with more in it.
pub(crate) fn with_header(more: Value) -> String {
    let mut header = Map::from_iter([("typ".to_owned(), Value::from("at+jwt"))]);
    header.extend(more.as_object().unwrap().clone());
    let claims = serde_json::to_vec(&claims()).unwrap();
    MAIN.sign(header, &claims, &random()).unwrap()
}

/// A good token whose header names a key that the issuer has not.
pub(crate) fn of_unknown_key() -> String {
    generate(Algorithm::Es256, "main-2")
        .sign_claims("at+jwt", &claims(), &random())
        .unwrap()
}

/// A token authenticated with HMAC under bytes that everybody knows.
pub(crate) fn hmac_under(secret: &[u8], kid: &str) -> String {
    let mut secret = secret.to_vec();
    secret.resize(secret.len().max(32), 0);
    SigningKey::shared_secret(Secret::new(secret), Algorithm::Hs256)
        .unwrap()
        .with_kid(kid)
        .sign_claims("at+jwt", &claims(), &random())
        .unwrap()
}

/// Somebody with a key that tokens are bound to.
pub(crate) struct Holder(SigningKey);

impl Holder {
    pub(crate) fn new() -> Holder {
        Holder::of(Algorithm::Es256)
    }

    pub(crate) fn of(algorithm: Algorithm) -> Holder {
        Holder(SigningKey::generate(algorithm, &random()).unwrap())
    }

    pub(crate) fn thumbprint(&self) -> String {
        self.0.public_key().unwrap().thumbprint().to_string()
    }

    /// A good token that is bound to the key.
    pub(crate) fn token(&self) -> String {
        self.token_with(json!({}))
    }

    pub(crate) fn token_with(&self, changes: Value) -> String {
        let mut claims = changed(changes);
        let bound = json!({ "jkt": self.thumbprint() });
        claims.entry("cnf").or_insert(bound);
        signed(&claims)
    }

    /// A proof whose claims are changed: null takes one out.
    pub(crate) fn proof(&self, token: &str, method: &str, target: &str, changes: Value) -> String {
        let mut claims = self.proof_claims(token, method, target);
        for (name, value) in changes.as_object().unwrap() {
            if value.is_null() {
                claims.remove(name);
            } else {
                claims.insert(name.clone(), value.clone());
            }
        }
        self.sign_proof(&self.0, &claims)
    }

    /// A proof that names this key and is signed by another.
    pub(crate) fn proof_signed_by(
        &self,
        key: &SigningKey,
        token: &str,
        method: &str,
        target: &str,
    ) -> String {
        self.sign_proof(key, &self.proof_claims(token, method, target))
    }

    fn proof_claims(&self, token: &str, method: &str, target: &str) -> Map<String, Value> {
        let good = ProofClaims {
            id: "a proof",
            method,
            target,
            issued_unix_secs: NOW,
            token: Some(token),
            nonce: None,
        };
        let proof = self.0.prove(&good, &random()).unwrap();
        let payload = proof.split('.').nth(1).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
    }

    fn sign_proof(&self, key: &SigningKey, claims: &Map<String, Value>) -> String {
        let jwk = self.0.public_key().unwrap().to_jwk();
        let header = json!({ "typ": "dpop+jwt", "jwk": jwk });
        let payload = serde_json::to_vec(claims).unwrap();
        let header = header.as_object().unwrap().clone();
        key.sign(header, &payload, &random()).unwrap()
    }
}

/// Three parts, of which the last is whatever is given.
pub(crate) fn assembled(header: &Value, claims: &Map<String, Value>, signature: &[u8]) -> String {
    let header = URL_SAFE_NO_PAD.encode(header.to_string());
    let claims = URL_SAFE_NO_PAD.encode(serde_json::to_vec(claims).unwrap());
    format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode(signature))
}

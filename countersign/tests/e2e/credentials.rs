//! What the gateway is asked with: a user, API keys and tokens, and the store and keys that vouch for them.
//!
//! Knows: how each is made. Does not know processes.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::{self, SystemRandom};
use countersign_jose::{Algorithm, SigningKey};
use countersign_secret::api_key::ApiKey;
use countersign_secret::password::{self, Cost, PasswordHash};
use countersign_store::{NewKey, NewUser, Options, Owner, SqliteStore, Store as _};
use serde_json::{Value, json};

pub(crate) const USER: &str = "alice";
/// A colon and a space, which clients must not stumble over.
pub(crate) const PASSWORD: &str = "correct: horse battery";
/// Where tokens are meant for.
pub(crate) const AUDIENCE: &str = "https://api.test.invalid";

/// Real time, since the gateway has no other.
pub(crate) fn now_unix_secs() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

pub(crate) fn open(file: &Path) -> SqliteStore {
    let options = Options {
        decoy_cost: Cost::default(),
        refusals_kept_max: 100,
        acts_kept: None,
    };
    SqliteStore::open(file, options).unwrap()
}

pub(crate) fn user(name: &str, hash: PasswordHash) -> NewUser {
    NewUser {
        name: name.into(),
        display_name: None,
        hash,
        groups: vec!["staff".into()],
        disabled: false,
    }
}

/// An Argon2id hash at the default cost.
pub(crate) fn hash(password: &str) -> PasswordHash {
    password::hash(password.as_bytes(), &random(), &Cost::default()).unwrap()
}

/// A key that no store knows yet.
pub(crate) fn mint() -> ApiKey {
    ApiKey::mint(&random())
}

pub(crate) fn key_of_user(key: &ApiKey) -> NewKey {
    NewKey {
        id: key.id().clone(),
        digest: key.digest(),
        owner: Owner::User(USER.into()),
        label: "test".into(),
        scopes: Vec::new(),
        expires_unix_secs: None,
        networks: Vec::new(),
    }
}

/// A store with the user and one key of hers, which is returned.
pub(crate) async fn fill(file: &Path) -> ApiKey {
    let (store, now) = (open(file), now_unix_secs());
    store
        .add_user(user(USER, hash(PASSWORD)), now)
        .await
        .unwrap();
    let key = mint();
    store.create_key(key_of_user(&key), now).await.unwrap();
    key
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).unwrap();
    bytes
}

pub(crate) fn signing_key(kid: &str) -> SigningKey {
    let key = SigningKey::generate(Algorithm::Es256, &SystemRandom::new()).unwrap();
    key.with_kid(kid)
}

/// The published half of keys.
pub(crate) fn jwks(keys: &[&SigningKey]) -> Value {
    let keys: Vec<Value> = keys.iter().map(|key| key.public_jwk().unwrap()).collect();
    json!({ "keys": keys })
}

/// A token of the user that is good between two times.
pub(crate) fn token(
    key: &SigningKey,
    issuer: &str,
    from_unix_secs: i64,
    to_unix_secs: i64,
) -> String {
    let claims = json!({
        "iss": issuer,
        "aud": AUDIENCE,
        "sub": USER,
        "iat": from_unix_secs,
        "nbf": from_unix_secs,
        "exp": to_unix_secs,
    });
    key.sign_claims("at+jwt", &claims, &SystemRandom::new())
        .unwrap()
}

/// A token of the user that is good now, and for an hour.
pub(crate) fn good_token(key: &SigningKey, issuer: &str) -> String {
    let now = now_unix_secs();
    token(key, issuer, now, now + 3600)
}

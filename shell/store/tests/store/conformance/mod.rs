//! What every engine of the store has to do, whichever it is.
//!
//! Each function gets a store that is empty.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    unreachable_pub,
    missing_docs,
    reason = "tests"
)]

pub mod acts;
pub mod brakes;
pub mod digest;
pub mod keys;
pub mod links;
pub mod passkeys;
pub mod refusals;
pub mod second_factors;
pub mod sessions;
pub mod stamp;
pub mod users;

use countersign_secret::api_key::ApiKey;
use countersign_secret::password::{Cost, PasswordHash, hash};
use countersign_store::{NewKey, NewUser, Owner};

pub const NOW: i64 = 1_800_000_000;

pub fn cheap() -> Cost {
    Cost::new(8, 1, 1).unwrap()
}

pub fn hash_of(password: &str) -> PasswordHash {
    hash(password.as_bytes(), &[7; 16], &cheap()).unwrap()
}

pub fn boxed(texts: &[&str]) -> Vec<Box<str>> {
    texts.iter().map(|text| Box::from(*text)).collect()
}

pub fn new_user(name: &str) -> NewUser {
    NewUser {
        name: name.into(),
        display_name: Some(format!("The {name}").into()),
        hash: hash_of(name),
        groups: boxed(&["staff", "a \"quoted\" group"]),
        disabled: false,
    }
}

/// A key that is the same for the same number.
pub fn api_key(number: u8) -> ApiKey {
    ApiKey::mint(&[number; 40])
}

pub fn new_key(number: u8, owner: Owner) -> NewKey {
    let key = api_key(number);
    NewKey {
        id: key.id().clone(),
        digest: key.digest(),
        owner,
        label: format!("key {number}").into(),
        scopes: boxed(&["orders:read", "orders:write"]),
        expires_unix_secs: Some(NOW + 1000),
        networks: vec![
            "10.0.0.0/8".parse().unwrap(),
            "2001:db8::/32".parse().unwrap(),
        ],
    }
}

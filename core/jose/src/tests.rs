//! Tests of the whole crate: published examples and vectors, known attacks, properties.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests"
)]

mod attacks;
mod cookbook;
mod properties;
mod rfc;
mod wycheproof;

use std::path::PathBuf;

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use serde_json::{Value, json};

use crate::{Expectations, KeySet, SigningKey, base64url};

const ISSUER: &str = "https://id.example.com";
const AUDIENCE: &str = "https://api.example.com";
const NOW: i64 = 1_700_000_000;

#[expect(
    clippy::disallowed_methods,
    reason = "a test hands the random source in, as the shell does"
)]
pub(crate) fn system_random() -> SystemRandom {
    SystemRandom::new()
}

/// Claims that `with_expectations` finds in order at `NOW`.
fn claims() -> Value {
    json!({ "iss": ISSUER, "sub": "alice", "aud": AUDIENCE, "iat": NOW - 10, "exp": NOW + 300, "scope": "read write" })
}

/// Runs with what `claims` fulfils.
fn with_expectations<R>(run: impl FnOnce(&Expectations<'_>) -> R) -> R {
    run(&Expectations {
        issuer: ISSUER,
        audiences: &[AUDIENCE.to_owned()],
        types: &["at+jwt".to_owned(), "JWT".to_owned()],
        untyped: true,
        leeway_secs: 30,
        lifetime_secs_max: Some(86_400),
        required_claims: &["sub".to_owned()],
    })
}

fn sign(key: &SigningKey, claims: &Value) -> String {
    key.sign_claims("at+jwt", claims, &system_random()).unwrap()
}

/// A compact serialization with any header, authenticated with HMAC-SHA-256 under any bytes.
fn forge_hs256(secret: &[u8], header: &str, payload: &[u8]) -> String {
    let input = format!(
        "{}.{}",
        base64url::encode(header.as_bytes()),
        base64url::encode(payload)
    );
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), input.as_bytes());
    format!("{input}.{}", base64url::encode(tag.as_ref()))
}

fn published(keys: &[&SigningKey]) -> KeySet {
    let jwks: Vec<Value> = keys.iter().map(|key| key.public_jwk().unwrap()).collect();
    KeySet::parse_json(json!({ "keys": jwks }).to_string().as_bytes()).unwrap()
}

#[expect(
    clippy::disallowed_macros,
    reason = "a test that judges less than it could says so"
)]
fn say(line: &str) {
    eprintln!("{line}");
}

/// The file of that name among the outside suites, or `None`, said aloud, where they are not.
#[expect(
    clippy::disallowed_methods,
    reason = "the vectors are files outside the project"
)]
fn suite(name: &str) -> Option<Value> {
    let folder = std::env::var_os("COUNTERSIGN_SUITES").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/suites/data"),
        PathBuf::from,
    );
    let Ok(text) = std::fs::read(folder.join(name)) else {
        say(&format!(
            "skipped: `{name}` is not in `{}`",
            folder.display()
        ));
        return None;
    };
    Some(serde_json::from_slice(&text).unwrap())
}

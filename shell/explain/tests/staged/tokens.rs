//! Signed tokens for the cases, with keys made once.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use aws_lc_rs::rand::SystemRandom;
use countersign_jose::{Algorithm, SigningKey};
use serde_json::{Value, json};

use crate::case::Token;
use crate::stage::NOW_UNIX_SECS;

/// The keys of every case: by algorithm and name.
pub(crate) struct Keys(BTreeMap<(&'static str, &'static str), SigningKey>);

const ALGORITHMS: [(&str, Algorithm); 2] =
    [("ES256", Algorithm::Es256), ("EdDSA", Algorithm::EdDsa)];

impl Keys {
    pub(crate) fn shared() -> &'static Keys {
        static KEYS: OnceLock<Keys> = OnceLock::new();
        KEYS.get_or_init(|| {
            let rng = SystemRandom::new();
            let mut keys = BTreeMap::new();
            for (name, algorithm) in ALGORITHMS {
                // A forged key claims to be the live one.
                for (kind, kid) in [("live", "live"), ("other", "other"), ("forged", "live")] {
                    let key = SigningKey::generate(algorithm, &rng).unwrap();
                    keys.insert((name, kind), key.with_kid(&format!("{kid}-{name}")));
                }
            }
            let secret =
                countersign_secret::Secret::new(b"0123456789abcdef0123456789abcdef".to_vec());
            let shared = SigningKey::shared_secret(secret, Algorithm::Hs256).unwrap();
            keys.insert(("HS256", "live"), shared);
            Keys(keys)
        })
    }

    /// What the issuer publishes.
    pub(crate) fn published(&self) -> String {
        let live: Vec<Value> = self
            .0
            .iter()
            .filter(|((_, kind), _)| *kind == "live")
            .filter_map(|(_, key)| key.public_jwk())
            .collect();
        json!({ "keys": live }).to_string()
    }

    pub(crate) fn sign(&self, token: &Token, issuer: &str) -> String {
        let alg = token.alg.as_deref().unwrap_or("ES256");
        let kind = token.key.as_deref().unwrap_or("live");
        let (_, key) = self
            .0
            .iter()
            .find(|((name, own), _)| *name == alg && *own == kind)
            .unwrap_or_else(|| panic!("no key `{kind}` for `{alg}`"));
        let typ = token.typ.as_deref().unwrap_or("JWT");
        let mut claims = token.claims.clone();
        claims.entry("iss").or_insert_with(|| json!(issuer));
        claims.entry("sub").or_insert_with(|| json!("user-1"));
        let times = [
            ("exp", token.exp_in_secs.or(Some(3600))),
            ("nbf", token.nbf_in_secs),
            ("iat", token.iat_in_secs.or(Some(-60))),
        ];
        for (name, offset) in times {
            if let Some(offset) = offset {
                claims
                    .entry(name)
                    .or_insert_with(|| json!(NOW_UNIX_SECS + offset));
            }
        }
        claims.retain(|name, _| !token.without.contains(name));
        key.sign_claims(typ, &claims, &SystemRandom::new()).unwrap()
    }
}

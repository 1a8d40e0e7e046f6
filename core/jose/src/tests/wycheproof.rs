//! Project Wycheproof's vectors for JWS and JWK, from the outside suites: each valid one is accepted, each invalid one
//! refused, and each exception is named with its reason.

use serde_json::{Value, json};

use super::{say, suite};
use crate::{Algorithm, Jws, KeySet, SigningKey};

/// Vectors that are not judged, and why.
const EXCLUDED: &[(u64, &str)] = &[
    (
        367,
        "`invalidBase64Padding` is byte for byte the valid vector 357: the publication lost the padding",
    ),
    (
        370,
        "`invalidBase64PaddingInPayload` is byte for byte the valid vector 357: the publication lost the padding",
    ),
];

/// The keys of a group as this crate takes them: public keys published in a set, symmetric ones shared.
fn key_sets(group: &Value) -> Vec<KeySet> {
    let published = |jwk: &Value| match jwk.get("keys") {
        Some(_) => jwk.clone(),
        None => json!({ "keys": [jwk] }),
    };
    if !group["public"].is_null() {
        return KeySet::parse_json(published(&group["public"]).to_string().as_bytes())
            .into_iter()
            .collect();
    }
    let keys = published(&group["private"]);
    let keys = keys["keys"].as_array().unwrap();
    // There is no set of several shared secrets, and none mixed with public keys. What is one in the vectors is one set
    // for each secret here, unless the secrets are not told apart.
    let kids: Vec<&Value> = keys.iter().map(|jwk| &jwk["kid"]).collect();
    let ambiguous = (1..kids.len()).any(|i| kids[..i].contains(&kids[i]));
    if ambiguous || keys.iter().any(|jwk| jwk["kty"] != "oct") {
        assert!(KeySet::parse_json(group["private"].to_string().as_bytes()).is_err());
        return Vec::new();
    }
    keys.iter().filter_map(shared).collect()
}

fn shared(jwk: &Value) -> Option<KeySet> {
    let algorithm = Algorithm::from_name(jwk["alg"].as_str()?)?;
    SigningKey::from_jwk(algorithm, jwk.to_string().as_bytes())
        .ok()?
        .key_set()
        .ok()
}

/// Whether the message verifies with the group's keys. Every algorithm is allowed, so that the keys alone decide.
fn accepted(group: &Value, jws: &str) -> bool {
    key_sets(group).iter().any(|keys| {
        Jws::parse(jws.as_bytes()).is_ok_and(|message| message.verify(keys, Algorithm::ALL).is_ok())
    })
}

fn run(file: &str, excluded: &[(u64, &str)], judged_in_all: usize) {
    let Some(vectors) = suite(file) else { return };
    let mut judged = 0;
    for group in vectors["testGroups"].as_array().unwrap() {
        for test in group["tests"].as_array().unwrap() {
            let id = test["tcId"].as_u64().unwrap();
            if let Some((_, reason)) = excluded.iter().find(|(excluded, _)| *excluded == id) {
                say(&format!("excluded: {file} {id}: {reason}"));
                continue;
            }
            let valid = match test["result"].as_str().unwrap() {
                "valid" => true,
                "invalid" => false,
                other => panic!("`{other}` is not a result"),
            };
            let jws = test["jws"].as_str().unwrap();
            assert_eq!(
                accepted(group, jws),
                valid,
                "{file} {id} {}",
                test["comment"]
            );
            judged += 1;
        }
    }
    assert_eq!(judged, judged_in_all, "{file}");
}

#[test]
fn wycheproof_json_web_signature() {
    run(
        "wycheproof-json_web_signature_test.json",
        EXCLUDED,
        395 - EXCLUDED.len(),
    );
}

#[test]
fn wycheproof_json_web_key() {
    run("wycheproof-json_web_key_test.json", &[], 26);
}

#[test]
fn the_excluded_vectors_are_the_valid_one_again() {
    let Some(vectors) = suite("wycheproof-json_web_signature_test.json") else {
        return;
    };
    let groups = vectors["testGroups"].as_array().unwrap();
    let jws = |id: u64| {
        let tests = groups
            .iter()
            .flat_map(|group| group["tests"].as_array().unwrap());
        tests.into_iter().find(|test| test["tcId"] == id).unwrap()["jws"].clone()
    };
    for (id, _) in EXCLUDED {
        assert_eq!(jws(*id), jws(357));
    }
}

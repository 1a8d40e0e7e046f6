#![allow(clippy::unwrap_used, reason = "tests")]

use serde_json::json;

use super::*;
use crate::tests::system_random;
use crate::{Jws, SigningKey, TokenRefusal};

const X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
const Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";

fn ec(extra: Value) -> Value {
    let mut jwk = json!({ "kty": "EC", "crv": "P-256", "x": X, "y": Y });
    jwk.as_object_mut()
        .unwrap()
        .extend(extra.as_object().unwrap().clone());
    jwk
}

fn parse(keys: &[Value]) -> Result<KeySet, KeySetError> {
    KeySet::parse_json(json!({ "keys": keys, "other": 1 }).to_string().as_bytes())
}

fn ignored(jwk: Value) -> KeyDefect {
    let set = parse(&[jwk, ec(json!({ "kid": "good" }))]).unwrap();
    assert!(set.contains("good"));
    assert_eq!((set.len(), set.ignored().len()), (1, 1));
    set.ignored().first().unwrap().defect
}

#[test]
fn rfc7517_section_5_keys_that_are_not_understood_are_ignored() {
    for (jwk, defect) in [
        (json!({ "kty": "AKP", "kid": "a" }), KeyDefect::TypeUnknown),
        (ec(json!({ "kty": "RSA" })), KeyDefect::Member),
        (ec(json!({ "crv": "secp256k1" })), KeyDefect::TypeUnknown),
        (ec(json!({ "crv": "P-384" })), KeyDefect::Member),
        (
            json!({ "kty": "OKP", "crv": "X25519", "x": X }),
            KeyDefect::TypeUnknown,
        ),
        (
            json!({ "kty": "OKP", "crv": "Ed25519", "x": "AAAA" }),
            KeyDefect::Member,
        ),
        (json!({ "crv": "P-256", "x": X, "y": Y }), KeyDefect::Member),
        (ec(json!({ "use": "enc" })), KeyDefect::NotForSignatures),
        (ec(json!({ "use": 1 })), KeyDefect::NotForSignatures),
        (ec(json!({ "key_ops": [] })), KeyDefect::NotForSignatures),
        (
            ec(json!({ "key_ops": ["sign"] })),
            KeyDefect::NotForSignatures,
        ),
        (
            ec(json!({ "key_ops": "verify" })),
            KeyDefect::NotForSignatures,
        ),
        (ec(json!({ "alg": "ES384" })), KeyDefect::Algorithm),
        (ec(json!({ "alg": "RS256" })), KeyDefect::Algorithm),
        (ec(json!({ "alg": "HS256" })), KeyDefect::Algorithm),
        (ec(json!({ "alg": "none" })), KeyDefect::Algorithm),
        (ec(json!({ "alg": null })), KeyDefect::Algorithm),
        (ec(json!({ "kid": 1 })), KeyDefect::Member),
        (
            ec(json!({ "kid": "k".repeat(KID_BYTES_MAX + 1) })),
            KeyDefect::KidTooLong,
        ),
        (ec(json!({ "y": X })), KeyDefect::Rejected),
        (ec(json!({ "y": format!("{Y}=") })), KeyDefect::Member),
    ] {
        assert_eq!(ignored(jwk.clone()), defect, "{jwk}");
    }
}

#[test]
fn an_ignored_key_is_kept_by_name_for_the_log() {
    let set = parse(&[ec(json!({ "kid": "old", "use": "enc" }))]).unwrap();
    assert!(set.is_empty() && !set.contains("old"));
    assert_eq!(
        set.ignored(),
        [IgnoredKey {
            kid: Some("old".into()),
            defect: KeyDefect::NotForSignatures
        }]
    );
}

#[test]
fn keys_for_signatures_are_taken() {
    for jwk in [
        ec(json!({})),
        ec(json!({ "use": "sig", "alg": "ES256" })),
        ec(json!({ "key_ops": ["verify"] })),
        ec(json!({ "key_ops": ["sign", "verify"], "x5c": ["MIIB"], "x5t": "a" })),
    ] {
        assert_eq!(parse(std::slice::from_ref(&jwk)).unwrap().len(), 1, "{jwk}");
    }
}

#[test]
fn published_secrets_condemn_the_set() {
    for jwk in [
        json!({ "kty": "oct", "k": X }),
        json!({ "kty": "oct" }),
        json!({ "kty": "oct", "k": X, "use": "enc" }),
        ec(json!({ "d": X })),
        ec(json!({ "d": X, "use": "enc" })),
        ec(json!({ "k": X })),
        json!({ "kty": "RSA", "p": X }),
        json!({ "kty": "AKP", "priv": X }),
    ] {
        assert_eq!(
            parse(&[ec(json!({})), jwk.clone()]).unwrap_err(),
            KeySetError::SecretPublished,
            "{jwk}"
        );
    }
}

#[test]
fn two_usable_keys_of_one_name_condemn_the_set() {
    let (a, b) = (
        ec(json!({ "kid": "a" })),
        ec(json!({ "kid": "a", "alg": "ES256" })),
    );
    assert_eq!(
        parse(&[a.clone(), b]).unwrap_err(),
        KeySetError::KidDuplicated
    );
    // A key that is never chosen makes no choice ambiguous.
    assert_eq!(
        parse(&[a, ec(json!({ "kid": "a", "use": "enc" }))])
            .unwrap()
            .len(),
        1
    );
    // Nameless keys are not of one name.
    assert_eq!(parse(&[ec(json!({})), ec(json!({}))]).unwrap().len(), 2);
}

#[test]
fn what_is_not_a_set_is_refused() {
    for json in [
        "",
        "null",
        "[]",
        "[[]]",
        "{}",
        r#"{"keys":{}}"#,
        r#"{"keys":null}"#,
        r#"{"keys":[1]}"#,
        r#"{"keys":[[]]}"#,
        r#"{"keys":[],"keys":[]}"#,
        r#"{"keys":[{"kty":"EC","kty":"oct"}]}"#,
        r#"{"keys":[]} x"#,
        "<html>",
        "\u{feff}{\"keys\":[]}",
    ] {
        assert_eq!(
            KeySet::parse_json(json.as_bytes()).unwrap_err(),
            KeySetError::Malformed,
            "{json}"
        );
    }
    assert!(KeySet::parse_json(br#"{"keys":[]}"#).unwrap().is_empty());
}

#[test]
fn a_set_has_limits() {
    let unknown = vec![json!({ "kty": "x" }); KeySet::KEYS_MAX + 1];
    assert_eq!(parse(&unknown).unwrap_err(), KeySetError::TooManyKeys);
    assert!(parse(unknown.get(1..).unwrap()).is_ok());
    assert_eq!(
        KeySet::parse_json(&vec![b' '; KeySet::BYTES_MAX + 1]).unwrap_err(),
        KeySetError::TooLong
    );
}

#[test]
fn rfc7518_section_3_2_secrets_are_as_long_as_the_hash() {
    let set =
        |bytes, algorithm| KeySet::shared_secret(Secret::new(vec![7; bytes]), None, algorithm);
    for (algorithm, bytes) in [
        (Algorithm::Hs256, 32),
        (Algorithm::Hs384, 48),
        (Algorithm::Hs512, 64),
    ] {
        assert!(set(bytes, algorithm).is_ok());
        assert_eq!(
            set(bytes - 1, algorithm).unwrap_err(),
            KeySetError::SecretTooShort
        );
    }
    assert_eq!(
        set(512, Algorithm::Rs256).unwrap_err(),
        KeySetError::NotSymmetric
    );
    let named =
        KeySet::shared_secret(Secret::new(vec![7; 32]), Some("a"), Algorithm::Hs256).unwrap();
    assert!(named.contains("a") && !named.contains("b"));
    assert_eq!(format!("{named:?}"), "KeySet { keys: 1, ignored: [] }");
}

#[test]
fn a_token_without_kid_tries_a_few_keys_and_no_more() {
    let random = system_random();
    let signer = SigningKey::generate(Algorithm::EdDsa, &random).unwrap();
    let text = signer.sign(Map::new(), b"x", &random).unwrap();
    let verify = |others: usize, fitting: bool| {
        let mut keys: Vec<Value> = (0..others)
            .map(|_| {
                SigningKey::generate(Algorithm::EdDsa, &random)
                    .unwrap()
                    .public_jwk()
                    .unwrap()
            })
            .collect();
        keys.push(if fitting {
            signer.public_jwk().unwrap()
        } else {
            ec(json!({}))
        });
        let message = Jws::parse(text.as_bytes()).unwrap();
        message
            .verify(&parse(&keys).unwrap(), &[Algorithm::EdDsa])
            .map(drop)
    };
    assert_eq!(verify(0, true), Ok(()));
    assert_eq!(verify(3, true), Ok(()));
    assert_eq!(verify(4, true), Err(TokenRefusal::KeyUnnamed));
    assert_eq!(verify(3, false), Err(TokenRefusal::SignatureInvalid));
    assert_eq!(verify(0, false), Err(TokenRefusal::KeyUnknown));
}

#[test]
fn a_token_with_kid_is_checked_with_that_key_only() {
    let random = system_random();
    let signer = SigningKey::generate(Algorithm::EdDsa, &random).unwrap();
    let decoy = SigningKey::generate(Algorithm::EdDsa, &random)
        .unwrap()
        .with_kid("b");
    // The signer's key is in the set, under another name than the message asks for.
    let set = parse(&[signer.public_jwk().unwrap(), decoy.public_jwk().unwrap()]).unwrap();
    for (kid, refusal) in [
        ("b", TokenRefusal::SignatureInvalid),
        ("c", TokenRefusal::KeyUnknown),
    ] {
        let header = Map::from_iter([("kid".to_owned(), Value::from(kid))]);
        let text = signer.sign(header, b"x", &random).unwrap();
        let message = Jws::parse(text.as_bytes()).unwrap();
        assert_eq!(
            message.verify(&set, &[Algorithm::EdDsa]).unwrap_err(),
            refusal
        );
    }
}

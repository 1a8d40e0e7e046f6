#![allow(clippy::unwrap_used, reason = "tests")]

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::*;
use crate::Jws;
use crate::tests::system_random;

fn signs(key: &SigningKey) {
    let text = key.sign(Map::new(), b"payload", &system_random()).unwrap();
    let message = Jws::parse(text.as_bytes()).unwrap();
    assert_eq!(
        (message.algorithm(), message.kid()),
        (key.algorithm(), key.kid())
    );
    assert!(
        message
            .verify(&key.key_set().unwrap(), &[key.algorithm()])
            .is_ok()
    );
}

#[test]
fn rfc8410_section_10_3_pem() {
    let pem = "-----BEGIN PRIVATE KEY-----\n\
               MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
               -----END PRIVATE KEY-----\n";
    let key = SigningKey::from_pkcs8_pem(Algorithm::EdDsa, pem.as_bytes()).unwrap();
    let spki = STANDARD
        .decode("MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=")
        .unwrap();
    let Some(PublicKey::Ed25519 { x }) = key.public_key() else {
        unreachable!()
    };
    assert!(spki.ends_with(&x));
    signs(&key);
    let crlf = pem.replace('\n', "\r\n");
    assert!(SigningKey::from_pkcs8_pem(Algorithm::EdDsa, crlf.as_bytes()).is_ok());
}

#[test]
fn what_is_not_such_a_pem_block_is_refused() {
    for pem in [
        "",
        "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----",
        "\0",
    ] {
        let refused = SigningKey::from_pkcs8_pem(Algorithm::Es256, pem.as_bytes());
        assert_eq!(refused.unwrap_err(), SigningError::Malformed, "{pem}");
    }
}

#[test]
fn pkcs8_keys_of_each_type_are_read_for_their_algorithms_only() {
    let rsa = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let rsa = AsDer::<Pkcs8V1Der<'_>>::as_der(&rsa)
        .unwrap()
        .as_ref()
        .to_vec();
    let ec = |curve| {
        EcdsaKeyPair::generate(ecdsa(curve))
            .unwrap()
            .to_pkcs8v1()
            .unwrap()
            .as_ref()
            .to_vec()
    };
    let ed25519 = Ed25519KeyPair::generate()
        .unwrap()
        .to_pkcs8()
        .unwrap()
        .as_ref()
        .to_vec();
    let documents: [(Vec<u8>, &[Algorithm]); 5] = [
        (rsa, Algorithm::RSA),
        (ec(Curve::P256), &[Algorithm::Es256]),
        (ec(Curve::P384), &[Algorithm::Es384]),
        (ec(Curve::P521), &[Algorithm::Es512]),
        (ed25519, &[Algorithm::EdDsa]),
    ];
    for (document, fitting) in documents {
        for &algorithm in Algorithm::ALL {
            let key = SigningKey::from_pkcs8_der(algorithm, &document);
            assert_eq!(
                key.is_ok(),
                fitting.contains(&algorithm),
                "{algorithm} {fitting:?}"
            );
            if let Ok(key) = key {
                signs(&key.with_kid("k"));
            }
        }
    }
}

#[test]
fn private_jwks_are_read_for_their_algorithm_and_purpose_only() {
    let jwk = |extra: Value| {
        let mut jwk = json!({
            "kty": "OKP", "crv": "Ed25519", "kid": "k",
            "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        });
        jwk.as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        jwk.to_string().into_bytes()
    };
    let read = |extra: Value| SigningKey::from_jwk(Algorithm::EdDsa, &jwk(extra));
    let key = read(json!({})).unwrap();
    assert_eq!(key.kid(), Some("k"));
    signs(&key);
    assert!(read(json!({ "alg": "EdDSA", "use": "sig", "key_ops": ["sign"] })).is_ok());
    for (extra, error) in [
        (json!({ "alg": "ES256" }), SigningError::Algorithm),
        (json!({ "use": "enc" }), SigningError::Algorithm),
        (json!({ "key_ops": ["verify"] }), SigningError::Algorithm),
        (
            json!({ "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2B" }),
            SigningError::Malformed,
        ),
        (
            json!({ "d": "AWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A" }),
            SigningError::Rejected,
        ),
        (json!({ "d": null }), SigningError::Malformed),
        (
            json!({ "kty": "oct", "k": "AAAA" }),
            SigningError::Algorithm,
        ),
        (json!({ "kid": 1 }), SigningError::Malformed),
    ] {
        assert_eq!(read(extra.clone()).unwrap_err(), error, "{extra}");
    }
    assert_eq!(
        SigningKey::from_jwk(Algorithm::Es256, &jwk(json!({}))).unwrap_err(),
        SigningError::Algorithm
    );
}

#[test]
fn the_public_half_has_no_private_member() {
    let random = system_random();
    for &algorithm in Algorithm::ALL {
        let key = SigningKey::generate(algorithm, &random)
            .unwrap()
            .with_kid("k");
        let Some(jwk) = key.public_jwk() else {
            assert!(algorithm.is_symmetric());
            continue;
        };
        assert_eq!(
            (jwk["kid"].as_str(), jwk["use"].as_str()),
            (Some("k"), Some("sig"))
        );
        assert_eq!(jwk["alg"].as_str(), Some(algorithm.name()));
        for name in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(jwk.get(name).is_none(), "{algorithm} {name}");
        }
        assert_eq!(
            PublicKey::from_jwk(jwk.as_object().unwrap()),
            Ok(key.public_key().unwrap())
        );
    }
}

#[test]
fn shared_secrets_are_as_long_as_the_hash() {
    let key = |bytes, algorithm| SigningKey::shared_secret(Secret::new(vec![7; bytes]), algorithm);
    assert_eq!(
        key(31, Algorithm::Hs256).unwrap_err(),
        SigningError::Rejected
    );
    assert_eq!(
        key(64, Algorithm::Es256).unwrap_err(),
        SigningError::Algorithm
    );
    let key = key(32, Algorithm::Hs256).unwrap();
    signs(&key);
    assert_eq!(
        format!("{key:?}"),
        "SigningKey { kid: None, algorithm: Hs256, .. }"
    );
}

#[test]
fn a_header_cannot_change_algorithm_or_kid() {
    let random = system_random();
    let key = SigningKey::generate(Algorithm::Es256, &random)
        .unwrap()
        .with_kid("own");
    let header = Map::from_iter([
        ("alg".to_owned(), Value::from("none")),
        ("kid".to_owned(), Value::from("x")),
    ]);
    let text = key.sign(header, b"{}", &random).unwrap();
    let message = Jws::parse(text.as_bytes()).unwrap();
    assert_eq!(
        (message.algorithm(), message.kid()),
        (Algorithm::Es256, Some("own"))
    );
}

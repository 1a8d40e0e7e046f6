//! What holds for every input.

use proptest::prelude::*;
use serde_json::json;

use super::{NOW, claims, forge_hs256, published, sign, system_random, with_expectations};
use crate::{Algorithm, Jws, Jwt, KeySet, PublicKey, SigningKey, base64url};

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

fn generate(algorithm: Algorithm) -> SigningKey {
    SigningKey::generate(algorithm, &system_random())
        .unwrap()
        .with_kid("k1")
}

#[test]
fn every_algorithm_verifies_what_it_signs_and_nothing_else_does() {
    let keys: Vec<SigningKey> = Algorithm::ALL
        .iter()
        .map(|&algorithm| generate(algorithm))
        .collect();
    for key in &keys {
        let text = sign(key, &claims());
        for other in &keys {
            let token = Jwt::parse(text.as_bytes()).unwrap();
            assert_eq!(token.algorithm(), key.algorithm());
            let verified = token.verify(&other.key_set().unwrap(), Algorithm::ALL);
            assert_eq!(
                verified.is_ok(),
                std::ptr::eq(key, other),
                "{} {}",
                key.algorithm(),
                other.algorithm()
            );
            if let Ok(token) = verified {
                assert_eq!(
                    with_expectations(|expected| token.claims().check(expected, NOW)),
                    Ok(())
                );
            }
        }
        if !key.algorithm().is_symmetric() {
            let token = Jwt::parse(text.as_bytes()).unwrap();
            assert!(
                token.verify(&published(&[key]), &[key.algorithm()]).is_ok(),
                "{}",
                key.algorithm()
            );
        }
    }
}

#[test]
fn an_rsa_key_without_alg_fits_every_rsa_algorithm_that_is_allowed() {
    let key = generate(Algorithm::Ps384);
    let mut jwk = key.public_jwk().unwrap();
    jwk.as_object_mut().unwrap().remove("alg");
    let keys = KeySet::parse_json(json!({ "keys": [jwk] }).to_string().as_bytes()).unwrap();
    let text = sign(&key, &claims());
    let token = || Jwt::parse(text.as_bytes()).unwrap();
    assert!(
        token()
            .verify(&keys, &[Algorithm::Rs256, Algorithm::Ps384])
            .is_ok()
    );
    assert!(token().verify(&keys, &[Algorithm::Rs256]).is_err());
}

#[test]
fn a_flipped_bit_anywhere_fails() {
    for &algorithm in Algorithm::ALL {
        let key = generate(algorithm);
        let keys = key.key_set().unwrap();
        let text = sign(&key, &json!({ "iss": "i", "exp": NOW })).into_bytes();
        // Every bit where that is cheap, one bit of each byte where it is not.
        let bits = if algorithm.is_symmetric() || algorithm == Algorithm::EdDsa {
            8
        } else {
            1
        };
        for (position, bit) in
            (0..text.len()).flat_map(|position| (0..bits).map(move |bit| (position, bit)))
        {
            let mut flipped = text.clone();
            flipped[position] ^= 1 << ((bit + position) % 8);
            let accepted = Jws::parse(&flipped)
                .is_ok_and(|message| message.verify(&keys, &[algorithm]).is_ok());
            assert!(!accepted, "{algorithm} byte {position}");
        }
    }
}

#[test]
fn a_cut_or_longer_token_fails() {
    let key = generate(Algorithm::EdDsa);
    let keys = key.key_set().unwrap();
    let text = sign(&key, &claims()).into_bytes();
    let accepted = |text: &[u8]| {
        Jws::parse(text).is_ok_and(|message| message.verify(&keys, Algorithm::ALL).is_ok())
    };
    assert!(accepted(&text));
    for end in 0..text.len() {
        assert!(!accepted(&text[..end]), "cut to {end}");
        assert!(!accepted(&text[text.len() - end..]), "last {end}");
    }
    for extra in [
        &b" "[..],
        b"\n",
        b"\0",
        b"=",
        b".",
        b"A",
        b"AA",
        b"AAAA",
        b"\xff",
    ] {
        assert!(!accepted(&[&text, extra].concat()), "{extra:?} after");
        assert!(!accepted(&[extra, &text].concat()), "{extra:?} before");
    }
}

proptest! {
    #[test]
    fn parsing_any_bytes_does_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = Jwt::parse(&bytes);
        let _ = Jws::parse(&bytes);
        let _ = KeySet::parse_json(&bytes);
        let _ = SigningKey::from_jwk(Algorithm::Rs256, &bytes);
        for &algorithm in Algorithm::ALL {
            let _ = SigningKey::from_pkcs8_der(algorithm, &bytes);
        }
        let _ = SigningKey::from_pkcs8_pem(Algorithm::Es256, &bytes);
    }

    #[test]
    fn parsing_token_shaped_text_does_not_panic(text in r"[A-Za-z0-9_-]{0,40}(\.[A-Za-z0-9_-]{0,40}){0,6}") {
        let _ = Jwt::parse(text.as_bytes());
    }

    #[test]
    fn parsing_any_header_and_payload_does_not_panic(
        header in r#"\{("(alg|kid|typ|crit|b64)":("HS256"|"none"|null|1|\[\]|true|"x"),?){0,4}\}"#,
        payload in r#"\{("(iss|aud|exp|nbf|iat)":(-?[0-9]{1,20}(\.[0-9]{1,3})?([eE][+-]?[0-9]{1,3})?|"x"|\["x"\]|null),?){0,4}\}"#,
        now in any::<i64>(),
    ) {
        let text = forge_hs256(SECRET, &header, payload.as_bytes());
        let secret = countersign_secret::Secret::new(SECRET.to_vec());
        let keys = KeySet::shared_secret(secret, Some("x"), Algorithm::Hs256).unwrap();
        if let Ok(token) = Jwt::parse(text.as_bytes())
            && let Ok(token) = token.verify(&keys, &[Algorithm::Hs256])
        {
            let _ = with_expectations(|expected| token.claims().check(expected, now));
        }
    }

    #[test]
    fn base64url_has_one_text_for_each_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..80), text in "[A-Za-z0-9_-]{0,40}") {
        prop_assert_eq!(base64url::decode(base64url::encode(&bytes).as_bytes()), Ok(bytes));
        if let Ok(bytes) = base64url::decode(text.as_bytes()) {
            prop_assert_eq!(base64url::encode(&bytes), text);
        }
    }

    #[test]
    fn any_members_of_a_key_do_not_panic(
        kty in "RSA|EC|OKP|oct|x", crv in "P-256|P-384|P-521|Ed25519|x",
        number in proptest::collection::vec(any::<u8>(), 0..300), short in proptest::collection::vec(any::<u8>(), 0..70),
    ) {
        let (n, x) = (base64url::encode(&number), base64url::encode(&short));
        let jwk = json!({ "kty": kty, "crv": crv, "n": n, "e": x, "x": x, "y": x });
        if let Ok(key) = PublicKey::from_jwk(jwk.as_object().unwrap()) {
            prop_assert_eq!(PublicKey::from_jwk(&key.to_jwk()), Ok(key.clone()));
        }
        let _ = KeySet::parse_json(json!({ "keys": [jwk] }).to_string().as_bytes());
    }
}

//! RFC 7520, the JOSE cookbook, from the outside suites.

use serde_json::{Value, json};

use super::{suite, system_random};
use crate::{Algorithm, Jws, KeySet, KeySetError, SigningKey, TokenDefect};

fn sections() -> Option<[Value; 4]> {
    let files = [
        "4_1.rsa_v15_signature",
        "4_2.rsa-pss_signature",
        "4_3.ecdsa_signature",
        "4_4.hmac-sha2_integrity_protection",
    ];
    let read: Vec<Value> = files
        .iter()
        .filter_map(|file| suite(&format!("jose-cookbook/jws/{file}.json")))
        .collect();
    read.try_into().ok()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[test]
fn rfc7520_sections_4_1_to_4_4_compact_serializations() {
    for section in sections().into_iter().flatten() {
        let title = text(&section["title"]);
        let algorithm = Algorithm::from_name(text(&section["input"]["alg"])).unwrap();
        let key = SigningKey::from_jwk(algorithm, section["input"]["key"].to_string().as_bytes())
            .expect(title);
        let payload = text(&section["input"]["payload"]).as_bytes();

        let compact = text(&section["output"]["compact"]);
        let message = Jws::parse(compact.as_bytes()).expect(title);
        assert_eq!(message.kid(), section["input"]["key"]["kid"].as_str());
        let message = message
            .verify(&key.key_set().unwrap(), &[algorithm])
            .expect(title);
        assert_eq!(message.payload(), payload, "{title}");

        let ours = key
            .sign(serde_json::Map::new(), payload, &system_random())
            .unwrap();
        assert_eq!(
            ours == compact,
            section["reproducible"].as_bool().unwrap_or(false),
            "{title}"
        );
        assert!(
            Jws::parse(ours.as_bytes())
                .unwrap()
                .verify(&key.key_set().unwrap(), &[algorithm])
                .is_ok(),
            "{title}"
        );

        for serialization in ["json", "json_flat"] {
            let message = section["output"][serialization].to_string();
            assert_eq!(
                Jws::parse(message.as_bytes()).unwrap_err(),
                TokenDefect::JsonSerialization,
                "{title}"
            );
        }
    }
}

/// Detached content has an empty payload in its place, so the signature is over something else.
#[test]
fn rfc7520_section_4_5_detached_content_does_not_verify() {
    let Some(section) = suite("jose-cookbook/jws/4_5.signature_with_detached_content.json") else {
        return;
    };
    let key = SigningKey::from_jwk(
        Algorithm::Hs256,
        section["input"]["key"].to_string().as_bytes(),
    )
    .unwrap();
    let message = Jws::parse(text(&section["output"]["compact"]).as_bytes()).unwrap();
    assert!(
        message
            .verify(&key.key_set().unwrap(), &[Algorithm::Hs256])
            .is_err()
    );
}

/// Sections 4.6 to 4.8 exist in JSON serialization only.
#[test]
fn rfc7520_sections_4_6_to_4_8_json_serializations_are_refused() {
    for file in [
        "4_6.protecting_specific_header_fields",
        "4_7.protecting_content_only",
        "4_8.multiple_signatures",
    ] {
        let Some(section) = suite(&format!("jose-cookbook/jws/{file}.json")) else {
            continue;
        };
        assert!(section["output"]["compact"].is_null(), "{file}");
        let message = section["output"]["json"].to_string();
        assert_eq!(
            Jws::parse(message.as_bytes()).unwrap_err(),
            TokenDefect::JsonSerialization,
            "{file}"
        );
    }
}

#[test]
fn rfc7520_section_3_public_keys_are_read_and_private_ones_refused_in_a_set() {
    for (file, readable) in [
        ("3_1.ec_public_key", true),
        ("3_2.ec_private_key", false),
        ("3_3.rsa_public_key", true),
        ("3_4.rsa_private_key", false),
        ("3_5.symmetric_key_mac_computation", false),
        ("3_6.symmetric_key_encryption", false),
    ] {
        let Some(jwk) = suite(&format!("jose-cookbook/jwk/{file}.json")) else {
            continue;
        };
        let set = KeySet::parse_json(json!({ "keys": [jwk] }).to_string().as_bytes());
        if readable {
            assert!(
                set.unwrap().contains("bilbo.baggins@hobbiton.example"),
                "{file}"
            );
        } else {
            assert_eq!(set.unwrap_err(), KeySetError::SecretPublished, "{file}");
        }
    }
}

//! Ways in which verifiers of tokens have failed in public, by the number of their row in SECURITY.md.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::signature::RsaPublicKeyComponents;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_cause::Cause;
use countersign_secret::Secret;
use serde_json::{Value, json};

use super::{
    AUDIENCE, ISSUER, NOW, claims, forge_hs256, published, sign, system_random, with_expectations,
};
use crate::{
    Algorithm, Jwt, KeySet, KeySetError, PublicKey, SigningKey, TokenDefect, TokenRefusal,
    base64url,
};

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

fn generate(algorithm: Algorithm) -> SigningKey {
    SigningKey::generate(algorithm, &system_random()).unwrap()
}

fn shared() -> KeySet {
    KeySet::shared_secret(Secret::new(SECRET.to_vec()), Some("k1"), Algorithm::Hs256).unwrap()
}

/// CVE-2026-39999, CVE-2026-22817, CVE-2026-34950, CVE-2020-15084: a token whose HMAC key is the issuer's public key.
#[test]
fn attack_46_public_key_as_hmac_secret() {
    let key = generate(Algorithm::Rs256).with_kid("r1");
    let Some(PublicKey::Rsa { modulus, exponent }) = key.public_key() else {
        panic!("not an RSA key")
    };
    let der = RsaPublicKeyComponents {
        n: modulus.clone(),
        e: exponent,
    }
    .as_der()
    .unwrap();
    let pem = |end: &str| {
        let body = STANDARD.encode(der.as_ref());
        let lines: Vec<&str> = body
            .as_bytes()
            .chunks(64)
            .map(|line| std::str::from_utf8(line).unwrap())
            .collect();
        format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----{end}",
            lines.join("\n")
        )
        .into_bytes()
    };
    let jwk = key.public_jwk().unwrap().to_string().into_bytes();
    let keys = published(&[&key]);
    for secret in [
        der.as_ref().to_vec(),
        pem(""),
        pem("\n"),
        [b" ", &pem("")[..]].concat(),
        jwk,
        modulus,
        Vec::new(),
    ] {
        for (kid, refusal) in [
            (r#","kid":"r1""#, TokenRefusal::KeyAlgorithmMismatch),
            ("", TokenRefusal::KeyUnknown),
        ] {
            let text = forge_hs256(
                &secret,
                &format!(r#"{{"alg":"HS256"{kid}}}"#),
                claims().to_string().as_bytes(),
            );
            let token = || Jwt::parse(text.as_bytes()).unwrap();
            assert_eq!(
                token().verify(&keys, &[Algorithm::Rs256]).unwrap_err(),
                TokenRefusal::AlgorithmNotAllowed
            );
            // Even a configuration that allows both does not turn a public key into a secret.
            assert_eq!(
                token()
                    .verify(&keys, &[Algorithm::Rs256, Algorithm::Hs256])
                    .unwrap_err(),
                refusal
            );
        }
    }
    // Nor does a set that publishes the public key as a symmetric one.
    let confused =
        json!({ "keys": [{ "kty": "oct", "kid": "r1", "k": base64url::encode(der.as_ref()) }] });
    assert_eq!(
        KeySet::parse_json(confused.to_string().as_bytes()).unwrap_err(),
        KeySetError::SecretPublished
    );
    // The leading space of CVE-2026-34950, in the name of the algorithm.
    let text = forge_hs256(der.as_ref(), r#"{"alg":" HS256"}"#, b"{}");
    assert_eq!(
        Jwt::parse(text.as_bytes()).unwrap_err(),
        TokenDefect::AlgorithmUnknown
    );
}

/// CVE-2026-29000: an unsigned token inside one that is encrypted with the issuer's public key.
#[test]
fn attack_47_encrypted_plain_token() {
    let key = generate(Algorithm::Rs256);
    let unsigned = format!(
        "{}.{}.",
        base64url::encode(br#"{"alg":"none"}"#),
        base64url::encode(b"{}")
    );
    let header = br#"{"alg":"RSA-OAEP-256","enc":"A256GCM","cty":"JWT"}"#;
    let encrypted = [&header[..], b"key", b"iv", unsigned.as_bytes(), b"tag"]
        .map(base64url::encode)
        .join(".");
    let defect = Jwt::parse(encrypted.as_bytes()).unwrap_err();
    assert_eq!(
        (defect, defect.cause()),
        (TokenDefect::Encrypted, Cause::TokenWrongKind)
    );

    // The same, nested in a signed part: a payload that is a token is not a claims set.
    let nested = key
        .sign(
            serde_json::Map::new(),
            unsigned.as_bytes(),
            &system_random(),
        )
        .unwrap();
    assert_eq!(
        Jwt::parse(nested.as_bytes()).unwrap_err(),
        TokenDefect::Claims
    );
    let defect = Jwt::parse(unsigned.as_bytes()).unwrap_err();
    assert_eq!(
        (defect, defect.cause()),
        (TokenDefect::AlgorithmNone, Cause::AlgorithmNotAllowed)
    );
}

/// CVE-2025-59420: `crit` names an extension that the verifier does not know.
#[test]
fn attack_48_unknown_crit() {
    for crit in [
        r#"["bork"]"#,
        r#"["exp"]"#,
        r#"["b64"]"#,
        r#"["cnf","bork"]"#,
        "[]",
        r#""bork""#,
        "null",
    ] {
        let header =
            format!(r#"{{"alg":"HS256","kid":"k1","crit":{crit},"bork":true,"b64":true}}"#);
        let text = forge_hs256(SECRET, &header, claims().to_string().as_bytes());
        let defect = Jwt::parse(text.as_bytes()).unwrap_err();
        assert_eq!(
            (defect, defect.cause()),
            (TokenDefect::Critical, Cause::TokenMalformed),
            "{crit}"
        );
    }
}

/// The audience check of a token with those claims besides the usual ones.
fn checked(change: impl FnOnce(&mut serde_json::Map<String, Value>)) -> Result<(), TokenRefusal> {
    let mut claims = claims();
    change(claims.as_object_mut().unwrap());
    let text = forge_hs256(
        SECRET,
        r#"{"alg":"HS256","kid":"k1"}"#,
        claims.to_string().as_bytes(),
    );
    let token = Jwt::parse(text.as_bytes())
        .unwrap()
        .verify(&shared(), &[Algorithm::Hs256])
        .unwrap();
    with_expectations(|expected| token.claims().check(expected, NOW))
}

/// CVE-2020-26160: `aud` as an array was read as empty, and empty as fitting.
#[test]
fn attack_49_audience_as_array() {
    let with_audience = |audience: Value| {
        checked(|claims| {
            claims.insert("aud".to_owned(), audience);
        })
    };
    assert_eq!(
        with_audience(json!(["https://other.example.com", AUDIENCE])),
        Ok(())
    );
    for audience in [
        json!([]),
        json!(""),
        json!([""]),
        json!(["https://other.example.com"]),
        json!([format!("{AUDIENCE}/")]),
        json!("https://api.example.co"),
        json!(AUDIENCE.to_uppercase()),
    ] {
        assert_eq!(
            with_audience(audience.clone()),
            Err(TokenRefusal::AudienceMismatch),
            "{audience}"
        );
    }
    for audience in [
        json!(null),
        json!(1),
        json!({ "a": AUDIENCE }),
        json!([AUDIENCE, 1]),
        json!([[AUDIENCE]]),
    ] {
        let payload = json!({ "iss": ISSUER, "exp": NOW + 60, "aud": audience }).to_string();
        let text = forge_hs256(SECRET, r#"{"alg":"HS256","kid":"k1"}"#, payload.as_bytes());
        assert_eq!(
            Jwt::parse(text.as_bytes()).unwrap_err(),
            TokenDefect::Claim("aud"),
            "{audience}"
        );
    }
}

/// GHSA-wcvh-g65p-v576: issuer and audience unchecked, `exp` optional.
#[test]
fn attack_50_claims_cannot_be_left_out() {
    assert_eq!(checked(|_| ()), Ok(()));
    for name in ["iss", "aud", "exp", "sub"] {
        let refusal = checked(|claims| assert!(claims.remove(name).is_some())).unwrap_err();
        assert_eq!(
            (refusal.cause(), refusal.claim()),
            (Cause::ClaimMissing, Some(name))
        );
    }
    for issuer in [
        "https://id.example.com/",
        "https://ID.example.com",
        "http://id.example.com",
        "",
    ] {
        let refusal = checked(|claims| {
            claims.insert("iss".to_owned(), json!(issuer));
        });
        assert_eq!(refusal, Err(TokenRefusal::IssuerMismatch), "{issuer}");
    }
}

/// CVE-2018-0114 and others: keys that the token brings along, and `kid`s that are paths, queries and addresses.
#[test]
fn attack_51_embedded_keys_and_hostile_kids() {
    let (issuer, attacker) = (
        generate(Algorithm::Es256).with_kid("k1"),
        generate(Algorithm::Es256).with_kid("k1"),
    );
    let keys = published(&[&issuer]);
    let brought = json!({
        "jwk": attacker.public_jwk(),
        "jku": "https://attacker.example/jwks.json",
        "x5u": "https://attacker.example/cert.pem",
        "x5c": ["MIIB"],
    });
    let header = brought.as_object().unwrap().clone();
    let text = attacker
        .sign(header, claims().to_string().as_bytes(), &system_random())
        .unwrap();
    let refusal = Jwt::parse(text.as_bytes())
        .unwrap()
        .verify(&keys, &[Algorithm::Es256])
        .unwrap_err();
    assert_eq!(refusal, TokenRefusal::SignatureInvalid);

    let hostile = [
        "../../../../dev/null",
        "/dev/null",
        "k1' OR '1'='1",
        "k1\0",
        "K1",
        " k1",
        "",
        "https://attacker.example/",
        "*",
    ];
    for kid in hostile {
        let text = sign(&generate(Algorithm::Es256).with_kid(kid), &claims());
        let refusal = Jwt::parse(text.as_bytes())
            .unwrap()
            .verify(&keys, &[Algorithm::Es256])
            .unwrap_err();
        assert_eq!(
            (&refusal, refusal.cause()),
            (&TokenRefusal::KeyUnknown, Cause::SigningKeyUnknown),
            "{kid}"
        );
    }
    // The empty secret that `/dev/null` stands for is none.
    let empty = KeySet::shared_secret(Secret::new(Vec::new()), None, Algorithm::Hs256);
    assert_eq!(empty.unwrap_err(), KeySetError::SecretTooShort);
}

/// GHSA-hhhv-q57g-882q and the PBES2 iteration count of go-jose: five parts cost nothing to refuse, and `zip` in a signed
/// token inflates nothing.
#[test]
fn attack_52_compressed_and_costly_encryption() {
    for header in [
        r#"{"alg":"dir","enc":"A256GCM","zip":"DEF"}"#,
        r#"{"alg":"PBES2-HS512+A256KW","enc":"A256GCM","p2c":2147483647,"p2s":"c2FsdA"}"#,
    ] {
        let text = format!(
            "{}..aXY.{}.dGFn",
            base64url::encode(header.as_bytes()),
            "A".repeat(8_000)
        );
        assert_eq!(
            Jwt::parse(text.as_bytes()).unwrap_err(),
            TokenDefect::Encrypted
        );
        // In three parts, these are not algorithms of signatures.
        let text = forge_hs256(SECRET, header, b"{}");
        assert_eq!(
            Jwt::parse(text.as_bytes()).unwrap_err(),
            TokenDefect::AlgorithmUnknown
        );
    }
    // DEFLATE of a claims set: read as it is, which is not JSON.
    let deflated = [
        0xab, 0x56, 0x4a, 0xcd, 0x2b, 0xcd, 0x51, 0xb2, 0x52, 0x32, 0x54, 0xaa, 0x05, 0x00,
    ];
    let text = forge_hs256(
        SECRET,
        r#"{"alg":"HS256","kid":"k1","zip":"DEF"}"#,
        &deflated,
    );
    assert_eq!(
        Jwt::parse(text.as_bytes()).unwrap_err(),
        TokenDefect::Claims
    );
    let huge = "A".repeat(crate::TOKEN_BYTES_MAX + 1);
    let defect = Jwt::parse(huge.as_bytes()).unwrap_err();
    assert_eq!(
        (defect, defect.cause()),
        (TokenDefect::TooLong, Cause::HeaderTooLarge)
    );
}

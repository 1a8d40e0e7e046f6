//! The examples of the specifications.

use serde_json::{Value, json};

use super::system_random;

use crate::{
    Algorithm, Jws, Jwt, KeyDefect, KeySet, PublicKey, SigningKey, TokenDefect, TokenRefusal,
    base64url,
};

const RFC7515_A1_SECRET: &str =
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
const RFC7515_PAYLOAD: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

fn rfc7515_a1_key() -> SigningKey {
    let jwk = json!({ "kty": "oct", "k": RFC7515_A1_SECRET });
    SigningKey::from_jwk(Algorithm::Hs256, jwk.to_string().as_bytes()).unwrap()
}

fn set(jwk: &Value) -> KeySet {
    KeySet::parse_json(json!({ "keys": [jwk] }).to_string().as_bytes()).unwrap()
}

/// Verifies one of the examples of RFC 7515 that carry the same claims, and one with another signature.
fn takes_rfc7515_claims(text: &str, keys: &KeySet, algorithm: Algorithm) {
    let token = Jwt::parse(text.as_bytes())
        .unwrap()
        .verify(keys, &[algorithm])
        .unwrap();
    assert_eq!(token.claims().issuer(), Some("joe"));
    assert_eq!(token.claims().expires_unix_secs(), Some(1_300_819_380));
    assert_eq!(
        token.claims().claim("http://example.com/is_root"),
        Some(&Value::Bool(true))
    );

    let (input, signature) = text.rsplit_once('.').unwrap();
    let reversed: String = signature.chars().rev().collect();
    if let Ok(token) = Jwt::parse(format!("{input}.{reversed}").as_bytes()) {
        assert_eq!(
            token.verify(keys, &[algorithm]).unwrap_err(),
            TokenRefusal::SignatureInvalid
        );
    }
}

#[test]
fn rfc7515_appendix_a_1_hs256() {
    let text = format!(
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{RFC7515_PAYLOAD}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    );
    takes_rfc7515_claims(
        &text,
        &rfc7515_a1_key().key_set().unwrap(),
        Algorithm::Hs256,
    );
    assert_eq!(Jwt::parse(text.as_bytes()).unwrap().typ(), Some("JWT"));
}

#[test]
fn rfc7515_appendix_a_2_rs256() {
    let key = set(&json!({ "kty": "RSA", "e": "AQAB", "n": concat!(
        "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZ",
        "S-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2",
        "R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcD",
        "TW9gb54h4FRWyuXpoQ"
    ) }));
    let text = format!(
        "eyJhbGciOiJSUzI1NiJ9.{RFC7515_PAYLOAD}.{}",
        concat!(
            "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdb",
            "F9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383",
            "LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWy",
            "wlVmtVrBp0igcN_IoypGlUPQGe77Rw"
        )
    );
    takes_rfc7515_claims(&text, &key, Algorithm::Rs256);
}

#[test]
fn rfc7515_appendix_a_3_es256() {
    let key = set(&json!({
        "kty": "EC", "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    }));
    let text = format!(
        "eyJhbGciOiJFUzI1NiJ9.{RFC7515_PAYLOAD}.{}",
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
    );
    takes_rfc7515_claims(&text, &key, Algorithm::Es256);
}

#[test]
fn rfc7515_appendix_a_4_es512() {
    let key = set(&json!({
        "kty": "EC", "crv": "P-521",
        "x": "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",
        "y": "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2",
    }));
    let text = concat!(
        "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.",
        "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2Y",
        "BJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn"
    );
    let message = Jws::parse(text.as_bytes())
        .unwrap()
        .verify(&key, &[Algorithm::Es512])
        .unwrap();
    assert_eq!(message.payload(), b"Payload");
    assert_eq!(
        Jwt::parse(text.as_bytes()).unwrap_err(),
        TokenDefect::Claims
    );
}

#[test]
fn rfc7515_appendix_a_5_unsecured_is_refused() {
    let text = format!("eyJhbGciOiJub25lIn0.{RFC7515_PAYLOAD}.");
    assert_eq!(
        Jwt::parse(text.as_bytes()).unwrap_err(),
        TokenDefect::AlgorithmNone
    );
}

#[test]
fn rfc7515_appendix_a_6_json_serialization_is_refused() {
    let text = json!({ "payload": RFC7515_PAYLOAD, "protected": "eyJhbGciOiJFUzI1NiJ9", "signature": "DtEh" });
    assert_eq!(
        Jwt::parse(text.to_string().as_bytes()).unwrap_err(),
        TokenDefect::JsonSerialization
    );
    assert_eq!(
        Jwt::parse(format!(" \n{text}").as_bytes()).unwrap_err(),
        TokenDefect::JsonSerialization
    );
}

#[test]
fn rfc7515_appendix_e_crit_is_refused() {
    let text = concat!(
        "eyJhbGciOiJub25lIiwNCiAiY3JpdCI6WyJodHRwOi8vZXhhbXBsZS5jb20vVU5ERUZJTkVEIl0sDQogImh0dHA6Ly9leGFtcGxlLmNvbS9V",
        "TkRFRklORUQiOnRydWUNCn0.RkFJTA."
    );
    assert!(Jws::parse(text.as_bytes()).is_err());
}

#[test]
fn rfc7518_section_6_2_1_2_coordinates_have_the_full_size() {
    let x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
    for y in [
        "",
        "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5Q",
        "AMfxRM0bvZt-hyzf7bnuufSzaV1uqQskrYpGIyiFiOWt",
    ] {
        let jwk = json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y });
        assert_eq!(
            PublicKey::from_jwk(jwk.as_object().unwrap()),
            Err(KeyDefect::Member),
            "{y}"
        );
    }
}

fn rfc8037_private_jwk() -> Value {
    json!({
        "kty": "OKP", "crv": "Ed25519",
        "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    })
}

#[test]
fn rfc8037_appendix_a_4_and_5_ed25519() {
    let key = SigningKey::from_jwk(
        Algorithm::EdDsa,
        rfc8037_private_jwk().to_string().as_bytes(),
    )
    .unwrap();
    let text = concat!(
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.",
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    );
    let payload = b"Example of Ed25519 signing";
    let random = system_random();
    assert_eq!(
        key.sign(serde_json::Map::new(), payload, &random).unwrap(),
        text
    );
    let keys = set(&key.public_jwk().unwrap());
    let message = Jws::parse(text.as_bytes())
        .unwrap()
        .verify(&keys, &[Algorithm::EdDsa])
        .unwrap();
    assert_eq!(message.payload(), payload);
}

#[test]
fn rfc8037_appendix_a_3_thumbprint() {
    let key = PublicKey::from_jwk(rfc8037_private_jwk().as_object().unwrap()).unwrap();
    assert_eq!(
        key.thumbprint().as_str(),
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    );
}

#[test]
fn rfc7638_section_3_1_thumbprint() {
    let jwk = json!({
        "kty": "RSA", "e": "AQAB", "alg": "RS256", "kid": "2011-04-29", "n": concat!(
            "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3",
            "oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdA",
            "ZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-",
            "kEgU8awapJzKnqDKgw"
        ),
    });
    let key = PublicKey::from_jwk(jwk.as_object().unwrap()).unwrap();
    assert_eq!(
        key.thumbprint().as_str(),
        "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    );
}

/// The expected value is the digest of the canonical JSON, which the test writes by hand.
#[test]
fn rfc7638_section_3_2_members_of_an_ec_key() {
    let (x, y) = (
        "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    );
    let jwk = json!({ "y": y, "x": x, "kty": "EC", "crv": "P-256", "use": "sig" });
    let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, canonical.as_bytes());
    let key = PublicKey::from_jwk(jwk.as_object().unwrap()).unwrap();
    assert_eq!(
        key.thumbprint().as_str(),
        base64url::encode(digest.as_ref())
    );
}

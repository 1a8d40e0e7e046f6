#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use proptest::prelude::*;

use super::*;
use crate::tests::system_random;

/// RFC 9449 section 4.1, figure 2.
const TOKEN_REQUEST: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";
/// RFC 9449 section 7.1, figure 13.
const RESOURCE_REQUEST: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA";
const TOKEN: &str = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
const ASYMMETRIC: [Algorithm; 3] = [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256];

fn verified(text: &str) -> Result<Verified<DpopProof<'_>>, ProofDefect> {
    DpopProof::parse(text.as_bytes())?.verify(&ASYMMETRIC)
}

fn defect(text: &str) -> ProofDefect {
    verified(text).unwrap_err()
}

fn key() -> SigningKey {
    SigningKey::generate(Algorithm::Es256, &system_random()).unwrap()
}

/// A proof with this header and these claims, signed with the key.
fn made(key: &SigningKey, header: Value, claims: &Value) -> String {
    let Value::Object(header) = header else {
        unreachable!("a header is an object")
    };
    let claims = serde_json::to_vec(claims).unwrap();
    key.sign(header, &claims, &system_random()).unwrap()
}

fn header(key: &SigningKey) -> Value {
    json!({ "typ": "dpop+jwt", "jwk": key.public_key().unwrap().to_jwk() })
}

fn claims() -> Value {
    json!({ "jti": "a", "htm": "GET", "htu": "https://api.example.com/", "iat": 1 })
}

#[test]
fn rfc9449_section_4_1_example() {
    let proof = verified(TOKEN_REQUEST).unwrap();
    assert_eq!(proof.method(), "POST");
    assert_eq!(proof.target(), "https://server.example.com/token");
    assert_eq!(proof.id(), "-BwC3ESc6acc2lTc");
    assert_eq!(proof.issued_unix_secs(), 1_562_262_616);
    assert_eq!(proof.nonce(), None);
    assert!(!proof.is_for_token(TOKEN.as_bytes()), "it has no `ath`");
}

#[test]
fn rfc9449_section_6_1_the_thumbprint_is_that_of_the_example() {
    let thumbprint = verified(TOKEN_REQUEST).unwrap().key_thumbprint();
    assert_eq!(
        base64url::encode(&thumbprint),
        "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
    );
}

#[test]
fn rfc9449_section_7_1_example() {
    let proof = verified(RESOURCE_REQUEST).unwrap();
    assert_eq!(proof.method(), "GET");
    assert_eq!(
        proof.target(),
        "https://resource.example.org/protectedresource"
    );
    assert!(proof.is_for_token(TOKEN.as_bytes()));
    assert!(!proof.is_for_token(b"Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxu"));
    assert!(!proof.is_for_token(b""));
}

#[test]
fn rfc9449_section_4_3_point_4_typ() {
    let key = key();
    for typ in [
        json!("JWT"),
        json!("application/dpop+jwt"),
        json!("DPOP+JWT"),
        json!(""),
    ] {
        let mut header = header(&key);
        header["typ"] = typ;
        assert_eq!(
            defect(&made(&key, header, &claims())),
            ProofDefect::Type,
            "typ"
        );
    }
    let mut untyped = header(&key);
    untyped.as_object_mut().unwrap().remove("typ");
    assert_eq!(defect(&made(&key, untyped, &claims())), ProofDefect::Type);
}

#[test]
fn rfc9449_section_4_3_point_5_asymmetric_and_allowed() {
    let other = SigningKey::generate(Algorithm::Es384, &system_random()).unwrap();
    let text = made(&other, header(&other), &claims());
    assert_eq!(defect(&text), ProofDefect::AlgorithmNotAllowed);
    // A public key taken for a secret: whoever sees it could sign.
    let key = key();
    let secret = countersign_secret::Secret::new(vec![7; 32]);
    let shared = SigningKey::shared_secret(secret, Algorithm::Hs256).unwrap();
    let text = made(&shared, header(&key), &claims());
    assert_eq!(defect(&text), ProofDefect::AlgorithmNotAllowed);
    let everything = DpopProof::parse(text.as_bytes())
        .unwrap()
        .verify(Algorithm::ALL);
    assert_eq!(
        everything.unwrap_err(),
        ProofDefect::AlgorithmNotAllowed,
        "also where policy takes it"
    );
    // `none`.
    let none = format!(
        "{}.{}.",
        base64url::encode(br#"{"typ":"dpop+jwt","alg":"none","jwk":{}}"#),
        base64url::encode(claims().to_string().as_bytes())
    );
    assert_eq!(defect(&none), ProofDefect::AlgorithmNotAllowed);
}

#[test]
fn rfc9449_section_4_3_point_6_the_signature_is_of_the_key_in_the_proof() {
    let (key, other) = (key(), key());
    assert_eq!(
        defect(&made(&key, header(&other), &claims())),
        ProofDefect::SignatureInvalid
    );
    let good = made(&key, header(&key), &claims());
    assert!(verified(&good).is_ok());
    let (signed, _) = good.rsplit_once('.').unwrap();
    assert_eq!(defect(&format!("{signed}.")), ProofDefect::SignatureInvalid);
    // The key of another kind than `alg` says.
    let ed = SigningKey::generate(Algorithm::EdDsa, &system_random()).unwrap();
    assert_eq!(
        defect(&made(&key, header(&ed), &claims())),
        ProofDefect::Key
    );
}

#[test]
fn rfc9449_section_4_3_point_7_no_private_key() {
    let key = key();
    for member in PRIVATE {
        let mut header = header(&key);
        header["jwk"][member] = json!("AQAB");
        assert_eq!(
            defect(&made(&key, header, &claims())),
            ProofDefect::PrivateKey,
            "{member}"
        );
    }
    for jwk in [json!(null), json!({}), json!("x"), json!({ "kty": "oct" })] {
        let mut header = header(&key);
        header["jwk"] = jwk;
        assert_eq!(defect(&made(&key, header, &claims())), ProofDefect::Key);
    }
}

#[test]
fn rfc9449_section_4_2_every_claim_is_there_and_of_its_type() {
    let key = key();
    for name in ["jti", "htm", "htu", "iat"] {
        let mut lacking = claims();
        lacking.as_object_mut().unwrap().remove(name);
        assert_eq!(
            defect(&made(&key, header(&key), &lacking)),
            ProofDefect::ClaimMissing(name)
        );
        let mut odd = claims();
        odd[name] = json!([]);
        assert_eq!(
            defect(&made(&key, header(&key), &odd)),
            ProofDefect::Claim(name)
        );
    }
    for (name, odd) in [
        ("jti", json!("")),
        ("jti", json!("x".repeat(PROOF_ID_BYTES_MAX + 1))),
        ("ath", json!("")),
        ("ath", json!(1)),
        ("nonce", json!(1)),
        ("nonce", json!("")),
        ("iat", json!("1")),
        ("iat", json!(-1)),
    ] {
        let mut claims = claims();
        claims[name] = odd;
        assert_eq!(
            defect(&made(&key, header(&key), &claims)),
            ProofDefect::Claim(name)
        );
    }
}

#[test]
fn what_is_said_twice_is_not_a_proof() {
    for (header, payload) in [
        (
            r#"{"typ":"dpop+jwt","alg":"ES256","jwk":{},"jwk":{}}"#,
            "{}",
        ),
        (
            r#"{"typ":"dpop+jwt","alg":"ES256","jwk":{"kty":"EC","kty":"EC"}}"#,
            "{}",
        ),
    ] {
        let text = format!(
            "{}.{}.AA",
            base64url::encode(header.as_bytes()),
            base64url::encode(payload.as_bytes())
        );
        assert_eq!(defect(&text), ProofDefect::Key, "{header}");
    }
    let twice = r#"{"jti":"a","jti":"b","htm":"GET","htu":"https://a.example/","iat":1}"#;
    let key = key();
    let Value::Object(header) = header(&key) else {
        unreachable!("a header is an object")
    };
    let text = key
        .sign(header, twice.as_bytes(), &system_random())
        .unwrap();
    assert_eq!(defect(&text), ProofDefect::Malformed);
}

#[test]
fn what_is_no_proof_is_refused() {
    let long = "A".repeat(PROOF_BYTES_MAX + 1);
    assert_eq!(defect(&long), ProofDefect::TooLong);
    for text in [
        "",
        ".",
        "..",
        "a.b.c",
        "\0.\0.\0",
        "e30.e30.AA",
        "e30.e30.AA.AA.AA",
    ] {
        assert_eq!(defect(text), ProofDefect::Malformed, "{text:?}");
    }
    assert_eq!(
        defect(&format!("{TOKEN_REQUEST}, {RESOURCE_REQUEST}")),
        ProofDefect::Malformed,
        "two joined by a comma"
    );
    assert_eq!(format!("{:?}", verified(TOKEN_REQUEST)), "Ok(Verified(..))");
}

proptest! {
    #[test]
    fn client_half_and_server_half_agree(id in "[!-~]{1,40}", nonce in proptest::option::of("[!-~]{1,40}")) {
        let key = key();
        let claims = ProofClaims {
            id: &id,
            method: "PUT",
            target: "https://api.example.com/a",
            issued_unix_secs: 5,
            token: Some(TOKEN),
            nonce: nonce.as_deref(),
        };
        let text = key.prove(&claims, &system_random()).unwrap();
        let proof = verified(&text).unwrap();
        prop_assert_eq!(proof.id(), &*id);
        prop_assert_eq!(proof.nonce(), nonce.as_deref());
        prop_assert!(proof.is_for_token(TOKEN.as_bytes()));
        prop_assert_eq!(proof.key_thumbprint(), key.public_key().unwrap().thumbprint_bytes());
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = DpopProof::parse(&bytes);
    }
}

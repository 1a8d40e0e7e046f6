//! Tokens: no bytes verify with a secret that they were not signed with, and a token of any header and claims
//! that was signed with it does.
//!
//! The input is taken as a token, and once more as a header and claims (the first line and the rest) to be signed.

#![no_main]

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_jose::{Algorithm, Expectations, Jwt, KeySet};
use countersign_secret::Secret;

const SECRET: [u8; 32] = [7; 32];
const OTHER: [u8; 32] = [8; 32];
const NOW_UNIX_SECS: i64 = 1_800_000_000;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let own = key_set(&SECRET);
    if let Ok(token) = Jwt::parse(data) {
        assert!(token.verify(&key_set(&OTHER), &[Algorithm::Hs256]).is_err());
    }
    if let Ok(token) = Jwt::parse(data)
        && let Ok(verified) = token.verify(&own, &[Algorithm::Hs256])
    {
        judge(&verified);
    }
    let signed = sign(data);
    let Ok(token) = Jwt::parse(&signed) else {
        return;
    };
    let meant = token.algorithm() == Algorithm::Hs256 && token.has_key_in(&own);
    let verified = token.verify(&own, &[Algorithm::Hs256]);
    assert_eq!(verified.is_ok(), meant);
    if let Ok(verified) = verified {
        judge(&verified);
    }
});

fn judge(verified: &countersign_jose::Verified<Jwt<'_>>) {
    let audiences = ["https://api.example.com".to_owned()];
    let types = ["at+jwt".to_owned(), "JWT".to_owned()];
    let required_claims = ["sub".to_owned()];
    let expected = Expectations {
        issuer: "https://id.example.com",
        audiences: &audiences,
        types: &types,
        untyped: true,
        leeway_secs: 30,
        lifetime_secs_max: Some(86_400),
        required_claims: &required_claims,
    };
    let claims = verified.claims();
    if claims.check(&expected, NOW_UNIX_SECS).is_ok() {
        assert_eq!(claims.issuer(), Some(expected.issuer));
        assert!(
            claims
                .audiences()
                .any(|audience| audience == "https://api.example.com")
        );
        assert!(
            claims
                .expires_unix_secs()
                .is_some_and(|at| at > NOW_UNIX_SECS - 31)
        );
    }
    let _ = claims.scopes(&["scope", "scp"]);
}

fn key_set(secret: &[u8]) -> KeySet {
    KeySet::shared_secret(Secret::new(secret.to_vec()), Some("a"), Algorithm::Hs256)
        .expect("the secret is long enough")
}

fn sign(data: &[u8]) -> Vec<u8> {
    let at = data
        .iter()
        .position(|byte| *byte == b'\n')
        .unwrap_or(data.len());
    let (header, claims) = data.split_at(at);
    let claims = claims.strip_prefix(b"\n").unwrap_or(claims);
    let signed = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(claims)
    );
    let tag = hmac::sign(
        &hmac::Key::new(hmac::HMAC_SHA256, &SECRET),
        signed.as_bytes(),
    );
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag.as_ref())).into_bytes()
}

//! Proofs of DPoP: none verifies with another key than the one that it brings along, and what was signed with that key does.
//!
//! The input is taken as a proof, and once more as a header and claims (the first line and the rest) to be signed.

#![no_main]

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_jose::{Algorithm, DpopProof, PublicKey, Verified};

const SEED: [u8; 32] = [7; 32];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(proof) = DpopProof::parse(data)
        && let Ok(verified) = proof.verify(Algorithm::ALL)
    {
        judge(&verified);
    }
    let key = Ed25519KeyPair::from_seed_unchecked(&SEED).expect("32 bytes are a seed");
    let signed = sign(data, &key);
    let Ok(proof) = DpopProof::parse(&signed) else {
        return;
    };
    if let Ok(verified) = proof.verify(Algorithm::ALL) {
        let x = key.public_key().as_ref().try_into().expect("32 bytes");
        let own = PublicKey::Ed25519 { x };
        assert_eq!(verified.key_thumbprint(), own.thumbprint_bytes());
        judge(&verified);
    }
    // Whatever it says, somebody else's signature is none of this key's.
    let mut other = signed.clone();
    if let Some(last) = other.last_mut() {
        *last = if *last == b'A' { b'Q' } else { b'A' };
    }
    if let Ok(proof) = DpopProof::parse(&other) {
        assert!(proof.verify(Algorithm::ALL).is_err());
    }
});

fn judge(verified: &Verified<DpopProof<'_>>) {
    for text in [verified.method(), verified.target(), verified.id()] {
        assert!(!text.is_empty());
    }
    assert!(verified.nonce().is_none_or(|nonce| !nonce.is_empty()));
    assert!(verified.issued_unix_secs() >= 0);
    let _ = verified.is_for_token(b"token");
}

fn sign(data: &[u8], key: &Ed25519KeyPair) -> Vec<u8> {
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
    let signature = key.sign(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref())).into_bytes()
}

//! JWK Sets: any document is read within its limits or refused; a set never keeps more keys than it may.

#![no_main]

use countersign_jose::{Algorithm, Jwt, KeySet};

/// Signed with a key that no input can hold.
const TOKEN: &[u8] = b"eyJhbGciOiJSUzI1NiIsImtpZCI6ImEifQ.eyJzdWIiOiJhIn0.AAAA";

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(keys) = KeySet::parse_json(data) else {
        return;
    };
    assert!(data.len() <= KeySet::BYTES_MAX);
    assert!(keys.len() + keys.ignored().len() <= KeySet::KEYS_MAX);
    assert_eq!(keys.is_empty(), keys.len() == 0);
    if let Ok(token) = Jwt::parse(TOKEN) {
        assert!(
            token
                .verify(&keys, &[Algorithm::Rs256, Algorithm::Es256])
                .is_err()
        );
    }
});

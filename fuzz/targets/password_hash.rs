//! Stored password hashes, ours and other systems': reading keeps the text, and a decoy is read again.
//!
//! Nothing is verified here: that costs what the hash asks for, by design.

#![no_main]

use countersign_secret::password::{Cost, PasswordHash};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let Ok(hash) = PasswordHash::parse(text) else {
        return;
    };
    assert_eq!(hash.as_str(), text);
    let _ = hash.outdated(&Cost::default());
    let decoy = hash.decoy();
    let again = PasswordHash::parse(decoy.as_str()).expect("a decoy is an ordinary hash");
    assert_eq!(again.kind(), hash.kind());
});

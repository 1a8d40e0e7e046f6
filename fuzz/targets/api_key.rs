//! API keys: what is read is written as it was, and what is minted is read.

#![no_main]

use countersign_secret::api_key::{ApiKey, looks_like};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(key) = ApiKey::parse(data) {
        assert_eq!(key.expose().as_bytes(), data);
        assert!(looks_like(data));
    }
    let Some(random) = data.first_chunk::<40>() else {
        return;
    };
    let minted = ApiKey::mint(random);
    let read = ApiKey::parse(minted.expose().as_bytes()).expect("a minted key is read");
    assert_eq!(read.id(), minted.id());
    assert!(read.digest().matches(&minted.digest()));
    // A digit more or less is another key, and no valid one.
    let longer = format!("{}0", minted.expose());
    assert!(ApiKey::parse(longer.as_bytes()).is_err());
});

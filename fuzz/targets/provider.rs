//! What a provider answers, and what comes back by a browser in its name: any bytes are read or refused, nothing of a foreign
//! state is believed, and no address without TLS comes out of metadata with it.

#![no_main]

use countersign_flow::provider::{FlightKey, Metadata, read_callback, read_token_answer};
use countersign_secret::Secret;
use http::StatusCode;

const ISSUER: &str = "https://id.example.com";

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(metadata) = Metadata::parse(data, ISSUER) {
        for address in [&metadata.authorization_endpoint, &metadata.token_endpoint] {
            assert!(address.starts_with("https://") && address.is_ascii());
            assert!(!address.contains(['#', ' ', '\r', '\n']));
        }
    }
    if let Ok(answer) = read_token_answer(StatusCode::OK, data) {
        assert!(data.len() > answer.id_token.expose().len() / 6);
    }
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(callback) = read_callback(Some(text)) {
        assert!(!callback.state.is_empty());
        if let Err(fault) = callback.code() {
            assert!(fault.detail.len() < 600);
            assert!(
                fault
                    .detail
                    .bytes()
                    .all(|byte| (b' '..=b'~').contains(&byte))
            );
        }
        // Nothing was ever sealed with this key.
        let key = FlightKey::new(&Secret::new([1; 32])).expect("a key");
        assert!(key.open(&callback.state, "browser", 0).is_err());
    }
});

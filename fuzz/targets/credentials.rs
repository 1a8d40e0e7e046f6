//! `Authorization`: the two parts are parts of the value, in order, and no part is both empty and called a scheme.

#![no_main]

use countersign_wire::{bearer, credentials};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    match credentials::parse(data) {
        Ok(read) => {
            assert!(!read.scheme_word.is_empty());
            assert!(read.scheme_word.len() + read.rest.len() <= data.len());
            let _ = bearer::server::parse(read.rest);
        }
        Err(defect) => assert!(!defect.detail.is_empty()),
    }
    let _ = bearer::server::parse(data);
});

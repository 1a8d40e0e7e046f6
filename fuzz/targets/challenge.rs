//! `WWW-Authenticate`: each challenge that is read can be written, and what is written is read as one challenge
//! that is written the same.

#![no_main]

use countersign_wire::challenge::{CHALLENGES_MAX, PARAMS_MAX, parse};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let parsed = parse(data.split(|byte| *byte == b'\n'));
    assert!(parsed.challenges.len() <= CHALLENGES_MAX);
    for challenge in &parsed.challenges {
        assert!(challenge.params().count() <= PARAMS_MAX);
        let written = challenge.to_field_value();
        assert!(
            written
                .bytes()
                .all(|byte| matches!(byte, b'\t' | 0x20..=0x7e)),
            "{written:?}"
        );
        let again = parse([written.as_bytes()]);
        assert_eq!(again.challenges.len(), 1, "{written:?}");
        for read in &again.challenges {
            assert_eq!(read.to_field_value(), written);
        }
    }
});

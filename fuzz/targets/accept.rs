//! `Accept`: any bytes choose one of the offered types or none, and the choice does not hang on letter case.

#![no_main]

use countersign_wire::accept::{MediaType, prefer};

const OFFERED: [MediaType; 3] = [MediaType::PROBLEM_JSON, MediaType::HTML, MediaType::TEXT];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let lines = || data.split(|byte| *byte == b'\n');
    let chosen = prefer(lines(), &OFFERED);
    let upper = data.to_ascii_uppercase();
    assert_eq!(chosen, prefer(upper.split(|byte| *byte == b'\n'), &OFFERED));
    assert_eq!(prefer(lines(), &[]), None);
});

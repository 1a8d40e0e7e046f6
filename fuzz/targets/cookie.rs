//! `Cookie`: any bytes hold one cookie of a name, several or none; what is taken out is gone, and nothing else is.

#![no_main]

use countersign_wire::cookie::{Found, find, name_set, without};
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

const NAME: &str = "s";

fn found(line: &[u8]) -> Option<usize> {
    let mut headers = HeaderMap::new();
    headers.insert(COOKIE, HeaderValue::from_bytes(line).ok()?);
    Some(match find(&headers, NAME) {
        Found::Nothing => 0,
        Found::One(value) => {
            assert!(!value.contains(&b';'));
            1
        }
        Found::Several => 2,
    })
}

/// The obvious reader.
fn counted(line: &[u8]) -> usize {
    let pairs = line.split(|byte| *byte == b';');
    pairs
        .filter(|pair| {
            let mut parts = pair.splitn(2, |byte| *byte == b'=');
            let name = parts.next().unwrap_or_default();
            let blank = |byte: &&u8| matches!(**byte, b' ' | b'\t');
            let name: Vec<u8> = name
                .iter()
                .skip_while(blank)
                .collect::<Vec<_>>()
                .into_iter()
                .rev()
                .skip_while(blank)
                .copied()
                .collect();
            name == NAME.as_bytes() && parts.next().is_some()
        })
        .count()
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some(number) = found(data) else { return };
    assert_eq!(number, counted(data).min(2));
    let left = without(data, &[NAME]);
    assert_eq!(left.is_some(), number > 0);
    if let Some(left) = left {
        assert_eq!(counted(&left), 0);
        // What stays is joined anew, with a space after each semicolon.
        let semicolons = data.iter().filter(|byte| **byte == b';').count();
        assert!(left.len() <= data.len() + semicolons);
        assert_eq!(without(&left, &[NAME]), None);
    }
    let _ = name_set(data);
});

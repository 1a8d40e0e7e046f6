//! All headers of a request: at most one credential is taken, and only of a scheme that was asked for.
//!
//! The first byte says what is accepted; each line after it is a header, `name: value`.

#![no_main]

use countersign_wire::api_key::Places;
use countersign_wire::{Accepted, Presented, Reading, read};
use http::{HeaderMap, HeaderName, HeaderValue};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((switches, lines)) = data.split_first() else {
        return;
    };
    let on = |bit: u8| switches & (1 << bit) != 0;
    let key_header = HeaderName::from_static("x-api-key");
    let places = Places {
        header: on(2).then_some(&key_header),
        in_authorization: on(3),
    };
    let accepted = Accepted {
        basic: on(0),
        bearer: on(1),
        digest: on(4),
        api_key: (on(2) || on(3)).then_some(places),
        session: on(5).then_some("session"),
        dpop: on(6),
        certificate: on(7),
    };
    let headers = headers(lines);
    match read(&accepted, &headers, Some("access_token=x")) {
        Reading::One(presented) => {
            match presented {
                Presented::Basic(_) => assert!(accepted.basic),
                Presented::Bearer(_) => assert!(accepted.bearer),
                Presented::Digest(_) => assert!(accepted.digest),
                Presented::ApiKey(_) => assert!(accepted.api_key.is_some()),
                Presented::Dpop(_) => assert!(accepted.dpop),
                Presented::Session(_) => assert!(accepted.session.is_some()),
            }
            assert!(accepted.session.is_some() || !presented.raw().is_empty());
        }
        Reading::Defective(defect) => assert!(!defect.detail.is_empty()),
        Reading::Nothing => {}
    }
});

fn headers(lines: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines.split(|byte| *byte == b'\n').take(32) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            continue;
        };
        let (name, value) = line.split_at(colon);
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name), HeaderValue::from_bytes(value))
        {
            headers.append(name, value);
        }
    }
    headers
}

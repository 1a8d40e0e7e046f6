//! Vectors that nobody here wrote: challenges as browsers read them, and credentials as curl sends them.
//!
//! They are in the folder that `COUNTERSIGN_SUITES` names. Where it is not there, these tests say so and pass: every
//! rule has vectors of its own beside the code.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "tests, which read files and say what they skipped"
)]

use std::path::Path;
use std::{env, fs};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_wire::basic::client::{Charset, authorization};
use countersign_wire::basic::server;
use countersign_wire::challenge::{Challenge, parse};
use serde_json::Value;

fn vectors(name: &str) -> Option<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder =
        env::var_os("COUNTERSIGN_SUITES").unwrap_or_else(|| "../shared/suites/data".into());
    let text = fs::read_to_string(root.join(folder).join(name));
    if text.is_err() {
        println!("skipped: {name} is not there (COUNTERSIGN_SUITES)");
    }
    text.ok()
}

#[test]
fn browsers_and_curl_vectors() {
    let Some(text) = vectors("challenges.jsonl") else {
        return;
    };
    let mut checked = 0;
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let headers: Vec<&str> = case["headers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|header| header.as_str().unwrap())
            .collect();
        let parsed = parse(headers.iter().map(|header| header.as_bytes()));
        let of = |scheme: &str| {
            parsed
                .challenges
                .iter()
                .find(|challenge| challenge.is(scheme))
        };
        if let Some(realm) = case["firefox_realm"].as_str() {
            assert_eq!(
                of("Basic").map(Challenge::realm).unwrap_or_default(),
                realm,
                "{line}"
            );
            checked += 1;
        }
        match case["src"].as_str().unwrap() {
            "chromium-basic" => {
                // Chromium takes the last of two realms, Firefox the first. We take the first.
                let realm = if case["id"] == 6 {
                    "foo"
                } else {
                    case["realm"].as_str().unwrap()
                };
                assert_eq!(of("Basic").unwrap().realm(), realm, "{line}");
                checked += 1;
            }
            "chromium-tokenizer" => {
                let challenge = of(case["scheme"].as_str().unwrap()).unwrap();
                let expected = case["params"]
                    .as_array()
                    .map(Vec::as_slice)
                    .unwrap_or_default();
                assert_eq!(challenge.params().count(), expected.len(), "{line}");
                for param in expected {
                    assert_eq!(
                        challenge.param(param[0].as_str().unwrap()),
                        param[1].as_str(),
                        "{line}"
                    );
                }
                checked += 1;
            }
            "chromium-choose-best" => {
                let challenge = of(case["chosen"].as_str().unwrap()).unwrap();
                assert_eq!(challenge.realm(), case["realm"].as_str().unwrap(), "{line}");
                checked += 1;
            }
            "chromium-digest-parse" if case["accept"] == true => {
                let challenge = of("Digest").unwrap();
                assert_eq!(challenge.realm(), case["realm"].as_str().unwrap(), "{line}");
                assert_eq!(challenge.param("nonce"), case["nonce"].as_str(), "{line}");
                checked += 1;
            }
            "rfc9110-11.6.1" => {
                let schemes: Vec<&str> = case["schemes"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|word| word.as_str().unwrap())
                    .collect();
                let words: Vec<&str> = parsed
                    .challenges
                    .iter()
                    .map(Challenge::scheme_word)
                    .collect();
                assert_eq!(words, schemes, "{line}");
                checked += 1;
            }
            "curl" => {
                assert!(!parsed.challenges.is_empty(), "{line}");
                checked += 1;
            }
            _ => {}
        }
    }
    assert!(checked > 40, "{checked} cases");
}

#[test]
fn curl_sends_the_same() {
    let Some(text) = vectors("curl-auth.jsonl") else {
        return;
    };
    let mut compared = 0;
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let pairs: Vec<(&str, &str)> = ["server", "proxy"]
            .iter()
            .filter_map(|side| {
                Some((
                    case["creds"][side][0].as_str()?,
                    case["creds"][side][1].as_str()?,
                ))
            })
            .collect();
        let sent = case["requests"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|request| {
                let fields = [&request["authorization"], &request["proxy_authorization"]];
                fields
                    .into_iter()
                    .flat_map(|field| field.as_array().unwrap())
            });
        for value in sent.filter_map(|value| value.as_str()?.strip_prefix("Basic ")) {
            let decoded = STANDARD.decode(value).unwrap();
            match server::parse(value.as_bytes()) {
                Ok(read) => {
                    let again = authorization(read.user(), read.password(), Charset::Utf8)
                        .ok()
                        .unwrap();
                    assert_eq!(again.expose().strip_prefix("Basic "), Some(value), "{line}");
                }
                // curl sends what RFC 7617 forbids: control characters and an empty user name.
                Err(_) => assert!(
                    decoded.starts_with(b":") || decoded.iter().any(u8::is_ascii_control),
                    "{line}"
                ),
            }
            compared += usize::from(pairs.iter().any(|(user, password)| {
                authorization(user, password, Charset::Utf8)
                    .is_ok_and(|ours| ours.expose().strip_prefix("Basic ") == Some(value))
            }));
        }
    }
    assert!(compared > 20, "{compared} credentials");
}

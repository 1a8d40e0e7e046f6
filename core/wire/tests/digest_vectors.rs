//! Digest as curl and Chromium do it: the responses that they computed, and the credentials that curl wrote.
//!
//! The vectors are in the folder that `COUNTERSIGN_SUITES` names. Where it is not there, these tests say so and pass:
//! the examples of the specifications are beside the code.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "tests, which read files and say what they skipped"
)]

use std::collections::BTreeSet;
use std::path::Path;
use std::{env, fs};

use countersign_wire::challenge;
use countersign_wire::digest::client::{Asked, Login, asked, authorization};
use countersign_wire::digest::server::{Credentials, Difference, parse};
use countersign_wire::digest::{SecretHash, Target};
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

fn texts(list: &Value) -> Vec<&str> {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(Value::as_str).collect()
}

fn read(value: &str, line: &str) -> Credentials {
    match parse(value.as_bytes()) {
        Ok(read) => read,
        Err(defect) => panic!("{defect:?}: {line}"),
    }
}

#[test]
fn chromium_and_curl_challenges() {
    let Some(text) = vectors("challenges.jsonl") else {
        return;
    };
    let (mut understood, mut computed) = (0, 0);
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let headers = texts(&case["headers"]);
        let parsed = challenge::parse(headers.iter().map(|header| header.as_bytes()));
        let Some(digest) = parsed.challenges.iter().find(|one| one.is("Digest")) else {
            continue;
        };
        match case["src"].as_str().unwrap() {
            "chromium-digest-parse" => {
                let read = asked(digest);
                assert_eq!(read.is_ok(), case["accept"] == true, "{line}");
                if let Ok(read) = read {
                    assert_eq!(&*read.realm, case["realm"].as_str().unwrap(), "{line}");
                    assert_eq!(&*read.nonce, case["nonce"].as_str().unwrap(), "{line}");
                    if let Some(word) = case["algorithm"].as_str() {
                        assert_eq!(read.algorithm.word(), word, "{line}");
                    }
                    if let Some(word) = case["qop_chosen"].as_str() {
                        assert_eq!(
                            read.chosen_qop().map(|qop| qop.word()),
                            Some(word),
                            "{line}"
                        );
                    }
                }
                understood += 1;
            }
            "chromium-digest-response" => {
                let text = |name: &str| case[name].as_str().unwrap();
                let login = Login {
                    user: text("user"),
                    password: text("password"),
                };
                let target = Target {
                    method: text("method"),
                    uri: text("uri"),
                    body: None,
                };
                let value =
                    authorization(&asked(digest).unwrap(), &login, &target, text("cnonce"), 1);
                let response = format!("response=\"{}\"", text("response"));
                assert!(value.expose().contains(&response), "{line}");
                computed += 1;
            }
            "curl" => {
                assert!(asked(digest).is_ok(), "{line}");
                understood += 1;
            }
            _ => {}
        }
    }
    assert!(
        understood >= 30 && computed >= 3,
        "{understood}, {computed}"
    );
}

/// The challenge that these credentials answer, by its nonce.
fn challenge_of(case: &Value, credentials: &Credentials) -> Option<Asked> {
    let replies = case["replies"].as_array().unwrap().iter();
    replies
        .flat_map(|reply| {
            let mut lines = texts(&reply["www_authenticate"]);
            lines.extend(texts(&reply["proxy_authenticate"]));
            lines
        })
        .flat_map(|line| challenge::parse([line.as_bytes()]).challenges)
        .filter_map(|challenge| asked(&challenge).ok())
        .find(|asked| *asked.nonce == *credentials.nonce())
}

/// The parameters as a set: their order is free. The vectors have quotes around `qop` and `nc`, and may have other
/// blanks.
fn params(value: &str) -> BTreeSet<(String, String)> {
    let line = format!("Digest {value}");
    let parsed = challenge::parse([line.as_bytes()]);
    parsed.challenges[0]
        .params()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

#[test]
fn curl_sends_the_same() {
    let Some(text) = vectors("curl-auth.jsonl") else {
        return;
    };
    let (mut same, mut unknown) = (0, 0);
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        for request in case["requests"].as_array().unwrap() {
            for (side, field) in [
                ("server", "authorization"),
                ("proxy", "proxy_authorization"),
            ] {
                let sent = texts(&request[field]);
                for value in sent
                    .iter()
                    .filter_map(|value| value.strip_prefix("Digest "))
                {
                    let credentials = read(value, line);
                    let Some(asked) = challenge_of(&case, &credentials) else {
                        // curl takes the last of two equal names, and RFC 9110 section 11.2 allows each once.
                        assert_eq!(case["id"], "test1437", "{line}");
                        continue;
                    };
                    assert_eq!(credentials.differences(&asked), [], "{line}");
                    let user = case["creds"][side][0].as_str();
                    let password = case["creds"][side][1].as_str();
                    let (Some(user), Some(password)) = (user, password) else {
                        unknown += 1;
                        continue;
                    };
                    let method = request["method"].as_str().unwrap();
                    let target = Target {
                        method,
                        uri: credentials.uri(),
                        body: None,
                    };
                    let cnonce = credentials.cnonce().unwrap_or_default();
                    // The cnonce of these was replaced in the vectors, the response was not.
                    if !cnonce.is_empty() {
                        continue;
                    }
                    let login = Login { user, password };
                    let ours = authorization(&asked, &login, &target, cnonce, 1);
                    let ours = ours.expose().strip_prefix("Digest ").unwrap();
                    assert_eq!(params(ours), params(value), "{line}");
                    let secret = SecretHash::of_password(
                        asked.algorithm,
                        asked.charset,
                        user,
                        &asked.realm,
                        password,
                    );
                    assert!(credentials.fits(&secret, &target), "{line}");
                    same += 1;
                }
            }
        }
    }
    assert!(
        same >= 25 && unknown <= 12,
        "{same} the same, {unknown} without login"
    );
}

#[test]
fn another_nonce_is_a_difference() {
    let line = br#"Digest realm="testrealm", nonce="2""#;
    let parsed = challenge::parse([line.as_slice()]);
    let credentials = read(
        r#"username="u", realm="testrealm", nonce="1", uri="/", response="4376eb639bf8e7343a6e7b56e1b89c4f""#,
        "",
    );
    assert_eq!(
        credentials.differences(&asked(&parsed.challenges[0]).unwrap()),
        [Difference::Nonce]
    );
}

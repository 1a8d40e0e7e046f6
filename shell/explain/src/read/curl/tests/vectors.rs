//! curl's own test cases: what it is called with, and what it sends first.
//!
//! They are in the folder that `COUNTERSIGN_SUITES` names, and are passed over where it is not there.

use std::path::PathBuf;

use serde_json::Value;

use super::*;

struct Own<'c>(&'c Value);

impl Files for Own<'_> {
    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let text = self.0["files"][name].as_str();
        text.map(|text| text.as_bytes().to_vec())
            .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }
}

fn vectors() -> Option<String> {
    let folder = std::env::var_os("COUNTERSIGN_SUITES").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/suites/data"),
        PathBuf::from,
    );
    let text = std::fs::read_to_string(folder.join("curl-auth.jsonl")).ok();
    if text.is_none() {
        println!("skipped: curl-auth.jsonl is not there (COUNTERSIGN_SUITES)");
    }
    text
}

/// Those of the library have arguments for a program of their own instead of a command.
fn is_command(case: &Value) -> bool {
    let command = case["command"].as_str().unwrap();
    let client = case["client"].as_str();
    // The URL standard takes a host that ends in a number for an address of four.
    let is_name = !command.contains("http://test.");
    client.is_none() && command.contains('-') && !command.starts_with("127.0.0.1") && is_name
}

#[test]
fn curls_own_cases_send_what_curl_sends() {
    let Some(text) = vectors() else { return };
    let mut compared = 0;
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let id = case["id"].as_str().unwrap();
        let sent = &case["requests"][0];
        if !is_command(&case) || sent["method"] == "CONNECT" {
            continue;
        }
        let command = format!("curl {}", case["command"].as_str().unwrap());
        let read = of_text(&command, &Own(&case)).unwrap_or_else(|fault| panic!("{id}: {fault}"));
        let own: Vec<String> = request(&read)
            .fields
            .all("authorization")
            .map(|value| String::from_utf8_lossy(value).into_owned())
            .collect();
        let expected: Vec<&str> = sent["authorization"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        assert_eq!(own, expected, "{id}: {command}");
        assert_eq!(
            request(&read).method,
            sent["method"].as_str().unwrap(),
            "{id}"
        );
        compared += 1;
    }
    assert!(compared > 40, "{compared}");
}

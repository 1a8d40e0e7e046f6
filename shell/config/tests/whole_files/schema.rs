//! The JSON schema against files that `check` takes, and against some that it does not, by a validator of another hand.
//!
//! The validator is Python's `jsonschema`, which `./test` installs; without it the test says that it was skipped.

use std::io::Write as _;
use std::process::{Command, Stdio};

use countersign_config::{default_file, schema_json};
use serde_json::{Value, json};

use crate::{cases, checked};

/// Reads the schema and documents, and prints one line for each: `ok`, or what is wrong and where.
const VALIDATOR: &str = "
import json, sys
from jsonschema import Draft202012Validator
given = json.load(sys.stdin)
Draft202012Validator.check_schema(given['schema'])
validator = Draft202012Validator(given['schema'])
for document in given['documents']:
    faults = sorted(e.json_path + ': ' + e.message for e in validator.iter_errors(document))
    print(json.dumps(faults))
";

/// What is wrong with each document; `None` where there is no validator.
fn faults(documents: &[Value]) -> Option<Vec<Vec<String>>> {
    let python = std::env::var_os("COUNTERSIGN_TEST_PYTHON").unwrap_or_else(|| "python3".into());
    let found = Command::new(&python)
        .args(["-c", "import jsonschema"])
        .stderr(Stdio::null())
        .status();
    if !found.is_ok_and(|status| status.success()) {
        println!("skipped: `{}` has no module jsonschema", python.display());
        return None;
    }
    let mut validator = Command::new(python)
        .args(["-c", VALIDATOR])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let schema: Value = serde_json::from_str(&schema_json()).unwrap();
    let given = json!({ "schema": schema, "documents": documents }).to_string();
    validator
        .stdin
        .take()
        .unwrap()
        .write_all(given.as_bytes())
        .unwrap();
    let output = validator.wait_with_output().unwrap();
    assert!(output.status.success());
    let lines = String::from_utf8(output.stdout).unwrap();
    let read = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    Some(read.collect())
}

fn document(text: &str) -> Value {
    serde_json::to_value(text.parse::<toml::Table>().unwrap()).unwrap()
}

#[test]
fn what_check_takes_is_valid() {
    let mut texts = vec![default_file().to_owned()];
    let written = cases()
        .into_iter()
        .map(|case| std::fs::read_to_string(case).unwrap());
    texts.extend(written.filter(|text| checked(text).checked.is_some()));
    assert!(texts.len() > 8, "{}", texts.len());
    let documents: Vec<Value> = texts.iter().map(|text| document(text)).collect();
    let Some(faults) = faults(&documents) else {
        return;
    };
    assert_eq!(faults.len(), texts.len());
    for (text, faults) in texts.iter().zip(faults) {
        assert!(faults.is_empty(), "{faults:#?}\n{text}");
    }
}

#[test]
fn what_is_wrong_by_its_form_is_refused_where_it_stands() {
    let good = "[upstream.app]\nurl = \"http://127.0.0.1:9\"\n[[route]]\nname = \"a\"\nupstream = \"app\"\nallow = \"anyone\"\n";
    let wrong = [
        ("$", format!("realmm = \"x\"\n{good}")),
        ("$.server", format!("{good}[server]\nlisten_on = [\"x\"]\n")),
        (
            "$.server.limits",
            format!("{good}[server.limits]\nhead = 7\n"),
        ),
        (
            "$.server.limits.headers_max",
            format!("{good}[server.limits]\nheaders_max = -1\n"),
        ),
        ("$.log.format", format!("{good}[log]\nformat = \"xml\"\n")),
        (
            "$.issuer.main",
            format!("{good}[issuer.main]\naudience = \"a\"\nkeys = {{ discovery = true }}\n"),
        ),
        (
            "$.issuer.main.keys",
            format!(
                "{good}[issuer.main]\nissuer = \"https://a.example\"\naudience = \"a\"\nkeys = {{ discover = true }}\n"
            ),
        ),
        ("$.route[0].name", good.replace("\"a\"", "7")),
        ("$.route[0].allow", good.replace("\"anyone\"", "true")),
        ("$.upstream.app", good.replace("url", "uri")),
    ];
    let documents: Vec<Value> = wrong.iter().map(|(_, text)| document(text)).collect();
    let Some(found) = faults(&documents) else {
        return;
    };
    for ((place, text), faults) in wrong.iter().zip(found) {
        let at_place = |fault: &String| fault.starts_with(&format!("{place}: "));
        assert!(faults.iter().any(at_place), "{place}: {faults:?}\n{text}");
        assert!(checked(text).checked.is_none(), "{text}");
    }
}

//! Files with tests of rules: every fault with its place, and what a good one comes down to.

use std::collections::BTreeSet;
use std::path::Path;

use countersign_config::policy_tests::{Expected, Outcome, Shown, read};
use countersign_config::{Finding, Look};
use http::Method;
use serde_json::json;

use crate::checked;
use crate::kinds::names;

fn tests(text: &str) -> Outcome {
    let rules = checked(include_str!("../policy_tests/rules.toml")).checked;
    read(text, Path::new("rules.test.toml"), &rules.unwrap().rules)
}

/// What the file with faults shows, for the count of all kinds of problems.
pub(crate) fn shown() -> BTreeSet<&'static str> {
    let outcome = tests(include_str!("../policy_tests/faults.toml"));
    let findings: Vec<Finding> = outcome.findings.as_slice().to_vec();
    findings
        .iter()
        .flat_map(|finding| names(&finding.problem))
        .collect()
}

#[test]
fn every_fault_of_a_file_of_tests_is_reported_at_once_with_its_place() {
    let outcome = tests(include_str!("../policy_tests/faults.toml"));
    assert!(outcome.tests.is_none());
    let found = outcome.findings.render(Look::Plain);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/policy_tests");
    if std::env::var_os("COUNTERSIGN_BLESS").is_some() {
        std::fs::write(folder.join("faults.txt"), &found).unwrap();
    }
    let expected = std::fs::read_to_string(folder.join("faults.txt")).unwrap();
    assert_eq!(found, expected);
}

#[test]
fn what_is_no_toml_is_not_read_any_further() {
    let outcome = tests("[[test]\n");
    assert!(outcome.tests.is_none());
    assert_eq!(outcome.findings.errors(), 1);
}

#[test]
fn a_good_file_says_what_is_asked_and_what_is_expected() {
    let outcome = tests(
        "[caller.alice]\nuser = \"alice\"\ngroups = [\"staff\"]\n\n\
         [[test]]\nname = \"a\"\nurl = \"https://api.example.com?q\"\nmethod = \"PUT\"\nclient = \"2001:db8::7\"\n\
         caller = \"alice\"\nfields = { Accept = [\"a/b\", \"c/d\"], \"X-One\" = \"1\" }\nexpect = \"allow\"\nroute = \"orders\"\n\n\
         [[test]]\nname = \"b\"\nurl = \"http://api.example.com/a%2F#b\"\nexpect = 403\ncause = \"identity-not-allowed\"\n\
         caller = { user = \"x\", claims = { tenant = [\"a\", 1, true, 1.5, { b = \"c\" }] } }\n\n\
         [[test]]\nname = \"c\"\nurl = \"https://api.example.com/\"\nexpect = \"refuse\"\n\n\
         [[test]]\nname = \"d\"\nurl = \"https://api.example.com/\"\nexpect = \"preflight\"\n\n\
         [[test]]\nname = \"e\"\nurl = \"https://api.example.com/\"\nexpect = \"own-page\"\n",
    );
    assert!(
        outcome.findings.is_empty(),
        "{}",
        outcome.findings.render(Look::Plain)
    );
    let tests = outcome.tests.unwrap();
    let [a, b, c, d, e] = &tests[..] else {
        panic!("{tests:?}")
    };
    assert_eq!(
        (&*a.authority, &*a.path_and_query),
        ("api.example.com", "?q")
    );
    assert_eq!((a.line, &a.method), (5, &Method::PUT));
    assert_eq!(a.client.to_string(), "2001:db8::7");
    assert_eq!(a.fields.get_all("accept").iter().count(), 2);
    let alice = a.caller.as_ref().unwrap();
    assert_eq!((&*alice.user, &*alice.groups[0]), ("alice", "staff"));
    // A certificate says nothing of groups.
    assert_eq!(alice.possible().collect::<Vec<_>>(), Shown::ALL[..6]);
    assert_eq!(
        (a.expected, a.route.as_deref()),
        (Expected::Allow, Some("orders"))
    );
    assert_eq!(&*b.path_and_query, "/a%2F#b");
    assert_eq!(b.expected, Expected::Refuse(Some(403)));
    assert_eq!(b.cause.unwrap().id(), "identity-not-allowed");
    let claims = &b.caller.as_ref().unwrap().claims;
    assert_eq!(claims["tenant"], json!(["a", 1, true, 1.5, { "b": "c" }]));
    assert_eq!(
        b.caller.as_ref().unwrap().possible().collect::<Vec<_>>(),
        [Shown::Bearer, Shown::Dpop]
    );
    assert_eq!((c.expected, &c.caller), (Expected::Refuse(None), &None));
    assert_eq!(c.client.to_string(), "192.0.2.1");
    assert_eq!(
        (d.expected, e.expected),
        (Expected::Preflight, Expected::OwnPage)
    );
}

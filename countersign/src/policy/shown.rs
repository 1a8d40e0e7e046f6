//! What is said of a run: each test that does not hold, with what was expected, what came, and why.
//!
//! Knows: words and JSON. Does not know how a request is decided.

use std::path::{Path, PathBuf};

use countersign_config::policy_tests::{Expected, PolicyTest};
use serde_json::{Value, json};

use super::bench::{End, Kind};
use crate::printing::{self, plain};

/// A run.
pub(super) struct Report {
    path: PathBuf,
    results: Vec<Result>,
}

struct Result {
    name: Box<str>,
    line: usize,
    request: String,
    expected: String,
    holds: bool,
    end: End,
}

impl Report {
    pub(super) fn of(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            results: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, test: &PolicyTest, end: End) {
        self.results.push(Result {
            name: test.name.clone(),
            line: test.line,
            request: format!("{} {}{}", test.method, test.authority, test.path_and_query),
            expected: expected(test),
            holds: holds(test, &end),
            end,
        });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.results.is_empty()
    }

    pub(super) fn all_hold(&self) -> bool {
        self.results.iter().all(|result| result.holds)
    }

    pub(super) fn text(&self) -> String {
        let failed = self.results.iter().filter(|result| !result.holds);
        let mut text: String = failed.map(|result| result.text(&self.path)).collect();
        let (all, failed) = (self.results.len(), self.failed());
        let tests = if all == 1 { "test" } else { "tests" };
        let path = self.path.display();
        text.push_str(&match (all, failed) {
            (all, 0) => format!("{path}: {all} {tests}, all hold\n"),
            (all, 1) => format!("{path}: {all} {tests}, 1 does not hold\n"),
            (all, failed) => format!("{path}: {all} {tests}, {failed} do not hold\n"),
        });
        text
    }

    pub(super) fn as_json(&self) -> Value {
        let results: Vec<Value> = self.results.iter().map(Result::as_json).collect();
        json!({ "tests": self.results.len(), "failed": self.failed(), "results": results })
    }

    fn failed(&self) -> usize {
        self.results.iter().filter(|result| !result.holds).count()
    }
}

impl Result {
    fn text(&self, path: &Path) -> String {
        let mut fields = vec![
            ("request", plain(&self.request).into_owned()),
            ("expected", self.expected.clone()),
            ("got", got(&self.end)),
        ];
        if let Some(shown) = self.end.shown {
            fields.push(("caller by", shown.to_owned()));
        }
        let steps = self.end.steps.iter();
        fields.extend(steps.map(|(stage, words)| (*stage, plain(words).into_owned())));
        let body = printing::fields(&fields);
        let body: String = body.lines().map(|line| format!("  {line}\n")).collect();
        let name = plain(&self.name);
        format!(
            "does not hold: {name} ({}:{})\n{body}\n",
            path.display(),
            self.line
        )
    }

    fn as_json(&self) -> Value {
        let (status, cause) = match self.end.kind {
            Kind::Refused { status, cause } => (Some(status), Some(cause.id())),
            Kind::Allowed | Kind::Preflight | Kind::OwnPage => (None, None),
        };
        let steps = self.end.steps.iter();
        let steps: Vec<_> = steps
            .map(|(stage, words)| json!({ "stage": stage, "words": words }))
            .collect();
        json!({
            "name": self.name,
            "line": self.line,
            "holds": self.holds,
            "request": self.request,
            "expected": self.expected,
            "got": { "end": kind(self.end.kind), "status": status, "cause": cause, "route": self.end.route },
            "caller_by": self.end.shown,
            "steps": steps,
        })
    }
}

fn holds(test: &PolicyTest, end: &End) -> bool {
    let as_expected = match (test.expected, end.kind) {
        (Expected::Allow, Kind::Allowed)
        | (Expected::Preflight, Kind::Preflight)
        | (Expected::OwnPage, Kind::OwnPage) => true,
        (Expected::Refuse(wanted), Kind::Refused { status, cause }) => {
            wanted.is_none_or(|wanted| wanted == status)
                && test.cause.is_none_or(|wanted| wanted == cause)
        }
        (
            Expected::Allow | Expected::Refuse(_) | Expected::Preflight | Expected::OwnPage,
            Kind::Allowed | Kind::Refused { .. } | Kind::Preflight | Kind::OwnPage,
        ) => false,
    };
    let route_wanted = test.route.as_deref();
    as_expected && route_wanted.is_none_or(|wanted| end.route.as_deref() == Some(wanted))
}

fn expected(test: &PolicyTest) -> String {
    let mut words = match test.expected {
        Expected::Allow => kind(Kind::Allowed).to_owned(),
        Expected::Refuse(None) => "refuse".to_owned(),
        Expected::Refuse(Some(status)) => status.to_string(),
        Expected::Preflight => kind(Kind::Preflight).to_owned(),
        Expected::OwnPage => kind(Kind::OwnPage).to_owned(),
    };
    if let Some(cause) = test.cause {
        words.push_str(&format!(" ({})", cause.id()));
    }
    if let Some(route) = &test.route {
        words.push_str(&format!(" by route `{}`", plain(route)));
    }
    words
}

fn got(end: &End) -> String {
    let mut words = match end.kind {
        Kind::Refused { status, cause } => format!("{status} ({})", cause.id()),
        other @ (Kind::Allowed | Kind::Preflight | Kind::OwnPage) => kind(other).to_owned(),
    };
    if let Some(route) = &end.route {
        words.push_str(&format!(" by route `{}`", plain(route)));
    }
    words
}

const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Allowed => "allow",
        Kind::Refused { .. } => "refuse",
        Kind::Preflight => "preflight",
        Kind::OwnPage => "own-page",
    }
}

//! Files with tests of the rules: from TOML to requests and what is expected of each, or to every fault at once.
//!
//! Knows: the file's keys, and the names that rules have. Does not know how a request is decided.

mod caller;

use std::net::IpAddr;
use std::path::Path;

use countersign_cause::Cause;
use countersign_flow::Rules;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use toml::de::DeTable;

pub use self::caller::{Caller, Shown};
use crate::declared::{Key, test, tests_file};
use crate::finding::{Findings, Sink, Span};
use crate::nearest::nearest;
use crate::problem::{EXPECTED, PolicyTestProblem as Problem, TextProblem};
use crate::read::{Fields, Located, TextOrWhole};

/// One request, and what is to become of it.
#[derive(Debug)]
pub struct PolicyTest {
    /// What the test is called.
    pub name: Box<str>,
    /// The line that it begins at, from 1.
    pub line: usize,
    /// The method.
    pub method: Method,
    /// The authority of the URL.
    pub authority: Box<str>,
    /// Path and query.
    pub path_and_query: Box<str>,
    /// The header fields.
    pub fields: HeaderMap,
    /// The client's address.
    pub client: IpAddr,
    /// Who asks; `None`: nobody who is known.
    pub caller: Option<Caller>,
    /// How the request is to end.
    pub expected: Expected,
    /// The cause that it is to be refused with; `None`: any.
    pub cause: Option<Cause>,
    /// The route that is to decide; `None`: any.
    pub route: Option<Box<str>>,
}

/// How a request is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// It goes to its upstream.
    Allow,
    /// It is refused, with this status if one is named.
    Refuse(Option<u16>),
    /// It is answered as a preflight that may pass.
    Preflight,
    /// It is a page of the gateway itself.
    OwnPage,
}

/// The tests of a file, or what is wrong with it.
#[derive(Debug)]
pub struct Outcome {
    /// The tests, where there is no error.
    pub tests: Option<Vec<PolicyTest>>,
    /// Errors, in the order of the lines.
    pub findings: Findings,
}

/// What the reading of a test needs.
#[derive(Clone, Copy)]
struct Scene<'d> {
    sink: &'d Sink,
    rules: &'d Rules,
}

/// Reads the text of a file of tests for these rules. `path` is what the findings call it.
#[must_use]
pub fn read(text: &str, path: &Path, rules: &Rules) -> Outcome {
    let sink = Sink::default();
    let (document, faults) = DeTable::parse_recoverable(text);
    for fault in &faults {
        let message = fault.message().to_owned();
        sink.error(
            &fault.span().unwrap_or_default(),
            TextProblem::Syntax { message },
        );
    }
    let tests = if faults.is_empty() {
        let scene = Scene { sink: &sink, rules };
        let fields = Fields::open(document.get_ref(), 0..0, &tests_file::SECTION, &sink);
        all(&fields, text, scene)
    } else {
        Vec::new()
    };
    let findings = Findings::new(&path.display().to_string(), text, sink.into_list());
    Outcome {
        tests: (findings.errors() == 0).then_some(tests),
        findings,
    }
}

fn all(document: &Fields<'_>, text: &str, scene: Scene<'_>) -> Vec<PolicyTest> {
    let callers: Vec<(&str, Option<Caller>)> = document
        .named(&tests_file::CALLER)
        .iter()
        .map(|(name, fields)| (name.value, caller::read(fields, scene)))
        .collect();
    let tests = document.tables(&tests_file::TEST);
    let mut names: Vec<Located<&str>> = Vec::new();
    for name in tests.iter().filter_map(|fields| fields.text(&test::NAME)) {
        if let Some(first) = names.iter().find(|earlier| earlier.value == name.value) {
            let value = name.value.to_owned();
            scene.sink.error_beside(
                &name.span,
                TextProblem::Twice { value },
                &first.span,
                "first here",
            );
        }
        names.push(name);
    }
    let read = tests
        .iter()
        .map(|fields| one(fields, text, &callers, scene));
    // All are read before any is taken: each has its own faults to report.
    let read: Vec<Option<PolicyTest>> = read.collect();
    read.into_iter().flatten().collect()
}

fn one(
    fields: &Fields<'_>,
    text: &str,
    callers: &[(&str, Option<Caller>)],
    scene: Scene<'_>,
) -> Option<PolicyTest> {
    let url = fields
        .text(&test::URL)
        .and_then(|written| url(&written, scene));
    let method = parsed(fields, &test::METHOD, Method::GET, scene, |value| {
        Problem::Method { value }
    });
    let client = parsed(
        fields,
        &test::CLIENT,
        IpAddr::from([192, 0, 2, 1]),
        scene,
        |value| Problem::Client { value },
    );
    let caller = caller_of(fields, callers, scene);
    let headers = headers(fields, caller.is_some(), scene);
    let expected = expected(fields, scene);
    let cause = cause(fields, expected, scene);
    let route = route(fields, scene);
    let (authority, path_and_query) = url?;
    Some(PolicyTest {
        // A name that was reported is not missed here: with a finding no test is taken.
        name: fields.text(&test::NAME)?.value.into(),
        line: line(text, &fields.span),
        method,
        authority: authority.into(),
        path_and_query: path_and_query.into(),
        fields: headers,
        client,
        caller,
        expected: expected?,
        cause,
        route,
    })
}

fn line(text: &str, span: &Span) -> usize {
    let before = text.get(..span.start).unwrap_or_default();
    before.matches('\n').count() + 1
}

/// A string that is parsed, or the default of its key.
fn parsed<T: std::str::FromStr>(
    fields: &Fields<'_>,
    key: &'static Key,
    default: T,
    scene: Scene<'_>,
    problem: impl Fn(String) -> Problem,
) -> T {
    let Some(written) = fields.text(key) else {
        return default;
    };
    written.parse().unwrap_or_else(|_| {
        scene
            .sink
            .error(&written.span, problem(written.value.to_owned()));
        default
    })
}

/// Authority and target of a URL, as they stand: whether they are good is for the gateway to say.
fn url<'d>(written: &Located<&'d str>, scene: Scene<'_>) -> Option<(&'d str, &'d str)> {
    let rest = written
        .strip_prefix("https://")
        .or_else(|| written.strip_prefix("http://"));
    let Some(rest) = rest else {
        let value = written.value.to_owned();
        scene.sink.error(&written.span, Problem::Url { value });
        return None;
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, target) = rest.split_at_checked(end).unwrap_or((rest, ""));
    // RFC 9112 section 3.2.1: an empty path is sent as `/`.
    Some((authority, if target.is_empty() { "/" } else { target }))
}

fn headers(fields: &Fields<'_>, has_caller: bool, scene: Scene<'_>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, values) in fields.texts_by_name(&test::FIELDS) {
        let Ok(parsed) = name.value.parse::<HeaderName>() else {
            let name_written = name.value.to_owned();
            let problem = Problem::FieldName { name: name_written };
            scene.sink.error(&name.span, problem);
            continue;
        };
        if has_caller && parsed == AUTHORIZATION {
            scene
                .sink
                .error(&name.span, Problem::CredentialBesideIdentity);
        }
        for value in values {
            match HeaderValue::from_str(value.value) {
                Ok(value) => {
                    headers.append(parsed.clone(), value);
                }
                Err(_) => {
                    let key = name.value.to_owned();
                    scene
                        .sink
                        .error(&value.span, TextProblem::ControlCharacter { key });
                }
            }
        }
    }
    headers
}

fn caller_of(
    fields: &Fields<'_>,
    callers: &[(&str, Option<Caller>)],
    scene: Scene<'_>,
) -> Option<Caller> {
    if !fields.is_text(&test::CALLER) {
        return fields
            .table(&test::CALLER)
            .and_then(|fields| caller::read(&fields, scene));
    }
    let written = fields.text(&test::CALLER)?;
    if written.value == "anonymous" {
        return None;
    }
    match callers.iter().find(|(name, _)| *name == written.value) {
        Some((_, caller)) => caller.clone(),
        None => {
            let known = callers.iter().map(|(name, _)| *name).chain(["anonymous"]);
            unknown("caller", &written, known, scene);
            None
        }
    }
}

fn expected(fields: &Fields<'_>, scene: Scene<'_>) -> Option<Expected> {
    let written = fields.text_or_whole(&test::EXPECT)?;
    match written.value {
        TextOrWhole::Whole(status) => Some(Expected::Refuse(Some(
            u16::try_from(status).unwrap_or(u16::MAX),
        ))),
        TextOrWhole::Text("allow") => Some(Expected::Allow),
        TextOrWhole::Text("refuse") => Some(Expected::Refuse(None)),
        TextOrWhole::Text("preflight") => Some(Expected::Preflight),
        TextOrWhole::Text("own-page") => Some(Expected::OwnPage),
        TextOrWhole::Text(other) => {
            let near = nearest(other, EXPECTED);
            let value = other.to_owned();
            scene
                .sink
                .error(&written.span, Problem::NotExpected { value, near });
            None
        }
    }
}

fn cause(fields: &Fields<'_>, expected: Option<Expected>, scene: Scene<'_>) -> Option<Cause> {
    let written = fields.text(&test::CAUSE)?;
    if matches!(
        expected,
        Some(Expected::Allow | Expected::Preflight | Expected::OwnPage)
    ) {
        scene.sink.error(
            &fields.span_of_key(&test::CAUSE),
            Problem::CauseWithoutRefusal,
        );
    }
    let cause = Cause::from_id(written.value).filter(|cause| cause.status().is_some());
    if cause.is_none() {
        let refused_with = Cause::ALL.iter().filter(|cause| cause.status().is_some());
        let near = nearest(written.value, refused_with.map(|cause| cause.id()));
        let value = written.value.to_owned();
        scene
            .sink
            .error(&written.span, Problem::CauseUnknown { value, near });
    }
    cause
}

fn route(fields: &Fields<'_>, scene: Scene<'_>) -> Option<Box<str>> {
    let written = fields.text(&test::ROUTE)?;
    let known = || scene.rules.route_rules.iter().map(|route| &*route.name);
    if !known().any(|name| name == written.value) {
        unknown("route", &written, known(), scene);
    }
    Some(written.value.into())
}

/// Reports a name that nothing has.
fn unknown<'n>(
    what: &'static str,
    written: &Located<&str>,
    known: impl Iterator<Item = &'n str> + Clone,
    scene: Scene<'_>,
) {
    let problem = Problem::Unknown {
        what,
        name: written.value.to_owned(),
        near: nearest(written.value, known.clone()).map(str::to_owned),
        known: known.map(str::to_owned).collect(),
    };
    scene.sink.error(&written.span, problem);
}

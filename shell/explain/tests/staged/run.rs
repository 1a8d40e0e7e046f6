//! Runs one case: starts its servers, explains, and looks at what came of it.

use std::collections::BTreeMap;
use std::fmt;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_explain::read::{self, Disk, OfStranger};
use countersign_explain::tell::{self, veil::Veil};
use countersign_explain::{Care, Client, Confidence, Outcome, Report};
use countersign_secret::Secret;
use serde_json::json;

use crate::case::{Case, Entry};
use crate::fix;
use crate::rules;
use crate::stage::{self, NOW_UNIX_SECS, diagnose_with};
use crate::tokens::Keys;

/// What came of a case.
#[derive(Debug)]
pub(crate) struct Result {
    pub(crate) id: String,
    pub(crate) source: String,
    pub(crate) cause: String,
    /// Causes that are as true.
    also: Vec<String>,
    /// The place of the right cause among those that were told, from 0.
    pub(crate) place: Option<usize>,
    /// What was told, with its confidence.
    pub(crate) told: Vec<(&'static str, Confidence)>,
    pub(crate) probes: usize,
    pub(crate) took_ms: u128,
    /// Whether the fix, carried out, is accepted; `None` where the case does not say how to.
    pub(crate) fix: Option<bool>,
    pub(crate) breaches: Vec<String>,
    report: String,
}

impl Result {
    pub(crate) fn is_good(&self) -> bool {
        self.place == Some(0) && self.fix != Some(false) && self.breaches.is_empty()
    }

    pub(crate) fn line(&self) -> String {
        format!(
            "{}: {} at {:?}, {} requests, fix {:?}, breaches {:?}, told {:?}",
            self.id, self.cause, self.place, self.probes, self.fix, self.breaches, self.told
        )
    }

    /// Certain of anything but the very cause: of one that the evidence cannot tell from it nobody may be certain.
    pub(crate) fn is_falsely_certain(&self) -> bool {
        let mut certain = self
            .told
            .iter()
            .filter(|(_, sure)| *sure == Confidence::Certain);
        certain.any(|(id, _)| !self.is_true(id))
    }

    fn is_true(&self, id: &str) -> bool {
        id == self.cause || self.also.iter().any(|other| other == id)
    }

    /// Whether the very cause comes first, those that cannot be told from it not counted.
    pub(crate) fn is_named_itself(&self) -> bool {
        match self.told.first() {
            Some((id, _)) => self.is_true(id),
            None => self.place == Some(0),
        }
    }
}

impl fmt::Display for Result {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "--- {}", self.line())?;
        writeln!(f, "{}", self.report)
    }
}

pub(crate) fn run(case: &Case) -> Result {
    let keys = Keys::shared();
    let listeners: Vec<(String, TcpListener)> = case
        .servers
        .keys()
        .map(|name| (name.clone(), TcpListener::bind("127.0.0.1:0").unwrap()))
        .collect();
    let words = Arc::new(words(case, &listeners, keys));
    let fill = move |text: &str| filled(text, &words);
    let servers: BTreeMap<String, stage::Server> = listeners
        .into_iter()
        .map(|(name, own)| {
            let server = rules::start(&case.servers[&name], keys, fill.clone(), own);
            (name, server)
        })
        .collect();
    let read = read_case(case, &fill);
    let care = Care {
        unsafe_methods: case.unsafe_methods,
        follow_credentials: case.follow_credentials,
        offline: case.servers.is_empty(),
        ..Care::default()
    };
    let started = Instant::now();
    let report = diagnose_with(&read, care);
    let took_ms = started.elapsed().as_millis();
    let veil = Veil::of_report(&read, &report);
    let shown = [
        tell::text(&report, &veil, true, false),
        tell::json(&report, &veil),
        tell::html(&report, &veil),
    ];
    let breaches = breaches(case, &servers, &shown, &fill);
    result(case, &report, took_ms, breaches, shown[0].clone(), &fill)
}

fn result(
    case: &Case,
    report: &Report,
    took_ms: u128,
    breaches: Vec<String>,
    shown: String,
    fill: &impl Fn(&str) -> String,
) -> Result {
    let told: Vec<(&'static str, Confidence)> = report
        .causes
        .iter()
        .map(|found| (found.cause.id(), found.confidence))
        .collect();
    let is_right = |id: &str| {
        let others = case.or.iter().chain(&case.also);
        id == case.cause || others.into_iter().any(|other| other == id)
    };
    let place = match case.cause.as_str() {
        "none" => (report.outcome == Outcome::Accepted && told.is_empty()).then_some(0),
        _ => told.iter().position(|(id, _)| is_right(id)),
    };
    let command = report
        .causes
        .first()
        .and_then(|found| found.fix.command.clone());
    let mend = (!case.mend.is_empty()).then(|| {
        let variables = case
            .mend
            .iter()
            .map(|(name, value)| (name.clone(), fill(value)));
        command.is_some_and(|command| fix::works(&command, variables))
    });
    Result {
        id: case.id.clone(),
        source: case.source.clone(),
        cause: case.cause.clone(),
        also: case.also.clone(),
        place,
        told,
        probes: report.probes.len(),
        took_ms,
        fix: mend,
        breaches,
        report: shown,
    }
}

/// The words that stand in braces.
fn words(
    case: &Case,
    listeners: &[(String, TcpListener)],
    keys: &Keys,
) -> BTreeMap<String, String> {
    let mut words = BTreeMap::new();
    for (name, listener) in listeners {
        let address = listener.local_addr().unwrap();
        words.insert(name.clone(), format!("http://{address}"));
        words.insert(format!("{name}.host"), address.to_string());
        words.insert(format!("{name}.port"), address.port().to_string());
    }
    for (name, value) in &case.secrets {
        words.insert(name.clone(), value.clone());
    }
    let issuer = words
        .get("issuer")
        .cloned()
        .unwrap_or_else(|| "https://issuer.invalid".to_owned());
    for (name, token) in &case.tokens {
        let mut token = token.clone();
        for value in token.claims.values_mut() {
            fill_in(value, &words);
        }
        words.insert(name.clone(), keys.sign(&token, &issuer));
    }
    words
}

fn fill_in(value: &mut serde_json::Value, words: &BTreeMap<String, String>) {
    match value {
        serde_json::Value::String(text) => *text = filled(text, words),
        serde_json::Value::Array(values) => {
            values.iter_mut().for_each(|value| fill_in(value, words));
        }
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::Object(_) => {}
    }
}

fn filled(text: &str, words: &BTreeMap<String, String>) -> String {
    let mut out = text.to_owned();
    for (name, value) in words {
        out = out.replace(&format!("{{{name}}}"), value);
    }
    out
}

fn read_case(case: &Case, fill: &impl Fn(&str) -> String) -> countersign_explain::Case {
    // As the program reads what is pasted: files of this machine are seen and not read.
    let files = OfStranger::new(Disk::default());
    let sources = (&case.paste, &case.response, &case.collection, &case.token);
    let mut read = match sources {
        (Some(paste), ..) => read::pasted(&fill(paste), &files),
        (_, Some(answer), ..) => {
            read::raw::answer(fill(answer).as_bytes()).map(|answer| countersign_explain::Case {
                answer: Some(answer),
                ..countersign_explain::Case::default()
            })
        }
        (_, _, Some(collection), _) => read::postman::item(fill(collection).as_bytes(), None),
        (_, _, _, Some(token)) => Ok(countersign_explain::Case {
            token: Some(Secret::new(fill(token).into_bytes())),
            ..countersign_explain::Case::default()
        }),
        (None, None, None, None) => read::har::entry(har(&case.entries, fill).as_bytes(), None),
    }
    .unwrap_or_else(|fault| {
        panic!(
            "{}: {fault}: {:?}",
            case.id,
            case.paste.as_deref().map(fill)
        )
    });
    if let Some(word) = &case.client {
        let client = Client::ALL.iter().find(|client| client.word() == word);
        let client = *client.unwrap_or_else(|| panic!("{}: no client `{word}`", case.id));
        read::sent_by(&mut read, client);
    }
    if !case.home.is_empty() {
        let home = tempfile::tempdir().unwrap();
        for (name, text) in &case.home {
            let path = home.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, fill(text)).unwrap();
        }
        read::home::apply(&mut read, home.path());
    }
    read
}

fn har(entries: &[Entry], fill: &impl Fn(&str) -> String) -> String {
    let pairs = |fields: &[(String, String)]| -> Vec<serde_json::Value> {
        fields
            .iter()
            .map(|(name, value)| json!({ "name": name, "value": fill(value) }))
            .collect()
    };
    let entries: Vec<serde_json::Value> = entries
        .iter()
        .map(|entry| {
            let (method, url) = entry.request.split_once(' ').unwrap();
            let started =
                jiff::Timestamp::from_second(NOW_UNIX_SECS - 600 + entry.after_secs).unwrap();
            let kind = entry
                .fields
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case("content-type"))
                .map_or("application/octet-stream", |(_, value)| value.as_str());
            json!({
                "startedDateTime": started.to_string(),
                "_resourceType": entry.resource,
                "request": {
                    "method": method,
                    "url": fill(url),
                    "httpVersion": entry.version.as_deref().unwrap_or("HTTP/1.1"),
                    "headers": pairs(&entry.fields),
                    "postData": (!entry.body.is_empty())
                        .then(|| json!({ "mimeType": kind, "text": fill(&entry.body) })),
                },
                "response": {
                    "httpVersion": entry.version.as_deref().unwrap_or("HTTP/1.1"),
                    "status": entry.status,
                    "headers": pairs(&entry.answer),
                    "content": { "text": fill(&entry.answer_body) },
                    "_error": entry.error,
                },
            })
        })
        .collect();
    json!({ "log": { "version": "1.2", "entries": entries } }).to_string()
}

/// All that a request carries, as it is written and as it is meant.
fn everything_of(seen: &stage::Seen) -> String {
    let target = seen.target.replace('&', "%26").replace('=', "%3D");
    let decoded = url::form_urlencoded::parse(target.as_bytes()).next();
    let basic = seen.field("authorization").and_then(|value| {
        let (word, payload) = value.split_once(' ')?;
        let bytes = STANDARD.decode(payload.trim()).ok()?;
        word.eq_ignore_ascii_case("basic")
            .then(|| String::from_utf8_lossy(&bytes).into_owned())
    });
    format!(
        "{} {:?} {:?} {} {}",
        seen.target,
        decoded,
        seen.fields,
        basic.unwrap_or_default(),
        String::from_utf8_lossy(&seen.body)
    )
}

/// What must never happen: an unsafe method, a credential at another server, a secret in what is shown.
fn breaches(
    case: &Case,
    servers: &BTreeMap<String, stage::Server>,
    shown: &[String],
    fill: &impl Fn(&str) -> String,
) -> Vec<String> {
    let mut breaches = Vec::new();
    let secrets: Vec<(&String, String)> = case
        .secrets
        .keys()
        .chain(case.tokens.keys())
        .map(|name| (name, fill(&format!("{{{name}}}"))))
        .collect();
    for (name, server) in servers {
        for seen in server.seen() {
            // A tunnel is no request to the application.
            let safe = matches!(seen.method.as_str(), "GET" | "HEAD" | "OPTIONS" | "CONNECT");
            if !safe && !case.unsafe_methods {
                breaches.push(format!("{} at `{name}`", seen.method));
            }
            let whole = everything_of(&seen);
            let carried = secrets
                .iter()
                .find(|(_, value)| whole.contains(value.as_str()));
            if let (Some((secret, _)), true, false) =
                (carried, name != "app", case.follow_credentials)
            {
                breaches.push(format!("`{secret}` at `{name}`"));
            }
        }
    }
    for (name, value) in &secrets {
        if shown.iter().any(|text| text.contains(value.as_str())) {
            breaches.push(format!("`{name}` is shown"));
        }
    }
    breaches
}

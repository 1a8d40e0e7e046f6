#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod cookies;
mod cors;
mod grants;
mod healthy;
mod history;
mod tokens;

use serde_json::{Value, json};

use super::of;
use crate::finding::Finding;
use crate::read::har;
use crate::weigh::{Confidence, rank};

/// 2026-01-01T00:00:00Z, when every recording begins.
const NOW_UNIX_SECS: i64 = 1_767_225_600;

const CHROME: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36";
const SAFARI: &str =
    "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15";

/// One entry of a recording.
struct Entry(Value);

/// An entry that begins so many seconds after the recording does.
fn at(secs: i64, method: &str, url: &str, status: u16) -> Entry {
    let start = jiff::Timestamp::from_second(NOW_UNIX_SECS + secs).unwrap();
    Entry(json!({
        "startedDateTime": start.to_string(),
        "time": 50,
        "request": { "method": method, "url": url, "headers": [{ "name": "User-Agent", "value": CHROME }] },
        "response": { "status": status, "headers": [], "content": {} },
    }))
}

impl Entry {
    fn with(mut self, side: &str, name: &str, value: &str) -> Entry {
        let headers = self.0[side]["headers"].as_array_mut().unwrap();
        headers.retain(|header| name == "Set-Cookie" || header["name"] != name);
        headers.push(json!({ "name": name, "value": value }));
        self
    }

    fn sent(self, name: &str, value: &str) -> Entry {
        self.with("request", name, value)
    }

    fn got(self, name: &str, value: &str) -> Entry {
        self.with("response", name, value)
    }

    fn sets(self, line: &str) -> Entry {
        self.got("Set-Cookie", line)
    }

    fn member(mut self, name: &str, value: Value) -> Entry {
        self.0[name] = value;
        self
    }

    fn kind(self, kind: &str) -> Entry {
        self.member("_resourceType", json!(kind))
    }

    /// A script of that page asks.
    fn by_page(self, origin: &str) -> Entry {
        self.sent("Origin", origin).kind("fetch")
    }

    /// The browser hid the answer.
    fn hidden(mut self) -> Entry {
        self.0["response"]["_error"] = json!("net::ERR_FAILED");
        self
    }

    fn body(mut self, body: &Value) -> Entry {
        self.0["response"]["content"] =
            json!({ "mimeType": "application/json", "text": body.to_string() });
        self
    }

    fn form(mut self, pairs: &[(&str, &str)]) -> Entry {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(pairs);
        self.0["request"]["postData"] =
            json!({ "mimeType": "application/x-www-form-urlencoded", "text": form.finish() });
        self
    }

    fn posts(mut self, mime: &str, text: &str) -> Entry {
        self.0["request"]["postData"] = json!({ "mimeType": mime, "text": text });
        self
    }
}

fn findings(entries: Vec<Entry>, number: Option<usize>) -> Vec<Finding> {
    let entries: Vec<Value> = entries.into_iter().map(|entry| entry.0).collect();
    let file = json!({ "log": { "entries": entries } }).to_string();
    let case = har::entry(file.as_bytes(), number).unwrap();
    of(&case, NOW_UNIX_SECS)
}

/// The first cause of what is found, and how sure it is.
fn conclusion(entries: Vec<Entry>) -> (&'static str, Confidence) {
    let found = findings(entries, None);
    let causes = rank(&found);
    let first = causes.first();
    first.map_or(("", Confidence::Possible), |first| {
        (first.cause.id(), first.confidence)
    })
}

fn cause(entries: Vec<Entry>) -> &'static str {
    conclusion(entries).0
}

const CERTAIN: Confidence = Confidence::Certain;
const LIKELY: Confidence = Confidence::Likely;

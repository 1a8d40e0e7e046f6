//! Whether two bodies say the same, JSON by its members and everything else by its words.
//!
//! Knows: names of members that are made anew each time. Does not know what a body means.

use std::borrow::Cow;

use serde_json::Value;

use crate::likeness::volatile::settled;
use crate::message::Answer;

/// Names of members whose values say when, where and in which request, and not what.
const OF_THE_MOMENT: [&str; 26] = [
    "requestid",
    "xrequestid",
    "traceid",
    "trace",
    "spanid",
    "correlationid",
    "transactionid",
    "errorid",
    "eventid",
    "logid",
    "rayid",
    "hostid",
    "timestamp",
    "time",
    "date",
    "datetime",
    "ts",
    "servertime",
    "took",
    "duration",
    "elapsed",
    "nonce",
    "csrf",
    "csrftoken",
    "hostname",
    "pod",
];

/// Whether two bodies say the same.
pub(super) fn alike(a: &Answer, b: &Answer) -> bool {
    if a.body == b.body {
        return true;
    }
    match (json(a), json(b)) {
        (Some(a), Some(b)) => a == b,
        (Some(_), None) | (None, Some(_)) => false,
        (None, None) => plain(a) == plain(b),
    }
}

fn json(answer: &Answer) -> Option<Value> {
    let value: Value = serde_json::from_slice(&answer.body).ok()?;
    (value.is_object() || value.is_array()).then(|| settled_value(value))
}

fn settled_value(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.into_iter().map(|(name, value)| {
                let value = match is_of_the_moment(&name) {
                    true => Value::Null,
                    false => settled_value(value),
                };
                (name, value)
            });
            Value::Object(members.collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(settled_value).collect()),
        Value::String(text) => Value::String(settled(without_query(&text).as_ref())),
        Value::Number(number) => match settled(&number.to_string()).as_str() {
            "#" => Value::Null,
            _ => Value::Number(number),
        },
        Value::Null | Value::Bool(_) => value,
    }
}

fn is_of_the_moment(name: &str) -> bool {
    let plain: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    OF_THE_MOMENT.contains(&plain.as_str())
}

/// An address that is repeated: its query is the asker's own.
fn without_query(text: &str) -> Cow<'_, str> {
    let is_address = text.starts_with('/') || text.contains("://");
    match text.split_once('?') {
        Some((path, _)) if is_address && !text.contains(char::is_whitespace) => {
            Cow::Owned(path.to_owned())
        }
        Some(_) | None => Cow::Borrowed(text),
    }
}

fn plain(answer: &Answer) -> String {
    settled(&answer.text())
}

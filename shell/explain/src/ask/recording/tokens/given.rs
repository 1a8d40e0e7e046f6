//! Tokens that earlier answers gave: in JSON, or in the fragment of a redirect.
//!
//! Knows: the names under which token endpoints and home-made sign-ins give them. Does not know what was sent.

use serde_json::Value;

use crate::case::Exchange;

use super::super::view::{View, began_unix_secs};

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    Access,
    Id,
    Refresh,
}

/// A token that an answer gave.
pub(super) struct Given<'c> {
    pub(super) kind: Use,
    /// The member's name, as written.
    pub(super) member: String,
    pub(super) value: String,
    pub(super) by: &'c Exchange,
    pub(super) given_unix_secs: Option<i64>,
    /// `expires_in`, seconds.
    pub(super) lives_secs: Option<i64>,
}

/// How deep a sign-in hides its token in an object.
const DEPTH_MAX: usize = 4;
/// What is shorter is no token but a number or a word.
const TOKEN_BYTES_MIN: usize = 8;

/// Every token that was given before the request, oldest first.
pub(super) fn given<'c>(view: &View<'c>) -> Vec<Given<'c>> {
    let mut found = Vec::new();
    for by in view.done_before() {
        let Some(answer) = &by.answer else {
            continue;
        };
        let body = serde_json::from_slice::<Value>(&answer.body);
        if let (Ok(body), true) = (body, answer.is_success()) {
            walk(&body, by, DEPTH_MAX, &mut found);
        }
        let location = answer.fields.text("location").unwrap_or_default();
        if let Some((_, fragment)) = location.split_once('#') {
            for (name, value) in url::form_urlencoded::parse(fragment.as_bytes()) {
                take(&name, &value, by, None, &mut found);
            }
        }
    }
    found
}

fn walk<'c>(value: &Value, by: &'c Exchange, depth: usize, found: &mut Vec<Given<'c>>) {
    let Value::Object(members) = value else {
        return;
    };
    let lives_secs = ["expires_in", "expiresIn", "expires"]
        .iter()
        .find_map(|name| members.get(*name))
        .and_then(seconds);
    for (name, member) in members {
        match member {
            Value::String(text) => take(name, text, by, lives_secs, found),
            Value::Object(_) if depth > 0 => walk(member, by, depth - 1, found),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_) => {}
        }
    }
}

/// `expires_in` in seconds; some servers write it as text.
fn seconds(value: &Value) -> Option<i64> {
    let secs = match value.as_str() {
        Some(text) => text.parse().ok(),
        None => value.as_i64(),
    };
    // A point in time under such a name is no lifetime.
    secs.filter(|secs| (1..=31_536_000).contains(secs))
}

fn take<'c>(
    name: &str,
    value: &str,
    by: &'c Exchange,
    lives_secs: Option<i64>,
    found: &mut Vec<Given<'c>>,
) {
    let plain: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_ascii_lowercase();
    // Words that stand for many things are tokens where somebody signed in.
    let posted = by.request.method == "POST";
    let kind = match plain.as_str() {
        "accesstoken" | "authtoken" | "bearertoken" | "apitoken" | "jwttoken" => Use::Access,
        "token" | "jwt" | "access" | "key" | "sessiontoken" if posted => Use::Access,
        "idtoken" => Use::Id,
        "refreshtoken" => Use::Refresh,
        "refresh" if posted => Use::Refresh,
        _ => return,
    };
    if value.len() < TOKEN_BYTES_MIN || value.contains(char::is_whitespace) {
        return;
    }
    found.push(Given {
        kind,
        member: name.to_owned(),
        value: value.to_owned(),
        by,
        given_unix_secs: began_unix_secs(by),
        lives_secs: lives_secs.filter(|_| kind == Use::Access),
    });
}

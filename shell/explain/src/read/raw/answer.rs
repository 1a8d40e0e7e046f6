//! A refusal that was saved: with its head, without it, or the head alone.
//!
//! Knows: how to tell them apart, and which status a bare body speaks of. Does not know what the refusal means.

use serde_json::Value;

use super::head::{Head, Line};
use super::verbose;
use crate::message::Answer;
use crate::read::{ReadFault, bounded};
use crate::words::disguised;

/// Reads an answer as `curl -i` or `curl -v` saves it; of several (a `100 Continue`, redirects) the last. Without a
/// status line the status is the one that fields or body name, and 401 where nothing names one.
///
/// # Errors
///
/// An empty text, or fields that are none.
pub fn answer(text: &[u8]) -> Result<Answer, ReadFault> {
    bounded(text.len())?;
    if text.trim_ascii().is_empty() {
        return Err(ReadFault::new("the answer is empty")
            .with_help("save it with `curl -i`, so that its status and fields are in it"));
    }
    let received = verbose::is_verbose(text).then(|| verbose::received(text));
    let mut answer = match received.flatten() {
        Some(plain) => of_messages(&plain)?,
        None => of_messages(text)?,
    };
    answer.refuses = disguised::refuses(&answer);
    Ok(answer)
}

fn of_messages(text: &[u8]) -> Result<Answer, ReadFault> {
    let mut rest = text.trim_ascii_start();
    if !rest.starts_with(b"HTTP/") {
        return without_status(rest);
    }
    loop {
        let (head, body) = Head::split(rest)?;
        let Some(Line::Status { version, status }) = head.start else {
            return Err(
                ReadFault::new("the status line of the answer cannot be read")
                    .with_help("it is like `HTTP/1.1 401 Unauthorized`"),
            );
        };
        if body.starts_with(b"HTTP/") && body.len() < rest.len() {
            rest = body;
            continue;
        }
        let mut answer = Answer::new(status);
        answer.version = version;
        answer.fields = head.fields.into_iter().collect();
        answer.body = body.to_vec();
        return Ok(answer);
    }
}

/// Fields alone, or a body alone.
fn without_status(text: &[u8]) -> Result<Answer, ReadFault> {
    if let Some(answer) = of_body(text) {
        return Ok(answer);
    }
    match Head::split(text) {
        Ok((head, body)) if !head.fields.is_empty() || head.pseudo(":status").is_some() => {
            let status = head
                .pseudo(":status")
                .and_then(|status| status.parse().ok());
            let mut answer = Answer::new(0);
            answer.fields = head.fields.into_iter().collect();
            answer.body = body.to_vec();
            let named = answer
                .fields
                .text("status")
                .and_then(|status| first_number(&status));
            let proxy = answer.fields.has("proxy-authenticate").then_some(407);
            answer.status = status.or(named).or(proxy).unwrap_or(PRESUMED);
            Ok(answer)
        }
        Ok(_) | Err(_) if speaks_of_a_refusal(text) => {
            let mut answer = Answer::new(PRESUMED);
            answer.fields.add("Content-Type", "text/plain");
            answer.body = text.to_vec();
            answer.is_body_alone = true;
            Ok(answer)
        }
        Ok(_) | Err(_) => Err(ReadFault::new(
            "this is no answer: it has no status line and no fields, and its text speaks of no refusal",
        )
        .with_help("save it with `curl -i`, so that its status and fields are in it")),
    }
}

/// Words of which a refusal has at least one, in whatever form it is.
const REFUSING: [&str; 28] = [
    "401",
    "403",
    "407",
    "access",
    "account",
    "allow",
    "auth",
    "bad ",
    "blocked",
    "cookie",
    "credential",
    "csrf",
    "denied",
    "disabled",
    "expired",
    "fail",
    "forbidden",
    "invalid",
    "key",
    "limit",
    "log in",
    "login",
    "missing",
    "password",
    "permission",
    "required",
    "session",
    "token",
];

/// Whether a text of no form is what a server says when it refuses.
fn speaks_of_a_refusal(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else {
        return false;
    };
    let is_written = |letter: char| !letter.is_control() || letter.is_ascii_whitespace();
    let lower = text.to_lowercase();
    text.chars().all(is_written) && REFUSING.iter().any(|word| lower.contains(word))
}

/// What somebody asks about without saying more.
const PRESUMED: u16 = 401;

fn of_body(text: &[u8]) -> Option<Answer> {
    let kind;
    let status;
    if text.starts_with(b"{") || text.starts_with(b"[") {
        let json: Value = serde_json::from_slice(text).ok()?;
        kind = "application/json";
        status = of_json(&json);
    } else if text.starts_with(b"<") {
        let markup = String::from_utf8_lossy(text).to_ascii_lowercase();
        kind = match markup.starts_with("<?xml") {
            true => "application/xml",
            false => "text/html",
        };
        status = ["<title>", "<h1>"].iter().find_map(|mark| {
            let (_, after) = markup.split_once(mark)?;
            first_number(after.split('<').next()?)
        });
    } else {
        return None;
    }
    let mut answer = Answer::new(status.unwrap_or(PRESUMED));
    answer.fields.add("Content-Type", kind);
    answer.body = text.to_vec();
    answer.is_body_alone = true;
    Some(answer)
}

/// The status that a body repeats.
fn of_json(json: &Value) -> Option<u16> {
    let inner = json.get("error").or_else(|| json.get("errors")?.get(0));
    let objects = [Some(json), inner];
    objects.into_iter().flatten().find_map(|object| {
        ["status", "statusCode", "status_code", "code", "httpStatus"]
            .iter()
            .filter_map(|name| object.get(name))
            .find_map(|value| match value.as_u64() {
                Some(number) => u16::try_from(number).ok().filter(is_refusal),
                None => first_number(value.as_str()?),
            })
    })
}

/// The first number in a text that is the status of a refusal.
fn first_number(text: &str) -> Option<u16> {
    text.split(|letter: char| !letter.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
        .find(is_refusal)
}

fn is_refusal(status: &u16) -> bool {
    (300..600).contains(status)
}

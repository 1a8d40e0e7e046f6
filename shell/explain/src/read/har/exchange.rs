//! One entry of a recording, as request, answer, and what is said of both.
//!
//! Knows: the members of an entry and how exporters differ in them. Does not know the other entries.

mod request;

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Version;
use serde_json::Value;
use url::Url;

use super::BODY_BYTES_MAX;
use super::member::{is_set, list, number, pairs, text};
use crate::case::{BlockedCookie, Exchange, Recorded};
use crate::message::{Answer, Fields, Request};
use crate::read::FIELDS_MAX;
use crate::words::disguised;

/// An entry whose page is still a name.
pub(super) struct Raw {
    pub(super) exchange: Exchange,
    pub(super) page: Option<String>,
}

/// Reads one entry; `None` where it has no address.
pub(super) fn read(entry: &Value) -> Option<Raw> {
    let request = request::read(entry.get("request")?)?;
    let response = entry.get("response").unwrap_or(&Value::Null);
    let recorded = recorded(entry, response, &request);
    let answer = response.is_object().then(|| answer(response));
    Some(Raw {
        exchange: Exchange {
            request,
            answer,
            recorded,
        },
        page: text(entry, "pageref").map(str::to_owned),
    })
}

fn answer(response: &Value) -> Answer {
    // Playwright writes -1 where there is none.
    let status = number(response, "status").filter(|status| (0.0..1000.0).contains(status));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the range is checked"
    )]
    let mut answer = Answer::new(status.unwrap_or(0.0) as u16);
    answer.version = version(text(response, "httpVersion").unwrap_or_default());
    answer.fields = answer_fields(response);
    let (body, truncated) = content(response.get("content").unwrap_or(&Value::Null));
    answer.body = body;
    answer.truncated = truncated;
    // What is recorded is the body after decoding.
    answer.fields.remove("content-encoding");
    answer.refuses = disguised::refuses(&answer);
    answer
}

fn answer_fields(response: &Value) -> Fields {
    let mut fields = Fields::default();
    for (name, value) in pairs(response, "headers").take(FIELDS_MAX) {
        if name.starts_with(':') {
            continue;
        }
        // Chrome and Firefox write repeated fields as one with line breaks between.
        for line in value.split('\n') {
            fields.add(name, line.trim_end_matches('\r'));
        }
    }
    if !fields.has("set-cookie") {
        for cookie in list(response, "cookies") {
            fields.add("Set-Cookie", set_cookie(cookie));
        }
    }
    let elsewhere = text(response, "redirectURL");
    if let (Some(url), false) = (elsewhere, fields.has("location")) {
        fields.add("Location", url);
    }
    if let (Some(mime), false) = (
        response.get("content").and_then(|c| text(c, "mimeType")),
        fields.has("content-type"),
    ) {
        fields.add("Content-Type", mime);
    }
    fields
}

/// A `Set-Cookie` line out of the parts that some exporters give in its place.
fn set_cookie(cookie: &Value) -> String {
    let mut line = format!(
        "{}={}",
        text(cookie, "name").unwrap_or_default(),
        text(cookie, "value").unwrap_or_default()
    );
    let attributes = [
        ("Path", "path"),
        ("Domain", "domain"),
        ("SameSite", "sameSite"),
    ];
    for (attribute, member) in attributes {
        if let Some(value) = text(cookie, member) {
            line.push_str(&format!("; {attribute}={value}"));
        }
    }
    let expires = text(cookie, "expires").and_then(|text| text.parse::<jiff::Timestamp>().ok());
    if let Some(expires) = expires {
        line.push_str(&format!(
            "; Expires={}",
            expires.strftime("%a, %d %b %Y %T GMT")
        ));
    }
    for (attribute, member) in [("Secure", "secure"), ("HttpOnly", "httpOnly")] {
        if is_set(cookie, member) {
            line.push_str(&format!("; {attribute}"));
        }
    }
    line
}

fn content(content: &Value) -> (Vec<u8>, bool) {
    // Pictures, styles and scripts say nothing, and are most of a recording.
    let mime = text(content, "mimeType").unwrap_or_default();
    let dull = [
        "image/",
        "font/",
        "video/",
        "audio/",
        "text/css",
        "text/javascript",
    ];
    if dull.iter().any(|start| mime.starts_with(start)) || mime.contains("/javascript") {
        return (
            Vec::new(),
            number(content, "size").is_some_and(|size| size > 0.0),
        );
    }
    let body = text(content, "text").unwrap_or_default();
    let mut body = match text(content, "encoding") {
        Some("base64") => STANDARD.decode(body).unwrap_or_default(),
        Some(_) | None => body.as_bytes().to_vec(),
    };
    let truncated = body.len() > BODY_BYTES_MAX;
    body.truncate(BODY_BYTES_MAX);
    (body, truncated)
}

fn version(text: &str) -> Version {
    match text.to_ascii_lowercase().as_str() {
        "h2" | "http/2" | "http/2.0" => Version::HTTP_2,
        "h3" | "http/3" | "http/3.0" => Version::HTTP_3,
        "http/1.0" => Version::HTTP_10,
        _ => Version::HTTP_11,
    }
}

fn recorded(entry: &Value, response: &Value, request: &Request) -> Recorded {
    let started = text(entry, "startedDateTime")
        .and_then(|text| text.parse::<jiff::Timestamp>().ok())
        .map(jiff::Timestamp::as_millisecond);
    let took = number(entry, "time").filter(|ms| (0.0..86_400_000.0).contains(ms));
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
    let took = took.map(|ms| ms as i64);
    let address = text(entry, "serverIPAddress").map(|text| text.trim_matches(['[', ']']));
    let from = request
        .fields
        .text("referer")
        .or_else(|| request.fields.text("origin"));
    Recorded {
        entry: None,
        started_unix_ms: started,
        ended_unix_ms: started.zip(took).map(|(start, took)| start + took),
        initiator: initiator(entry),
        resource: text(entry, "_resourceType").map(str::to_ascii_lowercase),
        page: from.and_then(|text| Url::parse(&text).ok()),
        error: error(entry, response),
        blocked_cookies: blocked_cookies(entry, response),
        server_address: address.and_then(|text| text.parse::<IpAddr>().ok()),
    }
}

/// What the browser says of a failure; every exporter has a place of its own for it.
fn error(entry: &Value, response: &Value) -> Option<String> {
    let request = entry.get("request").unwrap_or(&Value::Null);
    let named = [response, entry, request].into_iter().find_map(|place| {
        let names = [
            "_error",
            "_errorText",
            "_failureText",
            "_corsErrorStatus",
            "_corsError",
            "_blockedReason",
            "_blockedQueueing",
            "errorText",
            "blockedReason",
        ];
        names.into_iter().find_map(|name| match place.get(name)? {
            Value::String(words) if !words.is_empty() => Some(words.clone()),
            Value::Object(parts) => {
                let words = parts.get("corsError").or_else(|| parts.get("message"))?;
                Some(format!("CORS error {}", words.as_str()?))
            }
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => None,
        })
    });
    // Safari and proxies say it in the place of the status text.
    let status = number(response, "status").unwrap_or(0.0);
    named.or_else(|| {
        let words = text(response, "statusText")?;
        let telling = words.to_ascii_lowercase();
        (status <= 0.0 || telling.contains("cors")).then(|| words.to_owned())
    })
}

/// The address of the script or page, and the line of the innermost call.
fn initiator(entry: &Value) -> Option<String> {
    let initiator = entry.get("_initiator")?;
    let frame = initiator
        .get("stack")
        .and_then(|stack| list(stack, "callFrames").first());
    let place = frame.unwrap_or(initiator);
    let url = text(place, "url")?;
    let line = number(place, "lineNumber").map(|line| line + 1.0);
    Some(match line {
        Some(line) => format!("{url}:{line}"),
        None => url.to_owned(),
    })
}

/// Cookies that the browser says it kept back, in whichever member an exporter lists them.
fn blocked_cookies(entry: &Value, response: &Value) -> Vec<BlockedCookie> {
    let request = entry.get("request").unwrap_or(&Value::Null);
    let mut blocked = Vec::new();
    for place in [entry, request, response] {
        for (name, items) in place.as_object().into_iter().flatten() {
            let name = name.trim_start_matches('_').to_ascii_lowercase();
            let lists_cookies = name.contains("cookies")
                && (name.contains("blocked") || name.contains("associated"));
            if lists_cookies {
                let items = items.as_array().into_iter().flatten();
                blocked.extend(items.filter_map(blocked_cookie));
            }
        }
    }
    blocked
}

fn blocked_cookie(item: &Value) -> Option<BlockedCookie> {
    let cookie = item.get("cookie").unwrap_or(item);
    let line = text(item, "cookieLine").and_then(|line| line.split_once('='));
    let name = text(cookie, "name").or(line.map(|(name, _)| name.trim()))?;
    let members = [
        "blockedReasons",
        "reasons",
        "blockedReason",
        "reason",
        "_blockedReasons",
    ];
    let mut reasons = Vec::new();
    for member in members {
        match item.get(member) {
            Some(Value::String(reason)) => reasons.push(reason.clone()),
            Some(Value::Array(several)) => {
                let several = several.iter().filter_map(Value::as_str);
                reasons.extend(several.map(str::to_owned));
            }
            Some(_) | None => {}
        }
    }
    // A cookie that went along is listed too, without a reason.
    (!reasons.is_empty()).then(|| BlockedCookie {
        name: name.to_owned(),
        reasons,
    })
}

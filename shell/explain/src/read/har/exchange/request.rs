//! The request of an entry.
//!
//! Knows: what exporters leave out or add to a request. Does not know the answer.

use serde_json::Value;
use url::Url;

use super::super::BODY_BYTES_MAX;
use super::super::member::{list, pairs, text};
use crate::message::{Fields, Request};
use crate::read::FIELDS_MAX;

/// Fields that belong to the recorded connection, or describe the browser at length: they say nothing of access, and
/// a request that is sent again gets its own.
const LEFT_OUT: [&str; 12] = [
    "content-length",
    "connection",
    "proxy-connection",
    "accept-encoding",
    "transfer-encoding",
    "upgrade-insecure-requests",
    "priority",
    "dnt",
    "te",
    "if-none-match",
    "if-modified-since",
    "keep-alive",
];

/// Reads a request; `None` where its address is none.
pub(super) fn read(value: &Value) -> Option<Request> {
    let mut url = Url::parse(text(value, "url")?.trim()).ok()?;
    url.set_fragment(None);
    if url.query().is_none() {
        let pairs: Vec<(&str, &str)> = pairs(value, "queryString").collect();
        if !pairs.is_empty() {
            url.query_pairs_mut().extend_pairs(pairs);
        }
    }
    let mut fields = fields(value, &url);
    let body = body(value, &mut fields);
    Some(Request {
        method: text(value, "method").unwrap_or("GET").to_owned(),
        url,
        fields,
        body,
    })
}

fn fields(value: &Value, url: &Url) -> Fields {
    let mut fields = Fields::default();
    for (name, text) in pairs(value, "headers").take(FIELDS_MAX) {
        let lower = name.to_ascii_lowercase();
        // RFC 9113 section 8.3: names that begin with a colon are no fields.
        let pseudo = name.starts_with(':');
        let own_host = lower == "host" && is_host_of(url, text);
        let hint = lower.starts_with("sec-ch-");
        if !pseudo && !own_host && !hint && !LEFT_OUT.contains(&lower.as_str()) {
            fields.add(name, text);
        }
    }
    if !fields.has("cookie") {
        let cookies: Vec<String> = list(value, "cookies")
            .iter()
            .filter_map(|cookie| {
                let worth = cookie.get("value").and_then(Value::as_str);
                Some(format!(
                    "{}={}",
                    text(cookie, "name")?,
                    worth.unwrap_or_default()
                ))
            })
            .collect();
        if !cookies.is_empty() {
            fields.add("Cookie", cookies.join("; "));
        }
    }
    fields
}

/// Whether a `Host` says no more than the address.
fn is_host_of(url: &Url, host: &str) -> bool {
    let own = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => host.eq_ignore_ascii_case(&format!("{own}:{port}")),
        None => {
            let bare = host
                .strip_suffix(":443")
                .or_else(|| host.strip_suffix(":80"));
            bare.unwrap_or(host).eq_ignore_ascii_case(own)
        }
    }
}

fn body(value: &Value, fields: &mut Fields) -> Option<Vec<u8>> {
    let data = value.get("postData").filter(|data| data.is_object())?;
    let mime = text(data, "mimeType");
    if let (Some(mime), false) = (mime, fields.has("content-type")) {
        fields.add("Content-Type", mime);
    }
    let mut body = match text(data, "text") {
        Some(text) => text.as_bytes().to_vec(),
        None => form(data)?.into_bytes(),
    };
    body.truncate(BODY_BYTES_MAX);
    Some(body)
}

/// A form of which only the parameters are listed.
fn form(data: &Value) -> Option<String> {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    // Chrome lists the parameters as they stand in the body, still encoded.
    for (name, value) in pairs(data, "params") {
        form.append_pair(&decoded(name), &decoded(value));
    }
    let form = form.finish();
    (!form.is_empty()).then_some(form)
}

fn decoded(text: &str) -> String {
    let pair = format!("_={text}");
    let is_encoded = text.contains('%') && !text.contains(['&', ' ', '=']);
    let mut parsed = url::form_urlencoded::parse(pair.as_bytes());
    match parsed.next() {
        Some((_, value)) if is_encoded => value.into_owned(),
        Some(_) | None => text.to_owned(),
    }
}

//! Address, fields and body of a Postman request.
//!
//! Knows: how they are written in both versions. Does not know authorization.

use serde_json::Value;
use url::form_urlencoded;

use super::variables::Variables;
use super::{is_enabled, list, text};
use crate::message::Request;

/// The address, from its parts or as it is written.
pub(super) fn address(url: &Value, variables: &Variables) -> Option<String> {
    if let Value::String(raw) = url {
        return Some(variables.expand(raw));
    }
    let raw = url.get("raw").and_then(Value::as_str);
    let whole = raw.map_or_else(|| composed(url), str::to_owned);
    let (before, fragment) = match whole.split_once('#') {
        Some((before, fragment)) => (before, Some(fragment)),
        None => (whole.as_str(), None),
    };
    let mut address = before.to_owned();
    if let Some(query) = url.get("query").and_then(Value::as_array) {
        // The list says which parameters are switched off.
        address = before.split('?').next().unwrap_or_default().to_owned();
        let pairs: Vec<String> = query
            .iter()
            .filter(|entry| is_enabled(entry))
            .map(|entry| {
                let part = |name: &str| entry.get(name).and_then(text);
                let name = part("key").unwrap_or_default();
                part("value").map_or(name.clone(), |value| format!("{name}={value}"))
            })
            .collect();
        if !pairs.is_empty() {
            address = format!("{address}?{}", pairs.join("&"));
        }
    }
    let address = with_path_variables(&address, url, variables);
    let whole = match fragment {
        Some(fragment) => format!("{address}#{fragment}"),
        None => address,
    };
    Some(variables.expand(&whole))
}

fn composed(url: &Value) -> String {
    let joined = |name: &str, by: &str| match url.get(name) {
        Some(Value::String(whole)) => whole.clone(),
        parts => list(parts)
            .iter()
            .filter_map(text)
            .collect::<Vec<String>>()
            .join(by),
    };
    let protocol = url
        .get("protocol")
        .and_then(Value::as_str)
        .unwrap_or("http");
    let port = url
        .get("port")
        .and_then(text)
        .map(|port| format!(":{port}"));
    let path = joined("path", "/");
    format!(
        "{protocol}://{}{}/{}",
        joined("host", "."),
        port.unwrap_or_default(),
        path.trim_start_matches('/')
    )
}

/// `:id` in the path, whose values are a list of their own.
fn with_path_variables(address: &str, url: &Value, variables: &Variables) -> String {
    let mut own = Variables::default();
    own.add(url.get("variable"));
    let (path, query) = match address.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (address, None),
    };
    let segments: Vec<String> = path
        .split('/')
        .map(|segment| match segment.strip_prefix(':') {
            Some(name) if !name.is_empty() => {
                let value = variables.expand(&own.expand(&format!("{{{{{name}}}}}")));
                match value.starts_with("{{") {
                    true => segment.to_owned(),
                    false => value,
                }
            }
            Some(_) | None => segment.to_owned(),
        })
        .collect();
    let path = segments.join("/");
    query.map_or(path.clone(), |query| format!("{path}?{query}"))
}

/// The fields that are switched on: a list, or one text with a field on each line.
pub(super) fn fields(header: Option<&Value>, variables: &Variables) -> Vec<(String, String)> {
    let expanded = |name: &str, value: &str| {
        let value = variables.expand(value);
        (
            variables.expand(name),
            value.trim_matches([' ', '\t']).to_owned(),
        )
    };
    if let Some(Value::String(lines)) = header {
        return lines
            .lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| expanded(name.trim(), value))
            .collect();
    }
    pairs(header)
        .iter()
        .filter(|(name, _)| !name.is_empty())
        .map(|(name, value)| expanded(name.trim(), value))
        .collect()
}

/// Names and values of a list, those that are switched off left out.
fn pairs(entries: Option<&Value>) -> Vec<(String, String)> {
    list(entries)
        .iter()
        .filter(|entry| is_enabled(entry))
        .filter_map(|entry| {
            let value = entry.get("value").and_then(text).unwrap_or_default();
            Some((entry.get("key").and_then(text)?, value))
        })
        .collect()
}

/// Puts the body and its type into the request.
pub(super) fn body(
    body: &Value,
    variables: &Variables,
    request: &mut Request,
    left_out: &mut Vec<String>,
) {
    if !is_enabled(body) {
        return;
    }
    let mode = body.get("mode").and_then(Value::as_str).unwrap_or_default();
    let (kind, bytes) = match mode {
        "raw" => raw(body, variables),
        "urlencoded" => {
            let mut form = form_urlencoded::Serializer::new(String::new());
            for (name, value) in pairs(body.get(mode)) {
                form.append_pair(&variables.expand(&name), &variables.expand(&value));
            }
            (Some("application/x-www-form-urlencoded"), form.finish())
        }
        "graphql" => (Some("application/json"), graphql(body.get(mode), variables)),
        "formdata" => (
            Some("multipart/form-data; boundary=postman-form-boundary"),
            form_data(&pairs(body.get(mode)), variables),
        ),
        "file" => {
            left_out.push("the body is a file that is not in the collection".to_owned());
            return;
        }
        _ => return,
    };
    if bytes.is_empty() {
        return;
    }
    request.body = Some(bytes.into_bytes());
    if let Some(kind) = kind
        && !request.fields.has("content-type")
    {
        request.fields.add("Content-Type", kind);
    }
}

fn raw(body: &Value, variables: &Variables) -> (Option<&'static str>, String) {
    let raw = body.get("raw").and_then(Value::as_str).unwrap_or_default();
    let language = body
        .pointer("/options/raw/language")
        .and_then(Value::as_str);
    let kind = match language {
        Some("json") => "application/json",
        Some("xml") => "application/xml",
        Some("html") => "text/html",
        _ => "text/plain",
    };
    (Some(kind), variables.expand(raw))
}

fn graphql(graphql: Option<&Value>, variables: &Variables) -> String {
    let part = |name: &str| {
        let text = graphql.and_then(|graphql| graphql.get(name)).and_then(text);
        variables.expand(&text.unwrap_or_default())
    };
    let given: Value = serde_json::from_str(&part("variables")).unwrap_or_default();
    serde_json::json!({ "query": part("query"), "variables": given }).to_string()
}

fn form_data(pairs: &[(String, String)], variables: &Variables) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        out.push_str(&format!(
            "--postman-form-boundary\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n{}\r\n",
            variables.expand(name),
            variables.expand(value)
        ));
    }
    out.push_str("--postman-form-boundary--\r\n");
    out
}

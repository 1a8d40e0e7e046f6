//! Of which kind a request or an exchange is: a preflight, a token request, one that is sent to a sign-in page, one
//! that the browser hid from the page.
//!
//! Knows: how to recognise them. Does not know what follows from it.

use std::borrow::Cow;

use serde_json::Value;
use url::Url;

use crate::case::{Exchange, Recorded};
use crate::credential::form_of;
use crate::message::{Answer, Request};

/// Whether a request is a browser's CORS preflight.
pub(crate) fn is_preflight(request: &Request) -> bool {
    request.method == "OPTIONS" && request.fields.has("access-control-request-method")
}

/// Whether the one is the preflight of the other.
pub(crate) fn is_preflight_of(preflight: &Request, request: &Request) -> bool {
    let method = preflight.fields.text("access-control-request-method");
    preflight.url == request.url
        && is_preflight(preflight)
        && method.is_some_and(|method| method.trim() == request.method)
}

/// Where the parameters of a token request stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// In a form, as RFC 6749 wants them.
    Form,
    /// In a JSON object.
    Json,
    /// In the query.
    Query,
    /// As a form, with a content type that is none of a form.
    Untyped,
}

/// The parameters of a request to a token endpoint, and where they stand; `None` for any other request.
pub(crate) fn token_parameters(request: &Request) -> Option<(Written, Vec<(String, String)>)> {
    if request.method != "POST" && request.method != "PUT" {
        return None;
    }
    let is_grant = |pairs: &[(String, String)]| pairs.iter().any(|(name, _)| name == "grant_type");
    let body = request.body.as_deref().unwrap_or_default();
    let readings = [
        (Written::Form, form_of(request)),
        (Written::Json, members_of(body)),
        (Written::Untyped, untyped(body)),
        (
            Written::Query,
            request.url.query_pairs().into_owned().collect(),
        ),
    ];
    let mut readings = readings.into_iter();
    readings.find(|(_, pairs)| is_grant(pairs))
}

fn untyped(body: &[u8]) -> Vec<(String, String)> {
    match body.starts_with(b"grant_type=") || body.windows(12).any(|part| part == b"&grant_type=") {
        true => url::form_urlencoded::parse(body).into_owned().collect(),
        false => Vec::new(),
    }
}

/// The members of a JSON object that are texts.
pub(crate) fn members_of(body: &[u8]) -> Vec<(String, String)> {
    let Ok(Value::Object(members)) = serde_json::from_slice(body) else {
        return Vec::new();
    };
    let texts = members.into_iter().filter_map(|(name, value)| match value {
        Value::String(text) => Some((name, text)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            None
        }
    });
    texts.collect()
}

/// `error` and `error_description` of a token endpoint's refusal, RFC 6749 section 5.2.
pub(crate) fn token_error(answer: &Answer) -> Option<(String, String)> {
    let members = members_of(&answer.body);
    let member = |wanted: &str| {
        let mut found = members.iter().filter(|(name, _)| name == wanted);
        found.next().map(|(_, value)| value.clone())
    };
    let described = member("error_description").unwrap_or_default();
    Some((member("error")?, described))
}

/// Where a redirect leads.
pub(crate) fn target(request: &Request, answer: &Answer) -> Option<Url> {
    if !answer.is_redirect() {
        return None;
    }
    request
        .url
        .join(answer.fields.text("location")?.trim())
        .ok()
}

/// Parameters of an address that carries a signature of its own: of an object store or a delivery network.
const SIGNED: [&str; 7] = [
    "x-amz-signature",
    "x-goog-signature",
    "x-oss-signature",
    "signature",
    "sig",
    "hdnts",
    "awsaccesskeyid",
];

/// Whether an address carries its own authorization.
pub(crate) fn is_signed_address(url: &Url) -> bool {
    url.query_pairs()
        .any(|(name, _)| SIGNED.iter().any(|known| name.eq_ignore_ascii_case(known)))
}

/// Words in the path of pages where people sign in.
const SIGN_IN: [&str; 13] = [
    "login",
    "logon",
    "signin",
    "sign-in",
    "sign_in",
    "log-in",
    "session/new",
    "sessions/new",
    "oauth2/start",
    "oauth2/authorize",
    "openid-connect/auth",
    "saml",
    "sso",
];

/// Whether an address is that of a sign-in page or of an authorization endpoint.
pub(crate) fn is_sign_in(url: &Url) -> bool {
    let path = url.path().to_ascii_lowercase();
    let asks_for_code = url.query_pairs().any(|(name, _)| name == "response_type");
    asks_for_code || SIGN_IN.iter().any(|word| path.contains(word))
}

/// Whether the answer sends an unsigned request to a sign-in page. A request to that very page is not one.
pub(crate) fn is_sent_to_sign_in(request: &Request, answer: &Answer) -> bool {
    let to = target(request, answer);
    to.is_some_and(|to| is_sign_in(&to)) && !is_sign_in(&request.url)
}

/// The `error` with which an authorization endpoint sends the visitor back, RFC 6749 section 4.1.2.1.
pub(crate) fn sent_back_with(request: &Request, answer: &Answer) -> Option<String> {
    let asks = |(name, _): (Cow<'_, str>, Cow<'_, str>)| name == "response_type";
    if !request.url.query_pairs().any(asks) {
        return None;
    }
    let to = target(request, answer)?;
    // RFC 6749 section 4.2.2.1: the implicit grant has it in the fragment.
    let fragment = to.fragment().unwrap_or_default().as_bytes();
    let mut pairs = to
        .query_pairs()
        .chain(url::form_urlencoded::parse(fragment));
    pairs
        .find(|(name, value)| name == "error" && !value.is_empty())
        .map(|(_, value)| value.into_owned())
}

/// Whether there was no answer that the page could read, for a reason of CORS.
pub(crate) fn is_hidden_by_cors(recorded: &Recorded, answer: Option<&Answer>) -> bool {
    let said = recorded.error.as_deref().unwrap_or_default();
    let said = said.to_ascii_lowercase();
    let by_cors = said.contains("cors")
        || said.contains("cross-origin")
        || said.contains("access control")
        || said.contains("access-control")
        || said.contains("preflight")
        || said.contains("ns_error_dom_bad_uri");
    let script = recorded.resource.as_deref().is_none_or(|kind| {
        matches!(
            kind,
            "fetch" | "xhr" | "preflight" | "other" | "script" | "font" | "image"
        )
    });
    // Chromium says no more than `net::ERR_FAILED` of an answer that CORS hides.
    by_cors
        || said.contains("err_failed")
            && script
            && answer.is_none_or(|a| a.status == 0 || a.status >= 400)
}

/// The exchange's own status; 0 where there was no answer.
pub(crate) fn status(exchange: &Exchange) -> u16 {
    exchange.answer.as_ref().map_or(0, |answer| answer.status)
}

/// `entry 3 (POST /token)`, for evidence; the query is left out, as it may hold secrets.
pub(crate) fn named(exchange: &Exchange) -> String {
    let place = match exchange.recorded.entry {
        Some(entry) => Cow::Owned(format!("entry {entry}")),
        None => Cow::Borrowed("another request"),
    };
    let (method, path) = (&exchange.request.method, exchange.request.url.path());
    format!("{place} ({method} {path})")
}

//! The rules of the Fetch standard for requests to another origin, as a browser applies them.
//!
//! Knows: which requests need a preflight, what a preflight asks, and which answers let a page read. Sends nothing, and
//! does not know what a failure is called in the catalogue.

use url::Url;

use crate::message::{Answer, Fields};

/// Why the CORS check fails: Fetch standard, "CORS check".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CheckFailure {
    /// There is no `Access-Control-Allow-Origin`.
    OriginMissing,
    /// `*`, and the request carries credentials.
    OriginWildcard,
    /// Several values, in one line or in several.
    OriginSeveral(String),
    /// The right origin, written with a slash at its end, in capitals, with its default port, or as a host alone.
    OriginSpelling(String),
    /// Another origin.
    OriginOther(String),
    /// The origin is right, the request carries credentials, and `Access-Control-Allow-Credentials` is not `true`.
    CredentialsNotTrue(Option<String>),
}

/// Why a preflight does not let the request go: Fetch standard, "CORS-preflight fetch".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PreflightFailure {
    /// It is sent elsewhere, which a preflight may not be.
    Redirected,
    /// The CORS check fails.
    Check(CheckFailure),
    /// The status is not one of 200 to 299.
    Status(u16),
    /// `Access-Control-Allow-Methods` or `-Headers` is no list of tokens.
    ListMalformed,
    /// The method is not among the allowed. `star` says that `*` is, and does not count.
    Method {
        /// Whether `*` is in the list.
        star: bool,
    },
    /// A field is not among the allowed.
    Field {
        /// Its name, in lower case.
        name: String,
        /// Whether `*` is in the list.
        star: bool,
    },
}

/// "CORS check": whether a page of that origin may read the answer.
pub(super) fn check(
    origin: &str,
    with_credentials: bool,
    answer: &Answer,
) -> Result<(), CheckFailure> {
    let Some(allowed) = combined(&answer.fields, "access-control-allow-origin") else {
        return Err(CheckFailure::OriginMissing);
    };
    if !with_credentials && allowed == "*" {
        return Ok(());
    }
    if allowed != origin {
        return Err(match allowed.as_str() {
            "*" => CheckFailure::OriginWildcard,
            several if several.contains([',', ' ']) => {
                CheckFailure::OriginSeveral(several.to_owned())
            }
            near if is_near(near, origin) => CheckFailure::OriginSpelling(near.to_owned()),
            other => CheckFailure::OriginOther(other.to_owned()),
        });
    }
    if !with_credentials {
        return Ok(());
    }
    let credentials = combined(&answer.fields, "access-control-allow-credentials");
    match credentials.as_deref() {
        // Compared byte by byte: `True` is not `true`.
        Some("true") => Ok(()),
        Some(_) | None => Err(CheckFailure::CredentialsNotTrue(credentials)),
    }
}

/// "CORS-preflight fetch", the part after the answer has come.
pub(super) fn check_preflight(
    asked: &Asked,
    origin: &str,
    with_credentials: bool,
    answer: &Answer,
) -> Result<(), PreflightFailure> {
    if answer.is_redirect() {
        return Err(PreflightFailure::Redirected);
    }
    // The standard looks at the origin first. People look at the status, which tells more where both are wrong.
    if !answer.is_success() {
        return Err(PreflightFailure::Status(answer.status));
    }
    check(origin, with_credentials, answer).map_err(PreflightFailure::Check)?;
    let list = |name: &str| list_of_tokens(combined(&answer.fields, name));
    let methods = list("access-control-allow-methods")?;
    let names = list("access-control-allow-headers")?;
    let has = |list: &[String], word: &str| list.iter().any(|one| one == word);
    let star = has(&methods, "*");
    // A method is compared byte by byte: `patch` is not `PATCH`.
    if !has(&methods, &asked.method)
        && !is_safelisted_method(&asked.method)
        && (with_credentials || !star)
    {
        return Err(PreflightFailure::Method { star });
    }
    let star = has(&names, "*");
    for name in &asked.names {
        let is_named = names.iter().any(|one| one.eq_ignore_ascii_case(name));
        // "CORS non-wildcard request-header name": the star never covers `Authorization`.
        let by_star = star && !with_credentials && name != "authorization";
        if !is_named && !by_star {
            return Err(PreflightFailure::Field {
                name: name.clone(),
                star,
            });
        }
    }
    Ok(())
}

/// What a preflight asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// The method.
    pub(super) method: String,
    /// The names of the fields that need leave, in lower case, sorted, each once.
    pub(super) names: Vec<String>,
}

impl Asked {
    /// What the preflight of a request asks for; `None` where the request needs none.
    pub(super) fn of(method: &str, fields: &Fields) -> Option<Asked> {
        let names = unsafe_names(fields);
        let needed = !names.is_empty() || !is_safelisted_method(method);
        needed.then(|| Asked {
            method: method.to_owned(),
            names,
        })
    }

    /// The value of `Access-Control-Request-Headers`, which has no space after its commas.
    pub(super) fn names_value(&self) -> Option<String> {
        (!self.names.is_empty()).then(|| self.names.join(","))
    }
}

/// "CORS-safelisted method".
pub(super) fn is_safelisted_method(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "POST")
}

/// "CORS-unsafe request-header names" of those fields that a page can set.
pub(super) fn unsafe_names(fields: &Fields) -> Vec<String> {
    let mut names = Vec::new();
    let mut potentially_unsafe = Vec::new();
    let mut safelisted_bytes = 0;
    for field in fields {
        let name = field.name.to_ascii_lowercase();
        if is_of_browser(&name) {
            continue;
        }
        if is_safelisted(&name, &field.value) {
            safelisted_bytes += field.value.len();
            potentially_unsafe.push(name);
        } else {
            names.push(name);
        }
    }
    if safelisted_bytes > 1024 {
        names.append(&mut potentially_unsafe);
    }
    names.sort();
    names.dedup();
    names
}

/// "Forbidden request-header", and what browsers add after the rules of CORS were applied: for their cache, and of
/// themselves.
fn is_of_browser(name: &str) -> bool {
    const FORBIDDEN: [&str; 20] = [
        "accept-charset",
        "accept-encoding",
        "access-control-request-headers",
        "access-control-request-method",
        "access-control-request-private-network",
        "connection",
        "content-length",
        "cookie",
        "cookie2",
        "date",
        "dnt",
        "expect",
        "host",
        "keep-alive",
        "origin",
        "referer",
        "set-cookie",
        "te",
        "trailer",
        "transfer-encoding",
    ];
    const ADDED: [&str; 12] = [
        "upgrade",
        "via",
        "user-agent",
        "upgrade-insecure-requests",
        "cache-control",
        "pragma",
        "if-none-match",
        "if-modified-since",
        "priority",
        "purpose",
        "save-data",
        "x-client-data",
    ];
    FORBIDDEN.contains(&name)
        || ADDED.contains(&name)
        || name.starts_with("proxy-")
        || name.starts_with("sec-")
        || name.starts_with(':')
}

/// "CORS-safelisted request-header".
fn is_safelisted(name: &str, value: &[u8]) -> bool {
    if value.len() > 128 {
        return false;
    }
    match name {
        "accept" => !value.iter().any(|byte| is_unsafe_byte(*byte)),
        "accept-language" | "content-language" => value
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b" *,-.;=".contains(byte)),
        "content-type" => !value.iter().any(|byte| is_unsafe_byte(*byte)) && is_form_or_text(value),
        "range" => is_single_range(value),
        _ => false,
    }
}

/// "CORS-unsafe request-header byte".
const fn is_unsafe_byte(byte: u8) -> bool {
    matches!(byte, 0..=0x08 | 0x0a..=0x1f | 0x7f)
        || matches!(
            byte,
            b'"' | b'('
                | b')'
                | b':'
                | b'<'
                | b'>'
                | b'?'
                | b'@'
                | b'['
                | b'\\'
                | b']'
                | b'{'
                | b'}'
        )
}

fn is_form_or_text(value: &[u8]) -> bool {
    let essence = value.split(|byte| *byte == b';').next().unwrap_or_default();
    let essence = essence.trim_ascii().to_ascii_lowercase();
    [
        b"application/x-www-form-urlencoded".as_slice(),
        b"multipart/form-data",
        b"text/plain",
    ]
    .contains(&essence.as_slice())
}

/// `bytes=0-`, `bytes=0-255`, and not `bytes=-5`.
fn is_single_range(value: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(value) else {
        return false;
    };
    let Some((first, last)) = text
        .strip_prefix("bytes=")
        .and_then(|range| range.split_once('-'))
    else {
        return false;
    };
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let ordered = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) => first <= last,
        (Ok(_), Err(_)) => last.is_empty(),
        (Err(_), _) => false,
    };
    !first.is_empty() && is_digits(first) && is_digits(last) && ordered
}

/// "Get" on a header list: every line of a name, joined by a comma and a space.
pub(super) fn combined(fields: &Fields, name: &str) -> Option<String> {
    let lines: Vec<String> = fields
        .all(name)
        .map(|line| String::from_utf8_lossy(line.trim_ascii()).into_owned())
        .collect();
    (!lines.is_empty()).then(|| lines.join(", "))
}

/// "Extract header list values" for a list of tokens.
fn list_of_tokens(value: Option<String>) -> Result<Vec<String>, PreflightFailure> {
    let tokens: Vec<String> = value
        .unwrap_or_default()
        .split(',')
        .map(|word| word.trim_matches([' ', '\t']).to_owned())
        .filter(|word| !word.is_empty())
        .collect();
    let well_formed = tokens
        .iter()
        .all(|token| countersign_wire::grammar::is_token(token.as_bytes()));
    match well_formed {
        true => Ok(tokens),
        false => Err(PreflightFailure::ListMalformed),
    }
}

/// Whether a value was meant for that origin.
fn is_near(value: &str, origin: &str) -> bool {
    let parsed = |text: &str| {
        let url = Url::parse(text).ok()?;
        Some(url.origin().ascii_serialization())
    };
    let with_scheme = parsed(value).filter(|text| text != "null");
    let host_alone = origin.split_once("://").map(|(_, host)| host);
    with_scheme.is_some_and(|text| text == origin)
        || host_alone.is_some_and(|host| value.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests;

//! Signed requests: what was signed, for when and for where, against the request itself.
//!
//! Knows: AWS Signature Version 4, presigned URLs, Azure's shared access signatures, OAuth 1.0, WS-Security. Has no
//! secret, so it computes no signature.

mod aws;
mod time;

use countersign_cause::Cause;
use countersign_wire::challenge;

use crate::case::Case;
use crate::credential::form_of;
use crate::finding::{Finding, Weight};
use crate::message::Request;

/// What a signed request says about itself.
pub(super) fn look(case: &Case, request: &Request, now_unix_secs: i64) -> Vec<Finding> {
    // A recording is as old as it says.
    let recorded = case.recorded.started_unix_ms.map(|ms| ms / 1000);
    let sent_unix_secs = recorded.unwrap_or(now_unix_secs);
    let mut found = aws::look(request, sent_unix_secs);
    found.extend(presigned(request, sent_unix_secs));
    found.extend(shared_access(request, sent_unix_secs));
    found.extend(oauth1(request, sent_unix_secs));
    found.extend(ws_security(request, sent_unix_secs));
    if found.is_empty() {
        found.extend(timestamp(request, sent_unix_secs));
    }
    found.extend(date(request));
    found
}

/// A `Date` that is none, beside credentials: services that sign it, or hold it against their clock, see no time at all.
/// Names of days and months are English in it, whatever language the machine speaks (RFC 9110 section 5.6.7).
fn date(request: &Request) -> Option<Finding> {
    let value = request.fields.text("date")?;
    let is_date = jiff::fmt::rfc2822::parse(value.trim()).is_ok()
        || value.trim().parse::<jiff::Timestamp>().is_ok()
        || value.trim().bytes().all(|byte| byte.is_ascii_digit());
    let has_credentials = request.fields.has("authorization");
    let evidence = "`Date` cannot be read as a date: its names of days and months are English (`Thu, 01 Jan 2026 00:00:00 GMT`), whatever language the machine has.";
    (!is_date && has_credentials)
        .then(|| Finding::new(Cause::HeaderMalformed, Weight::Strong, evidence))
}

/// The time beside a signature of a service's own making, in seconds or milliseconds.
fn timestamp(request: &Request, now: i64) -> Vec<Finding> {
    let is_signature = |name: &str| {
        let name = name.to_ascii_lowercase();
        name.contains("signature") || name.ends_with("-sign") || name == "sign" || name == "hmac"
    };
    let pairs: Vec<(String, String)> = request.url.query_pairs().into_owned().collect();
    let fields = request.fields.iter().map(|field| {
        let value = String::from_utf8_lossy(&field.value).trim().to_owned();
        (field.name.clone(), value)
    });
    let all: Vec<(String, String)> = fields.chain(pairs).collect();
    if !all.iter().any(|(name, _)| is_signature(name)) {
        return Vec::new();
    }
    let named = all
        .iter()
        .find(|(name, _)| name.to_ascii_lowercase().ends_with("timestamp"));
    let at = named.and_then(|(name, value)| {
        let number: i64 = value.parse().ok()?;
        match value.len() {
            10 => Some((name, number)),
            13 => Some((name, number / 1000)),
            _ => None,
        }
    });
    at.map(|(name, at)| time::skew(at, now, 300, &format!("`{name}`")))
        .unwrap_or_default()
}

/// The value of a query parameter, its name in any letter case.
fn parameter(request: &Request, name: &str) -> Option<String> {
    let mut pairs = request.url.query_pairs();
    pairs
        .find(|(other, _)| other.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.into_owned())
}

/// URLs that carry their signature, of AWS, Google and CloudFront.
fn presigned(request: &Request, now: i64) -> Vec<Finding> {
    let signature = ["X-Amz-Signature", "X-Goog-Signature", "Signature"]
        .into_iter()
        .find(|name| parameter(request, name).is_some());
    let Some(signature) = signature else {
        return Vec::new();
    };
    let mut found = Vec::new();
    if request.fields.has("authorization") {
        found.push(Finding::new(
            Cause::HeaderDuplicated,
            Weight::Strong,
            format!("The URL is presigned (`{signature}`), and there is an `Authorization` beside it: only one of the two is taken."),
        ));
    }
    let vendor = ["X-Amz-", "X-Goog-"].into_iter().find_map(|vendor| {
        let date = parameter(request, &format!("{vendor}Date"))?;
        let lifetime = parameter(request, &format!("{vendor}Expires"))?;
        Some(time::basic_format(&date)? + lifetime.parse::<i64>().ok()?)
    });
    let of_version_2 = || parameter(request, "Expires")?.parse::<i64>().ok();
    if let Some(expires) = vendor.or_else(of_version_2) {
        found.extend(time::expired(expires, now, "The presigned URL"));
    }
    found
}

/// Azure Storage (`se`, `st`) and Service Bus (`SharedAccessSignature ... se=`).
fn shared_access(request: &Request, now: i64) -> Vec<Finding> {
    let mut found = Vec::new();
    if let (Some(signature), Some(_)) = (parameter(request, "sig"), parameter(request, "sv")) {
        if let Some(end) = parameter(request, "se").and_then(|text| time::iso(&text)) {
            found.extend(time::expired(end, now, "The shared access signature"));
        }
        if let Some(start) = parameter(request, "st").and_then(|text| time::iso(&text)) {
            found.extend(time::ahead(
                start,
                now,
                "The shared access signature begins",
            ));
        }
        if request.fields.has("authorization") {
            let evidence = "The URL has a shared access signature, and there is an `Authorization` beside it: only one of the two is taken.";
            found.push(Finding::new(
                Cause::HeaderDuplicated,
                Weight::Strong,
                evidence,
            ));
        }
        if signature.contains(' ') || signature.contains('%') {
            let evidence = "The signature `sig` is encoded wrongly: its plus sign became a space, or it was percent-encoded twice.";
            found.push(Finding::new(
                Cause::CredentialMangled,
                Weight::Strong,
                evidence,
            ));
        }
    }
    let value = request.fields.text("authorization").unwrap_or_default();
    if let Some(list) = value.trim().strip_prefix("SharedAccessSignature ") {
        let end = list
            .split('&')
            .find_map(|pair| pair.trim().strip_prefix("se=")?.parse().ok());
        found.extend(end.and_then(|end| time::expired(end, now, "The shared access signature")));
    }
    found
}

fn oauth1(request: &Request, now: i64) -> Vec<Finding> {
    let Some(value) = request.fields.first("authorization") else {
        return Vec::new();
    };
    // Its parameters are written like those of a challenge (RFC 5849 section 3.5.1).
    let parsed = challenge::parse([value]);
    let Some(signed) = parsed
        .challenges
        .iter()
        .find(|found| found.is("OAuth") && found.param("oauth_consumer_key").is_some())
    else {
        return Vec::new();
    };
    let mut found = Vec::new();
    match signed.param("oauth_timestamp").map(str::parse::<i64>) {
        Some(Ok(at)) if at > 10_000_000_000 => found.push(Finding::new(
            Cause::ClockSkew,
            Weight::Strong,
            "`oauth_timestamp` is in milliseconds, and seconds are due (RFC 5849 section 3.3).",
        )),
        Some(Ok(at)) => found.extend(time::skew(at, now, 300, "`oauth_timestamp`")),
        Some(Err(_)) | None => {
            let evidence = "`oauth_timestamp` is missing or no number, and OAuth 1.0 needs it.";
            found.push(Finding::new(Cause::HeaderMalformed, Weight::Fair, evidence));
        }
    }
    let in_form = form_of(request).into_iter().map(|(name, _)| name);
    let in_query = request.url.query_pairs().map(|(name, _)| name.into_owned());
    let mut elsewhere = in_form.chain(in_query);
    // RFC 5849 section 3.5: the parameters MUST NOT be in more than one of these places.
    if let Some(name) =
        elsewhere.find(|name| signed.param(name).is_some() && name.starts_with("oauth_"))
    {
        let evidence = format!(
            "`{name}` is in `Authorization` and in the query or body as well, so the two sides sign different things (RFC 5849 section 3.5)."
        );
        found.push(Finding::new(
            Cause::SignatureCanonicalization,
            Weight::Strong,
            evidence,
        ));
    }
    found
}

/// The time of a `UsernameToken`, in SOAP or in `X-WSSE`.
fn ws_security(request: &Request, now: i64) -> Vec<Finding> {
    let field = request.fields.text("x-wsse").unwrap_or_default();
    let in_field = field
        .split_once("Created=\"")
        .and_then(|(_, rest)| rest.split('"').next());
    let body = request
        .body
        .as_deref()
        .map(String::from_utf8_lossy)
        .unwrap_or_default();
    let in_body = body
        .contains("UsernameToken")
        .then(|| {
            body.split_once("Created>")
                .or_else(|| body.split_once("Created "))
        })
        .flatten()
        .map(|(_, rest)| {
            rest.split_once('>')
                .filter(|(before, _)| before.contains('='))
                .map_or(rest, |(_, rest)| rest)
        })
        .and_then(|rest| rest.split('<').next());
    let created = in_field.or(in_body).and_then(time::iso);
    created
        .map(|at| time::skew(at, now, 300, "`Created` of the user name token"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;

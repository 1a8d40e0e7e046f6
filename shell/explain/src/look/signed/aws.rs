//! AWS Signature Version 4, in `Authorization` and in presigned URLs.
//!
//! Knows: `Credential`, `SignedHeaders` and the fields that go with them. Computes the hash of the body, not the
//! signature.

use aws_lc_rs::digest;
use countersign_cause::Cause;

use super::{parameter, time};
use crate::finding::{Finding, Weight};
use crate::look::place;
use crate::message::Request;

/// A signature is refused when it is that far from the server's time.
const SIGNATURE_SECS: i64 = 15 * 60;

/// What is signed.
struct Signed {
    /// `id/20260101/eu-west-1/s3/aws4_request`.
    credential: Vec<String>,
    /// Names of fields, as written.
    headers: Vec<String>,
    presigned: bool,
}

/// What the signature says, against the request.
pub(super) fn look(request: &Request, now: i64) -> Vec<Finding> {
    let Some(signed) = in_field(request).or_else(|| in_query(request)) else {
        return Vec::new();
    };
    let mut found: Vec<Finding> = without_a_part(request).into_iter().collect();
    let date = match signed.presigned {
        true => parameter(request, "X-Amz-Date"),
        false => request
            .fields
            .text("x-amz-date")
            .map(std::borrow::Cow::into_owned),
    };
    found.extend(scope(&signed, &place::host(request), date.as_deref()));
    found.extend(date_of(&signed, request, date.as_deref(), now));
    found.extend(session(&signed, request));
    if !signed.presigned {
        found.extend(headers(&signed, request));
        found.extend(body(request));
    }
    found
}

/// The three parts of the field, without any of which nobody can check it.
fn without_a_part(request: &Request) -> Option<Finding> {
    let value = request.fields.text("authorization")?;
    let list = value.trim().strip_prefix("AWS4-HMAC-SHA256")?;
    let has = |name: &str| {
        list.split(',').any(|part| {
            let value = part.trim().strip_prefix(name);
            value.is_some_and(|rest| rest.len() > 1 && rest.starts_with('='))
        })
    };
    let missing: Vec<String> = ["Credential", "SignedHeaders", "Signature"]
        .into_iter()
        .filter(|name| !has(name))
        .map(|name| format!("`{name}`"))
        .collect();
    let evidence = format!(
        "`Authorization` has no {}: a signed request names `Credential`, `SignedHeaders` and `Signature`, each with a value.",
        missing.join(" and no ")
    );
    (!missing.is_empty()).then(|| Finding::new(Cause::HeaderMalformed, Weight::Strong, evidence))
}

fn in_field(request: &Request) -> Option<Signed> {
    let value = request.fields.text("authorization")?;
    let list = value.trim().strip_prefix("AWS4-HMAC-SHA256")?;
    let part = |name: &str| {
        list.split(',')
            .find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))
            .unwrap_or_default()
            .to_owned()
    };
    Some(Signed {
        credential: part("Credential").split('/').map(str::to_owned).collect(),
        headers: part("SignedHeaders")
            .split(';')
            .map(str::to_owned)
            .collect(),
        presigned: false,
    })
}

fn in_query(request: &Request) -> Option<Signed> {
    let credential = parameter(request, "X-Amz-Credential")?;
    let headers = parameter(request, "X-Amz-SignedHeaders").unwrap_or_default();
    Some(Signed {
        credential: credential.split('/').map(str::to_owned).collect(),
        headers: headers.split(';').map(str::to_owned).collect(),
        presigned: true,
    })
}

/// The scope is for one date, region and service.
fn scope(signed: &Signed, host: &str, date: Option<&str>) -> Vec<Finding> {
    let wrong =
        |evidence: String| Finding::new(Cause::SignatureScopeWrong, Weight::Strong, evidence);
    let [_, day, region, service, end] = signed.credential.as_slice() else {
        let evidence =
            "The `Credential` of the signature is not `id/date/region/service/aws4_request`.";
        return vec![Finding::new(
            Cause::HeaderMalformed,
            Weight::Strong,
            evidence,
        )];
    };
    let mut found = Vec::new();
    if end != "aws4_request" {
        found.push(wrong(format!(
            "The scope of the signature ends with `{end}` and not with `aws4_request`."
        )));
    }
    if let Some(of_date) = date.and_then(|date| date.get(..8))
        && of_date != day
    {
        found.push(wrong(format!(
            "The signature is for the date {day}, and `X-Amz-Date` says {of_date}."
        )));
    }
    let (host_service, host_region) = of_host(host);
    if let Some(due) = host_region.filter(|due| due != region) {
        found.push(wrong(format!(
            "The signature is for the region `{region}`, and `{host}` is in `{due}`."
        )));
    }
    if let Some(due) = host_service.filter(|due| due != service) {
        found.push(wrong(format!(
            "The signature is for the service `{service}`, and `{host}` is `{due}`."
        )));
    }
    found
}

/// The service and the region that a host of AWS names, where it names them plainly.
fn of_host(host: &str) -> (Option<String>, Option<String>) {
    const NAMED: [&str; 14] = [
        "s3",
        "execute-api",
        "es",
        "aoss",
        "lambda",
        "dynamodb",
        "sqs",
        "sns",
        "sts",
        "iam",
        "kms",
        "ec2",
        "secretsmanager",
        "ssm",
    ];
    let ours = [".amazonaws.com", ".amazonaws.com.cn", ".on.aws"];
    if !ours.iter().any(|end| host.ends_with(end)) {
        return (None, None);
    }
    let labels: Vec<&str> = host.split('.').collect();
    let region = labels.iter().position(|label| is_region(label));
    let older = labels
        .iter()
        .find_map(|label| label.strip_prefix("s3-").filter(|region| is_region(region)));
    let beside = region
        .into_iter()
        .flat_map(|at| [at.checked_sub(1), Some(at + 1)])
        .flatten();
    let service = beside
        .filter_map(|at| labels.get(at))
        .find(|label| NAMED.contains(label) || **label == "lambda-url")
        .map(|label| label.trim_end_matches("-url").to_owned());
    let region = region.and_then(|at| labels.get(at).copied()).or(older);
    (service, region.map(str::to_owned))
}

/// `eu-west-1`, `us-gov-east-1`.
fn is_region(label: &str) -> bool {
    let parts: Vec<&str> = label.split('-').collect();
    let digit = |text: &&str| text.len() == 1 && text.bytes().all(|byte| byte.is_ascii_digit());
    let word = |text: &&str| text.bytes().all(|byte| byte.is_ascii_lowercase()) && text.len() > 1;
    matches!(parts.as_slice(), [area, middle @ .., number]
        if area.len() == 2 && word(area) && !middle.is_empty() && middle.iter().all(word) && digit(number))
}

fn date_of(signed: &Signed, request: &Request, date: Option<&str>, now: i64) -> Vec<Finding> {
    let Some(date) = date else {
        if request.fields.has("date") {
            return Vec::new();
        }
        let evidence = "The request is signed and has neither `X-Amz-Date` nor `Date`.";
        return vec![Finding::new(
            Cause::CompanionHeaderMissing,
            Weight::Strong,
            evidence,
        )];
    };
    match time::basic_format(date) {
        // How long a presigned URL counts, it says itself.
        Some(at) if signed.presigned => time::ahead(at, now, "The presigned URL counts from")
            .into_iter()
            .filter(|found| found.weight == Weight::Strong)
            .collect(),
        Some(at) => time::skew(at, now, SIGNATURE_SECS, "`X-Amz-Date`"),
        None => {
            let evidence = "`X-Amz-Date` is not of the form `20260101T120000Z`.";
            vec![Finding::new(
                Cause::HeaderMalformed,
                Weight::Strong,
                evidence,
            )]
        }
    }
}

/// Temporary keys count together with their session token only.
fn session(signed: &Signed, request: &Request) -> Option<Finding> {
    let temporary = signed
        .credential
        .first()
        .is_some_and(|id| id.starts_with("ASIA"));
    let name = "X-Amz-Security-Token";
    let there = request.fields.has(name) || parameter(request, name).is_some();
    (temporary && !there).then(|| {
        let evidence = "The access key id begins with `ASIA`, so it is temporary, and `X-Amz-Security-Token` is missing.";
        Finding::new(Cause::CompanionHeaderMissing, Weight::Strong, evidence)
    })
}

/// Fields that hops on the way write or change.
const CHANGED_ON_THE_WAY: [&str; 12] = [
    "connection",
    "accept-encoding",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-forwarded-host",
    "transfer-encoding",
    "content-encoding",
    "te",
    "via",
    "x-amzn-trace-id",
    "expect",
    "user-agent",
];

fn headers(signed: &Signed, request: &Request) -> Vec<Finding> {
    let names: Vec<String> = signed
        .headers
        .iter()
        .map(|name| name.to_ascii_lowercase())
        .collect();
    let has = |name: &str| names.iter().any(|other| other == name);
    let mut found = Vec::new();
    if !has("host") && !has(":authority") {
        let evidence = "`host` is not among the signed headers, and it has to be.";
        found.push(Finding::new(
            Cause::SignatureCanonicalization,
            Weight::Strong,
            evidence,
        ));
    }
    if !signed.headers.is_sorted() || names != signed.headers {
        let evidence = "The list of signed headers is not in lower case and in order, as the signature's form wants it.";
        found.push(Finding::new(
            Cause::SignatureCanonicalization,
            Weight::Fair,
            evidence,
        ));
    }
    let own = ["host", ":authority", "content-length"];
    let missing = names.iter().find(|name| {
        !own.contains(&name.as_str()) && !name.is_empty() && !request.fields.has(name)
    });
    if let Some(name) = missing {
        let evidence = format!("`{name}` was signed, and the request does not have it.");
        found.push(Finding::new(
            Cause::SignedPartAltered,
            Weight::Strong,
            evidence,
        ));
    }
    if let Some(name) = CHANGED_ON_THE_WAY.iter().find(|name| has(name)) {
        let weight = if *name == "user-agent" {
            Weight::Slight
        } else {
            Weight::Fair
        };
        let evidence =
            format!("`{name}` is signed, and proxies and clients change that field on the way.");
        found.push(Finding::new(Cause::SignedPartAltered, weight, evidence));
    }
    found
}

/// The hash that was signed, against the body that is there.
fn body(request: &Request) -> Option<Finding> {
    let signed = request.fields.text("x-amz-content-sha256")?;
    let signed = signed.trim();
    if signed.len() != 64 || !signed.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    // A recording may have left the body out.
    let body = match &request.body {
        Some(body) => body.as_slice(),
        None if request.is_safe() => &[],
        None => return None,
    };
    let hash = digest::digest(&digest::SHA256, body);
    let hash: String = hash
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    (!hash.eq_ignore_ascii_case(signed)).then(|| {
        let evidence =
            "`x-amz-content-sha256` is the hash of another body than the one that is sent.";
        Finding::new(Cause::SignedPartAltered, Weight::Strong, evidence)
    })
}

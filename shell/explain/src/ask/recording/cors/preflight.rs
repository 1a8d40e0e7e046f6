//! The answer to a recorded preflight.
//!
//! Knows: the CORS-preflight fetch of the Fetch standard. Does not know the answer to the request after it.

use countersign_cause::{Cause, Who};

use crate::credential::is_telling_field;
use crate::exchange::{is_sign_in, target};
use crate::finding::{Finding, Fix, Weight};
use crate::message::{Answer, Request};

use super::super::view::View;
use super::{allow, names, origin_of};

/// The names that a preflight asks for, in lower case.
pub(super) fn asked_for(preflight: &Request) -> Vec<String> {
    let asked = preflight
        .fields
        .text("access-control-request-headers")
        .unwrap_or_default();
    let names = asked
        .split(',')
        .map(|name| name.trim().to_ascii_lowercase());
    names.filter(|name| !name.is_empty()).collect()
}

/// What the browser finds wrong with the answer; empty where it goes on.
pub(super) fn look(
    view: &View<'_>,
    preflight: &Request,
    answer: &Answer,
    by: &str,
) -> Vec<Finding> {
    let own = origin_of(preflight)
        .or_else(|| view.maker.origin.clone())
        .unwrap_or_else(|| "null".to_owned());
    // A browser that hides everything of a failed preflight leaves nothing to look at.
    if answer.status == 0 {
        return Vec::new();
    }
    if answer.is_redirect() {
        return redirected(preflight, answer, by);
    }
    if !answer.is_success() {
        return refused(answer, by, &own);
    }
    if let Some(finding) = origin(view, answer, by, &own) {
        return vec![finding];
    }
    headers(view, preflight, answer, by).into_iter().collect()
}

fn before_authentication() -> Fix {
    Fix::new(
        Who::Server,
        "Answer OPTIONS with `Origin` and `Access-Control-Request-Method` before the authentication step: put CORS first, then authentication.",
    )
}

/// Fetch standard, CORS-preflight fetch: a status that is not a success is a network error.
fn refused(answer: &Answer, by: &str, own: &str) -> Vec<Finding> {
    let status = answer.status;
    let has_origin = answer.fields.has("access-control-allow-origin");
    let challenged = answer.fields.has("www-authenticate");
    let says_origin = answer.text().to_ascii_lowercase().contains("cors");
    let evidence =
        format!("{by} was answered with {status}, and a preflight can carry no credentials");
    let challenge = |weight| {
        Finding::new(Cause::PreflightChallenged, weight, evidence.clone())
            .with_fix(before_authentication())
    };
    let denied = |weight| {
        let evidence = format!("{by} was answered with {status} for the origin {own}");
        Finding::new(Cause::OriginNotAllowed, weight, evidence).with_fix(allow(own))
    };
    match status {
        401 | 407 => vec![challenge(Weight::Proof)],
        403 if says_origin => vec![denied(Weight::Strong)],
        403 if challenged => vec![challenge(Weight::Proof)],
        403 if has_origin => vec![challenge(Weight::Fair), denied(Weight::Slight)],
        403 => vec![challenge(Weight::Strong), denied(Weight::Fair)],
        _ => {
            let evidence = format!(
                "{by} was answered with {status}: the server does not answer preflights here"
            );
            let fix = Fix::new(
                Who::Server,
                format!(
                    "Answer OPTIONS on this path with 204, `Access-Control-Allow-Origin: {own}` and the names of the headers that the page sends."
                ),
            );
            vec![Finding::new(Cause::CorsHeaderNotAllowed, Weight::Fair, evidence).with_fix(fix)]
        }
    }
}

/// Fetch standard: the preflight does not follow redirects.
fn redirected(preflight: &Request, answer: &Answer, by: &str) -> Vec<Finding> {
    let Some(to) = target(preflight, answer) else {
        return Vec::new();
    };
    let status = answer.status;
    let place = format!("{}{}", to.origin().ascii_serialization(), to.path());
    let call = Fix::new(
        Who::Client,
        format!("Call {place} directly: browsers do not follow a redirect of a preflight."),
    );
    let evidence = format!(
        "{by} was answered with {status} to {place}, and browsers do not follow a redirect of a preflight"
    );
    let finding = if is_sign_in(&to) {
        Finding::new(Cause::PreflightChallenged, Weight::Strong, evidence)
            .with_fix(before_authentication())
    } else if preflight.url.scheme() == "https" && to.scheme() == "http" {
        Finding::new(Cause::RedirectToHttp, Weight::Strong, evidence)
    } else {
        Finding::new(Cause::RedirectDroppedCredentials, Weight::Fair, evidence).with_fix(call)
    };
    vec![finding]
}

/// The origin that the answer allows against the page's own.
fn origin(view: &View<'_>, answer: &Answer, by: &str, own: &str) -> Option<Finding> {
    let allowed = answer.fields.text("access-control-allow-origin");
    let Some(allowed) = allowed.as_deref().map(str::trim) else {
        let evidence =
            format!("{by} was answered without `Access-Control-Allow-Origin` for the origin {own}");
        return Some(
            Finding::new(Cause::OriginNotAllowed, Weight::Strong, evidence).with_fix(allow(own)),
        );
    };
    if allowed == own {
        return None;
    }
    if allowed != "*" {
        let evidence =
            format!("{by} was answered for the origin `{allowed}`, and the page is of {own}");
        return Some(
            Finding::new(Cause::OriginNotAllowed, Weight::Proof, evidence).with_fix(allow(own)),
        );
    }
    let carries = view.request.fields.has("cookie");
    let says = answer.fields.has("access-control-allow-credentials");
    let weight = match (view.is_hidden(), carries || says) {
        (true, true) => Weight::Proof,
        (true, false) | (false, _) => return None,
    };
    let evidence = format!(
        "{by} was answered with `Access-Control-Allow-Origin: *`, which does not hold for a request with credentials"
    );
    Some(Finding::new(Cause::CorsWildcardWithCredentials, weight, evidence).with_fix(allow(own)))
}

/// The names that the answer allows against those that were asked for.
fn headers(view: &View<'_>, preflight: &Request, answer: &Answer, by: &str) -> Option<Finding> {
    let allowed = names(answer, "access-control-allow-headers");
    let star = allowed.iter().any(|name| name == "*");
    let mut lacking: Vec<String> = asked_for(preflight)
        .into_iter()
        .filter(|name| !allowed.contains(name) && (!star || name == "authorization"))
        .collect();
    lacking.sort_by_key(|name| name != "authorization" && !is_telling_field(name));
    let name = lacking.first()?;
    let fix = Fix::new(
        Who::Server,
        format!(
            "Answer the preflight with `Access-Control-Allow-Headers: {}`.",
            asked_for(preflight).join(", ")
        ),
    );
    // Chromium still lets the star cover `Authorization`; only a request that was stopped shows that it did not.
    let stopped = view.is_hidden() || view.status() == 0;
    if star {
        let evidence = format!(
            "{by} was answered with `Access-Control-Allow-Headers: *`, and the star never covers `Authorization`"
        );
        let weight = if stopped { Weight::Proof } else { Weight::Fair };
        return Some(
            Finding::new(Cause::CorsWildcardWithCredentials, weight, evidence).with_fix(fix),
        );
    }
    let evidence = match allowed.is_empty() {
        true => {
            format!("{by} asked for `{name}`, and the answer has no `Access-Control-Allow-Headers`")
        }
        false => format!(
            "{by} asked for `{name}`, and the answer allows only {}",
            allowed.join(", ")
        ),
    };
    let weight = if stopped {
        Weight::Proof
    } else {
        Weight::Slight
    };
    Some(Finding::new(Cause::CorsHeaderNotAllowed, weight, evidence).with_fix(fix))
}

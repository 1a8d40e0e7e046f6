//! CORS as it was recorded: the preflight's answer and the fields of the answer itself.
//!
//! Knows: the checks of the Fetch standard, and which of them the recorded answers fail. Sends no preflight of its own.

mod preflight;

use countersign_cause::{Cause, Who};

use crate::exchange::{is_preflight, is_preflight_of, named};
use crate::finding::{Finding, Fix, Weight};
use crate::message::{Answer, Request};

use super::view::View;

pub(super) fn look(view: &View<'_>) -> Vec<Finding> {
    if is_preflight(view.request) {
        // The recorder sees the preflight alone, since the browser stops after it.
        return match view.answer {
            Some(answer) => preflight::look(view, view.request, answer, "the preflight"),
            None => Vec::new(),
        };
    }
    if !view.maker.is_cors() && !view.is_hidden() {
        return Vec::new();
    }
    let mut found = sanitised(view);
    let preflight = view
        .others()
        .filter(|other| is_preflight_of(&other.request, view.request))
        .min_by_key(|other| {
            let start = other.recorded.started_unix_ms.unwrap_or_default();
            start.abs_diff(view.at_unix_ms)
        });
    let mut preflight_passed = false;
    if let Some((asked, answer)) = preflight.and_then(|other| Some((other, other.answer.as_ref()?)))
    {
        let by = format!("the preflight, {},", named(asked));
        let failed = preflight::look(view, &asked.request, answer, &by);
        preflight_passed = failed.is_empty() && answer.status > 0;
        found.extend(failed);
    }
    if found
        .iter()
        .all(|finding| finding.weight <= Weight::Against)
    {
        found.extend(answer(view, preflight_passed));
    }
    found
}

/// The preflight asked for a field that the recorded request lacks: the recording was cleaned of secrets, and what is
/// absent in it may have been sent.
fn sanitised(view: &View<'_>) -> Vec<Finding> {
    let asked = view.others().find(|other| {
        is_preflight_of(&other.request, view.request)
            && preflight::asked_for(&other.request)
                .iter()
                .any(|name| name == "authorization")
    });
    if asked.is_none() || view.request.fields.has("authorization") {
        return Vec::new();
    }
    let seen =
        "the preflight announced `Authorization`, which the recording of the request leaves out";
    let absent = [Cause::CredentialsMissing, Cause::CredentialsNotApplied];
    let excluded = absent.into_iter();
    excluded
        .map(|cause| Finding::new(cause, Weight::Excludes, seen))
        .collect()
}

/// What the answer to the request itself lacks.
fn answer(view: &View<'_>, preflight_passed: bool) -> Vec<Finding> {
    let own = view.maker.origin.as_deref().unwrap_or("null");
    let Some(answer) = view
        .answer
        .filter(|answer| answer.status != 0 || !answer.fields.is_empty())
    else {
        return unseen(view, preflight_passed);
    };
    let hidden = view.is_hidden();
    let status = answer.status;
    match answer.fields.text("access-control-allow-origin") {
        None if matches!(status, 400..=599) => {
            let weight = match hidden {
                true => Weight::Strong,
                false => Weight::Fair,
            };
            let evidence = format!(
                "the answer {status} has no `Access-Control-Allow-Origin`, so the page of {own} sees a network error in its place"
            );
            vec![Finding::new(Cause::CorsHidesRefusal, weight, evidence).with_fix(on_errors(own))]
        }
        None if hidden => {
            let evidence = format!(
                "the answer has no `Access-Control-Allow-Origin`, so the browser kept it from the page of {own}"
            );
            vec![Finding::new(Cause::OriginNotAllowed, Weight::Fair, evidence).with_fix(allow(own))]
        }
        Some(allowed) if allowed.trim() == "*" => wildcard(view, answer, hidden),
        Some(allowed) if allowed.trim() != own => {
            let weight = if hidden { Weight::Proof } else { Weight::Fair };
            let evidence = format!(
                "the server allows the origin `{}`, and the page is of {own}",
                allowed.trim()
            );
            vec![Finding::new(Cause::OriginNotAllowed, weight, evidence).with_fix(allow(own))]
        }
        Some(_) if hidden => credentials_not_allowed(view, answer, own),
        Some(_) | None => Vec::new(),
    }
}

/// Nothing of the answer is recorded.
fn unseen(view: &View<'_>, preflight_passed: bool) -> Vec<Finding> {
    if !view.is_hidden() {
        return Vec::new();
    }
    let own = view.maker.origin.as_deref().unwrap_or("null");
    let origin = view.request.origin();
    let other_passed = view.others().any(|other| {
        let answer = other.answer.as_ref();
        other.request.origin() == origin
            && !is_preflight(&other.request)
            && answer.is_some_and(|a| a.is_success() && a.fields.has("access-control-allow-origin"))
    });
    let (weight, seen) = match (preflight_passed, other_passed) {
        (true, _) => (
            Weight::Strong,
            "the preflight was in order, and yet the browser hid the answer: the answer itself lacks the CORS fields, as answers outside of the CORS step do",
        ),
        (false, true) => (
            Weight::Strong,
            "other answers of this server have CORS fields, and the browser hid this one",
        ),
        (false, false) => (Weight::Slight, "the browser hid the answer from the page"),
    };
    let mut found =
        vec![Finding::new(Cause::CorsHidesRefusal, weight, seen).with_fix(on_errors(own))];
    if weight == Weight::Slight {
        let evidence = format!("the browser hid the answer from the page of {own}");
        found.push(
            Finding::new(Cause::OriginNotAllowed, Weight::Slight, evidence).with_fix(allow(own)),
        );
    }
    found
}

/// Fetch standard, CORS check: `*` holds only where the request carries no credentials.
fn wildcard(view: &View<'_>, answer: &Answer, hidden: bool) -> Vec<Finding> {
    let own = view.maker.origin.as_deref().unwrap_or("null");
    let carries = view.request.fields.has("cookie");
    let says = answer.fields.has("access-control-allow-credentials");
    let weight = match (hidden, carries || says) {
        (true, true) => Weight::Proof,
        (true, false) => Weight::Strong,
        (false, true) => Weight::Slight,
        (false, false) => return Vec::new(),
    };
    let evidence = format!(
        "the answer says `Access-Control-Allow-Origin: *`, which does not hold for a request with credentials of the page of {own}"
    );
    vec![Finding::new(Cause::CorsWildcardWithCredentials, weight, evidence).with_fix(allow(own))]
}

/// The origin fits, and the answer was hidden: what is left is that credentials are not allowed.
fn credentials_not_allowed(view: &View<'_>, answer: &Answer, own: &str) -> Vec<Finding> {
    let said = answer.fields.text("access-control-allow-credentials");
    if said.as_deref().map(str::trim) == Some("true") || !view.request.fields.has("cookie") {
        return Vec::new();
    }
    let said = said.as_deref().unwrap_or("nothing").to_owned();
    let evidence = format!(
        "the request carries cookies, and `Access-Control-Allow-Credentials` is {said} where it must be `true`"
    );
    vec![
        Finding::new(Cause::CorsWildcardWithCredentials, Weight::Strong, evidence)
            .with_fix(allow(own)),
    ]
}

fn on_errors(own: &str) -> Fix {
    Fix::new(
        Who::Server,
        format!(
            "Run the CORS step before the authentication step, and put `Access-Control-Allow-Origin: {own}` on refusals as well (in nginx: `add_header ... always;`). Then look at the refusal that it hides."
        ),
    )
}

fn allow(own: &str) -> Fix {
    Fix::new(
        Who::Server,
        format!(
            "Put {own} on the list of allowed origins, to the letter, and answer it with `Access-Control-Allow-Origin: {own}`, `Access-Control-Allow-Credentials: true` and `Vary: Origin`."
        ),
    )
}

/// Names of a field that lists names, in lower case.
fn names(answer: &Answer, field: &str) -> Vec<String> {
    let lines = answer.fields.all(field).map(String::from_utf8_lossy);
    let split = |line: std::borrow::Cow<'_, str>| -> Vec<String> {
        let names = line.split(',').map(|name| name.trim().to_ascii_lowercase());
        names.filter(|name| !name.is_empty()).collect()
    };
    lines.flat_map(split).collect()
}

fn origin_of(preflight: &Request) -> Option<String> {
    let origin = preflight.fields.text("origin")?;
    Some(origin.trim().to_owned())
}

//! Requests to other addresses with the very same token, later in the recording, that are let through.
//!
//! Knows: that the token is good then, and what is left. The same address again is `tokens::again`'s, cookies are
//! `session`'s.

use countersign_cause::Cause;

use crate::case::Exchange;
use crate::exchange::{is_preflight, named, status};
use crate::finding::{Finding, Weight};

use super::view::View;

pub(super) fn look(view: &View<'_>) -> Vec<Finding> {
    let sent = view.request.fields.all("authorization").next();
    let (Some(sent), 401, false) = (sent, view.status(), is_preflight(view.request)) else {
        return Vec::new();
    };
    let origin = view.request.origin();
    let passes = |other: &&Exchange| {
        other.request.origin() == origin
            && other.request.url.path() != view.request.url.path()
            && (200..300).contains(&status(other))
            && other.request.fields.all("authorization").next() == Some(sent)
    };
    let Some(after) = view.case.after.iter().find(passes) else {
        return Vec::new();
    };
    let evidence = format!(
        "{} carries the very same `Authorization`, comes after this refusal and is let through: the credential is good",
        named(after)
    );
    // RFC 6750 section 3.1: a token that is judged and found wanting is told so.
    let silent = view.answer.is_some_and(|answer| {
        let challenges = answer.challenges().challenges;
        let mut asks = challenges.iter().filter(|one| one.is("bearer"));
        asks.next().is_some_and(|one| one.param("error").is_none())
    });
    let left: &[(Cause, Weight)] = match silent {
        true => &[
            (Cause::ErrorPageProtected, Weight::Fair),
            (Cause::PipelineMisordered, Weight::Slight),
            (Cause::ForbiddenReportedAsUnauthorized, Weight::Slight),
        ],
        false => &[
            (Cause::ForbiddenReportedAsUnauthorized, Weight::Fair),
            (Cause::ErrorPageProtected, Weight::Slight),
        ],
    };
    let mut found: Vec<Finding> = left
        .iter()
        .map(|(cause, weight)| Finding::new(*cause, *weight, evidence.clone()))
        .collect();
    for cause in [
        Cause::CredentialsRejected,
        Cause::TokenExpired,
        Cause::TokenRevoked,
    ] {
        found.push(Finding::new(cause, Weight::Against, String::new()));
    }
    found
}

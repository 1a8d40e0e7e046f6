//! A challenge in the recording that nobody answered, or that was answered with an old nonce.
//!
//! Knows: what came after the challenge. Does not know which credentials the client has.

use countersign_cause::{Cause, Who};
use countersign_wire::challenge::Challenge;
use http::Version;

use crate::case::{Client, Exchange};
use crate::exchange::{named, status};
use crate::finding::{Finding, Fix, Weight};

use super::view::View;

pub(super) fn look(view: &View<'_>) -> Vec<Finding> {
    let Some(answer) = view.answer.filter(|answer| answer.status == 401) else {
        return Vec::new();
    };
    let challenges = answer.challenges().challenges;
    if view.request.fields.has("authorization") {
        return stale(view, &challenges).into_iter().collect();
    }
    let connection = challenges
        .iter()
        .any(|one| one.is("NTLM") || one.is("Negotiate"));
    if connection
        && answer.version == Version::HTTP_2
        && challenges
            .iter()
            .all(|one| one.is("NTLM") || one.is("Negotiate"))
    {
        let evidence = "the server challenges for NTLM or Negotiate over HTTP/2, where they can't work, and the client did not answer";
        return vec![Finding::new(Cause::NtlmOverHttp2, Weight::Strong, evidence)];
    }
    unanswered(view, &challenges).into_iter().collect()
}

/// Schemes that a client takes up only when it is challenged.
fn is_interactive(challenge: &Challenge) -> bool {
    ["Basic", "Digest", "NTLM", "Negotiate"]
        .iter()
        .any(|word| challenge.is(word))
}

fn unanswered(view: &View<'_>, challenges: &[Challenge]) -> Option<Finding> {
    let challenge = challenges.iter().find(|one| is_interactive(one))?;
    let (word, same) = (challenge.scheme_word(), |other: &&Exchange| {
        other.request.url == view.request.url && other.request.method == view.request.method
    });
    let tries = view
        .others()
        .filter(same)
        .filter(|other| status(other) == 401)
        .count();
    let answers_elsewhere = view.others().find(|other| {
        other.request.origin() == view.request.origin() && other.request.fields.has("authorization")
    });
    let (weight, seen) = match answers_elsewhere {
        Some(other) if is_interactive(challenge) => (
            Weight::Fair,
            format!(
                "the challenge for {word} was not answered, although {} carries credentials for the same server",
                named(other)
            ),
        ),
        _ if tries > 0 => (
            Weight::Fair,
            format!(
                "the same request was challenged for {word} {} times and never answered",
                tries + 1
            ),
        ),
        _ if view.case.client != Client::Browser => (
            Weight::Fair,
            format!(
                "the server challenged for {word}, and no request with credentials follows in the recording"
            ),
        ),
        Some(_) | None => (
            Weight::Slight,
            format!(
                "the server challenged for {word}, and no request with credentials follows in the recording"
            ),
        ),
    };
    let fix = Fix::new(
        Who::Client,
        format!("Answer the challenge with {word} credentials, or send them at once."),
    );
    Some(Finding::new(Cause::ChallengeUnanswered, weight, seen).with_fix(fix))
}

/// RFC 7616 section 3.3: `stale=true` says that only the nonce is old.
fn stale(view: &View<'_>, challenges: &[Challenge]) -> Option<Finding> {
    let is_stale = |one: &Challenge| {
        let stale = one.param("stale");
        one.is("Digest") && stale.is_some_and(|stale| stale.eq_ignore_ascii_case("true"))
    };
    let went_on = view.case.after.iter().any(|other| {
        other.request.url == view.request.url && other.request.fields.has("authorization")
    });
    let stale = challenges.iter().any(is_stale) && !went_on;
    stale.then(|| {
        let evidence =
            "the server says `stale=true`, and the client did not go on with the new nonce";
        Finding::new(Cause::DigestNonceStale, Weight::Strong, evidence)
    })
}

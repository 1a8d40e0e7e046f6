//! A refresh token that was used before, or at the same time by another request.
//!
//! Knows: rotation as the recording shows it. Does not know the server's grace period.

use countersign_cause::{Cause, Who};

use crate::case::Exchange;
use crate::exchange::{members_of, named, status, token_error, token_parameters};
use crate::finding::{Finding, Fix, Weight};

use super::super::view::View;
use super::{Grant, parameter};

/// Requests that begin so close together did not know of each other.
const PARALLEL_MS: i64 = 1000;

pub(super) fn look(view: &View<'_>, grant: &Grant<'_>) -> Vec<Finding> {
    let Some(token) = grant.parameter("refresh_token") else {
        return Vec::new();
    };
    let accepted = view.others().find(|other| {
        uses(other, token) && (200..300).contains(&status(other)) && is_not_long_after(view, other)
    });
    let found = match accepted {
        Some(other) => Some(used(view, other, token)),
        None => outdated(view, token),
    };
    found.into_iter().collect()
}

fn is_not_long_after(view: &View<'_>, other: &Exchange) -> bool {
    let start = other.recorded.started_unix_ms;
    start.is_none_or(|start| start <= view.at_unix_ms + PARALLEL_MS)
}

fn uses(other: &Exchange, token: &str) -> bool {
    let sent = token_parameters(&other.request);
    sent.is_some_and(|(_, pairs)| parameter(&pairs, "refresh_token") == Some(token))
}

fn given_by(other: &Exchange) -> Option<String> {
    let members = members_of(&other.answer.as_ref()?.body);
    parameter(&members, "refresh_token").map(str::to_owned)
}

fn used(view: &View<'_>, other: &Exchange, token: &str) -> Finding {
    let by = named(other);
    let start = other.recorded.started_unix_ms.unwrap_or(view.at_unix_ms);
    let apart = start.abs_diff(view.at_unix_ms);
    let unfinished = other
        .recorded
        .ended_unix_ms
        .is_some_and(|end| end > view.at_unix_ms);
    let parallel = unfinished || apart < PARALLEL_MS.unsigned_abs();
    let rotated = given_by(other).is_some_and(|new| new != token);
    let weight = match rotated {
        true => Weight::Proof,
        false => Weight::Fair,
    };
    let (evidence, text) = match parallel {
        true => (
            format!(
                "{by} used the same refresh token {apart} ms apart and was given new tokens; the second use of it is refused"
            ),
            "Renew in one place only: let requests that find the token run out wait for one renewal that is under way, across tabs and processes with a lock.",
        ),
        false => (
            format!(
                "{by} used the same refresh token before and was given a new one, and this request sends the old one"
            ),
            "Store the `refresh_token` of each renewal in the place of the old one before anything else is sent. Sign in again now: the family of the token may be revoked.",
        ),
    };
    Finding::new(Cause::RefreshTokenReused, weight, evidence).with_fix(Fix::new(Who::Client, text))
}

/// A later answer gave another refresh token than the one that is sent.
fn outdated(view: &View<'_>, token: &str) -> Option<Finding> {
    let given: Vec<(&Exchange, String)> = view
        .done_before()
        .filter_map(|other| Some((other, given_by(other)?)))
        .collect();
    let (newest_by, newest) = given.last()?;
    let known = given.iter().any(|(_, other)| other == token);
    (newest != token && known).then(|| {
        let evidence = format!(
            "{} gave a newer refresh token than the one that is sent",
            named(newest_by)
        );
        Finding::new(Cause::RefreshTokenReused, Weight::Strong, evidence)
    })
}

/// A token that is refused after a refresh token of its family was used twice.
pub(super) fn aftermath(view: &View<'_>) -> Option<Finding> {
    if view.status() != 401 || !view.request.fields.has("authorization") {
        return None;
    }
    let refused = view.done_before().find(|other| {
        let error = other.answer.as_ref().and_then(token_error);
        let sent = token_parameters(&other.request);
        let token =
            sent.and_then(|(_, pairs)| parameter(&pairs, "refresh_token").map(str::to_owned));
        let twice = token
            .is_some_and(|token| view.done_before().filter(|one| uses(one, &token)).count() > 1);
        error.is_some_and(|(error, _)| error == "invalid_grant") && twice
    })?;
    let evidence = format!(
        "{} used a refresh token for the second time, upon which servers revoke the tokens of its family",
        named(refused)
    );
    Some(Finding::new(Cause::TokenRevoked, Weight::Fair, evidence))
}

//! A renewal at an end point of the service's own: the refresh token as a member of a JSON object.
//!
//! Knows: a refresh token that is a JWT, and its end. Does not know other forms.

use countersign_cause::{Cause, Who};
use countersign_jose::Hearsay;

use crate::exchange::members_of;
use crate::finding::{Finding, Fix, Weight};
use crate::message::{Answer, Request};

/// What the refresh token in the body says of itself.
pub(super) fn look(
    request: &Request,
    answer: Option<&Answer>,
    at_unix_secs: i64,
) -> Option<Finding> {
    if answer.is_some_and(|answer| answer.status < 400) {
        return None;
    }
    let members = members_of(request.body.as_deref()?);
    let (name, value) = members
        .iter()
        .find(|(name, _)| name.to_ascii_lowercase().contains("refresh"))?;
    let heard = Hearsay::of(value.as_bytes())?;
    let ended_secs = at_unix_secs - heard.expires_unix_secs()?;
    (ended_secs > 0).then(|| {
        let evidence =
            format!("the refresh token in `{name}` ran out {ended_secs} s before the request");
        let fix = Fix::new(
            Who::User,
            "Sign in again: a refresh token that has run out cannot be renewed.",
        );
        Finding::new(Cause::RefreshTokenExpired, Weight::Strong, evidence).with_fix(fix)
    })
}

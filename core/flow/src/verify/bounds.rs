//! What bounds a verified credential, looked at for every request, also where the verification itself is remembered.
//!
//! Knows: time, issuer and audience. Does not know demands. RFC 8725 sections 3.8 and 3.9.

use countersign_cause::Cause;

use crate::rules::{IssuerRules, RouteRules, Rules};
use crate::verified::{Bounds, TokenBounds};

pub(crate) fn check(
    bounds: &Bounds,
    route: &RouteRules,
    rules: &Rules,
    now_unix_secs: i64,
) -> Result<(), (Cause, &'static str)> {
    match bounds {
        Bounds::Password => Ok(()),
        Bounds::Session { expires_unix_secs } => check_session(*expires_unix_secs, now_unix_secs),
        Bounds::Key {
            expires_unix_secs,
            revoked_unix_secs,
        } => check_key(*expires_unix_secs, *revoked_unix_secs, now_unix_secs),
        Bounds::Token(bounds) => check_token(bounds, route, rules, now_unix_secs),
    }
}

/// Whether the issuer that vouched for a credential is one whose word counts on this route: of an opaque token, another
/// issuer may have another opinion.
pub(crate) fn is_of_route(bounds: &Bounds, route: &RouteRules) -> bool {
    match bounds {
        Bounds::Password | Bounds::Session { .. } | Bounds::Key { .. } => true,
        Bounds::Token(bounds) => route.issuers.contains(&bounds.issuer),
    }
}

fn check_token(
    bounds: &TokenBounds,
    route: &RouteRules,
    rules: &Rules,
    now_unix_secs: i64,
) -> Result<(), (Cause, &'static str)> {
    let issuer = rules.issuers.get(bounds.issuer);
    let Some(issuer) = issuer.filter(|_| route.issuers.contains(&bounds.issuer)) else {
        return Err((
            Cause::IssuerMismatch,
            "the route takes no tokens of this issuer",
        ));
    };
    let leeway = i64::from(issuer.leeway_secs);
    // RFC 7519 section 4.1.4: on or after `exp` the token must not be accepted, leeway apart.
    if bounds
        .expires_unix_secs
        .is_some_and(|end| end.saturating_add(leeway) <= now_unix_secs)
    {
        return Err((Cause::TokenExpired, "`exp` is in the past"));
    }
    if bounds
        .not_before_unix_secs
        .is_some_and(|start| start.saturating_sub(leeway) > now_unix_secs)
    {
        return Err((Cause::TokenNotYetValid, "`nbf` is in the future"));
    }
    let Some(audiences) = &bounds.audiences else {
        return Ok(());
    };
    // RFC 7519 section 4.1.3: the processor must find itself among the audiences.
    let wanted = audiences_of(route, issuer);
    if audiences.iter().any(|audience| wanted.contains(audience)) {
        Ok(())
    } else {
        Err((
            Cause::AudienceMismatch,
            "`aud` names none of the audiences of this route",
        ))
    }
}

/// Whether a session has reached the age at which everybody signs in again.
pub(crate) const fn check_session(
    expires_unix_secs: i64,
    now_unix_secs: i64,
) -> Result<(), (Cause, &'static str)> {
    if expires_unix_secs <= now_unix_secs {
        return Err((
            Cause::SessionExpired,
            "the session has reached its greatest age",
        ));
    }
    Ok(())
}

/// Whether a key may still be used. A revocation in the future is a period of grace.
pub(crate) fn check_key(
    expires_unix_secs: Option<i64>,
    revoked_unix_secs: Option<i64>,
    now_unix_secs: i64,
) -> Result<(), (Cause, &'static str)> {
    let past = |time: Option<i64>| time.is_some_and(|time| time <= now_unix_secs);
    if past(revoked_unix_secs) {
        return Err((Cause::CredentialRevoked, "the API key was revoked"));
    }
    if past(expires_unix_secs) {
        return Err((Cause::CredentialExpired, "the API key is past its date"));
    }
    Ok(())
}

/// The audiences that a route takes of an issuer.
pub(crate) fn audiences_of<'c>(route: &'c RouteRules, issuer: &'c IssuerRules) -> &'c [String] {
    route.audiences.as_deref().unwrap_or(&issuer.audiences)
}

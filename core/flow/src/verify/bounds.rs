//! What bounds a verified credential, looked at for every request, also where the verification itself is remembered.
//!
//! Knows: time, issuer and audience. Does not know demands. RFC 8725 sections 3.8 and 3.9.

use countersign_cause::Cause;

use crate::rules::{IssuerRules, RouteRules, Rules};
use crate::verified::{Bounds, Principal, TokenBounds};

pub(crate) fn check(
    bounds: &Bounds,
    route: &RouteRules,
    rules: &Rules,
    now_unix_secs: i64,
) -> Result<(), (Cause, &'static str)> {
    match bounds {
        Bounds::Password | Bounds::Certificate => Ok(()),
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
        Bounds::Password | Bounds::Session { .. } | Bounds::Key { .. } | Bounds::Certificate => {
            true
        }
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
    let leeway = i64::from(leeway_secs_of(route, issuer));
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

/// By how much clocks may differ for a token on a route.
pub(crate) fn leeway_secs_of(route: &RouteRules, issuer: &IssuerRules) -> u32 {
    route.leeway_secs.unwrap_or(issuer.leeway_secs)
}

/// How long ago the sign-in was that a credential came of; `None` where that is not known. For a token it is made less by
/// what clocks may differ, and one that lies further ahead than that is none.
pub(crate) fn sign_in_age_secs(
    principal: &Principal,
    route: &RouteRules,
    rules: &Rules,
    now_unix_secs: i64,
) -> Option<i64> {
    let at_unix_secs = principal.identity.sign_in.at_unix_secs?;
    let age_secs = now_unix_secs.saturating_sub(at_unix_secs);
    let leeway_secs = match &principal.bounds {
        // Times of the store's own, of instances whose clocks may differ a little.
        Bounds::Password | Bounds::Session { .. } | Bounds::Key { .. } | Bounds::Certificate => {
            return Some(age_secs);
        }
        Bounds::Token(bounds) => {
            i64::from(leeway_secs_of(route, rules.issuers.get(bounds.issuer)?))
        }
    };
    (age_secs >= leeway_secs.saturating_neg()).then(|| age_secs.saturating_sub(leeway_secs))
}

/// The audiences that a route takes of an issuer.
pub(crate) fn audiences_of<'c>(route: &'c RouteRules, issuer: &'c IssuerRules) -> &'c [String] {
    route.audiences.as_deref().unwrap_or(&issuer.audiences)
}

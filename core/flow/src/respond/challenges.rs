//! The challenges of a refusal: one field line a scheme, in one order.
//!
//! Knows: which schemes the route accepts, and what Bearer says of its errors. Does not know the grammar, which is the
//! wire's.

use countersign_wire::bearer::server::{Ask, ErrorCode};
use countersign_wire::metadata::well_known_url;
use countersign_wire::{Scheme, api_key, basic, bearer};
use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderValue, StatusCode};

use super::manner;
use crate::refusal::Refusal;
use crate::rules::RouteRules;

/// Writes `WWW-Authenticate`. The strongest scheme comes first, since some clients read only the first line; each has a
/// line of its own, since others read only the first challenge of a line.
pub(crate) fn write(
    refusal: &Refusal<'_>,
    status: StatusCode,
    origin: &str,
    headers: &mut HeaderMap,
) {
    let Some(route) = refusal.route else { return };
    let error = bearer_error(refusal);
    // RFC 9110 section 11.6.1: a 401 carries at least one challenge. With 400 and 403 only a Bearer error is said, as
    // RFC 6750 section 3.1 has it.
    let all = status == StatusCode::UNAUTHORIZED;
    let mut add = |line: String| {
        if let Ok(value) = HeaderValue::from_str(&line) {
            headers.append(WWW_AUTHENTICATE, value);
        }
    };
    if route.accept.bearer && (all || error.is_some()) {
        add(bearer_line(refusal, route, error, origin));
    }
    if !all {
        return;
    }
    let rules = refusal.rules();
    if route.accept.api_key {
        add(api_key::server::challenge(
            &rules.realm,
            rules.api_key.header.as_ref().map(http::HeaderName::as_str),
        )
        .to_field_value());
    }
    if route.accept.basic {
        add(basic::server::challenge(&rules.realm).to_field_value());
    }
}

/// RFC 6750 section 3.1: an error is said only to who has shown a Bearer token, never to who has sent nothing.
fn bearer_error(refusal: &Refusal<'_>) -> Option<ErrorCode> {
    (refusal.scheme == Some(Scheme::Bearer))
        .then(|| manner::bearer_error(refusal.cause.told_as()))
        .flatten()
}

fn bearer_line(
    refusal: &Refusal<'_>,
    route: &RouteRules,
    error: Option<ErrorCode>,
    origin: &str,
) -> String {
    let resource = route.resource.as_deref().unwrap_or(origin);
    let metadata = well_known_url(resource).ok();
    let description = error.map(|_| match super::body::told_detail(refusal) {
        Some(detail) => format!("{} ({detail})", refusal.cause.told_as().entry().title),
        None => refusal.cause.told_as().entry().title.to_owned(),
    });
    // RFC 6750 section 3.1: with `insufficient_scope`, the scope that is needed.
    let scope: Vec<&str> = if refusal.missing_scopes.is_empty() {
        route.challenge_scope.split_ascii_whitespace().collect()
    } else {
        refusal.missing_scopes.clone()
    };
    bearer::server::challenge(&Ask {
        realm: &refusal.rules().realm,
        error,
        error_description: description.as_deref(),
        scope: &scope,
        resource_metadata: metadata.as_deref(),
    })
    .to_field_value()
}

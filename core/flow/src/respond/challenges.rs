//! The challenges of a refusal: one field line a scheme, in one order.
//!
//! Knows: which schemes the route accepts, and what Bearer and DPoP say of their errors. Does not know the grammar, which is the
//! wire's.

use std::borrow::Cow;
use std::sync::OnceLock;

use countersign_cause::Cause;
use countersign_policy::Demand;
use countersign_wire::bearer::server::{Ask, ErrorCode};
use countersign_wire::digest::offer::{self, Names, Offer};
use countersign_wire::dpop::{NONCE, server::ErrorCode as ProofError};
use countersign_wire::metadata::well_known_url;
use countersign_wire::{
    Challenge, Scheme, api_key, basic, bearer, certificate, dpop, session as wire,
};
use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::body::told_detail;
use super::{Mint, manner};
use crate::own::SessionPage;
use crate::refusal::Refusal;
use crate::rules::RouteRules;

/// Writes `WWW-Authenticate`. The strongest scheme comes first, since some clients read only the first line; each has a
/// line of its own, since others read only the first challenge of a line.
pub(crate) fn write(
    refusal: &Refusal<'_>,
    status: StatusCode,
    origin: &str,
    mint: Option<Mint<'_>>,
    headers: &mut HeaderMap,
) {
    let Some(route) = refusal.route else { return };
    let proof_error = proof_error(refusal);
    let error = bearer_error(refusal);
    // RFC 9110 section 11.6.1: a 401 carries at least one challenge. With 400 and 403 only a Bearer error is said, as
    // RFC 6750 section 3.1 has it.
    let all = status == StatusCode::UNAUTHORIZED;
    if route.accept.dpop && (all || proof_error.is_some()) {
        let dpop = dpop_challenge(refusal, route, proof_error, origin);
        if let Some(line) = line(&dpop) {
            headers.append(WWW_AUTHENTICATE, line);
        }
    }
    if route.accept.bearer && (all || error.is_some()) {
        let bearer = bearer_challenge(refusal, route, error, origin);
        if let Some(line) = line(&bearer) {
            headers.append(WWW_AUTHENTICATE, line);
        }
    }
    if !all {
        return;
    }
    let rules = refusal.rules();
    let written = &rules.written;
    if route.accept.api_key {
        add(headers, &written.api_key, || {
            let header = rules.api_key.header.as_ref().map(HeaderName::as_str);
            api_key::server::challenge(&rules.realm, header)
        });
    }
    if let Some(mint) = mint.filter(|_| route.accept.digest) {
        digest_challenges(refusal, mint, headers);
    }
    if route.accept.basic {
        add(headers, &written.basic, || {
            basic::server::challenge(&rules.realm)
        });
    }
    // RFC 9110 section 11.6.1 demands a challenge, and none is registered for sessions: one is made up only where
    // nothing else is offered.
    if let Some(session) = &rules.session
        && route.accept.session
        && !headers.contains_key(WWW_AUTHENTICATE)
    {
        add(headers, &written.session, || {
            let sign_in = SessionPage::SignIn.path();
            wire::challenge(&rules.realm, sign_in, &session.cookie)
        });
    }
    if route.accept.certificate && !headers.contains_key(WWW_AUTHENTICATE) {
        add(headers, &written.certificate, || {
            certificate::challenge(&rules.realm)
        });
    }
}

/// RFC 9449 section 9: what the next proof has to repeat. It goes with every challenge, so that it takes one round and not
/// two.
pub(crate) fn give_nonce(refusal: &Refusal<'_>, mint: Mint<'_>, headers: &mut HeaderMap) {
    let rules = refusal.rules();
    let wanted = refusal.route.is_some_and(|route| route.accept.dpop) && rules.dpop.nonce;
    if !wanted {
        return;
    }
    let nonce = mint
        .nonces
        .issue_for_proof(&rules.realm, mint.now_unix_secs);
    if let Ok(nonce) = HeaderValue::try_from(nonce) {
        headers.insert(NONCE, nonce);
    }
}

/// One challenge for each algorithm, the preferred first (RFC 7616 section 3.7), and one nonce for all of them.
fn digest_challenges(refusal: &Refusal<'_>, mint: Mint<'_>, headers: &mut HeaderMap) {
    let rules = refusal.rules();
    let nonce = mint.nonces.issue(&rules.realm, mint.now_unix_secs);
    let opaque = mint.nonces.opaque(&rules.realm);
    let mut names = Names::Lower;
    for algorithm in &rules.digest.algorithms {
        let offer = Offer {
            realm: &rules.realm,
            nonce: &nonce,
            algorithm: *algorithm,
            qop: &rules.digest.qop,
            opaque: &opaque,
            domain: &rules.digest.domain,
            stale: is_stale(refusal.cause),
            userhash: rules.digest.userhash,
        };
        if let Ok(value) = HeaderValue::try_from(offer::challenge(&offer, names)) {
            headers.append(WWW_AUTHENTICATE, value);
        }
        names = Names::Capital;
    }
}

/// RFC 7616 section 3.3: whether the client can go on with the new nonce without asking its user again. Both causes are
/// found only after the response was right, body and all.
fn is_stale(cause: Cause) -> bool {
    matches!(cause, Cause::DigestNonceStale | Cause::DigestNonceReplayed)
}

/// A challenge is visible ASCII whatever its parameters hold, so that none is left out here.
fn line(challenge: &Challenge) -> Option<HeaderValue> {
    HeaderValue::try_from(challenge.to_field_value()).ok()
}

fn add(
    headers: &mut HeaderMap,
    written: &OnceLock<Option<HeaderValue>>,
    challenge: impl FnOnce() -> Challenge,
) {
    if let Some(line) = written.get_or_init(|| line(&challenge())) {
        headers.append(WWW_AUTHENTICATE, line.clone());
    }
}

/// RFC 6750 section 3.1: an error is said only to who has shown a Bearer token, never to who has sent nothing.
fn bearer_error(refusal: &Refusal<'_>) -> Option<ErrorCode> {
    (refusal.scheme == Some(Scheme::Bearer))
        .then(|| manner::bearer_error(refusal.cause.told_as()))
        .flatten()
}

/// RFC 9449 section 7.1: the same, to who has shown a token with a proof.
fn proof_error(refusal: &Refusal<'_>) -> Option<ProofError> {
    if refusal.scheme != Some(Scheme::Dpop) {
        return None;
    }
    refusal.proof_error.or_else(|| {
        if refusal.cause == Cause::SenderConstraintFailed {
            return Some(ProofError::InvalidProof);
        }
        manner::bearer_error(refusal.cause.told_as()).map(ProofError::OfToken)
    })
}

fn bearer_challenge(
    refusal: &Refusal<'_>,
    route: &RouteRules,
    error: Option<ErrorCode>,
    origin: &str,
) -> Challenge {
    ask(refusal, route, error.is_some(), origin, |ask| {
        bearer::server::challenge(&Ask { error, ..ask })
    })
}

fn dpop_challenge(
    refusal: &Refusal<'_>,
    route: &RouteRules,
    error: Option<ProofError>,
    origin: &str,
) -> Challenge {
    let algorithms = refusal.rules().dpop.algorithms.iter();
    let algorithms: Vec<&str> = algorithms.map(|algorithm| algorithm.name()).collect();
    ask(refusal, route, error.is_some(), origin, |of_token| {
        dpop::server::challenge(&dpop::server::Ask {
            of_token,
            error,
            algorithms: &algorithms.join(" "),
        })
    })
}

/// What both schemes of tokens say, but for the error itself.
fn ask(
    refusal: &Refusal<'_>,
    route: &RouteRules,
    has_error: bool,
    origin: &str,
    challenge: impl FnOnce(Ask<'_>) -> Challenge,
) -> Challenge {
    let resource = route.resource.as_deref().unwrap_or(origin);
    let metadata = well_known_url(resource).ok();
    let description = has_error.then(|| describe(refusal));
    // RFC 6750 section 3: the scope is that which the resource needs. All of it, also where the token has a part: a
    // client asks for a new token with this scope, and one for what was missing alone would lack the rest.
    let scope: Vec<&str> = route.challenge_scope.split_ascii_whitespace().collect();
    // RFC 9470 section 3: both are said where one is wanting, so that the client has to come back once.
    let of_token = manner::bearer_error(refusal.cause.told_as()).filter(|_| has_error);
    let sign_in = match (&route.demand, of_token) {
        (Demand::Identity(wanted), Some(ErrorCode::InsufficientUserAuthentication)) => {
            Some(&wanted.sign_in)
        }
        (Demand::Identity(_) | Demand::Anyone | Demand::AnyoneFrom(_), _) => None,
    };
    challenge(Ask {
        realm: &refusal.rules().realm,
        error: None,
        error_description: description.as_deref(),
        scope: &scope,
        acr_values: sign_in.map_or(&[], |wanted| &wanted.acr),
        max_age_secs: sign_in.and_then(|wanted| wanted.age_secs_max),
        resource_metadata: metadata.as_deref(),
    })
}

fn describe(refusal: &Refusal<'_>) -> Cow<'static, str> {
    let title = refusal.cause.told_as().entry().title;
    match told_detail(refusal) {
        Some(detail) => format!("{title} ({detail})").into(),
        None => title.into(),
    }
}

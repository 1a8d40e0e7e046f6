//! From a refusal to the head and body of its answer.
//!
//! Knows: causes, challenges, and what the client would like to read. Does not know how the cause was found, nor
//! anything that the catalogue keeps from clients.

mod body;
mod challenges;
mod cors;
mod grpc;
mod manner;
mod own;
mod page;

use countersign_cause::Cause;
use countersign_wire::accept::MediaType;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, RETRY_AFTER, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

pub(crate) use body::negotiate as wants;
pub use cors::respond_preflight;
pub use own::{respond_identity_keys, respond_own};

use crate::refusal::Refusal;
use crate::rules::{RouteRules, Rules};
use crate::session::navigation;
use crate::verify::digest::Nonces;

/// Names the cause in every refusal, for clients that see only the head.
const CAUSE: HeaderName = HeaderName::from_static("countersign-cause");
/// Names the request in answer, log and store.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What the answer depends on beside the refusal itself.
pub struct Asked<'r> {
    /// The method of the request.
    pub method: &'r Method,
    /// Path and query of the request, as sent.
    pub target: &'r str,
    /// The header fields of the request.
    pub headers: &'r HeaderMap,
    /// `scheme://authority` of the request, used where the rules give no public URL. Empty where it has none.
    pub origin: &'r str,
    /// The id of the request.
    pub request_id: &'r str,
    /// Where nonces come from; `None` where no route needs any.
    pub mint: Option<Mint<'r>>,
}

/// Where a challenge of Digest, or of DPoP, gets its nonce.
#[derive(Clone, Copy)]
pub struct Mint<'r> {
    /// What issues them.
    pub nonces: &'r Nonces,
    /// The time that they carry.
    pub now_unix_secs: i64,
}

/// An answer of the gateway itself.
#[derive(Debug)]
pub struct Answer {
    /// The status of the answer.
    pub status: StatusCode,
    /// Its header fields, `Content-Length` apart.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
}

/// Says a refusal: status, challenges, and a body of the kind that the client reads.
#[must_use]
pub fn respond(refusal: &Refusal<'_>, asked: &Asked<'_>) -> Answer {
    let told = refusal.cause.told_as();
    let status = manner::status(told);
    if let Some(way) = navigation::to_sign_in(refusal, status, asked) {
        return redirect(&way, refusal, asked);
    }
    let mut headers = HeaderMap::with_capacity(12);
    // What the request calls its host is not repeated where it is none.
    let origin = if refusal.cause == Cause::HostInvalid {
        ""
    } else {
        origin(refusal.rules(), asked)
    };
    challenges::write(refusal, status, origin, asked.mint, &mut headers);
    if let Some(mint) = asked.mint
        && status == StatusCode::UNAUTHORIZED
    {
        challenges::give_nonce(refusal, mint, &mut headers);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(VARY, vary(refusal));
    headers.insert(CAUSE, HeaderValue::from_static(told.id()));
    if let Ok(id) = HeaderValue::from_str(asked.request_id) {
        headers.insert(REQUEST_ID, id);
    }
    if let Some(seconds) = refusal.retry_after_secs {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some(crossing) = &refusal.crossing {
        crossing.apply_to_refusal(&mut headers);
    }
    if let Some(unrouted) = &refusal.unrouted {
        unrouted.apply(&mut headers);
    }
    if grpc::is_grpc(asked.headers) {
        return grpc::trailers_only(refusal, status, headers);
    }
    let said = body::Said::new(refusal, status, origin, asked.request_id);
    let media = body::negotiate(asked.headers);
    let body = said.in_media(media, &headers);
    dress(&mut headers, media);
    Answer {
        status,
        headers,
        body,
    }
}

/// A navigation goes to the sign-in page, with the cause in its head all the same.
fn redirect(way: &str, refusal: &Refusal<'_>, asked: &Asked<'_>) -> Answer {
    let mut headers = HeaderMap::new();
    if let Ok(way) = HeaderValue::from_str(way) {
        headers.insert(LOCATION, way);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(VARY, vary(refusal));
    headers.insert(
        CAUSE,
        HeaderValue::from_static(refusal.cause.told_as().id()),
    );
    if let Ok(id) = HeaderValue::from_str(asked.request_id) {
        headers.insert(REQUEST_ID, id);
    }
    Answer {
        status: StatusCode::SEE_OTHER,
        headers,
        body: Vec::new(),
    }
}

/// The content type, and what keeps a browser from making more of the body than it is.
fn dress(headers: &mut HeaderMap, media: MediaType) {
    headers.insert(CONTENT_TYPE, content_type(media));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if media == MediaType::HTML {
        headers.insert(
            CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(page::CONTENT_SECURITY_POLICY),
        );
    }
}

/// Text of ours is always UTF-8; JSON has no other charset (RFC 8259 section 8.1).
fn content_type(media: MediaType) -> HeaderValue {
    HeaderValue::from_static(match media {
        MediaType::HTML => "text/html; charset=utf-8",
        MediaType::TEXT => "text/plain; charset=utf-8",
        MediaType::JSON => "application/json",
        _ => "application/problem+json",
    })
}

/// RFC 9110 section 12.5.5: what the answer was chosen by, beside the target.
fn vary(refusal: &Refusal<'_>) -> HeaderValue {
    const ANYONE: HeaderValue = HeaderValue::from_static("Accept");
    let reads = |route: &&RouteRules| !route.accept.is_empty();
    let Some(route) = refusal.route.filter(reads) else {
        return ANYONE;
    };
    let mut names = String::from("Accept, Authorization");
    if let Some(name) = &refusal.rules().api_key.header
        && route.accept.api_key
    {
        names.push_str(", ");
        names.push_str(name.as_str());
    }
    if route.accept.session {
        names.push_str(", Cookie, Sec-Fetch-Mode");
    }
    HeaderValue::try_from(names).unwrap_or(ANYONE)
}

/// How clients reach the gateway: as configured, else as this request has it.
fn origin<'a>(rules: &'a Rules, asked: &Asked<'a>) -> &'a str {
    rules.public_url.as_deref().unwrap_or(asked.origin)
}

//! How a request is addressed on its way on: the target that was decided on, and the host.
//!
//! Knows: what HTTP/1.1 and HTTP/2 call the two. Does not know connections.

use countersign_flow::TargetOnward;
use http::header::{CONNECTION, COOKIE, HOST};
use http::request::Parts;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderValue, Request, Uri, Version};

/// RFC 9112 section 3.2.1: to an origin server the target is path and query alone, and `Host` names the host.
pub(super) fn http1(
    head: &mut Parts,
    target: &TargetOnward,
    host: Option<HeaderValue>,
) -> Option<()> {
    let mut parts = http::uri::Parts::default();
    parts.path_and_query = Some(path_and_query(target, &head.uri)?);
    head.uri = Uri::from_parts(parts).ok()?;
    head.version = Version::HTTP_11;
    if let Some(host) = host {
        head.headers.insert(HOST, host);
    }
    Some(())
}

/// RFC 9113 section 8.3.1: the host stands in `:authority`, and in no field beside it. Section 8.2.2: there is no
/// `Connection`.
pub(super) fn http2(
    head: &mut Parts,
    target: &TargetOnward,
    host: Option<HeaderValue>,
    scheme: Scheme,
) -> Option<()> {
    let mut parts = http::uri::Parts::default();
    parts.scheme = Some(scheme);
    parts.authority = Some(Authority::try_from(host?.as_bytes()).ok()?);
    parts.path_and_query = Some(path_and_query(target, &head.uri)?);
    head.uri = Uri::from_parts(parts).ok()?;
    head.version = Version::HTTP_2;
    head.headers.remove(HOST);
    head.headers.remove(CONNECTION);
    Some(())
}

/// The same request for another server, which has a host of its own.
pub(super) fn readdress<B>(request: &mut Request<B>, host: &HeaderValue) -> Option<()> {
    if request.version() != Version::HTTP_2 {
        request.headers_mut().insert(HOST, host.clone());
        return Some(());
    }
    let mut parts = request.uri().clone().into_parts();
    parts.authority = Some(Authority::try_from(host.as_bytes()).ok()?);
    *request.uri_mut() = Uri::from_parts(parts).ok()?;
    Some(())
}

/// It is the one that was decided on.
fn path_and_query(target: &TargetOnward, sent: &Uri) -> Option<PathAndQuery> {
    match target {
        TargetOnward::AsSent => sent.path_and_query().cloned(),
        TargetOnward::Canonical(text) => PathAndQuery::try_from(text.as_str()).ok(),
    }
}

/// RFC 9113 section 8.2.3: cookies that came in several fields go on in one.
pub(super) fn join_cookies(headers: &mut HeaderMap) {
    let mut crumbs = headers.get_all(COOKIE).iter();
    if crumbs.next().is_none() || crumbs.next().is_none() {
        return;
    }
    let crumbs: Vec<_> = headers
        .get_all(COOKIE)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect();
    if let Ok(cookie) = HeaderValue::from_bytes(&crumbs.join(&b"; "[..])) {
        headers.insert(COOKIE, cookie);
    }
}

//! Whether a request comes from a page of the same origin, by what browsers say of it themselves.
//!
//! Knows: `Sec-Fetch-Site` (Fetch Metadata) and `Origin` (RFC 6454), which no script can write. Does not know sessions.

use countersign_policy::Host;
use http::header::ORIGIN;
use http::{HeaderMap, HeaderValue};

use crate::cors::Crossing;
use crate::request::Request;
use crate::rules::Rules;

const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// Whether a request that shows a session and can change something was made by a page of the same origin, or of one that
/// the route's rules for pages let act in the user's name. `SameSite=Lax` keeps the cookie back from other sites; pages of
/// sibling hosts are of the same site.
///
/// A tunnel begins with a GET, and no rule of browsers keeps a page from reading what comes out of it (RFC 6455 section 10.2:
/// the server looks at `Origin`).
pub(crate) fn check_request(
    rules: &Rules,
    request: &Request<'_>,
    crossing: Option<&Crossing<'_>>,
) -> Result<(), &'static str> {
    if request.method.is_safe() && !request.wants_tunnel {
        return Ok(());
    }
    match check(rules, request.authority, request.headers) {
        Err(_) if crossing.is_some_and(Crossing::may_act_for_the_user) => Ok(()),
        checked => checked,
    }
}

/// Whether a form was posted by a page of the same origin. A client that says nothing of it is no browser of the last
/// years, and cannot be made to send anything by another page.
///
/// # Errors
///
/// What the browser says of it, in words.
pub fn check(
    rules: &Rules,
    authority: Option<&str>,
    headers: &HeaderMap,
) -> Result<(), &'static str> {
    match single(headers, SEC_FETCH_SITE)? {
        Some(b"same-origin" | b"none") => return Ok(()),
        Some(_) => return Err("the browser says that a page of another origin sends it"),
        None => {}
    }
    match single(headers, ORIGIN.as_str())? {
        None => Ok(()),
        Some(origin) if is_own(rules, authority, origin) => Ok(()),
        Some(_) => Err("`Origin` is another one than that of this host"),
    }
}

/// The scheme is not compared: behind a proxy the gateway may not know its own, and a page of plain http on the same host
/// is told apart by the browser, which says `cross-site` of it.
fn is_own(rules: &Rules, authority: Option<&str>, origin: &[u8]) -> bool {
    let Some(origin) = std::str::from_utf8(origin).ok() else {
        return false;
    };
    if rules.public_url.as_deref() == Some(origin) {
        return true;
    }
    let host = origin
        .strip_prefix("https://")
        .or_else(|| origin.strip_prefix("http://"));
    let same = |(host, authority): (&str, &str)| {
        host.eq_ignore_ascii_case(authority) && Host::parse(host.as_bytes()).is_ok()
    };
    host.zip(authority).is_some_and(same)
}

fn single<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h [u8]>, &'static str> {
    let mut values = headers.get_all(name).iter().map(HeaderValue::as_bytes);
    let first = values.next();
    if values.next().is_some() {
        return Err("what the browser says of the request's origin is there twice");
    }
    Ok(first)
}

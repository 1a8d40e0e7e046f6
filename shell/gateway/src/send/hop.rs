//! The fields that belong to one connection alone (RFC 9110 section 7.6.1).
//!
//! Knows: names of fields. Does not know what goes on the next connection instead.

use http::header::{CONNECTION, CONTENT_LENGTH, TE, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

/// The protocol of RFC 6455.
pub(super) const WEBSOCKET: &str = "websocket";

/// Removes them from a request. The fields that `Connection` names go as well; what the gateway itself writes is
/// written afterwards, so that no client can have it removed.
pub(crate) fn strip_request(headers: &mut HeaderMap) {
    let trailers = headers.keys().any(|name| *name == TE) && takes_trailers(headers);
    strip(headers, is_of_request);
    if trailers {
        // RFC 9110 section 10.1.4: TE is for one connection, and Connection says so. No other of its codings is ours.
        headers.insert(TE, HeaderValue::from_static("trailers"));
        headers.insert(CONNECTION, HeaderValue::from_static("te"));
    }
}

/// The protocols that a request wants to switch to and may, in its order and spelling; `None` where there is none.
///
/// RFC 9110 section 7.8: Upgrade without its name in Connection came through somebody who did not know it, and says nothing.
/// RFC 6455 section 4.1: a WebSocket is asked for by GET, and by nothing else.
pub(super) fn upgrade_asked(
    method: &Method,
    headers: &HeaderMap,
    allowed: &[Box<str>],
) -> Option<HeaderValue> {
    if !options(headers, &CONNECTION).any(|option| option.eq_ignore_ascii_case(b"upgrade")) {
        return None;
    }
    let is_allowed = |protocol: &&[u8]| {
        let fits = *method == Method::GET || !protocol.eq_ignore_ascii_case(WEBSOCKET.as_bytes());
        fits && allowed
            .iter()
            .any(|allowed| protocol.eq_ignore_ascii_case(allowed.as_bytes()))
    };
    let asked: Vec<&[u8]> = options(headers, &UPGRADE).filter(is_allowed).collect();
    if asked.is_empty() {
        return None;
    }
    HeaderValue::from_bytes(&asked.join(&b", "[..])).ok()
}

/// The protocol that a 101 switches to, where it was among those asked for.
pub(crate) fn upgrade_granted(headers: &HeaderMap, asked: &HeaderValue) -> Option<HeaderValue> {
    let mut granted = options(headers, &UPGRADE);
    let protocol = granted.next().filter(|_| granted.next().is_none())?;
    let mut asked = asked.as_bytes().split(|&byte| byte == b',');
    asked
        .any(|asked| asked.trim_ascii().eq_ignore_ascii_case(protocol))
        .then(|| HeaderValue::from_bytes(protocol).ok())?
}

/// Says that this connection is to be switched, or is.
pub(crate) fn write_upgrade(headers: &mut HeaderMap, protocols: HeaderValue) {
    headers.remove(TE);
    headers.insert(UPGRADE, protocols);
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
}

/// RFC 9112 section 6.1: how a body of unknown length is framed. Said for every method: the client of HTTP that sends it
/// takes GET, HEAD and CONNECT to have no body otherwise.
pub(super) fn write_chunked(headers: &mut HeaderMap) {
    headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
}

/// The members of a list, in however many lines it came.
fn options<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'h [u8]> {
    headers
        .get_all(name)
        .iter()
        .flat_map(|value| value.as_bytes().split(|&byte| byte == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|option| !option.is_empty())
}

/// Whether whoever asks reads trailer fields.
fn takes_trailers(headers: &HeaderMap) -> bool {
    headers
        .get_all(TE)
        .iter()
        .flat_map(|value| value.as_bytes().split(|&byte| byte == b','))
        .any(|coding| coding.trim_ascii().eq_ignore_ascii_case(b"trailers"))
}

/// Removes them from a response.
pub(crate) fn strip_response(headers: &mut HeaderMap) {
    // RFC 9112 section 6.3: the length beside a transfer coding is wrong, and must not be forwarded.
    if headers.contains_key(TRANSFER_ENCODING) {
        headers.remove(CONTENT_LENGTH);
    }
    strip(headers, is_of_response);
}

/// What came is gone over and not looked up name by name, since most messages have one such field or none: to look for
/// each would cost more than all else that is done with the head.
fn strip(headers: &mut HeaderMap, goes: fn(&HeaderName) -> bool) {
    if headers.contains_key(CONNECTION) {
        for name in listed(headers) {
            headers.remove(name);
        }
        headers.remove(CONNECTION);
    }
    while let Some(name) = headers.keys().find(|name| goes(name)) {
        let name = name.clone();
        headers.remove(name);
    }
}

fn is_of_request(name: &HeaderName) -> bool {
    // The body is asked for by the gateway, when the upstream wants it (RFC 9110 section 10.1.1).
    // Trailer fields of a request are dropped, as RFC 9110 section 6.5.1 has it: they would come to the upstream after all that the
    // gateway says of who asks, and some servers take them for header fields. Those of a response go through.
    is_of_connection(name) || matches!(name.as_str(), "proxy-authorization" | "expect" | "trailer")
}

fn is_of_response(name: &HeaderName) -> bool {
    is_of_connection(name) || name.as_str() == "proxy-authenticate"
}

fn is_of_connection(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "connection"
            | "close"
            | "keep-alive"
            | "proxy-connection"
            | "te"
            | "transfer-encoding"
            | "upgrade"
    )
}

/// RFC 9110 section 7.6.1: an intermediary must remove each field that `Connection` names. Those that frame the message
/// or address it are not the sender's to remove.
fn listed(headers: &HeaderMap) -> Vec<HeaderName> {
    // The two options that nearly every message has are looked for by name anyway.
    let usual = |option: &&[u8]| {
        option.eq_ignore_ascii_case(b"keep-alive") || option.eq_ignore_ascii_case(b"close")
    };
    let kept = |name: &HeaderName| *name == http::header::HOST || *name == CONTENT_LENGTH;
    headers
        .get_all(CONNECTION)
        .iter()
        .flat_map(|value| value.as_bytes().split(|&byte| byte == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|option| !usual(option))
        .filter_map(|option| HeaderName::from_bytes(option).ok())
        .filter(|name| !kept(name))
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn rfc9110_section_7_6_1_connection_options_are_removed() {
        let mut headers = HeaderMap::new();
        headers.insert(
            CONNECTION,
            HeaderValue::from_static("close, X-Hop , content-length"),
        );
        headers.insert("x-hop", HeaderValue::from_static("1"));
        headers.insert("content-length", HeaderValue::from_static("3"));
        headers.insert("x-end", HeaderValue::from_static("2"));
        strip_request(&mut headers);
        assert_eq!(
            headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(),
            ["content-length", "x-end"]
        );
    }

    #[test]
    fn each_of_them_goes_and_nothing_else() {
        let of_one_connection = [
            "connection",
            "close",
            "keep-alive",
            "proxy-connection",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
        ];
        let mut request = HeaderMap::new();
        let mut response = HeaderMap::new();
        for name in of_one_connection.into_iter().chain([
            "proxy-authorization",
            "expect",
            "proxy-authenticate",
        ]) {
            request.append(name, HeaderValue::from_static("a"));
            request.append(name, HeaderValue::from_static("b"));
            response.append(name, HeaderValue::from_static("a"));
        }
        strip_request(&mut request);
        strip_response(&mut response);
        let left = |headers: &HeaderMap| {
            let names = headers.keys().map(|name| name.as_str().to_owned());
            names.collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(left(&request), ["proxy-authenticate".to_owned()].into());
        assert_eq!(
            left(&response),
            ["expect", "proxy-authorization", "trailer"]
                .map(str::to_owned)
                .into()
        );
    }

    #[test]
    fn transfer_encoding_never_crosses() {
        let mut headers = HeaderMap::new();
        headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        strip_response(&mut headers);
        assert!(headers.is_empty());
    }
}

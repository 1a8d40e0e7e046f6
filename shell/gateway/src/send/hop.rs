//! The fields that belong to one connection alone (RFC 9110 section 7.6.1).
//!
//! Knows: names of fields. Does not know what goes on the next connection instead.

use http::header::{CONNECTION, CONTENT_LENGTH, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderName};

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");
const PROXY_AUTHENTICATE: HeaderName = HeaderName::from_static("proxy-authenticate");
const PROXY_AUTHORIZATION: HeaderName = HeaderName::from_static("proxy-authorization");

/// Removes them from a request. The fields that `Connection` names go as well; what the gateway itself writes is
/// written afterwards, so that no client can have it removed.
pub(crate) fn strip_request(headers: &mut HeaderMap) {
    strip(headers);
    headers.remove(PROXY_AUTHORIZATION);
}

/// Removes them from a response.
pub(crate) fn strip_response(headers: &mut HeaderMap) {
    // RFC 9112 section 6.3: the length beside a transfer coding is wrong, and must not be forwarded.
    if headers.contains_key(TRANSFER_ENCODING) {
        headers.remove(CONTENT_LENGTH);
    }
    strip(headers);
    headers.remove(PROXY_AUTHENTICATE);
}

fn strip(headers: &mut HeaderMap) {
    if headers.contains_key(CONNECTION) {
        for name in listed(headers) {
            headers.remove(name);
        }
        headers.remove(CONNECTION);
    }
    for name in [
        KEEP_ALIVE,
        PROXY_CONNECTION,
        TE,
        TRAILER,
        TRANSFER_ENCODING,
        UPGRADE,
    ] {
        headers.remove(name);
    }
}

/// RFC 9110 section 7.6.1: an intermediary must remove each field that `Connection` names. Those that frame the message
/// or address it are not the sender's to remove.
fn listed(headers: &HeaderMap) -> Vec<HeaderName> {
    let kept = |name: &HeaderName| *name == http::header::HOST || *name == CONTENT_LENGTH;
    headers
        .get_all(CONNECTION)
        .iter()
        .flat_map(|value| value.as_bytes().split(|&byte| byte == b','))
        .filter_map(|option| HeaderName::from_bytes(option.trim_ascii()).ok())
        .filter(|name| !kept(name))
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use http::HeaderValue;

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
    fn transfer_encoding_never_crosses() {
        let mut headers = HeaderMap::new();
        headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        strip_response(&mut headers);
        assert!(headers.is_empty());
    }
}

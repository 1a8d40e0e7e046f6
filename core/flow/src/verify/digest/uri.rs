//! Whether the address that the credentials are for is the one that was asked for.
//!
//! Knows: the target as the client sent it, and what a proxy in front may have made of it. Does not know what the
//! response is.

use countersign_policy::{Host, Target};

use crate::request::Request;

/// Whether `uri` is the target of this request, as the client wrote it.
///
/// RFC 7616 section 3.4.6: a server must see to it that the two name the same resource, and takes different spellings
/// of one for the same. Those are the ones that the canonical form of a target makes equal.
pub(super) fn is_asked_for(uri: &str, request: &Request<'_>, prefix: &str) -> bool {
    let Some(uri) = in_origin_form(uri, request.authority) else {
        return false;
    };
    match request.original_target {
        // A proxy that is believed has said what the client asked it for.
        Some(original) => same(uri, original),
        None if prefix.is_empty() => same(uri, request.path_and_query),
        // The proxy in front takes a prefix off that the client has put on.
        None => uri
            .strip_prefix(prefix)
            .is_some_and(|rest| same(with_slash(rest), request.path_and_query)),
    }
}

fn same(uri: &str, asked: &str) -> bool {
    uri == asked
        || Target::parse(uri)
            .is_ok_and(|uri| Target::parse(asked).is_ok_and(|asked| uri.as_str() == asked.as_str()))
}

/// `/app` without its prefix `/app` is nothing at all, and the proxy asks for `/`.
fn with_slash(rest: &str) -> &str {
    if rest.is_empty() { "/" } else { rest }
}

/// RFC 9112 section 3.2.2: the absolute form names the resource as well, on this very host.
fn in_origin_form<'u>(uri: &'u str, authority: Option<&str>) -> Option<&'u str> {
    let lower = |prefix: &str| {
        uri.get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
            .then(|| uri.get(prefix.len()..))
            .flatten()
    };
    let Some(rest) = lower("http://").or_else(|| lower("https://")) else {
        return Some(uri);
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (host, target) = rest.split_at_checked(end)?;
    let host = Host::parse(host.as_bytes()).ok()?;
    let own = Host::parse(authority?.as_bytes()).ok()?;
    (host == own).then(|| with_slash(target))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use http::{HeaderMap, Method};

    use super::is_asked_for;
    use crate::request::{Channel, Request};

    fn asked(target: &str, original: Option<&str>, prefix: &str, uri: &str) -> bool {
        let request = Request {
            method: &Method::GET,
            authority: Some("api.example.com:8080"),
            path_and_query: target,
            headers: &HeaderMap::new(),
            channel: Channel::default(),
            client: std::net::IpAddr::from([192, 0, 2, 1]).into(),
            original_target: original,
            wants_tunnel: false,
        };
        is_asked_for(uri, &request, prefix)
    }

    #[test]
    fn rfc7616_section_3_4_6_the_same_resource() {
        for uri in [
            "/a%7Eb?q=%7e",
            "/a~b?q=%7e",
            "http://api.example.com:8080/a~b?q=%7e",
            "HTTPS://API.example.com:8080/a~b?q=%7e",
        ] {
            assert!(asked("/a~b?q=%7e", None, "", uri), "{uri}");
        }
        for uri in [
            "",
            "*",
            "/",
            "/a~b",
            "/a~b?q=~",
            "/A~b?q=%7e",
            "/a~b?q=%7e&",
            "/x/../a~b?q=%7e",
            "//a~b?q=%7e",
            "http://api.example.com/a~b?q=%7e",
            "http://other.example.com:8080/a~b?q=%7e",
            "http://api.example.com:8080",
            "http://",
            "h\u{e9}",
        ] {
            assert!(!asked("/a~b?q=%7e", None, "", uri), "{uri}");
        }
        assert!(asked("/", None, "", "http://api.example.com:8080"));
    }

    #[test]
    fn behind_a_proxy_that_says_what_it_was_asked_for() {
        assert!(asked("/x?q", Some("/app/x?q"), "", "/app/x?q"));
        assert!(!asked("/x?q", Some("/app/x?q"), "", "/x?q"));
        assert!(!asked("/x?q", Some("/other/x?q"), "", "/app/x?q"));
    }

    #[test]
    fn behind_a_proxy_that_takes_a_prefix_off() {
        assert!(asked("/x?q", None, "/app", "/app/x?q"));
        assert!(asked("/", None, "/app", "/app"));
        assert!(asked("/", None, "/app", "/app/"));
        for uri in ["/x?q", "/apple/x?q", "/appx?q", "/app/y?q", "/app?q"] {
            assert!(!asked("/x?q", None, "/app", uri), "{uri}");
        }
    }
}

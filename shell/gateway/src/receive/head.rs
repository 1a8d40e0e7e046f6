//! What a request's head must be before the line looks at it: within the limits, with one host, by a known method.
//!
//! Knows: RFC 9110 and 9112. Does not know routes. What hyper refuses does not come this far.

use countersign_cause::Cause;
use countersign_config::Limits;
use http::header::HOST;
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{Method, Uri, Version};

/// Why a head is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Defect {
    pub(crate) cause: Cause,
    pub(crate) detail: &'static str,
}

/// Checks the head against its limits.
pub(crate) fn check(head: &Parts, limits: &Limits) -> Result<(), Defect> {
    // CONNECT would make a tunnel of the gateway, TRACE would show the credentials to whoever can make a client send it.
    if matches!(head.method, Method::CONNECT | Method::TRACE) {
        return Err(Defect {
            cause: Cause::MethodNotSupported,
            detail: "CONNECT and TRACE are not forwarded",
        });
    }
    if head.headers.len() > limits.headers_max {
        return Err(Defect {
            cause: Cause::HeaderTooLarge,
            detail: "more fields than `headers_max`",
        });
    }
    // A name and a value, with the colon, the space and the line end between them.
    let fields: usize = head
        .headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum();
    let target = head
        .uri
        .path_and_query()
        .map_or(0, |target| target.as_str().len());
    if fields.saturating_add(target) > limits.head_bytes_max {
        return Err(Defect {
            cause: Cause::HeaderTooLarge,
            detail: "more bytes than `head_bytes_max`",
        });
    }
    Ok(())
}

/// Gives a target without a path the one that it stands for: RFC 9110 section 4.2.3 has `http://a.example?b` mean
/// `http://a.example/?b`.
pub(crate) fn complete_path(head: &mut Parts) {
    let query_alone = head
        .uri
        .path_and_query()
        .map(PathAndQuery::as_str)
        .filter(|target| target.starts_with('?'));
    let Some(target) = query_alone.map(|query| format!("/{query}")) else {
        return;
    };
    let mut parts = std::mem::take(&mut head.uri).into_parts();
    let sent = parts.path_and_query.take();
    parts.path_and_query = PathAndQuery::try_from(target).ok().or(sent);
    head.uri = Uri::from_parts(parts).unwrap_or_default();
}

/// Whether a request asks about the server as a whole: RFC 9110 section 9.3.7, `OPTIONS *`.
pub(crate) fn is_about_server(head: &Parts) -> bool {
    head.method == Method::OPTIONS && head.uri.path() == "*"
}

/// The one authority that a request is for: RFC 9112 section 3.2 demands exactly one `Host` of HTTP/1.1, RFC 9113
/// section 8.3.1 puts it into `:authority`. Where there are both, they must agree: two readers would see two hosts.
pub(crate) fn authority(head: &Parts) -> Option<&str> {
    let target = head.uri.authority().map(http::uri::Authority::as_str);
    let mut fields = head.headers.get_all(HOST).iter();
    let field = fields.next().map(http::HeaderValue::to_str);
    if fields.next().is_some() {
        return None;
    }
    match (target, field) {
        (Some(target), None) if head.version == Version::HTTP_2 => Some(target),
        (Some(target), Some(Ok(field))) if target.eq_ignore_ascii_case(field) => Some(target),
        (None, Some(Ok(field))) => Some(field),
        (Some(_) | None, None | Some(_)) => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use http::Request;

    use super::*;

    fn head(uri: &str, hosts: &[&str], version: Version) -> Parts {
        let mut request = Request::builder().uri(uri).version(version);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn rfc9112_section_3_2_exactly_one_host() {
        assert_eq!(
            authority(&head("/", &["a.example"], Version::HTTP_11)),
            Some("a.example")
        );
        assert_eq!(authority(&head("/", &[], Version::HTTP_11)), None);
        assert_eq!(
            authority(&head("/", &["a.example", "b.example"], Version::HTTP_11)),
            None
        );
    }

    #[test]
    fn absolute_form_must_agree_with_host() {
        assert_eq!(
            authority(&head("http://a.example/", &["A.example"], Version::HTTP_11)),
            Some("a.example")
        );
        assert_eq!(
            authority(&head("http://a.example/", &["b.example"], Version::HTTP_11)),
            None
        );
        assert_eq!(
            authority(&head("http://a.example/", &[], Version::HTTP_11)),
            None
        );
    }

    #[test]
    fn rfc9113_section_8_3_1_authority_needs_no_host() {
        assert_eq!(
            authority(&head("https://a.example/", &[], Version::HTTP_2)),
            Some("a.example")
        );
        assert_eq!(
            authority(&head("https://a.example/", &["b.example"], Version::HTTP_2)),
            None
        );
    }
}

//! Names of headers that the gateway writes or reads.
//!
//! Knows: which names are tokens, and which have a meaning of their own. Does not know requests.

use countersign_flow::IdentityHeaders;
use http::HeaderName;

use super::Scene;
use crate::declared::{Key, identity, identity_token};
use crate::finding::Span;
use crate::problem::HeaderProblem;
use crate::read::{Fields, Located};

/// The identity headers, and where each was written.
pub(super) struct Identity {
    pub(super) headers: IdentityHeaders,
    /// The header of the signed token, where there is one.
    pub(super) token: Option<HeaderName>,
    pub(super) written: Vec<(HeaderName, Span)>,
}

/// Names that HTTP, its proxies or the gateway use themselves. Whoever could set them through an identity, or remove
/// them by the closed namespace, would change what the request is.
const RESERVED: &[&str] = &[
    "accept",
    "accept-encoding",
    "age",
    "authorization",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "date",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "keep-alive",
    "location",
    "origin",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "range",
    "referer",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    "www-authenticate",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-proto",
    "x-forwarded-uri",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-url",
    "x-real-ip",
    "x-request-id",
    "x-rewrite-url",
];

/// The headers that tell the upstream who asks.
pub(super) fn identity(
    fields: Option<&Fields<'_>>,
    token: Option<&Fields<'_>>,
    scene: Scene<'_>,
) -> Identity {
    let mut written: Vec<(HeaderName, Span)> = Vec::new();
    let mut one_of = |fields: Option<&Fields<'_>>, key: &'static Key, default: &'static str| {
        let text = fields.and_then(|fields| fields.text(key));
        let span = text.as_ref().map_or(0..0, |text| text.span.clone());
        let default = HeaderName::from_static(default);
        let name = text
            .map_or(Some(default.clone()), |text| read(&text, scene))
            .unwrap_or(default);
        if let Some((_, other)) = written.iter().find(|(earlier, _)| *earlier == name) {
            report_twice(&name, &span, other, scene);
        }
        written.push((name.clone(), span));
        name
    };
    let mut one = |key, default| one_of(fields, key, default);
    let headers = IdentityHeaders {
        user: one(&identity::USER, "x-auth-user"),
        groups: one(&identity::GROUPS, "x-auth-groups"),
        scopes: one(&identity::SCOPES, "x-auth-scopes"),
        scheme: one(&identity::SCHEME, "x-auth-scheme"),
        issuer: one(&identity::ISSUER, "x-auth-issuer"),
        token: None,
    };
    let token = token.map(|token| one_of(Some(token), &identity_token::HEADER, "x-auth-assertion"));
    Identity {
        headers,
        token,
        written,
    }
}

/// A name for a header of the gateway's own.
///
/// ```abnf
/// field-name = token
/// ```
///
/// Letter case is of no account (RFC 9110 section 5.1). An underscore is refused, though tokens have it: to servers of
/// the CGI family it is a hyphen, so that the name would have a second spelling.
pub(super) fn read(text: &Located<&str>, scene: Scene<'_>) -> Option<HeaderName> {
    let value = text.value.to_owned();
    let problem = match HeaderName::from_bytes(text.value.as_bytes()) {
        Err(_) => HeaderProblem::NotAToken { value },
        Ok(_) if value.contains('_') => HeaderProblem::Underscore { value },
        Ok(name) if RESERVED.contains(&name.as_str()) => HeaderProblem::Reserved { value },
        Ok(name) => return Some(name),
    };
    scene.sink.error(&text.span, problem);
    None
}

/// A name for a header that a proxy in front writes, whatever else it means.
pub(super) fn read_foreign(text: &Located<&str>, scene: Scene<'_>) -> Option<HeaderName> {
    let name = HeaderName::from_bytes(text.value.as_bytes()).ok();
    if name.is_none() {
        let value = text.value.to_owned();
        scene
            .sink
            .error(&text.span, HeaderProblem::NotAToken { value });
    }
    name
}

pub(super) fn report_twice(name: &HeaderName, span: &Span, other: &Span, scene: Scene<'_>) {
    let value = name.as_str().to_owned();
    // A default has no place in the file: the one that was written is shown.
    match (span.is_empty(), other.is_empty()) {
        (_, true) => scene.sink.error(span, HeaderProblem::Twice { value }),
        (true, false) => scene.sink.error(other, HeaderProblem::Twice { value }),
        (false, false) => {
            scene
                .sink
                .error_beside(span, HeaderProblem::Twice { value }, other, "also here")
        }
    }
}

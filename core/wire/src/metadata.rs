//! Protected resource metadata, RFC 9728, both ways: how a client finds out who issues tokens for a resource.
//!
//! Knows: the document and its address. Does not know which resources there are, and fetches nothing.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What the path of the document begins with, RFC 9728 section 3.
pub const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// The longest document that is parsed.
pub const METADATA_BYTES_MAX: usize = 64 * 1024;

/// The metadata of one protected resource. Empty members are not written (RFC 9728 section 3.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProtectedResource {
    /// The resource identifier, an `https` URL.
    pub resource: String,
    /// The issuer identifiers of the authorization servers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorization_servers: Vec<String>,
    /// The scopes that tokens for this resource can have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes_supported: Vec<String>,
    /// How a token may be sent: `header`, `body`, `query`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bearer_methods_supported: Vec<String>,
    /// A name of the resource for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_name: Option<String>,
    /// The algorithms that proofs of DPoP may be signed with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dpop_signing_alg_values_supported: Vec<String>,
    /// Whether only tokens are taken that DPoP binds to a key.
    #[serde(default, skip_serializing_if = "is_false")]
    pub dpop_bound_access_tokens_required: bool,
    /// Whether tokens are taken that are bound to the client's certificate.
    #[serde(default, skip_serializing_if = "is_false")]
    pub tls_client_certificate_bound_access_tokens: bool,
}

/// RFC 9728 section 2: what is left out is false.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the library hands a reference over"
)]
const fn is_false(value: &bool) -> bool {
    !*value
}

impl ProtectedResource {
    /// The document as JSON.
    pub fn to_json(&self) -> String {
        // Strings and lists of them cannot fail to be written.
        serde_json::to_string(self).unwrap_or_else(|_| String::from("{}"))
    }
}

/// Why a resource identifier or a metadata document is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetadataDefect {
    /// The identifier is not an absolute `https` or `http` URL.
    NotUrl,
    /// The identifier has a fragment.
    Fragment,
    /// The identifier holds a user, blanks, control characters or characters outside of ASCII.
    Character,
    /// The document is larger than [`METADATA_BYTES_MAX`].
    TooLarge,
    /// The document is not JSON, or its members have not the specified types.
    NotMetadata,
    /// The document is about another resource than the one asked for, and must not be used.
    OtherResource,
}

impl fmt::Display for MetadataDefect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            MetadataDefect::NotUrl => "the resource identifier is not an absolute `https` url",
            MetadataDefect::Fragment => "the resource identifier has a fragment",
            MetadataDefect::Character => "the resource identifier holds characters that no url has",
            MetadataDefect::TooLarge => "the protected resource metadata are too large",
            MetadataDefect::NotMetadata => "the protected resource metadata cannot be read",
            MetadataDefect::OtherResource => {
                "the protected resource metadata are about another resource"
            }
        })
    }
}

impl std::error::Error for MetadataDefect {}

/// Path and query of the document about a resource.
///
/// # Errors
///
/// Why `resource` is no resource identifier.
pub fn well_known_path(resource: &str) -> Result<String, MetadataDefect> {
    let (_, rest) = split_origin(resource)?;
    Ok([WELL_KNOWN, after_host(rest)].concat())
}

fn after_host(rest: &str) -> &str {
    // RFC 9728 section 3.1: a slash that ends the identifier right after the host is removed, and the well-known string
    // goes between the host and the path or query.
    match rest.strip_prefix('/') {
        Some(after) if after.is_empty() || after.starts_with('?') => after,
        Some(_) | None => rest,
    }
}

/// The address of the document about a resource.
///
/// # Errors
///
/// Why `resource` is no resource identifier.
pub fn well_known_url(resource: &str) -> Result<String, MetadataDefect> {
    let (origin, rest) = split_origin(resource)?;
    Ok([origin, WELL_KNOWN, after_host(rest)].concat())
}

/// Splits an identifier after its host and port.
///
/// RFC 9728 section 1.2: a resource identifier is an `https` URL without fragment. `http` is let through here, for
/// development on one machine; whoever fetches decides.
fn split_origin(resource: &str) -> Result<(&str, &str), MetadataDefect> {
    // Without a branch a byte: each refusal of a Bearer route comes through here.
    let graphic = |all, byte: u8| all & byte.is_ascii_graphic();
    if !resource.bytes().fold(true, graphic) {
        return Err(MetadataDefect::Character);
    }
    if resource.bytes().any(|byte| byte == b'#') {
        return Err(MetadataDefect::Fragment);
    }
    let (scheme, after) = resource.split_once("://").ok_or(MetadataDefect::NotUrl)?;
    if !scheme.eq_ignore_ascii_case("https") && !scheme.eq_ignore_ascii_case("http") {
        return Err(MetadataDefect::NotUrl);
    }
    let host_len = after
        .bytes()
        .position(|byte| matches!(byte, b'/' | b'?'))
        .unwrap_or(after.len());
    let (host, _) = after
        .split_at_checked(host_len)
        .ok_or(MetadataDefect::NotUrl)?;
    if host.is_empty() || host.starts_with(':') {
        return Err(MetadataDefect::NotUrl);
    }
    if host.bytes().any(|byte| matches!(byte, b'@' | b'\\')) {
        return Err(MetadataDefect::Character);
    }
    resource
        .split_at_checked(scheme.len() + "://".len() + host_len)
        .ok_or(MetadataDefect::NotUrl)
}

/// Reads the document that was fetched for the resource `asked`.
///
/// # Errors
///
/// Why the document cannot be used.
pub fn parse(body: &[u8], asked: &str) -> Result<ProtectedResource, MetadataDefect> {
    if body.len() > METADATA_BYTES_MAX {
        return Err(MetadataDefect::TooLarge);
    }
    let document: ProtectedResource =
        serde_json::from_slice(body).map_err(|_| MetadataDefect::NotMetadata)?;
    // RFC 9728 section 3.3: the resource returned MUST be identical to the one asked for, by code points (section 6);
    // otherwise the document MUST NOT be used. A slash more at the end is another resource.
    if document.resource != asked {
        return Err(MetadataDefect::OtherResource);
    }
    Ok(document)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;

    use super::{
        METADATA_BYTES_MAX, MetadataDefect, ProtectedResource, parse, well_known_path,
        well_known_url,
    };

    #[test]
    fn rfc9728_section_3_1_the_well_known_string_goes_between_host_and_path() {
        for (resource, url) in [
            (
                "https://resource.example.com",
                "https://resource.example.com/.well-known/oauth-protected-resource",
            ),
            (
                "https://resource.example.com/",
                "https://resource.example.com/.well-known/oauth-protected-resource",
            ),
            (
                "https://resource.example.com/resource1",
                "https://resource.example.com/.well-known/oauth-protected-resource/resource1",
            ),
            (
                "https://a.example:8443/b/",
                "https://a.example:8443/.well-known/oauth-protected-resource/b/",
            ),
            (
                "https://a.example/?k=v",
                "https://a.example/.well-known/oauth-protected-resource?k=v",
            ),
            (
                "https://a.example?k=/v",
                "https://a.example/.well-known/oauth-protected-resource?k=/v",
            ),
        ] {
            assert_eq!(well_known_url(resource).unwrap(), url);
        }
        assert_eq!(
            well_known_path("https://a.example/x").unwrap(),
            "/.well-known/oauth-protected-resource/x"
        );
    }

    #[test]
    fn rfc9728_section_1_2_an_identifier_is_a_url_without_fragment() {
        for (resource, defect) in [
            ("", MetadataDefect::NotUrl),
            ("api.example.com", MetadataDefect::NotUrl),
            ("urn:example://x", MetadataDefect::NotUrl),
            ("https://", MetadataDefect::NotUrl),
            ("https:///path", MetadataDefect::NotUrl),
            ("https://a.example/#x", MetadataDefect::Fragment),
            ("https://user@a.example/", MetadataDefect::Character),
            ("https://a.example/\r\nX: y", MetadataDefect::Character),
            ("https://\u{e4}.example/", MetadataDefect::Character),
        ] {
            assert_eq!(well_known_path(resource), Err(defect), "{resource:?}");
        }
    }

    #[test]
    fn rfc9728_section_3_2_example() {
        let body = br#"{"resource": "https://resource.example.com",
            "authorization_servers": ["https://as1.example.com", "https://as2.example.net"],
            "bearer_methods_supported": ["header", "body"],
            "scopes_supported": ["profile", "email", "phone"],
            "resource_documentation": "https://resource.example.com/resource_documentation.html"}"#;
        let document = parse(body, "https://resource.example.com").unwrap();
        assert_eq!(document.authorization_servers.len(), 2);
        assert_eq!(document.bearer_methods_supported, ["header", "body"]);
        assert_eq!(document.scopes_supported, ["profile", "email", "phone"]);
    }

    #[test]
    fn rfc9728_section_3_3_a_document_about_another_resource_is_not_used() {
        let body = br#"{"resource": "https://a.example/"}"#;
        assert!(parse(body, "https://a.example/").is_ok());
        assert_eq!(
            parse(body, "https://a.example"),
            Err(MetadataDefect::OtherResource)
        );
        assert_eq!(
            parse(body, "https://A.example/"),
            Err(MetadataDefect::OtherResource)
        );
    }

    #[test]
    fn rfc9728_section_3_2_empty_members_are_left_out() {
        let document = ProtectedResource {
            resource: "https://a.example".to_owned(),
            ..ProtectedResource::default()
        };
        assert_eq!(document.to_json(), r#"{"resource":"https://a.example"}"#);
    }

    #[test]
    fn rfc9728_section_2_what_is_said_of_bound_tokens() {
        let document = ProtectedResource {
            resource: "https://a.example".to_owned(),
            dpop_signing_alg_values_supported: vec!["ES256".to_owned()],
            dpop_bound_access_tokens_required: true,
            tls_client_certificate_bound_access_tokens: true,
            ..ProtectedResource::default()
        };
        assert_eq!(
            document.to_json(),
            r#"{"resource":"https://a.example","dpop_signing_alg_values_supported":["ES256"],"dpop_bound_access_tokens_required":true,"tls_client_certificate_bound_access_tokens":true}"#
        );
        let read = parse(document.to_json().as_bytes(), "https://a.example");
        assert_eq!(read, Ok(document));
    }

    #[test]
    fn what_is_no_document_is_refused() {
        for body in [
            &b""[..],
            b"[]",
            b"{}",
            b"\xff",
            b"{\"resource\": 3}",
            b"{\"resource\":\"https://a.example",
        ] {
            assert_eq!(
                parse(body, "https://a.example"),
                Err(MetadataDefect::NotMetadata)
            );
        }
        assert_eq!(
            parse(&vec![b' '; METADATA_BYTES_MAX + 1], ""),
            Err(MetadataDefect::TooLarge)
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(name in ".*", scopes in prop::collection::vec("[!-~]{1,9}", 0..4)) {
            let document = ProtectedResource {
                resource: "https://a.example/b".to_owned(),
                authorization_servers: vec!["https://id.example".to_owned()],
                scopes_supported: scopes,
                bearer_methods_supported: vec!["header".to_owned()],
                resource_name: Some(name),
                ..ProtectedResource::default()
            };
            prop_assert_eq!(parse(document.to_json().as_bytes(), "https://a.example/b"), Ok(document));
        }

        #[test]
        fn any_text_is_survived(resource in ".*") {
            let _ = well_known_url(&resource);
        }
    }
}

//! The documents that lead to an issuer's keys, and to where it is asked about tokens.
//!
//! Knows: OpenID Connect Discovery 1.0, RFC 8414 and their addresses. Does not know the network.

use serde::Deserialize;

/// What is read of an issuer's metadata.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: Option<String>,
    introspection_endpoint: Option<String>,
}

/// What is looked for in the metadata.
#[derive(Clone, Copy)]
pub(crate) enum Wanted {
    /// `jwks_uri`.
    Keys,
    /// `introspection_endpoint` (RFC 8414 section 2).
    Introspection,
}

/// The addresses at which an issuer's metadata can stand, the likelier first: OpenID Connect Discovery 1.0 section 4.1
/// appends its path, RFC 8414 section 3.1 puts its own between host and path.
pub(crate) fn addresses(issuer: &str) -> Vec<String> {
    let base = issuer.trim_end_matches('/');
    let mut addresses = vec![format!("{base}/.well-known/openid-configuration")];
    if let Some((scheme, rest)) = base.split_once("://") {
        let (host, path) = rest
            .split_once('/')
            .map_or((rest, String::new()), |(host, path)| {
                (host, format!("/{path}"))
            });
        addresses.push(format!(
            "{scheme}://{host}/.well-known/oauth-authorization-server{path}"
        ));
    }
    addresses
}

/// The address that is wanted, if the metadata is that of the issuer.
///
/// # Errors
/// In words for the log.
pub(crate) fn address_in(metadata: &[u8], issuer: &str, wanted: Wanted) -> Result<String, String> {
    let metadata: Metadata = serde_json::from_slice(metadata)
        .map_err(|error| format!("the metadata cannot be read: {error}"))?;
    // RFC 8414 section 3.3: the issuer must be identical to the one that the address was made from.
    if metadata.issuer != issuer {
        return Err(format!(
            "the metadata names the issuer `{}` instead of `{issuer}`",
            metadata.issuer.escape_debug()
        ));
    }
    let (found, name) = match wanted {
        Wanted::Keys => (metadata.jwks_uri, "jwks_uri"),
        Wanted::Introspection => (metadata.introspection_endpoint, "introspection_endpoint"),
    };
    let found = found.ok_or_else(|| format!("the metadata has no `{name}`"))?;
    // Keys that came in the clear would be anybody's, and so would tokens that went so.
    if issuer.starts_with("https://") && !found.starts_with("https://") {
        return Err(format!(
            "the metadata names an address without TLS for `{name}`"
        ));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn rfc8414_section_3_1_path_insertion() {
        let addresses = addresses("https://id.example.com/tenant/");
        assert_eq!(
            addresses,
            [
                "https://id.example.com/tenant/.well-known/openid-configuration",
                "https://id.example.com/.well-known/oauth-authorization-server/tenant"
            ]
        );
    }

    #[test]
    fn rfc8414_section_3_3_another_issuer_is_refused() {
        let metadata = br#"{"issuer":"https://evil.example","jwks_uri":"https://evil.example/k"}"#;
        assert!(address_in(metadata, "https://id.example.com", Wanted::Keys).is_err());
    }

    #[test]
    fn keys_without_tls_are_refused_for_an_issuer_with_it() {
        let metadata =
            br#"{"issuer":"https://id.example.com","jwks_uri":"http://id.example.com/k"}"#;
        assert!(address_in(metadata, "https://id.example.com", Wanted::Keys).is_err());
    }

    #[test]
    fn rfc8414_section_2_each_endpoint_has_a_name_of_its_own() {
        let metadata =
            br#"{"issuer":"https://id.example.com","jwks_uri":"https://id.example.com/k",
            "introspection_endpoint":"https://id.example.com/i"}"#;
        let find = |wanted| address_in(metadata, "https://id.example.com", wanted).unwrap();
        assert_eq!(find(Wanted::Keys), "https://id.example.com/k");
        assert_eq!(find(Wanted::Introspection), "https://id.example.com/i");
        let without = br#"{"issuer":"https://id.example.com"}"#;
        for wanted in [Wanted::Keys, Wanted::Introspection] {
            assert!(address_in(without, "https://id.example.com", wanted).is_err());
        }
        let clear = br#"{"issuer":"https://id.example.com","introspection_endpoint":"http://id.example.com/i"}"#;
        assert!(address_in(clear, "https://id.example.com", Wanted::Introspection).is_err());
    }
}

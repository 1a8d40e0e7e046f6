//! The documents that lead to an issuer's keys.
//!
//! Knows: OpenID Connect Discovery 1.0, RFC 8414 and their addresses. Does not know the network.

use serde::Deserialize;

/// What is read of an issuer's metadata.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
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

/// The address of the keys, if the metadata is that of the issuer.
///
/// # Errors
/// In words for the log.
pub(crate) fn jwks_address(metadata: &[u8], issuer: &str) -> Result<String, String> {
    let metadata: Metadata = serde_json::from_slice(metadata)
        .map_err(|error| format!("the metadata cannot be read: {error}"))?;
    // RFC 8414 section 3.3: the issuer must be identical to the one that the address was made from.
    if metadata.issuer != issuer {
        return Err(format!(
            "the metadata names the issuer `{}` instead of `{issuer}`",
            metadata.issuer.escape_debug()
        ));
    }
    // Keys that came in the clear would be anybody's.
    if issuer.starts_with("https://") && !metadata.jwks_uri.starts_with("https://") {
        return Err("the metadata names an address without TLS for the keys".into());
    }
    Ok(metadata.jwks_uri)
}

#[cfg(test)]
mod tests {
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
        assert!(jwks_address(metadata, "https://id.example.com").is_err());
    }

    #[test]
    fn keys_without_tls_are_refused_for_an_issuer_with_it() {
        let metadata =
            br#"{"issuer":"https://id.example.com","jwks_uri":"http://id.example.com/k"}"#;
        assert!(jwks_address(metadata, "https://id.example.com").is_err());
    }
}

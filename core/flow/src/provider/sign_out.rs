//! The logout request, OpenID Connect RP-Initiated Logout 1.0 section 2.
//!
//! Knows: its parameters. Does not know whose session it was: the ID token is not kept, so that no hint of the person is in an
//! address, and the provider asks its user whether it is meant.

use countersign_wire::form::encode;

use super::{Metadata, ProviderRules};

/// Where a browser is sent to sign out at the provider, and then back; `None`: the provider has no such address.
#[must_use]
pub fn sign_out_address(
    rules: &ProviderRules,
    metadata: &Metadata,
    post_logout_redirect_uri: &str,
) -> Option<String> {
    let endpoint = metadata.end_session_endpoint.as_deref()?;
    // RFC 6749 section 3.1 for the other endpoint: a query that an address has is kept.
    let separator = if endpoint.contains('?') { '&' } else { '?' };
    Some(format!(
        "{endpoint}{separator}client_id={}&post_logout_redirect_uri={}",
        encode(&rules.client_id),
        encode(post_logout_redirect_uri)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::rules::tests::rules;

    #[test]
    fn rp_initiated_logout_section_2_names_the_client_and_the_way_back() {
        let metadata = |endpoint: Option<&str>| Metadata {
            authorization_endpoint: "https://id.example.com/auth".into(),
            token_endpoint: "https://id.example.com/token".into(),
            end_session_endpoint: endpoint.map(Into::into),
            names_itself: false,
            knows_s256: None,
        };
        let address = |endpoint| {
            let metadata = metadata(endpoint);
            sign_out_address(&rules(), &metadata, "https://a.example/out")
        };
        assert_eq!(
            address(Some("https://id.example.com/out")).as_deref(),
            Some(
                "https://id.example.com/out?client_id=gateway&post_logout_redirect_uri=https%3A//a.example/out"
            )
        );
        let kept = address(Some("https://id.example.com/out?tenant=a"));
        assert!(kept.is_some_and(|address| address.contains("/out?tenant=a&client_id=gateway&")));
        assert_eq!(address(None), None);
    }
}

//! The authorization request, OpenID Connect Core 1.0 section 3.1.2.1 and RFC 7636 section 4.3.
//!
//! Knows: its parameters. Does not know how the browser is sent there.

use countersign_wire::form::encode;

use super::{Metadata, ProviderRules, SealedFlight};

/// Where the browser is sent to begin a sign-in; `anew` where the provider is to ask its user again, and how long ago the user may
/// have signed in there, which makes the provider say when it was.
#[must_use]
pub fn authorization_address(
    rules: &ProviderRules,
    metadata: &Metadata,
    redirect_uri: &str,
    sealed: &SealedFlight,
    anew: bool,
    max_age_secs: Option<u32>,
) -> String {
    let challenge = sealed.challenge();
    let max_age = max_age_secs
        .map(|secs| secs.to_string())
        .unwrap_or_default();
    let acr_values = rules.second_factor_acr.join(" ");
    let endpoint = &*metadata.authorization_endpoint;
    let mut address = endpoint.to_owned();
    // RFC 6749 section 3.1: a query that the endpoint has is kept.
    let mut separator = if endpoint.contains('?') { '&' } else { '?' };
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", &rules.client_id),
        ("redirect_uri", redirect_uri),
        ("scope", &rules.scope),
        ("state", &sealed.state),
        ("nonce", &sealed.nonce),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
        ("acr_values", &acr_values),
        // OpenID Connect Core section 3.1.2.1: the provider should have its user sign in again.
        ("prompt", if anew { "login" } else { "" }),
        // The same section: `auth_time` is then REQUIRED in the ID token.
        ("max_age", &max_age),
    ] {
        if !value.is_empty() {
            address.push(separator);
            address.push_str(name);
            address.push('=');
            address.push_str(&encode(value));
            separator = '&';
        }
    }
    address
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use countersign_secret::Secret;

    use super::*;
    use crate::provider::rules::tests::rules;
    use crate::provider::{Flight, FlightKey};

    #[test]
    fn attack_59_every_request_carries_state_nonce_and_an_s256_challenge() {
        let key = FlightKey::new(&Secret::new([1; 32])).unwrap();
        let flight = Flight {
            provider: "corp".into(),
            return_to: None,
            lost: false,
            max_age_secs: None,
        };
        let sealed = key.seal(&flight, "browser", [1; 12], 0).unwrap();
        let mut metadata = Metadata {
            authorization_endpoint: "https://id.example.com/auth?tenant=a".into(),
            token_endpoint: "https://id.example.com/token".into(),
            end_session_endpoint: None,
            names_itself: false,
            knows_s256: None,
        };
        let mut rules = rules();
        rules.client_id = "gate&way".into();
        let address = |rules: &_, metadata: &_| {
            authorization_address(
                rules,
                metadata,
                "https://a.example/cb",
                &sealed,
                false,
                None,
            )
        };
        assert_eq!(
            address(&rules, &metadata),
            format!(
                "https://id.example.com/auth?tenant=a&response_type=code&client_id=gate%26way&redirect_uri=https%3A//a.example/cb\
                 &scope=openid%20email&state={}&nonce={}&code_challenge={}&code_challenge_method=S256",
                sealed.state,
                sealed.nonce,
                sealed.challenge()
            )
        );
        assert!(!address(&rules, &metadata).contains(sealed.verifier().expose()));
        metadata.authorization_endpoint = "https://id.example.com/auth".into();
        rules.second_factor_acr = vec!["mfa".into(), "phr".into()];
        let address = address(&rules, &metadata);
        assert!(address.starts_with("https://id.example.com/auth?response_type=code&"));
        assert!(address.ends_with("&acr_values=mfa%20phr"));
        let redirect_uri = "https://a.example/cb";
        let anew = authorization_address(&rules, &metadata, redirect_uri, &sealed, true, Some(600));
        assert_eq!(anew, address + "&prompt=login&max_age=600");
    }
}

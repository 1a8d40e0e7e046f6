//! Whether the providers that people sign in through can be asked from here.
//!
//! Knows: what is fetched of a provider. Does not know whether it knows this client: that shows at the first sign-in.

use countersign_config::{Provider, Settings};
use countersign_flow::Rules;
use countersign_flow::provider::ProviderRules;

use super::Observation;
use crate::provider::{try_provider, try_provider_keys};

const FIX: &str = "nobody can sign in through it until it answers: see whether the address opens from this machine, and whether it is the issuer to the letter";

/// One observation for each provider.
pub(super) async fn look(rules: &Rules, settings: &Settings) -> Vec<Observation> {
    let mut seen = Vec::new();
    for (rules, settings) in rules.providers.iter().zip(&settings.providers) {
        seen.push(one(rules, settings).await);
    }
    seen
}

async fn one(rules: &ProviderRules, settings: &Provider) -> Observation {
    let about = format!("provider `{}`", rules.name);
    let metadata = match try_provider(rules, settings).await {
        Ok(metadata) => metadata,
        Err(reason) => return Observation::error(about, reason, FIX),
    };
    if let Err(reason) = try_provider_keys(rules, settings).await {
        return Observation::error(about, reason, FIX);
    }
    if metadata.knows_s256 == Some(false) {
        return Observation::warning(
            about,
            "it says that it does not know PKCE with S256",
            "it is sent all the same; look for a setting of the provider that switches it on",
        );
    }
    if rules.sign_out && metadata.end_session_endpoint.is_none() {
        return Observation::warning(
            about,
            "its metadata name no `end_session_endpoint` that people can be sent to",
            "leave `sign_out` out: who signs out here is told to be signed in there still, and not the way to sign out",
        );
    }
    Observation::ok(about, "its metadata and keys can be fetched")
}

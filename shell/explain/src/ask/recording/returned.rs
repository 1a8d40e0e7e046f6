//! A visitor whom the issuer sent back with an error: it stands in the address that is then refused.
//!
//! Knows: the codes of RFC 6749 section 4.1.2.1 and OpenID Connect Core section 3.1.2.6. Does not know the issuer.

use countersign_cause::Cause;

use crate::finding::{Finding, Weight};

use super::view::View;

pub(super) fn look(view: &View<'_>) -> Option<Finding> {
    let pairs: Vec<(String, String)> = view.request.url.query_pairs().into_owned().collect();
    let value = |wanted: &str| {
        let mut all = pairs.iter();
        all.find(|(name, _)| name == wanted)
            .map(|(_, value)| value.as_str())
    };
    let error = value("error")?;
    let (cause, weight) = match error {
        "consent_required" => (Cause::ConsentMissing, Weight::Strong),
        "access_denied" | "interaction_required" => (Cause::ConsentMissing, Weight::Fair),
        "login_required" => (Cause::SessionExpired, Weight::Fair),
        "invalid_scope" => (Cause::ScopeInsufficient, Weight::Fair),
        "redirect_mismatch" | "redirect_uri_mismatch" => {
            (Cause::RedirectUriMismatch, Weight::Strong)
        }
        "invalid_target" => (Cause::ResourceIndicatorMismatch, Weight::Strong),
        "temporarily_unavailable" | "server_error" => (Cause::IdentityBackendDown, Weight::Fair),
        _ => return None,
    };
    let evidence = format!("the issuer sent the visitor back with `error={error}`");
    Some(Finding::new(cause, weight, evidence))
}

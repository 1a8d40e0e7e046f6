//! What the token endpoint says of its refusal.
//!
//! Knows: the errors of RFC 6749 section 5.2 and of its extensions, and the words that servers put beside them. Does
//! not know the recording.

use countersign_cause::Cause;

use crate::credential::credentials_of;
use crate::exchange::Written;
use crate::finding::{Finding, Weight};

use super::Grant;

pub(super) fn look(grant: &Grant<'_>) -> Vec<Finding> {
    let Some(error) = grant.error.as_deref() else {
        return Vec::new();
    };
    let causes = match error {
        "invalid_client" => client(grant),
        "unauthorized_client" => vec![(Cause::ClientAuthenticationFailed, Weight::Fair)],
        "invalid_grant" => invalid_grant(grant),
        "invalid_request" => described(grant).into_iter().collect(),
        "invalid_target" => vec![(Cause::ResourceIndicatorMismatch, Weight::Proof)],
        "invalid_scope" => vec![(Cause::ScopeInsufficient, Weight::Fair)],
        "unsupported_grant_type" if grant.written == Written::Form => {
            vec![(Cause::SchemeDisabled, Weight::Fair)]
        }
        "consent_required" | "interaction_required" => {
            vec![(Cause::ConsentMissing, Weight::Strong)]
        }
        "login_required" => vec![(Cause::SessionExpired, Weight::Strong)],
        "invalid_dpop_proof" | "use_dpop_nonce" => {
            vec![(Cause::SenderConstraintFailed, Weight::Proof)]
        }
        _ => Vec::new(),
    };
    let kind = grant.parameter("grant_type").unwrap_or_default();
    causes
        .into_iter()
        .map(|(cause, weight)| {
            let evidence = match grant.described.is_empty() {
                true => format!("the token endpoint refuses the grant `{kind}` with `{error}`"),
                false => format!("the token endpoint refuses the grant `{kind}` with `{error}` and says why in `error_description`"),
            };
            // The description is read as well, and knows better than a word for all that is wrong with a grant.
            let is_vague = error == "invalid_grant" && kind == "password";
            let weight = match is_vague && !grant.described.is_empty() {
                true => weight.min(Weight::Slight),
                false => weight,
            };
            Finding::new(cause, weight, evidence)
        })
        .collect()
}

/// Words of `error_description` that name one cause; the first that fits counts.
const WORDS: [(&[&str], Cause); 6] = [
    (
        &[
            "code_verifier",
            "code verifier",
            "pkce",
            "code_challenge",
            "code challenge",
        ],
        Cause::PkceMismatch,
    ),
    (
        &[
            "redirect_uri",
            "redirect uri",
            "redirect url",
            "reply address",
        ],
        Cause::RedirectUriMismatch,
    ),
    (&["consent"], Cause::ConsentMissing),
    (
        &["resource parameter", "invalid resource"],
        Cause::ResourceIndicatorMismatch,
    ),
    (
        &["grant_type", "content-type", "content type"],
        Cause::GrantNotFormEncoded,
    ),
    (
        &["client_secret", "client secret", "client authentication"],
        Cause::ClientAuthenticationFailed,
    ),
];

fn described(grant: &Grant<'_>) -> Option<(Cause, Weight)> {
    let (_, cause) = WORDS.iter().find(|(words, _)| grant.says(words))?;
    let weight = match (cause, grant.written) {
        // The words name the parameter that is absent, not why; a form that has it contradicts them.
        (Cause::GrantNotFormEncoded, Written::Form) => return None,
        // It is the general word for several: the secret's id in its place, an expired one, another way to show it.
        (Cause::ClientAuthenticationFailed, _) => Weight::Strong,
        _ => Weight::Proof,
    };
    Some((*cause, weight))
}

fn client(grant: &Grant<'_>) -> Vec<(Cause, Weight)> {
    let credentials = credentials_of(grant.request);
    let basic = credentials.iter().any(|one| one.is("basic"));
    let authenticates = basic
        || grant.parameter("client_secret").is_some()
        || grant.parameter("client_assertion").is_some();
    if grant.says(&[
        "auth_method",
        "authentication method",
        "auth method",
        "not allowed to use",
        "must use",
    ]) {
        return vec![(Cause::ClientAuthenticationMethod, Weight::Proof)];
    }
    if grant.says(&["expired"]) {
        return vec![
            (Cause::CredentialExpired, Weight::Strong),
            (Cause::ClientAuthenticationFailed, Weight::Fair),
        ];
    }
    match (authenticates, grant.written) {
        (false, Written::Form) => vec![
            (Cause::ClientAuthenticationMethod, Weight::Strong),
            (Cause::ClientAuthenticationFailed, Weight::Fair),
        ],
        // Who reads no form sees no client.
        (_, Written::Json | Written::Query | Written::Untyped) if !basic => {
            vec![(Cause::ClientAuthenticationFailed, Weight::Fair)]
        }
        (_, _) if may_be_encoding(grant) => vec![
            (Cause::ClientAuthenticationFailed, Weight::Fair),
            (Cause::ClientAuthenticationMethod, Weight::Slight),
        ],
        (_, _) => vec![
            (Cause::ClientAuthenticationFailed, Weight::Strong),
            (Cause::ClientAuthenticationMethod, Weight::Fair),
        ],
    }
}

/// Whether the client's secret is one that form-encoding changes: then a wrong secret is the lesser guess.
fn may_be_encoding(grant: &Grant<'_>) -> bool {
    let found = super::client::look(grant);
    found
        .iter()
        .any(|one| one.cause == Cause::ClientSecretEncoding && one.weight > Weight::Against)
}

fn invalid_grant(grant: &Grant<'_>) -> Vec<(Cause, Weight)> {
    let again = [
        "already",
        "reuse",
        "re-use",
        "redeemed",
        "used more than",
        "been used",
        "was used",
        "rotated",
    ];
    let over = ["expired", "too old", "no longer valid"];
    match grant.parameter("grant_type").unwrap_or_default() {
        "authorization_code" => {
            if let Some(told) = described(grant) {
                return vec![told];
            }
            if grant.says(&again) {
                return vec![(Cause::CodeReused, Weight::Proof)];
            }
            if grant.says(&["expired or", "invalid or expired", "or expired"]) {
                return vec![
                    (Cause::CodeExpired, Weight::Strong),
                    (Cause::CodeReused, Weight::Fair),
                ];
            }
            if grant.says(&over) {
                return vec![(Cause::CodeExpired, Weight::Proof)];
            }
            let mut causes = vec![
                (Cause::CodeExpired, Weight::Fair),
                (Cause::CodeReused, Weight::Slight),
            ];
            if grant.parameter("code_verifier").is_some() {
                causes.push((Cause::PkceMismatch, Weight::Slight));
            }
            if grant.parameter("redirect_uri").is_some() {
                causes.push((Cause::RedirectUriMismatch, Weight::Slight));
            }
            causes
        }
        "refresh_token" if grant.says(&again) => vec![(Cause::RefreshTokenReused, Weight::Proof)],
        "refresh_token" if grant.says(&over) => vec![(Cause::RefreshTokenExpired, Weight::Strong)],
        "refresh_token" => vec![
            (Cause::RefreshTokenExpired, Weight::Fair),
            (Cause::RefreshTokenReused, Weight::Slight),
        ],
        "password" if grant.says(&["locked"]) => vec![(Cause::AccountLocked, Weight::Strong)],
        "password" if grant.says(&["disabled", "not fully set up"]) => {
            vec![(Cause::AccountDisabled, Weight::Strong)]
        }
        "password" => vec![(Cause::CredentialsRejected, Weight::Strong)],
        _ if grant.says(&over) => vec![(Cause::CredentialExpired, Weight::Fair)],
        _ => Vec::new(),
    }
}

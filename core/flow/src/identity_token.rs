//! The identity as a token that is signed, for upstreams that do not take the gateway's word for who is at the other end.
//!
//! Knows: which claims the token has, and how long one serves. Does not know where keys come from.

use std::sync::{Mutex, PoisonError};

use aws_lc_rs::rand::SecureRandom;
use countersign_jose::SigningError;
use countersign_jose::sign::SigningKeys;
use countersign_policy::{Identity, Source};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;

use crate::decide::Edits;

/// How the token is written, and for whom.
#[derive(Debug, Clone)]
pub struct IdentityToken {
    /// The header that it goes in.
    pub header: HeaderName,
    /// The claim `iss`.
    pub issuer: Box<str>,
    /// From `iat` to `exp`.
    pub lifetime_secs: i64,
    /// The claim `aud` for each upstream, in the order of the configuration; `None`: it gets no token.
    pub audiences: Vec<Option<Box<str>>>,
}

/// A token serves the requests of this part of its life: what an upstream gets is good for the rest at least.
const SERVES_ONE_IN: i64 = 6;

/// Tokens that were signed for one principal, each for its audience.
#[derive(Debug, Default)]
pub(crate) struct Signed(Mutex<Vec<Token>>);

#[derive(Debug)]
struct Token {
    audience: Box<str>,
    serves_until_unix_secs: i64,
    value: HeaderValue,
}

/// RFC 7519 section 4.1, and RFC 8693 section 4.2 for `scope`. There is no `jti`: a token is for many requests.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    groups: &'a [Box<str>],
    scope: String,
    /// How the caller has shown who it is.
    scheme: &'a str,
    /// Who vouches for `sub`, where it is not the gateway's own store: the same name is another caller there.
    #[serde(skip_serializing_if = "Option::is_none")]
    idp: Option<&'a str>,
    iat: i64,
    exp: i64,
}

impl Edits<'_> {
    /// Writes the token, where the upstream is to have one and there is an identity. What a client sends under the name
    /// is gone already, by [`Edits::apply`].
    ///
    /// # Errors
    ///
    /// It cannot be signed. Nothing may be sent then.
    pub fn sign(
        &self,
        headers: &mut HeaderMap,
        keys: Option<&SigningKeys>,
        now_unix_secs: i64,
        random: &dyn SecureRandom,
    ) -> Result<(), SigningError> {
        let Some(rules) = self.identity_token() else {
            return Ok(());
        };
        let audience = rules.audiences.get(self.route.upstream);
        let (Some(Some(audience)), Some(principal)) = (audience, self.principal()) else {
            return Ok(());
        };
        let mut kept = principal
            .signed
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        kept.retain(|token| token.serves_until_unix_secs > now_unix_secs);
        if let Some(token) = kept.iter().find(|token| token.audience == *audience) {
            headers.insert(rules.header.clone(), token.value.clone());
            return Ok(());
        }
        let signer = keys.and_then(|keys| keys.signer(now_unix_secs));
        let signer = signer.ok_or(SigningError::Failed)?;
        let identity = &principal.identity;
        let claims = Claims {
            iss: &rules.issuer,
            aud: audience,
            sub: &identity.subject,
            groups: &identity.groups,
            scope: identity.scopes.join(" "),
            scheme: principal.scheme.name(),
            idp: provider(identity),
            iat: now_unix_secs,
            exp: now_unix_secs.saturating_add(rules.lifetime_secs),
        };
        let token = signer.sign_claims("JWT", &claims, random)?;
        let mut value = HeaderValue::try_from(token).map_err(|_| SigningError::Failed)?;
        value.set_sensitive(true);
        headers.insert(rules.header.clone(), value.clone());
        kept.push(Token {
            audience: audience.clone(),
            serves_until_unix_secs: now_unix_secs
                .saturating_add(rules.lifetime_secs / SERVES_ONE_IN),
            value,
        });
        Ok(())
    }
}

fn provider(identity: &Identity) -> Option<&str> {
    match &identity.source {
        Source::Token { issuer } => Some(issuer),
        Source::User | Source::Session { .. } | Source::ApiKey { .. } | Source::Certificate => None,
    }
}

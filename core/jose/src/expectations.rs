//! What the claims of a verified token have to say, RFC 7519 section 4.1, RFC 8725 section 3, RFC 9068 section 4.
//!
//! Knows: issuer, audience, kind and time. Does not know: scopes, users, routes; they are the policy's.

use serde_json::Value;

use crate::{Claims, TokenRefusal};

/// What a token has to say to be taken.
#[derive(Clone, Copy, Debug)]
pub struct Expectations<'r> {
    /// `iss`, to the letter.
    pub issuer: &'r str,
    /// One of these has to be in `aud`. Without any, no token is taken.
    pub audiences: &'r [String],
    /// The values of `typ` that are taken, as media types with or without `application/`.
    pub types: &'r [String],
    /// Whether a token without `typ` is taken.
    pub untyped: bool,
    /// How far the clocks of issuer and verifier may differ.
    pub leeway_secs: u32,
    /// The longest that a token may be valid.
    pub lifetime_secs_max: Option<u32>,
    /// Claims that have to be there, besides `iss`, `aud` and `exp`.
    pub required_claims: &'r [String],
}

impl Claims {
    /// Whether the token is for us, of the right kind, and valid now.
    ///
    /// # Errors
    ///
    /// Fails with the first expectation that is not met. The kind comes first, then who it is from and for, then time.
    pub fn check(
        &self,
        expected: &Expectations<'_>,
        now_unix_secs: i64,
    ) -> Result<(), TokenRefusal> {
        self.check_kind(expected)?;
        self.check_parties(expected)?;
        if self.times.expires.is_none() {
            return Err(missing("exp"));
        }
        self.check_times(expected, now_unix_secs)?;
        self.check_lifetime(expected, now_unix_secs)?;
        self.check_required(expected)
    }

    pub(crate) fn check_required(&self, expected: &Expectations<'_>) -> Result<(), TokenRefusal> {
        match expected
            .required_claims
            .iter()
            .find(|name| self.at(name).is_none_or(Value::is_null))
        {
            Some(name) => Err(missing(name)),
            None => Ok(()),
        }
    }

    fn check_kind(&self, expected: &Expectations<'_>) -> Result<(), TokenRefusal> {
        // RFC 8725 section 3.11: explicit typing keeps kinds of tokens apart.
        let typed = match self.typ() {
            Some(typ) => expected
                .types
                .iter()
                .any(|wanted| same_media_type(wanted, typ)),
            None => expected.untyped,
        };
        if !typed {
            return Err(TokenRefusal::TypeMismatch);
        }
        // RFC 9068 section 2.1: a token of this type is an access token, whatever claims it has.
        if self.typ().is_some_and(|typ| same_media_type(typ, "at+jwt")) {
            return Ok(());
        }
        if self.is_id_token() {
            return Err(TokenRefusal::IdToken);
        }
        if self.is_other_kind() {
            return Err(TokenRefusal::OtherKind);
        }
        Ok(())
    }

    /// Whether claims give away an ID token that is not typed. OpenID Connect Core 1.0 sections 3.1.3.6 and 3.3.2.11
    /// define the hashes for ID tokens alone. `nonce` is theirs too, but some access tokens repeat it, and those have a
    /// scope.
    pub(crate) fn is_id_token(&self) -> bool {
        let has = |name| self.claim(name).is_some();
        has("at_hash")
            || has("c_hash")
            || (has("nonce") && !has("scope") && !has("scp"))
            || self.text("token_use") == Some("id")
            || self.text("typ") == Some("ID")
    }

    /// Refresh and offline tokens of Keycloak name their kind in the claims. `events` is that of logout tokens and
    /// security events (RFC 8417 section 2.2).
    pub(crate) fn is_other_kind(&self) -> bool {
        self.text("typ")
            .is_some_and(|typ| ["Refresh", "Offline", "Logout"].contains(&typ))
            || self
                .text("token_use")
                .is_some_and(|used| ["refresh", "refresh_token"].contains(&used))
            || self.claim("events").is_some()
    }

    fn check_parties(&self, expected: &Expectations<'_>) -> Result<(), TokenRefusal> {
        let issuer = self.issuer().ok_or_else(|| missing("iss"))?;
        if issuer != expected.issuer {
            return Err(TokenRefusal::IssuerMismatch);
        }
        self.check_audience(expected)
    }

    pub(crate) fn check_audience(&self, expected: &Expectations<'_>) -> Result<(), TokenRefusal> {
        if self.claim("aud").is_none() {
            return Err(missing("aud"));
        }
        // RFC 7519 section 4.1.3: a principal that does not find itself in `aud` MUST reject the token.
        if !self
            .audiences()
            .any(|audience| expected.audiences.iter().any(|wanted| wanted == audience))
        {
            return Err(TokenRefusal::AudienceMismatch);
        }
        Ok(())
    }

    /// The times that are there.
    pub(crate) fn check_times(
        &self,
        expected: &Expectations<'_>,
        now_unix_secs: i64,
    ) -> Result<(), TokenRefusal> {
        let leeway_secs = i64::from(expected.leeway_secs);
        // RFC 7519 section 4.1.4: not on or after `exp`.
        if let Some(expires) = self.times.expires {
            let ago_secs = now_unix_secs.saturating_sub(expires);
            if ago_secs >= leeway_secs {
                return Err(TokenRefusal::Expired { ago_secs });
            }
        }
        // RFC 7519 section 4.1.5: not before `nbf`. An `iat` in the future is as wrong.
        for (claim, time) in [("nbf", self.times.not_before), ("iat", self.times.issued)] {
            let ahead_secs = time.map_or(0, |time| time.saturating_sub(now_unix_secs));
            if ahead_secs > leeway_secs {
                return Err(TokenRefusal::NotYetValid { claim, ahead_secs });
            }
        }
        Ok(())
    }

    fn check_lifetime(
        &self,
        expected: &Expectations<'_>,
        now_unix_secs: i64,
    ) -> Result<(), TokenRefusal> {
        let leeway_secs = i64::from(expected.leeway_secs);
        let (Some(lifetime_secs_max), Some(expires)) =
            (expected.lifetime_secs_max, self.times.expires)
        else {
            return Ok(());
        };
        let begun = self
            .times
            .issued
            .map_or(now_unix_secs, |issued| issued.min(now_unix_secs));
        let lifetime_secs = expires.saturating_sub(begun);
        if lifetime_secs > i64::from(lifetime_secs_max) + leeway_secs {
            return Err(TokenRefusal::LifetimeTooLong { lifetime_secs });
        }
        Ok(())
    }
}

/// RFC 7515 section 4.1.9: media types are compared without regard to case, and `application/` may be left out where no
/// other slash appears.
fn same_media_type(a: &str, b: &str) -> bool {
    subtype(a).eq_ignore_ascii_case(subtype(b))
}

fn subtype(media_type: &str) -> &str {
    match media_type.split_once('/') {
        Some((top, rest)) if top.eq_ignore_ascii_case("application") && !rest.contains('/') => rest,
        Some(_) | None => media_type,
    }
}

pub(crate) fn missing(name: &str) -> TokenRefusal {
    TokenRefusal::ClaimMissing(name.into())
}

#[cfg(test)]
mod tests;

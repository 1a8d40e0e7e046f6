//! The server half of Bearer: reads the token, writes the challenge.

use std::fmt;

use countersign_cause::Cause;
use countersign_secret::api_key;

use super::TOKEN_BYTES_MAX;
use crate::credentials::{Defect, PLACEHOLDER_BYTES_MAX, is_placeholder, unfit};
use crate::grammar::is_token68;
use crate::{Challenge, Scheme};

/// A token as a client presented it: a `token68`, of whatever kind.
#[derive(Clone, Copy)]
pub struct Token<'a>(&'a [u8]);

impl<'a> Token<'a> {
    /// One that came under another scheme word.
    pub(crate) const fn of(raw: &'a [u8]) -> Token<'a> {
        Token(raw)
    }

    /// The token, as presented.
    pub const fn raw(&self) -> &'a [u8] {
        self.0
    }
}

/// Reads what follows the scheme word.
///
/// `credentials = "Bearer" 1*SP b64token`, RFC 6750 section 2.1; `b64token` is `token68` of RFC 9110.
///
/// # Errors
///
/// The cause for which it is no token.
pub fn parse(rest: &[u8]) -> Result<Token<'_>, Defect> {
    carried(Scheme::Bearer, rest).map(Token)
}

/// One `token68`, for this scheme and for the one that is written like it.
pub(crate) fn carried(scheme: Scheme, rest: &[u8]) -> Result<&[u8], Defect> {
    if rest.len() > TOKEN_BYTES_MAX {
        return Err(Defect::new(
            Cause::HeaderTooLarge,
            Some(scheme),
            "longer than any credential that is taken",
        ));
    }
    // Real tokens are longer and keys have their prefix, so that neither is held up by this.
    let suspicious = rest.len() <= PLACEHOLDER_BYTES_MAX
        && !api_key::looks_like(rest)
        && (is_placeholder(rest) || Scheme::from_word(rest).is_some());
    if suspicious || !is_token68(rest) {
        Err(unfit(scheme, rest))
    } else {
        Ok(rest)
    }
}

/// An error code of RFC 6750 section 3.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// The request is malformed: 400.
    InvalidRequest,
    /// The token is no good: 401.
    InvalidToken,
    /// The token is good for too little: 403.
    InsufficientScope,
    /// The sign-in behind the token is too old or too weak: 401 (RFC 9470 section 3).
    InsufficientUserAuthentication,
}

impl ErrorCode {
    /// The code as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            ErrorCode::InvalidRequest => "invalid_request",
            ErrorCode::InvalidToken => "invalid_token",
            ErrorCode::InsufficientScope => "insufficient_scope",
            ErrorCode::InsufficientUserAuthentication => "insufficient_user_authentication",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a Bearer challenge says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ask<'r> {
    /// The protection space.
    pub realm: &'r str,
    /// What was wrong; `None` where the request carried no credentials (RFC 6750 section 3.1).
    pub error: Option<ErrorCode>,
    /// A sentence about it, for a developer.
    pub error_description: Option<&'r str>,
    /// The scopes that are needed, in order.
    pub scope: &'r [&'r str],
    /// The authentication context classes, any one of which will do, the preferred first (RFC 9470 section 3).
    pub acr_values: &'r [Box<str>],
    /// How long ago the sign-in may have been, in seconds (RFC 9470 section 3).
    pub max_age_secs: Option<i64>,
    /// Where the protected resource's metadata are: an absolute URL.
    pub resource_metadata: Option<&'r str>,
}

/// The challenge.
pub fn challenge(ask: &Ask<'_>) -> Challenge {
    challenge_of(Scheme::Bearer, ask, ask.error.map(ErrorCode::as_str))
}

/// The same for the scheme that says what Bearer says, with an error of its own.
pub(crate) fn challenge_of(scheme: Scheme, ask: &Ask<'_>, error: Option<&str>) -> Challenge {
    // RFC 6750 section 3: the scheme word MUST be followed by one or more parameters; the realm is always one.
    let mut challenge = Challenge::new(scheme).with("realm", ask.realm);
    if let Some(error) = error {
        challenge = challenge.with("error", error);
    }
    if let Some(description) = ask.error_description {
        challenge = challenge.with("error_description", &plain(description));
    }
    let scopes: Vec<String> = ask
        .scope
        .iter()
        .map(|scope| scope_token(scope))
        .filter(|scope| !scope.is_empty())
        .collect();
    if !scopes.is_empty() {
        challenge = challenge.with("scope", &scopes.join(" "));
    }
    if !ask.acr_values.is_empty() {
        challenge = challenge.with("acr_values", &ask.acr_values.join(" "));
    }
    if let Some(secs) = ask.max_age_secs {
        challenge = challenge.with("max_age", &secs.to_string());
    }
    if let Some(url) = ask.resource_metadata {
        // RFC 9728 section 5.1.
        challenge = challenge.with("resource_metadata", url);
    }
    challenge
}

/// RFC 6750 section 3: `error_description` MUST NOT hold characters outside of `%x20-21 / %x23-5B / %x5D-7E`.
fn plain(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '"' | '`' => '\'',
            '\\' => '/',
            ' '..='~' => character,
            _ if character.is_whitespace() => ' ',
            _ => '?',
        })
        .collect()
}

/// RFC 6750 section 3: a scope value is of `%x21 / %x23-5B / %x5D-7E`, with spaces between scope values.
fn scope_token(scope: &str) -> String {
    scope
        .chars()
        .filter(|character| matches!(character, '!'..='~') && !matches!(character, '"' | '\\'))
        .collect()
}

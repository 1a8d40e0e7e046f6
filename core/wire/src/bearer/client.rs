//! The client half of Bearer: reads the challenge, writes credentials.

use countersign_secret::Secret;

use super::server::ErrorCode;
use crate::grammar::is_token68;
use crate::{Challenge, Scheme};

/// What a resource server said in its challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked<'a> {
    /// The protection space; empty where none is named.
    pub realm: &'a str,
    /// The error as it was written: resource servers have codes of their own.
    pub error: Option<&'a str>,
    /// The sentence about it.
    pub error_description: Option<&'a str>,
    /// The scopes, as one string with spaces between.
    pub scope: Option<&'a str>,
    /// Where to find out how to get a token, RFC 9728 section 5.1.
    pub resource_metadata: Option<&'a str>,
}

impl<'a> Asked<'a> {
    /// The scopes one by one.
    pub fn scopes(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.scope.unwrap_or_default().split_ascii_whitespace()
    }

    /// The error, where it is one of RFC 6750 section 3.1.
    pub fn error_code(&self) -> Option<ErrorCode> {
        [
            ErrorCode::InvalidRequest,
            ErrorCode::InvalidToken,
            ErrorCode::InsufficientScope,
        ]
        .into_iter()
        .find(|code| self.error == Some(code.as_str()))
    }
}

/// What the challenge says; `None` for another scheme's.
pub fn asked(challenge: &Challenge) -> Option<Asked<'_>> {
    (challenge.scheme() == Some(Scheme::Bearer)).then(|| said(challenge))
}

/// What a challenge says of a token, whichever scheme it is carried by.
pub(crate) fn said(challenge: &Challenge) -> Asked<'_> {
    Asked {
        realm: challenge.realm(),
        error: challenge.param("error"),
        error_description: challenge.param("error_description"),
        scope: challenge.param("scope"),
        resource_metadata: challenge.param("resource_metadata"),
    }
}

/// The value of `Authorization`; `None` where the token cannot be carried, for it is no `token68`.
pub fn authorization(token: &str) -> Option<Secret<String>> {
    is_token68(token.as_bytes()).then(|| {
        let mut value = String::with_capacity("Bearer ".len() + token.len());
        value.push_str("Bearer ");
        value.push_str(token);
        Secret::new(value)
    })
}

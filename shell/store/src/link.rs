//! Links of users with their accounts at OpenID providers, as they are handed in and given out.

use std::fmt;

/// Who somebody is at a provider: its `iss` and its `sub`, together and to the letter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LinkKey {
    /// The provider's identifier.
    pub issuer: Box<str>,
    /// Whom it means.
    pub subject: Box<str>,
}

impl fmt::Display for LinkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.subject, self.issuer)
    }
}

/// A link of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The account at the provider.
    pub key: LinkKey,
    /// When it was made.
    pub created_unix_secs: i64,
}

/// What the store says of an account at a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkedUser {
    /// The store's key of the user.
    pub id: i64,
    /// The name as stored.
    pub name: Box<str>,
    /// Whether the user may not sign in.
    pub disabled: bool,
    /// Whether the user has a second factor here.
    pub second_factor: bool,
    /// Grows with every change but a rehash at sign-in.
    pub version: i64,
}

//! Who asks, once that is established.
//!
//! Knows: names, groups, scopes, claims and the limits of the credential. Does not know: the credential itself, or how
//! it was verified.

use serde_json::{Map, Value};

use crate::network::Network;

/// A known caller.
///
/// Whoever holds an `Identity` may have made it up: only the step machine's `Verified<Identity>` says that it was proved.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
    /// The user's name, the API key's owner, the token's subject, or the name in the certificate. This is what `users` of a rule is compared with.
    pub subject: Box<str>,
    /// A name for people, where one is known.
    pub display_name: Option<Box<str>>,
    /// Where the identity comes from.
    pub source: Source,
    /// The groups, in the order of their source.
    pub groups: Vec<Box<str>>,
    /// The scopes. Those of a user without a token are the ones that the store lists.
    pub scopes: Vec<Box<str>>,
    /// A token's claims; empty for the other sources.
    pub claims: Map<String, Value>,
    /// The client networks that this credential may be used from; empty: anywhere.
    pub networks: Vec<Network>,
    /// What is known of the sign-in that the credential came of.
    pub sign_in: SignIn,
}

/// A sign-in that a session or a token came of. Of passwords, proofs and keys nothing is known: a program that remembers
/// them can send them at any time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignIn {
    /// When the person has shown who they are, in Unix seconds.
    pub at_unix_secs: Option<i64>,
    /// The authentication context class.
    pub acr: Option<Box<str>>,
    /// The methods that were used (RFC 8176).
    pub amr: Vec<Box<str>>,
}

impl Identity {
    /// An identity that has a name and nothing else.
    #[must_use]
    pub fn new(subject: &str, source: Source) -> Identity {
        Identity {
            subject: subject.into(),
            display_name: None,
            source,
            groups: Vec::new(),
            scopes: Vec::new(),
            claims: Map::new(),
            networks: Vec::new(),
            sign_in: SignIn::default(),
        }
    }
}

/// Where an identity comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// A user of the store, by password.
    User,
    /// A user of the store, by a session.
    Session {
        /// The session's public id.
        id: Box<str>,
        /// Whether a second factor was given when it was begun.
        second_factor: bool,
    },
    /// An API key of the store.
    ApiKey {
        /// The key's public id.
        id: Box<str>,
        /// The user or service that it was made for.
        owner: Box<str>,
    },
    /// A token.
    Token {
        /// The issuer's identifier, as in the claim `iss`.
        issuer: Box<str>,
    },
    /// A certificate that the client has shown in the TLS handshake.
    Certificate,
}

impl Source {
    /// The API key's public id, where the identity comes from one.
    #[must_use]
    pub fn api_key_id(&self) -> Option<&str> {
        match self {
            Source::ApiKey { id, .. } => Some(id),
            Source::User | Source::Session { .. } | Source::Token { .. } | Source::Certificate => {
                None
            }
        }
    }

    /// Whether a second factor was given, as far as the gateway knows: what an issuer of tokens has asked for is in claims.
    #[must_use]
    pub const fn has_second_factor(&self) -> bool {
        match self {
            Source::Session { second_factor, .. } => *second_factor,
            Source::User | Source::ApiKey { .. } | Source::Token { .. } | Source::Certificate => {
                false
            }
        }
    }

    /// The session's public id, where the identity comes from one.
    #[must_use]
    pub fn session_id(&self) -> Option<&str> {
        match self {
            Source::Session { id, .. } => Some(id),
            Source::User | Source::ApiKey { .. } | Source::Token { .. } | Source::Certificate => {
                None
            }
        }
    }
}

//! How a provider is reached that people sign in through.
//!
//! Knows: values that have been checked. Does not know tokens, nor who may sign in.

use std::path::PathBuf;
use std::time::Duration;

use super::SecretPlace;

/// What of one provider is the shell's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// How the gateway shows itself at the token endpoint.
    pub client: ProviderClient,
    /// How long a sign-in waits for the provider.
    pub answer: Duration,
    /// The longest answer of the token endpoint that is read.
    pub answer_bytes_max: usize,
    /// Exchanges that are under way at once.
    pub in_flight_max: usize,
    /// Exchanges that wait for their turn.
    pub waiting_max: usize,
    /// PEM certificates that are trusted for its server beside the system's.
    pub ca_file: Option<PathBuf>,
}

/// How the gateway shows itself (RFC 6749 section 2.3.1), with the place of the secret, a line end apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProviderClient {
    /// `client_secret_basic`.
    Basic(SecretPlace),
    /// `client_secret_post`.
    Post(SecretPlace),
    /// A public client.
    Public,
}

impl ProviderClient {
    /// The place of the secret.
    #[must_use]
    pub const fn secret(&self) -> Option<&SecretPlace> {
        match self {
            Self::Basic(place) | Self::Post(place) => Some(place),
            Self::Public => None,
        }
    }
}

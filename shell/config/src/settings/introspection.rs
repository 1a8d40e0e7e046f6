//! How an issuer is asked about its tokens (RFC 7662).
//!
//! Knows: values that have been checked. Does not know tokens, nor what an answer means.

use std::time::Duration;

use super::SecretPlace;

/// How one issuer is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Introspection {
    /// The address that is asked; `None`: the one in the issuer's metadata.
    pub address: Option<Box<str>>,
    /// How the gateway shows itself.
    pub client: Client,
    /// Where the client's secret is, or the token that stands for it; a line end apart.
    pub secret_file: SecretPlace,
    /// How long a request waits for the answer.
    pub answer: Duration,
    /// The longest answer that is read.
    pub answer_bytes_max: usize,
    /// Questions that are under way at once.
    pub in_flight_max: usize,
    /// Questions that wait for their turn.
    pub waiting_max: usize,
    /// How long an answer is believed at most, in seconds.
    pub cache_secs: i64,
    /// The same of the answer that a token is not active.
    pub cache_inactive_secs: i64,
    /// How many answers are kept.
    pub cache_entries_max: usize,
}

/// How the gateway shows itself to an issuer (RFC 6749 section 2.3.1, RFC 7662 section 2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Client {
    /// `client_secret_basic`, under this client id.
    Basic(Box<str>),
    /// `client_secret_post`, under this client id.
    Post(Box<str>),
    /// An access token of its own.
    Bearer,
}

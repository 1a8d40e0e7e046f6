//! A certificate that is ordered from an authority.
//!
//! Knows: values that have been checked. Does not know the authority.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::SecretPlace;

/// Where the certificate of the listener is ordered, and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acme {
    /// The address of the authority's directory, by https.
    pub directory: String,
    /// The names in the certificate, one at least, in lower case.
    pub domains: Vec<Box<str>>,
    /// Where the authority can write to: `mailto:` each.
    pub contacts: Vec<Box<str>>,
    /// Where account and certificate are kept.
    pub folder: PathBuf,
    /// PEM certificates that are trusted for the directory beside the system's.
    pub ca_file: Option<PathBuf>,
    /// An account with the authority that was there before.
    pub external_account: Option<ExternalAccount>,
    /// The least time between two orders, and the first after one that failed.
    pub retry: Duration,
    /// The longest time between two orders that fail.
    pub retry_max: Duration,
    /// How long an order may take.
    pub order: Duration,
}

/// The binding to an account that was there before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalAccount {
    /// What the authority calls the key.
    pub kid: Box<str>,
    /// The key, in base64url.
    pub key: SecretPlace,
}

impl Acme {
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        let key = self.external_account.as_ref();
        let key = key.and_then(|account| account.key.file());
        self.ca_file.as_deref().into_iter().chain(key)
    }
}

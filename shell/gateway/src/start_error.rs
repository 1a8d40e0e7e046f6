//! Why the gateway does not start.
//!
//! Knows: what was wrong outside. Does not know secrets.

use std::fmt;
use std::net::SocketAddr;

/// Why the gateway does not start. It never starts with less than it was configured for.
#[derive(Debug)]
pub enum StartError {
    /// An address cannot be listened on.
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// A PEM file cannot be read.
    Pem {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// Certificate and key do not fit, or TLS cannot be set up.
    Tls {
        /// Why.
        reason: String,
    },
    /// The keys of an issuer that stand in a file or in the configuration are not usable.
    Keys {
        /// The issuer's name in the configuration.
        issuer: Box<str>,
        /// Why.
        reason: String,
    },
    /// The key that nonces of Digest are made with cannot be had.
    NonceKey {
        /// Why.
        reason: String,
    },
    /// The key that forms are protected with cannot be had.
    FormKey {
        /// Why.
        reason: String,
    },
    /// A thread or its runtime cannot be started.
    Thread(std::io::Error),
    /// The system gives no random bytes.
    Random,
}

impl fmt::Display for StartError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listen { address, source } => {
                write!(formatter, "cannot listen on `{address}`: {source}")
            }
            Self::Pem { path, reason } => write!(formatter, "cannot read `{path}`: {reason}"),
            Self::Tls { reason } => write!(formatter, "cannot set up TLS: {reason}"),
            Self::Keys { issuer, reason } => write!(
                formatter,
                "the keys of issuer `{issuer}` cannot be used: {reason}"
            ),
            Self::NonceKey { reason } => {
                write!(
                    formatter,
                    "cannot get the key for nonces of Digest: {reason}"
                )
            }
            Self::FormKey { reason } => {
                write!(formatter, "cannot get the key for forms: {reason}")
            }
            Self::Thread(source) => write!(formatter, "cannot start a thread: {source}"),
            Self::Random => formatter.write_str("the system gives no random bytes"),
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Listen { source, .. } | Self::Thread(source) => Some(source),
            Self::Pem { .. }
            | Self::Tls { .. }
            | Self::Keys { .. }
            | Self::NonceKey { .. }
            | Self::FormKey { .. }
            | Self::Random => None,
        }
    }
}

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
    /// A socket that was handed over cannot be used.
    Handed(std::io::Error),
    /// A socket that was handed over is for no address of the configuration.
    HandedUnused {
        /// Its address.
        address: SocketAddr,
    },
    /// A PEM file cannot be read.
    Pem {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// The private key is locked with a passphrase, and there is nobody to ask for it.
    KeyLocked {
        /// The file of the key.
        key: String,
    },
    /// The private key is not the one that the certificate was made for.
    KeyOfAnother {
        /// The file of the certificate.
        certificate: String,
        /// The file of the key.
        key: String,
    },
    /// TLS cannot be set up.
    Tls {
        /// Why.
        reason: String,
    },
    /// A certificate cannot be ordered.
    Acme {
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
    /// What is needed to ask an issuer about its tokens cannot be had.
    Introspection {
        /// The issuer's name in the configuration.
        issuer: Box<str>,
        /// Why.
        reason: String,
    },
    /// What is needed to ask a provider that people sign in through cannot be had.
    Provider {
        /// The provider's name in the configuration.
        provider: Box<str>,
        /// Why.
        reason: String,
    },
    /// The key that nonces of Digest are made with cannot be had.
    NonceKey {
        /// Why.
        reason: String,
    },
    /// The keys that identities are signed with cannot be had.
    IdentityKeys {
        /// The file.
        path: String,
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

impl StartError {
    /// How to mend it, where that is known.
    #[must_use]
    pub const fn fix(&self) -> Option<&'static str> {
        match self {
            Self::KeyLocked { .. } => Some(
                "take the passphrase off: `openssl pkey -in LOCKED -out KEY`, then `chmod 600 KEY`, for the user that the gateway runs as",
            ),
            Self::KeyOfAnother { .. } => Some(
                "the first certificate of the file must be the one that the key was made for: `openssl x509 -noout -pubkey -in CERTIFICATE` and `openssl pkey -pubout -in KEY` print the same then",
            ),
            Self::Pem { .. } => Some(
                "it must be PEM: text between `-----BEGIN ...-----` and `-----END ...-----`, whole and unchanged",
            ),
            Self::Listen { .. } => Some(
                "`countersign check --live` says whether another program has it, or this user may not",
            ),
            Self::HandedUnused { .. } => Some(
                "name it in `listen` of `[server]` or `[admin]`, to the letter as in `ListenStream` of the socket unit, or take it out there",
            ),
            Self::Handed(_)
            | Self::Tls { .. }
            | Self::Acme { .. }
            | Self::Keys { .. }
            | Self::Introspection { .. }
            | Self::Provider { .. }
            | Self::NonceKey { .. }
            | Self::IdentityKeys { .. }
            | Self::FormKey { .. }
            | Self::Thread(_)
            | Self::Random => None,
        }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listen { address, source } => {
                write!(formatter, "cannot listen on `{address}`: {source}")
            }
            Self::Handed(source) => {
                write!(
                    formatter,
                    "a socket that was handed over cannot be used: {source}"
                )
            }
            Self::HandedUnused { address } => write!(
                formatter,
                "the socket of `{address}` was handed over, and is for no address of the configuration"
            ),
            Self::Pem { path, reason } => write!(formatter, "cannot read `{path}`: {reason}"),
            Self::KeyLocked { key } => {
                write!(
                    formatter,
                    "the private key `{key}` is locked with a passphrase"
                )
            }
            Self::KeyOfAnother { certificate, key } => write!(
                formatter,
                "the private key `{key}` belongs to another certificate than `{certificate}`"
            ),
            Self::Tls { reason } => write!(formatter, "cannot set up TLS: {reason}"),
            Self::Acme { reason } => write!(formatter, "no certificate can be ordered: {reason}"),
            Self::Keys { issuer, reason } => write!(
                formatter,
                "the keys of issuer `{issuer}` cannot be used: {reason}"
            ),
            Self::Introspection { issuer, reason } => write!(
                formatter,
                "issuer `{issuer}` cannot be asked about tokens: {reason}"
            ),
            Self::Provider { provider, reason } => write!(
                formatter,
                "nobody can sign in through provider `{provider}`: {reason}"
            ),
            Self::NonceKey { reason } => {
                write!(
                    formatter,
                    "cannot get the key for nonces of Digest: {reason}"
                )
            }
            Self::IdentityKeys { path, reason } => {
                write!(
                    formatter,
                    "identities cannot be signed with `{path}`: {reason}"
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
            Self::Listen { source, .. } | Self::Handed(source) | Self::Thread(source) => {
                Some(source)
            }
            Self::HandedUnused { .. }
            | Self::Pem { .. }
            | Self::KeyLocked { .. }
            | Self::KeyOfAnother { .. }
            | Self::Tls { .. }
            | Self::Acme { .. }
            | Self::Keys { .. }
            | Self::Introspection { .. }
            | Self::Provider { .. }
            | Self::NonceKey { .. }
            | Self::IdentityKeys { .. }
            | Self::FormKey { .. }
            | Self::Random => None,
        }
    }
}

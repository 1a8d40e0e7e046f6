//! What the line is given of a request.
//!
//! Knows: method, host, target, header fields, and the client's address. Of the connection it knows
//! what TLS says of the client. Does not know the HTTP version, or the body.

use std::fmt;
use std::net::IpAddr;

use http::{HeaderMap, Method};

use crate::verify::certificate::ClientCertificate;

/// The head of a request, as the receiving room hands it over.
#[derive(Clone, Copy)]
pub struct Request<'r> {
    /// The method.
    pub method: &'r Method,
    /// The one authority of the request: the target's where it has one, else the only `Host` field
    /// (RFC 9112 section 3.2). `None` where there is no such single value.
    pub authority: Option<&'r str>,
    /// Path and query as sent.
    pub path_and_query: &'r str,
    /// The header fields as sent.
    pub headers: &'r HeaderMap,
    /// How the client is connected.
    pub channel: Channel<'r>,
    /// The client's address: the peer's, or what a trusted proxy says of it.
    pub client: ClientAddress,
    /// Path and query as the client sent them to a proxy in front, where that says so and is believed.
    pub original_target: Option<&'r str>,
    /// Whether the client would go on with another protocol, which it could read and write by: WebSocket above all.
    pub wants_tunnel: bool,
}

/// How a client is connected.
#[derive(Clone, Copy, Debug, Default)]
pub struct Channel<'r> {
    /// Whether by TLS, as far as the gateway or a proxy that is believed can tell.
    pub secure: bool,
    /// The certificate that the client itself has shown in the handshake. Behind a proxy there is none: what is shown there is
    /// the proxy's.
    pub certificate: Option<&'r ClientCertificate>,
}

/// Where a client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAddress {
    /// At this address.
    At(IpAddr),
    /// Somewhere behind the trusted proxy at this address, which does not say where in words that can be read. Such a client is
    /// in no network of a rule, and what it tries is counted for the proxy.
    Behind(IpAddr),
}

impl ClientAddress {
    /// The client's own address, where it is known.
    #[must_use]
    pub const fn known(self) -> Option<IpAddr> {
        match self {
            Self::At(address) => Some(address),
            Self::Behind(_) => None,
        }
    }

    /// The nearest address that is known.
    #[must_use]
    pub const fn nearest(self) -> IpAddr {
        match self {
            Self::At(address) | Self::Behind(address) => address,
        }
    }
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.nearest().fmt(f)
    }
}

impl From<IpAddr> for ClientAddress {
    fn from(address: IpAddr) -> Self {
        Self::At(address)
    }
}

//! What the line is given of a request.
//!
//! Knows: method, host, target, header fields, and the client's address. Does not know the connection, the HTTP
//! version, or the body.

use std::net::IpAddr;

use http::{HeaderMap, Method};

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
    /// The client's address: the peer's, or what a trusted proxy says of it.
    pub client: IpAddr,
    /// Path and query as the client sent them to a proxy in front, where that says so and is believed.
    pub original_target: Option<&'r str>,
    /// Whether the client would go on with another protocol, which it could read and write by: WebSocket above all.
    pub wants_tunnel: bool,
}

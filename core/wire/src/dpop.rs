//! The scheme DPoP, RFC 9449 section 7: a token with a proof beside it that whoever sends it has the token's key.
//!
//! Knows: how token and proof are carried, and how both are asked for. Does not know what is in either.

pub mod client;
pub mod server;
#[cfg(test)]
mod tests;

use http::HeaderName;

/// The field of a proof (RFC 9449 section 4.1).
pub const PROOF: HeaderName = HeaderName::from_static("dpop");
/// The field by which a server gives out what the next proof has to repeat (RFC 9449 section 8.1).
pub const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

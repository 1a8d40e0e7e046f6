//! The scheme Bearer, RFC 6750.
//!
//! Knows: how a token is carried and asked for. Does not know what is in one.

pub mod client;
pub mod server;
#[cfg(test)]
mod tests;

pub use server::Token;

/// The longest token that is read, in bytes.
pub const TOKEN_BYTES_MAX: usize = 16 * 1024;

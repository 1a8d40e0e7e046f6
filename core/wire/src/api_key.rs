//! The scheme `ApiKey`: a key in a header of its own, or in `Authorization`.
//!
//! No specification has it. Knows: the places where a key is looked for. Does not know which keys there are; what one
//! looks like is known by `countersign_secret::api_key`.

pub mod client;
pub mod server;
#[cfg(test)]
mod tests;

use http::HeaderName;

pub use server::Presented;

/// Where a route looks for a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Places<'r> {
    /// In this field, whose value is the key alone.
    pub header: Option<&'r HeaderName>,
    /// In `Authorization`, after the word `ApiKey` or `Bearer`.
    pub in_authorization: bool,
}

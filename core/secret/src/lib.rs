//! Secrets, and what is kept in their stead.
//!
//! Knows how a secret is held in memory ([`Secret`]), how two byte strings are compared without telling
//! where they differ ([`same`]), which password hashes exist and what they cost ([`password`]), and what an
//! API key ([`api_key`]) and a session's secret ([`session`]) look like. Does not know users, headers, time or where anything is stored, and
//! draws no randomness: salts and key material are handed in.

pub mod api_key;
mod guarded;
pub mod password;
pub mod session;

pub use guarded::{Secret, same};

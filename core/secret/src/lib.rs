//! Secrets, and what is kept in their stead.
//!
//! Knows how a secret is held in memory ([`Secret`]), how two byte strings are compared without telling
//! where they differ ([`same`]), which password hashes exist and what they cost ([`password`]), what an
//! API key ([`api_key`]) and a session's secret ([`session`]) look like, and the codes of a second factor
//! ([`totp`], [`recovery`]). Does not know users, headers, time or where anything is stored, and draws no
//! randomness: salts and key material are handed in.

pub mod api_key;
mod base32;
mod guarded;
pub mod password;
pub mod recovery;
pub mod session;
pub mod totp;

pub use guarded::{Secret, same};

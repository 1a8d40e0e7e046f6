//! Passkeys: what a browser hands back for one, read and verified (Web Authentication Level 3).
//!
//! Knows the forms of a browser's answer (client data, authenticator data, keys in COSE), and what has to hold of them at a
//! registration ([`register`], section 7.1) and at a sign-in ([`sign_in`], section 7.2). Does not know users, sessions, pages
//! or where a credential is kept, and draws no randomness: challenges are handed in.
//!
//! Attestation is not asked for and not believed: who made an authenticator is no reason to let anybody in. What is proven at
//! a registration is that the browser was at this origin with this challenge; the key is proven at the first sign-in.
//!
//! The crate `webauthn-rs` would do this and more, at the price of 77 further crates, a pre-release of `rsa`, and no Ed25519.

mod authenticator_data;
mod cbor;
mod client_data;
mod fault;
mod forms;
mod options;
mod public_key;
mod register;
mod sign_in;

pub use fault::Fault;
pub use forms::{AssertionAnswer, AttestationAnswer};
pub use options::{creation_options, request_options};
pub use public_key::PublicKey;
pub use register::{NewCredential, register};
pub use sign_in::{KeptCredential, SignedIn, sign_in};

/// How long a challenge is, in bytes. Web Authentication section 13.4.3 asks for 16 at least.
pub const CHALLENGE_BYTES: usize = 32;

/// How long a user handle is, in bytes: random, so that it tells nothing about anybody (section 14.6.1).
pub const USER_HANDLE_BYTES: usize = 32;

/// How long an identifier of a credential may be, in bytes (section 7.1, step 25).
pub const CREDENTIAL_ID_BYTES_MAX: usize = 1023;

/// How long each part of a browser's answer may be, in bytes.
pub const PART_BYTES_MAX: usize = 16 * 1024;

/// Random bytes that were drawn for one ceremony, and kept where only the server could put them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Challenge(pub [u8; CHALLENGE_BYTES]);

/// Who asks: section 4, "Relying Party".
#[derive(Clone, Copy, Debug)]
pub struct RelyingParty<'a> {
    /// The domain that credentials are bound to: the origin's host, or a registrable parent of it.
    pub id: &'a str,
    /// What people read when they are asked.
    pub name: &'a str,
    /// The origins whose pages may ask, each as a browser writes it: `https://accounts.example.com`.
    pub origins: &'a [Box<str>],
}

/// Whether the authenticator has to have verified who holds it, by a PIN or a finger (section 5.8.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserVerification {
    /// It has to: the passkey stands for a password and a second factor.
    Required,
    /// A touch is enough: the passkey stands beside a password.
    Discouraged,
}

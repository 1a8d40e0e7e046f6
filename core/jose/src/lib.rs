//! JSON Web Keys, JSON Web Signatures in compact serialization, JSON Web Tokens and thumbprints.
//!
//! Knows: RFC 7515 (JWS), RFC 7517 (JWK), RFC 7518 (algorithms), RFC 7519 (JWT), RFC 7638 (thumbprints), RFC 8037
//! (Ed25519), RFC 8725 (best current practice), RFC 9449 section 4 (proofs of a key). Does not know: HTTP, where keys come from, what time it is, what a
//! verified claim allows.
//!
//! A token travels through two types. [`Jwt::parse`] gives an [`Unverified`] token, which tells the names that are
//! needed to find a key and nothing else. Only [`Unverified::verify`] turns it into a [`Verified`] one, which has
//! [`Claims`]; whether they fit is the answer of [`Claims::check`].
//!
//! ```
//! use countersign_jose::{Algorithm, Expectations, Jwt, SigningKey};
//! use aws_lc_rs::rand::SystemRandom;
//!
//! let random = SystemRandom::new();
//! let key = SigningKey::generate(Algorithm::Es256, &random)?.with_kid("2026-01");
//! let claims = serde_json::json!({ "iss": "https://id.example.com", "aud": "https://api.example.com", "exp": 2_000 });
//! let text = key.sign_claims("at+jwt", &claims, &random)?;
//!
//! let token = Jwt::parse(text.as_bytes())?;
//! assert!(token.is_issued_by("https://id.example.com"));
//! let token = token.verify(&key.key_set()?, &[Algorithm::Es256])?;
//! let audiences = ["https://api.example.com".to_owned()];
//! let types = ["at+jwt".to_owned()];
//! let expected = Expectations {
//!     issuer: "https://id.example.com",
//!     audiences: &audiences,
//!     types: &types,
//!     untyped: false,
//!     leeway_secs: 30,
//!     lifetime_secs_max: None,
//!     required_claims: &[],
//! };
//! token.claims().check(&expected, 1_900)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! An unverified token has no claims to read, except for what [`Hearsay`] tells those who look for the reason of a
//! refusal:
//!
//! ```compile_fail,E0599
//! let token = countersign_jose::Jwt::parse(b"a.b.c").unwrap();
//! let subject = token.claims().subject();
//! ```
//!
//! and nobody else makes a verified one:
//!
//! ```compile_fail,E0423
//! fn promote<T>(value: T) -> countersign_jose::Verified<T> {
//!     countersign_jose::Verified(value)
//! }
//! ```

mod algorithm;
mod base64url;
mod claims;
mod confirmation;
mod dpop;
mod expectations;
mod header;
mod hearsay;
mod id_token;
mod introspection;
mod jwk;
mod jws;
mod jwt;
mod key_set;
mod refusal;
pub mod sign;
mod strict_json;
mod verification_key;
mod verified;

#[cfg(test)]
mod tests;

pub use algorithm::Algorithm;
pub use claims::Claims;
pub use confirmation::{Confirmation, THUMBPRINT_BYTES, Unconfirmable};
pub use dpop::{DpopProof, PROOF_BYTES_MAX, PROOF_ID_BYTES_MAX, ProofClaims, ProofDefect};
pub use expectations::Expectations;
pub use hearsay::Hearsay;
pub use id_token::{IdTokenExpectations, IdTokenRefusal};
pub use introspection::{Introspection, IntrospectionDefect, IntrospectionExpectations};
pub use jwk::{Curve, KeyDefect, PublicKey, Thumbprint};
pub use jws::Jws;
pub use jwt::Jwt;
pub use key_set::{IgnoredKey, KeySet, KeySetError};
pub use refusal::{TokenDefect, TokenRefusal};
pub use sign::{SigningError, SigningKey};
pub use strict_json::unique_members;
pub use verified::{Unverified, Verified};

/// The longest token that is read, in bytes of its compact serialization.
pub const TOKEN_BYTES_MAX: usize = 16 * 1024;

/// The longest `kid` that is compared, in bytes.
pub const KID_BYTES_MAX: usize = 512;

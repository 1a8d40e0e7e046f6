//! Why a proof was not taken.
//!
//! Knows: a fixed sentence for each reason. Does not know: the proof; no sentence repeats any of it.

use std::fmt;

/// A proof that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofDefect {
    /// Longer than [`crate::PROOF_BYTES_MAX`].
    TooLong,
    /// Not one JWT in compact serialization, with a header and claims that can be read.
    Malformed,
    /// `typ` is not `dpop+jwt`.
    Type,
    /// `alg` is none of those that are taken.
    AlgorithmNotAllowed,
    /// There is no key in it, or none that signatures of its `alg` can be checked with.
    Key,
    /// The key came with its private part.
    PrivateKey,
    /// The signature does not fit the key.
    SignatureInvalid,
    /// A claim is not there; its name.
    ClaimMissing(&'static str),
    /// A claim has a value that it cannot have; its name.
    Claim(&'static str),
}

impl ProofDefect {
    /// One sentence for the log.
    pub fn detail(self) -> &'static str {
        match self {
            Self::TooLong => "the proof is longer than any that is read",
            Self::Malformed => "the proof is not one JWT with a header and claims that can be read",
            Self::Type => "the proof's `typ` is not `dpop+jwt`",
            Self::AlgorithmNotAllowed => "the proof's `alg` is none of those that are taken",
            Self::Key => "the proof brings no public key in `jwk` that its `alg` goes with",
            Self::PrivateKey => "the proof's `jwk` gives the private key away",
            Self::SignatureInvalid => "the proof's signature does not fit its `jwk`",
            Self::ClaimMissing("jti") => "the proof has no `jti`",
            Self::ClaimMissing("htm") => "the proof has no `htm`",
            Self::ClaimMissing("htu") => "the proof has no `htu`",
            Self::ClaimMissing("iat") => "the proof has no `iat`",
            Self::ClaimMissing(_) => "the proof lacks a claim",
            Self::Claim("ath") => "the proof's `ath` is not the hash of a token",
            Self::Claim("iat") => "the proof's `iat` is not a time",
            Self::Claim(_) => "a claim of the proof is empty, too long or not a string",
        }
    }
}

impl fmt::Display for ProofDefect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.detail())
    }
}

impl std::error::Error for ProofDefect {}

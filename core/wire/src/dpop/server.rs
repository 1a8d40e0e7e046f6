//! The server half of DPoP: reads token and proof, writes the challenge.

use std::fmt;

use countersign_cause::Cause;
use http::{HeaderMap, HeaderValue};

use super::PROOF;
use crate::bearer::server::carried;
use crate::bearer::{self, server as of_tokens};
use crate::credentials::Defect;
use crate::{Challenge, Scheme};

/// A token and the proof that came with it, both as a client presented them.
#[derive(Clone, Copy)]
pub struct Presented<'a> {
    token: &'a [u8],
    proof: &'a [u8],
}

impl<'a> Presented<'a> {
    /// The token, as presented.
    pub const fn raw(&self) -> &'a [u8] {
        self.token
    }

    /// The token, as one of any kind.
    pub const fn token(&self) -> bearer::Token<'a> {
        bearer::Token::of(self.token)
    }

    /// The proof, as presented.
    pub const fn proof(&self) -> &'a [u8] {
        self.proof
    }
}

/// Reads what follows the scheme word, and the proof of the same request.
///
/// `credentials = "DPoP" 1*SP token68`, RFC 9449 section 7.1.
///
/// # Errors
///
/// The cause for which it is no token, or has no single proof.
pub fn parse<'a>(rest: &'a [u8], headers: &'a HeaderMap) -> Result<Presented<'a>, Defect> {
    let token = carried(Scheme::Dpop, rest)?;
    let unproved = |detail| Defect::new(Cause::SenderConstraintFailed, Some(Scheme::Dpop), detail);
    let mut proofs = headers.get_all(PROOF).iter().map(HeaderValue::as_bytes);
    // RFC 9449 section 4.3 point 1: not more than one field.
    match (proofs.next(), proofs.next()) {
        (Some(proof), None) => Ok(Presented { token, proof }),
        (None, _) => Err(unproved("there is no `DPoP` field with a proof")),
        (Some(_), Some(_)) => Err(unproved("there is more than one `DPoP` field")),
    }
}

/// An error code of RFC 9449 sections 7.1 and 9, or of RFC 6750 where it is the token's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// What RFC 6750 section 3.1 says of a token.
    OfToken(of_tokens::ErrorCode),
    /// The proof is no good: 401.
    InvalidProof,
    /// The proof has to repeat a nonce of this server: 401.
    UseNonce,
}

impl ErrorCode {
    /// The code as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            ErrorCode::OfToken(code) => code.as_str(),
            ErrorCode::InvalidProof => "invalid_dpop_proof",
            ErrorCode::UseNonce => "use_dpop_nonce",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a DPoP challenge says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ask<'r> {
    /// What is said of the token, as Bearer says it; its error is left out.
    pub of_token: of_tokens::Ask<'r>,
    /// What was wrong; `None` where the request carried no credentials of this scheme.
    pub error: Option<ErrorCode>,
    /// The algorithms that proofs may be signed with, separated by spaces.
    pub algorithms: &'r str,
}

/// The challenge.
pub fn challenge(ask: &Ask<'_>) -> Challenge {
    let error = ask.error.map(ErrorCode::as_str);
    // RFC 9449 section 7.1: `algs`, `error`, `error_description` and `scope` as with Bearer.
    of_tokens::challenge_of(Scheme::Dpop, &ask.of_token, error).with("algs", ask.algorithms)
}

//! The client half of DPoP: reads the challenge, writes the token. The proof is made where keys are.

use countersign_secret::Secret;

use crate::bearer::client as of_tokens;
use crate::grammar::is_token68;
use crate::{Challenge, Scheme};

/// What a resource server said in its challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked<'a> {
    /// What it said of the token.
    pub of_token: of_tokens::Asked<'a>,
    /// The algorithms that proofs may be signed with, separated by spaces.
    pub algorithms: Option<&'a str>,
}

impl Asked<'_> {
    /// Whether the proof has to repeat what stands in `DPoP-Nonce` of the same answer (RFC 9449 section 9).
    pub fn wants_nonce(&self) -> bool {
        self.of_token.error == Some("use_dpop_nonce")
    }

    /// Whether a proof may be signed with the algorithm of that name.
    pub fn takes(&self, algorithm: &str) -> bool {
        // RFC 9449 section 5.1: a server that says nothing of them takes what it takes.
        self.algorithms
            .is_none_or(|list| list.split_ascii_whitespace().any(|name| name == algorithm))
    }
}

/// What the challenge says; `None` for another scheme's.
pub fn asked(challenge: &Challenge) -> Option<Asked<'_>> {
    (challenge.scheme() == Some(Scheme::Dpop)).then(|| Asked {
        of_token: of_tokens::said(challenge),
        algorithms: challenge.param("algs"),
    })
}

/// The value of `Authorization`; `None` where the token cannot be carried, for it is no `token68`.
pub fn authorization(token: &str) -> Option<Secret<String>> {
    is_token68(token.as_bytes()).then(|| Secret::new(["DPoP ", token].concat()))
}

//! The proof that goes with a token under the scheme DPoP (RFC 9449 section 4.3).
//!
//! Knows: the request that the proof has to be for, and the key that the token is bound to. Does not know which proofs were
//! seen before, nor where the key of nonces comes from: it asks. The token was found good by now, and it is never remembered
//! that a proof was.

mod target;

use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use countersign_cause::Cause;
use countersign_jose::{DpopProof, Verified as Signed};
use countersign_wire::bearer::server::ErrorCode as OfToken;
use countersign_wire::dpop::server::{ErrorCode, Presented};
use countersign_wire::{Place, Scheme};

use super::digest::Nonces;
use crate::brake;
use crate::decide::decide;
use crate::refusal::Refusal;
use crate::step::{Line, Step};
use crate::trail::Note;
use crate::verified::{Lesson, Principal, Verified};

/// By how much a nonce may come from the future: clocks of instances that share a key differ.
const AHEAD_SECS_MAX: i64 = 60;

/// What is known of a request while its proof is checked.
struct Proving<'c, 'r> {
    line: Line<'c, 'r>,
    principal: Arc<Verified<Principal>>,
    /// What may be remembered of the token once its proof has been accepted.
    lesson: Option<Lesson>,
}

/// Checks the proof of a token that is bound to the key of this thumbprint.
pub(crate) fn begin<'c, 'r>(
    line: Line<'c, 'r>,
    principal: Arc<Verified<Principal>>,
    lesson: Option<Lesson>,
    bound_to: [u8; 32],
) -> Step<'c, 'r> {
    let Some(shown) = line.dpop else {
        let detail = "there is no `DPoP` field with a proof";
        return refuse(line, ErrorCode::InvalidProof, detail);
    };
    let proof = match check(&line, shown, bound_to) {
        Ok(proof) => proof,
        Err((error, detail)) => return refuse(line, error, detail),
    };
    let rules = &line.rules.dpop;
    let now = line.now_unix_secs;
    let (id, issued) = (proof_id(&proof), proof.issued_unix_secs());
    let nonce = proof.nonce().map(Box::from);
    let proving = Proving {
        line,
        principal,
        lesson,
    };
    if rules.nonce {
        // RFC 9449 section 9: a server that has given nonces out refuses proofs without one.
        return match nonce {
            Some(nonce) => Step::ProofNonces(WantProofNonces { proving, id, nonce }),
            None => {
                let detail = "the proof has no `nonce` of this server";
                refuse(proving.line, ErrorCode::UseNonce, detail)
            }
        };
    }
    // RFC 9449 section 4.3 point 11: created within an acceptable window.
    if issued > now.saturating_add(rules.leeway_secs) {
        let detail = "the proof's `iat` is in the future";
        return refuse(proving.line, ErrorCode::InvalidProof, detail);
    }
    let until = issued
        .saturating_add(rules.proof_secs)
        .saturating_add(rules.leeway_secs);
    if until <= now {
        let detail = "the proof is older than `proof_secs`";
        return refuse(proving.line, ErrorCode::InvalidProof, detail);
    }
    Step::FirstSight(WantFirstSight {
        proving,
        id,
        times: ProofTimes {
            issued_unix_secs: issued,
            until_unix_secs: until,
        },
    })
}

/// What can be said of a proof by itself, and of the request that it is for.
fn check<'r>(
    line: &Line<'_, 'r>,
    shown: Presented<'r>,
    bound_to: [u8; 32],
) -> Result<Signed<DpopProof<'r>>, (ErrorCode, &'static str)> {
    let invalid = |detail| Err((ErrorCode::InvalidProof, detail));
    let proof = DpopProof::parse(shown.proof())
        .and_then(|proof| proof.verify(&line.rules.dpop.algorithms))
        .map_err(|defect| (ErrorCode::InvalidProof, defect.detail()))?;
    // RFC 9449 section 4.3 point 12: the key is the one that the token is bound to, and `ath` is of this very token.
    if proof.key_thumbprint() != bound_to {
        let detail = "the token is bound to another key than the one that made the proof";
        return Err((ErrorCode::OfToken(OfToken::InvalidToken), detail));
    }
    if !proof.is_for_token(shown.raw()) {
        return invalid("the proof's `ath` is not the hash of this token");
    }
    // Points 8 and 9. Methods are case-sensitive (RFC 9110 section 9.1).
    if proof.method() != line.request.method.as_str() {
        return invalid("the proof's `htm` is another method than this request's");
    }
    if !target::is_asked_for(proof.target(), line) {
        return invalid("the proof's `htu` is another address than this request's");
    }
    Ok(proof)
}

/// Stands for `jti`, which is unique for the key that has signed it.
fn proof_id(proof: &Signed<DpopProof<'_>>) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    context.update(&proof.key_thumbprint());
    context.update(proof.id().as_bytes());
    let mut id = [0; 32];
    id.copy_from_slice(context.finish().as_ref());
    id
}

pub(crate) fn refuse<'c, 'r>(
    mut line: Line<'c, 'r>,
    error: ErrorCode,
    detail: &'static str,
) -> Step<'c, 'r> {
    line.trail.add(Note::Token(detail));
    let cause = Cause::SenderConstraintFailed;
    let refusal = Refusal {
        proof_error: Some(error),
        ..line.refusal(cause, Some(Scheme::Dpop), detail)
    };
    Step::refused(refusal, None)
}

/// The question for the key that nonces are made with.
pub struct WantProofNonces<'c, 'r> {
    proving: Proving<'c, 'r>,
    id: [u8; 32],
    nonce: Box<str>,
}

impl<'c, 'r> WantProofNonces<'c, 'r> {
    /// Goes on to the question whether the proof was seen before. `None`: there is no key.
    #[must_use]
    pub fn answer(self, nonces: Option<&Nonces>) -> Step<'c, 'r> {
        let Self {
            mut proving,
            id,
            nonce,
        } = self;
        let Some(nonces) = nonces else {
            let mut line = proving.line;
            line.trail.add(Note::Unanswered("the store"));
            let (cause, detail) = (
                Cause::IdentityBackendDown,
                "there is no key for the nonces of proofs",
            );
            return line.refuse(cause, Some(Scheme::Dpop), detail);
        };
        let line = &mut proving.line;
        let (rules, now) = (&line.rules.dpop, line.now_unix_secs);
        let renew =
            |proving: Proving<'c, 'r>, detail| refuse(proving.line, ErrorCode::UseNonce, detail);
        let Some(issued) = nonces.open_of_proof(&line.rules.realm, &nonce) else {
            return renew(proving, "the proof's `nonce` is none of ours");
        };
        let age_secs = now.saturating_sub(issued);
        if age_secs >= rules.nonce_secs {
            return renew(proving, "the proof's `nonce` is older than `nonce_secs`");
        }
        if age_secs < -AHEAD_SECS_MAX {
            return renew(proving, "the proof's `nonce` comes from the future");
        }
        // RFC 9449 section 8.2: the next one goes out before this one has run out.
        line.fresh_nonce = age_secs.saturating_mul(2) >= rules.nonce_secs;
        // RFC 9449 section 4.3 point 11: the time by the server's own clock, instead of `iat` by the client's.
        let until_unix_secs = issued.saturating_add(rules.nonce_secs);
        Step::FirstSight(WantFirstSight {
            proving,
            id,
            times: ProofTimes {
                issued_unix_secs: issued,
                until_unix_secs,
            },
        })
    }
}

/// The question whether a proof was seen before; from now on it was.
pub struct WantFirstSight<'c, 'r> {
    proving: Proving<'c, 'r>,
    id: [u8; 32],
    times: ProofTimes,
}

/// The times of a proof, in Unix seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProofTimes {
    /// When it was made, or the nonce given out that it repeats. Other rules do not change that.
    pub issued_unix_secs: i64,
    /// Until when it could be accepted: then it may be forgotten.
    pub until_unix_secs: i64,
}

/// The answer to [`WantFirstSight`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SightAnswer {
    /// It was not, and now it is.
    First,
    /// It was, or nobody knows any more.
    Seen,
    /// There is no room to remember it.
    Full {
        /// When it is worth trying again, in seconds.
        retry_after_secs: u32,
    },
}

impl<'c, 'r> WantFirstSight<'c, 'r> {
    /// What stands for the proof.
    #[must_use]
    pub const fn id(&self) -> &[u8; 32] {
        &self.id
    }

    /// When the proof was made, and until when it has to be remembered.
    #[must_use]
    pub const fn times(&self) -> ProofTimes {
        self.times
    }

    /// Goes on to the decision, where the proof is new.
    #[must_use]
    pub fn answer(self, answer: SightAnswer) -> Step<'c, 'r> {
        let Proving {
            line,
            principal,
            lesson,
        } = self.proving;
        match answer {
            SightAnswer::First => {
                let braking = line.braking;
                let mut step = decide(line, Some(principal), Some(Place::Authorization));
                if let Step::Done(verdict) = &mut step {
                    verdict.lesson = lesson;
                }
                brake::pass(step, braking)
            }
            // RFC 9449 section 11.1: a `jti` is good once.
            SightAnswer::Seen => refuse(
                line,
                ErrorCode::InvalidProof,
                "the proof was used before: its `jti` is not new",
            ),
            SightAnswer::Full { retry_after_secs } => {
                let detail = "more proofs are in their time than `proofs_max`";
                let refusal = Refusal {
                    retry_after_secs: Some(retry_after_secs),
                    ..line.refusal(Cause::ProofLimit, Some(Scheme::Dpop), detail)
                };
                Step::refused(refusal, None)
            }
        }
    }
}

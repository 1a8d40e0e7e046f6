//! Brakes on guessing: the question how many attempts have failed, and what follows from the answer.
//!
//! Knows: which attempts can be guesses, and when they are asked about. Does not know who counts, nor how many have
//! failed: counts and times come in, a verdict goes out (`tally`). Reasons are in decision 10.

mod rules;
mod tally;

use countersign_cause::Cause;
use countersign_policy::Network;
use countersign_wire::{Presented, Scheme};

pub use self::rules::{BrakeRules, Curve};
pub use self::tally::{Admission, Brake, Mark, Pending, Tallies, Tally};

use crate::refusal::Refusal;
use crate::request::ClientAddress;
use crate::rules::Rules;
use crate::step::{Line, Step, Verdict};
use crate::trail::Note;
use crate::verified::Lesson;
use crate::verify::digest::Proved;
use crate::verify::verify;

/// How an attempt ended that was asked about. The driver counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// What was shown was right, whatever the rules of the route made of it.
    Passed,
    /// It was not: a guess, or a forgery.
    Failed,
}

/// What the line knows of the brakes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Braking {
    /// Nobody was asked: there are no brakes here, or the credentials are remembered.
    Unasked,
    /// The attempt counts.
    Free,
    /// Something that cannot be guessed, and so is looked at all the same: if it is wrong, it is turned away.
    Until { secs: u32, brake: Brake },
}

/// The network that attempts from this client count for; `None` where none are counted.
pub(crate) fn network(line: &Line<'_, '_>) -> Option<Network> {
    counted(line.rules, line.request.client).map(|(_, network)| network)
}

/// The brakes, and the network that attempts from this client count for; `None` where none are counted.
#[must_use]
pub fn counted(rules: &Rules, client: ClientAddress) -> Option<(&BrakeRules, Network)> {
    let brakes = rules.brakes.as_ref()?;
    Some((brakes, brakes.network(client)?))
}

/// Whether failures count at all. A browser shows the session of yesterday by itself, with each picture of a page: that is
/// no attempt, and what it shows has 256 random bits.
const fn is_counted(scheme: Scheme) -> bool {
    match scheme {
        Scheme::Basic | Scheme::Digest | Scheme::Bearer | Scheme::Dpop | Scheme::ApiKey => true,
        // A certificate is looked at in the handshake, and browsers show it by themselves too.
        Scheme::Session | Scheme::Certificate => false,
    }
}

/// Asks whether the attempt may be made, and goes on to the verification where nobody counts. Of Digest it is known only
/// later what was tried.
pub(crate) fn begin<'c, 'r>(line: Line<'c, 'r>, presented: Presented<'r>) -> Step<'c, 'r> {
    let scheme = presented.scheme();
    match network(&line).filter(|_| is_counted(scheme) && scheme != Scheme::Digest) {
        Some(network) => Step::Attempt(WantAttempt {
            tried: Tried::Presented { line, presented },
            network,
        }),
        None => verify(line, presented),
    }
}

/// The same of a response of Digest, which is computed by now, and not yet believed.
pub(crate) fn begin_proved<'c, 'r>(proved: Proved<'c, 'r>) -> Step<'c, 'r> {
    match network(proved.line()) {
        Some(network) => Step::Attempt(WantAttempt {
            tried: Tried::Proved(Box::new(proved)),
            network,
        }),
        None => proved.conclude(Braking::Unasked),
    }
}

/// Whether a right one can be found by trying. Keys and tokens are out of reach, passwords are not.
pub(crate) const fn is_guessable(scheme: Scheme) -> bool {
    match scheme {
        Scheme::Basic | Scheme::Digest => true,
        Scheme::Bearer | Scheme::Dpop | Scheme::ApiKey | Scheme::Session | Scheme::Certificate => {
            false
        }
    }
}

/// The question whether the credentials may be looked at, given the attempts before.
pub struct WantAttempt<'c, 'r> {
    tried: Tried<'c, 'r>,
    network: Network,
}

/// What an attempt is made with.
#[expect(
    clippy::large_enum_variant,
    reason = "the large one is the usual one, and a box would cost each password an allocation"
)]
enum Tried<'c, 'r> {
    /// What was presented, unread.
    Presented {
        line: Line<'c, 'r>,
        presented: Presented<'r>,
    },
    /// A response of Digest.
    Proved(Box<Proved<'c, 'r>>),
}

impl<'c, 'r> WantAttempt<'c, 'r> {
    /// The account that the attempt is made at, known or not; `None` for what cannot be guessed.
    #[must_use]
    pub fn account(&self) -> Option<&str> {
        match &self.tried {
            Tried::Presented { presented, .. } => match presented {
                Presented::Basic(credentials) => Some(credentials.user()),
                Presented::Digest(presented) => Some(presented.credentials().user()),
                Presented::Bearer(_)
                | Presented::Dpop(_)
                | Presented::ApiKey(_)
                | Presented::Session(_) => None,
            },
            // A user hash is counted under itself, also where the store knows whose it is: if that one's hash and name had one
            // count, and those of nobody two, the counts would tell who exists.
            Tried::Proved(proved) => Some(proved.user()),
        }
    }

    /// The network that it comes from.
    #[must_use]
    pub const fn network(&self) -> Network {
        self.network
    }

    /// The scheme, a part of the credential's mark.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        match &self.tried {
            Tried::Presented { presented, .. } => presented.scheme(),
            Tried::Proved(_) => Scheme::Digest,
        }
    }

    /// What stands for the credential, the other part of its mark: the bytes as presented, or of Digest, where the response is
    /// right, the secret that it was made with. Secret.
    #[must_use]
    pub fn presented(&self) -> &[u8] {
        match &self.tried {
            Tried::Presented { presented, .. } => presented.raw(),
            Tried::Proved(proved) => proved.tried(),
        }
    }

    /// The rules that the answer is found by.
    #[must_use]
    pub fn rules(&self) -> Option<&'c BrakeRules> {
        let line = match &self.tried {
            Tried::Presented { line, .. } => line,
            Tried::Proved(proved) => proved.line(),
        };
        line.rules.brakes.as_ref()
    }

    /// Goes on to the verification, or turns the attempt away without looking at it.
    #[must_use]
    pub fn answer(self, admission: Admission) -> Step<'c, 'r> {
        match (self.tried, admission) {
            (
                Tried::Presented {
                    mut line,
                    presented,
                },
                Admission::Go,
            ) => {
                line.braking = Braking::Free;
                verify(line, presented)
            }
            (
                Tried::Presented {
                    mut line,
                    presented,
                },
                Admission::Wait { secs, brake },
            ) => {
                if is_guessable(presented.scheme()) {
                    return turn_away(line, Some(presented.scheme()), secs, brake);
                }
                line.braking = Braking::Until { secs, brake };
                verify(line, presented)
            }
            (Tried::Proved(proved), Admission::Go) => proved.conclude(Braking::Free),
            (Tried::Proved(proved), Admission::Wait { secs, brake }) => {
                turn_away(proved.into_line(), Some(Scheme::Digest), secs, brake)
            }
        }
    }
}

fn turn_away<'c, 'r>(
    mut line: Line<'c, 'r>,
    scheme: Option<Scheme>,
    secs: u32,
    brake: Brake,
) -> Step<'c, 'r> {
    let detail = brake.words();
    line.trail.add(Note::Braked(detail));
    let refusal = line.refusal(Cause::RateLimited, scheme, detail);
    let retry_after_secs = Some(secs);
    let refusal = Refusal {
        retry_after_secs,
        ..refusal
    };
    Step::refused(refusal, None)
}

/// The end of the line for credentials that are wrong: it counts as an attempt that failed.
pub(crate) fn fail<'c, 'r>(
    line: Line<'c, 'r>,
    cause: Cause,
    scheme: Scheme,
    detail: &'static str,
    lesson: Option<Lesson>,
) -> Step<'c, 'r> {
    let scheme = Some(scheme);
    let attempt = match line.braking {
        Braking::Unasked => None,
        Braking::Free => Some(Attempt::Failed),
        Braking::Until { secs, brake } => return turn_away(line, scheme, secs, brake),
    };
    let step = Step::refused(line.refusal(cause, scheme, detail), lesson);
    with_attempt(step, attempt)
}

/// What was shown is right: the end of the line says so to whoever counts.
pub(crate) fn pass<'c, 'r>(step: Step<'c, 'r>, braking: Braking) -> Step<'c, 'r> {
    let attempt = match braking {
        Braking::Free => Some(Attempt::Passed),
        Braking::Unasked | Braking::Until { .. } => None,
    };
    with_attempt(step, attempt)
}

fn with_attempt<'c, 'r>(step: Step<'c, 'r>, attempt: Option<Attempt>) -> Step<'c, 'r> {
    match step {
        Step::Done(verdict) => Step::Done(Verdict { attempt, ..verdict }),
        Step::Recall(_)
        | Step::Attempt(_)
        | Step::Account(_)
        | Step::Hash(_)
        | Step::Key(_)
        | Step::Session(_)
        | Step::Keys(_)
        | Step::Introspect(_)
        | Step::Nonces(_)
        | Step::Secret(_)
        | Step::Body(_)
        | Step::Count(_)
        | Step::ProofNonces(_)
        | Step::FirstSight(_) => step,
    }
}

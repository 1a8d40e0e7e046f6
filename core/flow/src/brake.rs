//! Brakes on guessing: the question how many attempts have failed, and what follows from the answer.
//!
//! Knows: which attempts can be guesses, and when they are asked about. Does not know who counts, nor how many have
//! failed: counts and times come in, a verdict goes out (`tally`). Reasons are in decision 10.

mod rules;
mod tally;

use std::net::IpAddr;

use countersign_cause::Cause;
use countersign_policy::Network;
use countersign_wire::{Presented, Scheme};

pub use self::rules::{BrakeRules, Curve};
pub use self::tally::{Admission, Brake, Mark, Tallies, Tally};

use crate::refusal::Refusal;
use crate::rules::Rules;
use crate::step::{Line, Step, Verdict};
use crate::trail::Note;
use crate::verified::Lesson;
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

/// The brakes, and the network that attempts from this client count for.
pub(crate) fn counted(rules: &Rules, client: IpAddr) -> Option<(&BrakeRules, Network)> {
    let brakes = rules.brakes.as_ref()?;
    Some((brakes, brakes.network(client)?))
}

/// Whether failures count at all. A browser shows the session of yesterday by itself, with each picture of a page: that is
/// no attempt, and what it shows has 256 random bits.
const fn is_counted(scheme: Scheme) -> bool {
    match scheme {
        Scheme::Basic | Scheme::Digest | Scheme::Bearer | Scheme::ApiKey => true,
        Scheme::Session => false,
    }
}

/// Asks whether the attempt may be made, and goes on to the verification where nobody counts.
pub(crate) fn begin<'c, 'r>(line: Line<'c, 'r>, presented: Presented<'r>) -> Step<'c, 'r> {
    match network(&line).filter(|_| is_counted(presented.scheme())) {
        Some(network) => Step::Attempt(WantAttempt {
            line,
            presented,
            network,
        }),
        None => verify(line, presented),
    }
}

/// Whether a right one can be found by trying. Keys and tokens are out of reach, passwords are not.
pub(crate) const fn is_guessable(scheme: Scheme) -> bool {
    match scheme {
        Scheme::Basic | Scheme::Digest => true,
        Scheme::Bearer | Scheme::ApiKey | Scheme::Session => false,
    }
}

/// The question whether the credentials may be looked at, given the attempts before.
pub struct WantAttempt<'c, 'r> {
    line: Line<'c, 'r>,
    presented: Presented<'r>,
    network: Network,
}

impl<'c, 'r> WantAttempt<'c, 'r> {
    /// The account that the attempt is made at, known or not; `None` for what cannot be guessed.
    #[must_use]
    pub fn account(&self) -> Option<&str> {
        match &self.presented {
            Presented::Basic(credentials) => Some(credentials.user()),
            // A user hash is counted under itself: whose it is, only the store could say.
            Presented::Digest(presented) => Some(presented.credentials().user()),
            Presented::Bearer(_) | Presented::ApiKey(_) | Presented::Session(_) => None,
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
        self.presented.scheme()
    }

    /// The credential bytes as presented, the other part of its mark. Secret.
    #[must_use]
    pub fn presented(&self) -> &'r [u8] {
        self.presented.raw()
    }

    /// The rules that the answer is found by.
    #[must_use]
    pub fn rules(&self) -> Option<&'c BrakeRules> {
        self.line.rules.brakes.as_ref()
    }

    /// Goes on to the verification, or turns the attempt away without looking at it.
    #[must_use]
    pub fn answer(self, admission: Admission) -> Step<'c, 'r> {
        let Self {
            mut line,
            presented,
            ..
        } = self;
        match admission {
            Admission::Go => line.braking = Braking::Free,
            Admission::Wait { secs, brake } if is_guessable(presented.scheme()) => {
                return turn_away(line, Some(presented.scheme()), secs, brake);
            }
            Admission::Wait { secs, brake } => line.braking = Braking::Until { secs, brake },
        }
        verify(line, presented)
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
        | Step::Nonces(_)
        | Step::Secret(_)
        | Step::Body(_)
        | Step::Count(_) => step,
    }
}

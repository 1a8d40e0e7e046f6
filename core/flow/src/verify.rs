//! From presented credentials to a verified identity, one scheme a module.
//!
//! Knows: secrets in the answers it is given, and time as a parameter. Does not know routes' demands, nor how a
//! refusal is said. The only stage that calls [`Verified::attest`].

pub(crate) mod api_key;
pub(crate) mod basic;
pub(crate) mod bearer;
pub(crate) mod bounds;
pub(crate) mod certificate;
pub(crate) mod digest;
pub(crate) mod dpop;
mod lines;
pub(crate) mod possession;
pub(crate) mod session;
pub(crate) mod sign_in;

use std::sync::Arc;

use countersign_cause::Cause;
use countersign_policy::Identity;
use countersign_wire::{Place, Presented, Scheme};

use crate::brake;
use crate::identity_token::Signed;
use crate::step::{Line, Step, admit};
use crate::verified::{Bounds, Lesson, Memory, Principal, Remembered, Verified};

/// Asks the first question of the scheme that was presented.
pub(crate) fn verify<'c, 'r>(line: Line<'c, 'r>, presented: Presented<'r>) -> Step<'c, 'r> {
    match presented {
        Presented::Basic(credentials) => basic::begin(line, credentials),
        Presented::Bearer(token) => bearer::begin(line, token),
        Presented::Digest(proof) => digest::begin(line, proof),
        Presented::Dpop(presented) => bearer::begin(line, presented.token()),
        Presented::ApiKey(key) => api_key::begin(line, key),
        Presented::Session(session) => session::begin(line, session),
    }
}

/// Goes on with an identity that one of the schemes has proved.
fn accept<'c, 'r>(
    line: Line<'c, 'r>,
    identity: Identity,
    scheme: Scheme,
    bounds: Bounds,
    place: Place<'_>,
) -> Step<'c, 'r> {
    accept_until(line, identity, scheme, bounds, place, i64::MAX)
}

/// The same, where what proved it may be believed only until then: the one place where a principal is made.
fn accept_until<'c, 'r>(
    line: Line<'c, 'r>,
    identity: Identity,
    scheme: Scheme,
    bounds: Bounds,
    place: Place<'_>,
    until_unix_secs: i64,
) -> Step<'c, 'r> {
    let Some(lines) = lines::render(&identity) else {
        let (cause, detail) = nameless(scheme);
        return line.refuse(cause, Some(scheme), detail);
    };
    let principal = Arc::new(Verified::attest(Principal {
        identity,
        scheme,
        bounds,
        lines,
        signed: Signed::default(),
    }));
    let lesson = Lesson {
        remembered: Remembered {
            memory: Memory::Good(Arc::clone(&principal)),
            learnt_unix_secs: line.now_unix_secs,
        },
        until_unix_secs: line
            .now_unix_secs
            .saturating_add(line.rules.remember_secs)
            .min(until_unix_secs),
    };
    let braking = line.braking;
    brake::pass(admit(line, principal, place, Some(lesson)), braking)
}

/// Why nobody goes on without a name: to the upstream an empty name is no name.
const fn nameless(scheme: Scheme) -> (Cause, &'static str) {
    match scheme {
        Scheme::Basic | Scheme::Digest | Scheme::ApiKey | Scheme::Session | Scheme::Certificate => {
            (Cause::CredentialsRejected, "they belong to an empty name")
        }
        Scheme::Bearer | Scheme::Dpop => (
            Cause::ClaimMissing,
            "the claim that names the subject is empty",
        ),
    }
}

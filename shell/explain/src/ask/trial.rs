//! One experiment: the same request with one thing changed, and whether that mends it.
//!
//! Knows: what counts as let through. Does not know what was changed.

use crate::ask::repeat;
use crate::likeness::alike;
use crate::message::{Answer, Request};
use crate::scene::Scene;

/// How an experiment ended.
pub(super) enum Trial {
    /// The request is let through.
    Passed(Answer),
    /// It is refused in another way than before.
    Changed(Answer),
    /// It is refused as before.
    Same,
    /// Nothing was sent, or nothing came back.
    Unknown,
}

/// Sends one changed request and compares the answer with the refusal.
pub(super) async fn run(scene: &mut Scene<'_>, changed: &Request, why: &str) -> Trial {
    let Ok(answer) = scene.prober.send(changed, why).await else {
        return Trial::Unknown;
    };
    let Some(refusal) = scene.refusal() else {
        return Trial::Unknown;
    };
    if passes(&answer, refusal) {
        match repeat::is_still_refused(scene, changed).await {
            true => Trial::Passed(answer),
            false => Trial::Unknown,
        }
    } else if alike(&answer, refusal) {
        Trial::Same
    } else {
        Trial::Changed(answer)
    }
}

/// A success, or a complaint about something that is looked at only after the credentials: the method, the body.
pub(super) fn passes(answer: &Answer, refusal: &Answer) -> bool {
    answer.is_success() && !refusal.is_success()
        || matches!(refusal.status, 401 | 403) && matches!(answer.status, 405 | 411 | 415 | 422)
}

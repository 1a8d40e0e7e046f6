//! One experiment: the same request with one thing changed, and whether that mends it.
//!
//! Knows: what counts as let through. Does not know what was changed.

use crate::ask::baseline::made_up;
use crate::ask::repeat;
use crate::finding::Weight;
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
    let answer = match scene.tried.iter().find(|(other, _)| other == changed) {
        // Two inquiries may come to the same request by different ways.
        Some((_, answer)) => answer.clone(),
        None => {
            let Ok(answer) = scene.prober.send(changed, why).await else {
                return Trial::Unknown;
            };
            scene.tried.push((changed.clone(), answer.clone()));
            answer
        }
    };
    let Some(refusal) = scene.refusal().cloned() else {
        return Trial::Unknown;
    };
    let passed = passes(&answer, &refusal);
    if passed && !answer.is_success() && !is_for_known_ones(scene, changed, &answer).await {
        return Trial::Changed(answer);
    }
    if passed {
        match repeat::is_still_refused(scene, changed).await {
            true => Trial::Passed(answer),
            false => Trial::Unknown,
        }
    } else if alike(&answer, &refusal) {
        Trial::Same
    } else {
        match repeat::is_steady(scene, &answer).await {
            true => Trial::Changed(answer),
            false => Trial::Unknown,
        }
    }
}

/// Whether a complaint about the method or the body is made to those alone who are known: some servers look at these
/// before the credentials, and then it says nothing of them.
async fn is_for_known_ones(scene: &mut Scene<'_>, changed: &Request, answer: &Answer) -> bool {
    let Some(made_up) = made_up::like(changed, scene.refusal()) else {
        return false;
    };
    let why = "the changed request with credentials that nobody has";
    let other = scene.prober.send(&made_up, why).await;
    other.is_ok_and(|other| other.status != answer.status)
}

/// How much it weighs that an answer passes for one that is let through, where it is not compared with another's.
pub(super) fn weight(answer: &Answer) -> Weight {
    match answer.is_success() {
        true => Weight::Proof,
        false => Weight::Strong,
    }
}

/// A success, or a complaint about something that is looked at only after the credentials: the method, the body.
pub(super) fn passes(answer: &Answer, refusal: &Answer) -> bool {
    answer.is_success() && !refusal.is_success()
        || matches!(refusal.status, 401 | 403) && matches!(answer.status, 405 | 411 | 415 | 422)
}

//! The refusal itself: what its words mean, what its status says, and what is wrong with the way in which it refuses.
//!
//! Knows: the baseline, and the words. Sends little, and only where nothing weighty is known yet.

mod absent;
mod canonical;
mod challenge;
mod disguise;
mod elsewhere;
mod hidden;
mod judged;
mod listen;
mod shell;
mod stand_in;
mod status;
mod stranger;

pub(super) use judged::is_well_formed;

use crate::finding::Weight;
use crate::message::Answer;
use crate::scene::{Scene, Sees};

pub(crate) use disguise::is_sign_in_page;

/// Reads the words of the refusal: what they settle need not be asked.
pub(crate) fn hear(scene: &mut Scene<'_>) {
    canonical::look(scene);
    listen::to(scene);
}

/// Looks whether the refusal is a right one.
pub(crate) async fn ask(scene: &mut Scene<'_>) {
    disguise::look(scene);
    if explained(scene).is_some_and(|answer| answer.status >= 400) {
        status::look(scene);
    }
    stand_in::look(scene).await;
    shell::ask(scene).await;
    // A recorded refusal that is none any more tells by its words and status alone.
    if !scene.is_refused() {
        return;
    }
    if explained(scene).is_some_and(|answer| answer.from_proxy) {
        return;
    }
    absent::look(scene);
    // Where credentials were judged, a challenge that is not there comes after them.
    judged::look(scene);
    stranger::look(scene);
    challenge::ask(scene).await;
    elsewhere::ask(scene).await;
    hidden::ask(scene).await;
}

/// What is to be explained: the answer that came now, or the recorded one where that alone is a refusal.
fn explained(scene: &Scene<'_>) -> Option<Answer> {
    let recorded = scene.case.answer.as_ref();
    match &scene.baseline.given {
        Some(given) if given.status < 400 => recorded
            .filter(|recorded| recorded.status >= 400)
            .or(Some(given))
            .cloned(),
        Some(given) => Some(given.clone()),
        None => recorded.cloned(),
    }
}

/// Whether something is known already that leaves little to ask.
fn is_clear(scene: &Scene<'_>) -> bool {
    let mut findings = scene.findings.iter();
    findings.any(|finding| finding.weight >= Weight::Strong)
}

/// Whether the comparison shows that the credentials came to whoever judges them.
fn are_read(sees: Sees) -> bool {
    match sees {
        Sees::Refuses | Sees::Recognises | Sees::Passes => true,
        Sees::Unknown | Sees::Nothing | Sees::Alike | Sees::Overlooks | Sees::PassesWithout => {
            false
        }
    }
}

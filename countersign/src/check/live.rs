//! What is said of the surroundings.
//!
//! Knows: words and JSON. Does not know what is looked at.

use countersign_config::Checked;
use countersign_gateway::{Observation, State, Thoroughness, survey};
use serde_json::{Value, json};

use crate::context::Context;
use crate::control;
use crate::printing::plain;

/// Looks around.
pub(super) fn look(
    checked: &Checked,
    certificate_days: u32,
    context: &Context,
) -> Vec<Observation> {
    context.block_on(async {
        let thoroughness = Thoroughness {
            certificate_days,
            gateway_runs: control::is_there(&checked.settings.store).await,
        };
        survey(&checked.rules, &checked.settings, thoroughness).await
    })
}

/// What would keep the gateway from starting, and how to mend it.
pub(super) fn obstacles(seen: &[Observation]) -> String {
    let things = if seen.len() == 1 { "thing" } else { "things" };
    let count = seen.len();
    format!(
        "{}the gateway would not start: {count} {things} around the file\n",
        lines(seen)
    )
}

/// One line each, and a second one that says how to mend it; and how many are how.
pub(super) fn text(seen: &[Observation]) -> String {
    let mut text = lines(seen);
    let count = |state| seen.iter().filter(|one| one.state == state).count();
    text.push_str(&format!(
        "looked at {} things: {} ok, {} to be watched, {} not working\n",
        seen.len(),
        count(State::Ok),
        count(State::Warning),
        count(State::Error)
    ));
    text
}

fn lines(seen: &[Observation]) -> String {
    let mut text = String::new();
    for one in seen {
        let (about, found) = (plain(&one.about), plain(&one.found));
        text.push_str(&format!("{:<8} {about}: {found}\n", word(one.state)));
        if let Some(fix) = one.fix {
            text.push_str(&format!("{:<8}   help: {fix}\n", ""));
        }
    }
    text
}

pub(super) fn as_json(seen: &[Observation]) -> Value {
    let list = seen.iter();
    list.map(|one| {
        json!({ "about": one.about, "state": word(one.state), "found": one.found, "help": one.fix })
    })
    .collect()
}

const fn word(state: State) -> &'static str {
    match state {
        State::Ok => "ok",
        State::Warning => "warning",
        State::Error => "error",
    }
}

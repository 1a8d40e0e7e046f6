//! The words of vendors: signatures of refusals, out of data files that grow by a line.
//!
//! Knows: the data files, and how an answer's words are read. Does not send anything, and does not weigh.
//!
//! Three kinds of data, from the most telling to the least: `signatures/*.toml` are the words of one product, each
//! with its source; `phrases/*.toml` are words that many servers use, looked at only where no product was recognised by
//! its own; `names.toml` says whose servers answer, and nothing else.

mod conditions;
mod data;
pub(crate) mod disguised;
mod glob;
mod meaning;
mod mend;
mod missing;
pub(crate) mod named;
mod phrases;
mod problem;
mod quote;
mod said;
#[cfg(test)]
mod tests;

use crate::case::Case;
use crate::finding::{Finding, Weight};
use crate::message::Answer;
use crate::words::conditions::Asked;
use crate::words::data::Signature;
use crate::words::said::Said;

pub(crate) use conditions::has_shape_of_jwt;
pub(crate) use mend::with_option;

/// What could not be read of the data.
pub(crate) fn faults() -> impl Iterator<Item = &'static String> {
    data::faults()
        .chain(phrases::faults())
        .chain(meaning::faults())
}

/// The name of our own gateway.
pub(crate) const OURS: &str = "Countersign";

/// What the words of a refusal say, and whose they are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recognised {
    /// Names of the software and services that were recognised.
    pub(crate) names: Vec<String>,
    /// What their words mean.
    pub(crate) findings: Vec<Finding>,
}

/// Reads a refusal.
#[must_use]
pub(crate) fn recognise(case: &Case, answer: &Answer) -> Recognised {
    let said = Said::of(answer);
    let asked = Asked::of(case);
    let mut recognised = Recognised::default();
    for software in data::names() {
        if software.is_recognised(&said, &asked) {
            add_name(&mut recognised.names, &software.name);
        }
    }
    if let Some(finding) = problem::own(case, &asked, answer) {
        add_name(&mut recognised.names, OURS);
        recognised.findings.push(finding);
        return recognised;
    }
    let matching: Vec<&Signature> = data::signatures()
        .iter()
        .filter(|signature| signature.matches(&said, &asked))
        .collect();
    for signature in &matching {
        add_name(&mut recognised.names, &signature.name);
        recognised.findings.push(signature.finding(case));
    }
    let telling = |signature: &&Signature| signature.weight >= Weight::Fair;
    if !matching.iter().any(telling) {
        recognised
            .findings
            .extend(phrases::read(case, &said, &asked));
    }
    recognised
}

/// Whether an answer says that no credentials came.
pub(crate) fn says_none_came(answer: &Answer) -> bool {
    let said = Said::of(answer);
    said.sentences()
        .any(|sentence| missing::is_absence(&sentence))
}

fn add_name(names: &mut Vec<String>, name: &str) {
    if !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}

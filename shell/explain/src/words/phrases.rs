//! Words that many servers use: `Token has expired`, `invalid_audience`, `account is locked`.
//!
//! Knows: the patterns of `phrases/*.toml`, what a negation does to them, and that `invalid or expired` says neither.
//! Does not know products; theirs are the signatures.

mod pattern;
#[cfg(test)]
mod tests;

use std::sync::OnceLock;

use countersign_cause::{Cause, Who};
use serde::Deserialize;

use crate::case::Case;
use crate::data_file::{self, DataFile};
use crate::finding::{Finding, Fix, Weight};
use crate::words::conditions::{Asked, Condition};
use crate::words::data::{OneOrMany, all, weight, who};
use crate::words::said::{Said, Sentence};
use crate::words::{disguised, meaning, missing, quote};
pub(super) use pattern::WordPattern;

/// The files of phrases. Of phrases that weigh the same, the one that is named first goes first.
pub(super) const FILES: [(&str, &str); 4] = [
    ("tokens", include_str!("phrases/tokens.toml")),
    ("forms", include_str!("phrases/forms.toml")),
    ("accounts", include_str!("phrases/accounts.toml")),
    ("servers", include_str!("phrases/servers.toml")),
];

/// Words, and what they mean.
#[derive(Debug)]
pub(super) struct Phrase {
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "names the entry in tests and for contributors")
    )]
    pub(super) id: String,
    words: Vec<WordPattern>,
    unless: Vec<WordPattern>,
    status: Vec<u16>,
    request: Vec<Condition>,
    pub(super) cause: Cause,
    weight: Weight,
    evidence: String,
    fix: Option<String>,
    who: Option<Who>,
    #[cfg_attr(not(test), expect(dead_code, reason = "looked at by the tests"))]
    pub(super) example: String,
    #[cfg_attr(not(test), expect(dead_code, reason = "looked at by the tests"))]
    pub(super) asked: Vec<String>,
}

/// What the usual words of an answer mean.
pub(super) fn read(case: &Case, said: &Said, asked: &Asked<'_>) -> Vec<Finding> {
    if !is_refusal(said) {
        return Vec::new();
    }
    let sentences: Vec<Sentence<'_>> = said.sentences().collect();
    let mut findings = missing::read(case, said, asked, &sentences);
    for phrase in phrases() {
        let fits = (phrase.status.is_empty() || phrase.status.contains(&said.status))
            && phrase
                .request
                .iter()
                .all(|condition| condition.holds(asked));
        if !fits {
            continue;
        }
        let best = sentences
            .iter()
            .filter_map(|sentence| Some((phrase.weight_in(sentence)?, sentence)))
            .max_by_key(|(weight, _)| *weight);
        if let Some((weight, sentence)) = best {
            let quote = quote::of(case, asked, sentence.text);
            let evidence = format!("{}{quote}", phrase.evidence);
            let mut finding = Finding::new(phrase.cause, weight, evidence);
            finding.fix = phrase.fix.as_ref().map(|text| {
                Fix::new(
                    phrase.who.unwrap_or(phrase.cause.entry().who),
                    text.as_str(),
                )
            });
            findings.push(finding);
        }
    }
    // What was written for these words goes before what is made out of them.
    let is_told = |finding: &Finding| {
        finding.weight >= Weight::Fair && finding.cause != Cause::CredentialsRejected
    };
    if !findings.iter().any(is_told) {
        findings.extend(meaning::read(case, said, asked, &sentences));
    }
    strongest_of_each(findings)
}

/// A status of refusal, or a document with a success status that says itself that it is none.
fn is_refusal(said: &Said) -> bool {
    let says_no = || said.json.as_ref().is_some_and(disguised::says_no);
    said.status >= 400 || said.status == 0 || (200..300).contains(&said.status) && says_no()
}

/// Several phrases for one cause are one observation: the words of one answer prove no more by being many.
fn strongest_of_each(findings: Vec<Finding>) -> Vec<Finding> {
    let mut kept: Vec<Finding> = Vec::new();
    for finding in findings {
        let is_for = finding.weight > Weight::Against;
        let same =
            |known: &&mut Finding| known.cause == finding.cause && known.weight > Weight::Against;
        match kept.iter_mut().find(same).filter(|_| is_for) {
            Some(known) if known.weight < finding.weight => *known = finding,
            Some(_) => {}
            None => kept.push(finding),
        }
    }
    kept
}

impl Phrase {
    /// How much the phrase says in a sentence; `None` where it is not in there.
    fn weight_in(&self, sentence: &Sentence<'_>) -> Option<Weight> {
        if self
            .unless
            .iter()
            .any(|pattern| pattern.find(sentence).is_some())
        {
            return None;
        }
        let at = self
            .words
            .iter()
            .find_map(|pattern| pattern.find(sentence))?;
        if is_negated(sentence, at) {
            return None;
        }
        let lists = is_one_of_several(sentence);
        Some(match lists {
            // RFC 6750 section 3.1 lists what may be wrong, and servers repeat it whatever is.
            true if speaks_of_other_reasons(sentence) => self.weight.min(Weight::Slight),
            true => less(self.weight),
            false => self.weight,
        })
    }
}

/// `not expired`, `no longer locked`, `isn't disabled`.
fn is_negated(sentence: &Sentence<'_>, at: usize) -> bool {
    let before = at.saturating_sub(2);
    let words = sentence.words.get(before..at).unwrap_or_default();
    words
        .iter()
        .any(|word| pattern::negates(word) || matches!(word.as_str(), "if" | "unless"))
}

/// `invalid or expired`: the server lists what it might be.
fn is_one_of_several(sentence: &Sentence<'_>) -> bool {
    // `secretOrPublicKey` is a name and no list.
    let written = sentence.text.to_lowercase();
    written
        .split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .any(|word| matches!(word, "or" | "either" | "maybe" | "possibly"))
        || sentence.words.windows(2).any(|pair| {
            pair.iter().map(String::as_str).eq(["may", "be"])
                || pair.iter().map(String::as_str).eq(["may", "have"])
        })
}

fn speaks_of_other_reasons(sentence: &Sentence<'_>) -> bool {
    let mut pairs = sentence.words.windows(2);
    pairs.any(|pair| pair.iter().map(String::as_str).eq(["other", "reasons"]))
}

const fn less(weight: Weight) -> Weight {
    match weight {
        Weight::Proof => Weight::Strong,
        Weight::Strong => Weight::Fair,
        Weight::Fair | Weight::Slight => Weight::Slight,
        Weight::Against => Weight::Against,
        Weight::Excludes => Weight::Excludes,
    }
}

/// Every phrase, in the order of the files.
pub(super) fn phrases() -> &'static [Phrase] {
    &loaded().entries
}

/// What could not be read of the files.
pub(super) fn faults() -> &'static [String] {
    &loaded().faults
}

fn loaded() -> &'static DataFile<Phrase> {
    static ALL: OnceLock<DataFile<Phrase>> = OnceLock::new();
    ALL.get_or_init(|| {
        data_file::read(&FILES, |file: PhraseFile| {
            let all = file.phrase.into_iter();
            all.map(|phrase| {
                let id = phrase.id.clone();
                phrase.read().ok_or(id)
            })
            .collect()
        })
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PhraseFile {
    pub(super) phrase: Vec<WrittenPhrase>,
}

/// An entry as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenPhrase {
    pub(super) id: String,
    /// Patterns of words, any of which may occur.
    words: OneOrMany<String>,
    /// Patterns that may not be in the same sentence.
    #[serde(default)]
    unless: OneOrMany<String>,
    #[serde(default)]
    status: OneOrMany<u16>,
    #[serde(default)]
    request: OneOrMany<String>,
    cause: String,
    weight: String,
    evidence: String,
    fix: Option<String>,
    who: Option<String>,
    example: String,
    #[serde(default)]
    asked: OneOrMany<String>,
}

impl WrittenPhrase {
    /// The entry; `None` where a word of it is unknown.
    pub(super) fn read(self) -> Option<Phrase> {
        Some(Phrase {
            id: self.id,
            words: all(self.words, WordPattern::parse)?,
            unless: all(self.unless, WordPattern::parse)?,
            status: self.status.into_vec(),
            request: all(self.request, Condition::parse)?,
            cause: Cause::from_id(&self.cause)?,
            weight: weight(&self.weight)?,
            evidence: self.evidence,
            fix: self.fix,
            who: match self.who {
                Some(word) => Some(who(&word)?),
                None => None,
            },
            example: self.example,
            asked: self.asked.into_vec(),
        })
    }
}

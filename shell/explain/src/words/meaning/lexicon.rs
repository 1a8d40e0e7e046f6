//! The words for what refusals speak of, language by language: `session`, `expired`, `locked`.
//!
//! Knows: the data files beside it, how a stem is found in a sentence, and that a negation before a word takes it back.
//! Does not know what follows from the words; see `meaning`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use serde::Deserialize;

use crate::data_file::{self, DataFile};
use crate::words::said::Sentence;

/// The files of languages.
pub(super) const FILES: [(&str, &str); 6] = [
    ("english", include_str!("english.toml")),
    ("germanic", include_str!("germanic.toml")),
    ("romance", include_str!("romance.toml")),
    ("slavic", include_str!("slavic.toml")),
    ("others", include_str!("others.toml")),
    ("without_capitals", include_str!("without_capitals.toml")),
];

/// The language whose words are used in every other.
const EVERYWHERE: &str = "any";
/// A negation so many words before a word takes it back.
const NEGATED_BEFORE: usize = 2;
/// A negation so many words around a word of approval turns it around: `darf nicht mehr benutzt werden`.
const REFUSED_BEFORE: usize = 4;
const REFUSED_AFTER: usize = 2;

/// What a word stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Concept {
    /// A session.
    Session,
    /// A token.
    Token,
    /// A key.
    Key,
    /// A password, or another shared secret.
    Password,
    /// An account, or who has it.
    Account,
    /// Signing in, or what it takes.
    Login,
    /// A code that is good once, or a second factor.
    Code,
    /// An address or network, or where one is.
    Address,
    /// The page that asks.
    Origin,
    /// For whom a token was made.
    Audience,
    /// Who made a token.
    Issuer,
    /// A signature.
    Signature,
    /// A right, or a role that has it.
    Right,
    /// What is for trying things out.
    Test,
    /// What is in earnest.
    Live,
    /// The name of something, and not the thing.
    Identifier,
    /// Attempts, or requests.
    Attempt,
    /// What is asked about accounts or keys.
    Directory,
    /// The name of a scheme.
    Scheme,
    /// Past its time.
    Expired,
    /// Taken back.
    Revoked,
    /// Shut after failures.
    Locked,
    /// Out of use.
    Disabled,
    /// Not run at all: of schemes.
    Off,
    /// Not right, or not known.
    Wrong,
    /// Not there, and due.
    Missing,
    /// Not granted.
    Forbidden,
    /// Not taken any more.
    Retired,
    /// More than may be.
    Many,
    /// Gives no answer.
    Unreachable,
    /// At another place.
    Elsewhere,
    /// A word between what may be.
    Or,
    /// A word before what need not be.
    If,
    /// A word of denial.
    Not,
    /// Right.
    Valid,
    /// On record.
    Known,
    /// Where a credential is good: a region, an environment.
    Place,
    /// Not this one.
    Other,
    /// In use.
    Running,
    /// Granted.
    Allowed,
    /// Known by name.
    SignedIn,
    /// Not in force as yet.
    Pending,
}

impl Concept {
    /// What a denial makes of a word of approval.
    const fn denied(self) -> Option<Concept> {
        match self {
            Concept::Valid | Concept::Known => Some(Concept::Wrong),
            Concept::Allowed => Some(Concept::Forbidden),
            Concept::Running => Some(Concept::Off),
            Concept::SignedIn => Some(Concept::Missing),
            Concept::Session
            | Concept::Token
            | Concept::Key
            | Concept::Password
            | Concept::Account
            | Concept::Login
            | Concept::Code
            | Concept::Address
            | Concept::Origin
            | Concept::Audience
            | Concept::Issuer
            | Concept::Signature
            | Concept::Right
            | Concept::Test
            | Concept::Live
            | Concept::Identifier
            | Concept::Attempt
            | Concept::Directory
            | Concept::Scheme
            | Concept::Place
            | Concept::Other
            | Concept::Expired
            | Concept::Revoked
            | Concept::Locked
            | Concept::Disabled
            | Concept::Off
            | Concept::Wrong
            | Concept::Missing
            | Concept::Forbidden
            | Concept::Retired
            | Concept::Many
            | Concept::Unreachable
            | Concept::Elsewhere
            | Concept::Or
            | Concept::If
            | Concept::Pending
            | Concept::Not => None,
        }
    }

    /// Whether it is what is said, and not of what.
    pub(super) const fn is_said(self) -> bool {
        self.is_predicate()
            || self.denied().is_some()
            || matches!(
                self,
                Concept::Missing
                    | Concept::Forbidden
                    | Concept::Retired
                    | Concept::Unreachable
                    | Concept::Elsewhere
            )
    }

    /// Whether a denial takes it back.
    const fn is_predicate(self) -> bool {
        matches!(
            self,
            Concept::Expired
                | Concept::Revoked
                | Concept::Locked
                | Concept::Disabled
                | Concept::Off
                | Concept::Wrong
                | Concept::Many
        )
    }
}

/// What a sentence speaks of.
pub(super) type Concepts = BTreeSet<Concept>;

/// One language.
#[derive(Debug)]
pub(super) struct Language {
    name: String,
    stems: Vec<(Concept, Stem)>,
}

/// A word or several, or the beginning of one.
#[derive(Debug, PartialEq, Eq)]
enum Stem {
    /// Words in a row; `true` where anything may follow.
    Words(Vec<(String, bool)>),
    /// Letters of a writing in which words are not set apart.
    Anywhere(String),
}

/// What each sentence speaks of, in the language that fits the answer best.
pub(super) fn concepts(sentences: &[Sentence<'_>]) -> Vec<Concepts> {
    let all = languages();
    let shared = all.iter().find(|language| language.name == EVERYWHERE);
    let own = all.iter().filter(|language| language.name != EVERYWHERE);
    let in_language = |language: &Language| -> Vec<Concepts> {
        let read = |sentence| language.read(sentence, shared);
        sentences.iter().map(read).collect()
    };
    let words_of = |language: &&Language| -> usize {
        let count = |sentence| language.fit(sentence, shared);
        sentences.iter().map(count).sum()
    };
    // Of languages that fit alike the first is taken: English, then by the order of the files.
    let best = own.rev().max_by_key(words_of);
    best.map(in_language).unwrap_or_default()
}

/// Whether a sentence says in any language that something is missing.
pub(super) fn says(sentence: &Sentence<'_>, concept: Concept) -> bool {
    let all = languages();
    let shared = all.iter().find(|language| language.name == EVERYWHERE);
    all.iter()
        .any(|language| language.read(sentence, shared).contains(&concept))
}

impl Language {
    /// How well a sentence fits the language: what is said counts for more than of what, and what every language has
    /// in common counts for nothing.
    fn fit(&self, sentence: &Sentence<'_>, shared: Option<&Language>) -> usize {
        let common: Vec<(Concept, Option<usize>)> = shared
            .into_iter()
            .flat_map(|shared| shared.hits(sentence))
            .collect();
        let own = self.hits(sentence).filter(|hit| !common.contains(hit));
        own.map(|(concept, _)| if concept.is_said() { 2 } else { 1 })
            .sum()
    }

    /// What a sentence speaks of, denials worked in.
    fn read(&self, sentence: &Sentence<'_>, shared: Option<&Language>) -> Concepts {
        let own: Vec<(Concept, Option<usize>)> = self.hits(sentence).collect();
        let more = shared.into_iter().flat_map(|shared| shared.hits(sentence));
        let denials: Vec<usize> = own
            .iter()
            .filter(|(concept, _)| *concept == Concept::Not)
            .filter_map(|(_, at)| *at)
            .collect();
        let mut found = Concepts::new();
        for (concept, at) in own.iter().copied().chain(more) {
            let is_denied = |before: usize, after: usize| {
                at.is_some_and(|at| {
                    denials
                        .iter()
                        .any(|no| (*no < at && at - no <= before) || (*no > at && no - at <= after))
                })
            };
            match concept.denied() {
                Some(denied) if is_denied(REFUSED_BEFORE, REFUSED_AFTER) => {
                    found.insert(denied);
                }
                Some(_) => {
                    found.insert(concept);
                }
                None if concept.is_predicate() && is_denied(NEGATED_BEFORE, 0) => {}
                None => {
                    found.insert(concept);
                }
            }
        }
        found
    }

    /// Every stem that is in a sentence, with the number of its first word where words are set apart.
    fn hits<'s>(
        &'s self,
        sentence: &'s Sentence<'_>,
    ) -> impl Iterator<Item = (Concept, Option<usize>)> + 's {
        let text = sentence.text.to_lowercase();
        self.stems
            .iter()
            .filter_map(move |(concept, stem)| match stem {
                Stem::Anywhere(letters) => text.contains(letters).then_some((*concept, None)),
                Stem::Words(words) => Some((*concept, Some(place(words, &sentence.words)?))),
            })
    }
}

fn place(stem: &[(String, bool)], words: &[String]) -> Option<usize> {
    (0..words.len()).find(|at| {
        stem.iter().enumerate().all(|(offset, (own, is_open))| {
            words.get(at + offset).is_some_and(|word| match is_open {
                true => word.starts_with(own.as_str()),
                false => word == own,
            })
        })
    })
}

impl Stem {
    fn parse(text: &str) -> Option<Stem> {
        let text = text.trim().to_lowercase();
        let has_case = text
            .chars()
            .any(|letter| letter.is_lowercase() || letter.is_ascii_digit());
        if text.is_empty() {
            return None;
        }
        if !has_case {
            return Some(Stem::Anywhere(text));
        }
        let words: Vec<(String, bool)> = text
            .split_whitespace()
            .map(|word| match word.strip_suffix('*') {
                Some(start) => (start.to_owned(), true),
                None => (word.to_owned(), false),
            })
            .collect();
        let is_word = |(word, _): &(String, bool)| {
            !word.is_empty() && word.chars().all(char::is_alphanumeric)
        };
        words.iter().all(is_word).then_some(Stem::Words(words))
    }
}

fn languages() -> &'static [Language] {
    &loaded().entries
}

/// What could not be read of the files.
pub(super) fn faults() -> &'static [String] {
    &loaded().faults
}

fn loaded() -> &'static DataFile<Language> {
    static ALL: OnceLock<DataFile<Language>> = OnceLock::new();
    ALL.get_or_init(|| {
        data_file::read(&FILES, |file: LanguageFile| {
            file.language
                .into_iter()
                .map(|written| {
                    let name = written.name.clone();
                    written.read().ok_or(name)
                })
                .collect()
        })
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LanguageFile {
    language: Vec<WrittenLanguage>,
}

/// A language as it is written: by concept its stems, with commas between them.
#[derive(Deserialize)]
struct WrittenLanguage {
    name: String,
    #[serde(flatten)]
    words: BTreeMap<Concept, String>,
}

impl WrittenLanguage {
    fn read(self) -> Option<Language> {
        let mut stems = Vec::new();
        for (concept, texts) in self.words {
            for text in texts.split(',') {
                stems.push((concept, Stem::parse(text)?));
            }
        }
        Some(Language {
            name: self.name,
            stems,
        })
    }
}

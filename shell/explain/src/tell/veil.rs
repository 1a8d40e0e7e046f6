//! Covers secrets in whatever is told: the last of the guards, behind those that never write one.
//!
//! Knows: every secret of a case, in each form in which an answer or a sentence could echo it. Does not know where a text
//! comes from.
//!
//! A secret of four bytes or more is covered wherever it stands, in any case of its letters, and so is any piece of
//! sixteen bytes of a long one. Two kinds are covered only where they stand as a value, between quotes or after `=` or
//! `:`. One is shorter: a password `a` must not turn the report into asterisks. The other is a word of the report's own
//! language, or a public word of the case (a host, a user name): a gap in place of the only word that fits there tells
//! the secret that it hides. What stands in for a credential (`null`, `${TOKEN}`) is none.

mod forms;
mod gather;
mod public;
mod view;

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use countersign_secret::Secret;

use self::gather::Gathered;
use self::public::Public;
use crate::case::Case;
use crate::report::Report;

/// What stands in a secret's place.
pub const COVER: &str = "***";

/// A secret of fewer bytes is covered only where it stands as a value.
const ANYWHERE_BYTES_MIN: usize = 4;
/// A piece of a long secret of so many bytes is as telling as all of it.
const PIECE_BYTES: usize = 16;
/// A shorter secret is not taken apart: a known beginning would be most of a piece.
const PIECED_BYTES_MIN: usize = 20;

/// Every secret of a case, in each form in which an answer could echo it.
pub struct Veil {
    /// Covered wherever they stand, by their first bytes: a recording may have a hundred thousand. All are in lower case.
    anywhere: HashMap<[u8; ANYWHERE_BYTES_MIN], Vec<Secret<String>>>,
    /// Covered where they stand as a value.
    as_value: Vec<Secret<String>>,
    /// Digests of the pieces of long secrets.
    pieces: HashSet<u64>,
    hasher: RandomState,
}

impl Veil {
    /// Gathers the secrets of a case.
    #[must_use]
    pub fn of(case: &Case) -> Veil {
        Veil::over(&gather::of(case))
    }

    /// Gathers the secrets of a case, and those that servers gave away while it was looked into.
    #[must_use]
    pub fn of_report(case: &Case, report: &Report) -> Veil {
        Veil::over(&gather::of_report(case, report))
    }

    fn over(gathered: &Gathered) -> Veil {
        let mut veil = Veil {
            anywhere: HashMap::new(),
            as_value: Vec::new(),
            pieces: HashSet::new(),
            hasher: RandomState::new(),
        };
        let addresses = gathered.public.addresses();
        let public_pieces: HashSet<u64> = addresses
            .flat_map(|address| pieces_of(address, &veil.hasher))
            .collect();
        let mut seen: HashSet<String> = HashSet::new();
        for found in &gathered.secrets {
            for form in forms::of(found.text.expose()) {
                if seen.insert(form.expose().clone()) {
                    veil.add(form, &gathered.public);
                }
            }
            let secret = Secret::new(found.text.expose().to_ascii_lowercase());
            if found.in_pieces && secret.expose().len() >= PIECED_BYTES_MIN {
                veil.pieces
                    .extend(pieces_of(secret.expose(), &veil.hasher).difference(&public_pieces));
            }
        }
        veil
    }

    /// The text with every secret covered.
    #[must_use]
    pub fn cover(&self, text: &str) -> String {
        let mut spans: Vec<(usize, usize)> = Vec::new();
        for view in view::of(text.to_ascii_lowercase()) {
            let found = self.found_in(&view.text);
            spans.extend(
                found
                    .into_iter()
                    .filter_map(|(begin, end)| view.original(begin, end)),
            );
        }
        spans.sort_unstable();
        with_covered(text, &spans)
    }

    fn found_in(&self, text: &str) -> Vec<(usize, usize)> {
        let mut spans = Vec::new();
        for (at, start) in text.as_bytes().windows(ANYWHERE_BYTES_MIN).enumerate() {
            let Some(secrets) = self.anywhere.get(start) else {
                continue;
            };
            let rest = text.as_bytes().get(at..).unwrap_or_default();
            let here = secrets
                .iter()
                .filter(|secret| rest.starts_with(secret.expose().as_bytes()));
            spans.extend(here.map(|secret| (at, at + secret.expose().len())));
        }
        for secret in &self.as_value {
            let secret = secret.expose().as_str();
            spans.extend(
                text.match_indices(secret)
                    .map(|(at, _)| (at, at + secret.len()))
                    .filter(|(begin, end)| is_value(text, *begin, *end)),
            );
        }
        spans.extend(self.pieces_in(text));
        spans
    }

    fn add(&mut self, form: Secret<String>, public: &Public) {
        let text = form.expose();
        if text.is_empty() || text.bytes().all(|byte| byte == b'*') {
            return;
        }
        match text.as_bytes().first_chunk() {
            Some(start) if !public.has(text) => {
                self.anywhere.entry(*start).or_default().push(form);
            }
            Some(_) | None => self.as_value.push(form),
        }
    }

    fn pieces_in<'t>(&'t self, lower: &'t str) -> impl Iterator<Item = (usize, usize)> + 't {
        let windows = match self.pieces.is_empty() {
            true => &[],
            false => lower.as_bytes(),
        };
        windows
            .windows(PIECE_BYTES)
            .enumerate()
            .filter(|(_, window)| self.pieces.contains(&self.hasher.hash_one(window)))
            .map(|(at, _)| {
                let end = lower.ceil_char_boundary(at + PIECE_BYTES);
                (lower.floor_char_boundary(at), end)
            })
    }
}

fn pieces_of(text: &str, hasher: &RandomState) -> HashSet<u64> {
    let pieces = text.as_bytes().windows(PIECE_BYTES);
    pieces.map(|piece| hasher.hash_one(piece)).collect()
}

/// Between two quotes of a kind, or after `=` or `:` and up to the end of the value.
fn is_value(text: &str, begin: usize, end: usize) -> bool {
    let before = text.get(..begin).and_then(|text| text.chars().next_back());
    let after = text.get(end..).and_then(|text| text.chars().next());
    let quoted = matches!(
        (before, after),
        (Some('`'), Some('`'))
            | (Some('"'), Some('"'))
            | (Some('\''), Some('\''))
            | (Some('“'), Some('”'))
            | (Some('‘'), Some('’'))
            | (Some('«'), Some('»'))
    );
    let ends = after.is_none_or(|letter| letter.is_whitespace() || "&;,@'\"`)]}".contains(letter));
    quoted || matches!(before, Some('=' | ':')) && ends
}

/// The text with spans covered, in their order; spans that touch get one cover.
fn with_covered(text: &str, spans: &[(usize, usize)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut told = 0;
    let mut covered = None;
    for &(begin, end) in spans {
        match covered {
            Some(until) if begin <= until => {}
            Some(_) | None => {
                out.push_str(text.get(told..begin).unwrap_or_default());
                out.push_str(COVER);
            }
        }
        told = told.max(end);
        covered = Some(told);
    }
    out.push_str(text.get(told..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests;

//! What curl would send, and what the shell did before.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests"
)]

mod copied;
mod damaged;
mod hostile;
mod options;
mod sent;
mod vectors;

use std::collections::HashMap;
use std::io;

use countersign_cause::Cause;

use super::{of_text, of_words};
use crate::case::Case;
use crate::finding::Weight;
use crate::message::Request;
use crate::read::{Files, NoFiles};

/// Files in memory.
#[derive(Default)]
struct Shelf(HashMap<&'static str, &'static str>);

impl Files for Shelf {
    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let found = self.0.get(name).map(|text| text.as_bytes().to_vec());
        found.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }
}

fn shelf<const N: usize>(files: [(&'static str, &'static str); N]) -> Shelf {
    Shelf(files.into_iter().collect())
}

fn words(words: &[&str]) -> Case {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    of_words(&words, &NoFiles).unwrap()
}

fn text(text: &str) -> Case {
    of_text(text, &NoFiles).unwrap()
}

fn request(case: &Case) -> &Request {
    case.request.as_ref().expect("a request")
}

fn field(case: &Case, name: &str) -> Option<String> {
    request(case)
        .fields
        .text(name)
        .map(|value| value.into_owned())
}

fn authorization(case: &Case) -> Option<String> {
    field(case, "authorization")
}

fn weight(case: &Case, cause: Cause) -> Option<Weight> {
    let of_cause = case.noticed.iter().filter(|finding| finding.cause == cause);
    of_cause.map(|finding| finding.weight).max()
}

/// The cause that most speaks for, of all that was noticed.
fn noticed(case: &Case) -> Option<Cause> {
    crate::weigh::rank(&case.noticed)
        .first()
        .map(|conclusion| conclusion.cause)
}

fn meant(case: &Case) -> Option<String> {
    let meant = case.meant.as_ref()?;
    meant
        .fields
        .text("authorization")
        .map(|value| value.into_owned())
}

/// None of the secrets of the tests is told.
fn tells(case: &Case, secret: &str) -> bool {
    case.noticed.iter().any(|finding| {
        let fix = finding.fix.as_ref();
        let command = fix
            .and_then(|fix| fix.command.as_deref())
            .unwrap_or_default();
        let text = fix.map(|fix| fix.text.as_str()).unwrap_or_default();
        [finding.evidence.as_str(), command, text]
            .iter()
            .any(|told| told.contains(secret))
    })
}

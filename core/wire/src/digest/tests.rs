#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

mod halves;
mod reading;
mod rfc;

use super::client::{Asked, choose};
use super::server::{Credentials, parse};
use crate::challenge;

fn choose_from(lines: &[&str]) -> Option<Asked> {
    let parsed = challenge::parse(lines.iter().map(|line| line.as_bytes()));
    choose(&parsed.challenges)
}

fn asked(line: &str) -> Asked {
    choose_from(&[line]).unwrap_or_else(|| panic!("{line}"))
}

fn read(value: &str) -> Credentials {
    let rest = value.strip_prefix("Digest ").unwrap();
    match parse(rest.as_bytes()) {
        Ok(credentials) => credentials,
        Err(defect) => panic!("{value}: {defect:?}"),
    }
}

//! Whether issuers answer with keys, and by how much their clocks differ from ours.
//!
//! Knows: what is fetched of an issuer. Does not know tokens.

use countersign_config::{IssuerKeys, KeySource, Settings};
use countersign_flow::{IssuerRules, Rules};

use super::Observation;
use crate::line::try_keys;

/// One or two observations for each issuer whose keys are fetched.
pub(super) async fn look(rules: &Rules, settings: &Settings) -> Vec<Observation> {
    let mut seen = Vec::new();
    for (issuer, keys) in rules.issuers.iter().zip(&settings.issuers) {
        seen.extend(one(issuer, keys).await);
    }
    seen
}

async fn one(issuer: &IssuerRules, keys: &IssuerKeys) -> Vec<Observation> {
    let about = format!("issuer `{}`", issuer.name);
    if matches!(keys.source, KeySource::Asked) {
        let seen = "it is asked about each token; whether it answers shows with the first one";
        return vec![Observation::ok(about, seen)];
    }
    let ahead_secs = match try_keys(issuer, keys).await {
        // Keys in the configuration or in a file were looked at with it.
        Ok(None) => return vec![Observation::ok(about, "its keys are at hand")],
        Ok(Some(ahead_secs)) => ahead_secs,
        Err(reason) => {
            return vec![Observation::error(
                about,
                reason,
                "its tokens get a 503 until its keys can be fetched: see whether the address opens from this machine",
            )];
        }
    };
    let mut seen = vec![Observation::ok(about, "its keys can be fetched")];
    seen.extend(ahead_secs.map(|ahead_secs| clock(issuer, ahead_secs)));
    seen
}

/// A `Date` is of whole seconds, and took its time to arrive.
const CLOCK_SECS_USUAL: u64 = 2;

fn clock(issuer: &IssuerRules, ahead_secs: i64) -> Observation {
    const FIX: &str =
        "let both machines keep their time by NTP: tokens are refused as too old or too early";
    let about = format!("clock, by issuer `{}`", issuer.name);
    let (differ, side) = (
        ahead_secs.unsigned_abs(),
        if ahead_secs > 0 { "ahead of" } else { "behind" },
    );
    let found = format!("the issuer's is {differ} s {side} this machine's");
    if differ <= CLOCK_SECS_USUAL {
        Observation::ok(about, "the same as this machine's")
    } else if differ > u64::from(issuer.leeway_secs) {
        Observation::error(about, found, FIX)
    } else {
        Observation::warning(about, found, FIX)
    }
}

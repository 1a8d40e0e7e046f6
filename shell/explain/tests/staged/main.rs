//! Real cases of refused requests, staged: servers with the fault, the request of whoever ran into it, the cause that was
//! behind it. `cases/` has them; the result is a table in `docs/explain.md`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests"
)]

mod case;
mod fix;
mod rules;
mod run;
#[expect(
    dead_code,
    reason = "shared with the laboratory, which uses more of it"
)]
#[path = "../lab/stage.rs"]
mod stage;
mod table;
mod tokens;

use run::Result;

/// At least so many of a hundred have their cause first.
const FIRST_PERCENT_MIN: usize = 90;
/// At least so many of a hundred have it among the first three.
const THIRD_PERCENT_MIN: usize = 97;
/// At least so many of a hundred fixes that are carried out are accepted.
const FIX_PERCENT_MIN: usize = 95;
/// At most so many requests, on average.
const PROBES_MEAN_MAX: usize = 8;

#[test]
fn every_case_is_told_apart_with_care() {
    let only = std::env::var("COUNTERSIGN_CASE").ok();
    let cases = case::all(only.as_deref());
    assert!(!cases.is_empty(), "no case has `{only:?}` in its id");
    let results: Vec<Result> = cases.iter().map(run::run).collect();
    for result in results.iter().filter(|result| !result.is_good()) {
        eprintln!("{result}");
    }
    if only.is_some() {
        results.iter().for_each(|r| eprintln!("{}", r.line()));
    }
    let careless: Vec<&Result> = results.iter().filter(|r| !r.breaches.is_empty()).collect();
    assert!(careless.is_empty(), "without care: {careless:?}");
    let false_certainty: Vec<&str> = results
        .iter()
        .filter(|result| result.is_falsely_certain())
        .map(|result| result.id.as_str())
        .collect();
    assert!(
        false_certainty.is_empty(),
        "certain and wrong: {false_certainty:?}"
    );
    let tried = results.iter().filter(|result| result.fix.is_some()).count();
    let mended = results
        .iter()
        .filter(|result| result.fix == Some(true))
        .count();
    assert!(
        mended * 100 >= FIX_PERCENT_MIN * tried,
        "{mended} of {tried} fixes work"
    );
    let percent = |count: usize| count * 100 / results.len();
    let first = results.iter().filter(|r| r.place == Some(0)).count();
    let third = results
        .iter()
        .filter(|r| r.place.is_some_and(|at| at < 3))
        .count();
    let probes: usize = results.iter().map(|result| result.probes).sum();
    eprintln!(
        "{} cases: first {} %, among three {} %, {} requests",
        results.len(),
        percent(first),
        percent(third),
        probes
    );
    if only.is_none() {
        assert!(
            percent(first) >= FIRST_PERCENT_MIN,
            "first: {} %",
            percent(first)
        );
        assert!(
            percent(third) >= THIRD_PERCENT_MIN,
            "third: {} %",
            percent(third)
        );
        assert!(
            probes <= PROBES_MEAN_MAX * results.len(),
            "{probes} requests"
        );
        table::compare(&results);
    }
}

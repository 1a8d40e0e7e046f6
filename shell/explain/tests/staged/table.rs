//! The table of results in `docs/explain.md`, kept up to date with `COUNTERSIGN_BLESS=1`.

use std::path::{Path, PathBuf};

use countersign_explain::Confidence;

use crate::run::Result;

const BEGIN: &str = "<!-- staged cases: begin -->";
const END: &str = "<!-- staged cases: end -->";

/// Compares the table with the page, or writes it there.
pub(crate) fn compare(results: &[Result]) {
    let page = page();
    let text = std::fs::read_to_string(&page).unwrap();
    let (before, rest) = text
        .split_once(BEGIN)
        .expect("the page has a place for the table");
    let (old, after) = rest
        .split_once(END)
        .expect("the page has an end of the table");
    let new = table(results);
    if std::env::var_os("COUNTERSIGN_BLESS").is_some() {
        std::fs::write(&page, format!("{before}{BEGIN}\n\n{new}\n{END}{after}")).unwrap();
        return;
    }
    let stable = |table: &str| -> Vec<String> {
        let lines = table
            .lines()
            .filter(|line| !line.starts_with("Time"))
            .map(str::to_owned);
        lines.filter(|line| !line.is_empty()).collect()
    };
    assert_eq!(
        stable(old),
        stable(&new),
        "docs/explain.md is stale: run the test with COUNTERSIGN_BLESS=1"
    );
}

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/explain.md")
}

fn table(results: &[Result]) -> String {
    let count = results.len();
    let share = |part: usize| format!("{part} of {count} ({:.1} %)", percent(part, count));
    let first = results.iter().filter(|r| r.place == Some(0)).count();
    let third = results
        .iter()
        .filter(|r| r.place.is_some_and(|at| at < 3))
        .count();
    let itself = results
        .iter()
        .filter(|result| result.is_named_itself())
        .count();
    let wrong = results.iter().filter(|r| r.is_falsely_certain()).count();
    let probes: usize = results.iter().map(|result| result.probes).sum();
    let (mended, tried) = (
        results.iter().filter(|r| r.fix == Some(true)).count(),
        results.iter().filter(|r| r.fix.is_some()).count(),
    );
    let mut out = format!(
        "| | |\n|---|---|\n| cause named first | {} |\n| the very cause first, those that cannot be told from it not counted | {} |\n| cause among the first three | {} |\n| certain and wrong | {wrong} |\n| fix carried out and accepted | {mended} of {tried} |\n| requests a case, mean | {:.1} |\n| breaches of care | {} |\n\n",
        share(first),
        share(itself),
        share(third),
        ratio(probes, count),
        results.iter().map(|r| r.breaches.len()).sum::<usize>(),
    );
    let total_ms: u128 = results.iter().map(|result| result.took_ms).sum();
    let mean_ms = total_ms / results.len().max(1) as u128;
    out.push_str(&format!("Time a case on loopback, mean: {mean_ms} ms.\n\n"));
    out.push_str("| case | happened at | cause | named | confidence | requests |\n|---|---|---|---|---|---|\n");
    for result in results {
        out.push_str(&row(result));
    }
    out
}

fn row(result: &Result) -> String {
    let place = match result.place {
        Some(0) => "first".to_owned(),
        Some(at) => format!("no. {}", at + 1),
        None => "no".to_owned(),
    };
    let sure = match result.told.first() {
        Some((_, Confidence::Certain)) => "certain",
        Some((_, Confidence::Likely)) => "likely",
        Some((_, Confidence::Possible)) => "possible",
        None => "-",
    };
    format!(
        "| {} | {} | {} | {place} | {sure} | {} |\n",
        result.id, result.source, result.cause, result.probes
    )
}

#[expect(clippy::cast_precision_loss, reason = "counts of cases")]
fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

fn percent(part: usize, whole: usize) -> f64 {
    100.0 * ratio(part, whole)
}

//! What `-v` adds: each request that was sent, and how the sums came about.
//!
//! Knows: columns. Does not know what an observation means.

use countersign_cause::Cause;

use super::layout::{Paint, head, item};
use crate::tell::plain::plain;
use crate::tell::told::{Told, ToldProbe};

/// What was sent, in its order.
pub(super) fn probes(out: &mut String, probes: &[ToldProbe], paint: Paint) {
    head(out, "What was sent:", paint);
    if probes.is_empty() {
        item(out, "", "nothing");
    }
    for (at, probe) in probes.iter().enumerate() {
        let ended = match probe.status {
            Some(status) => status.to_string(),
            None => "no answer".to_owned(),
        };
        let line = format!(
            "{} {}: {ended} in {} ms; {}",
            plain(&probe.method),
            plain(&probe.url),
            probe.took_ms,
            plain(&probe.why)
        );
        item(out, &format!("{}. ", at + 1), &line);
    }
}

/// Each observation with its points, below its cause and its sum; the causes in the order of the report.
pub(super) fn sums(out: &mut String, told: &Told, paint: Paint) {
    head(out, "The sums:", paint);
    if told.findings.is_empty() {
        item(out, "", "nothing was observed");
    }
    for (cause, points) in ranked(told) {
        item(out, "", &format!("{}: {points}", cause.id()));
        for finding in told
            .findings
            .iter()
            .filter(|finding| finding.cause == cause)
        {
            let points = format!("{:+}", finding.weight.points());
            item(out, &format!("  {points:>5} "), &plain(&finding.evidence));
        }
    }
}

fn ranked(told: &Told) -> Vec<(Cause, i32)> {
    let mut causes: Vec<(Cause, i32)> = told
        .causes
        .iter()
        .map(|found| (found.cause, found.points))
        .collect();
    let first_others = causes.len();
    for finding in &told.findings {
        match causes
            .iter_mut()
            .position(|(cause, _)| *cause == finding.cause)
        {
            None => causes.push((finding.cause, finding.weight.points())),
            Some(at) if at >= first_others => {
                if let Some((_, points)) = causes.get_mut(at) {
                    *points += finding.weight.points();
                }
            }
            Some(_) => {}
        }
    }
    causes
}

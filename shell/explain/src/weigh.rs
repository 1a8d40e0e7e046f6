//! From findings to a ranked list of causes.
//!
//! Knows: weights and sums. Does not know what the causes mean, nor how anything was observed.

use countersign_cause::Cause;

use crate::finding::{Finding, Fix, Weight};

/// How sure a conclusion is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// It fits, and so do others.
    Possible,
    /// It fits best.
    Likely,
    /// An experiment or the server's own words exclude its neighbours.
    Certain,
}

impl Confidence {
    /// The word of the report.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Confidence::Possible => "possible",
            Confidence::Likely => "likely",
            Confidence::Certain => "certain",
        }
    }
}

/// One cause with everything that speaks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conclusion {
    /// The cause.
    pub cause: Cause,
    /// How sure.
    pub confidence: Confidence,
    /// The sum of its findings, for `-v`.
    pub points: i32,
    /// What was seen, the weightiest first; what speaks against it is not among it.
    pub evidence: Vec<String>,
    /// How to mend it.
    pub fix: Fix,
}

/// At least so many points make a cause likely, if no other has clearly more.
const LIKELY_POINTS_MIN: i32 = 20;
/// A cause this far behind the first is no more than possible.
const LEAD_POINTS: i32 = 15;
/// What is told besides the first is at most so much.
const CONCLUSIONS_MAX: usize = 5;

/// Ranks the causes that the findings speak for, the best first.
#[must_use]
pub(crate) fn rank(findings: &[Finding]) -> Vec<Conclusion> {
    let mut causes: Vec<Cause> = Vec::new();
    for finding in findings {
        if !causes.contains(&finding.cause) {
            causes.push(finding.cause);
        }
    }
    let mut weighed: Vec<(Cause, i32, Vec<&Finding>)> = causes
        .into_iter()
        .map(|cause| {
            let own: Vec<&Finding> = findings.iter().filter(|f| f.cause == cause).collect();
            (cause, points_of(&own), own)
        })
        .filter(|(_, points, _)| *points > 0)
        .collect();
    // Stable: of equal sums the one that was found first stays first.
    weighed.sort_by_key(|(_, points, _)| -points);
    let best = weighed.first().map_or(0, |(_, points, _)| *points);
    let proven = best >= Weight::Proof.points();
    weighed
        .into_iter()
        .filter(|(_, points, _)| !proven || *points >= Weight::Strong.points())
        .take(CONCLUSIONS_MAX)
        .map(|(cause, points, own)| Conclusion {
            cause,
            confidence: confidence(points, best, proven, &own),
            points,
            evidence: evidence(&own),
            fix: fix(cause, &own),
        })
        .collect()
}

/// Several observations of the same weight add up; a second proof adds nothing to the first.
fn points_of(findings: &[&Finding]) -> i32 {
    let proofs = findings
        .iter()
        .filter(|f| f.weight == Weight::Proof)
        .count();
    let others: i32 = findings
        .iter()
        .filter(|finding| finding.weight != Weight::Proof)
        .map(|finding| finding.weight.points())
        .sum();
    if proofs > 0 {
        return Weight::Proof.points() + others;
    }
    // Without an experiment no heap of hints is worth one.
    others.min(Weight::Proof.points() - 1)
}

fn confidence(points: i32, best: i32, proven: bool, findings: &[&Finding]) -> Confidence {
    let has_proof = findings.iter().any(|f| f.weight == Weight::Proof);
    let doubted = findings.iter().any(|f| f.weight <= Weight::Against);
    if has_proof && !doubted {
        Confidence::Certain
    } else if points >= LIKELY_POINTS_MIN && (!proven || has_proof) && best - points < LEAD_POINTS {
        Confidence::Likely
    } else {
        Confidence::Possible
    }
}

fn evidence(findings: &[&Finding]) -> Vec<String> {
    let mut speaking: Vec<&&Finding> = findings
        .iter()
        .filter(|finding| finding.weight > Weight::Against && !finding.evidence.is_empty())
        .collect();
    speaking.sort_by_key(|finding| std::cmp::Reverse(finding.weight));
    let mut told: Vec<String> = Vec::new();
    for finding in speaking {
        if !told.contains(&finding.evidence) {
            told.push(finding.evidence.clone());
        }
    }
    told
}

/// The fix of the weightiest finding that has one, otherwise the catalogue's.
fn fix(cause: Cause, findings: &[&Finding]) -> Fix {
    let mut own: Vec<(&Weight, &Fix)> = findings
        .iter()
        .filter_map(|finding| Some((&finding.weight, finding.fix.as_ref()?)))
        .collect();
    own.sort_by_key(|(weight, fix)| std::cmp::Reverse((**weight, fix.command.is_some())));
    match own.first() {
        Some((_, fix)) => (*fix).clone(),
        None => Fix::new(cause.entry().who, cause.entry().fix),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, reason = "tests")]

    use super::*;
    use Cause::{CredentialsRejected, TokenExpired, TokenRevoked};

    fn of(cause: Cause, weight: Weight) -> Finding {
        Finding::new(cause, weight, format!("{} {weight:?}", cause.id()))
    }

    fn confidences(findings: &[Finding]) -> Vec<(Cause, Confidence)> {
        let ranked = rank(findings);
        ranked
            .iter()
            .map(|found| (found.cause, found.confidence))
            .collect()
    }

    #[test]
    fn only_a_proof_is_certain_and_no_heap_of_hints_is_one() {
        assert_eq!(
            confidences(&[of(TokenExpired, Weight::Proof)]),
            [(TokenExpired, Confidence::Certain)]
        );
        let heap: Vec<Finding> = (0..9).map(|_| of(TokenExpired, Weight::Strong)).collect();
        assert_eq!(confidences(&heap), [(TokenExpired, Confidence::Likely)]);
        assert!(rank(&heap)[0].points < Weight::Proof.points());
    }

    #[test]
    fn a_proof_that_something_speaks_against_is_not_certain() {
        let findings = [
            of(TokenExpired, Weight::Proof),
            of(TokenExpired, Weight::Against),
        ];
        assert_eq!(confidences(&findings), [(TokenExpired, Confidence::Likely)]);
    }

    #[test]
    fn what_is_excluded_is_not_told() {
        let findings = [
            of(TokenExpired, Weight::Strong),
            of(TokenExpired, Weight::Excludes),
            of(TokenRevoked, Weight::Slight),
        ];
        assert_eq!(
            confidences(&findings),
            [(TokenRevoked, Confidence::Possible)]
        );
    }

    #[test]
    fn the_weightier_comes_first_and_those_far_behind_are_possible() {
        let findings = [
            of(CredentialsRejected, Weight::Fair),
            of(TokenExpired, Weight::Strong),
            of(TokenRevoked, Weight::Fair),
        ];
        assert_eq!(
            confidences(&findings),
            [
                (TokenExpired, Confidence::Likely),
                (CredentialsRejected, Confidence::Possible),
                (TokenRevoked, Confidence::Possible)
            ]
        );
    }

    #[test]
    fn evidence_against_is_not_shown_and_none_is_shown_twice() {
        let findings = [
            of(TokenExpired, Weight::Fair),
            of(TokenExpired, Weight::Strong),
            of(TokenExpired, Weight::Strong),
            of(TokenExpired, Weight::Against),
        ];
        assert_eq!(
            rank(&findings)[0].evidence,
            ["token-expired Strong", "token-expired Fair"]
        );
    }
}

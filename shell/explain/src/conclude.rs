//! The end of an investigation: whether the request is refused at all, and what remains open.
//!
//! Knows: the scene and the ranking. Sends nothing.

use countersign_cause::Cause;

use crate::finding::{Finding, Weight};
use crate::message::Answer;
use crate::probe::{NoAnswer, Withheld};
use crate::report::{Outcome, Report};
use crate::scene::{Scene, Sees};
use crate::weigh::{self, Conclusion, Confidence};

/// Makes the report.
pub(crate) fn conclude(scene: Scene<'_>) -> Report {
    let mut causes = weigh::rank(&scene.findings);
    let outcome = outcome(&scene, &causes);
    if outcome == Outcome::Accepted {
        causes.clear();
    }
    let status = told(&scene).map(|answer| answer.status);
    let question = match outcome {
        Outcome::Refused => scene.question.clone().or_else(|| question(&causes)),
        Outcome::Accepted | Outcome::Unreachable => None,
    };
    Report {
        outcome,
        status: status.filter(|status| *status != 0),
        causes,
        probes: scene.prober.tried().to_vec(),
        limits: limits(&scene),
        recognised: scene.recognised,
        question,
        findings: scene.findings,
    }
}

/// What is explained: the recorded answer, or else the one that came now.
fn told<'s>(scene: &'s Scene<'_>) -> Option<&'s Answer> {
    scene.case.answer.as_ref().or(scene.baseline.given.as_ref())
}

fn outcome(scene: &Scene<'_>, causes: &[Conclusion]) -> Outcome {
    let Some(answer) = told(scene) else {
        return without_answer(scene, causes);
    };
    if answer.status >= 400 || answer.status == 0 {
        return Outcome::Refused;
    }
    match scene.findings.iter().any(spoils_a_success) {
        true => Outcome::Refused,
        false => Outcome::Accepted,
    }
}

/// Nothing came back: because nothing could be sent, or because nobody answers.
fn without_answer(scene: &Scene<'_>, causes: &[Conclusion]) -> Outcome {
    let certain = causes
        .iter()
        .any(|found| found.confidence == Confidence::Certain);
    let never_sent = scene.case.request.is_none() || scene.prober.care().offline;
    match scene.prober.unanswered() {
        Some(NoAnswer::Unreachable(_)) if !certain => Outcome::Unreachable,
        Some(NoAnswer::Unreachable(_)) => Outcome::Refused,
        _ if never_sent && causes.is_empty() && scene.case.token.is_some() => Outcome::Accepted,
        Some(NoAnswer::Withheld(_)) | None => Outcome::Refused,
    }
}

/// Causes for which a request is refused although its answer looks like a success.
fn spoils_a_success(finding: &Finding) -> bool {
    let spoils = matches!(
        finding.cause,
        Cause::RefusalDisguised
            | Cause::SessionNotShared
            | Cause::RedirectDroppedCredentials
            | Cause::RedirectToHttp
            | Cause::RedirectForwardedCredentials
            | Cause::PreflightChallenged
            | Cause::CorsWildcardWithCredentials
            | Cause::CorsHeaderNotAllowed
            | Cause::CorsHidesRefusal
            | Cause::OriginNotAllowed
    );
    spoils && finding.weight >= Weight::Strong
}

/// What nobody but the server's owner can tell.
fn question(causes: &[Conclusion]) -> Option<String> {
    let first = causes.first()?;
    if first.confidence == Confidence::Certain {
        return None;
    }
    let ids: Vec<String> = causes
        .iter()
        .take(3)
        .map(|found| format!("`{}`", found.cause.id()))
        .collect();
    Some(format!(
        "from outside this cannot be settled: which of {} does the server's log name for this request?",
        ids.join(", ")
    ))
}

fn limits(scene: &Scene<'_>) -> Vec<String> {
    let mut limits = Vec::new();
    if scene.prober.care().offline {
        limits.push("nothing was sent: `--offline`".to_owned());
    }
    if scene.baseline.stands_in {
        let method = scene
            .case
            .request
            .as_ref()
            .map_or("", |request| &request.method);
        limits.push(format!(
            "{method} was not sent, since it may change something: a GET stood in for it (`--unsafe-methods` sends it)"
        ));
    }
    match scene.prober.unanswered() {
        Some(NoAnswer::Unreachable(unreachable)) => limits.push(unreachable.detail.clone()),
        Some(NoAnswer::Withheld(Withheld::Unsendable)) => limits.push(
            "the request cannot be sent as it is: HTTP has no way to write one of its fields"
                .to_owned(),
        ),
        Some(NoAnswer::Withheld(Withheld::Budget)) => {
            limits.push("the limit of requests was reached before everything was tried".to_owned());
        }
        Some(NoAnswer::Withheld(_)) | None => {}
    }
    if scene.baseline.sees == Sees::Unknown
        && scene.is_refused()
        && !scene.prober.tried().is_empty()
    {
        limits.push("the answers could not be compared with those to other credentials".to_owned());
    }
    limits
}

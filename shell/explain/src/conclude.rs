//! The end of an investigation: whether the request is refused at all, and what remains open.
//!
//! Knows: the scene and the ranking. Sends nothing.

use countersign_cause::{Cause, Stage};

use crate::case::Case;
use crate::command;
use crate::exchange::sent_back_with;
use crate::finding::{Finding, Weight};
use crate::look::{keys, value};
use crate::message::{Answer, Request};
use crate::probe::{NoAnswer, Withheld};
use crate::report::{Outcome, Report};
use crate::scene::{Scene, Sees};
use crate::weigh::{self, Conclusion, Confidence};
use crate::words;

/// Makes the report.
pub(crate) fn conclude(scene: Scene<'_>) -> Report {
    let mut causes = weigh::rank(&scene.findings);
    again_with_another(&scene, &mut causes);
    let outcome = outcome(&scene, &causes);
    match outcome {
        Outcome::Accepted | Outcome::Unknown => causes.clear(),
        Outcome::Refused | Outcome::Unreachable => {}
    }
    // The status of another request is none of this one's.
    let is_own = outcome != Outcome::Unknown || !scene.baseline.stands_in;
    let status = told(&scene).filter(|_| is_own).map(|answer| answer.status);
    let question = match outcome {
        Outcome::Refused => scene.question.clone().or_else(|| question(&causes)),
        Outcome::Accepted | Outcome::Unreachable | Outcome::Unknown => None,
    };
    Report {
        outcome,
        status: status.filter(|status| *status != 0),
        causes,
        probes: scene.prober.tried().to_vec(),
        answers: scene.prober.answers().to_vec(),
        limits: limits(&scene),
        recognised: scene.recognised,
        question,
        findings: scene.findings,
    }
}

/// Where another credential is what helps, the command is the same request with that in the variable.
fn again_with_another(scene: &Scene<'_>, causes: &mut [Conclusion]) {
    let Some(request) = &scene.case.request else {
        return;
    };
    for found in causes {
        if found.fix.command.is_none() && takes_another(found.cause) {
            let again = command::curl(scene.case, request);
            // Without a variable nothing would be different.
            let is_open = again.contains("$TOKEN") || again.contains("$API_KEY");
            found.fix.command = is_open.then_some(again);
        }
    }
}

/// Causes that another token or key of the same kind mends.
const fn takes_another(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::TokenExpired
            | Cause::TokenRevoked
            | Cause::TokenWrongKind
            | Cause::TokenLifetimeTooLong
            | Cause::AudienceMismatch
            | Cause::SignatureInvalid
            | Cause::SigningKeyUnknown
            | Cause::ClaimMissing
            | Cause::CredentialExpired
            | Cause::CredentialRevoked
            | Cause::SecretIdSent
    )
}

/// What is explained: the recorded answer, or else the one that came now.
fn told<'s>(scene: &'s Scene<'_>) -> Option<&'s Answer> {
    scene.case.answer.as_ref().or(scene.baseline.given.as_ref())
}

fn outcome(scene: &Scene<'_>, causes: &[Conclusion]) -> Outcome {
    let Some(answer) = told(scene) else {
        return without_answer(scene, causes);
    };
    let request = scene.case.request.as_ref();
    let is_sent_back = request.is_some_and(|request| sent_back_with(request, answer).is_some());
    if scene.findings.iter().any(spoils_a_success) {
        return Outcome::Refused;
    }
    if is_of_stand_in_alone(scene, causes) {
        // What is wrong with the request as it was written is so under any method.
        return match causes.iter().any(is_of_the_writing) {
            true => Outcome::Refused,
            false => Outcome::Unknown,
        };
    }
    if answer.status >= 400 || answer.status == 0 || answer.refuses || is_sent_back {
        return Outcome::Refused;
    }
    let is_midway = scene.baseline.unfollowed.is_some() && scene.case.follows_redirects;
    match is_midway {
        true if causes.is_empty() => Outcome::Unknown,
        true => Outcome::Refused,
        false => Outcome::Accepted,
    }
}

/// A cause that is seen in the request itself, with little doubt: a placeholder, a quote, a word of the scheme.
fn is_of_the_writing(found: &Conclusion) -> bool {
    let is_of_form = matches!(found.cause.entry().stage, Stage::Form)
        || found.cause == Cause::CredentialsPlaceholder;
    is_of_form && found.confidence != Confidence::Possible
}

/// Whether all that is known is the answer to the safe method that stood in, and it says nothing of the request's own: it
/// is let through, or is not the method for that address.
fn is_of_stand_in_alone(scene: &Scene<'_>, causes: &[Conclusion]) -> bool {
    if !scene.baseline.stands_in || scene.case.answer.is_some() {
        return false;
    }
    let given = scene.baseline.given.as_ref();
    given.is_some_and(|given| {
        given.is_success()
            || given.is_redirect()
            || matches!(given.status, 405 | 501) && causes.is_empty()
    })
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
        _ if never_sent && causes.is_empty() && scene.case.token.is_some() => {
            match is_opaque(scene.case) {
                true => Outcome::Unknown,
                false => Outcome::Accepted,
            }
        }
        Some(NoAnswer::Withheld(Withheld::Budget)) if causes.is_empty() => Outcome::Unknown,
        Some(NoAnswer::Withheld(_)) | None => Outcome::Refused,
    }
}

/// Whether the token that was handed in alone has no inside that could be looked at.
fn is_opaque(case: &Case) -> bool {
    let token = case.token.as_ref().map(|token| token.expose().as_slice());
    case.request.is_none() && token.is_some_and(|token| !value::is_readable(token))
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
            | Cause::UrlWrong
    );
    spoils && finding.weight >= Weight::Strong
}

/// What nobody but the server's owner can tell.
fn question(causes: &[Conclusion]) -> Option<String> {
    let first = causes.first()?;
    if first.confidence == Confidence::Certain {
        return None;
    }
    if causes.len() == 1 && first.confidence == Confidence::Likely {
        return None;
    }
    let ids: Vec<String> = causes
        .iter()
        .take(3)
        .map(|found| format!("`{}`", found.cause.id()))
        .collect();
    let asked = match ids.as_slice() {
        [only] => format!("is it {only} that the server's log has for this request, or what else?"),
        [one, other] => format!("does the server's log have {one} for this request, or {other}?"),
        _ => format!(
            "which of {} does the server's log have for this request?",
            ids.join(", ")
        ),
    };
    Some(format!("from outside this cannot be settled: {asked}"))
}

/// What cannot be seen in a token that was handed in alone.
fn of_token_alone(case: &Case) -> Option<String> {
    let token = case.token.as_ref().filter(|_| case.request.is_none())?;
    if value::has_scheme_word(token.expose()) {
        return Some(
            "the scheme word before the token is no part of it and was left out: what adds `Bearer` itself sends it twice"
                .to_owned(),
        );
    }
    is_opaque(case).then(|| {
        "the token is opaque: nothing can be read in it, and only its server knows whether it is good".to_owned()
    })
}

fn limits(scene: &Scene<'_>) -> Vec<String> {
    // What of the command is not carried out comes first: everything else is seen without it.
    let mut limits = scene.case.left_out.clone();
    limits.extend(words::faults().chain(keys::faults()).cloned());
    limits.extend(of_token_alone(scene.case));
    limits.extend(
        scene
            .baseline
            .unfollowed
            .iter()
            .chain(&scene.notes)
            .cloned(),
    );
    if scene
        .case
        .answer
        .as_ref()
        .is_some_and(|answer| answer.is_body_alone)
    {
        limits.push(
            "a body alone was given: its status and fields are not known, and it was taken for a refusal".to_owned(),
        );
    }
    if scene.prober.care().offline {
        limits.push("nothing was sent: `--offline`".to_owned());
    }
    if scene.baseline.stands_in {
        let method = scene
            .case
            .request
            .as_ref()
            .map_or("", |request| &request.method);
        let overrides = scene
            .case
            .request
            .as_ref()
            .is_some_and(Request::overrides_method);
        let answered = match &scene.baseline.given {
            Some(given) => format!(", which was answered {}", given.status),
            None => String::new(),
        };
        limits.push(match overrides {
            true => "the request asks to be taken for one with another method, which may change something: it was sent without asking that (`--unsafe-methods` sends it)".to_owned(),
            false => format!(
                "{method} was not sent, since it may change something: a GET stood in for it{answered} (`--unsafe-methods` sends {method})"
            ),
        });
    }
    match scene.prober.unanswered() {
        Some(NoAnswer::Unreachable(unreachable)) => limits.push(unreachable.detail.clone()),
        Some(NoAnswer::Withheld(Withheld::Unsendable)) => limits.push(
            "the request cannot be sent as it is: HTTP has no way to write one of its fields"
                .to_owned(),
        ),
        Some(NoAnswer::Withheld(Withheld::Budget)) => {
            limits.push(
                "the limit of requests (`--max-probes`) or of time for all of them was reached before everything was tried"
                    .to_owned(),
            );
        }
        Some(NoAnswer::Withheld(_)) | None => {}
    }
    if scene.prober.is_password_spared() {
        let tries = scene.prober.care().password_tries_max;
        limits.push(format!(
            "the password was refused {tries} times and was tried no more, since failures lock accounts: what needs another try was left out"
        ));
    }
    if scene.baseline.sees == Sees::Unknown
        && scene.is_refused()
        && !scene.prober.tried().is_empty()
    {
        limits.push("the answers could not be compared with those to other credentials".to_owned());
    }
    limits
}

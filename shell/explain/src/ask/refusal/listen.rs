//! The words of the refusal, and of those that it is compared with.
//!
//! Knows: that the answers to others than the given credentials tell who answers, and nothing of the given ones.

use countersign_cause::{Cause, Stage};

use super::explained;
use super::judged::{is_read_as_written, is_well_formed};
use crate::credential::credentials_of;
use crate::finding::{Finding, Weight};
use crate::likeness::alike;
use crate::scene::{Scene, Sees};
use crate::words::{self, Recognised};

pub(super) fn to(scene: &mut Scene<'_>) {
    let Some(refusal) = explained(scene) else {
        return;
    };
    let Recognised { names, findings } = words::recognise(scene.case, &refusal);
    let is_ours = names.iter().any(|name| name == words::OURS);
    add(scene, names);
    let stripped = findings
        .iter()
        .any(|finding| finding.cause == Cause::ProxyStrippedCredentials);
    if findings.iter().any(speaks_of_the_pair) {
        // Who says what belongs into Basic takes Basic, whatever the challenge offers.
        let cause = Cause::SchemeNotAccepted;
        scene.found(Finding::new(cause, Weight::Against, String::new()));
    }
    let misses_the_form = findings
        .iter()
        .any(|finding| matches!(finding.cause, Cause::SchemeWordWrong | Cause::SchemeMissing));
    let findings: Vec<Finding> = findings
        .into_iter()
        .filter_map(|finding| match is_ours {
            // Our own gateway has checked, and names what it found.
            true => Some(finding),
            false => beside_what_is_known(scene, finding),
        })
        .collect();
    scene.findings.extend(findings);
    if stripped {
        arrival(scene);
    }
    if misses_the_form && scene.baseline.sees == Sees::Recognises && is_well_formed(scene) {
        changed_on_the_way(scene);
    }
    for other in [scene.baseline.none.clone(), scene.baseline.made_up.clone()] {
        if let Some(other) = other.filter(|other| !alike(other, &refusal)) {
            add(scene, words::recognise(scene.case, &other).names);
        }
    }
}

fn speaks_of_the_pair(finding: &Finding) -> bool {
    let cause = matches!(
        finding.cause,
        Cause::BasicUsernameConvention | Cause::PasswordLoginRetired
    );
    cause && finding.weight >= Weight::Strong
}

/// A token is held against clocks, keys and metadata before, with the words of the refusal in hand: what was found so
/// is not counted twice, nor brought back where it was excluded.
fn beside_what_is_known(scene: &Scene<'_>, mut finding: Finding) -> Option<Finding> {
    let is_about_rights = matches!(
        finding.cause,
        Cause::ForbiddenReportedAsUnauthorized | Cause::ScopeInsufficient
    );
    // What is said to nobody alike is not about the rights of anybody.
    if is_about_rights && scene.baseline.sees == Sees::Alike {
        finding.weight = match finding.weight {
            Weight::Proof | Weight::Strong => Weight::Fair,
            Weight::Fair | Weight::Slight => Weight::Slight,
            Weight::Against | Weight::Excludes => finding.weight,
        };
        return Some(finding);
    }
    if finding.cause.entry().stage != Stage::Token {
        return Some(finding);
    }
    // `INVALID_JWT` is what some call every token that they refuse; one that can be read is not malformed.
    if finding.cause == Cause::TokenMalformed && is_signed(scene) {
        finding.weight = finding.weight.min(Weight::Slight);
    }
    let known = || {
        let all = scene.findings.iter();
        all.filter(|known| known.cause == finding.cause)
    };
    if known().any(|known| known.weight <= Weight::Against) {
        return None;
    }
    if known().next().is_some() {
        finding.weight = finding.weight.min(Weight::Slight);
    } else if is_signed(scene) {
        // Verifiers name the check that failed, which need not be the fault: an ID token fails at its audience.
        finding.weight = finding.weight.min(Weight::Strong);
    }
    Some(finding)
}

fn is_in_authorization(scene: &Scene<'_>) -> bool {
    let request = scene.case.request.as_ref();
    request.is_some_and(|request| request.fields.has("authorization"))
}

fn is_signed(scene: &Scene<'_>) -> bool {
    let request = scene.case.request.as_ref();
    let credentials = request.map(credentials_of).unwrap_or_default();
    credentials
        .iter()
        .any(|credential| words::has_shape_of_jwt(credential.secret.expose()))
}

fn add(scene: &mut Scene<'_>, names: Vec<String>) {
    for name in names {
        if !scene.recognised.contains(&name) {
            scene.recognised.push(name);
        }
    }
}

/// The words miss a form that the request has, and a made-up token in the same form is refused by somebody else.
fn changed_on_the_way(scene: &mut Scene<'_>) {
    let evidence = "a made-up token in the same form is refused in another way; this one passes there, and the next to look finds another form than was sent: something in between rewrites `Authorization`";
    for (cause, weight) in [
        (Cause::ProxyReplacedCredentials, Weight::Strong),
        (Cause::ProxyStrippedCredentials, Weight::Slight),
    ] {
        scene.found(Finding::new(cause, weight, evidence));
    }
    is_read_as_written(scene);
}

/// The words say that nothing came. Whether others come through the same field tells if it is taken away.
fn arrival(scene: &mut Scene<'_>) {
    let cause = Cause::ProxyStrippedCredentials;
    let alike = "the answer is the same to these credentials, to made-up ones and to none";
    match scene.baseline.sees {
        Sees::Alike if is_in_authorization(scene) => {
            scene.found(Finding::new(cause, Weight::Fair, alike));
        }
        // Fields of their own are seldom taken away, and often not those that are read.
        Sees::Alike => {
            scene.found(Finding::new(Cause::HeaderWrongPlace, Weight::Fair, alike));
            scene.found(Finding::new(cause, Weight::Slight, alike));
        }
        // One in front takes the token, or a made-up one would fare the same; the one behind misses it.
        Sees::Overlooks if is_well_formed(scene) => {
            let evidence = "a made-up token is refused as invalid, and to this one the answer is that there is none: it passes one check, and is gone at the next";
            scene.found(Finding::new(cause, Weight::Strong, evidence));
            is_read_as_written(scene);
        }
        Sees::Overlooks | Sees::Refuses => {
            scene.found(Finding::new(cause, Weight::Against, String::new()));
        }
        Sees::Unknown | Sees::Nothing | Sees::Recognises | Sees::PassesWithout | Sees::Passes => {}
    }
}

//! What is noted of an answer to the challenge that was not let through.
//!
//! Knows: what each refusal of a proper answer says. Does not know why it was sent.

use countersign_cause::Cause;
use countersign_wire::digest::client::Misreading;

use crate::ask::digest::answering::Pair;
use crate::ask::digest::{inner_path, own_nonce};
use crate::finding::{Finding, Fix, Weight};
use crate::message::{Answer, Request};
use crate::scene::Scene;

/// The answer to the challenge was refused, and not for its nonce.
pub(super) async fn rejected(
    scene: &mut Scene<'_>,
    request: &Request,
    pair: &Pair,
    answer: &Answer,
) {
    if inner_path::ask(scene, request, answer, pair).await {
        return;
    }
    match answer.status {
        401 => {
            let evidence = format!(
                "the challenge was answered properly as `{}`, with a nonce made a moment before, and refused",
                pair.shown_user()
            );
            let weight = match own_nonce::note(scene, answer) {
                true => Weight::Fair,
                false => Weight::Strong,
            };
            scene.found(Finding::new(Cause::CredentialsRejected, weight, evidence));
        }
        // RFC 7616 section 3.4.6: a `uri` that is not the one of the request line SHOULD be answered with 400.
        400 => {
            let evidence = "the challenge was answered with the very address of the request, and the server says 400: it sees another address";
            scene.found(Finding::new(
                Cause::DigestUriMismatch,
                Weight::Strong,
                evidence,
            ));
        }
        403 => {
            let evidence = format!(
                "`{}` is known to the server once the challenge is answered, which then says 403",
                pair.shown_user()
            );
            // Known, and still not let in: for want of a right, unless the words of that answer say for what.
            scene.found(Finding::new(
                Cause::ScopeInsufficient,
                Weight::Fair,
                evidence,
            ));
        }
        _ => {}
    }
}

/// RFC 7616 section 3.3: `stale` is for nonces that ran out, and this one was made a moment ago.
pub(super) fn stale_again(scene: &mut Scene<'_>) {
    let evidence =
        "the server calls its own nonce stale a moment after it made it, and so again the next one";
    let cause = Cause::VerifierMisconfigured;
    let text = "the server must take the nonces that it makes: look at its nonce secret and lifetime, and at instances that do not share them";
    let fix = Fix::new(cause.entry().who, text);
    scene.found(Finding::new(cause, Weight::Strong, evidence).with_fix(fix));
    scene.found(Finding::new(
        Cause::DigestNonceStale,
        Weight::Slight,
        evidence,
    ));
}

/// No client of RFC 7616 could answer any of the challenges.
pub(super) fn unanswerable(scene: &mut Scene<'_>, misreading: Misreading) {
    let cause = match misreading {
        Misreading::AlgorithmUnknown => Cause::DigestAlgorithmUnsupported,
        Misreading::QopUnknown => Cause::DigestQopUnsupported,
        Misreading::NonceMissing => Cause::VerifierMisconfigured,
        Misreading::OtherScheme => return,
    };
    scene.found(Finding::new(cause, Weight::Strong, misreading.to_string()));
}

pub(super) fn exclude(scene: &mut Scene<'_>, causes: &[Cause]) {
    for cause in causes {
        scene.found(Finding::new(*cause, Weight::Excludes, String::new()));
    }
}

pub(super) fn with(fix: Fix, command: Option<String>) -> Fix {
    match command {
        Some(command) => fix.with_command(command),
        None => fix,
    }
}

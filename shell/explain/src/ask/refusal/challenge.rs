//! A 401 without a challenge, and one whose challenge says more than its body.

use countersign_cause::Cause;
use countersign_wire::Challenge;
use countersign_wire::basic::client::{Charset, authorization};

use crate::ask::trial::{self, Trial};
use crate::case::Negotiated;
use crate::command;
use crate::credential::with_authorization;
use crate::finding::{Finding, Fix, Weight};
use crate::scene::Scene;

/// API Gateway does not let `WWW-Authenticate` through under its own name.
const RENAMED: &str = "x-amzn-remapped-www-authenticate";

pub(super) async fn ask(scene: &mut Scene<'_>) {
    look(scene);
    unasked(scene).await;
}

/// Sends the login that waits for a challenge without waiting.
async fn unasked(scene: &mut Scene<'_>) {
    let lacks_challenge = |finding: &Finding| {
        finding.cause == Cause::ChallengeMissing && finding.weight >= Weight::Strong
    };
    let speaks_basic = scene.case.negotiates.contains(&Negotiated::Basic);
    if !speaks_basic || scene.is_proven() || !scene.findings.iter().any(lacks_challenge) {
        return;
    }
    let (Some(request), Some(login)) = (scene.baseline.request.clone(), &scene.case.login) else {
        return;
    };
    let line = authorization(&login.user, login.password.expose(), Charset::Utf8);
    let Ok(line) = line else {
        return;
    };
    let at_once = with_authorization(&request, line.expose().as_bytes());
    let why = "the same with the login as `Basic`, without waiting for a challenge";
    let Trial::Passed(answer) = trial::run(scene, &at_once, why).await else {
        return;
    };
    let cause = Cause::ChallengeMissing;
    let evidence = format!(
        "the same login as `Basic`, sent without being asked for, is answered {}: only the challenge is missing",
        answer.status
    );
    let text = "Add `WWW-Authenticate: Basic realm=\"example\"` to every 401 of the server. Until then let the client send its login without waiting: for curl `-u` without `--anyauth` or `--digest`.";
    let command = command::curl(scene.case, &at_once);
    let fix = Fix::new(cause.entry().who, text).with_command(command);
    scene.found(Finding::new(cause, Weight::Proof, evidence).with_fix(fix));
}

fn look(scene: &mut Scene<'_>) {
    let Some(refusal) = super::explained(scene) else {
        return;
    };
    // RFC 6750 section 3.1: with `invalid_token` the token is meant, whatever the page for people says of rights.
    let parsed = refusal.challenges();
    let of_the_token = |challenge: &Challenge| challenge.param("error") == Some("invalid_token");
    if refusal.status == 401 && parsed.challenges.iter().any(of_the_token) {
        let other = Cause::ForbiddenReportedAsUnauthorized;
        scene.found(Finding::new(other, Weight::Against, String::new()));
        let speaks = |finding: &Finding| finding.weight > Weight::Against && finding.cause != other;
        if !scene.findings.iter().any(speaks) {
            let evidence = "the challenge says `invalid_token`, and nothing is seen in it";
            scene.found(Finding::new(
                Cause::CredentialsRejected,
                Weight::Fair,
                evidence,
            ));
        }
    }
    // RFC 9110 section 15.5.2: the server generating a 401 response MUST send a WWW-Authenticate field.
    if refusal.status != 401 || refusal.is_body_alone || refusal.fields.has("www-authenticate") {
        return;
    }
    let cause = Cause::ChallengeMissing;
    let waits = waits_for_a_challenge(scene);
    let (weight, evidence) = match waits {
        // It has a login and sends it only to whoever asks.
        true => (
            Weight::Strong,
            "the answer is 401 without `WWW-Authenticate`, and the client has a login that it sends only when a challenge asks for it",
        ),
        false => (
            Weight::Slight,
            "the answer is 401 without a `WWW-Authenticate` that can be read, so that it does not say what it wants",
        ),
    };
    let mut finding = Finding::new(cause, weight, evidence);
    if refusal.fields.has(RENAMED) {
        finding.evidence = format!(
            "the answer is 401, and its challenge stands in `{RENAMED}`, where no client looks"
        );
        finding = finding.with_fix(Fix::new(
            cause.entry().who,
            "map the renamed field back to `WWW-Authenticate` in the gateway's response",
        ));
    }
    scene.found(finding);
}

fn waits_for_a_challenge(scene: &Scene<'_>) -> bool {
    let has_login = scene.case.login.is_some() || !scene.case.negotiates.is_empty();
    let is_sent = scene
        .case
        .request
        .as_ref()
        .is_some_and(|request| request.fields.has("authorization"));
    has_login && !is_sent
}

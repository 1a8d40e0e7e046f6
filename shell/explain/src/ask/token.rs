//! Is it the token? Its kind, its times by three clocks, its issuer, key and audience, its scopes, its binding to a key.
//!
//! Knows: what a token says of itself, what its issuer publishes, and what the refusal says. Whether a token is good is
//! decided by the gateway's own line (`line`). Nothing here sends the user's token anywhere.

mod audience;
mod bound;
mod clocks;
mod discovery;
mod issuer;
mod keys;
mod kind;
mod line;
mod quoted;
mod realm;
mod renewal;
mod said;
mod scope;
mod subject;
mod times;
mod verdict;

use countersign_cause::{Cause, Stage};
use countersign_jose::Hearsay;
use countersign_wire::metadata::ProtectedResource;

use self::audience::Named;
use self::clocks::Clocks;
use self::said::Said;
use self::scope::Wanted;
use self::subject::Subject;
use crate::finding::{Finding, Fix, Weight};
use crate::scene::{Scene, Sees};

/// One thing that was seen in a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) finding: Finding,
    /// Whether it is a fact that every verifier would meet, so that words of the server that name it leave nothing else.
    pub(super) firm: bool,
}

impl Seen {
    fn firm(cause: Cause, weight: Weight, evidence: impl Into<String>) -> Seen {
        Seen {
            finding: Finding::new(cause, weight, evidence),
            firm: true,
        }
    }

    fn soft(cause: Cause, weight: Weight, evidence: impl Into<String>) -> Seen {
        Seen {
            finding: Finding::new(cause, weight, evidence),
            firm: false,
        }
    }

    fn with_fix(mut self, fix: Fix) -> Seen {
        self.finding.fix = Some(fix);
        self
    }
}

/// Looks at every token of the case, and where a token would come from.
pub(crate) async fn ask(scene: &mut Scene<'_>) {
    if !is_worth_it(scene) {
        return;
    }
    if scene.case.request.is_some() {
        realm::ask(scene).await;
    }
    let resource = match scene.is_proven() {
        true => None,
        false => discovery::ask(scene).await,
    };
    for subject in subject::of(scene.case) {
        examine(scene, &subject, resource.as_ref()).await;
    }
}

/// Another fault that was shown by mending it leaves nothing to ask of the token.
fn is_worth_it(scene: &Scene<'_>) -> bool {
    let mended = scene.findings.iter().any(|finding| {
        finding.weight == Weight::Proof && finding.cause.entry().stage != Stage::Token
    });
    let answered = scene.refusal().is_some() || scene.prober.unanswered().is_none();
    let refused = scene.refusal().is_none_or(|answer| !answer.is_success());
    !mended && answered && refused
}

async fn examine(scene: &mut Scene<'_>, subject: &Subject, resource: Option<&ProtectedResource>) {
    let said = said::of(scene);
    let mut clocks = Clocks::of(scene);
    let mut seen = offline(scene, subject, &said, &clocks);
    let mut times = times_of(scene, subject, &said, &clocks);
    let mut names = audience::named(scene.case.expected.audience.as_deref(), &said);
    names.extend(resource.map(|resource| Named {
        audience: resource.resource.clone(),
        by: "by its metadata",
    }));
    let heard = subject.heard.as_ref();
    let renewable = heard.is_some_and(renewal::is_fetched_by_a_program);
    let alone = scene.case.request.is_none();
    let firm = seen.iter().chain(&times).any(|seen| seen.firm);
    let settled = is_settled(seen.iter().chain(&times), &said) && !renewable || alone && firm;
    if !settled && is_read(scene, &said) {
        let (found, issuer) = keys::ask(scene, subject, &said, clocks, &names).await;
        seen.extend(found);
        clocks.issuer = issuer.date_unix_secs;
        times = times_of(scene, subject, &said, &clocks);
        if renewable {
            let fix = heard.and_then(|heard| renewal::fix(scene, heard, &issuer));
            let mut expired = times
                .iter_mut()
                .filter(|seen| seen.finding.cause == Cause::TokenExpired);
            if let (Some(expired), Some(fix)) = (expired.next(), fix) {
                expired.finding.fix = Some(fix);
            }
        }
    }
    // Looked at alone, a token is sent to nobody who would want another kind: its times come first.
    let at = if alone { 0 } else { seen.len() };
    seen.splice(at..at, times);
    if let (Some(heard), Some(resource)) = (heard, resource) {
        seen.extend(issuer::against_metadata(heard, resource));
    }
    if let Some(heard) = heard {
        let url = scene.case.request.as_ref().map(|request| &request.url);
        let audience = audience::look(heard, &names, url, &said);
        seen.extend(audience.into_iter().map(|seen| of_its_kind(seen, subject)));
        let refusal = scene.refusal();
        seen.extend(refusal.and_then(|refusal| quoted::look(heard, refusal, url, &said)));
        let is_clear = seen.iter().any(|seen| seen.finding.weight >= Weight::Fair);
        // What nobody shows to have read is not refused for what it says.
        let is_read = scene.baseline.sees != Sees::Alike;
        let is_refused = refusal.is_some_and(|refusal| refusal.status == 401);
        if !is_clear && is_read && is_refused && names.is_empty() {
            seen.push(without_fault(heard));
        }
    }
    conclude(scene, subject, &said, seen);
}

/// Nothing is seen in the token, and the server does not say what it misses: then it may want another than this.
fn without_fault(heard: &Hearsay<'_>) -> Seen {
    let mut claims = Vec::new();
    if let Some(issuer) = heard.issuer() {
        claims.push(format!("its issuer is `{issuer}`"));
    }
    let audiences: Vec<String> = heard
        .audiences()
        .iter()
        .map(|own| format!("`{own}`"))
        .collect();
    claims.push(match audiences.is_empty() {
        true => "it has no audience".to_owned(),
        false => format!("its audience is {}", audiences.join(", ")),
    });
    if let Some(expires) = heard.expires_unix_secs() {
        claims.push(format!("it is good until {}", clocks::moment(expires)));
    }
    let evidence = format!(
        "no fault is seen in the token by itself: {}",
        claims.join(", ")
    );
    let text = "Compare these with what the server takes, in its documentation or configuration: `--audience` and \
                `--issuer` tell `explain` what it is, and a difference is named. If they are the same, get a new token.";
    let fix = Fix::new(Cause::CredentialsRejected.entry().who, text);
    Seen::soft(Cause::CredentialsRejected, Weight::Slight, evidence).with_fix(fix)
}

/// Whether anything shows that the server reads tokens: otherwise its issuer need not be asked.
fn is_read(scene: &Scene<'_>, said: &[Said]) -> bool {
    let Some(refusal) = scene.refusal() else {
        return true;
    };
    let parsed = refusal.challenges();
    let asked = &parsed.challenges;
    let asks_for_a_token = asked.is_empty() && refusal.status == 401
        || asked
            .iter()
            .any(|challenge| challenge.is("bearer") || challenge.is("dpop"));
    let differs = !matches!(scene.baseline.sees, Sees::Alike | Sees::Unknown);
    asks_for_a_token || differs || !said.is_empty() || scene.baseline.stands_in
}

fn times_of(scene: &Scene<'_>, subject: &Subject, said: &[Said], clocks: &Clocks) -> Vec<Seen> {
    let url = scene.case.request.as_ref().map(|request| &request.url);
    let heard = subject.heard.as_ref();
    heard.map_or_else(Vec::new, |heard| times::look(heard, clocks, said, url))
}

/// What is seen without asking anybody.
fn offline(scene: &Scene<'_>, subject: &Subject, said: &[Said], clocks: &Clocks) -> Vec<Seen> {
    let request = scene.case.request.as_ref();
    let mut seen = kind::look(scene.case, subject, said);
    if let Some(heard) = &subject.heard {
        seen.extend(keys::expected(heard, scene.case.expected.issuer.as_deref()));
        seen.extend(keys::by_the_words(heard, said));
        let refusal = scene.refusal();
        seen.extend(refusal.and_then(|refusal| keys::by_the_challenge(heard, refusal)));
    }
    if let Some(request) = request {
        let proof = subject::proof_of(scene.case);
        seen.extend(bound::look(subject, request, proof.as_ref(), clocks));
    }
    if let Some(refusal) = scene.refusal() {
        let told = said
            .iter()
            .any(|said| said.exact && said.cause == Cause::ScopeInsufficient);
        seen.extend(scope::by_fields(refusal));
        seen.extend(scope::look(
            subject.heard.as_ref(),
            &Wanted::of(refusal),
            told,
        ));
    }
    seen
}

/// Whether the server's words name what is seen, or the token is over anyway: nobody else need be asked.
fn is_settled<'s>(mut seen: impl Iterator<Item = &'s Seen>, said: &[Said]) -> bool {
    seen.any(|seen| {
        // Whose clock is wrong is for the issuer's to tell.
        let by_a_third_clock = matches!(
            seen.finding.cause,
            Cause::TokenNotYetValid | Cause::ClockSkew
        );
        let told = said
            .iter()
            .any(|said| said.exact && said.cause == seen.finding.cause);
        seen.firm && !by_a_third_clock && (told || seen.finding.cause == Cause::TokenExpired)
            || matches!(
                seen.finding.cause,
                Cause::SenderConstraintFailed | Cause::TokenMalformed
            ) && seen.finding.weight >= Weight::Strong
    })
}

/// An ID token is made for the client that asked for it: what is wrong with it is its kind.
fn of_its_kind(mut seen: Seen, subject: &Subject) -> Seen {
    let heard = subject.heard.as_ref();
    if seen.finding.weight > Weight::Fair && heard.and_then(kind::name_of).is_some() {
        seen.firm = false;
        seen.finding.weight = Weight::Fair;
    }
    seen
}

/// Brings together what was seen and what the server says.
fn conclude(scene: &mut Scene<'_>, subject: &Subject, said: &[Said], seen: Vec<Seen>) {
    let alone = scene.case.request.is_none();
    for said in said {
        if let Some(finding) = words_alone(scene, subject, said, &seen) {
            scene.found(finding);
        }
    }
    for (told, other) in CONTRADICTIONS {
        let shown = seen
            .iter()
            .any(|seen| seen.finding.cause == other && seen.finding.weight >= Weight::Strong);
        if shown && said.iter().any(|said| said.cause == told) {
            scene.found(Finding::new(told, Weight::Against, String::new()));
        }
    }
    let over = seen
        .iter()
        .any(|seen| seen.firm && seen.finding.cause == Cause::TokenExpired);
    for mut seen in seen {
        if alone && !seen.firm && seen.finding.weight < Weight::Strong {
            continue;
        }
        let told = said.iter().find(|said| {
            said.exact
                && (said.cause == seen.finding.cause
                    || seen.finding.cause == Cause::ClockSkew
                        && CONTRADICTIONS.contains(&(said.cause, Cause::ClockSkew)))
        });
        if let Some(told) = told.filter(|_| seen.firm) {
            seen.finding.weight = Weight::Proof;
            seen.finding.evidence = format!(
                "{}; and the server says so: `{}`",
                seen.finding.evidence, told.sentence
            );
        } else if alone && seen.firm {
            seen.finding.weight = Weight::Proof;
        } else if over && !seen.firm && seen.finding.cause != Cause::TokenWrongKind {
            // A token that is over is refused, whatever else it may lack.
            seen.finding.weight = seen.finding.weight.min(Weight::Slight);
        }
        scene.found(seen.finding);
    }
    let bound = |finding: &Finding| finding.cause == Cause::SenderConstraintFailed;
    if scene.findings.iter().any(bound) {
        // The word is a part of the binding.
        let finding = Finding::new(Cause::SchemeNotAccepted, Weight::Against, String::new());
        scene.found(finding);
    }
    if scene.baseline.sees == Sees::Recognises {
        doubt_the_signature(scene);
    }
}

/// What a server says, and what was seen in clocks, keys or the token that makes it something else.
const CONTRADICTIONS: [(Cause, Cause); 9] = [
    (Cause::IssuerMismatch, Cause::ProxyReplacedCredentials),
    (Cause::TokenExpired, Cause::ClockSkew),
    (Cause::TokenNotYetValid, Cause::ClockSkew),
    (Cause::SignatureInvalid, Cause::SigningKeysStale),
    (Cause::SigningKeyUnknown, Cause::SigningKeysStale),
    (Cause::SignatureInvalid, Cause::AlgorithmNotAllowed),
    (Cause::SigningKeyUnknown, Cause::AlgorithmNotAllowed),
    (Cause::TokenMalformed, Cause::TokenWrongKind),
    (Cause::ScopeInsufficient, Cause::VerifierMisconfigured),
];

/// What the server says and nothing in the token shows.
fn words_alone(
    scene: &Scene<'_>,
    subject: &Subject,
    said: &Said,
    seen: &[Seen],
) -> Option<Finding> {
    let shown = |cause| seen.iter().any(|seen| seen.finding.cause == cause);
    if shown(said.cause) {
        return None;
    }
    let contradicted = CONTRADICTIONS
        .iter()
        .any(|(told, seen)| *told == said.cause && shown(*seen));
    // A proof or a kind is nothing that an opaque token could show; the other words are about what was sent.
    let of_a_signature = matches!(
        said.cause,
        Cause::SignatureInvalid | Cause::SigningKeyUnknown | Cause::AlgorithmNotAllowed
    );
    // The signature of a request is no token's.
    let of_the_request = of_a_signature && !subject.is_jose() && !subject.is_sent_as("bearer");
    let about_nothing = subject.carrier.is_none() || of_the_request;
    if about_nothing {
        return None;
    }
    let kind = subject.heard.as_ref().and_then(kind::name_of);
    let weight = match (said.exact, contradicted) {
        (true, false) if said.cause == Cause::IdentityBackendDown => {
            let down = scene.refusal().is_some_and(|answer| answer.status >= 500);
            if down { Weight::Proof } else { Weight::Strong }
        }
        (true, false) if said.cause == Cause::AudienceMismatch && kind.is_some() => Weight::Fair,
        (true, false) => Weight::Strong,
        (true, true) => Weight::Slight,
        (false, _) => Weight::Slight,
    };
    let evidence = format!("the server says: `{}`", said.sentence);
    Some(Finding::new(said.cause, weight, evidence))
}

/// The same token with another signature is refused in another way: the server found this one good.
fn doubt_the_signature(scene: &mut Scene<'_>) {
    for cause in [
        Cause::SignatureInvalid,
        Cause::SigningKeyUnknown,
        Cause::SigningKeysStale,
    ] {
        let speaks = scene.findings.iter().any(|finding| {
            finding.cause == cause
                && finding.weight > Weight::Against
                && finding.weight < Weight::Proof
        });
        if speaks {
            scene.found(Finding::new(cause, Weight::Against, String::new()));
        }
    }
}

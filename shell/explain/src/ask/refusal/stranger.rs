//! The refusal speaks of somebody else than was sent: something on the way put its own credential there.
//!
//! Knows: that a server which names the same stranger to every request got it from none of them. Sends nothing.

use countersign_cause::Cause;
use countersign_wire::basic;

use crate::credential::{Carrier, credentials_of};
use crate::finding::{Finding, Weight};
use crate::message::Answer;
use crate::scene::{Scene, Sees};
use crate::words::named;

/// Names that servers give to nobody.
const NOBODY: [&str; 8] = [
    "anonymous",
    "anonymoususer",
    "system:anonymous",
    "guest",
    "nobody",
    "unknown",
    "null",
    "none",
];

pub(super) fn look(scene: &mut Scene<'_>) {
    if scene.baseline.sees != Sees::Alike {
        return;
    }
    let Some(refusal) = super::explained(scene) else {
        return;
    };
    user(scene, &refusal);
    scheme(scene, &refusal);
}

fn user(scene: &mut Scene<'_>, refusal: &Answer) {
    let (Some(named), Some(sent)) = (named::user(refusal), sent_user(scene)) else {
        return;
    };
    let (low, own) = (named.to_lowercase(), sent.to_lowercase());
    if NOBODY.contains(&low.as_str()) || low.contains(&own) || own.contains(&low) {
        return;
    }
    let evidence = format!(
        "the server speaks of the user `{named}`, to `{sent}`, to a made-up one and to nobody alike: it got that name from something on the way"
    );
    replaced(
        scene,
        evidence,
        &[Cause::CredentialsRejected, Cause::ScopeInsufficient],
    );
}

fn scheme(scene: &mut Scene<'_>, refusal: &Answer) {
    let Some(named) = named::refused_scheme(refusal) else {
        return;
    };
    let Some(request) = &scene.case.request else {
        return;
    };
    let credentials = credentials_of(request);
    let sent = credentials
        .iter()
        .find(|credential| credential.carrier == Carrier::Authorization)
        .and_then(|credential| credential.scheme_word.clone());
    let Some(sent) = sent.filter(|sent| !sent.eq_ignore_ascii_case(&named)) else {
        return;
    };
    let evidence = format!(
        "the server says that it got the scheme `{named}`, and `{sent}` was sent: something on the way put another credential there"
    );
    replaced(scene, evidence, &[Cause::SchemeNotAccepted]);
}

fn replaced(scene: &mut Scene<'_>, evidence: String, instead: &[Cause]) {
    scene.found(Finding::new(
        Cause::ProxyReplacedCredentials,
        Weight::Strong,
        evidence,
    ));
    for cause in instead {
        scene.found(Finding::new(*cause, Weight::Against, String::new()));
    }
}

/// The user name of Basic, which is no secret.
fn sent_user(scene: &Scene<'_>) -> Option<String> {
    let request = scene.case.request.as_ref()?;
    let credentials = credentials_of(request);
    let basic = credentials
        .iter()
        .find(|credential| credential.is("basic"))?;
    let parsed = basic::server::parse(basic.secret.expose()).ok()?;
    let is_secret = crate::credential::is_secret_name(parsed.user(), parsed.password());
    (!is_secret).then(|| parsed.user().to_owned())
}

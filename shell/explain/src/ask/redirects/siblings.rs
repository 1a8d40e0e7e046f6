//! The address beside the refused one: with or without the slash at its end, without a doubled slash, over https.
//!
//! Knows: how addresses are mistyped. Sends one request for each, and one more only where it is let through.

use countersign_cause::Cause;
use url::Url;

use crate::ask::redirects::trail::{shown, without_fields};
use crate::ask::trial::{self, Trial};
use crate::command;
use crate::credential::credentials_of;
use crate::finding::{Finding, Fix, Weight};
use crate::message::{Answer, Request};
use crate::scene::Scene;

/// Tries the siblings of a refused address, where nothing else has shown the cause.
pub(crate) async fn ask(scene: &mut Scene<'_>) {
    let (Some(request), Some(refusal)) = (scene.baseline.request.clone(), scene.refusal().cloned())
    else {
        return;
    };
    if !matches!(refusal.status, 400 | 401 | 403 | 404) || refusal.from_proxy {
        return;
    }
    // Words that say so are a proof, and the way over TLS is the command that mends it.
    let is_proven_otherwise = scene
        .findings
        .iter()
        .any(|finding| finding.weight == Weight::Proof && finding.cause != Cause::RedirectToHttp);
    if !is_proven_otherwise && let Some(url) = over_tls(&request.url, &refusal) {
        secure(scene, &request, url).await;
    }
    if !scene.is_proven()
        && !scene.is_told()
        && matches!(refusal.status, 401 | 403 | 404)
        && let Some(url) = beside(&request.url)
    {
        path(scene, &request, url).await;
    }
}

/// The same over https, where that can be told: by the scheme's own port, or by a server that says that TLS is spoken
/// here.
fn over_tls(url: &Url, refusal: &Answer) -> Option<Url> {
    let text = refusal.text().to_ascii_lowercase();
    let is_said = refusal.status == 400
        && (text.contains("https port") || text.contains("tls") || text.contains("ssl"));
    let is_default = url.port().is_none() && refusal.status != 400;
    if url.scheme() != "http" || !(is_said || is_default) {
        return None;
    }
    let mut secure = url.clone();
    let port = secure.port_or_known_default().filter(|_| is_said);
    secure.set_scheme("https").ok()?;
    secure.set_port(port).ok()?;
    Some(secure)
}

async fn secure(scene: &mut Scene<'_>, request: &Request, url: Url) {
    let mut changed = request.clone();
    changed.url = url;
    let why = "the same over https";
    if let Trial::Passed(answer) = trial::run(scene, &changed, why).await {
        let evidence = format!(
            "over https the same request is answered {}: plain http is refused here",
            answer.status
        );
        let text = "use https, also in the client's base address";
        let fix = Fix::new(Cause::RedirectToHttp.entry().who, text)
            .with_command(command::curl(scene.case, &changed));
        scene.found(Finding::new(Cause::RedirectToHttp, Weight::Proof, evidence).with_fix(fix));
    }
}

/// The path without its doubled slashes, or with the slash at its end where there is none and the other way round.
fn beside(url: &Url) -> Option<Url> {
    let path = url.path();
    let mut other = url.clone();
    if path.contains("//") {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let end = if path.ends_with('/') { "/" } else { "" };
        other.set_path(&format!("/{}{end}", parts.join("/")));
        return Some(other);
    }
    let is_file = path
        .rsplit('/')
        .next()
        .is_some_and(|last| last.contains('.'));
    match path.strip_suffix('/') {
        Some("") => return None,
        Some(without) => other.set_path(without),
        None if is_file => return None,
        None => other.set_path(&format!("{path}/")),
    }
    Some(other)
}

async fn path(scene: &mut Scene<'_>, request: &Request, url: Url) {
    let mut changed = request.clone();
    changed.url = url;
    let why = "the same at the address beside it";
    let Trial::Passed(answer) = trial::run(scene, &changed, why).await else {
        return;
    };
    let to = shown(&changed.url);
    // A page for whatever is not found is no sign that this was meant.
    let why = "the address beside it without credentials";
    let bare = without_fields(&changed);
    let is_open = match credentials_of(&changed).is_empty() {
        true => true,
        false => {
            let open = scene.prober.send(&bare, why).await;
            open.is_ok_and(|open| open.is_success())
        }
    };
    let weight = if is_open { Weight::Fair } else { Weight::Proof };
    let evidence = format!("at {to} the same request is answered {}", answer.status);
    let fix = Fix::new(
        Cause::UrlWrong.entry().who,
        format!("use {to}, letter for letter"),
    )
    .with_command(command::curl(scene.case, &changed));
    scene.found(Finding::new(Cause::UrlWrong, weight, evidence).with_fix(fix));
}

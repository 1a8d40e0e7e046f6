//! Is it this address? The same credentials at an address that surely is none, and at the root.
//!
//! Knows: that a refusal for every address says nothing about one. Runs only where nothing weighty is known, since most
//! servers check credentials before they look for a resource.

use countersign_cause::Cause;
use url::Url;

use super::judged::is_well_formed;
use super::{are_read, is_clear};
use crate::credential::{credentials_of, without_credentials};
use crate::finding::{Finding, Fix, Weight};
use crate::likeness::alike;
use crate::message::{Answer, Request};
use crate::scene::{Scene, Sees};

/// Nobody has a resource of this name.
pub(super) const NO_SUCH: &str = "countersign-no-such-resource";

pub(super) async fn ask(scene: &mut Scene<'_>) {
    let (Some(request), Some(refusal)) =
        (scene.baseline.request.clone(), scene.baseline.given.clone())
    else {
        return;
    };
    let is_open = match scene.baseline.sees {
        Sees::Alike | Sees::Overlooks | Sees::Recognises => true,
        Sees::Unknown | Sees::Nothing | Sees::Refuses | Sees::PassesWithout | Sees::Passes => false,
    };
    let is_refusal = matches!(refusal.status, 401 | 403);
    if !is_open || !is_refusal || is_clear(scene) || credentials_of(&request).is_empty() {
        return;
    }
    let Some(nowhere) = moved(&request, |path| {
        let (parent, _) = path.rsplit_once('/').unwrap_or_default();
        format!("{parent}/{NO_SUCH}")
    }) else {
        return;
    };
    let why = "the same credentials at an address that surely does not exist";
    let Ok(answer) = scene.prober.send(&nowhere, why).await else {
        return;
    };
    if !alike(&answer, &refusal) {
        if matches!(answer.status, 404 | 405) {
            scene.found(Finding::new(
                Cause::UrlWrong,
                Weight::Against,
                String::new(),
            ));
            this_address_alone(scene, &refusal);
        }
        return;
    }
    if is_area_guarded(scene, &request, &refusal).await {
        return;
    }
    every_address(scene, &refusal);
    root(scene, &request, &refusal).await;
}

/// Whether the refusal covers one part of the site alone: outside of it an address that is none is answered otherwise.
async fn is_area_guarded(scene: &mut Scene<'_>, request: &Request, refusal: &Answer) -> bool {
    if !are_read(scene.baseline.sees) {
        return false;
    }
    let area = request.url.path().trim_start_matches('/');
    let Some((area, _)) = area.split_once('/') else {
        return false;
    };
    let area = area.to_owned();
    let Some(outside) = moved(request, |_| format!("/{NO_SUCH}")) else {
        return false;
    };
    let why = "the same credentials at such an address in another part";
    let Ok(answer) = scene.prober.send(&outside, why).await else {
        return false;
    };
    if matches!(answer.status, 401 | 403) {
        return false;
    }
    let evidence = format!(
        "below `/{area}` every address gets the same {}, and outside of it these credentials get {}: they are good, and do not open this part",
        refusal.status, answer.status
    );
    let cause = match refusal.status {
        401 => Cause::ForbiddenReportedAsUnauthorized,
        _ => Cause::ScopeInsufficient,
    };
    scene.found(Finding::new(cause, Weight::Fair, evidence));
    scene.found(Finding::new(
        Cause::UrlWrong,
        Weight::Against,
        String::new(),
    ));
    true
}

pub(super) fn moved(request: &Request, path: impl Fn(&str) -> String) -> Option<Request> {
    let mut url: Url = request.url.clone();
    let path = path(url.path());
    url.set_path(&path);
    let mut other = request.clone();
    other.url = url;
    "GET".clone_into(&mut other.method);
    other.body = None;
    (other.url != request.url).then_some(other)
}

/// An address that is none gets 404 and this one a refusal, with the same credentials.
fn this_address_alone(scene: &mut Scene<'_>, refusal: &Answer) {
    if refusal.status != 401 || !are_read(scene.baseline.sees) {
        return;
    }
    let evidence = "the same credentials get 404 at an address that does not exist: they pass there, and are refused here";
    scene.found(Finding::new(
        Cause::ForbiddenReportedAsUnauthorized,
        Weight::Fair,
        evidence,
    ));
}

/// The address decides nothing.
fn every_address(scene: &mut Scene<'_>, refusal: &Answer) {
    let status = refusal.status;
    if scene.baseline.sees == Sees::Overlooks && is_well_formed(scene) {
        let evidence = format!(
            "an address that surely does not exist gets the same {status} in the place of 404: errors are answered as if nobody had signed in"
        );
        let fix = Fix::new(
            Cause::ErrorPageProtected.entry().who,
            "admit everybody to the error page (in Spring `/error` and the dispatcher type ERROR); then the real status of this request shows",
        );
        scene
            .found(Finding::new(Cause::ErrorPageProtected, Weight::Strong, evidence).with_fix(fix));
        return;
    }
    let evidence = format!("an address that surely does not exist gets the same {status}");
    scene.found(Finding::new(Cause::UrlWrong, Weight::Slight, evidence));
}

/// At the root the credentials may show what they are worth.
async fn root(scene: &mut Scene<'_>, request: &Request, refusal: &Answer) {
    let Some(root) = moved(request, |_| "/".to_owned()) else {
        return;
    };
    let Ok(with) = scene
        .prober
        .send(&root, "the same credentials at the root")
        .await
    else {
        return;
    };
    if alike(&with, refusal) || matches!(with.status, 401 | 403) {
        return;
    }
    let bare = without_credentials(&root);
    let Ok(without) = scene
        .prober
        .send(&bare, "the root without credentials")
        .await
    else {
        return;
    };
    if !alike(&with, &without) && matches!(without.status, 401 | 403) {
        let evidence = format!(
            "at the root the same credentials get {} and none get {}: they are good, and this address and one that does not exist are refused alike",
            with.status, without.status
        );
        scene.found(Finding::new(
            Cause::UrlWrong,
            Weight::Strong,
            evidence.clone(),
        ));
        if refusal.status == 401 {
            scene.found(Finding::new(
                Cause::ForbiddenReportedAsUnauthorized,
                Weight::Fair,
                evidence,
            ));
        }
        scene.found(Finding::new(
            Cause::CredentialsRejected,
            Weight::Against,
            String::new(),
        ));
    } else {
        let evidence = format!(
            "the root answers {}, and below this path every address gets the same refusal",
            with.status
        );
        scene.found(Finding::new(Cause::UrlWrong, Weight::Slight, evidence));
    }
}

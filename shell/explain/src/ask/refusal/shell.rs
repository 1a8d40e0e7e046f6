//! A page of an application where data was asked for: its shell, which some servers show at every address.
//!
//! Knows: how a request says that it wants data, and that an address which is none tells whether the shell is for all
//! that is unknown, or for those who are not signed in.

use countersign_cause::Cause;

use super::elsewhere::{NO_SUCH, moved};
use crate::credential::credentials_of;
use crate::finding::{Finding, Fix, Weight};
use crate::likeness::alike;
use crate::message::{Answer, Request};
use crate::scene::Scene;

pub(super) async fn ask(scene: &mut Scene<'_>) {
    let (Some(request), Some(answer)) =
        (scene.baseline.request.clone(), scene.baseline.given.clone())
    else {
        return;
    };
    let is_shell = answer.status == 200 && is_page(&answer) && wants_data(&request);
    if !is_shell || scene.baseline.stands_in || super::is_clear(scene) {
        return;
    }
    let Some(nowhere) = moved(&request, |path| {
        let (parent, _) = path
            .trim_end_matches('/')
            .rsplit_once('/')
            .unwrap_or_default();
        format!("{parent}/{NO_SUCH}")
    }) else {
        return;
    };
    let why = "the same at an address that surely does not exist";
    let Ok(other) = scene.prober.send(&nowhere, why).await else {
        return;
    };
    let page = "data was asked for, and the answer is 200 with a page of HTML";
    if alike(&other, &answer) {
        let evidence = format!("{page}, the same as at an address that does not exist");
        let fix = Fix::new(
            Cause::UrlWrong.entry().who,
            "ask at the address of the API itself: here every address that nothing else answers gets the application's page",
        );
        scene.found(Finding::new(Cause::UrlWrong, Weight::Strong, evidence.clone()).with_fix(fix));
        scene.found(Finding::new(
            Cause::RefusalDisguised,
            Weight::Fair,
            evidence,
        ));
    } else {
        let evidence = format!(
            "{page}, and at an address that does not exist it is {}",
            other.status
        );
        scene.found(Finding::new(
            Cause::RefusalDisguised,
            Weight::Strong,
            evidence,
        ));
    }
    if credentials_of(&request).is_empty() {
        let evidence = "no credentials were sent, and who is not signed in gets the page";
        scene.found(Finding::new(
            Cause::CredentialsMissing,
            Weight::Slight,
            evidence,
        ));
    }
}

fn is_page(answer: &Answer) -> bool {
    let kind = answer.fields.text("content-type").unwrap_or_default();
    let start = answer.body.trim_ascii_start();
    let begins = |mark: &[u8]| {
        start
            .get(..mark.len())
            .is_some_and(|part| part.eq_ignore_ascii_case(mark))
    };
    kind.trim().to_ascii_lowercase().starts_with("text/html")
        && (begins(b"<!doctype html") || begins(b"<html"))
}

/// Whether a request says that data is wanted: by `Accept`, or by an address that is one of an API.
fn wants_data(request: &Request) -> bool {
    let accept = request.fields.text("accept").unwrap_or_default();
    let accept = accept.to_ascii_lowercase();
    if accept.contains("html") {
        return false;
    }
    let is_api = |part: &str| matches!(part, "api" | "graphql" | "rest");
    accept.trim_start().starts_with("application/json") || request.url.path().split('/').any(is_api)
}

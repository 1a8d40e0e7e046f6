//! The preflight: recorded, or sent as the browser would, and what its answer keeps from being sent.
//!
//! Knows: how sure each failure is. Does not know the rules; see `fetch`.

use countersign_cause::Cause;

use crate::ask::cors::fetch::{Asked, CheckFailure, PreflightFailure, check_preflight};
use crate::ask::cors::named;
use crate::ask::cors::page::Page;
use crate::finding::{Finding, Weight};
use crate::message::Answer;
use crate::scene::Scene;

/// What became of the preflight.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Preflight {
    /// It keeps the browser from sending the request.
    pub(super) is_refused: bool,
    /// It allows this origin.
    pub(super) allows: bool,
}

/// Looks at the preflight of a request.
pub(super) async fn ask(scene: &mut Scene<'_>, page: &Page) -> Preflight {
    let Some(asked) = page.asked() else {
        return Preflight::default();
    };
    if let Some(answer) = page.recorded_preflight(scene.case).cloned() {
        return judge(scene, page, &asked, &answer, true).await;
    }
    // The request was answered, and so its preflight had let it go.
    if page.was_sent {
        return Preflight::default();
    }
    let request = page.preflight(&asked, &page.origin);
    let why = "the preflight as the browser sends it, without credentials";
    match scene.prober.send(&request, why).await {
        Ok(answer) => judge(scene, page, &asked, &answer, false).await,
        Err(_) => Preflight::default(),
    }
}

/// The request of the case is a preflight, and there is none besides.
pub(super) async fn alone(scene: &mut Scene<'_>, page: &Page) {
    let Some(answer) = scene.refusal().cloned() else {
        return;
    };
    let names = page.request.fields.text("access-control-request-headers");
    let names = names.unwrap_or_default().to_ascii_lowercase();
    let method = page.request.fields.text("access-control-request-method");
    let asked = Asked {
        method: method.unwrap_or_default().into_owned(),
        names: names
            .split(',')
            .map(|name| name.trim().to_owned())
            .filter(|name| !name.is_empty())
            .collect(),
    };
    judge(scene, page, &asked, &answer, true).await;
}

async fn judge(
    scene: &mut Scene<'_>,
    page: &Page,
    asked: &Asked,
    answer: &Answer,
    is_recorded: bool,
) -> Preflight {
    let failure = check_preflight(asked, &page.origin, page.with_credentials, answer);
    let Err(failure) = failure else {
        return Preflight {
            is_refused: false,
            allows: true,
        };
    };
    let refused = Preflight {
        is_refused: true,
        allows: false,
    };
    if failure == PreflightFailure::Status(403) && of_the_origin(scene, page, asked, answer).await {
        return refused;
    }
    let weight = weight(scene, page, &failure, answer, is_recorded);
    let findings = named::of_preflight(page, &failure).findings(weight);
    for finding in findings {
        scene.found(finding);
    }
    // A browser that is kept from sending has nothing to be refused for.
    Preflight {
        is_refused: weight >= Weight::Strong,
        allows: false,
    }
}

/// By the Fetch standard each failure by itself ends the matter: what is in doubt is only whether a browser asks at all,
/// and with what.
fn weight(
    scene: &Scene<'_>,
    page: &Page,
    failure: &PreflightFailure,
    answer: &Answer,
    is_recorded: bool,
) -> Weight {
    let star_for_authorization = matches!(
        failure,
        PreflightFailure::Field { name, star: true } if name == "authorization"
    );
    // Chromium does not keep to the standard there.
    if star_for_authorization && !page.is_hidden {
        return Weight::Strong;
    }
    let lets_through = scene
        .baseline
        .given
        .as_ref()
        .is_some_and(|given| given.is_success());
    match failure {
        _ if page.is_hidden || lets_through => Weight::Proof,
        PreflightFailure::Status(401 | 407) if is_recorded && page.is_preflight => Weight::Proof,
        // The request itself is refused as well: a server that asks everybody for credentials would answer so.
        PreflightFailure::Status(_) | PreflightFailure::Redirected
            if page.is_browsers && answer.fields.has("www-authenticate") =>
        {
            Weight::Strong
        }
        // It knows nothing of CORS, and then it may well not be for pages.
        PreflightFailure::Status(_)
        | PreflightFailure::Redirected
        | PreflightFailure::Check(CheckFailure::OriginMissing) => match page.is_browsers {
            true => Weight::Fair,
            false => Weight::Slight,
        },
        PreflightFailure::Check(_)
        | PreflightFailure::ListMalformed
        | PreflightFailure::Method { .. }
        | PreflightFailure::Field { .. } => Weight::Strong,
    }
}

/// 403 to a preflight may be meant for everybody, or for this origin. Whether it was for the origin.
async fn of_the_origin(scene: &mut Scene<'_>, page: &Page, asked: &Asked, answer: &Answer) -> bool {
    let cause = Cause::OriginNotAllowed;
    let text = answer.text().to_ascii_lowercase();
    let says_so = text.contains("cors") || text.contains("origin");
    if says_so {
        let evidence = format!(
            "the preflight from {} is answered 403, in words about the origin",
            page.origin
        );
        scene.found(Finding::new(cause, Weight::Strong, evidence));
        return true;
    }
    let own = page.request.origin();
    let request = page.preflight(asked, &own);
    let why =
        "the preflight from the server's own origin, to see whether the origin is what it refuses";
    let Ok(other) = scene.prober.send(&request, why).await else {
        return false;
    };
    if other.status == answer.status {
        return false;
    }
    let evidence = format!(
        "the preflight from {} is answered 403, and from {own} it is answered {}",
        page.origin, other.status
    );
    scene.found(Finding::new(cause, Weight::Proof, evidence));
    true
}

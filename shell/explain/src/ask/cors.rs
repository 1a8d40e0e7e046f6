//! CORS: what a browser makes of the refusal, and of the preflight before it.
//!
//! Knows: which request comes from a page of another origin, and what each failure of the Fetch standard's rules is
//! called. The rules themselves are in `fetch`. Sends the preflight as the browser would, without credentials.

mod fetch;
mod named;
mod page;
mod preflight;
mod readable;

use countersign_cause::Cause;

use crate::ask::cors::page::Page;
use crate::finding::{Finding, Weight};
use crate::scene::Scene;

/// Goes through what the browser goes through, where a page of another origin made the request.
pub(crate) async fn ask(scene: &mut Scene<'_>) {
    let Some(page) = Page::of(scene) else {
        return;
    };
    // What the page could read has passed every rule; what is proven needs no second cause to find.
    if scene.is_proven() && !page.is_hidden {
        return;
    }
    if page.is_preflight {
        return preflight::alone(scene, &page).await;
    }
    let preflight = preflight::ask(scene, &page).await;
    if preflight.is_refused {
        let given = scene.baseline.given.as_ref().map(|given| given.status);
        return readable::other_origin(scene, &page, given.unwrap_or_default()).await;
    }
    let answer = readable::ask(scene, &page, preflight.allows).await;
    if let Some(answer) = answer {
        cookies(scene, &page, answer.status);
        readable::other_origin(scene, &page, answer.status).await;
    }
}

/// A page whose request carries nothing, to a server that is set up for cookies.
fn cookies(scene: &mut Scene<'_>, page: &Page, status: u16) {
    let carries = !crate::credential::credentials_of(&page.request).is_empty();
    if carries || !matches!(status, 401 | 403) {
        return;
    }
    let fields = page.refusal_fields(scene);
    let expects = fields
        .as_ref()
        .and_then(|fields| fetch::combined(fields, "access-control-allow-credentials"))
        .is_some_and(|value| value == "true");
    let wants_other = fields.is_some_and(|fields| fields.has("www-authenticate"));
    let blocked = !scene.case.recorded.blocked_cookies.is_empty();
    if !expects || wants_other || blocked {
        return;
    }
    let evidence = format!(
        "the page at {} called without any cookie, and the server's CORS is set up for requests with credentials",
        page.origin
    );
    scene.found(Finding::new(
        Cause::CorsCredentialsNotSent,
        Weight::Fair,
        evidence,
    ));
}

//! A GET in the place of the recorded method is let through: then it is the method that is refused.
//!
//! Knows: what the same credentials are worth for reading. Never sends the recorded method.

use countersign_cause::Cause;

use crate::credential::{Carrier, credentials_of, without_credentials};
use crate::finding::{Finding, Weight};
use crate::message::Answer;
use crate::scene::Scene;

pub(super) async fn look(scene: &mut Scene<'_>) {
    let (Some(given), Some(recorded), Some(request)) = (
        scene.case.request.as_ref(),
        scene.case.answer.as_ref(),
        scene.baseline.request.clone(),
    ) else {
        return;
    };
    let read = scene
        .baseline
        .given
        .as_ref()
        .is_some_and(Answer::is_success);
    let refused = matches!(recorded.status, 401 | 403);
    let credentials = credentials_of(&request);
    if !scene.baseline.stands_in || !read || !refused || credentials.is_empty() {
        return;
    }
    let (method, status) = (given.method.clone(), recorded.status);
    let by_cookie = credentials
        .iter()
        .all(|credential| credential.carrier == Carrier::Cookie);
    let bare = without_credentials(&request);
    let why = "the same without credentials";
    let Ok(none) = scene.prober.send(&bare, why).await else {
        return;
    };
    if !matches!(none.status, 401 | 403) {
        return;
    }
    let evidence = format!(
        "at the same address a GET with these credentials is let through, one without is answered {}, and {method} was answered {status}: they are good, and {method} is what is refused",
        none.status
    );
    // RFC 9110 section 15.5.4: who is known and not allowed is told 403.
    let cause = match status {
        403 => Cause::ScopeInsufficient,
        _ => Cause::ForbiddenReportedAsUnauthorized,
    };
    if by_cookie {
        // What a cookie alone lets read, an anti-forgery token lets write.
        let found = Finding::new(Cause::CsrfFailed, Weight::Strong, evidence.clone());
        scene.found(found);
        scene.found(Finding::new(cause, Weight::Fair, evidence));
    } else {
        scene.found(Finding::new(cause, Weight::Strong, evidence));
    }
    let against = Finding::new(Cause::CredentialsRejected, Weight::Against, String::new());
    scene.found(against);
}

//! A GET in the place of the recorded method is let through: then it is the method that is refused.
//!
//! Knows: what the same credentials are worth for reading. Never sends the recorded method.

use countersign_cause::Cause;

use super::disguise::is_sign_in_page;
use super::is_clear;
use crate::ask::baseline::safe_stand_in;
use crate::credential::{Carrier, Credential, credentials_of, without_credentials};
use crate::finding::{Finding, Weight};
use crate::message::Answer;
use crate::scene::{Scene, Sees};

pub(super) async fn look(scene: &mut Scene<'_>) {
    unguarded(scene).await;
    reads_only(scene).await;
    recorded(scene).await;
}

/// A method that changes something was sent with a session and refused, and a GET with the same session is let through:
/// what reads needs no proof that the page itself asks.
async fn unguarded(scene: &mut Scene<'_>) {
    let (Some(request), Some(given)) = (&scene.baseline.request, &scene.baseline.given) else {
        return;
    };
    let credentials = credentials_of(request);
    let by_cookie = !credentials.is_empty()
        && credentials
            .iter()
            .all(|credential| credential.carrier == Carrier::Cookie);
    let is_refused = matches!(given.status, 400 | 401 | 403 | 419 | 422);
    if request.is_safe() || !by_cookie || !is_refused || is_clear(scene) {
        return;
    }
    let (method, status) = (request.method.clone(), given.status);
    let (reading, _) = safe_stand_in(request, false);
    let why = "a GET with the same session at the same address";
    let Ok(read) = scene.prober.send(&reading, why).await else {
        return;
    };
    if !read.is_success() || is_sign_in_page(&read) {
        return;
    }
    let bare = without_credentials(&reading);
    let why = "that GET without the session";
    let Ok(none) = scene.prober.send(&bare, why).await else {
        return;
    };
    let opens = !none.is_success() || is_sign_in_page(&none);
    let evidence = format!(
        "{method} is answered {status}, and a GET with the same cookies {}{}: the request has nothing that shows that the site's own page sent it",
        read.status,
        match opens {
            true => format!(", without them {}", none.status),
            false => String::new(),
        }
    );
    let weight = match (opens, status) {
        (true, _) => Weight::Strong,
        (false, 401) => Weight::Slight,
        (false, _) => Weight::Fair,
    };
    scene.found(Finding::new(Cause::CsrfFailed, weight, evidence.clone()));
    if opens && status == 403 {
        scene.found(Finding::new(
            Cause::ScopeInsufficient,
            Weight::Fair,
            evidence,
        ));
    }
}

/// A method that changes something was sent with a key or token and refused, and a GET with the same is let through and
/// without it is not: the credentials are good, and are not for writing.
async fn reads_only(scene: &mut Scene<'_>) {
    let (Some(request), Some(given)) = (&scene.baseline.request, &scene.baseline.given) else {
        return;
    };
    let credentials = credentials_of(request);
    let is_in_a_field = |credential: &Credential| {
        let in_a_field = matches!(
            credential.carrier,
            Carrier::Authorization | Carrier::Field(_)
        );
        in_a_field && !credential.is("basic") && !credential.is("digest")
    };
    let is_key = !credentials.is_empty() && credentials.iter().all(is_in_a_field);
    let status = given.status;
    let is_one_for_all = matches!(scene.baseline.sees, Sees::Alike | Sees::Recognises);
    if request.is_safe()
        || !is_key
        || !matches!(status, 401 | 403)
        || !is_one_for_all
        || is_clear(scene)
    {
        return;
    }
    let method = request.method.clone();
    let (reading, _) = safe_stand_in(request, false);
    let bare = without_credentials(&reading);
    let why = "a GET with the same credentials at the same address";
    let Ok(read) = scene.prober.send(&reading, why).await else {
        return;
    };
    if !read.is_success() || is_sign_in_page(&read) {
        return;
    }
    let why = "that GET without the credentials";
    let Ok(none) = scene.prober.send(&bare, why).await else {
        return;
    };
    if none.is_success() {
        return;
    }
    let evidence = format!(
        "{method} is answered {status}, a GET with the same credentials {}, and without them {}: they are good, and may read and not write",
        read.status, none.status
    );
    scene.found(Finding::new(
        Cause::ScopeInsufficient,
        Weight::Strong,
        evidence.clone(),
    ));
    if status == 401 {
        let cause = Cause::ForbiddenReportedAsUnauthorized;
        scene.found(Finding::new(cause, Weight::Strong, evidence));
    }
    for cause in [
        Cause::CredentialsRejected,
        Cause::ProxyStrippedCredentials,
        Cause::PipelineMisordered,
    ] {
        scene.found(Finding::new(cause, Weight::Against, String::new()));
    }
}

async fn recorded(scene: &mut Scene<'_>) {
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

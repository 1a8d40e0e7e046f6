//! The discriminating set: the request with the given credentials, with none, and with made-up ones.
//!
//! Knows: how the three answers compare. Does not know schemes or tokens beyond what a made-up one has to look like.

pub(super) mod made_up;

use countersign_cause::Cause;

use crate::ask::refusal::is_sign_in_page;
use crate::command;
use crate::credential::{credentials_of, without_credentials};
use crate::finding::{Finding, Fix, Weight};
use crate::likeness::alike_beside_echo;
use crate::message::{Answer, Request};
use crate::scene::{Baseline, Scene, Sees};

/// Sends the request as it is, and what the other inquiries compare it with.
pub(crate) async fn ask(scene: &mut Scene<'_>) {
    let Some(request) = scene.case.request.as_ref() else {
        return;
    };
    let (request, stands_in) = safe_stand_in(request, scene.prober.care().unsafe_methods);
    scene.baseline.stands_in = stands_in;
    scene.baseline.request = Some(request.clone());
    let why = match stands_in {
        true => "the request with a safe method in place of its own, redirects not followed",
        false => "the request as it is, redirects not followed",
    };
    let Ok(given) = scene.prober.send(&request, why).await else {
        return;
    };
    let done = given.is_success() || given.is_redirect();
    scene.baseline.given = Some(given);
    if done {
        scene.baseline.sees = Sees::Unknown;
        return;
    }
    compare(scene, &request).await;
    note(scene, &request);
}

/// The request itself where its method is safe, or any may be sent; otherwise a GET of the same, without a body.
pub(super) fn safe_stand_in(request: &Request, unsafe_methods: bool) -> (Request, bool) {
    if request.is_safe() || unsafe_methods {
        return (request.clone(), false);
    }
    let mut stand_in = request.without_override();
    if stand_in.is_safe() {
        return (stand_in, true);
    }
    "GET".clone_into(&mut stand_in.method);
    stand_in.body = None;
    for name in [
        "content-type",
        "content-length",
        "transfer-encoding",
        "expect",
    ] {
        stand_in.fields.remove(name);
    }
    (stand_in, true)
}

/// Asks without credentials and with made-up ones, and says how far the given ones got.
pub(super) async fn compare(scene: &mut Scene<'_>, request: &Request) {
    let credentials = credentials_of(request);
    if credentials.is_empty() {
        scene.baseline.sees = Sees::Nothing;
        return;
    }
    let bare = without_credentials(request);
    let sent = scene
        .prober
        .send(&bare, "the same without credentials")
        .await;
    scene.baseline.none = sent.ok();
    // A page to sign in at is what everybody is shown who is not let through.
    let lets_through = |answer: &Answer| answer.is_success() && !is_sign_in_page(answer);
    if scene.baseline.none.as_ref().is_some_and(lets_through) {
        scene.baseline.sees = Sees::PassesWithout;
        return;
    }
    let made_up = made_up::like(request, scene.refusal());
    if let Some(made_up) = &made_up {
        let why = "the same with well-formed credentials that nobody has";
        scene.baseline.made_up = scene.prober.send(made_up, why).await.ok();
    }
    scene.baseline.sees = sees(&scene.baseline, request, made_up.as_ref());
    if scene.baseline.sees == Sees::Recognises {
        scene.prober.password_is_known();
    }
}

fn sees(baseline: &Baseline, request: &Request, made_up: Option<&Request>) -> Sees {
    let (Some(given), Some(none)) = (&baseline.given, &baseline.none) else {
        return Sees::Unknown;
    };
    // An answer that repeats the key or the user name is no other answer for that.
    let alike = |other: &Answer, sent: &Request| alike_beside_echo((given, request), (other, sent));
    let as_none = alike(none, request);
    let (Some(answer), Some(made_up)) = (&baseline.made_up, made_up) else {
        return match as_none {
            true => Sees::Alike,
            false => Sees::Unknown,
        };
    };
    match (as_none, alike(answer, made_up)) {
        (true, true) => Sees::Alike,
        (false, true) => Sees::Refuses,
        // Made-up credentials are noticed and the given ones are not: those are not even read.
        (true, false) => Sees::Overlooks,
        (false, false) => Sees::Recognises,
    }
}

fn is_html(answer: &Answer) -> bool {
    let kind = answer.fields.text("content-type").unwrap_or_default();
    kind.trim().to_ascii_lowercase().starts_with("text/html")
}

/// What the comparison itself shows.
fn note(scene: &mut Scene<'_>, request: &Request) {
    let Some(given) = scene.baseline.given.as_ref().map(|answer| answer.status) else {
        return;
    };
    let none = scene.baseline.none.as_ref().map(|answer| answer.status);
    match (scene.baseline.sees, none) {
        (Sees::PassesWithout, Some(none)) if matches!(given, 401 | 403 | 404) => {
            let command = command::curl(scene.case, &without_credentials(request));
            let fix = Fix::new(
                Cause::CredentialsUnneeded.entry().who,
                "this resource is public: leave the credentials out, or renew them if you need them elsewhere",
            )
            .with_command(command);
            let evidence = format!(
                "without any credentials the same request is answered {none}, with them {given}"
            );
            let answers = (&scene.baseline.given, &scene.baseline.none);
            let weight = match answers {
                // Where a program is refused, a page for people is hardly what it asked for.
                (Some(given), Some(none)) if is_html(none) && !is_html(given) => Weight::Fair,
                (_, _) => Weight::Proof,
            };
            scene.found(Finding::new(Cause::CredentialsUnneeded, weight, evidence).with_fix(fix));
        }
        // RFC 9110 section 15.5.4: 403 is for credentials that are read and do not suffice.
        (Sees::Recognises | Sees::Refuses, Some(401)) if given == 403 => {
            let made_up = scene.baseline.made_up.as_ref().map(|answer| answer.status);
            if made_up != Some(403) {
                scene.found(Finding::new(
                    Cause::ScopeInsufficient,
                    Weight::Fair,
                    "without credentials the answer is 401, with these it is 403: the server knows them, and does not allow them this",
                ));
            }
        }
        (
            Sees::Unknown
            | Sees::Nothing
            | Sees::Alike
            | Sees::Refuses
            | Sees::Recognises
            | Sees::Overlooks
            | Sees::PassesWithout
            | Sees::Passes,
            _,
        ) => {}
    }
}

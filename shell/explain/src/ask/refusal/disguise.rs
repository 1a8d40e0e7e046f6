//! A refusal that looks like something else: a sign-in page, a redirect to one, a 404, a 403 for nobody.
//!
//! Knows: the shapes of sign-in pages. Sends nothing.

use countersign_cause::Cause;

use crate::credential::{Carrier, credentials_of};
use crate::finding::{Finding, Weight};
use crate::message::Answer;
use crate::scene::Scene;
use crate::words::disguised;

/// Of a page, so much is looked at.
const PAGE_BYTES_MAX: usize = 64 * 1024;

pub(super) fn look(scene: &mut Scene<'_>) {
    let Some(answer) = super::explained(scene) else {
        return;
    };
    match answer.status {
        200..=299 => page(scene, &answer),
        300..=399 => redirect(scene, &answer),
        403 => forbidden_for_nobody(scene, &answer),
        404 => hidden(scene, &answer),
        _ => {}
    }
}

fn found(scene: &mut Scene<'_>, weight: Weight, evidence: String) {
    scene.found(Finding::new(Cause::RefusalDisguised, weight, evidence));
}

/// A success with a form that asks for a password, or a document that says that it is none.
fn page(scene: &mut Scene<'_>, answer: &Answer) {
    let text = page_of(answer);
    let has_form = is_sign_in_form(&text);
    let status = answer.status;
    // Words are read before; where they say why, that is what is to be mended.
    let is_told = scene
        .findings
        .iter()
        .any(|finding| finding.weight >= Weight::Fair && speaks_of_credentials(finding.cause));
    if has_form && asks_for_data(scene) {
        let evidence = format!(
            "the answer is {status} with a page that has a field for a password: it is a sign-in page"
        );
        found(scene, Weight::Strong, evidence);
        behind(scene);
    } else if status == 203 && text.contains("<html") {
        let evidence =
            "the answer is 203 with a page, which is how some services show their sign-in";
        found(scene, Weight::Strong, evidence.to_owned());
        behind(scene);
    } else if let Some(reason) = denied_in_a_field(answer) {
        let evidence = format!(
            "the answer is {status}, and its field `{}` says that the sign-in was denied (`{}`)",
            reason.name, reason.says
        );
        found(scene, Weight::Strong, evidence);
        let evidence = "the sign-in was denied, and the answer is for nobody in particular";
        let cause = match reason.says {
            "AUTHENTICATION_DENIED" => Cause::AccountLocked,
            _ => Cause::CredentialsRejected,
        };
        scene.found(Finding::new(cause, Weight::Fair, evidence));
    } else if answer.fields.has("grpc-status") {
        // A call of gRPC has 200 whatever came of it: nothing is disguised.
    } else if answer.refuses || names_a_refusal(answer) {
        let evidence =
            format!("the answer is {status}, and its document says that it is a refusal");
        let weight = match is_told && answer.refuses {
            true => Weight::Fair,
            false => Weight::Strong,
        };
        found(scene, weight, evidence);
    }
}

/// A field in which a server says how the sign-in went, and what it says of one that failed.
struct Denied {
    name: &'static str,
    says: &'static str,
}

/// Fields of that kind. Atlassian's Seraph refuses the login and lets the request go on as nobody's; `DENIED` is for an
/// account that has to solve a riddle first.
const DENIALS: [Denied; 3] = [
    Denied {
        name: "X-Seraph-LoginReason",
        says: "AUTHENTICATION_DENIED",
    },
    Denied {
        name: "X-Seraph-LoginReason",
        says: "AUTHENTICATED_FAILED",
    },
    Denied {
        name: "X-Authentication-Denied-Reason",
        says: "CAPTCHA_CHALLENGE",
    },
];

fn denied_in_a_field(answer: &Answer) -> Option<&'static Denied> {
    DENIALS.iter().find(|denied| {
        let value = answer.fields.text(denied.name);
        value.is_some_and(|value| value.contains(denied.says))
    })
}

/// What a vendor's words can be about in an answer that looks like a success.
fn speaks_of_credentials(cause: Cause) -> bool {
    use countersign_cause::Stage;
    match cause.entry().stage {
        Stage::Sent | Stage::Form | Stage::Secret | Stage::Token | Stage::Session => true,
        Stage::Path | Stage::Exchange | Stage::Grant | Stage::Server | Stage::Gateway => false,
    }
}

/// Whether an answer is a page with a form that asks for a password.
pub(crate) fn is_sign_in_page(answer: &Answer) -> bool {
    answer.is_success() && is_sign_in_form(&page_of(answer))
}

fn page_of(answer: &Answer) -> String {
    let end = answer.body.len().min(PAGE_BYTES_MAX);
    String::from_utf8_lossy(answer.body.get(..end).unwrap_or_default()).to_lowercase()
}

/// A document that has the number of a refusal in it: `{"code": 401}`.
fn names_a_refusal(answer: &Answer) -> bool {
    let document: Option<serde_json::Value> = serde_json::from_slice(&answer.body).ok();
    document.is_some_and(|document| disguised::names_a_refusal(&document))
}

fn is_sign_in_form(text: &str) -> bool {
    let field = ["type=\"password\"", "type='password'", "type=password"];
    text.contains("<form") && field.iter().any(|field| text.contains(field))
}

/// Whether the request wants something else than a page: a person who opens the sign-in page gets what was asked for.
fn asks_for_data(scene: &Scene<'_>) -> bool {
    let Some(request) = &scene.case.request else {
        return true;
    };
    !is_sign_in_address(request.url.path())
}

/// The client was sent to a sign-in.
fn redirect(scene: &mut Scene<'_>, answer: &Answer) {
    let Some(location) = answer
        .fields
        .text("location")
        .map(std::borrow::Cow::into_owned)
    else {
        return;
    };
    let base = scene
        .case
        .request
        .as_ref()
        .map(|request| request.url.clone());
    let target = match &base {
        Some(base) => base.join(&location).ok(),
        None => location.parse().ok(),
    };
    let Some(target) = target else {
        return;
    };
    let already = base.is_some_and(|base| is_sign_in_address(base.path()));
    let asks = target
        .query_pairs()
        .any(|(name, _)| is_return_parameter(&name))
        || is_sign_in_address(target.path())
        || is_authorization_request(&target);
    if !asks || already || is_known_wall(scene) {
        return;
    }
    let evidence = format!(
        "the answer is {} to a sign-in at `{}{}` where 401 is meant",
        answer.status,
        target.host_str().unwrap_or_default(),
        target.path()
    );
    found(scene, Weight::Strong, evidence);
    behind(scene);
}

/// The words have named whose door it is.
fn is_known_wall(scene: &Scene<'_>) -> bool {
    scene.findings.iter().any(|finding| {
        matches!(finding.cause, Cause::AuthLayersCollide | Cause::EdgeRefused)
            && finding.weight >= Weight::Strong
    })
}

fn is_sign_in_address(path: &str) -> bool {
    path.to_ascii_lowercase()
        .split('/')
        .map(|part| part.split('.').next().unwrap_or_default())
        .any(|part| {
            matches!(
                part,
                "login"
                    | "signin"
                    | "sign-in"
                    | "sign_in"
                    | "log-in"
                    | "logon"
                    | "auth"
                    | "sso"
                    | "saml"
                    | "saml2"
                    | "cas"
                    | "authorize"
                    | "wp-login"
                    | "oauth2"
                    | "session"
            )
        })
}

fn is_return_parameter(name: &str) -> bool {
    matches!(
        name.to_ascii_lowercase().as_str(),
        "returnurl"
            | "return_to"
            | "returnto"
            | "redirect_to"
            | "next"
            | "continue"
            | "rd"
            | "samlrequest"
            | "return_url"
            | "login_challenge"
    )
}

/// OpenID Connect Core section 3.1.2.1.
fn is_authorization_request(target: &url::Url) -> bool {
    let has = |wanted: &str| target.query_pairs().any(|(name, _)| name == wanted);
    has("response_type") && has("client_id")
}

/// What makes the server want a sign-in: nothing was sent, or what was sent is not taken.
fn behind(scene: &mut Scene<'_>) {
    let Some(request) = &scene.case.request else {
        return;
    };
    let credentials = credentials_of(request);
    let cookie_only = credentials
        .iter()
        .all(|credential| credential.carrier == Carrier::Cookie);
    if credentials.is_empty() {
        let evidence = "the request carries no credentials";
        scene.found(Finding::new(
            Cause::CredentialsMissing,
            Weight::Fair,
            evidence,
        ));
    } else if cookie_only {
        let evidence = "cookies were sent, and the server knows nobody by them";
        scene.found(Finding::new(Cause::SessionExpired, Weight::Fair, evidence));
        scene.found(Finding::new(
            Cause::SessionUnknown,
            Weight::Slight,
            evidence,
        ));
    } else {
        let evidence = "credentials were sent, and the server asks for a sign-in all the same";
        scene.found(Finding::new(
            Cause::CredentialsRejected,
            Weight::Slight,
            evidence,
        ));
        scene.found(Finding::new(
            Cause::PipelineMisordered,
            Weight::Slight,
            evidence,
        ));
    }
}

/// RFC 9110 section 15.5.4: 403 is for a request that is understood, and no credentials would change it.
fn forbidden_for_nobody(scene: &mut Scene<'_>, answer: &Answer) {
    let is_bare = scene
        .case
        .request
        .as_ref()
        .is_some_and(|request| credentials_of(request).is_empty());
    if answer.fields.has("www-authenticate") {
        let evidence = "the answer is 403 and has a challenge, where 401 is meant";
        found(scene, Weight::Fair, evidence.to_owned());
    }
    let is_other = scene
        .findings
        .iter()
        .any(|finding| finding.weight >= Weight::Strong && !speaks_of_credentials(finding.cause));
    if is_bare && scene.case.login.is_none() && !is_other {
        let evidence = "the request carries no credentials, and the answer is 403: nobody was asked who they are";
        found(scene, Weight::Fair, evidence.to_owned());
        scene.found(Finding::new(
            Cause::CredentialsMissing,
            Weight::Slight,
            evidence,
        ));
    }
}

/// A resource that is not there for those who may not see it.
fn hidden(scene: &mut Scene<'_>, answer: &Answer) {
    let status_of = |answer: &Option<Answer>| answer.as_ref().map(|answer| answer.status);
    let none = status_of(&scene.baseline.none);
    let made_up = status_of(&scene.baseline.made_up);
    if answer.fields.has("www-authenticate") {
        let evidence = "the answer is 404 and has a challenge, where 401 is meant";
        found(scene, Weight::Strong, evidence.to_owned());
    } else if none == Some(404) && made_up == Some(401) {
        let evidence = "these credentials and none get 404, made-up ones 401: they are good, and do not show this resource, if it is there";
        found(scene, Weight::Strong, evidence.to_owned());
        let evidence = "the credentials are good, and the resource is not shown to them";
        scene.found(Finding::new(
            Cause::ScopeInsufficient,
            Weight::Slight,
            evidence,
        ));
        super::judged::is_read_as_written(scene);
    }
}

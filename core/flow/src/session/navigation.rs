//! Which refused request is a person at a browser, and is sent to the sign-in page.
//!
//! Knows: what browsers say of a request (`Sec-Fetch-Mode`, `Accept`). Does not know sessions. Whatever is not surely a
//! navigation gets its 401: a script that is redirected sees a page where it asked for data, and no cause.

use countersign_cause::Cause;
use countersign_wire::Scheme;
use countersign_wire::accept::MediaType;
use countersign_wire::form::encode;
use http::header::{ACCEPT, REFERER};
use http::{HeaderMap, Method, StatusCode};

use super::page::Done;
use super::return_to::ReturnTo;
use crate::own::SessionPage;
use crate::refusal::Refusal;
use crate::respond::{Asked, wants};
use crate::rules::SessionRules;

/// The sign-in page with the way back, where a person is to be sent there.
pub(crate) fn to_sign_in(
    refusal: &Refusal<'_>,
    status: StatusCode,
    asked: &Asked<'_>,
) -> Option<String> {
    let route = refusal.route?;
    let signing_in_helps = matches!(refusal.scheme, Some(Scheme::Session | Scheme::Certificate))
        || refusal.scheme.is_none() && refusal.cause == Cause::CredentialsMissing;
    if !route.accept.session || status != StatusCode::UNAUTHORIZED || !signing_in_helps {
        return None;
    }
    let lost = match navigation(asked.method, asked.headers)? {
        Navigation::Visit => false,
        Navigation::Form => true,
    };
    // The same sign-in once more would be no stronger.
    if refusal.cause == Cause::SignInTooWeak {
        return None;
    }
    // Signing in anew would give no more than there is: the account is where a second factor is set up.
    if refusal.cause == Cause::SecondFactorRequired {
        return Some(format!(
            "{}?done={}",
            SessionPage::Account.path(),
            Done::SecondFactorDemanded.word()
        ));
    }
    let back = if lost {
        referring(asked)
    } else {
        ReturnTo::parse(asked.target)
    };
    let session = refusal.rules().session.as_ref()?;
    let authority = asked.origin.split_once("://").map_or("", |(_, host)| host);
    Some(way(
        session,
        authority,
        Some(refusal.cause.told_as()),
        lost,
        back,
    ))
}

/// The address of the sign-in page for people of this host, with the way back.
#[must_use]
pub fn way(
    session: &SessionRules,
    authority: &str,
    why: Option<Cause>,
    lost: bool,
    back: Option<ReturnTo>,
) -> String {
    let shared = session.shared.as_ref();
    let elsewhere = shared.and_then(|shared| shared.elsewhere(authority));
    let mut way = elsewhere.map_or(String::new(), |(_, there)| there.to_owned());
    way.push_str(SessionPage::SignIn.path());
    let back = match elsewhere {
        Some((here, _)) => Some(back.unwrap_or_else(ReturnTo::account).seen_from(here)),
        None => back,
    };
    let fields = [
        ("why", why.map(|cause| cause.id().to_owned())),
        ("lost", lost.then(|| "1".to_owned())),
        ("return", back.map(|back| encode(back.as_str()))),
    ];
    let mut before = '?';
    for (name, value) in fields {
        if let Some(value) = value {
            way.push(before);
            way.push_str(name);
            way.push('=');
            way.push_str(&value);
            before = '&';
        }
    }
    way
}

/// What takes a browser to another page.
enum Navigation {
    /// A link, or an address that was typed.
    Visit,
    /// A form. What it held is lost by the way to the sign-in page.
    Form,
}

/// Whether a page is to be shown for the answer. Where the browser says it outright, that counts. Without it, as over
/// plain http, a visit is known by its asking for HTML before all else, and a form is not known.
fn navigation(method: &Method, headers: &HeaderMap) -> Option<Navigation> {
    let visit = matches!(*method, Method::GET | Method::HEAD);
    match headers.get("sec-fetch-mode") {
        Some(mode) if mode == "navigate" && visit => Some(Navigation::Visit),
        Some(mode) if mode == "navigate" && *method == Method::POST => Some(Navigation::Form),
        Some(_) => None,
        None => {
            let by_script = headers.contains_key("x-requested-with");
            let html = headers.contains_key(ACCEPT) && wants(headers) == MediaType::HTML;
            (visit && html && !by_script).then_some(Navigation::Visit)
        }
    }
}

/// The page that a lost form stood on, where it is of this host.
fn referring(asked: &Asked<'_>) -> Option<ReturnTo> {
    let referer = asked.headers.get(REFERER)?.to_str().ok()?;
    let target = referer
        .strip_prefix(asked.origin)
        .filter(|_| !asked.origin.is_empty())?;
    ReturnTo::parse(target)
}

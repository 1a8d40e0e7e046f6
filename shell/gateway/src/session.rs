//! The pages of sessions: signing in and out, and the account.
//!
//! Knows: the store, forms and cookies. Does not know words, which are `flow`'s, nor routes: whether a session gets in
//! somewhere is decided on the line, for every request anew.

mod account;
mod password;
mod second_factor;
mod sign_in;
mod totp;
mod visit;

use std::rc::Rc;
use std::sync::Arc;

use countersign_cause::Cause;
use countersign_flow::session::form::FormKey;
use countersign_flow::session::origin;
use countersign_flow::{Answer, Refusal, Rules, SessionPage};
use countersign_store::Store;
use http::header::{ALLOW, CACHE_CONTROL};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use self::visit::{Refused, Visit};
use crate::StartError;
use crate::ask_now::ask_now;
use crate::current::Running;
use crate::send::ArrivingBody;
use crate::serve::Asking;
use crate::worker::Worker;

/// What all workers share for sessions.
pub(crate) struct SessionState {
    forms: FormKey,
}

/// Gets the key for forms; `None` where no route accepts sessions.
pub(crate) fn start(
    rules: &Rules,
    store: &Arc<dyn Store>,
) -> Result<Option<Arc<SessionState>>, StartError> {
    if rules.session.is_none() {
        return Ok(None);
    }
    let key = ask_now(store.form_key())?.map_err(|reason| StartError::FormKey { reason })?;
    Ok(Some(Arc::new(SessionState {
        forms: FormKey::new(&key),
    })))
}

/// What came of a visit to one of the pages.
pub(crate) struct Served<'c> {
    pub(crate) answer: Result<Answer, Refused<'c>>,
    /// Who it was, where that is verified.
    pub(crate) user: Option<Box<str>>,
    /// What the page says that it is for, where it is no success.
    pub(crate) cause: Option<Cause>,
}

/// Serves one of the pages.
pub(crate) async fn serve<'c>(
    worker: &'c Rc<Worker>,
    running: &'c Running,
    page: SessionPage,
    asking: &Asking<'_>,
    body: &mut ArrivingBody,
) -> Served<'c> {
    let rules = running.rules();
    let (Some(session), Some(state)) = (&rules.session, running.sessions()) else {
        return Served {
            answer: Err(Box::new(Refusal::new(rules, Cause::RouteUnmatched))),
            user: None,
            cause: None,
        };
    };
    let visit = Visit::new(worker, running, session, &state.forms, asking);
    let answer = answer(&visit, page, body).await;
    Served {
        answer,
        user: visit.user.take(),
        cause: visit.cause.get(),
    }
}

async fn answer<'c>(
    visit: &Visit<'c, '_>,
    page: SessionPage,
    body: &mut ArrivingBody,
) -> Result<Answer, Refused<'c>> {
    let asking = visit.asking;
    match *asking.method {
        Method::GET | Method::HEAD => show(visit, page).await,
        Method::POST => {
            let rules = visit.running.rules();
            if let Err(detail) = origin::check(rules, Some(asking.host), asking.headers) {
                return Err(visit.refusal(Cause::CsrfFailed, detail));
            }
            let form = visit.form(body).await?;
            post(visit, page, form.expose()).await
        }
        _ => Ok(method_not_allowed("GET, HEAD, POST")),
    }
}

async fn show<'c>(visit: &Visit<'c, '_>, page: SessionPage) -> Result<Answer, Refused<'c>> {
    match page {
        SessionPage::SignIn => sign_in::show(visit).await,
        SessionPage::SignOut => account::ask_to_sign_out(visit).await,
        SessionPage::Account => account::show(visit).await,
        // Where forms are posted to, and somebody has come by the address alone.
        SessionPage::SignOutEverywhere
        | SessionPage::EndSession
        | SessionPage::Password
        | SessionPage::Totp
        | SessionPage::ConfirmTotp
        | SessionPage::RemoveTotp
        | SessionPage::RecoveryCodes => Ok(visit::redirect(SessionPage::Account.path())),
        SessionPage::SecondFactor => Ok(visit::redirect(SessionPage::SignIn.path())),
    }
}

async fn post<'c>(
    visit: &Visit<'c, '_>,
    page: SessionPage,
    form: &[u8],
) -> Result<Answer, Refused<'c>> {
    match page {
        SessionPage::SignIn => sign_in::post(visit, form).await,
        SessionPage::SignOut => account::sign_out(visit, form).await,
        SessionPage::SignOutEverywhere => account::sign_out_everywhere(visit, form).await,
        SessionPage::EndSession => account::end_session(visit, form).await,
        SessionPage::Password => password::change(visit, form).await,
        SessionPage::SecondFactor => second_factor::post(visit, form).await,
        SessionPage::Totp => totp::begin(visit, form).await,
        SessionPage::ConfirmTotp => totp::confirm(visit, form).await,
        SessionPage::RemoveTotp => totp::remove(visit, form).await,
        SessionPage::RecoveryCodes => totp::renew_recovery_codes(visit, form).await,
        SessionPage::Account => Ok(method_not_allowed("GET, HEAD")),
    }
}

/// RFC 9110 section 15.5.6: a 405 names the methods that there are.
fn method_not_allowed(allow: &'static str) -> Answer {
    let mut headers = HeaderMap::new();
    headers.insert(ALLOW, HeaderValue::from_static(allow));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Answer {
        status: StatusCode::METHOD_NOT_ALLOWED,
        headers,
        body: Vec::new(),
    }
}

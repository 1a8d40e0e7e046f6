//! The pages of sessions: signing in and out, and the account.
//!
//! Knows: the store, forms and cookies. Does not know words, which are `flow`'s, nor routes: whether a session gets in
//! somewhere is decided on the line, for every request anew.

mod account;
mod own_key;
mod passkey;
mod password;
mod provider;
mod second_factor;
mod sign_in;
mod totp;
mod visit;

use std::rc::Rc;
use std::sync::Arc;

use countersign_cause::Cause;
use countersign_flow::provider::FlightKey;
use countersign_flow::session::form::FormKey;
use countersign_flow::session::origin;
use countersign_flow::session::page::{allow_ways_back, script};
use countersign_flow::{Answer, ProviderPage, ProviderStep, Refusal, Rules, SessionPage};
use countersign_store::Store;
use http::header::{ALLOW, CACHE_CONTROL, REFERRER_POLICY};
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
    flights: FlightKey,
}

/// Gets the keys for forms; `None` where no route accepts sessions.
pub(crate) fn start(
    rules: &Rules,
    store: &Arc<dyn Store>,
) -> Result<Option<Arc<SessionState>>, StartError> {
    if rules.session.is_none() {
        return Ok(None);
    }
    let keys = ask_now(store.form_keys())?.map_err(|reason| StartError::FormKey { reason })?;
    let mut keys = keys.into_iter();
    let Some(newest) = keys.next() else {
        let reason = "there is none".to_owned();
        return Err(StartError::FormKey { reason });
    };
    let unfit = || StartError::FormKey {
        reason: "the key of sign-ins under way cannot be set up".into(),
    };
    let mut forms = FormKey::new(&newest.key);
    let mut flights = FlightKey::new(&newest.key).ok_or_else(unfit)?;
    let mut replaced_unix_secs = newest.made_unix_secs;
    for former in keys {
        forms = forms.with_former(&former.key, replaced_unix_secs);
        let both = flights.with_former(&former.key, replaced_unix_secs);
        flights = both.ok_or_else(unfit)?;
        replaced_unix_secs = former.made_unix_secs;
    }
    Ok(Some(Arc::new(SessionState { forms, flights })))
}

/// What came of a visit to one of the pages.
pub(crate) struct Served<'c> {
    pub(crate) answer: Result<Answer, Refused<'c>>,
    /// Who it was, where that is verified.
    pub(crate) user: Option<Box<str>>,
    /// What the page says that it is for, where it is no success.
    pub(crate) cause: Option<Cause>,
}

/// Which page is asked for.
#[derive(Clone, Copy)]
pub(crate) enum Wanted {
    Session(SessionPage),
    Provider(ProviderPage),
}

/// Serves one of the pages.
pub(crate) async fn serve<'c>(
    worker: &'c Rc<Worker>,
    running: &'c Running,
    wanted: Wanted,
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
    let keys = (&state.forms, &state.flights);
    let visit = Visit::new(worker, running, session, keys, asking);
    let mut answer = match wanted {
        Wanted::Session(page) => answer(&visit, page, body).await,
        Wanted::Provider(page) => go_through(&visit, page).await,
    };
    if let (Some(shared), Ok(answer)) = (&session.shared, &mut answer) {
        allow_ways_back(answer, shared);
    }
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

/// On the way to a provider and back there are links and redirects, no forms: nothing but GET.
async fn go_through<'c>(visit: &Visit<'c, '_>, page: ProviderPage) -> Result<Answer, Refused<'c>> {
    if *visit.asking.method != Method::GET {
        return Ok(method_not_allowed("GET"));
    }
    match page.step {
        ProviderStep::Begin => provider::begin(visit, page.provider).await,
        ProviderStep::Callback => {
            let mut answer = provider::callback(visit, page.provider).await?;
            // The address has a code and a state: no link of the page, and nothing that it loads, says it further.
            let policy = HeaderValue::from_static("strict-origin");
            answer.headers.insert(REFERRER_POLICY, policy);
            Ok(answer)
        }
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
        SessionPage::AddPasskey
        | SessionPage::ConfirmPasskey
        | SessionPage::RemovePasskey
        | SessionPage::AddKey
        | SessionPage::RevokeKey => Ok(visit::redirect(SessionPage::Account.path())),
        SessionPage::SecondFactor | SessionPage::PasskeySecondFactor => {
            Ok(visit::redirect(SessionPage::SignIn.path()))
        }
        SessionPage::PasskeySignIn => passkey::show_sign_in(visit).await,
        SessionPage::PasskeyScript => Ok(script()),
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
        SessionPage::PasskeySignIn => passkey::post_sign_in(visit, form).await,
        SessionPage::PasskeySecondFactor => passkey::post_second_factor(visit, form).await,
        SessionPage::AddPasskey => passkey::add(visit, form).await,
        SessionPage::ConfirmPasskey => passkey::confirm(visit, form).await,
        SessionPage::RemovePasskey => passkey::remove(visit, form).await,
        SessionPage::AddKey => own_key::add(visit, form).await,
        SessionPage::RevokeKey => own_key::revoke(visit, form).await,
        SessionPage::Account | SessionPage::PasskeyScript => Ok(method_not_allowed("GET, HEAD")),
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

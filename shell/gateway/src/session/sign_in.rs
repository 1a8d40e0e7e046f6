//! Signing in: the form, and what comes of it.
//!
//! Knows: the order of checks. Does not know how a password is checked, which is the core's and the hash pool's.

use std::borrow::Cow;

use countersign_cause::Cause;
use countersign_flow::session::ReturnTo;
use countersign_flow::session::form::Purpose;
use countersign_flow::session::page::{self, Notice, SignInForm};
use countersign_flow::{
    Answer, Mark, SessionPage, SignIn, SignInEnd, SignInStep, WantTurn, begin_sign_in,
};
use countersign_store as store;
use countersign_wire::form::field;
use countersign_wire::session::challenge;
use http::header::{RETRY_AFTER, SET_COOKIE, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};

use super::visit::{Factors, Refused, Visit, redirect};
use super::{passkey, provider, second_factor};
use crate::line;
use crate::seen::Event;

const CAUSE: HeaderName = HeaderName::from_static("countersign-cause");

/// Where the browser goes then, and what the page says.
#[derive(Default)]
pub(super) struct Asked<'q> {
    pub(super) user: Cow<'q, str>,
    /// Which provider has vouched for the user, with what it says beside; empty: a password was right.
    pub(super) by: Cow<'q, str>,
    pub(super) return_to: Option<ReturnTo>,
    pub(super) lost: bool,
    pub(super) notice: Option<Notice>,
}

impl Asked<'_> {
    pub(super) fn return_text(&self) -> &str {
        self.return_to.as_ref().map_or("", ReturnTo::as_str)
    }

    pub(super) const fn lost_text(&self) -> &'static str {
        if self.lost { "1" } else { "" }
    }

    /// By what somebody got in who was let in by `factors`, or by them beside the provider that has vouched.
    pub(super) fn factors(&self, factors: Factors) -> Factors {
        if self.by.is_empty() {
            factors
        } else {
            factors.after_provider()
        }
    }

    /// What of it the form's token covers.
    pub(super) fn sealed(&self) -> [&str; 2] {
        [self.return_text(), self.lost_text()]
    }
}

/// The form. Whoever is signed in already goes on, unless it is another sign-in that is wanted.
pub(super) async fn show<'c>(visit: &Visit<'c, '_>) -> Result<Answer, Refused<'c>> {
    let why = visit.query("why").and_then(|id| Cause::from_id(&id));
    let mut asked = Asked {
        return_to: visit
            .query("return")
            .and_then(|text| visit.return_to(&text)),
        lost: visit.query("lost").is_some(),
        notice: why.map(Notice::Why),
        ..Asked::default()
    };
    let anew = visit.query("again").is_some();
    if let Some(mut way) = visit.elsewhere(why, asked.lost, asked.return_to.clone()) {
        // Without it, whoever is signed in there comes straight back.
        if anew {
            way.push_str("&again=1");
        }
        return Ok(redirect(&way));
    }
    if let Some(current) = visit.current().await? {
        if !anew && why != Some(Cause::SignInTooOld) {
            let round = why.is_some().then(|| visit.count_round()).transpose()?;
            let mut answer = go_on(visit, asked.return_to, asked.lost);
            if let Some(cookie) = round {
                answer.headers.append(SET_COOKIE, cookie);
            }
            return Ok(answer);
        }
        // The session goes on meanwhile: whoever turns back has lost nothing.
        asked.user = String::from(current.user).into();
        if anew {
            asked.notice = Some(Notice::Anew);
        }
    }
    form(visit, &asked, StatusCode::OK)
}

/// What was typed.
pub(super) async fn post<'c>(visit: &Visit<'c, '_>, posted: &[u8]) -> Result<Answer, Refused<'c>> {
    let text = |name| field(posted, name).unwrap_or_default();
    let mut asked = Asked {
        user: text("user"),
        return_to: visit.return_to(&text("return")),
        lost: !text("lost").is_empty(),
        ..Asked::default()
    };
    if !visit.rules.password {
        return Err(visit.refusal(
            Cause::SchemeNotAccepted,
            "signing in with a password is switched off",
        ));
    }
    if !is_of_browser(visit, &asked, &text("token")) {
        asked.notice = Some(Notice::FormOld);
        let mut answer = form(visit, &asked, StatusCode::FORBIDDEN)?;
        name_cause(visit, &mut answer, Cause::CsrfFailed);
        return Ok(answer);
    }
    let (end, user_version) = attempt(visit, &asked.user, &text("password")).await;
    match end {
        SignInEnd::Good(user) => {
            let user = user.value();
            let who = (user.id(), user.name(), user_version);
            signed_in(visit, asked, who, Factors::Password).await
        }
        SignInEnd::SecondFactorDue(user) => {
            asked.user = user.value().name().to_owned().into();
            second_factor::ask(visit, &asked, user_version, StatusCode::OK).await
        }
        SignInEnd::Refused(cause) => rejected(visit, asked, cause),
        SignInEnd::Braked { secs, brake } => {
            refused(visit, Cause::RateLimited, brake.words());
            asked.notice = Some(Notice::Braked(secs));
            later(visit, &asked, Cause::RateLimited, secs)
        }
        SignInEnd::QueueFull { retry_after_secs } => {
            refused(visit, Cause::CheckQueueFull, "");
            asked.notice = Some(Notice::Busy);
            later(visit, &asked, Cause::CheckQueueFull, retry_after_secs)
        }
        SignInEnd::Unavailable => Err(visit.refusal(
            Cause::IdentityBackendDown,
            "the store of users or the password check did not answer",
        )),
    }
}

/// Begins the session of a user who has shown everything that is needed.
pub(super) async fn signed_in<'c>(
    visit: &Visit<'c, '_>,
    asked: Asked<'_>,
    (id, name, version): (i64, &str, i64),
    factors: Factors,
) -> Result<Answer, Refused<'c>> {
    let vouched = provider::vouched(&asked.by);
    match visit.begin_session(id, version, factors, vouched).await? {
        Some((session, cookie)) => {
            end_former(visit).await?;
            visit.user.set(Some(name.into()));
            visit.worker.figures().signed_in();
            visit.worker.lines().write(&Event::SignedIn {
                user: name,
                session: session.as_str(),
                peer: visit.peer(),
            });
            let mut answer = go_on(visit, asked.return_to, asked.lost);
            answer.headers.append(SET_COOKIE, cookie);
            Ok(answer)
        }
        None => rejected(visit, asked, Cause::CredentialsRejected),
    }
}

/// Tries a password: the one way from these pages to the check, for signing in and for changing the password. Gives the
/// version of the user that the password was checked for.
pub(super) async fn attempt(visit: &Visit<'_, '_>, user: &str, password: &str) -> (SignInEnd, i64) {
    let worker = visit.worker;
    let sign_in = SignIn::new(user, password);
    let mut step = begin_sign_in(visit.running.rules(), sign_in, visit.asking.client.address);
    let mut trying = None;
    let mut user_version = 0;
    let end = loop {
        step = match step {
            SignInStep::Attempt(want) => {
                let now = worker.clock().unix_secs();
                let (begun, admission) =
                    worker
                        .brakes()
                        .admit_sign_in(&want, mark(visit, &want), now);
                trying = Some(begun);
                want.answer(admission)
            }
            SignInStep::Account(want) => {
                let account = worker.store().account(want.user()).await;
                if let Ok(store::AccountAnswer::Known(account)) = &account {
                    user_version = account.version;
                }
                want.answer(line::account(worker, account))
            }
            SignInStep::Hash((waiting, job)) => {
                let (end, renewal) = waiting.answer(worker.hashes().run(job).await);
                if let Some(renewal) = renewal {
                    line::store_renewal(worker, renewal);
                }
                break end;
            }
            SignInStep::Done(end) => break end,
        };
    };
    if let (Some(trying), Some(ended)) = (trying, end.attempt()) {
        let now = worker.clock().unix_secs();
        worker.brakes().count(&trying, ended, now);
    }
    (end, user_version)
}

/// What stands for the password where attempts are counted: the same as for Basic, where what was verified is remembered.
fn mark(visit: &Visit<'_, '_>, want: &WantTurn<'_>) -> Option<Mark> {
    (visit.running.rules().remember_secs > 0).then(|| {
        let presented = want.presented();
        let cache = visit.worker.cache();
        let key = cache.key_of(want.scheme(), Some(want.network()), presented.expose());
        key.mark()
    })
}

/// The form again, with the time from which on it makes sense to post it.
fn later<'c>(
    visit: &Visit<'c, '_>,
    asked: &Asked<'_>,
    cause: Cause,
    retry_after_secs: u32,
) -> Result<Answer, Refused<'c>> {
    let status = match cause.status().map(StatusCode::from_u16) {
        Some(Ok(status)) => status,
        Some(Err(_)) | None => StatusCode::SERVICE_UNAVAILABLE,
    };
    let mut answer = form(visit, asked, status)?;
    come_again(visit, &mut answer, cause, retry_after_secs);
    Ok(answer)
}

pub(super) fn come_again(
    visit: &Visit<'_, '_>,
    answer: &mut Answer,
    cause: Cause,
    retry_after_secs: u32,
) {
    let seconds = HeaderValue::from(retry_after_secs);
    answer.headers.insert(RETRY_AFTER, seconds);
    name_cause(visit, answer, cause);
}

/// Tells that a password let nobody in.
pub(super) fn refused(visit: &Visit<'_, '_>, cause: Cause, detail: &'static str) {
    visit.worker.figures().sign_in_refused(cause);
    visit.worker.lines().write(&Event::SignInRefused {
        cause: cause.id(),
        detail,
        peer: visit.peer(),
    });
}

/// The same page for an unknown user, a wrong password and a disabled user; the log has the difference.
pub(super) fn rejected<'c>(
    visit: &Visit<'c, '_>,
    mut asked: Asked<'_>,
    cause: Cause,
) -> Result<Answer, Refused<'c>> {
    refused(visit, cause, "");
    asked.notice = Some(Notice::Rejected);
    let mut answer = form(visit, &asked, StatusCode::UNAUTHORIZED)?;
    challenged(visit, &mut answer);
    Ok(answer)
}

/// What a 401 of these pages carries.
pub(super) fn challenged(visit: &Visit<'_, '_>, answer: &mut Answer) {
    name_cause(visit, answer, Cause::CredentialsRejected);
    // RFC 9110 section 11.6.1: a 401 carries a challenge.
    let realm = &visit.running.rules().realm;
    let challenge = challenge(realm, SessionPage::SignIn.path(), &visit.rules.cookie);
    if let Ok(value) = HeaderValue::try_from(challenge.to_field_value()) {
        answer.headers.insert(WWW_AUTHENTICATE, value);
    }
}

/// The session that the browser had before it signed in anew.
async fn end_former<'c>(visit: &Visit<'c, '_>) -> Result<(), Refused<'c>> {
    let Some(former) = visit.current().await? else {
        return Ok(());
    };
    let ended = visit
        .worker
        .store()
        .end_session(&former.id, None, visit.now_unix_secs);
    ended
        .await
        .map_err(|error| visit.unavailable("end session", &error))
}

fn is_of_browser(visit: &Visit<'_, '_>, asked: &Asked<'_>, token: &str) -> bool {
    let Some(browser) = visit.browser() else {
        return false;
    };
    let checked = visit.forms.check(
        token,
        Purpose::SignIn,
        browser.as_bytes(),
        &asked.sealed(),
        visit.now_unix_secs,
    );
    checked.is_ok()
}

/// A fresh form.
pub(super) fn form<'c>(
    visit: &Visit<'c, '_>,
    asked: &Asked<'_>,
    status: StatusCode,
) -> Result<Answer, Refused<'c>> {
    let (browser, cookie) = match visit.browser() {
        Some(browser) => (browser, None),
        None => {
            let (browser, cookie) = visit.new_browser()?;
            (browser, Some(cookie))
        }
    };
    let token = visit.forms.seal(
        Purpose::SignIn,
        browser.as_bytes(),
        &asked.sealed(),
        visit.now_unix_secs,
    );
    let passkey = passkey::offered(visit)
        .map(|_| page::way(SessionPage::PasskeySignIn, asked.return_text(), asked.lost));
    let body = page::sign_in(
        &SignInForm {
            realm: &visit.running.rules().realm,
            notice: asked.notice,
            user: &asked.user,
            return_to: asked.return_text(),
            lost: asked.lost,
            token: &token,
            passkey: passkey.as_deref(),
            password: visit.rules.password,
            providers: &provider::links(visit, asked),
        },
        visit.language,
    );
    let mut answer = page::answer(status, body);
    if let Some(cookie) = cookie {
        answer.headers.append(SET_COOKIE, cookie);
    }
    Ok(answer)
}

/// To where the browser was going. Where a form was lost on the way, its user is told first.
fn go_on(visit: &Visit<'_, '_>, return_to: Option<ReturnTo>, lost: bool) -> Answer {
    let target = return_to.unwrap_or_else(ReturnTo::account);
    if lost {
        return page::answer(StatusCode::OK, page::lost(target.as_str(), visit.language));
    }
    redirect(target.as_str())
}

pub(super) fn name_cause(visit: &Visit<'_, '_>, answer: &mut Answer, cause: Cause) {
    visit.cause.set(Some(cause));
    let id = HeaderValue::from_static(cause.id());
    answer.headers.insert(CAUSE, id);
}

//! The account: the sessions of its user, and ending them.
//!
//! Knows: the store. Does not know passwords.

use countersign_flow::session::page::{self, Account, Done, ShownSession};
use countersign_flow::{Answer, SessionPage};
use countersign_secret::session::SessionId;
use countersign_store::{Session, SessionList, StoreError};
use countersign_wire::form::field;
use http::StatusCode;

use super::visit::{Current, Refused, Visit, redirect};
use super::{own_key, passkey, provider};
use crate::seen::Event;

/// The most sessions that are shown; the ones used last come first.
const SHOWN_MAX: u32 = 200;

/// The account page, or the way to the sign-in page and back.
pub(super) async fn show<'c>(visit: &Visit<'c, '_>) -> Result<Answer, Refused<'c>> {
    let Some(current) = visit.current().await? else {
        return Ok(to_sign_in());
    };
    let list = SessionList {
        user: Some(current.user.clone()),
        sessions_max: SHOWN_MAX,
    };
    let sessions = visit.worker.store().sessions(list, visit.now_unix_secs);
    let sessions = sessions
        .await
        .map_err(|error| visit.unavailable("sessions", &error))?;
    let shown: Vec<ShownSession> = sessions
        .into_iter()
        .map(|session| shown(session, &current))
        .collect();
    let done = visit
        .query("done")
        .and_then(|word| Done::ALL.into_iter().find(|done| done.word() == word));
    let factors = visit.worker.store().second_factors(&current.user).await;
    let factors = factors.map_err(|error| visit.unavailable("second factor", &error))?;
    let user = visit.worker.store().user(&current.user).await;
    let user = user.map_err(|error| visit.unavailable("user", &error))?;
    let has_app = factors.totp_since_unix_secs.is_some();
    let token = visit.account_token(&current);
    let account = Account {
        user: &current.user,
        sessions: &shown,
        has_password: user.is_some_and(|user| user.has_password),
        second_factor: has_app.then_some(factors.recovery_codes_left),
        passkeys: passkey::shown(visit, &current, &factors),
        keys: own_key::shown(visit, &current).await?,
        done,
        token: &token,
    };
    let body = page::account(&account, visit.language);
    Ok(page::answer(StatusCode::OK, body))
}

/// Whose form it is, where the user has just signed in.
pub(super) async fn fresh<'c>(
    visit: &Visit<'c, '_>,
    form: &[u8],
) -> Result<Result<Current, Answer>, Refused<'c>> {
    let Some(current) = visit.current().await? else {
        return Ok(Err(to_sign_in()));
    };
    if !visit.is_of_session(&current, form) {
        return Ok(Err(back(Done::FormOld)));
    }
    if !visit.is_fresh(&current) {
        return Ok(Err(back(Done::SignInAnew)));
    }
    Ok(Ok(current))
}

fn shown(session: Session, current: &Current) -> ShownSession {
    ShownSession {
        current: session.id == current.id,
        id: session.id.to_string(),
        device: session.device.map(String::from),
        address: session.address.into(),
        created: minute(session.created_unix_secs),
        used: minute(session.used_unix_secs),
    }
}

/// The form that asks whether to sign out, for an address that was typed.
pub(super) async fn ask_to_sign_out<'c>(visit: &Visit<'c, '_>) -> Result<Answer, Refused<'c>> {
    let body = match visit.current().await? {
        Some(current) => page::sign_out(&visit.account_token(&current), visit.language),
        None => page::signed_out(None, visit.language),
    };
    Ok(page::answer(StatusCode::OK, body))
}

/// Ends the session of this browser.
pub(super) async fn sign_out<'c>(
    visit: &Visit<'c, '_>,
    form: &[u8],
) -> Result<Answer, Refused<'c>> {
    let Some(current) = visit.current().await? else {
        return signed_out(visit, None).await;
    };
    if !visit.is_of_session(&current, form) {
        return Ok(back(Done::FormOld));
    }
    // To sign out changes nothing of the account: the log has it, and there is no record.
    let store = visit.worker.store();
    let ended = store.end_session(&current.id, Some(&*current.user), visit.now_unix_secs);
    told(visit, &current, &current.id, ended.await)?;
    signed_out(visit, Some(&current)).await
}

/// Ends all sessions of the user.
pub(super) async fn sign_out_everywhere<'c>(
    visit: &Visit<'c, '_>,
    form: &[u8],
) -> Result<Answer, Refused<'c>> {
    let Some(current) = visit.current().await? else {
        return signed_out(visit, None).await;
    };
    if !visit.is_of_session(&current, form) {
        return Ok(back(Done::FormOld));
    }
    let store = visit.worker.store();
    let ended = store.end_sessions(&current.user, visit.now_unix_secs);
    let act = ("session.end-all", None);
    visit
        .recorded(&current.user, act, ended, |_| true)
        .await?
        .map_err(|error| visit.unavailable("end sessions", &error))?;
    visit.worker.lines().write(&Event::SessionEnded {
        user: &current.user,
        session: None,
        peer: visit.peer(),
    });
    signed_out(visit, Some(&current)).await
}

/// Ends another session of the same user.
pub(super) async fn end_session<'c>(
    visit: &Visit<'c, '_>,
    form: &[u8],
) -> Result<Answer, Refused<'c>> {
    let Some(current) = visit.current().await? else {
        return Ok(to_sign_in());
    };
    if !visit.is_of_session(&current, form) {
        return Ok(back(Done::FormOld));
    }
    let id = field(form, "session").unwrap_or_default();
    if let Some(id) = SessionId::parse(&id) {
        end(visit, &current, &id).await?;
    }
    Ok(back(Done::SessionEnded))
}

/// One that is not there, or not the user's, is not told from one that has ended.
async fn end<'c>(
    visit: &Visit<'c, '_>,
    current: &Current,
    id: &SessionId,
) -> Result<(), Refused<'c>> {
    let user = Some(&*current.user);
    let store = visit.worker.store();
    // There is nothing to record of an id that somebody has made up.
    let list = SessionList {
        user: Some(current.user.clone()),
        sessions_max: u32::MAX,
    };
    let theirs = store.sessions(list, visit.now_unix_secs).await;
    let theirs = theirs.map_err(|error| visit.unavailable("sessions", &error))?;
    if !theirs.iter().any(|session| session.id == *id) {
        return Ok(());
    }
    let ended = store.end_session(id, user, visit.now_unix_secs);
    let act = ("session.end", Some(id.as_str()));
    let ended = visit.recorded(&current.user, act, ended, |()| true).await?;
    told(visit, current, id, ended)
}

fn told<'c>(
    visit: &Visit<'c, '_>,
    current: &Current,
    id: &SessionId,
    ended: Result<(), StoreError>,
) -> Result<(), Refused<'c>> {
    match ended {
        Ok(()) => visit.worker.lines().write(&Event::SessionEnded {
            user: &current.user,
            session: Some(id.as_str()),
            peer: visit.peer(),
        }),
        Err(StoreError::SessionAbsent { .. }) => {}
        Err(error) => return Err(visit.unavailable("end session", &error)),
    }
    Ok(())
}

async fn signed_out<'c>(
    visit: &Visit<'c, '_>,
    former: Option<&Current>,
) -> Result<Answer, Refused<'c>> {
    let name = former.and_then(|former| former.provider.as_deref());
    let still = match name {
        Some(name) => provider::still_there(visit, name).await,
        None => None,
    };
    let body = page::signed_out(still.as_ref(), visit.language);
    let mut answer = page::answer(StatusCode::OK, body);
    visit.forget_session(&mut answer)?;
    Ok(answer)
}

/// To the account page, which says what was done.
pub(super) fn back(done: Done) -> Answer {
    redirect(&format!(
        "{}?done={}",
        SessionPage::Account.path(),
        done.word()
    ))
}

pub(super) fn to_sign_in() -> Answer {
    redirect(&format!(
        "{}?return={}",
        SessionPage::SignIn.path(),
        SessionPage::Account.path()
    ))
}

/// To the minute, in UTC: the time zone of the browser is not known without a script.
pub(super) fn minute(unix_secs: i64) -> String {
    match jiff::Timestamp::from_second(unix_secs) {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        Err(_) => String::new(),
    }
}

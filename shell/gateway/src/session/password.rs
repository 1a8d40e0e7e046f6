//! Another password for the user who is signed in.
//!
//! Knows: that the present one is asked for, and that all other sessions end. Does not know how a password is hashed.

use countersign_cause::Cause;
use countersign_flow::session::page::Done;
use countersign_flow::{Answer, SignInEnd};
use countersign_secret::Secret;
use countersign_secret::password::{ChoiceDefect, check_choice};
use countersign_wire::basic::normalized;
use countersign_wire::form::field;
use http::header::SET_COOKIE;

use super::account::{back, to_sign_in};
use super::sign_in::{attempt, refused};
use super::visit::{Current, Refused, Visit};
use crate::line;
use crate::seen::Event;

/// Changes the password, and begins a new session in the place of all that there were.
pub(super) async fn change<'c>(visit: &Visit<'c, '_>, form: &[u8]) -> Result<Answer, Refused<'c>> {
    let Some(current) = visit.current().await? else {
        return Ok(to_sign_in());
    };
    if !visit.is_of_session(&current, form) {
        return Ok(back(Done::FormOld));
    }
    let typed = |name| Secret::new(field(form, name).unwrap_or_default().into_owned());
    let (new, again) = (typed("new"), typed("again"));
    if new.expose() != again.expose() {
        return Ok(back(Done::PasswordsDiffer));
    }
    let new = Secret::new(normalized(new.expose()).into_owned());
    match check_choice(new.expose()) {
        Ok(()) => {}
        Err(ChoiceDefect::TooShort) => return Ok(back(Done::PasswordShort)),
        Err(ChoiceDefect::TooLong | ChoiceDefect::Control) => {
            return Ok(back(Done::PasswordUnfit));
        }
    }
    let (end, _) = attempt(visit, &current.user, typed("present").expose()).await;
    match end {
        SignInEnd::Good(_) => {}
        // A session of long ago and a password that was read over a shoulder are not enough to lock its user out.
        SignInEnd::SecondFactorDue(_) if visit.is_fresh_with_second_factor(&current) => {}
        SignInEnd::SecondFactorDue(_) => return Ok(back(Done::SignInAnew)),
        SignInEnd::Refused(cause) => {
            refused(visit, cause, "for another password");
            return Ok(back(Done::PresentPasswordWrong));
        }
        SignInEnd::Braked { secs, brake } => {
            // The log has the refusal.
            visit.worker.figures().sign_in_refused(Cause::RateLimited);
            let mut refusal = visit.refusal(Cause::RateLimited, brake.words());
            refusal.retry_after_secs = Some(secs);
            return Err(refusal);
        }
        SignInEnd::QueueFull { .. } => return Ok(back(Done::Busy)),
        SignInEnd::Unavailable => {
            return Err(visit.refusal(
                Cause::IdentityBackendDown,
                "the store of users or the password check did not answer",
            ));
        }
    }
    let cost = visit.running.rules().password_cost;
    let Some(hash) = visit.worker.hashes().make(new.duplicate(), cost).await else {
        return Ok(back(Done::Busy));
    };
    store(visit, &current.user, &new, hash).await?;
    visit.worker.lines().write(&Event::PasswordChanged {
        user: &current.user,
        peer: visit.peer(),
    });
    go_on(visit, &current).await
}

/// The secrets of Digest are of the old password, and are made anew where it is switched on.
async fn store<'c>(
    visit: &Visit<'c, '_>,
    name: &str,
    password: &Secret<String>,
    hash: countersign_secret::password::PasswordHash,
) -> Result<(), Refused<'c>> {
    let store = visit.worker.store();
    let failed = |error| visit.unavailable("password", &error);
    let user = store.user(name).await.map_err(failed)?;
    let has_digest = user.is_some_and(|user| user.digest.is_some());
    let secrets = if has_digest {
        line::digest_secrets(visit.running.rules(), name, password)
    } else {
        Vec::new()
    };
    let now = visit.now_unix_secs;
    let set = store.set_password_and_digest(name, hash, secrets, now);
    visit
        .recorded(name, ("user.password", None), set, |()| true)
        .await?
        .map_err(failed)
}

/// A new session, since the old one has ended with all others.
async fn go_on<'c>(visit: &Visit<'c, '_>, former: &Current) -> Result<Answer, Refused<'c>> {
    let user = visit.worker.store().user(&former.user).await;
    let user = user.map_err(|error| visit.unavailable("user", &error))?;
    let Some(user) = user else {
        return Ok(to_sign_in());
    };
    match visit.go_on_with_session(former, user.version, None).await? {
        Some(cookie) => {
            let mut answer = back(Done::PasswordChanged);
            answer.headers.append(SET_COOKIE, cookie);
            Ok(answer)
        }
        None => Ok(to_sign_in()),
    }
}

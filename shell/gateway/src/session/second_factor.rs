//! The second factor: the code that follows the right password.
//!
//! Knows: the order of checks. Between password and code there is no session and nothing in the store: the form says whose
//! password was right, in which version of the user, and a MAC that is bound to the browser vouches for it for ten minutes.

use std::borrow::Cow;

use countersign_cause::Cause;
use countersign_flow::session::form::Purpose;
use countersign_flow::session::page::{self, CodeForm, Notice};
use countersign_flow::{Admission, Answer, Attempt, Brake, counted};
use countersign_secret::recovery::RecoveryCode;
use countersign_secret::totp::{Check, Code};
use countersign_store::{Account, AccountAnswer};
use countersign_wire::form::field;
use http::StatusCode;

use super::passkey;
use super::sign_in::{Asked, challenged, come_again, form, name_cause, refused, signed_in};
use super::visit::{Factors, Refused, Visit};

/// Asks for the code of the user whose password was right.
pub(super) async fn ask<'c>(
    visit: &Visit<'c, '_>,
    asked: &Asked<'_>,
    user_version: i64,
    status: StatusCode,
) -> Result<Answer, Refused<'c>> {
    let Some(browser) = visit.browser() else {
        return Err(visit.refusal(Cause::CsrfFailed, "the form's cookie is gone"));
    };
    let version = user_version.to_string();
    let token = visit.forms.seal(
        Purpose::SecondFactor,
        browser.as_bytes(),
        &sealed(asked, &version),
        visit.now_unix_secs,
    );
    let factors = visit.worker.store().second_factors(&asked.user).await;
    let factors = factors.map_err(|error| visit.unavailable("second factor", &error))?;
    let asking = passkey::ask(visit, asked, &version, &browser, &factors)?;
    let hidden = asking.as_ref().map(|asking| asking.hidden(asked, &version));
    let ceremony = asking.as_ref().zip(hidden.as_ref());
    let ceremony = ceremony.map(|(asking, hidden)| asking.ceremony(hidden));
    let body = page::second_factor(
        &CodeForm {
            realm: &visit.running.rules().realm,
            notice: asked.notice,
            user: &asked.user,
            version: &version,
            return_to: asked.return_text(),
            lost: asked.lost,
            by: &asked.by,
            token: &token,
            has_app: factors.totp_since_unix_secs.is_some(),
            passkey: ceremony.as_ref(),
        },
        visit.language,
    );
    Ok(match &asking {
        Some(asking) => page::answer_with_script(status, body, &asking.nonce),
        None => page::answer(status, body),
    })
}

pub(super) fn sealed<'a>(asked: &'a Asked<'_>, version: &'a str) -> [&'a str; 5] {
    let [return_to, lost] = asked.sealed();
    [return_to, lost, &asked.user, version, &asked.by]
}

/// The code that was typed.
pub(super) async fn post<'c>(visit: &Visit<'c, '_>, posted: &[u8]) -> Result<Answer, Refused<'c>> {
    let text = |name| field(posted, name).unwrap_or_default();
    let (mut asked, version) = read(visit, posted);
    let account = if is_sealed(visit, &asked, &version, &text("token")) {
        account(visit, &asked.user, &version).await?
    } else {
        None
    };
    let Some(account) = account else {
        asked.notice = Some(Notice::FormOld);
        let mut answer = form(visit, &asked, StatusCode::FORBIDDEN)?;
        name_cause(visit, &mut answer, Cause::CsrfFailed);
        return Ok(answer);
    };
    match check(visit, account.id, &account.name, &text("code")).await? {
        CodeEnd::Good(factors) => {
            let who = (account.id, &*account.name, account.version);
            let factors = asked.factors(factors);
            signed_in(visit, asked, who, factors).await
        }
        CodeEnd::Refused => {
            asked.notice = Some(Notice::CodeRejected);
            let status = StatusCode::UNAUTHORIZED;
            let mut answer = ask(visit, &asked, account.version, status).await?;
            challenged(visit, &mut answer);
            Ok(answer)
        }
        CodeEnd::Braked { secs } => {
            asked.notice = Some(Notice::Braked(secs));
            let status = StatusCode::TOO_MANY_REQUESTS;
            let mut answer = ask(visit, &asked, account.version, status).await?;
            come_again(visit, &mut answer, Cause::RateLimited, secs);
            Ok(answer)
        }
    }
}

/// Whose password was right, and in which version of the user, as a form says it.
pub(super) fn read<'p>(visit: &Visit<'_, '_>, posted: &'p [u8]) -> (Asked<'p>, Cow<'p, str>) {
    let text = |name| field(posted, name).unwrap_or_default();
    let asked = Asked {
        user: text("user"),
        return_to: visit.return_to(&text("return")),
        lost: !text("lost").is_empty(),
        by: text("by"),
        notice: None,
    };
    (asked, text("version"))
}

fn is_sealed(visit: &Visit<'_, '_>, asked: &Asked<'_>, version: &str, token: &str) -> bool {
    let Some(browser) = visit.browser() else {
        return false;
    };
    let checked = visit.forms.check(
        token,
        Purpose::SecondFactor,
        browser.as_bytes(),
        &sealed(asked, version),
        visit.now_unix_secs,
    );
    checked.is_ok()
}

/// The user whose password was right; `None` where it is another one by now.
pub(super) async fn account<'c>(
    visit: &Visit<'c, '_>,
    name: &str,
    version: &str,
) -> Result<Option<Box<Account>>, Refused<'c>> {
    let answer = visit.worker.store().account(name).await;
    match answer.map_err(|error| visit.unavailable("account", &error))? {
        AccountAnswer::Known(account) => {
            let is_same = account.version.to_string() == version;
            Ok(Some(account).filter(|account| is_same && !account.disabled))
        }
        AccountAnswer::Unknown { .. } => Ok(None),
    }
}

/// What became of a code.
pub(super) enum CodeEnd {
    /// It is right, and used up.
    Good(Factors),
    /// It is wrong, or was used before. The page says the same for both; the log has the difference.
    Refused,
    /// Too many attempts have failed to look at this one.
    Braked {
        /// When the next one is looked at, in seconds.
        secs: u32,
    },
}

/// Tries a code of the app, or a recovery code: the one way from these pages to the check. Failures count for the account
/// together with wrong passwords.
pub(super) async fn check<'c>(
    visit: &Visit<'c, '_>,
    user_id: i64,
    user: &str,
    typed: &str,
) -> Result<CodeEnd, Refused<'c>> {
    let worker = visit.worker;
    let mut trying = None;
    if let Some(counted) = counted(visit.running.rules(), visit.asking.client.address) {
        let now = worker.clock().unix_secs();
        let (begun, admission) = worker.brakes().admit_code(counted, (user, typed), now);
        if let Admission::Wait { secs, brake } = admission {
            braked(visit, brake);
            return Ok(CodeEnd::Braked { secs });
        }
        trying = Some(begun);
    }
    let outcome = judge(visit, user_id, typed).await?;
    if let Some(trying) = trying {
        let ended = match outcome {
            Ok(_) => Attempt::Passed,
            Err(_) => Attempt::Failed,
        };
        let now = worker.clock().unix_secs();
        worker.brakes().count(&trying, ended, now);
    }
    match outcome {
        Ok(factors) => Ok(CodeEnd::Good(factors)),
        Err(detail) => {
            refused(visit, Cause::CredentialsRejected, detail);
            Ok(CodeEnd::Refused)
        }
    }
}

fn braked(visit: &Visit<'_, '_>, brake: Brake) {
    refused(visit, Cause::RateLimited, brake.words());
}

async fn judge<'c>(
    visit: &Visit<'c, '_>,
    user_id: i64,
    typed: &str,
) -> Result<Result<Factors, &'static str>, Refused<'c>> {
    let store = visit.worker.store();
    let failed = |error| visit.unavailable("second factor", &error);
    if let Some(code) = Code::parse(typed) {
        let Some(totp) = store.totp(user_id).await.map_err(failed)? else {
            return Ok(Err("the user has no second factor any more"));
        };
        let now = visit.worker.clock().unix_secs();
        let replayed = Err("the code of the second factor was used before");
        return Ok(match totp.secret.check(&code, now, Some(totp.used_step)) {
            // Of attempts in parallel, the store lets one through.
            Check::Good { step } => {
                let used = store.use_totp_step(user_id, step).await.map_err(failed)?;
                if used {
                    Ok(Factors::PasswordAndTotp)
                } else {
                    replayed
                }
            }
            Check::Replayed => replayed,
            Check::Wrong => Err("the code of the second factor is wrong"),
        });
    }
    let Some(code) = RecoveryCode::parse(typed) else {
        return Ok(Err("what was typed is no code"));
    };
    let used = store.use_recovery_code(user_id, code.digest()).await;
    Ok(if used.map_err(failed)? {
        Ok(Factors::PasswordAndRecoveryCode)
    } else {
        Err("the recovery code is wrong, or was used before")
    })
}

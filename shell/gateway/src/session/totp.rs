//! The second factor in the account: set up, confirmed by a first code, removed, and its recovery codes.
//!
//! Knows: that each of it takes the present password, and what is there already its code. Until its first code was right, a
//! new secret is in the form alone, where a MAC says that it was made here, for this session.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_cause::Cause;
use countersign_flow::session::form::Purpose;
use countersign_flow::session::page::{self, Done, TotpSetUp};
use countersign_flow::{Answer, SignInEnd};
use countersign_secret::Secret;
use countersign_secret::recovery::{CODES_COUNT, RANDOM_BYTES, RecoveryCode};
use countersign_secret::totp::{Check, Code, SECRET_BYTES, TotpSecret};
use countersign_store::NewTotp;
use countersign_wire::form::field;
use http::StatusCode;
use http::header::SET_COOKIE;

use super::account::{back, to_sign_in};
use super::second_factor::{self, CodeEnd};
use super::sign_in::{attempt, refused};
use super::visit::{Current, Refused, Visit};
use crate::seen::Event;

/// Who has just shown the password, beside a session that goes on.
struct Proved {
    id: i64,
    version: i64,
    /// Whether a code has to follow.
    code_due: bool,
}

/// Shows a new secret to whoever knows the password.
pub(super) async fn begin<'c>(visit: &Visit<'c, '_>, form: &[u8]) -> Result<Answer, Refused<'c>> {
    let Some(current) = visit.current().await? else {
        return Ok(to_sign_in());
    };
    if !visit.is_of_session(&current, form) {
        return Ok(back(Done::FormOld));
    }
    let proved = match prove(visit, &current, form).await? {
        Ok(proved) => proved,
        Err(done) => return Ok(back(done)),
    };
    if proved.code_due {
        let factors = visit.worker.store().second_factors(&current.user).await;
        let factors = factors.map_err(|error| visit.unavailable("second factor", &error))?;
        // Beside passkeys, which cannot be shown in this form, the sign-in with one has to be a fresh one.
        if factors.totp_since_unix_secs.is_some() {
            return Ok(back(Done::FormOld));
        }
        if !visit.is_fresh_with_second_factor(&current) {
            return Ok(back(Done::SignInAnew));
        }
    }
    let mut random = [0; SECRET_BYTES];
    visit.fill(&mut random)?;
    let secret = TotpSecret::new(random);
    Ok(set_up(
        visit,
        &current,
        &secret,
        &proved.version.to_string(),
        false,
    ))
}

fn set_up(
    visit: &Visit<'_, '_>,
    current: &Current,
    secret: &TotpSecret,
    version: &str,
    rejected: bool,
) -> Answer {
    let kept = encoded(secret);
    let about = [kept.expose().as_str(), version];
    let token = visit.seal_for_session(Purpose::TotpSetUp, current, &about);
    let body = page::totp_set_up(
        &TotpSetUp {
            realm: &visit.running.rules().realm,
            user: &current.user,
            version,
            secret,
            rejected,
            token: &token,
        },
        visit.language,
    );
    page::answer(StatusCode::OK, body)
}

fn encoded(secret: &TotpSecret) -> Secret<String> {
    Secret::new(URL_SAFE_NO_PAD.encode(secret.expose()))
}

/// Switches the second factor on, once its first code is right.
pub(super) async fn confirm<'c>(visit: &Visit<'c, '_>, form: &[u8]) -> Result<Answer, Refused<'c>> {
    let Some(current) = visit.current().await? else {
        return Ok(to_sign_in());
    };
    let text = |name| field(form, name).unwrap_or_default();
    let (kept, version) = (Secret::new(text("secret").into_owned()), text("version"));
    let about = [kept.expose().as_str(), &version];
    if !visit.is_sealed_for_session(&text("token"), Purpose::TotpSetUp, &current, &about) {
        return Ok(back(Done::FormOld));
    }
    let bytes = URL_SAFE_NO_PAD.decode(kept.expose()).map(Secret::new).ok();
    let secret = bytes.and_then(|bytes| TotpSecret::from_slice(bytes.expose()));
    let (Some(secret), Ok(user_version)) = (secret, version.parse()) else {
        return Ok(back(Done::FormOld));
    };
    let checked = Code::parse(&text("code")).map_or(Check::Wrong, |code| {
        secret.check(&code, visit.now_unix_secs, None)
    });
    // Whoever guesses here guesses a secret that is on the page.
    let Check::Good { step } = checked else {
        return Ok(set_up(visit, &current, &secret, &version, true));
    };
    let store = visit.worker.store();
    let failed = |error| visit.unavailable("second factor", &error);
    let Some(user) = store.user(&current.user).await.map_err(failed)? else {
        return Ok(to_sign_in());
    };
    let codes = mint(visit)?;
    let new = NewTotp {
        user_id: user.id,
        user_version,
        secret,
        used_step: step,
        recovery: codes.iter().map(RecoveryCode::digest).collect(),
    };
    let set = store.set_totp(new, visit.now_unix_secs);
    let act = ("second-factor.add", None);
    let set = visit.recorded(&current.user, act, set, Option::is_some);
    let Some(version) = set.await?.map_err(failed)? else {
        return Ok(back(Done::FormOld));
    };
    visit.worker.lines().write(&Event::SecondFactorSet {
        user: &current.user,
        peer: visit.peer(),
    });
    let answer = page::answer(StatusCode::OK, page::recovery_codes(&codes, visit.language));
    go_on(visit, answer, &current, version, Some("totp")).await
}

/// Removes the second factor, for whoever has both.
pub(super) async fn remove<'c>(visit: &Visit<'c, '_>, form: &[u8]) -> Result<Answer, Refused<'c>> {
    let (current, proved) = match prove_both(visit, form).await? {
        Ok(proved) => proved,
        Err(answer) => return Ok(answer),
    };
    let store = visit.worker.store();
    let failed = |error| visit.unavailable("second factor", &error);
    let removed = store.remove_totp(proved.id, visit.now_unix_secs);
    let act = ("second-factor.remove", None);
    let removed = visit.recorded(&current.user, act, removed, Option::is_some);
    let Some(version) = removed.await?.map_err(failed)? else {
        return Ok(back(Done::FormOld));
    };
    visit.worker.lines().write(&Event::SecondFactorRemoved {
        user: &current.user,
        peer: visit.peer(),
    });
    go_on(visit, back(Done::TotpRemoved), &current, version, None).await
}

/// Other recovery codes in the place of those there were.
pub(super) async fn renew_recovery_codes<'c>(
    visit: &Visit<'c, '_>,
    form: &[u8],
) -> Result<Answer, Refused<'c>> {
    let (user, user_id) = match prove_for_codes(visit, form).await? {
        Ok(proved) => proved,
        Err(answer) => return Ok(answer),
    };
    let codes = mint(visit)?;
    let digests = codes.iter().map(RecoveryCode::digest).collect();
    let replaced = visit
        .worker
        .store()
        .replace_recovery_codes(user_id, digests);
    let act = ("second-factor.recovery-codes", None);
    let replaced = visit
        .recorded(&user, act, replaced, |replaced| *replaced)
        .await?
        .map_err(|error| visit.unavailable("recovery codes", &error))?;
    if !replaced {
        return Ok(back(Done::FormOld));
    }
    visit.worker.lines().write(&Event::RecoveryCodesRenewed {
        user: &user,
        peer: visit.peer(),
    });
    let body = page::recovery_codes(&codes, visit.language);
    Ok(page::answer(StatusCode::OK, body))
}

/// Who gets new recovery codes: with an app, whoever has password and code; with passkeys alone, whoever has just signed in
/// with one.
async fn prove_for_codes<'c>(
    visit: &Visit<'c, '_>,
    form: &[u8],
) -> Result<Result<(Box<str>, i64), Answer>, Refused<'c>> {
    let Some(current) = visit.current().await? else {
        return Ok(Err(to_sign_in()));
    };
    let store = visit.worker.store();
    let failed = |error| visit.unavailable("second factor", &error);
    let factors = store.second_factors(&current.user).await.map_err(failed)?;
    if factors.totp_since_unix_secs.is_some() || factors.are_none() {
        let proved = prove_both(visit, form).await?;
        return Ok(proved.map(|(current, proved)| (current.user, proved.id)));
    }
    if !visit.is_of_session(&current, form) {
        return Ok(Err(back(Done::FormOld)));
    }
    if !visit.is_fresh_with_second_factor(&current) {
        return Ok(Err(back(Done::SignInAnew)));
    }
    let user = store.user(&current.user).await.map_err(failed)?;
    Ok(user.map(|user| (user.name, user.id)).ok_or_else(to_sign_in))
}

pub(super) fn mint<'c>(visit: &Visit<'c, '_>) -> Result<Vec<RecoveryCode>, Refused<'c>> {
    let mut codes = Vec::with_capacity(CODES_COUNT);
    for _ in 0..CODES_COUNT {
        let mut random = [0; RANDOM_BYTES];
        visit.fill(&mut random)?;
        codes.push(RecoveryCode::mint(&random));
    }
    Ok(codes)
}

/// A new session, since the former one has ended with all others.
pub(super) async fn go_on<'c>(
    visit: &Visit<'c, '_>,
    mut answer: Answer,
    former: &Current,
    version: i64,
    shown: Option<&'static str>,
) -> Result<Answer, Refused<'c>> {
    if let Some(cookie) = visit.go_on_with_session(former, version, shown).await? {
        answer.headers.append(SET_COOKIE, cookie);
    }
    Ok(answer)
}

/// The password, and the code that has to follow it.
async fn prove_both<'c>(
    visit: &Visit<'c, '_>,
    form: &[u8],
) -> Result<Result<(Current, Proved), Answer>, Refused<'c>> {
    let Some(current) = visit.current().await? else {
        return Ok(Err(to_sign_in()));
    };
    if !visit.is_of_session(&current, form) {
        return Ok(Err(back(Done::FormOld)));
    }
    let proved = match prove(visit, &current, form).await? {
        Ok(proved) if proved.code_due => proved,
        Ok(_) => return Ok(Err(back(Done::FormOld))),
        Err(done) => return Ok(Err(back(done))),
    };
    let code = Secret::new(field(form, "code").unwrap_or_default().into_owned());
    match second_factor::check(visit, proved.id, &current.user, code.expose()).await? {
        CodeEnd::Good(_) => Ok(Ok((current, proved))),
        CodeEnd::Refused => Ok(Err(back(Done::CodeRejected))),
        CodeEnd::Braked { secs } => {
            let detail = "too many attempts at this account failed";
            let mut refusal = visit.refusal(Cause::RateLimited, detail);
            refusal.retry_after_secs = Some(secs);
            Err(refusal)
        }
    }
}

/// The password of the user who is signed in.
async fn prove<'c>(
    visit: &Visit<'c, '_>,
    current: &Current,
    form: &[u8],
) -> Result<Result<Proved, Done>, Refused<'c>> {
    let password = Secret::new(field(form, "password").unwrap_or_default().into_owned());
    let (end, version) = attempt(visit, &current.user, password.expose()).await;
    let proved = |id, code_due| Proved {
        id,
        version,
        code_due,
    };
    match end {
        SignInEnd::Good(user) => Ok(Ok(proved(user.value().id(), false))),
        SignInEnd::SecondFactorDue(user) => Ok(Ok(proved(user.value().id(), true))),
        SignInEnd::Refused(cause) => {
            refused(visit, cause, "for a change of the second factor");
            Ok(Err(Done::PresentPasswordWrong))
        }
        SignInEnd::Braked { secs, brake } => {
            refused(visit, Cause::RateLimited, brake.words());
            let mut refusal = visit.refusal(Cause::RateLimited, brake.words());
            refusal.retry_after_secs = Some(secs);
            Err(refusal)
        }
        SignInEnd::QueueFull { .. } => Ok(Err(Done::Busy)),
        SignInEnd::Unavailable => Err(visit.refusal(
            Cause::IdentityBackendDown,
            "the store of users or the password check did not answer",
        )),
    }
}

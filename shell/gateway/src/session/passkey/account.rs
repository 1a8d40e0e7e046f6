//! Passkeys in the account: added and removed by whoever has just signed in.
//!
//! Knows: that a change takes a fresh sign-in, ends all sessions, and begins a new one here. Until the browser has answered,
//! a new passkey is in the form alone, where a MAC says that it was asked for here, by this session.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_flow::session::form::Purpose;
use countersign_flow::session::page::{
    self, Ceremony, Done, PasskeySetUp, ShownPasskey, ShownPasskeys,
};
use countersign_flow::{Answer, SessionPage};
use countersign_passkey::{
    AttestationAnswer, Challenge, NewCredential, UserVerification, creation_options, register,
};
use countersign_secret::recovery::RecoveryCode;
use countersign_store::{NewPasskey, PasskeyAdded, SecondFactors, USER_HANDLE_BYTES};
use countersign_wire::form::field;
use http::StatusCode;

use super::super::account::{back, fresh, minute, to_sign_in};
use super::super::totp::{go_on, mint};
use super::super::visit::{Current, Refused, Visit};
use super::{new_challenge, new_nonce, offered, party, read_challenge};
use crate::seen::Event;

/// The longest name of a passkey.
const NAME_CHARS_MAX: usize = 64;

/// What the account page shows; `None` where there are no passkeys, and can be none.
pub(in crate::session) fn shown(
    visit: &Visit<'_, '_>,
    current: &Current,
    factors: &SecondFactors,
) -> Option<ShownPasskeys> {
    if visit.rules.passkeys.is_none() && factors.passkeys.is_empty() {
        return None;
    }
    let list = factors.passkeys.iter().map(|passkey| ShownPasskey {
        id: URL_SAFE_NO_PAD.encode(&passkey.credential_id),
        name: passkey.name.clone(),
        created: minute(passkey.created_unix_secs),
        used: passkey.used_unix_secs.map(minute),
    });
    let alone = factors.totp_since_unix_secs.is_none() && !factors.passkeys.is_empty();
    Some(ShownPasskeys {
        list: list.collect(),
        fresh: visit.is_fresh(current),
        here: offered(visit).is_some(),
        recovery_left: alone.then_some(factors.recovery_codes_left),
    })
}

/// Asks the browser to make a passkey.
pub(in crate::session) async fn add<'c>(
    visit: &Visit<'c, '_>,
    form: &[u8],
) -> Result<Answer, Refused<'c>> {
    let current = match fresh(visit, form).await? {
        Ok(current) => current,
        Err(answer) => return Ok(answer),
    };
    let store = visit.worker.store();
    let failed = |error| visit.unavailable("passkeys", &error);
    let user = store.user(&current.user).await.map_err(failed)?;
    let (Some(user), Some(rules)) = (user, offered(visit)) else {
        return Ok(back(Done::FormOld));
    };
    let factors = store.second_factors(&current.user).await.map_err(failed)?;
    if factors.passkeys.len() >= usize::try_from(rules.per_user_max).unwrap_or(usize::MAX) {
        return Ok(back(Done::PasskeysFull));
    }
    let name = name(&field(form, "name").unwrap_or_default());
    // One account at an authenticator, however many passkeys it has there.
    let handle = match factors.passkeys.first() {
        Some(passkey) => passkey.user_handle,
        None => {
            let mut random = [0; USER_HANDLE_BYTES];
            visit.fill(&mut random)?;
            random
        }
    };
    let (challenge, shown) = new_challenge(visit)?;
    let nonce = new_nonce(visit)?;
    let known = factors
        .passkeys
        .iter()
        .map(|passkey| &*passkey.credential_id);
    let party = party(visit, rules);
    let options = creation_options(&party, &challenge, &handle, &current.user, known);
    let (handle, version) = (URL_SAFE_NO_PAD.encode(handle), user.version.to_string());
    let about = [&*shown, &handle, &version, &name];
    let token = visit.seal_for_session(Purpose::PasskeySetUp, &current, &about);
    let hidden = [
        ("token", &*token),
        ("challenge", &shown),
        ("handle", &handle),
        ("version", &version),
        ("name", &name),
    ];
    let ceremony = Ceremony {
        kind: "create",
        options: &options,
        hidden: &hidden,
        starts: false,
        nonce: &nonce,
        page: SessionPage::ConfirmPasskey,
    };
    let set_up = PasskeySetUp {
        name: &name,
        ceremony,
    };
    let body = page::passkey_set_up(&set_up, visit.language);
    Ok(page::answer_with_script(StatusCode::OK, body, &nonce))
}

/// What can be shown of what was typed.
fn name(typed: &str) -> String {
    let shown = typed.chars().filter(|char| !char.is_control());
    let name: String = shown.take(NAME_CHARS_MAX).collect();
    match name.trim() {
        "" => "Passkey".to_owned(),
        name => name.to_owned(),
    }
}

/// Adds what the browser has made.
pub(in crate::session) async fn confirm<'c>(
    visit: &Visit<'c, '_>,
    form: &[u8],
) -> Result<Answer, Refused<'c>> {
    let Some(current) = visit.current().await? else {
        return Ok(to_sign_in());
    };
    let text = |name| field(form, name).unwrap_or_default();
    let (challenge, handle, version, name) = (
        text("challenge"),
        text("handle"),
        text("version"),
        text("name"),
    );
    let about = [&*challenge, &*handle, &*version, &*name];
    if !visit.is_sealed_for_session(&text("token"), Purpose::PasskeySetUp, &current, &about) {
        return Ok(back(Done::FormOld));
    }
    let handle = URL_SAFE_NO_PAD.decode(&*handle).ok();
    let (Some(challenge), Some(Ok(user_handle)), Ok(user_version)) = (
        read_challenge(&challenge),
        handle.map(TryInto::try_into),
        version.parse(),
    ) else {
        return Ok(back(Done::FormOld));
    };
    let made = match verified(visit, &challenge, &text("answer")) {
        Ok(made) => made,
        Err(detail) => {
            visit.worker.lines().write(&Event::PasskeyRefused {
                user: &current.user,
                detail,
                peer: visit.peer(),
            });
            return Ok(back(Done::PasskeyRejected));
        }
    };
    let new = |user_id, recovery: &[RecoveryCode], per_user_max| NewPasskey {
        user_id,
        user_version,
        credential_id: made.id.clone(),
        user_handle,
        public_key: made.key.as_cose().into(),
        sign_count: made.sign_count,
        backup_eligible: made.backup_eligible,
        name: (&*name).into(),
        recovery: recovery.iter().map(RecoveryCode::digest).collect(),
        per_user_max,
    };
    keep(visit, &current, new).await
}

fn verified(
    visit: &Visit<'_, '_>,
    challenge: &Challenge,
    answer: &str,
) -> Result<NewCredential, &'static str> {
    let rules = offered(visit).ok_or("passkeys are not used at this address")?;
    let party = party(visit, rules);
    // One that has not verified its holder is a second factor beside the password all the same; alone it signs nobody in,
    // since that is asked for there.
    let verification = UserVerification::Discouraged;
    AttestationAnswer::parse(answer.as_bytes())
        .and_then(|answer| register(&party, challenge, verification, &answer))
        .map_err(|fault| fault.words())
}

async fn keep<'c>(
    visit: &Visit<'c, '_>,
    current: &Current,
    new: impl FnOnce(i64, &[RecoveryCode], u32) -> NewPasskey,
) -> Result<Answer, Refused<'c>> {
    let store = visit.worker.store();
    let failed = |error| visit.unavailable("passkeys", &error);
    let user = store.user(&current.user).await.map_err(failed)?;
    let (Some(user), Some(rules)) = (user, offered(visit)) else {
        return Ok(back(Done::FormOld));
    };
    let factors = store.second_factors(&current.user).await.map_err(failed)?;
    let codes = if factors.are_none() {
        mint(visit)?
    } else {
        Vec::new()
    };
    let new = new(user.id, &codes, rules.per_user_max);
    let id = URL_SAFE_NO_PAD.encode(&new.credential_id);
    let added = store.add_passkey(new, visit.now_unix_secs);
    let act = ("passkey.add", Some(&*id));
    let is_added = |added: &PasskeyAdded| matches!(added, PasskeyAdded::Yes { .. });
    let added = visit.recorded(&current.user, act, added, is_added);
    let version = match added.await?.map_err(failed)? {
        PasskeyAdded::Yes { user_version } => user_version,
        PasskeyAdded::UserChanged => return Ok(back(Done::FormOld)),
        PasskeyAdded::Known => return Ok(back(Done::PasskeyKnown)),
        PasskeyAdded::Full => return Ok(back(Done::PasskeysFull)),
    };
    visit.worker.lines().write(&Event::PasskeyAdded {
        user: &current.user,
        peer: visit.peer(),
    });
    let answer = if codes.is_empty() {
        back(Done::PasskeyAdded)
    } else {
        page::answer(StatusCode::OK, page::recovery_codes(&codes, visit.language))
    };
    // That a key was made proves no key: nothing was signed with it yet.
    go_on(visit, answer, current, version, None).await
}

/// Removes a passkey.
pub(in crate::session) async fn remove<'c>(
    visit: &Visit<'c, '_>,
    form: &[u8],
) -> Result<Answer, Refused<'c>> {
    let current = match fresh(visit, form).await? {
        Ok(current) => current,
        Err(answer) => return Ok(answer),
    };
    let store = visit.worker.store();
    let failed = |error| visit.unavailable("passkeys", &error);
    let id = URL_SAFE_NO_PAD.decode(&*field(form, "passkey").unwrap_or_default());
    let user = store.user(&current.user).await.map_err(failed)?;
    let (Ok(id), Some(user)) = (id, user) else {
        return Ok(back(Done::FormOld));
    };
    let removed = store.remove_passkey(user.id, &id, visit.now_unix_secs);
    let shown = URL_SAFE_NO_PAD.encode(&id);
    let act = ("passkey.remove", Some(&*shown));
    let removed = visit.recorded(&current.user, act, removed, Option::is_some);
    let Some(version) = removed.await?.map_err(failed)? else {
        return Ok(back(Done::FormOld));
    };
    visit.worker.lines().write(&Event::PasskeyRemoved {
        user: &current.user,
        peer: visit.peer(),
    });
    go_on(visit, back(Done::PasskeyRemoved), &current, version, None).await
}

//! API keys that people make for themselves: listed, made and revoked in the account.
//!
//! Knows: that a change takes a fresh sign-in, and what the configuration lets a user give a key. Does not know what a key is
//! worth: that is decided on the line, for every request anew. The key itself is in one answer, and nowhere else.

use countersign_flow::session::page::{self, Done, KeyOffer, NewKeyShown, ShownKey, ShownKeys};
use countersign_flow::{Answer, OwnKeyRules};
use countersign_secret::api_key::{ApiKey, KeyId, PREFIX};
use countersign_store::{Key, NewOwnKey, OwnKeyMade, User};
use countersign_wire::form::field;
use http::StatusCode;

use super::account::{back, fresh, minute};
use super::visit::{Current, Refused, Visit};
use crate::seen::Event;

/// The most keys that are shown; the latest come first.
const SHOWN_MAX: u32 = 200;

/// The longest name of a key.
const NAME_CHARS_MAX: usize = 64;

const DAY_SECS: i64 = 24 * 60 * 60;

/// For how many days a key is taken where its user changes nothing.
const DAYS: i64 = 30;

/// What the account page shows; `None` where people make no keys.
pub(super) async fn shown<'c>(
    visit: &Visit<'c, '_>,
    current: &Current,
) -> Result<Option<ShownKeys>, Refused<'c>> {
    let Some(rules) = &visit.rules.own_keys else {
        return Ok(None);
    };
    let Some(user) = user(visit, current).await? else {
        return Ok(None);
    };
    let now = visit.now_unix_secs;
    let keys = visit.worker.store().keys_of_user(user.id, SHOWN_MAX, now);
    let keys = keys
        .await
        .map_err(|error| visit.unavailable("API keys", &error))?;
    let days_max = days_max(rules);
    Ok(Some(ShownKeys {
        list: keys
            .iter()
            .map(|key| shown_key(key, rules, &user.groups, now))
            .collect(),
        fresh: visit.is_fresh(current),
        offer: rules.may_make(&user.groups).then(|| KeyOffer {
            scopes: rules.scopes.clone(),
            days_max,
            days: DAYS.min(days_max),
        }),
    }))
}

async fn user<'c>(visit: &Visit<'c, '_>, current: &Current) -> Result<Option<User>, Refused<'c>> {
    let user = visit.worker.store().user(&current.user).await;
    user.map_err(|error| visit.unavailable("user", &error))
}

/// A key with the scopes that it has now.
fn shown_key(key: &Key, rules: &OwnKeyRules, groups: &[Box<str>], now_unix_secs: i64) -> ShownKey {
    let mut scopes = key.scopes.clone();
    if key.own {
        rules.cut(&mut scopes, groups);
    }
    ShownKey {
        id: key.id.to_string(),
        prefix: [PREFIX, key.id.as_str()].concat(),
        name: key.label.clone(),
        scopes: scopes.join(" "),
        created: minute(key.created_unix_secs),
        expires: key.expires_unix_secs.map(minute),
        is_over: key
            .expires_unix_secs
            .is_some_and(|expires| expires <= now_unix_secs),
        used: key.last_used_unix_secs.map(minute),
        by_operator: !key.own,
    }
}

const fn days_max(rules: &OwnKeyRules) -> i64 {
    rules.lifetime_secs_max / DAY_SECS
}

/// Makes a key, and shows it this once.
pub(super) async fn add<'c>(visit: &Visit<'c, '_>, form: &[u8]) -> Result<Answer, Refused<'c>> {
    let current = match fresh(visit, form).await? {
        Ok(current) => current,
        Err(answer) => return Ok(answer),
    };
    let rules = visit.rules.own_keys.as_ref();
    let (Some(rules), Some(user)) = (rules, user(visit, &current).await?) else {
        return Ok(back(Done::KeysNotAllowed));
    };
    if !rules.may_make(&user.groups) {
        return Ok(back(Done::KeysNotAllowed));
    }
    let Some(scopes) = scopes(form, rules) else {
        // The configuration lets nobody give this one any more.
        return Ok(back(Done::FormOld));
    };
    let days = field(form, "days").and_then(|days| days.trim().parse().ok());
    let Some(days) = days.filter(|days| (1..=days_max(rules)).contains(days)) else {
        return Ok(back(Done::KeyDaysUnfit));
    };
    let mut random = [0; 40];
    visit.fill(&mut random)?;
    let key = ApiKey::mint(&random);
    let new = NewOwnKey {
        id: key.id().clone(),
        digest: key.digest(),
        user_id: user.id,
        label: name(&field(form, "name").unwrap_or_default()).into(),
        scopes,
        expires_unix_secs: visit.now_unix_secs.saturating_add(days * DAY_SECS),
        per_user_max: rules.per_user_max,
    };
    keep(visit, &user, rules, &key, new).await
}

/// The scopes that were chosen; `None` where one of them is none that can be given.
fn scopes(form: &[u8], rules: &OwnKeyRules) -> Option<Vec<Box<str>>> {
    let chosen = (1..=rules.scopes.len()).filter_map(|at| field(form, &format!("scope-{at}")));
    let mut scopes: Vec<Box<str>> = Vec::new();
    for scope in chosen {
        let known = rules.scopes.iter().find(|known| ***known == *scope)?;
        if !scopes.contains(known) {
            scopes.push(known.clone());
        }
    }
    Some(scopes)
}

/// What can be shown of what was typed.
fn name(typed: &str) -> String {
    let shown = typed.chars().filter(|char| !char.is_control());
    let name: String = shown.take(NAME_CHARS_MAX).collect();
    match name.trim() {
        "" => "API".to_owned(),
        name => name.to_owned(),
    }
}

async fn keep<'c>(
    visit: &Visit<'c, '_>,
    user: &User,
    rules: &OwnKeyRules,
    key: &ApiKey,
    new: NewOwnKey,
) -> Result<Answer, Refused<'c>> {
    let (scopes, expires_unix_secs) = (new.scopes.clone(), new.expires_unix_secs);
    let made = visit
        .worker
        .store()
        .create_own_key(new, visit.now_unix_secs);
    let act = ("key.create", Some(key.id().as_str()));
    let is_made = |made: &OwnKeyMade| matches!(made, OwnKeyMade::Yes(_));
    let made = visit.recorded(&user.name, act, made, is_made).await?;
    let made = match made.map_err(|error| visit.unavailable("API key", &error))? {
        OwnKeyMade::Yes(made) => made,
        OwnKeyMade::UserAbsent => return Ok(back(Done::KeysNotAllowed)),
        OwnKeyMade::Full => return Ok(back(Done::KeysFull)),
        OwnKeyMade::LabelTaken => return Ok(back(Done::KeyNameTaken)),
    };
    visit.worker.lines().write(&Event::OwnKeyMade {
        user: &user.name,
        key: key.id().as_str(),
        scopes: &scopes,
        expires_unix_secs,
        peer: visit.peer(),
    });
    let shown = NewKeyShown {
        key,
        shown: &shown_key(&made, rules, &user.groups, visit.now_unix_secs),
    };
    let body = page::key_made(&shown, visit.language);
    Ok(page::answer(StatusCode::OK, body))
}

/// Revokes one of the user's keys. One that is not there, or somebody else's, is not told from one that is revoked.
pub(super) async fn revoke<'c>(visit: &Visit<'c, '_>, form: &[u8]) -> Result<Answer, Refused<'c>> {
    let current = match fresh(visit, form).await? {
        Ok(current) => current,
        Err(answer) => return Ok(answer),
    };
    let id = field(form, "key").and_then(|id| KeyId::parse(&id).ok());
    let (Some(id), Some(user), Some(_)) = (id, user(visit, &current).await?, &visit.rules.own_keys)
    else {
        return Ok(back(Done::FormOld));
    };
    let store = visit.worker.store();
    let revoked = store.revoke_own_key(user.id, &id, visit.now_unix_secs);
    let act = ("key.revoke", Some(id.as_str()));
    let revoked = visit
        .recorded(&current.user, act, revoked, |revoked| *revoked)
        .await?
        .map_err(|error| visit.unavailable("API key", &error))?;
    if revoked {
        visit.worker.lines().write(&Event::OwnKeyRevoked {
            user: &current.user,
            key: id.as_str(),
            peer: visit.peer(),
        });
    }
    Ok(back(Done::KeyRevoked))
}

//! The keys of a user, as the account page has them, in SQL.
//!
//! Knows the table and its names. Every function runs within the caller's transaction. Does not know which scopes a user may
//! give, nor for how long.

use countersign_secret::api_key::KeyId;
use rusqlite::{Connection, OptionalExtension as _, named_params, params};

use super::keys::{self, COLUMNS};
use crate::{Key, NewKey, NewOwnKey, OwnKeyMade, Owner, StoreError};

pub(super) fn create(
    connection: &Connection,
    key: &NewOwnKey,
    now_unix_secs: i64,
) -> Result<OwnKeyMade, StoreError> {
    let user: Option<Box<str>> = connection
        .prepare_cached("SELECT name FROM users WHERE id = ?1 AND disabled = 0")?
        .query_row([key.user_id], |row| row.get(0))
        .optional()?;
    let Some(user) = user else {
        return Ok(OwnKeyMade::UserAbsent);
    };
    let (count, is_taken) = counted(connection, key, now_unix_secs)?;
    if is_taken {
        return Ok(OwnKeyMade::LabelTaken);
    }
    if count >= key.per_user_max {
        return Ok(OwnKeyMade::Full);
    }
    let new = NewKey {
        id: key.id.clone(),
        digest: key.digest.clone(),
        owner: Owner::User(user),
        label: key.label.clone(),
        scopes: key.scopes.clone(),
        expires_unix_secs: Some(key.expires_unix_secs),
        networks: Vec::new(),
    };
    let made = keys::create(connection, &new, now_unix_secs)?;
    keys::mark_own(connection, &made.id)?;
    let made = keys::present(connection, &made.id)?;
    Ok(OwnKeyMade::Yes(Box::new(made)))
}

/// How many keys the user has made that are taken still, and whether one of them has the label of the new one.
fn counted(
    connection: &Connection,
    key: &NewOwnKey,
    now_unix_secs: i64,
) -> Result<(u32, bool), StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT count(*), coalesce(sum(label = :label), 0) > 0 FROM api_keys
         WHERE user_id = :user_id AND own = 1
             AND (revoked_unix_secs IS NULL OR revoked_unix_secs > :now)
             AND (expires_unix_secs IS NULL OR expires_unix_secs > :now)",
    )?;
    Ok(statement.query_row(
        named_params! { ":user_id": key.user_id, ":label": key.label, ":now": now_unix_secs },
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?)
}

pub(super) fn list(
    connection: &Connection,
    user_id: i64,
    keys_max: u32,
    now_unix_secs: i64,
) -> Result<Vec<Key>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM api_keys
         WHERE user_id = ?1 AND (revoked_unix_secs IS NULL OR revoked_unix_secs > ?2)
         ORDER BY created_unix_secs DESC, id LIMIT ?3"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![user_id, now_unix_secs, keys_max])?;
    let mut keys = Vec::new();
    while let Some(row) = rows.next()? {
        keys.push(keys::to_key(row)?);
    }
    Ok(keys)
}

pub(super) fn revoke(
    connection: &Connection,
    user_id: i64,
    id: &KeyId,
    now_unix_secs: i64,
) -> Result<bool, StoreError> {
    let is_theirs = connection
        .prepare_cached("SELECT 1 FROM api_keys WHERE id = ?1 AND user_id = ?2")?
        .exists(params![id.as_str(), user_id])?;
    Ok(is_theirs && keys::revoke_from(connection, id, now_unix_secs)? > 0)
}

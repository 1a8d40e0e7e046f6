//! Passkeys in SQL.
//!
//! Knows the tables and their names. Every function runs within the caller's transaction. Does not know signatures.

use rusqlite::{Connection, OptionalExtension as _, Row, named_params, params};

use super::second_factors;
use crate::{Kept, NewPasskey, Passkey, PasskeyAdded, PasskeyRecord, PasskeyUse, StoreError};

/// How many challenges are forgotten at once at most, so that no sign-in pays for many others.
const FORGOTTEN_AT_ONCE_MAX: u32 = 64;

pub(super) fn add(
    connection: &Connection,
    new: &NewPasskey,
    now_unix_secs: i64,
) -> Result<PasskeyAdded, StoreError> {
    let is_same = connection
        .prepare_cached("SELECT 1 FROM users WHERE id = ?1 AND version = ?2 AND disabled = 0")?
        .exists(params![new.user_id, new.user_version])?;
    if !is_same {
        return Ok(PasskeyAdded::UserChanged);
    }
    let count: u32 = connection
        .prepare_cached("SELECT count(*) FROM passkeys WHERE user_id = ?1")?
        .query_row([new.user_id], |row| row.get(0))?;
    if count >= new.per_user_max {
        return Ok(PasskeyAdded::Full);
    }
    let added = connection
        .prepare_cached(
            "INSERT OR IGNORE INTO passkeys (credential_id, user_id, user_handle, public_key, name, sign_count,
                 backup_eligible, created_unix_secs)
             VALUES (:credential_id, :user_id, :user_handle, :public_key, :name, :sign_count, :backup_eligible, :now)",
        )?
        .execute(named_params! {
            ":credential_id": new.credential_id,
            ":user_id": new.user_id,
            ":user_handle": new.user_handle,
            ":public_key": new.public_key,
            ":name": new.name,
            ":sign_count": new.sign_count,
            ":backup_eligible": new.backup_eligible,
            ":now": now_unix_secs,
        })?;
    if added == 0 {
        return Ok(PasskeyAdded::Known);
    }
    if !new.recovery.is_empty() {
        second_factors::replace_recovery(connection, new.user_id, &new.recovery)?;
    }
    let version = second_factors::change(connection, new.user_id, now_unix_secs)?;
    Ok(version.map_or(PasskeyAdded::UserChanged, |user_version| {
        PasskeyAdded::Yes { user_version }
    }))
}

/// Those of a user, the oldest first.
pub(super) fn list(connection: &Connection, user_id: i64) -> Result<Vec<Passkey>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT credential_id, user_handle, name, created_unix_secs, used_unix_secs FROM passkeys
         WHERE user_id = ?1 ORDER BY created_unix_secs, credential_id",
    )?;
    let mut rows = statement.query([user_id])?;
    let mut passkeys = Vec::new();
    while let Some(row) = rows.next()? {
        passkeys.push(Passkey {
            credential_id: bytes(row, 0)?.into(),
            user_handle: row.get(1)?,
            name: row.get(2)?,
            created_unix_secs: row.get(3)?,
            used_unix_secs: row.get(4)?,
        });
    }
    Ok(passkeys)
}

pub(super) fn record(
    connection: &Connection,
    credential_id: &[u8],
) -> Result<Option<PasskeyRecord>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT u.id, u.name, u.version, u.disabled, p.user_handle, p.public_key, p.sign_count, p.backup_eligible
         FROM passkeys p JOIN users u ON u.id = p.user_id WHERE p.credential_id = ?1",
    )?;
    let mut rows = statement.query([credential_id])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    Ok(Some(PasskeyRecord {
        user_id: row.get(0)?,
        user: row.get(1)?,
        user_version: row.get(2)?,
        user_disabled: row.get(3)?,
        user_handle: row.get(4)?,
        public_key: bytes(row, 5)?.into(),
        sign_count: row.get(6)?,
        backup_eligible: row.get(7)?,
    }))
}

/// One of several uses with one challenge, or with one count, gets `true`.
pub(super) fn note_use(
    connection: &Connection,
    passkey_use: &PasskeyUse,
    now_unix_secs: i64,
) -> Result<bool, StoreError> {
    connection
        .prepare_cached(
            "DELETE FROM used_challenges WHERE challenge IN (
                 SELECT challenge FROM used_challenges WHERE expires_unix_secs < ?1
                 ORDER BY expires_unix_secs LIMIT ?2)",
        )?
        .execute(params![now_unix_secs, FORGOTTEN_AT_ONCE_MAX])?;
    let unused = connection
        .prepare_cached(
            "INSERT OR IGNORE INTO used_challenges (challenge, expires_unix_secs) VALUES (?1, ?2)",
        )?
        .execute(params![
            passkey_use.challenge,
            passkey_use.challenge_expires_unix_secs
        ])?;
    if unused == 0 {
        return Ok(false);
    }
    let noted = connection
        .prepare_cached(
            "UPDATE passkeys SET sign_count = ?2, used_unix_secs = ?3
             WHERE credential_id = ?1 AND (sign_count < ?2 OR (sign_count = 0 AND ?2 = 0))",
        )?
        .execute(params![
            passkey_use.credential_id,
            passkey_use.sign_count,
            now_unix_secs
        ])?;
    Ok(noted == 1)
}

/// The new version of the user; `None` where the user has no such passkey.
pub(super) fn remove(
    connection: &Connection,
    user_id: i64,
    credential_id: &[u8],
    now_unix_secs: i64,
) -> Result<Option<i64>, StoreError> {
    let removed: Option<i64> = connection
        .prepare_cached(
            "DELETE FROM passkeys WHERE user_id = ?1 AND credential_id = ?2 RETURNING user_id",
        )?
        .query_row(params![user_id, credential_id], |row| row.get(0))
        .optional()?;
    if removed.is_none() {
        return Ok(None);
    }
    second_factors::removed(connection, user_id, now_unix_secs)
}

fn bytes<'r>(row: &'r Row<'_>, column: usize) -> Result<&'r [u8], StoreError> {
    let malformed = StoreError::Malformed { record: Kept::User };
    row.get_ref(column)?.as_blob().map_err(|_| malformed)
}

//! Second factors in SQL.
//!
//! Knows the tables and their names. Every function runs within the caller's transaction, and what must happen once is one
//! statement whose count of rows says whether it did.

use countersign_secret::recovery::RecoveryDigest;
use countersign_secret::totp::TotpSecret;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{passkeys, sessions};
use crate::{Kept, NewTotp, SecondFactors, StoreError, Totp};

/// Whether a user of the table `users` has to show a second factor, whichever it is and however the first one was shown.
pub(super) const IS_SECOND_FACTOR_DUE: &str =
    "(EXISTS (SELECT 1 FROM totp WHERE totp.user_id = users.id)
     OR EXISTS (SELECT 1 FROM passkeys WHERE passkeys.user_id = users.id))";

pub(super) fn find(connection: &Connection, user_id: i64) -> Result<Option<Totp>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT secret, used_step FROM totp WHERE user_id = ?1")?;
    let mut rows = statement.query([user_id])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let malformed = StoreError::Malformed { record: Kept::User };
    let secret = row.get_ref(0)?.as_blob().ok();
    Ok(Some(Totp {
        secret: secret.and_then(TotpSecret::from_slice).ok_or(malformed)?,
        used_step: row.get(1)?,
    }))
}

pub(super) fn all(connection: &Connection, name: &str) -> Result<SecondFactors, StoreError> {
    let found = connection
        .prepare_cached(
            "SELECT u.id, t.created_unix_secs, (SELECT count(*) FROM recovery_codes r WHERE r.user_id = u.id)
             FROM users u LEFT JOIN totp t ON t.user_id = u.id WHERE u.name = ?1",
        )?
        .query_row([name], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((user_id, totp_since_unix_secs, recovery_codes_left)) = found else {
        return Ok(SecondFactors::default());
    };
    Ok(SecondFactors {
        totp_since_unix_secs,
        passkeys: passkeys::list(connection, user_id)?,
        recovery_codes_left,
    })
}

/// The new version of the user; `None` where the user is gone, disabled or another, or has an app already.
pub(super) fn set(
    connection: &Connection,
    new: &NewTotp,
    now_unix_secs: i64,
) -> Result<Option<i64>, StoreError> {
    let added = connection
        .prepare_cached(
            "INSERT OR IGNORE INTO totp (user_id, secret, used_step, created_unix_secs)
             SELECT id, ?3, ?4, ?5 FROM users WHERE id = ?1 AND version = ?2 AND disabled = 0",
        )?
        .execute(params![
            new.user_id,
            new.user_version,
            new.secret.expose(),
            new.used_step,
            now_unix_secs
        ])?;
    if added == 0 {
        return Ok(None);
    }
    drop_recovery(connection, new.user_id)?;
    add_recovery(connection, new.user_id, &new.recovery)?;
    change(connection, new.user_id, now_unix_secs)
}

/// One of several attempts with one code gets `true`.
pub(super) fn use_step(
    connection: &Connection,
    user_id: i64,
    step: i64,
) -> Result<bool, StoreError> {
    let used = connection
        .prepare_cached("UPDATE totp SET used_step = ?2 WHERE user_id = ?1 AND used_step < ?2")?
        .execute(params![user_id, step])?;
    Ok(used == 1)
}

/// One of several attempts with one code gets `true`.
pub(super) fn use_recovery(
    connection: &Connection,
    user_id: i64,
    digest: &RecoveryDigest,
) -> Result<bool, StoreError> {
    let used = connection
        .prepare_cached("DELETE FROM recovery_codes WHERE user_id = ?1 AND digest = ?2")?
        .execute(params![user_id, digest.as_bytes()])?;
    Ok(used == 1)
}

/// `false` where there is no second factor that they could stand in for.
pub(super) fn replace_recovery(
    connection: &Connection,
    user_id: i64,
    digests: &[RecoveryDigest],
) -> Result<bool, StoreError> {
    if !is_there(connection, user_id)? {
        return Ok(false);
    }
    drop_recovery(connection, user_id)?;
    add_recovery(connection, user_id, digests)?;
    Ok(true)
}

/// The new version of the user; `None` where there was nothing to remove.
pub(super) fn remove_totp(
    connection: &Connection,
    user_id: i64,
    now_unix_secs: i64,
) -> Result<Option<i64>, StoreError> {
    let dropped = connection
        .prepare_cached("DELETE FROM totp WHERE user_id = ?1")?
        .execute([user_id])?;
    if dropped == 0 {
        return Ok(None);
    }
    removed(connection, user_id, now_unix_secs)
}

/// The new version of the user; `None` where there was nothing to remove.
pub(super) fn remove_all(
    connection: &Connection,
    name: &str,
    now_unix_secs: i64,
) -> Result<Option<i64>, StoreError> {
    let id: Option<i64> = connection
        .prepare_cached("SELECT id FROM users WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?;
    let Some(id) = id else {
        return Err(StoreError::UserAbsent { name: name.into() });
    };
    let dropped = [
        "DELETE FROM totp WHERE user_id = ?1",
        "DELETE FROM passkeys WHERE user_id = ?1",
    ]
    .into_iter()
    .map(|sql| connection.prepare_cached(sql)?.execute([id]))
    .sum::<Result<usize, _>>()?;
    if dropped == 0 {
        return Ok(None);
    }
    removed(connection, id, now_unix_secs)
}

/// What follows where a second factor is gone: recovery codes of the last one stand in for nothing any more.
pub(super) fn removed(
    connection: &Connection,
    user_id: i64,
    now_unix_secs: i64,
) -> Result<Option<i64>, StoreError> {
    if !is_there(connection, user_id)? {
        drop_recovery(connection, user_id)?;
    }
    change(connection, user_id, now_unix_secs)
}

fn is_there(connection: &Connection, user_id: i64) -> Result<bool, StoreError> {
    let is_there = connection
        .prepare_cached(
            "SELECT 1 FROM totp WHERE user_id = ?1 UNION ALL SELECT 1 FROM passkeys WHERE user_id = ?1 LIMIT 1",
        )?
        .exists([user_id])?;
    Ok(is_there)
}

fn drop_recovery(connection: &Connection, user_id: i64) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM recovery_codes WHERE user_id = ?1")?
        .execute([user_id])?;
    Ok(())
}

/// Sign-ins under way were checked for another user than this is now, and sessions begin anew.
pub(super) fn change(
    connection: &Connection,
    user_id: i64,
    now_unix_secs: i64,
) -> Result<Option<i64>, StoreError> {
    sessions::end_all(connection, user_id, now_unix_secs)?;
    let version = connection
        .prepare_cached(
            "UPDATE users SET version = version + 1, changed_unix_secs = ?2 WHERE id = ?1 RETURNING version",
        )?
        .query_row(params![user_id, now_unix_secs], |row| row.get(0))
        .optional()?;
    Ok(version)
}

fn add_recovery(
    connection: &Connection,
    user_id: i64,
    digests: &[RecoveryDigest],
) -> Result<(), StoreError> {
    let mut statement = connection
        .prepare_cached("INSERT INTO recovery_codes (user_id, digest) VALUES (?1, ?2)")?;
    for digest in digests {
        statement.execute(params![user_id, digest.as_bytes()])?;
    }
    Ok(())
}

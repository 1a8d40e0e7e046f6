//! Links with OpenID providers in SQL.
//!
//! Knows the tables and their names. Every function runs within the caller's transaction.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::columns::is_taken;
use super::second_factors::IS_SECOND_FACTOR_DUE;
use super::{sessions, users};
use crate::{Link, LinkKey, LinkedUser, NewUser, StoreError};

/// How many used sign-ins are forgotten at once at most, so that no sign-in pays for many others.
const FORGOTTEN_AT_ONCE_MAX: u32 = 64;

pub(super) fn find(
    connection: &Connection,
    key: &LinkKey,
) -> Result<Option<LinkedUser>, StoreError> {
    let found = connection
        .prepare_cached(&format!(
            "SELECT users.id, users.name, users.disabled, {IS_SECOND_FACTOR_DUE}, users.version
             FROM links l JOIN users ON users.id = l.user_id WHERE l.issuer = ?1 AND l.subject = ?2"
        ))?
        .query_row(params![key.issuer, key.subject], |row| {
            Ok(LinkedUser {
                id: row.get(0)?,
                name: row.get(1)?,
                disabled: row.get(2)?,
                second_factor: row.get(3)?,
                version: row.get(4)?,
            })
        })
        .optional()?;
    Ok(found)
}

pub(super) fn of_user(connection: &Connection, name: &str) -> Result<Vec<Link>, StoreError> {
    let id = id(connection, name)?;
    let mut statement = connection.prepare_cached(
        "SELECT issuer, subject, created_unix_secs FROM links WHERE user_id = ?1 ORDER BY issuer, subject",
    )?;
    let links = statement.query_map([id], |row| {
        Ok(Link {
            key: LinkKey {
                issuer: row.get(0)?,
                subject: row.get(1)?,
            },
            created_unix_secs: row.get(2)?,
        })
    })?;
    Ok(links.collect::<Result<_, _>>()?)
}

/// A person is one user: a link that is there stays whose it is.
pub(super) fn add(
    connection: &Connection,
    name: &str,
    key: &LinkKey,
    now_unix_secs: i64,
) -> Result<(), StoreError> {
    let id = id(connection, name)?;
    let added = connection
        .prepare_cached(
            "INSERT INTO links (issuer, subject, user_id, created_unix_secs) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![key.issuer, key.subject, id, now_unix_secs]);
    match added {
        Ok(_) => Ok(()),
        Err(error) if is_taken(&error) => Err(StoreError::LinkExists),
        Err(error) => Err(error.into()),
    }
}

/// The same for a link that nobody has asked for: who has one at this provider gets no other one by it.
pub(super) fn add_first(
    connection: &Connection,
    name: &str,
    key: &LinkKey,
    now_unix_secs: i64,
) -> Result<(), StoreError> {
    let has_one = connection
        .prepare_cached(
            "SELECT 1 FROM links l JOIN users u ON u.id = l.user_id WHERE u.name = ?1 AND l.issuer = ?2
                 AND l.subject <> ?3",
        )?
        .exists(params![name, key.issuer, key.subject])?;
    if has_one {
        return Err(StoreError::OtherLinkExists);
    }
    add(connection, name, key, now_unix_secs)
}

/// The user and the link, or neither.
pub(super) fn add_user(
    connection: &Connection,
    user: &NewUser,
    key: &LinkKey,
    now_unix_secs: i64,
) -> Result<(), StoreError> {
    users::add(connection, user, now_unix_secs)?;
    add(connection, &user.name, key, now_unix_secs)
}

/// Whoever has signed in by it may not any more: all sessions end, and sign-ins under way with them.
pub(super) fn remove(
    connection: &Connection,
    name: &str,
    key: &LinkKey,
    now_unix_secs: i64,
) -> Result<bool, StoreError> {
    let id = id(connection, name)?;
    let removed = connection
        .prepare_cached("DELETE FROM links WHERE user_id = ?1 AND issuer = ?2 AND subject = ?3")?
        .execute(params![id, key.issuer, key.subject])?;
    if removed == 0 {
        return Ok(false);
    }
    sessions::end_all(connection, id, now_unix_secs)?;
    connection
        .prepare_cached(
            "UPDATE users SET version = version + 1, changed_unix_secs = ?2 WHERE id = ?1",
        )?
        .execute(params![id, now_unix_secs])?;
    Ok(true)
}

/// One of several attempts with one state gets `true`.
pub(super) fn use_sign_in(
    connection: &Connection,
    digest: &[u8; 32],
    expires_unix_secs: i64,
    now_unix_secs: i64,
) -> Result<bool, StoreError> {
    connection
        .prepare_cached(
            "DELETE FROM used_sign_ins WHERE digest IN
                 (SELECT digest FROM used_sign_ins WHERE expires_unix_secs < ?1 LIMIT ?2)",
        )?
        .execute(params![now_unix_secs, FORGOTTEN_AT_ONCE_MAX])?;
    let used = connection
        .prepare_cached(
            "INSERT OR IGNORE INTO used_sign_ins (digest, expires_unix_secs) VALUES (?1, ?2)",
        )?
        .execute(params![digest, expires_unix_secs])?;
    Ok(used == 1)
}

fn id(connection: &Connection, name: &str) -> Result<i64, StoreError> {
    let id: Option<i64> = connection
        .prepare_cached("SELECT id FROM users WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?;
    id.ok_or_else(|| StoreError::UserAbsent { name: name.into() })
}

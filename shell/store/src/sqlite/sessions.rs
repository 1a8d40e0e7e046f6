//! Sessions in SQL.
//!
//! Knows the table and its names. Every function runs within the caller's transaction.

use countersign_secret::session::{SessionDigest, SessionId};
use rusqlite::{Connection, Row, named_params, params};

use super::columns::{from_list, to_list};
use crate::{Kept, NewSession, Session, SessionAfter, SessionList, SessionRecord, StoreError};

/// How long the record of a session that has ended is kept, so that a refusal can say what became of it.
const ENDED_KEPT_SECS: i64 = 30 * 24 * 60 * 60;

/// How many records are forgotten at once at most, so that no sign-in pays for many others.
const FORGOTTEN_AT_ONCE_MAX: u32 = 64;

/// The look-up of a request: by the unique digest, and the user by its primary key.
pub(super) const RECORD: &str =
    "SELECT s.id, u.name, u.disabled, u.groups, s.created_unix_secs, s.used_unix_secs, s.idle_secs,
         s.expires_unix_secs, s.ended_unix_secs, s.second_factor, s.method, s.groups, s.provider, s.signed_in_unix_secs
     FROM sessions s JOIN users u ON u.id = s.user_id
     WHERE s.digest = ?1";

pub(super) fn begin(
    connection: &Connection,
    session: &NewSession,
    now_unix_secs: i64,
) -> Result<bool, StoreError> {
    let begun = connection
        .prepare_cached(
            "INSERT INTO sessions (id, digest, user_id, method, device, address, created_unix_secs, used_unix_secs,
                 idle_secs, expires_unix_secs, second_factor, groups, provider, signed_in_unix_secs)
             SELECT :id, :digest, id, :method, :device, :address, :now, :now, :idle_secs, :expires, :second_factor,
                 :groups, :provider, :signed_in
             FROM users WHERE id = :user_id AND version = :user_version AND disabled = 0",
        )?
        .execute(named_params! {
            ":id": session.id.as_str(),
            ":digest": session.digest.as_bytes(),
            ":user_id": session.user_id,
            ":user_version": session.user_version,
            ":method": session.method,
            ":device": session.device,
            ":address": session.address,
            ":now": now_unix_secs,
            ":idle_secs": session.idle_secs,
            ":expires": session.expires_unix_secs,
            ":second_factor": session.second_factor,
            ":groups": from_list(&session.groups),
            ":provider": session.provider,
            ":signed_in": session.signed_in_unix_secs,
        })?;
    if begun == 0 {
        return Ok(false);
    }
    end_surplus(connection, session, now_unix_secs)?;
    forget(connection, now_unix_secs)?;
    Ok(true)
}

/// What the former session was begun with, the new one has: nothing that is changed in an account is a sign-in.
pub(super) fn go_on(
    connection: &Connection,
    session: &SessionAfter,
    now_unix_secs: i64,
) -> Result<bool, StoreError> {
    let begun = connection
        .prepare_cached(
            "INSERT INTO sessions (id, digest, user_id, method, device, address, created_unix_secs, used_unix_secs,
                 idle_secs, expires_unix_secs, second_factor, groups, provider, signed_in_unix_secs)
             SELECT :id, :digest, u.id,
                 CASE WHEN :shown IS NULL THEN s.method ELSE s.method || ', ' || :shown END,
                 :device, :address, s.created_unix_secs, :now, :idle_secs, s.expires_unix_secs,
                 s.second_factor OR :shown IS NOT NULL, s.groups, s.provider, s.signed_in_unix_secs
             FROM sessions s JOIN users u ON u.id = s.user_id
             WHERE s.id = :former AND s.expires_unix_secs > :now AND u.version = :user_version AND u.disabled = 0",
        )?
        .execute(named_params! {
            ":id": session.id.as_str(),
            ":digest": session.digest.as_bytes(),
            ":former": session.former.as_str(),
            ":user_version": session.user_version,
            ":shown": session.shown,
            ":device": session.device,
            ":address": session.address,
            ":now": now_unix_secs,
            ":idle_secs": session.idle_secs,
        })?;
    Ok(begun == 1)
}

fn end_surplus(
    connection: &Connection,
    session: &NewSession,
    now_unix_secs: i64,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE sessions SET ended_unix_secs = :now WHERE id IN (
                 SELECT id FROM sessions
                 WHERE user_id = :user_id AND ended_unix_secs IS NULL AND expires_unix_secs > :now
                     AND used_unix_secs + idle_secs > :now
                 ORDER BY id = :id DESC, used_unix_secs DESC, created_unix_secs DESC LIMIT -1 OFFSET :max)",
        )?
        .execute(named_params! {
            ":now": now_unix_secs,
            ":user_id": session.user_id,
            ":id": session.id.as_str(),
            ":max": session.per_user_max.max(1),
        })?;
    Ok(())
}

fn forget(connection: &Connection, now_unix_secs: i64) -> Result<(), StoreError> {
    let before = now_unix_secs.saturating_sub(ENDED_KEPT_SECS);
    connection
        .prepare_cached(
            "DELETE FROM sessions WHERE id IN (
                 SELECT id FROM sessions WHERE expires_unix_secs < ?1 ORDER BY expires_unix_secs LIMIT ?2)",
        )?
        .execute(params![before, FORGOTTEN_AT_ONCE_MAX])?;
    Ok(())
}

pub(super) fn record(
    connection: &Connection,
    digest: &SessionDigest,
) -> Result<Option<SessionRecord>, StoreError> {
    let mut statement = connection.prepare_cached(RECORD)?;
    let mut rows = statement.query([digest.as_bytes()])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let mut groups = to_list(&row.get::<_, Box<str>>(3)?, Kept::User)?;
    for group in to_list(&row.get::<_, Box<str>>(11)?, Kept::Session)? {
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    Ok(Some(SessionRecord {
        id: to_id(row)?,
        user: row.get(1)?,
        user_disabled: row.get(2)?,
        groups,
        created_unix_secs: row.get(4)?,
        used_unix_secs: row.get(5)?,
        idle_secs: row.get(6)?,
        expires_unix_secs: row.get(7)?,
        ended_unix_secs: row.get(8)?,
        second_factor: row.get(9)?,
        method: row.get(10)?,
        provider: row.get(12)?,
        signed_in_unix_secs: row.get(13)?,
    }))
}

pub(super) fn list(
    connection: &Connection,
    list: &SessionList,
    now_unix_secs: i64,
) -> Result<Vec<Session>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT s.id, u.name, s.method, s.device, s.address, s.created_unix_secs, s.used_unix_secs, s.idle_secs,
             s.expires_unix_secs
         FROM sessions s JOIN users u ON u.id = s.user_id
         WHERE s.ended_unix_secs IS NULL AND s.expires_unix_secs > ?1 AND s.used_unix_secs + s.idle_secs > ?1
             AND (?2 IS NULL OR u.name = ?2)
         ORDER BY s.used_unix_secs DESC, s.created_unix_secs DESC, s.id LIMIT ?3",
    )?;
    let mut rows = statement.query(params![now_unix_secs, list.user, list.sessions_max])?;
    let mut sessions = Vec::new();
    while let Some(row) = rows.next()? {
        sessions.push(Session {
            id: to_id(row)?,
            user: row.get(1)?,
            method: row.get(2)?,
            device: row.get(3)?,
            address: row.get(4)?,
            created_unix_secs: row.get(5)?,
            used_unix_secs: row.get(6)?,
            idle_secs: row.get(7)?,
            expires_unix_secs: row.get(8)?,
        });
    }
    Ok(sessions)
}

pub(super) fn end(
    connection: &Connection,
    id: &SessionId,
    user: Option<&str>,
    now_unix_secs: i64,
) -> Result<(), StoreError> {
    let found = connection
        .prepare_cached(
            "SELECT 1 FROM sessions s JOIN users u ON u.id = s.user_id
             WHERE s.id = ?1 AND (?2 IS NULL OR u.name = ?2)",
        )?
        .exists(params![id.as_str(), user])?;
    if !found {
        return Err(StoreError::SessionAbsent { id: id.clone() });
    }
    connection
        .prepare_cached(
            "UPDATE sessions SET ended_unix_secs = ?2 WHERE id = ?1 AND ended_unix_secs IS NULL",
        )?
        .execute(params![id.as_str(), now_unix_secs])?;
    Ok(())
}

/// Ends all sessions of a user that have not ended otherwise, and says how many there were.
pub(super) fn end_all(
    connection: &Connection,
    user_id: i64,
    now_unix_secs: i64,
) -> Result<u64, StoreError> {
    let ended = connection
        .prepare_cached(
            "UPDATE sessions SET ended_unix_secs = ?2
             WHERE user_id = ?1 AND ended_unix_secs IS NULL AND expires_unix_secs > ?2
                 AND used_unix_secs + idle_secs > ?2",
        )?
        .execute(params![user_id, now_unix_secs])?;
    Ok(ended as u64)
}

pub(super) fn note_uses(
    connection: &Connection,
    uses: &[(SessionId, i64)],
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "UPDATE sessions SET used_unix_secs = ?2 WHERE id = ?1 AND used_unix_secs < ?2",
    )?;
    for (id, used_unix_secs) in uses {
        statement.execute(params![id.as_str(), used_unix_secs])?;
    }
    Ok(())
}

fn to_id(row: &Row<'_>) -> Result<SessionId, StoreError> {
    let malformed = StoreError::Malformed {
        record: Kept::Session,
    };
    SessionId::parse(&row.get::<_, Box<str>>(0)?).ok_or(malformed)
}

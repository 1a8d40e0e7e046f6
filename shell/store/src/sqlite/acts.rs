//! Acts of administration in SQL.
//!
//! Knows the table, that it is bounded, and that nothing but the end of an act is ever changed in it. Every function runs
//! within the caller's transaction.

use rusqlite::{Connection, Row, named_params, params};

use crate::{Act, ActList, Actor, ActsKept, Kept, NewAct, Outcome, StoreError, Way};

/// How many are forgotten at once at most, so that no act pays for many others.
const FORGOTTEN_AT_ONCE_MAX: u32 = 1000;

/// How many are told at once at most.
const TOLD_AT_ONCE_MAX: u32 = 256;

/// After this time, an act whose end was not noted is told without one: whoever did it was broken off.
const UNENDED_SECS: i64 = 600;

/// Which part of the room that acts in accounts have one user can fill: nobody pushes out what others have done.
const PART_OF_ONE_USER: u32 = 10;

/// The most that is kept of each text.
const TEXT_BYTES_MAX: usize = 4096;

const COLUMNS: &str = "position, time_unix_secs, by_kind, by_name, login, address, act, user, object, detail, outcome, result";

/// What no log has yet: either its end is noted, or it will hardly be.
const UNTOLD: &str =
    "SELECT position FROM acts WHERE told = 0 AND (outcome IS NOT NULL OR time_unix_secs < ?1)
     ORDER BY position LIMIT ?2";

pub(super) fn begin(
    connection: &Connection,
    act: &NewAct,
    kept: Option<ActsKept>,
    now_unix_secs: i64,
) -> Result<i64, StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO acts (time_unix_secs, by_kind, by_name, login, address, act, user, object, detail)
             VALUES (:time, :by_kind, :by_name, :login, :address, :act, :user, :object, :detail)",
        )?
        .execute(named_params! {
            ":time": now_unix_secs,
            ":by_kind": act.by.way.name(),
            ":by_name": bounded(&act.by.name),
            ":login": act.by.login.as_deref().map(bounded),
            ":address": act.by.address.as_deref().map(bounded),
            ":act": act.act,
            ":user": act.user.as_deref().map(bounded),
            ":object": act.object.as_deref().map(bounded),
            ":detail": act.detail.as_deref().map(bounded),
        })?;
    let id = connection.last_insert_rowid();
    if let Some(kept) = kept {
        forget(connection, act, kept, now_unix_secs)?;
    }
    Ok(id)
}

/// Acts by commands and acts in accounts have room of their own, and what is done in one account has a part of it.
fn forget(
    connection: &Connection,
    act: &NewAct,
    kept: ActsKept,
    now_unix_secs: i64,
) -> Result<(), StoreError> {
    let kind = act.by.way.name();
    match act.by.way {
        Way::Command => {}
        Way::Account => {
            let acts_max = (kept.acts_max / PART_OF_ONE_USER).max(1);
            connection
                .prepare_cached(
                    "DELETE FROM acts WHERE position IN (
                         SELECT position FROM acts WHERE by_kind = ?1 AND by_name = ?2
                         ORDER BY position DESC LIMIT ?4 OFFSET ?3)",
                )?
                .execute(params![
                    kind,
                    bounded(&act.by.name),
                    acts_max,
                    FORGOTTEN_AT_ONCE_MAX
                ])?;
        }
    }
    connection
        .prepare_cached(
            "DELETE FROM acts WHERE position IN (
                 SELECT position FROM acts WHERE by_kind = ?1 ORDER BY position DESC LIMIT ?3 OFFSET ?2)",
        )?
        .execute(params![kind, kept.acts_max, FORGOTTEN_AT_ONCE_MAX])?;
    connection
        .prepare_cached(
            "DELETE FROM acts WHERE position IN (
                 SELECT position FROM acts WHERE time_unix_secs < ?1 ORDER BY time_unix_secs LIMIT ?2)",
        )?
        .execute(params![
            now_unix_secs.saturating_sub(kept.secs),
            FORGOTTEN_AT_ONCE_MAX
        ])?;
    Ok(())
}

/// The first end that is noted stands.
pub(super) fn end(connection: &Connection, id: i64, outcome: &Outcome) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE acts SET outcome = ?2, result = ?3 WHERE position = ?1 AND outcome IS NULL",
        )?
        .execute(params![id, outcome.name(), outcome.words().map(bounded)])?;
    Ok(())
}

pub(super) fn list(connection: &Connection, list: &ActList) -> Result<Vec<Act>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM acts
         WHERE (?1 IS NULL OR time_unix_secs >= ?1) AND (?2 IS NULL OR user = ?2 OR by_name = ?2)
             AND (?3 IS NULL OR position < ?3)
         ORDER BY position DESC LIMIT ?4"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![
        list.since_unix_secs,
        list.user,
        list.before,
        list.acts_max
    ])?;
    let mut acts = Vec::new();
    while let Some(row) = rows.next()? {
        acts.push(to_act(row)?);
    }
    Ok(acts)
}

/// Whether there is anything that no log has yet.
pub(super) fn is_any_untold(
    connection: &Connection,
    now_unix_secs: i64,
) -> Result<bool, StoreError> {
    let before = now_unix_secs.saturating_sub(UNENDED_SECS);
    Ok(connection
        .prepare_cached(UNTOLD)?
        .exists(params![before, 1])?)
}

/// Takes what no log has yet: of many who ask, one gets it.
pub(super) fn take_untold(
    connection: &Connection,
    now_unix_secs: i64,
) -> Result<Vec<Act>, StoreError> {
    let sql = format!("UPDATE acts SET told = 1 WHERE position IN ({UNTOLD}) RETURNING {COLUMNS}");
    let mut statement = connection.prepare_cached(&sql)?;
    let before = now_unix_secs.saturating_sub(UNENDED_SECS);
    let mut rows = statement.query(params![before, TOLD_AT_ONCE_MAX])?;
    let mut acts = Vec::new();
    while let Some(row) = rows.next()? {
        acts.push(to_act(row)?);
    }
    // What RETURNING gives has no order.
    acts.sort_by_key(|act| act.id);
    Ok(acts)
}

fn to_act(row: &Row<'_>) -> Result<Act, StoreError> {
    let way = match row.get_ref(2)?.as_str().map_err(|_| malformed())? {
        "command" => Way::Command,
        "account" => Way::Account,
        _ => return Err(malformed()),
    };
    let outcome: Option<Box<str>> = row.get(10)?;
    let result: Option<Box<str>> = row.get(11)?;
    let outcome = match outcome.as_deref() {
        None => None,
        Some("done") => Some(Outcome::Done(result)),
        Some("failed") => Some(Outcome::Failed(result.unwrap_or_default())),
        Some(_) => return Err(malformed()),
    };
    Ok(Act {
        id: row.get(0)?,
        time_unix_secs: row.get(1)?,
        by: Actor {
            way,
            name: row.get(3)?,
            login: row.get(4)?,
            address: row.get(5)?,
        },
        act: row.get(6)?,
        user: row.get(7)?,
        object: row.get(8)?,
        detail: row.get(9)?,
        outcome,
    })
}

fn bounded(text: &str) -> &str {
    text.get(..text.floor_char_boundary(TEXT_BYTES_MAX))
        .unwrap_or_default()
}

const fn malformed() -> StoreError {
    StoreError::Malformed { record: Kept::Act }
}

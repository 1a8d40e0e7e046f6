//! Users in SQL.
//!
//! Knows the table and its names. Every function runs within the caller's transaction.

use countersign_secret::password::PasswordHash;
use rusqlite::{Connection, OptionalExtension as _, Row, named_params, params};

use super::columns::{from_list, is_taken, to_hash, to_list};
use super::second_factors::IS_SECOND_FACTOR_DUE;
use super::{digest, sessions};
use crate::{
    Account, DigestSecret, DigestState, Imported, Kept, NewUser, OnConflict, StoreError, User,
};

const COLUMNS: &str = "id, name, display_name, groups, hash, disabled, version, created_unix_secs, changed_unix_secs,
    (SELECT min(realm) FROM digest_secrets WHERE user_id = users.id),
    (SELECT json_group_array(algorithm ORDER BY position) FROM digest_secrets WHERE user_id = users.id)";

pub(super) fn add(
    connection: &Connection,
    user: &NewUser,
    now_unix_secs: i64,
) -> Result<User, StoreError> {
    refuse_name_of_service(connection, &user.name, now_unix_secs)?;
    let inserted = connection
        .prepare_cached(
            "INSERT INTO users (name, display_name, hash, decoy, groups, disabled, created_unix_secs, changed_unix_secs)
             VALUES (:name, :display_name, :hash, :decoy, :groups, :disabled, :now, :now)",
        )?
        .execute(named_params! {
            ":name": user.name,
            ":display_name": user.display_name,
            ":hash": user.hash.as_str(),
            ":decoy": user.hash.decoy().as_str(),
            ":groups": from_list(&user.groups),
            ":disabled": user.disabled,
            ":now": now_unix_secs,
        });
    match inserted {
        Ok(_) => find(connection, &user.name)?.ok_or_else(|| absent(user.name.clone())),
        Err(error) if is_taken(&error) => Err(StoreError::UserExists {
            name: user.name.clone(),
        }),
        Err(error) => Err(error.into()),
    }
}

pub(super) fn import(
    connection: &Connection,
    users: &[NewUser],
    on_conflict: OnConflict,
    now_unix_secs: i64,
) -> Result<Imported, StoreError> {
    let mut imported = Imported::default();
    for user in users {
        match (add(connection, user, now_unix_secs), on_conflict) {
            (Ok(_), _) => imported.added += 1,
            (Err(StoreError::UserExists { .. }), OnConflict::Skip) => imported.skipped += 1,
            (Err(StoreError::UserExists { .. }), OnConflict::Replace) => {
                replace(connection, user, now_unix_secs)?;
                imported.replaced += 1;
            }
            (Err(error), _) => return Err(error),
        }
    }
    Ok(imported)
}

fn replace(connection: &Connection, user: &NewUser, now_unix_secs: i64) -> Result<(), StoreError> {
    let changed = connection
        .prepare_cached(
            "UPDATE users SET display_name = :display_name, hash = :hash, decoy = :decoy, groups = :groups,
                 disabled = :disabled, version = version + 1, changed_unix_secs = :now
             WHERE name = :name",
        )?
        .execute(named_params! {
            ":name": user.name,
            ":display_name": user.display_name,
            ":hash": user.hash.as_str(),
            ":decoy": user.hash.decoy().as_str(),
            ":groups": from_list(&user.groups),
            ":disabled": user.disabled,
            ":now": now_unix_secs,
        })?;
    one_row(changed, user.name.clone())?;
    let id = id(connection, &user.name)?;
    sessions::end_all(connection, id, now_unix_secs)?;
    digest::drop_all(connection, id)
}

pub(super) fn list(
    connection: &Connection,
    after: Option<&str>,
    users_max: u32,
) -> Result<Vec<User>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM users WHERE name > ?1 ORDER BY name LIMIT ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![after.unwrap_or_default(), users_max])?;
    let mut users = Vec::new();
    while let Some(row) = rows.next()? {
        users.push(to_user(row)?);
    }
    Ok(users)
}

pub(super) fn find(connection: &Connection, name: &str) -> Result<Option<User>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM users WHERE name = ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([name])?;
    rows.next()?.map(to_user).transpose()
}

pub(super) fn account(connection: &Connection, name: &str) -> Result<Option<Account>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT id, name, hash, disabled, groups, version, {IS_SECOND_FACTOR_DUE} FROM users WHERE name = ?1"
    ))?;
    let mut rows = statement.query([name])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    Ok(Some(Account {
        id: row.get(0)?,
        name: row.get(1)?,
        hash: to_hash(row.get_ref(2)?.as_str().map_err(|_| malformed())?)?,
        disabled: row.get(3)?,
        groups: to_list(
            row.get_ref(4)?.as_str().map_err(|_| malformed())?,
            Kept::User,
        )?,
        version: row.get(5)?,
        second_factor: row.get(6)?,
    }))
}

pub(super) fn set_disabled(
    connection: &Connection,
    name: Box<str>,
    disabled: bool,
    now_unix_secs: i64,
) -> Result<(), StoreError> {
    let changed = connection
        .prepare_cached(
            "UPDATE users SET disabled = ?2, version = version + 1, changed_unix_secs = ?3 WHERE name = ?1",
        )?
        .execute(params![name, disabled, now_unix_secs])?;
    if disabled && changed == 1 {
        sessions::end_all(connection, id(connection, &name)?, now_unix_secs)?;
    }
    one_row(changed, name)
}

pub(super) fn end_sessions(
    connection: &Connection,
    name: Box<str>,
    now_unix_secs: i64,
) -> Result<u64, StoreError> {
    sessions::end_all(connection, id(connection, &name)?, now_unix_secs)
}

pub(super) fn set_password(
    connection: &Connection,
    name: Box<str>,
    hash: &PasswordHash,
    secrets: &[DigestSecret],
    now_unix_secs: i64,
) -> Result<(), StoreError> {
    let id = id(connection, &name)?;
    let changed = connection
        .prepare_cached(
            "UPDATE users SET hash = ?2, decoy = ?3, version = version + 1, changed_unix_secs = ?4 WHERE name = ?1",
        )?
        .execute(params![name, hash.as_str(), hash.decoy().as_str(), now_unix_secs])?;
    one_row(changed, name)?;
    sessions::end_all(connection, id, now_unix_secs)?;
    digest::replace(connection, id, secrets)
}

pub(super) fn switch_digest_off(
    connection: &Connection,
    name: Box<str>,
    now_unix_secs: i64,
) -> Result<(), StoreError> {
    let id = id(connection, &name)?;
    let changed = connection
        .prepare_cached(
            "UPDATE users SET version = version + 1, changed_unix_secs = ?2 WHERE id = ?1",
        )?
        .execute(params![id, now_unix_secs])?;
    one_row(changed, name)?;
    digest::drop_all(connection, id)
}

pub(super) fn set_groups(
    connection: &Connection,
    name: Box<str>,
    groups: &[Box<str>],
    now_unix_secs: i64,
) -> Result<(), StoreError> {
    let changed = connection
        .prepare_cached(
            "UPDATE users SET groups = ?2, version = version + 1, changed_unix_secs = ?3 WHERE name = ?1",
        )?
        .execute(params![name, from_list(groups), now_unix_secs])?;
    one_row(changed, name)
}

/// Compare and swap. The version stays, for the password does.
pub(super) fn replace_hash(
    connection: &Connection,
    user_id: i64,
    expected: &PasswordHash,
    renewed: &PasswordHash,
) -> Result<bool, StoreError> {
    let changed = connection
        .prepare_cached("UPDATE users SET hash = ?3, decoy = ?4 WHERE id = ?1 AND hash = ?2")?
        .execute(params![
            user_id,
            expected.as_str(),
            renewed.as_str(),
            renewed.decoy().as_str()
        ])?;
    Ok(changed == 1)
}

pub(super) fn delete(
    connection: &Connection,
    name: Box<str>,
    now_unix_secs: i64,
) -> Result<(), StoreError> {
    let id = id(connection, &name)?;
    super::keys::disown(connection, id, now_unix_secs)?;
    connection
        .prepare_cached("DELETE FROM users WHERE id = ?1")?
        .execute([id])?;
    Ok(())
}

fn id(connection: &Connection, name: &str) -> Result<i64, StoreError> {
    let id: Option<i64> = connection
        .prepare_cached("SELECT id FROM users WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?;
    id.ok_or_else(|| absent(name.into()))
}

/// A key of a service by this name would pass for the user.
fn refuse_name_of_service(
    connection: &Connection,
    name: &str,
    now_unix_secs: i64,
) -> Result<(), StoreError> {
    let is_service = connection
        .prepare_cached(
            "SELECT 1 FROM api_keys WHERE owner = ?1 AND owner_kind = 'service'
                 AND (revoked_unix_secs IS NULL OR revoked_unix_secs > ?2) LIMIT 1",
        )?
        .exists(params![name, now_unix_secs])?;
    if is_service {
        return Err(StoreError::NameOfService { name: name.into() });
    }
    Ok(())
}

fn to_user(row: &Row<'_>) -> Result<User, StoreError> {
    let text = |column| row.get_ref(column)?.as_str().map_err(|_| malformed());
    let hash = to_hash(text(4)?)?;
    Ok(User {
        id: row.get(0)?,
        name: row.get(1)?,
        display_name: row.get(2)?,
        groups: to_list(text(3)?, Kept::User)?,
        hash_kind: hash.kind(),
        // What matches nothing is its own decoy.
        has_password: hash.decoy().as_str() != hash.as_str(),
        digest: match row.get(9)? {
            Some(realm) => Some(DigestState {
                realm,
                algorithms: to_list(text(10)?, Kept::User)?,
            }),
            None => None,
        },
        disabled: row.get(5)?,
        version: row.get(6)?,
        created_unix_secs: row.get(7)?,
        changed_unix_secs: row.get(8)?,
    })
}

fn one_row(changed: usize, name: Box<str>) -> Result<(), StoreError> {
    if changed == 1 {
        Ok(())
    } else {
        Err(absent(name))
    }
}

const fn absent(name: Box<str>) -> StoreError {
    StoreError::UserAbsent { name }
}

const fn malformed() -> StoreError {
    StoreError::Malformed { record: Kept::User }
}

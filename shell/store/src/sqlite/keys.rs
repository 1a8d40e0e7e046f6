//! API keys in SQL.
//!
//! Knows the table and its names. Every function runs within the caller's transaction.

use countersign_secret::api_key::{KeyDigest, KeyId};
use ipnet::IpNet;
use rusqlite::{Connection, OptionalExtension as _, Row, named_params, params};

use super::columns::{from_list, is_taken, to_key_id, to_list};
use crate::{Kept, Key, KeyEdit, KeyList, KeyRecord, NewKey, Owner, Rotation, StoreError};

pub(super) const COLUMNS: &str = "id, owner_kind, owner, label, scopes, networks, created_unix_secs, expires_unix_secs, revoked_unix_secs, replaced_by, last_used_unix_secs, own";

/// The look-up of a request: both tables by their primary keys.
pub(super) const RECORD: &str =
    "SELECT k.digest, k.owner_kind, k.owner, k.scopes, k.networks, k.expires_unix_secs,
         k.revoked_unix_secs, u.disabled, u.groups, k.own
     FROM api_keys k LEFT JOIN users u ON u.id = k.user_id
     WHERE k.id = ?1";

pub(super) fn create(
    connection: &Connection,
    key: &NewKey,
    now_unix_secs: i64,
) -> Result<Key, StoreError> {
    let user_id = user_id_of(connection, &key.owner)?;
    let inserted = connection
        .prepare_cached(
            "INSERT INTO api_keys (id, digest, user_id, owner, owner_kind, label, scopes, networks,
                 created_unix_secs, expires_unix_secs)
             VALUES (:id, :digest, :user_id, :owner, :owner_kind, :label, :scopes, :networks, :now, :expires)",
        )?
        .execute(named_params! {
            ":id": key.id.as_str(),
            ":digest": key.digest.0,
            ":user_id": user_id,
            ":owner": key.owner.name(),
            ":owner_kind": match key.owner { Owner::User(_) => "user", Owner::Service(_) => "service" },
            ":label": key.label,
            ":scopes": from_list(&key.scopes),
            ":networks": from_list(&key.networks),
            ":now": now_unix_secs,
            ":expires": key.expires_unix_secs,
        });
    match inserted {
        Ok(_) => present(connection, &key.id),
        Err(error) if is_taken(&error) => Err(StoreError::KeyExists { id: key.id.clone() }),
        Err(error) => Err(error.into()),
    }
}

/// The id of a user, who must exist; nothing for a service, whose name must be no user's.
fn user_id_of(connection: &Connection, owner: &Owner) -> Result<Option<i64>, StoreError> {
    let id: Option<i64> = connection
        .prepare_cached("SELECT id FROM users WHERE name = ?1")?
        .query_row([owner.name()], |row| row.get(0))
        .optional()?;
    match (owner, id) {
        (Owner::User(_), Some(id)) => Ok(Some(id)),
        (Owner::User(name), None) => Err(StoreError::UserAbsent { name: name.clone() }),
        (Owner::Service(name), Some(_)) => Err(StoreError::NameOfUser { name: name.clone() }),
        (Owner::Service(_), None) => Ok(None),
    }
}

pub(super) fn list(connection: &Connection, list: &KeyList) -> Result<Vec<Key>, StoreError> {
    let of_owner = if list.owner.is_some() {
        "owner = ?3 AND"
    } else {
        "?3 IS NULL AND"
    };
    let sql =
        format!("SELECT {COLUMNS} FROM api_keys WHERE {of_owner} id > ?1 ORDER BY id LIMIT ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    let after = list.after.as_ref().map_or("", KeyId::as_str);
    let mut rows = statement.query(params![after, list.keys_max, list.owner])?;
    let mut keys = Vec::new();
    while let Some(row) = rows.next()? {
        keys.push(to_key(row)?);
    }
    Ok(keys)
}

pub(super) fn find(connection: &Connection, id: &KeyId) -> Result<Option<Key>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM api_keys WHERE id = ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([id.as_str()])?;
    rows.next()?.map(to_key).transpose()
}

pub(super) fn revoke(
    connection: &Connection,
    id: &KeyId,
    now_unix_secs: i64,
) -> Result<(), StoreError> {
    let changed = revoke_from(connection, id, now_unix_secs)?;
    if changed == 0 {
        // Nothing to change, or nothing there.
        present(connection, id)?;
    }
    Ok(())
}

/// What is revoked stays as it is: its record says what it was when it was taken last.
pub(super) fn edit(connection: &Connection, id: &KeyId, edit: &KeyEdit) -> Result<Key, StoreError> {
    let old = present(connection, id)?;
    if old.revoked_unix_secs.is_some() {
        return Err(StoreError::KeyRevoked { id: old.id });
    }
    let scopes = edit.scopes.as_ref().unwrap_or(&old.scopes);
    let networks = edit.networks.as_ref().unwrap_or(&old.networks);
    connection
        .prepare_cached(
            "UPDATE api_keys SET label = :label, scopes = :scopes, networks = :networks, expires_unix_secs = :expires,
                 own = :own
             WHERE id = :id",
        )?
        .execute(named_params! {
            ":id": id.as_str(),
            ":label": edit.label.as_ref().unwrap_or(&old.label),
            ":scopes": from_list(scopes),
            ":networks": from_list(networks),
            ":expires": edit.expires_unix_secs.unwrap_or(old.expires_unix_secs),
            ":own": old.own && edit.scopes.is_none(),
        })?;
    present(connection, id)
}

/// Never later than it is revoked already.
pub(super) fn revoke_from(
    connection: &Connection,
    id: &KeyId,
    unix_secs: i64,
) -> Result<usize, StoreError> {
    Ok(connection
        .prepare_cached(
            "UPDATE api_keys SET revoked_unix_secs = ?2
             WHERE id = ?1 AND (revoked_unix_secs IS NULL OR revoked_unix_secs > ?2)",
        )?
        .execute(params![id.as_str(), unix_secs])?)
}

/// Revokes the keys of a user who is about to be deleted, and takes the user out of them.
pub(super) fn disown(
    connection: &Connection,
    user_id: i64,
    now_unix_secs: i64,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE api_keys SET user_id = NULL, revoked_unix_secs = min(coalesce(revoked_unix_secs, ?2), ?2)
             WHERE user_id = ?1",
        )?
        .execute(params![user_id, now_unix_secs])?;
    Ok(())
}

pub(super) fn rotate(
    connection: &Connection,
    rotation: &Rotation,
    now_unix_secs: i64,
) -> Result<Key, StoreError> {
    let old = present(connection, &rotation.old)?;
    if old.revoked_unix_secs.is_some() {
        return Err(StoreError::KeyRevoked { id: old.id });
    }
    let lifetime_secs = old
        .expires_unix_secs
        .map(|expires| expires.saturating_sub(old.created_unix_secs));
    let new = NewKey {
        id: rotation.id.clone(),
        digest: rotation.digest.clone(),
        owner: old.owner,
        label: old.label,
        scopes: old.scopes,
        expires_unix_secs: lifetime_secs.map(|secs| now_unix_secs.saturating_add(secs)),
        networks: old.networks,
    };
    let made = create(connection, &new, now_unix_secs)?;
    let end_unix_secs = now_unix_secs.saturating_add(i64::from(rotation.grace_secs));
    revoke_from(connection, &old.id, end_unix_secs)?;
    connection
        .prepare_cached("UPDATE api_keys SET replaced_by = ?2 WHERE id = ?1")?
        .execute([old.id.as_str(), rotation.id.as_str()])?;
    if old.own {
        // The new one can do what the old one could, and nothing beyond.
        mark_own(connection, &made.id)?;
    }
    present(connection, &made.id)
}

/// Notes that a key is of its user's own making.
pub(super) fn mark_own(connection: &Connection, id: &KeyId) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE api_keys SET own = 1 WHERE id = ?1")?
        .execute([id.as_str()])?;
    Ok(())
}

pub(super) fn record(connection: &Connection, id: &KeyId) -> Result<Option<KeyRecord>, StoreError> {
    let mut statement = connection.prepare_cached(RECORD)?;
    let mut rows = statement.query([id.as_str()])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let owner = to_owner(row, 1)?;
    let disabled: Option<bool> = row.get(7)?;
    let owner_disabled = match owner {
        // Without a row the user is gone.
        Owner::User(_) => disabled.unwrap_or(true),
        Owner::Service(_) => false,
    };
    let groups: Option<Box<str>> = row.get(8)?;
    Ok(Some(KeyRecord {
        id: id.clone(),
        digest: KeyDigest(row.get(0).map_err(|_| malformed())?),
        owner,
        owner_disabled,
        groups: groups.map_or(Ok(Vec::new()), |groups| to_list(&groups, Kept::User))?,
        scopes: to_list(text(row, 3)?, Kept::Key)?,
        networks: to_networks(text(row, 4)?)?,
        expires_unix_secs: row.get(5)?,
        revoked_unix_secs: row.get(6)?,
        own: row.get(9)?,
    }))
}

pub(super) fn note_uses(connection: &Connection, uses: &[(KeyId, i64)]) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "UPDATE api_keys SET last_used_unix_secs = ?2
         WHERE id = ?1 AND (last_used_unix_secs IS NULL OR last_used_unix_secs < ?2)",
    )?;
    for (id, used_unix_secs) in uses {
        statement.execute(params![id.as_str(), used_unix_secs])?;
    }
    Ok(())
}

pub(super) fn present(connection: &Connection, id: &KeyId) -> Result<Key, StoreError> {
    find(connection, id)?.ok_or_else(|| StoreError::KeyAbsent { id: id.clone() })
}

pub(super) fn to_key(row: &Row<'_>) -> Result<Key, StoreError> {
    let replaced_by: Option<Box<str>> = row.get(9)?;
    Ok(Key {
        id: to_key_id(text(row, 0)?)?,
        owner: to_owner(row, 1)?,
        label: row.get(3)?,
        scopes: to_list(text(row, 4)?, Kept::Key)?,
        networks: to_networks(text(row, 5)?)?,
        created_unix_secs: row.get(6)?,
        expires_unix_secs: row.get(7)?,
        revoked_unix_secs: row.get(8)?,
        replaced_by: replaced_by.map(|id| to_key_id(&id)).transpose()?,
        last_used_unix_secs: row.get(10)?,
        own: row.get(11)?,
    })
}

/// The kind of the owner, and in the next column the name.
fn to_owner(row: &Row<'_>, column: usize) -> Result<Owner, StoreError> {
    let name = row.get(column + 1)?;
    match text(row, column)? {
        "user" => Ok(Owner::User(name)),
        "service" => Ok(Owner::Service(name)),
        _ => Err(malformed()),
    }
}

fn to_networks(text: &str) -> Result<Vec<IpNet>, StoreError> {
    let networks = to_list(text, Kept::Key)?;
    let networks = networks.iter().map(|network| network.parse());
    networks.collect::<Result<_, _>>().map_err(|_| malformed())
}

fn text<'r>(row: &'r Row<'_>, column: usize) -> Result<&'r str, StoreError> {
    row.get_ref(column)?.as_str().map_err(|_| malformed())
}

const fn malformed() -> StoreError {
    StoreError::Malformed { record: Kept::Key }
}

//! The secrets of Digest in SQL.
//!
//! Knows the table. Every function runs within the caller's transaction.

use countersign_secret::Secret;
use countersign_secret::password::PasswordHash;
use rusqlite::{Connection, OptionalExtension as _, named_params, params};

use super::columns::to_list;
use super::second_factors::IS_SECOND_FACTOR_DUE;
use crate::{DigestAccount, DigestName, DigestSecret, Kept, StoreError};

/// Replaces what a user has by these secrets.
pub(super) fn replace(
    connection: &Connection,
    user_id: i64,
    secrets: &[DigestSecret],
) -> Result<(), StoreError> {
    drop_all(connection, user_id)?;
    let mut insert = connection.prepare_cached(
        "INSERT INTO digest_secrets (algorithm, realm, user_id, position, secret, user_hash)
         VALUES (:algorithm, :realm, :user_id, :position, :secret, :user_hash)",
    )?;
    for (position, secret) in (0_i64..).zip(secrets) {
        insert.execute(named_params! {
            ":algorithm": secret.algorithm,
            ":realm": secret.realm,
            ":user_id": user_id,
            ":position": position,
            ":secret": secret.secret.expose(),
            ":user_hash": secret.user_hash,
        })?;
    }
    Ok(())
}

/// Drops what a user has: it is of a password that is no longer the user's.
pub(super) fn drop_all(connection: &Connection, user_id: i64) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM digest_secrets WHERE user_id = ?1")?
        .execute([user_id])?;
    Ok(())
}

/// Compare and swap: the secrets are of the password that this hash is of.
pub(super) fn set(
    connection: &Connection,
    user_id: i64,
    expected: &PasswordHash,
    secrets: &[DigestSecret],
    now_unix_secs: i64,
) -> Result<bool, StoreError> {
    let changed = connection
        .prepare_cached(
            "UPDATE users SET version = version + 1, changed_unix_secs = ?3 WHERE id = ?1 AND hash = ?2",
        )?
        .execute(params![user_id, expected.as_str(), now_unix_secs])?;
    if changed == 1 {
        replace(connection, user_id, secrets)?;
    }
    Ok(changed == 1)
}

/// What a sign-in needs.
///
/// The same look-ups are made for a name that is not there as for one that is, and a record is read to its end for both:
/// for the one it is that of somebody else, and left unused.
pub(super) fn account(
    connection: &Connection,
    name: DigestName<'_>,
    realm: &str,
    algorithm: &str,
) -> Result<Option<DigestAccount>, StoreError> {
    let found = user_id(connection, name, realm, algorithm)?;
    let stand_in: Option<i64> = connection
        .prepare_cached(
            "SELECT min(user_id) FROM digest_secrets WHERE algorithm = ?1 AND realm = ?2",
        )?
        .query_row(params![algorithm, realm], |row| row.get(0))?;
    let mut statement = connection.prepare_cached(&format!(
        "SELECT users.name, secret, disabled, groups, {IS_SECOND_FACTOR_DUE}
         FROM digest_secrets JOIN users ON users.id = user_id
         WHERE algorithm = ?1 AND realm = ?2 AND user_id = ?3"
    ))?;
    let mut rows = statement.query(params![algorithm, realm, found.or(stand_in)])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let malformed = || StoreError::Malformed { record: Kept::User };
    let groups = row.get_ref(3)?.as_str().map_err(|_| malformed())?;
    let account = DigestAccount {
        name: row.get(0)?,
        secret: Secret::new(row.get(1)?),
        disabled: row.get(2)?,
        groups: to_list(groups, Kept::User)?,
        second_factor: row.get(4)?,
    };
    Ok(found.map(|_| account))
}

fn user_id(
    connection: &Connection,
    name: DigestName<'_>,
    realm: &str,
    algorithm: &str,
) -> Result<Option<i64>, StoreError> {
    let (sql, name) = match name {
        DigestName::Plain(name) => (
            "SELECT user_id FROM users JOIN digest_secrets ON user_id = users.id
             WHERE users.name = ?1 AND algorithm = ?2 AND realm = ?3",
            name,
        ),
        DigestName::Hashed(hash) => (
            "SELECT user_id FROM digest_secrets WHERE user_hash = ?1 AND algorithm = ?2 AND realm = ?3",
            hash,
        ),
    };
    let found = connection
        .prepare_cached(sql)?
        .query_row(params![name, algorithm, realm], |row| row.get(0));
    Ok(found.optional()?)
}

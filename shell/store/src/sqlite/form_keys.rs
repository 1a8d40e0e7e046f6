//! Keys of forms in SQL, one generation after the other.
//!
//! Knows the table. Does not know what is sealed with a key, nor for how long that holds: a generation is kept for longer.

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use countersign_secret::Secret;
use rusqlite::{Connection, params};

use crate::{EngineError, FormKeyRecord, Kept, StoreError};

/// How long a generation is kept once another has taken its place.
const FORMER_KEPT_SECS: i64 = 24 * 60 * 60;

/// The most generations that are kept, so that nobody who rotates in a loop fills the table.
const KEPT_MAX: i64 = 16;

/// The first key, drawn by whichever process comes first.
pub(super) fn begin(connection: &Connection) -> Result<(), StoreError> {
    let key = draw()?;
    connection.execute(
        "INSERT INTO form_keys (generation, key, made_unix_secs) SELECT 1, ?1, 0
         WHERE NOT EXISTS (SELECT 1 FROM form_keys)",
        [key.expose()],
    )?;
    Ok(())
}

/// Every generation that is kept, the newest first.
pub(super) fn all(connection: &Connection) -> Result<Vec<FormKeyRecord>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT key, made_unix_secs FROM form_keys ORDER BY generation DESC")?;
    let mut rows = statement.query([])?;
    let mut keys = Vec::new();
    while let Some(row) = rows.next()? {
        let key = Secret::new(row.get::<_, Vec<u8>>(0)?);
        let key = <[u8; 32]>::try_from(key.expose().as_slice());
        keys.push(FormKeyRecord {
            key: key
                .map(Secret::new)
                .map_err(|_| StoreError::Malformed { record: Kept::Meta })?,
            made_unix_secs: row.get(1)?,
        });
    }
    Ok(keys)
}

/// Another key in the place of the newest, and an end to those that were replaced long ago.
pub(super) fn rotate(connection: &Connection, now_unix_secs: i64) -> Result<(), StoreError> {
    let key = draw()?;
    connection.execute(
        "INSERT INTO form_keys (generation, key, made_unix_secs)
         SELECT coalesce(max(generation), 0) + 1, ?1, ?2 FROM form_keys",
        params![key.expose(), now_unix_secs],
    )?;
    connection.execute(
        "DELETE FROM form_keys WHERE generation < (
             SELECT max(generation) FROM form_keys WHERE made_unix_secs <= ?1
         ) OR generation <= (SELECT max(generation) FROM form_keys) - ?2",
        params![now_unix_secs.saturating_sub(FORMER_KEPT_SECS), KEPT_MAX],
    )?;
    Ok(())
}

fn draw() -> Result<Secret<[u8; 32]>, StoreError> {
    let mut random = [0; 32];
    SystemRandom::new()
        .fill(&mut random)
        .map_err(|error| StoreError::Engine(EngineError::new(error)))?;
    Ok(Secret::new(random))
}

//! The forms that the database has had, and the way from each to the next.
//!
//! Knows files and checksums. Does not know what is in the tables.

use std::fmt::Write as _;
use std::path::Path;

use aws_lc_rs::digest::{SHA256, digest};
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::StoreError;

/// Marks the file as ours: "CSGd".
const APPLICATION_ID: i64 = 0x4353_4764;

/// One step. What was released is never changed: its checksum is in the databases.
pub(super) struct Migration {
    pub(super) version: u32,
    pub(super) name: &'static str,
    pub(super) sql: &'static str,
}

/// All steps in order.
pub(super) const ALL: &[Migration] = &[
    Migration {
        version: 1,
        name: "begin",
        sql: include_str!("../../migrations/0001_begin.sql"),
    },
    Migration {
        version: 2,
        name: "brakes",
        sql: include_str!("../../migrations/0002_brakes.sql"),
    },
    Migration {
        version: 3,
        name: "digest",
        sql: include_str!("../../migrations/0003_digest.sql"),
    },
    Migration {
        version: 4,
        name: "sessions",
        sql: include_str!("../../migrations/0004_sessions.sql"),
    },
    Migration {
        version: 5,
        name: "refusal_who",
        sql: include_str!("../../migrations/0005_refusal_who.sql"),
    },
    Migration {
        version: 6,
        name: "second_factors",
        sql: include_str!("../../migrations/0006_second_factors.sql"),
    },
    Migration {
        version: 7,
        name: "form_keys",
        sql: include_str!("../../migrations/0007_form_keys.sql"),
    },
    Migration {
        version: 8,
        name: "passkeys",
        sql: include_str!("../../migrations/0008_passkeys.sql"),
    },
    Migration {
        version: 9,
        name: "links",
        sql: include_str!("../../migrations/0009_links.sql"),
    },
    Migration {
        version: 10,
        name: "acts",
        sql: include_str!("../../migrations/0010_acts.sql"),
    },
    Migration {
        version: 11,
        name: "account",
        sql: include_str!("../../migrations/0011_account.sql"),
    },
    Migration {
        version: 12,
        name: "acts_by_whom",
        sql: include_str!("../../migrations/0012_acts_by_whom.sql"),
    },
];

/// Applies the steps that are missing, each in a transaction of its own. Several processes can do so at once.
pub(super) fn apply(
    connection: &Connection,
    migrations: &[Migration],
    path: &Path,
) -> Result<(), StoreError> {
    in_transaction(connection, || claim(connection, path))?;
    let known = migrations.last().map_or(0, |migration| migration.version);
    let found = form(connection)?;
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    migrations
        .iter()
        .try_for_each(|migration| in_transaction(connection, || step(connection, migration)))
}

/// Whether a database is ours, and in a form that this version knows. Changes nothing.
pub(super) fn check(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let id: i64 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    if id != APPLICATION_ID {
        return Err(StoreError::Foreign {
            path: path.to_owned(),
        });
    }
    let known = ALL.last().map_or(0, |migration| migration.version);
    let found = form(connection)?;
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    Ok(())
}

/// The form that a database of ours has.
pub(super) fn form(connection: &Connection) -> Result<u32, StoreError> {
    let sql = "SELECT coalesce(max(version), 0) FROM migrations";
    Ok(connection.query_row(sql, [], |row| row.get(0))?)
}

/// Makes an empty file ours, and refuses a file of another program.
fn claim(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let number = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    if number("PRAGMA application_id")? == APPLICATION_ID {
        return Ok(());
    }
    if number("SELECT count(*) FROM sqlite_schema")? > 0 {
        return Err(StoreError::Foreign {
            path: path.to_owned(),
        });
    }
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.execute_batch(
        "CREATE TABLE migrations (
             version INTEGER PRIMARY KEY,
             name TEXT NOT NULL,
             checksum TEXT NOT NULL
         ) STRICT;",
    )?;
    Ok(())
}

fn step(connection: &Connection, migration: &Migration) -> Result<(), StoreError> {
    let checksum = checksum(migration.sql);
    let applied: Option<String> = connection
        .query_row(
            "SELECT checksum FROM migrations WHERE version = ?1",
            [migration.version],
            |row| row.get(0),
        )
        .optional()?;
    match applied {
        Some(applied) if applied == checksum => Ok(()),
        Some(_) => Err(StoreError::MigrationChanged {
            version: migration.version,
            name: migration.name,
        }),
        None => {
            connection.execute_batch(migration.sql)?;
            connection.execute(
                "INSERT INTO migrations (version, name, checksum) VALUES (?1, ?2, ?3)",
                params![migration.version, migration.name, checksum],
            )?;
            Ok(())
        }
    }
}

fn in_transaction(
    connection: &Connection,
    work: impl FnOnce() -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    // IMMEDIATE: what is read in the transaction is still so when it writes.
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let outcome = work().and_then(|()| Ok(connection.execute_batch("COMMIT")?));
    if outcome.is_err() && !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK")?;
    }
    outcome
}

fn checksum(sql: &str) -> String {
    hexadecimal(digest(&SHA256, sql.as_bytes()).as_ref())
}

/// Bytes in hexadecimal.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

//! How a connection to the file is opened.
//!
//! Knows the pragmas and their reasons. Does not know any table.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::{EngineError, StoreError};

/// How long a change waits for another process to let the database go.
const WRITE_BUSY_MILLIS: u64 = 5_000;

/// How long a look-up waits. In WAL mode it has to only while another process recovers after a crash.
const READ_BUSY_MILLIS: u64 = 1_000;

/// How often the switch to WAL mode is tried, and how long between.
const WAL_ATTEMPTS: u32 = 500;
const WAL_PAUSE_MILLIS: u64 = 10;

const STATEMENTS_CACHED: usize = 32;

/// A connection for changes; creates the file.
pub(super) fn create(path: &Path) -> Result<Connection, StoreError> {
    create_file(path)?;
    let connection = open(path, WRITE_BUSY_MILLIS)?;
    switch_to_wal(&connection)?;
    // FULL: a commit is on the disk before it is acknowledged, also where the power fails.
    connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")?;
    Ok(connection)
}

/// A connection for look-ups. The file is there.
pub(super) fn open_for_reading(path: &Path) -> Result<Connection, StoreError> {
    let connection = open(path, READ_BUSY_MILLIS)?;
    connection.execute_batch("PRAGMA query_only = ON;")?;
    Ok(connection)
}

fn open(path: &Path, busy_millis: u64) -> Result<Connection, StoreError> {
    // Without SQLITE_OPEN_URI: a path that begins with `file:` is a path. Without a mutex: the type system
    // sees to it that one thread at a time has the connection.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(path, flags).map_err(|error| StoreError::Open {
            path: path.to_owned(),
            source: EngineError::new(error),
        })?;
    connection.busy_timeout(Duration::from_millis(busy_millis))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    connection.execute_batch("PRAGMA trusted_schema = OFF;")?;
    Ok(connection)
}

/// SQLite gives its -wal and -shm files the mode of this one.
fn create_file(path: &Path) -> Result<(), StoreError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(StoreError::Open {
            path: path.to_owned(),
            source: EngineError::new(error),
        }),
    }
}

/// The switch wants the file for itself, and does not wait for it by the busy timeout in every case.
fn switch_to_wal(connection: &Connection) -> Result<(), StoreError> {
    let mut attempts_left = WAL_ATTEMPTS;
    loop {
        let switched = connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()));
        match switched.map_err(StoreError::from) {
            Err(StoreError::Busy) if attempts_left > 0 => {
                attempts_left -= 1;
                std::thread::sleep(Duration::from_millis(WAL_PAUSE_MILLIS));
            }
            outcome => return outcome,
        }
    }
}

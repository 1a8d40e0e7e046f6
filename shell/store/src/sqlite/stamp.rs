//! Whether users or keys were changed by anybody.
//!
//! Knows the counter that the triggers of the tables raise, and how to ask for it at the price of a look into
//! shared memory.

use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;

use crate::StoreError;

pub(super) struct Stamp(Mutex<Seen>);

struct Seen {
    connection: Connection,
    /// SQLite's own mark of the last commit by another connection, and the counter as it was then.
    last: Option<(i64, u64)>,
}

impl Stamp {
    /// The connection is for this alone: the mark is about commits of *other* connections.
    pub(super) const fn new(connection: Connection) -> Self {
        Self(Mutex::new(Seen {
            connection,
            last: None,
        }))
    }

    pub(super) fn read(&self) -> Result<u64, StoreError> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mark: i64 = seen
            .connection
            .prepare_cached("PRAGMA data_version")?
            .query_row([], |row| row.get(0))?;
        if let Some((_, counter)) = seen.last.filter(|(last, _)| *last == mark) {
            return Ok(counter);
        }
        // Read after the mark: a commit in between is seen now, and once more by the next call.
        let counter: i64 = seen
            .connection
            .prepare_cached("SELECT credentials FROM changes")?
            .query_row([], |row| row.get(0))?;
        let counter = counter.cast_unsigned();
        seen.last = Some((mark, counter));
        Ok(counter)
    }
}

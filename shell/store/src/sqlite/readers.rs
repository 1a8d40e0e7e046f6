//! The connections that look-ups run on.
//!
//! Knows that a look-up is short and runs on the thread that asks. So there are as many connections as there
//! are threads that ask at the same moment, and they are kept.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;

use super::connection;
use crate::StoreError;

/// How many connections are kept for the next look-up.
const KEPT_MAX: usize = 32;

pub(super) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(super) const fn new(path: PathBuf) -> Self {
        Self {
            path,
            idle: Mutex::new(Vec::new()),
        }
    }

    /// Looks something up. The connection goes back when that is done.
    pub(super) fn with<T>(
        &self,
        look: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let idle = self.idle().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => connection::open_for_reading(&self.path)?,
        };
        let outcome = look(&connection);
        let mut idle = self.idle();
        if idle.len() < KEPT_MAX {
            idle.push(connection);
        }
        outcome
    }

    /// Reads a part of each table that decides, by a connection that has nothing of it in memory.
    pub(super) fn read_anew(&self) -> Result<(), StoreError> {
        let connection = connection::open_for_reading(&self.path)?;
        for table in ["changes", "users", "api_keys", "sessions"] {
            let sql = format!("SELECT count(*) FROM (SELECT * FROM {table} LIMIT 1)");
            connection.query_row(&sql, [], |_| Ok(()))?;
        }
        Ok(())
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        // A panic elsewhere leaves a list of connections that is as good as before.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! The one thread that changes the database.
//!
//! Knows transactions: all changes that wait are put into one, for a commit costs a write to the disk however
//! much is in it. Each change is wrapped in a savepoint, so that one that fails takes nothing of the others
//! with it. Does not know what the changes are.

use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::{EngineError, StoreError};

/// How many changes one transaction holds at most.
const BATCH_MAX: usize = 256;

/// How many changes can wait; whoever comes then waits to be let in.
const QUEUE_MAX: usize = 1024;

pub(super) struct Writer {
    queue: Option<mpsc::Sender<Box<dyn Change>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(connection: Connection) -> Result<Self, StoreError> {
        let (queue, waiting) = mpsc::channel(QUEUE_MAX);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || serve(&connection, waiting))
            .map_err(|error| StoreError::Engine(EngineError::new(error)))?;
        Ok(Self {
            queue: Some(queue),
            thread: Some(thread),
        })
    }

    /// Does the work in a transaction and answers once that is committed.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let change = Pending {
            work: Some(work),
            outcome: None,
            answer,
        };
        let queue = self.queue.as_ref().ok_or(StoreError::Closed)?;
        queue
            .send(Box::new(change))
            .await
            .map_err(|_| StoreError::Closed)?;
        answered.await.map_err(|_| StoreError::Closed)?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Without a sender the thread ends when it has done what waits.
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A change on its way through the thread.
trait Change: Send {
    /// Does the work. `false` if it has failed and is to be undone.
    fn run(&mut self, connection: &Connection) -> bool;
    /// Lets it fail without having run.
    fn fail(&mut self, error: StoreError);
    /// Gives the answer: the outcome of the work, unless that was lost.
    fn settle(self: Box<Self>, lost: Option<StoreError>);
}

struct Pending<T, F> {
    work: Option<F>,
    outcome: Option<Result<T, StoreError>>,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Change for Pending<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T, StoreError> + Send,
{
    fn run(&mut self, connection: &Connection) -> bool {
        let outcome = self
            .work
            .take()
            .map_or(Err(StoreError::Closed), |work| work(connection));
        let succeeded = outcome.is_ok();
        self.outcome = Some(outcome);
        succeeded
    }

    fn fail(&mut self, error: StoreError) {
        self.outcome = Some(Err(error));
    }

    fn settle(self: Box<Self>, lost: Option<StoreError>) {
        let outcome = match lost {
            Some(lost) => Err(lost),
            None => self.outcome.unwrap_or(Err(StoreError::Closed)),
        };
        // Nobody may wait for it any more.
        let _ = self.answer.send(outcome);
    }
}

fn serve(connection: &Connection, mut waiting: mpsc::Receiver<Box<dyn Change>>) {
    while let Some(first) = waiting.blocking_recv() {
        commit_group(connection, first, &mut waiting);
    }
}

/// Commits the first change and those that wait behind it as one.
fn commit_group(
    connection: &Connection,
    first: Box<dyn Change>,
    waiting: &mut mpsc::Receiver<Box<dyn Change>>,
) {
    if !connection.is_autocommit() {
        // The last group could not even be rolled back.
        let _ = connection.execute_batch("ROLLBACK");
    }
    // IMMEDIATE: waits for other processes here, and nowhere later.
    if let Err(error) = connection.execute_batch("BEGIN IMMEDIATE") {
        // Those behind it would wait as long, one after the other. They are taken before the first is told,
        // for who comes after that has a chance of its own.
        let behind: Vec<_> = std::iter::from_fn(|| waiting.try_recv().ok()).collect();
        for change in std::iter::once(first).chain(behind) {
            change.settle(Some(again(&error)));
        }
        return;
    }
    let mut group: Vec<Box<dyn Change>> = Vec::new();
    let mut next = Some(first);
    while let Some(mut change) = next.take() {
        run_in_savepoint(connection, change.as_mut());
        if connection.is_autocommit() {
            // SQLite has rolled back the whole transaction: the disk is full, or worse.
            for lost in group.drain(..) {
                lost.settle(Some(StoreError::Engine(EngineError::new(Undone))));
            }
            change.settle(None);
            return;
        }
        group.push(change);
        if group.len() < BATCH_MAX {
            next = waiting.try_recv().ok();
        }
    }
    let committed = connection.execute_batch("COMMIT");
    if committed.is_err() && !connection.is_autocommit() {
        let _ = connection.execute_batch("ROLLBACK");
    }
    for change in group {
        change.settle(committed.as_ref().err().map(again));
    }
}

fn run_in_savepoint(connection: &Connection, change: &mut dyn Change) {
    if let Err(error) = connection.execute_batch("SAVEPOINT change") {
        change.fail(error.into());
        return;
    }
    let end = if change.run(connection) {
        "RELEASE change"
    } else {
        "ROLLBACK TO change; RELEASE change"
    };
    if let Err(error) = connection.execute_batch(end) {
        // A savepoint that cannot be ended is not to be committed with the others.
        let _ = connection.execute_batch("ROLLBACK");
        change.fail(error.into());
    }
}

/// One error for each of many changes.
fn again(error: &rusqlite::Error) -> StoreError {
    let code = error
        .sqlite_error()
        .copied()
        .unwrap_or(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_ERROR));
    rusqlite::Error::SqliteFailure(code, None).into()
}

#[derive(Debug)]
struct Undone;

impl std::fmt::Display for Undone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the transaction was rolled back")
    }
}

impl std::error::Error for Undone {}

//! How the process is doing: everything that its figures and its readiness are read from.
//!
//! Knows: where each of them is. Does not know how they are shown. It reads, and changes nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};

use countersign_store::Changes;

use super::figures::Figures;
use super::log::Log;
use super::traces::Traces;
use crate::clock::unix_secs;
use crate::current::Current;
use crate::line::{Brakes, HashPool};
use crate::worker::Shared;

/// What the admin listener looks at.
pub(crate) struct State {
    pub(crate) workers: Vec<Arc<Figures>>,
    pub(crate) log: Log,
    pub(crate) started_unix_secs: i64,
    shared: Shared,
    connections: Arc<AtomicUsize>,
    exports: Exports,
}

impl State {
    pub(crate) fn new(
        workers: Vec<Arc<Figures>>,
        shared: &Shared,
        connections: Arc<AtomicUsize>,
        log: &Log,
    ) -> Arc<Self> {
        Arc::new(Self {
            workers,
            log: log.clone(),
            started_unix_secs: unix_secs(),
            shared: shared.clone(),
            connections,
            exports: Exports::default(),
        })
    }

    pub(crate) fn current(&self) -> Arc<Current> {
        self.shared.current.load_full()
    }

    pub(crate) fn hashes(&self) -> &HashPool {
        &self.shared.hashes
    }

    pub(crate) fn brakes(&self) -> &Brakes {
        &self.shared.brakes
    }

    pub(crate) fn reloads(&self) -> &Reloads {
        &self.shared.reloads
    }

    pub(crate) fn connections_open(&self) -> i64 {
        i64::try_from(self.connections.load(Ordering::Relaxed)).unwrap_or(i64::MAX)
    }

    pub(crate) fn store_changes(&self) -> Changes {
        self.shared.store.changes()
    }

    /// Spans that the collector took and did not take; `None` where there is no collector.
    pub(crate) fn spans(&self) -> Option<(u64, u64)> {
        self.shared.traces.as_ref().map(Traces::counts)
    }

    /// What became of figures that were posted.
    pub(crate) const fn exports(&self) -> &Exports {
        &self.exports
    }

    pub(crate) fn store_answers(&self) -> bool {
        self.shared.store_answers.load(Ordering::Relaxed)
    }
}

/// Posts of figures to their collector.
#[derive(Default)]
pub(crate) struct Exports {
    taken: AtomicU64,
    not_taken: AtomicU64,
}

impl Exports {
    pub(crate) fn count(&self, taken: bool) {
        let count = if taken { &self.taken } else { &self.not_taken };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// Those that were taken, and those that were not.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (read(&self.taken), read(&self.not_taken))
    }
}

/// What came of configurations.
pub(crate) struct Reloads {
    taken: AtomicU64,
    refused: AtomicU64,
    last_was_taken: AtomicBool,
    loaded_unix_secs: AtomicI64,
}

impl Reloads {
    /// The first configuration was taken.
    pub(crate) const fn new(now_unix_secs: i64) -> Self {
        Self {
            taken: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            last_was_taken: AtomicBool::new(true),
            loaded_unix_secs: AtomicI64::new(now_unix_secs),
        }
    }

    pub(crate) fn take(&self, now_unix_secs: i64) {
        self.taken.fetch_add(1, Ordering::Relaxed);
        self.last_was_taken.store(true, Ordering::Relaxed);
        self.loaded_unix_secs
            .store(now_unix_secs, Ordering::Relaxed);
    }

    pub(crate) fn refuse(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
        self.last_was_taken.store(false, Ordering::Relaxed);
    }

    pub(crate) fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    pub(crate) fn last_was_taken(&self) -> bool {
        self.last_was_taken.load(Ordering::Relaxed)
    }

    pub(crate) fn loaded_unix_secs(&self) -> i64 {
        self.loaded_unix_secs.load(Ordering::Relaxed)
    }
}

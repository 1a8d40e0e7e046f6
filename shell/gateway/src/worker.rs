//! A worker: one thread with its own runtime, listening sockets, cache and connections to upstreams.
//!
//! Knows: what belongs to one worker and what is shared. Does not know requests.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use arc_swap::ArcSwap;
use countersign_store::Store;

use crate::clock::Clock;
use crate::current::{Current, Running};
use crate::line::{Brakes, Cache, Epoch, HashPool, SeenProofs};
use crate::request_id::RequestIds;
use crate::seen::{Figures, Kept, Lines, Reloads, Traces};
use crate::send::{HeldBytes, Tunnels};

/// What all workers share, read-only or behind its own lock.
#[derive(Clone)]
pub(crate) struct Shared {
    /// The configuration in force.
    pub(crate) current: Arc<ArcSwap<Current>>,
    /// Its generation, so that a request need not look further while nothing has changed.
    pub(crate) generation: Arc<AtomicU64>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) hashes: HashPool,
    pub(crate) brakes: Arc<Brakes>,
    /// The proofs of DPoP that were accepted.
    pub(crate) proofs: SeenProofs,
    pub(crate) reloads: Arc<Reloads>,
    /// Whether the store answered when it was asked last.
    pub(crate) store_answers: Arc<AtomicBool>,
    /// The upgraded connections that are open.
    pub(crate) tunnels: Tunnels,
    /// The bodies that are held.
    pub(crate) held_bytes: HeldBytes,
    /// Where spans go; `None`: there are none.
    pub(crate) traces: Option<Traces>,
    /// Changes whenever users or keys in the store have changed.
    pub(crate) store_epoch: Arc<AtomicU64>,
}

/// What belongs to one worker.
pub(crate) struct Worker {
    shared: Shared,
    clock: Rc<Clock>,
    cache: Cache,
    running: RefCell<Rc<Running>>,
    figures: Arc<Figures>,
    lines: Lines,
    kept: Kept,
    ids: RequestIds,
    used_keys: RefCell<HashMap<Box<str>, i64>>,
    used_sessions: RefCell<HashMap<Box<str>, i64>>,
    closing: Cell<bool>,
}

impl Worker {
    pub(crate) fn new(
        shared: Shared,
        cache: Cache,
        figures: Arc<Figures>,
        lines: Lines,
        ids: RequestIds,
    ) -> Rc<Self> {
        let running = Running::begin(shared.current.load_full(), None, &figures);
        let kept = Kept::new();
        Rc::new(Self {
            clock: Clock::new(),
            cache,
            running: RefCell::new(running),
            figures,
            lines,
            kept,
            ids,
            used_keys: RefCell::default(),
            used_sessions: RefCell::default(),
            closing: Cell::new(false),
            shared,
        })
    }

    /// The configuration in force, for a request or a connection that begins now.
    pub(crate) fn running(&self) -> Rc<Running> {
        let generation = self.shared.generation.load(Ordering::Acquire);
        let running = Rc::clone(&self.running.borrow());
        if running.generation() == generation {
            return running;
        }
        let next = Running::begin(
            self.shared.current.load_full(),
            Some(&running),
            &self.figures,
        );
        self.running.replace(Rc::clone(&next));
        next
    }

    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        &self.shared.store
    }

    pub(crate) fn hashes(&self) -> &HashPool {
        &self.shared.hashes
    }

    pub(crate) fn brakes(&self) -> &Brakes {
        &self.shared.brakes
    }

    pub(crate) const fn proofs(&self) -> &SeenProofs {
        &self.shared.proofs
    }

    pub(crate) const fn clock(&self) -> &Rc<Clock> {
        &self.clock
    }

    pub(crate) const fn cache(&self) -> &Cache {
        &self.cache
    }

    pub(crate) const fn tunnels(&self) -> &Tunnels {
        &self.shared.tunnels
    }

    pub(crate) const fn held_bytes(&self) -> &HeldBytes {
        &self.shared.held_bytes
    }

    pub(crate) const fn traces(&self) -> Option<&Traces> {
        self.shared.traces.as_ref()
    }

    pub(crate) fn figures(&self) -> &Figures {
        &self.figures
    }

    pub(crate) const fn lines(&self) -> &Lines {
        &self.lines
    }

    pub(crate) const fn kept(&self) -> &Kept {
        &self.kept
    }

    pub(crate) const fn ids(&self) -> &RequestIds {
        &self.ids
    }

    /// What was verified in another epoch is verified again.
    pub(crate) fn epoch(&self, running: &Running) -> Epoch {
        let store = self.shared.store_epoch.load(Ordering::Acquire);
        Epoch {
            generation: running.generation(),
            // Both only rise, and so does their sum.
            changes: store.wrapping_add(running.keys().epoch()),
        }
    }

    /// Notes the use of an API key, to be stored at a later turn of the worker.
    pub(crate) fn note_use(&self, key_id: &str) {
        note(&self.used_keys, key_id, self.clock.unix_secs());
    }

    /// The same of a session.
    pub(crate) fn note_session(&self, session_id: &str) {
        note(&self.used_sessions, session_id, self.clock.unix_secs());
    }

    pub(crate) fn take_used_sessions(&self) -> Vec<(Box<str>, i64)> {
        self.used_sessions.borrow_mut().drain().collect()
    }

    pub(crate) fn take_used_keys(&self) -> Vec<(Box<str>, i64)> {
        self.used_keys.borrow_mut().drain().collect()
    }

    pub(crate) const fn is_closing(&self) -> bool {
        self.closing.get()
    }

    /// Lets connections end after their present requests.
    pub(crate) fn close(&self) {
        self.closing.set(true);
        self.clock.wake_all();
    }
}

fn note(used: &RefCell<HashMap<Box<str>, i64>>, id: &str, now_unix_secs: i64) {
    let mut used = used.borrow_mut();
    match used.get_mut(id) {
        Some(last) => *last = now_unix_secs,
        None => drop(used.insert(id.into(), now_unix_secs)),
    }
}

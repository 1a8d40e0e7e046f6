//! A worker: one thread with its own runtime, listening sockets, cache and connections to upstreams.
//!
//! Knows: what belongs to one worker and what is shared. Does not know requests.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use countersign_config::{Limits, Settings};
use countersign_flow::Rules;
use countersign_store::Store;
use tokio_rustls::TlsAcceptor;

use crate::clock::Clock;
use crate::line::{Cache, HashPool, KeyRing};
use crate::request_id::RequestIds;
use crate::seen::{Kept, Lines};
use crate::send::{Pools, Trust};

/// What all workers share, read-only or behind its own lock.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) rules: Arc<Rules>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) keys: Arc<KeyRing>,
    pub(crate) hashes: HashPool,
    /// Changes whenever users or keys in the store have changed.
    pub(crate) store_epoch: Arc<AtomicU64>,
}

/// What belongs to one worker.
pub(crate) struct Worker {
    shared: Shared,
    clock: Rc<Clock>,
    cache: Cache,
    pools: Pools,
    trust: Trust,
    tls: Option<TlsAcceptor>,
    lines: Lines,
    kept: Kept,
    ids: RequestIds,
    used_keys: RefCell<HashMap<Box<str>, i64>>,
    closing: Cell<bool>,
}

impl Worker {
    pub(crate) fn new(
        shared: Shared,
        cache: Cache,
        tls: Option<TlsAcceptor>,
        lines: Lines,
        ids: RequestIds,
    ) -> Rc<Self> {
        let settings = &shared.settings;
        let limits = &settings.limits;
        let pools = Pools::new(
            &settings.upstreams,
            limits.upstream_connect,
            limits.upstream_idle_max,
            limits.upstream_idle,
        );
        let trust = Trust(settings.trusted_proxies.clone());
        let kept = Kept::new(limits.refusals_kept_per_sec_max);
        Rc::new(Self {
            clock: Clock::new(),
            cache,
            pools,
            trust,
            tls,
            lines,
            kept,
            ids,
            used_keys: RefCell::default(),
            closing: Cell::new(false),
            shared,
        })
    }

    pub(crate) fn rules(&self) -> &Rules {
        &self.shared.rules
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.shared.settings.limits
    }

    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        &self.shared.store
    }

    pub(crate) fn keys(&self) -> &KeyRing {
        &self.shared.keys
    }

    pub(crate) fn hashes(&self) -> &HashPool {
        &self.shared.hashes
    }

    pub(crate) const fn clock(&self) -> &Rc<Clock> {
        &self.clock
    }

    pub(crate) const fn cache(&self) -> &Cache {
        &self.cache
    }

    pub(crate) const fn pools(&self) -> &Pools {
        &self.pools
    }

    pub(crate) const fn trust(&self) -> &Trust {
        &self.trust
    }

    pub(crate) const fn tls(&self) -> Option<&TlsAcceptor> {
        self.tls.as_ref()
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

    /// What was verified in another epoch is verified again. Both counters only rise, and so does their sum.
    pub(crate) fn epoch(&self) -> u64 {
        self.shared
            .store_epoch
            .load(Ordering::Acquire)
            .wrapping_add(self.shared.keys.epoch())
    }

    /// Notes the use of an API key, to be stored at the next turn of [`Worker::tidy`].
    pub(crate) fn note_use(&self, key_id: &str) {
        let now = self.clock.unix_secs();
        let mut used = self.used_keys.borrow_mut();
        match used.get_mut(key_id) {
            Some(last) => *last = now,
            None => drop(used.insert(key_id.into(), now)),
        }
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

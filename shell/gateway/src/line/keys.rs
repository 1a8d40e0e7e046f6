//! The keys of issuers: fetched at the start, refreshed ahead of time, and asked for again when an unknown id comes.
//!
//! Knows: when to fetch. Does not know tokens. The worker's question is answered from memory; only an unknown key id,
//! or an issuer whose keys were never seen, lets a request wait for a fetch, and however many of those come, the issuer
//! hears of them once in a while.

mod document;
mod fetch;
mod fetcher;
mod fresh;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use countersign_flow::KeysAnswer;
use countersign_jose::KeySet;
use tokio::sync::{Notify, watch};

pub(crate) use document::addresses as metadata_addresses;
pub(crate) use fetch::{connect, fetch as fetch_document};
pub(crate) use fetcher::{KnownKeys, client_config, discover_introspection, start, try_keys};

/// The least time between two fetches for unknown key ids, in seconds.
pub(crate) const UNKNOWN_KID_INTERVAL_SECS: i64 = 30;
/// The least time between two attempts while the keys of an issuer are not known at all, in seconds.
pub(crate) const UNKNOWN_ISSUER_INTERVAL_SECS: i64 = 5;
/// How long a request waits for a fetch at most.
const WAIT: Duration = Duration::from_secs(5);

/// The keys of all issuers, shared by the workers.
pub(crate) struct KeyRing {
    issuers: Vec<Arc<IssuerState>>,
    epoch: Arc<AtomicU64>,
}

/// What is known of one issuer.
pub(crate) struct IssuerState {
    known: ArcSwapOption<Known>,
    /// Rises with every attempt that is over, also a failed one.
    attempts: watch::Sender<u64>,
    wanted: Notify,
    last_demand_unix_secs: AtomicI64,
    /// How many attempts were over when the last demand was made: while there are no more, it is under way.
    demanded_after: AtomicU64,
    /// Whether the keys never change: files, inline keys, shared secrets.
    fixed: bool,
    /// No configuration names the issuer any more.
    over: AtomicBool,
    /// Attempts that brought keys, and those that did not.
    fetched: AtomicU64,
    failed: AtomicU64,
}

/// How it is with the keys of one issuer.
pub(crate) struct KeyFigures {
    /// Keys that can be used.
    pub(crate) known: usize,
    pub(crate) fetched: u64,
    pub(crate) failed: u64,
}

/// A set of keys, and how far the issuer's clock was ahead of ours when it was fetched.
pub(crate) struct Known {
    pub(crate) keys: Arc<KeySet>,
    pub(crate) issuer_ahead_secs: Option<i64>,
}

impl IssuerState {
    pub(crate) fn new(known: Option<Known>, fixed: bool) -> Arc<Self> {
        Arc::new(Self {
            known: ArcSwapOption::from_pointee(known),
            attempts: watch::Sender::new(0),
            wanted: Notify::new(),
            last_demand_unix_secs: AtomicI64::new(i64::MIN),
            demanded_after: AtomicU64::new(u64::MAX),
            fixed,
            over: AtomicBool::new(false),
            fetched: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        })
    }

    /// Ends the fetching.
    fn end(&self) {
        self.over.store(true, Ordering::Release);
        self.wanted.notify_one();
    }

    fn answer(&self) -> KeysAnswer {
        match &*self.known.load() {
            Some(known) => KeysAnswer::Keys {
                keys: Arc::clone(&known.keys),
                issuer_ahead_secs: known.issuer_ahead_secs,
            },
            None => KeysAnswer::Unavailable,
        }
    }

    /// Whether this demand is the one that the issuer hears of.
    fn may_demand(&self, interval_secs: i64, now_unix_secs: i64) -> bool {
        let last = self.last_demand_unix_secs.load(Ordering::Relaxed);
        now_unix_secs.saturating_sub(last) >= interval_secs
            && self
                .last_demand_unix_secs
                .compare_exchange(last, now_unix_secs, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }

    /// Asks for a fetch, if one is due; tells whether one is under way whose end is worth waiting for.
    fn demand(&self, interval_secs: i64, now_unix_secs: i64) -> bool {
        let over = *self.attempts.borrow();
        if self.may_demand(interval_secs, now_unix_secs) {
            self.demanded_after.store(over, Ordering::Relaxed);
            self.wanted.notify_one();
            return true;
        }
        self.demanded_after.load(Ordering::Relaxed) == over
    }
}

impl KeyRing {
    pub(crate) const fn new(issuers: Vec<Arc<IssuerState>>, epoch: Arc<AtomicU64>) -> Self {
        Self { issuers, epoch }
    }

    /// How it is with each issuer, in the order of the configuration.
    pub(crate) fn each(&self) -> impl Iterator<Item = KeyFigures> + '_ {
        self.issuers.iter().map(|state| KeyFigures {
            known: state
                .known
                .load()
                .as_ref()
                .map_or(0, |known| known.keys.len()),
            fetched: state.fetched.load(Ordering::Relaxed),
            failed: state.failed.load(Ordering::Relaxed),
        })
    }

    /// Ends the fetching for issuers that another ring does not have.
    pub(crate) fn end_all_but(&self, other: &Self) {
        for state in &self.issuers {
            if !other.issuers.iter().any(|kept| Arc::ptr_eq(kept, state)) {
                state.end();
            }
        }
    }

    /// Changes whenever some issuer's keys have changed: what was verified with the old ones must be verified again.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// The keys of an issuer, fetched anew first where the key asked for is not among them.
    pub(crate) async fn find(
        &self,
        issuer: usize,
        kid: Option<&str>,
        now_unix_secs: i64,
    ) -> KeysAnswer {
        let Some(state) = self.issuers.get(issuer) else {
            return KeysAnswer::Unavailable;
        };
        let answer = state.answer();
        let interval_secs = match &answer {
            KeysAnswer::Keys { keys, .. }
                if state.fixed || kid.is_none_or(|kid| keys.contains(kid)) =>
            {
                return answer;
            }
            KeysAnswer::Keys { .. } => UNKNOWN_KID_INTERVAL_SECS,
            KeysAnswer::Unavailable => UNKNOWN_ISSUER_INTERVAL_SECS,
        };
        let mut attempts = state.attempts.subscribe();
        if !state.demand(interval_secs, now_unix_secs) {
            return answer;
        }
        // A time-out leaves the answer as it was.
        let _ = tokio::time::timeout(WAIT, attempts.changed()).await;
        state.answer()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_demand_is_heard_in_a_while_and_waited_for_only_until_its_end() {
        let state = IssuerState::new(None, false);
        assert!(state.demand(30, 1000), "the first is heard");
        assert!(
            state.demand(30, 1000),
            "those beside it wait for the same fetch"
        );
        state.attempts.send_modify(|over| *over += 1);
        assert!(
            !state.demand(30, 1000),
            "it is over: there is nothing to wait for"
        );
        assert!(!state.demand(30, 1029), "and it is too early for another");
        assert!(state.demand(30, 1030));
    }
}

//! The thread between the process and its store: it asks for changes, and hands over brakes.
//!
//! Knows: what other processes change. Does not know requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;
use std::time::Duration;

use countersign_store::{Lifts, Store, StoreError};
use tokio::runtime::Builder;
use tokio::sync::watch;

use crate::StartError;
use crate::clock::unix_secs;
use crate::line::Brakes;
use crate::seen::{Act, Event, Log};
use crate::worker::Shared;

/// How often the store is asked.
const TURN: Duration = Duration::from_millis(50);
/// It is read past all that is in memory at every so many turns: once a second.
const TURNS_PER_PROBE: u32 = 20;

struct StoreWatch {
    store: Arc<dyn Store>,
    epoch: Arc<AtomicU64>,
    answers: Arc<AtomicBool>,
    brakes: Arc<Brakes>,
    log: Log,
    last_stamp: Option<u64>,
    lifts_read: i64,
    /// Whether the last question of each kind failed: each failure is told once.
    stamp_fails: bool,
    brakes_fail: bool,
    probe_fails: bool,
    acts_fail: bool,
}

/// Takes up the brakes that are kept, and starts to watch.
pub(crate) fn start(
    shared: &Shared,
    log: &Log,
    mut stopping: watch::Receiver<bool>,
) -> Result<JoinHandle<()>, StartError> {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(StartError::Thread)?;
    let mut watch = StoreWatch {
        store: Arc::clone(&shared.store),
        epoch: Arc::clone(&shared.store_epoch),
        answers: Arc::clone(&shared.store_answers),
        brakes: Arc::clone(&shared.brakes),
        log: log.clone(),
        last_stamp: None,
        lifts_read: 0,
        stamp_fails: false,
        brakes_fail: false,
        probe_fails: false,
        acts_fail: false,
    };
    let (begun, wait) = sync_channel(1);
    let watching = async move {
        watch.begin().await;
        let _ = begun.send(());
        let mut turn: u32 = 0;
        loop {
            if turn.is_multiple_of(TURNS_PER_PROBE) {
                watch.probe().await;
                watch.tell_acts().await;
            }
            turn = turn.wrapping_add(1);
            watch.look_for_changes().await;
            watch.exchange_brakes().await;
            if tokio::time::timeout(TURN, stopping.wait_for(|stop| *stop))
                .await
                .is_ok()
            {
                watch.exchange_brakes().await;
                watch.tell_acts().await;
                return;
            }
        }
    };
    let thread = std::thread::Builder::new().name("store-watch".into());
    let thread = thread
        .spawn(move || runtime.block_on(watching))
        .map_err(StartError::Thread)?;
    // Before the first connection: a restart must not be a way around the brakes. An error means that the thread is
    // gone, which its panic has said.
    let _ = wait.recv();
    Ok(thread)
}

impl StoreWatch {
    async fn begin(&mut self) {
        // The first stamp is no change: what is learnt after it is not to be forgotten for it.
        self.look_for_changes().await;
        let begun = async {
            // What was lifted before is in the brakes already.
            self.lifts_read = self.store.lifts(0).await?.position;
            self.store.brakes(unix_secs()).await
        };
        match begun.await {
            Ok(records) => self.brakes.restore(records),
            Err(error) => self.brakes_failed(&error),
        }
    }

    /// Raises the epoch when users or keys have changed, in whatever process, so that what was verified before is
    /// forgotten.
    async fn look_for_changes(&mut self) {
        let stamp = self.store.change_stamp().await;
        let answers = stamp.is_ok() && !self.probe_fails;
        self.answers.store(answers, Ordering::Relaxed);
        match stamp {
            Ok(stamp) => {
                self.stamp_fails = false;
                if self.last_stamp.replace(stamp) != Some(stamp) {
                    self.epoch.fetch_add(1, Ordering::Release);
                }
            }
            Err(error) => {
                // What cannot be known to be unchanged counts as changed.
                self.epoch.fetch_add(1, Ordering::Release);
                if !std::mem::replace(&mut self.stamp_fails, true) {
                    self.log.write(&Event::StoreFailed {
                        what: "change stamp",
                        reason: error.to_string(),
                    });
                }
            }
        }
    }

    /// Reads what a look into shared memory does not: a file that was damaged, or is gone.
    async fn probe(&mut self) {
        let probed = self.store.probe().await;
        let failed_before = std::mem::replace(&mut self.probe_fails, probed.is_err());
        if let Err(error) = probed
            && !failed_before
        {
            self.log.write(&Event::StoreFailed {
                what: "probe",
                reason: error.to_string(),
            });
        }
    }

    /// Forgets what was lifted, and then stores what is on: in this order, so that what was lifted is not stored again.
    async fn exchange_brakes(&mut self) {
        match self.store.lifts(self.lifts_read).await {
            Ok(Lifts { lifts, position }) => {
                self.brakes_fail = false;
                self.lifts_read = position;
                for lift in &lifts {
                    self.brakes.lift(lift);
                    self.log.write(&Event::BrakesLifted {
                        account: lift.account.as_deref(),
                        network: lift.network.map(|network| network.to_string()),
                    });
                }
            }
            Err(error) => self.brakes_failed(&error),
        }
        let changed = self.brakes.take_changed();
        if !changed.is_empty()
            && let Err(error) = self.store.keep_brakes(changed, unix_secs()).await
        {
            self.brakes_failed(&error);
        }
    }

    /// Logs what has been done to users, keys, sessions and brakes, by whatever process.
    async fn tell_acts(&mut self) {
        match self.store.take_untold_acts(unix_secs()).await {
            Ok(acts) => {
                self.acts_fail = false;
                for act in &acts {
                    self.log.write(&Event::Act(Act::of(act)));
                }
            }
            Err(error) => {
                if !std::mem::replace(&mut self.acts_fail, true) {
                    self.log.write(&Event::StoreFailed {
                        what: "acts",
                        reason: error.to_string(),
                    });
                }
            }
        }
    }

    fn brakes_failed(&mut self, error: &StoreError) {
        if !std::mem::replace(&mut self.brakes_fail, true) {
            self.log.write(&Event::StoreFailed {
                what: "brakes",
                reason: error.to_string(),
            });
        }
    }
}

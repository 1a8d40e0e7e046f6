//! The certificate of the listener, ordered from an authority that speaks ACME (RFC 8555), and renewed ahead of its end.
//!
//! Knows: what is shared of it, and the thread that orders. Does not know requests, nor what is done over a certificate's
//! connections. The handshakes are in `held`, when to order is in `keeper`, how in `order`.

mod authority;
mod failure;
mod folder;
mod held;
mod keeper;
mod order;
mod timing;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::thread::JoinHandle;

use aws_lc_rs::rand;
use countersign_config::Acme;
use tokio::runtime::Builder;
use tokio::sync::watch;

pub(crate) use folder::Folder;
pub(crate) use held::{Held, Met};

use crate::StartError;
use crate::clock::unix_secs;
use crate::key_pair;
use crate::seen::Log;
use held::Shown;
use keeper::Keeper;
use order::Buyer;

/// A certificate that is ordered, from before there is one.
pub(crate) struct OrderedCertificate {
    pub(crate) held: Held,
    pub(crate) outcomes: Outcomes,
    /// Why the one that was kept is not shown.
    unreadable: Option<String>,
}

/// What came of orders.
#[derive(Default)]
pub(crate) struct Outcomes {
    ordered: AtomicU64,
    failed: AtomicU64,
    last_failure_unix_secs: AtomicI64,
}

impl Outcomes {
    fn succeed(&self) {
        self.ordered.fetch_add(1, Ordering::Relaxed);
    }

    fn fail(&self, now_unix_secs: i64) {
        self.failed.fetch_add(1, Ordering::Relaxed);
        self.last_failure_unix_secs
            .store(now_unix_secs, Ordering::Relaxed);
    }

    pub(crate) fn ordered(&self) -> u64 {
        self.ordered.load(Ordering::Relaxed)
    }

    pub(crate) fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// In Unix seconds; 0: there was none.
    pub(crate) fn last_failure_unix_secs(&self) -> i64 {
        self.last_failure_unix_secs.load(Ordering::Relaxed)
    }
}

impl OrderedCertificate {
    /// The one that was kept, where there is one. One that cannot be used is told of, and ordered anew.
    pub(crate) fn open(settings: &Acme) -> Result<Arc<Self>, StartError> {
        let held = Held::new()?;
        let files = Folder::of(settings).certificate();
        let mut unreadable = None;
        if files.certificate.exists() {
            let read = key_pair::read(&files).map_err(|error| error.to_string());
            match read.and_then(Shown::read) {
                Ok(shown) => held.show(shown),
                Err(reason) => unreadable = Some(reason),
            }
        }
        Ok(Arc::new(Self {
            held,
            outcomes: Outcomes::default(),
            unreadable,
        }))
    }

    /// When the certificate that is shown ends; `None`: there is none.
    pub(crate) fn until_unix_secs(&self) -> Option<i64> {
        let shown = self.held.shown()?;
        Some(shown.lifetime.until_unix_secs)
    }
}

/// Starts the thread that keeps the certificate good.
pub(crate) fn start(
    settings: &Acme,
    certificate: &Arc<OrderedCertificate>,
    log: &Log,
    mut stopping: watch::Receiver<bool>,
) -> Result<JoinHandle<()>, StartError> {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(StartError::Thread)?;
    let buyer = Arc::new(Buyer::new(settings)?);
    let (settings, certificate, log) = (settings.clone(), Arc::clone(certificate), log.clone());
    let keeping = async move {
        let keeper = Keeper {
            settings: &settings,
            certificate: &certificate,
            log: &log,
        };
        let order = || Arc::clone(&buyer).order(Arc::clone(&certificate));
        tokio::select! {
            () = keeper.keep(order, unix_secs, draw) => {}
            // An error means that whoever could stop us is gone, which is the same. What an order has under way is left to
            // the authority, which forgets it.
            _ = stopping.wait_for(|stop| *stop) => {}
        }
    };
    let thread = std::thread::Builder::new().name("acme".into());
    thread
        .spawn(move || runtime.block_on(keeping))
        .map_err(StartError::Thread)
}

/// What would keep an order from being begun.
pub(crate) fn obstacle(settings: &Acme) -> Option<StartError> {
    Buyer::new(settings).err()
}

/// Of the system's random source. Where that gives nothing, nothing is spread.
fn draw() -> u32 {
    let mut bytes = [0; 4];
    match rand::fill(&mut bytes) {
        Ok(()) => u32::from_ne_bytes(bytes),
        Err(_) => 0,
    }
}

fn timestamp(unix_secs: i64) -> String {
    let time = jiff::Timestamp::from_second(unix_secs);
    time.map(|time| time.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests;

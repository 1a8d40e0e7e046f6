//! From settings to running threads, and their orderly end.
//!
//! Knows: threads. Does not know requests.

use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

use aws_lc_rs::{hmac, rand};
use countersign_config::Settings;
use countersign_flow::Rules;
use countersign_store::Store;
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::StartError;
use crate::line::{self, Cache, HashPool};
use crate::receive::{self, Connections};
use crate::request_id::RequestIds;
use crate::seen::{Event, Lines, Log};
use crate::worker::{Shared, Worker};

/// How often a worker hands over its log lines and refusals, and the store is asked whether something has changed.
const TURN: Duration = Duration::from_millis(50);
/// The last uses of API keys are stored at every so many turns.
const TURNS_PER_USES: u32 = 40;
/// How long requests in flight may take to end when the gateway stops.
const DRAIN_MAX: Duration = Duration::from_secs(10);

/// A gateway that runs.
pub struct Gateway {
    addresses: Vec<SocketAddr>,
    stop: watch::Sender<bool>,
    threads: Vec<JoinHandle<()>>,
    log: Log,
}

/// Starts the gateway's threads. When this returns, its addresses take connections.
///
/// # Errors
/// [`StartError`]; nothing is left running then that would take a connection.
pub fn start(
    rules: Rules,
    settings: Settings,
    store: Arc<dyn Store>,
    log: Log,
) -> Result<Gateway, StartError> {
    let keys = line::start_keys(&rules, &settings.issuers, &log)?;
    let limits = &settings.limits;
    let hashes = HashPool::start(limits.password_threads, limits.password_queue_max)
        .map_err(StartError::Thread)?;
    let tls = settings
        .tls
        .as_ref()
        .map(receive::server_config)
        .transpose()?;
    let (stop, stopping) = watch::channel(false);
    let (sockets, addresses) = listen(&settings)?;
    let shared = Shared {
        rules: Arc::new(rules),
        settings: Arc::new(settings),
        store,
        keys,
        hashes,
        store_epoch: Arc::default(),
    };
    let mut cache_key = [0; 32];
    rand::fill(&mut cache_key).map_err(|_| StartError::Random)?;
    let connections = Connections::default();
    let mut threads = vec![watch_store(&shared, &log, stopping.clone())?];
    for (number, sockets) in sockets.into_iter().enumerate() {
        let plan = Plan {
            shared: shared.clone(),
            sockets,
            cache_key: hmac::Key::new(hmac::HMAC_SHA256, &cache_key),
            tls: tls.clone().map(TlsAcceptor::from),
            log: log.clone(),
            ids: RequestIds::new().map_err(|_| StartError::Random)?,
            connections: connections.clone(),
            stopping: stopping.clone(),
        };
        let thread = std::thread::Builder::new().name(format!("worker-{number}"));
        threads.push(
            thread
                .spawn(move || plan.run())
                .map_err(StartError::Thread)?,
        );
    }
    let protocol = if shared.settings.tls.is_some() {
        "https"
    } else {
        "http"
    };
    for address in &addresses {
        log.write(&Event::Listening {
            address: address.to_string(),
            protocol,
        });
    }
    Ok(Gateway {
        addresses,
        stop,
        threads,
        log,
    })
}

/// One socket for each address and worker. Port 0 takes any free port, the same one for all workers.
fn listen(settings: &Settings) -> Result<(Vec<Vec<TcpListener>>, Vec<SocketAddr>), StartError> {
    let workers = settings.workers.max(1);
    let mut by_worker: Vec<Vec<TcpListener>> = (0..workers).map(|_| Vec::new()).collect();
    let mut addresses = Vec::new();
    for &wanted in &settings.listen {
        let mut address = wanted;
        for (number, sockets) in by_worker.iter_mut().enumerate() {
            let failed = |source| StartError::Listen {
                address: wanted,
                source,
            };
            // A second gateway on the same address is a mistake, not a worker of ours: look before sharing it.
            if number == 0 && wanted.port() != 0 {
                receive::listen(wanted, false).map_err(failed)?;
            }
            let socket = receive::listen(address, true).map_err(failed)?;
            address = socket.local_addr().map_err(failed)?;
            sockets.push(socket);
        }
        addresses.push(address);
    }
    Ok((by_worker, addresses))
}

impl Gateway {
    /// The addresses that are listened on, with their real ports.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Ends the gateway: no new connections, requests in flight come to their end within a bound.
    pub fn stop(self, reason: &str) {
        self.log.write(&Event::Stopping { reason });
        self.stop.send_replace(true);
        for thread in self.threads {
            // A worker that panicked has already said so.
            let _ = thread.join();
        }
        self.log.flush();
    }
}

/// Raises the epoch when users or keys have changed, in whatever process, so that what was verified before is forgotten.
fn watch_store(
    shared: &Shared,
    log: &Log,
    mut stopping: watch::Receiver<bool>,
) -> Result<JoinHandle<()>, StartError> {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(StartError::Thread)?;
    let (store, epoch, log) = (
        Arc::clone(&shared.store),
        Arc::clone(&shared.store_epoch),
        log.clone(),
    );
    let watching = async move {
        let mut last = None;
        let mut failing = false;
        loop {
            match store.change_stamp().await {
                Ok(stamp) => {
                    failing = false;
                    if last.replace(stamp) != Some(stamp) {
                        epoch.fetch_add(1, Ordering::Release);
                    }
                }
                Err(error) => {
                    // What cannot be known to be unchanged counts as changed.
                    epoch.fetch_add(1, Ordering::Release);
                    if !std::mem::replace(&mut failing, true) {
                        log.write(&Event::StoreFailed {
                            what: "change stamp",
                            reason: error.to_string(),
                        });
                    }
                }
            }
            if tokio::time::timeout(TURN, stopping.wait_for(|stop| *stop))
                .await
                .is_ok()
            {
                return;
            }
        }
    };
    let thread = std::thread::Builder::new().name("store-watch".into());
    thread
        .spawn(move || runtime.block_on(watching))
        .map_err(StartError::Thread)
}

/// What a worker's thread is started with.
struct Plan {
    shared: Shared,
    sockets: Vec<TcpListener>,
    cache_key: hmac::Key,
    tls: Option<TlsAcceptor>,
    log: Log,
    ids: RequestIds,
    connections: Connections,
    stopping: watch::Receiver<bool>,
}

impl Plan {
    fn run(self) {
        let log = self.log.clone();
        match Builder::new_current_thread()
            .enable_all()
            .build_local(LocalOptions::default())
        {
            Ok(runtime) => runtime.block_on(self.work()),
            Err(error) => log.write(&Event::Stopping {
                reason: &format!("no runtime: {error}"),
            }),
        }
    }

    async fn work(mut self) {
        let cache = Cache::new(self.cache_key, self.shared.settings.cache_entries_max);
        let worker = Worker::new(self.shared, cache, self.tls, Lines::new(self.log), self.ids);
        tokio::task::spawn_local(Rc::clone(worker.clock()).run());
        tokio::task::spawn_local(turns(Rc::clone(&worker)));
        let mut accepting = Vec::new();
        for socket in self.sockets {
            if let Ok(listener) = tokio::net::TcpListener::from_std(socket) {
                let accept =
                    receive::accept(Rc::clone(&worker), listener, self.connections.clone());
                accepting.push(tokio::task::spawn_local(accept));
            }
        }
        // An error means that whoever could stop us is gone, which is the same.
        let _ = self.stopping.wait_for(|stop| *stop).await;
        for task in accepting {
            task.abort();
        }
        worker.close();
        let drained = async {
            while self.connections.any() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        // Past the bound, what is left is broken off.
        let _ = tokio::time::timeout(DRAIN_MAX, drained).await;
        hand_over(&worker).await;
        line::store_uses(&worker).await;
    }
}

async fn turns(worker: Rc<Worker>) {
    let mut turn: u32 = 0;
    loop {
        tokio::time::sleep(TURN).await;
        hand_over(&worker).await;
        turn = turn.wrapping_add(1);
        if turn.is_multiple_of(TURNS_PER_USES) {
            line::store_uses(&worker).await;
        }
    }
}

/// Log lines go to their thread, refusals to the store.
async fn hand_over(worker: &Worker) {
    let (refusals, left_out) = worker.kept().take();
    if left_out > 0 {
        worker
            .lines()
            .write(&Event::RefusalsNotKept { refusals: left_out });
    }
    if !refusals.is_empty()
        && let Err(error) = worker.store().keep_refusals(refusals).await
    {
        worker.lines().write(&Event::StoreFailed {
            what: "refusals",
            reason: error.to_string(),
        });
    }
    worker.lines().flush();
}

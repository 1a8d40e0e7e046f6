//! From settings to running threads, and their orderly end.
//!
//! Knows: threads. Does not know requests.

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use arc_swap::ArcSwap;
use aws_lc_rs::{hmac, rand};
use countersign_config::Settings;
use countersign_flow::Rules;
use countersign_store::Store;
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::{oneshot, watch};

use crate::StartError;
use crate::acme;
use crate::admin;
use crate::clock::unix_secs;
use crate::current::Current;
use crate::line::{self, Brakes, Cache, HashPool, SeenProofs};
use crate::receive::{self, Connections, Handed};
use crate::reload::{ReloadError, reload};
use crate::request_id::RequestIds;
use crate::seen::{Event, Figures, Instance, Lines, Log, Metrics, Reloads, State, Traces};
use crate::send::{HeldBytes, Tunnels};
use crate::store_watch;
use crate::worker::{Shared, Worker};

/// How often a worker hands over its log lines and refusals.
const TURN: Duration = Duration::from_millis(50);
/// The last uses of API keys are stored at every so many turns.
const TURNS_PER_USES: u32 = 40;
/// How long requests in flight may take to end when the gateway stops.
const DRAIN_MAX: Duration = Duration::from_secs(10);

/// A gateway that runs.
pub struct Gateway {
    addresses: Vec<SocketAddr>,
    admin_addresses: Vec<SocketAddr>,
    stop: watch::Sender<bool>,
    threads: Vec<JoinHandle<()>>,
    admin: Option<JoinHandle<()>>,
    exporter: Option<JoinHandle<()>>,
    metrics: Option<Metrics>,
    shared: Shared,
    /// One reload after the other.
    reloading: Mutex<()>,
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
    start_on(Vec::new(), rules, settings, store, log)
}

/// The same on sockets that listen already. Addresses of the configuration that none of them has are opened.
///
/// # Errors
/// As [`start`]; and [`StartError::HandedUnused`] for a socket of an address that the configuration does not have.
pub fn start_on(
    handed: Vec<TcpListener>,
    rules: Rules,
    settings: Settings,
    store: Arc<dyn Store>,
    log: Log,
) -> Result<Gateway, StartError> {
    let (stop, stopping) = watch::channel(false);
    let mut handed = Handed::new(handed)?;
    let (sockets, addresses) = listen(&settings, &mut handed)?;
    let admin_sockets = admin::listen(&settings.admin, &mut handed)?;
    handed.all_taken()?;
    let admin_addresses: Vec<SocketAddr> = admin_sockets
        .iter()
        .filter_map(|socket| socket.local_addr().ok())
        .collect();
    let timed = !admin_sockets.is_empty() || settings.metrics.is_some();
    let current = Arc::new(Current::new(rules, settings, &store, None, &log)?);
    let instance = Instance::draw()?;
    let (traces, exporter) = match &current.settings.traces {
        Some(settings) => Some(Traces::start(settings, &instance, &log)?).unzip(),
        None => (None, None),
    };
    let shared = share(&current, store, traces)?;
    let mut cache_key = [0; 32];
    rand::fill(&mut cache_key).map_err(|_| StartError::Random)?;
    let connections = Connections::default();
    let mut threads = vec![store_watch::start(&shared, &log, stopping.clone())?];
    let mut figures = Vec::new();
    for (number, sockets) in sockets.into_iter().enumerate() {
        let own = Arc::new(Figures::new(timed));
        figures.push(Arc::clone(&own));
        let plan = Plan {
            shared: shared.clone(),
            sockets,
            cache_key: hmac::Key::new(hmac::HMAC_SHA256, &cache_key),
            log: log.clone(),
            figures: own,
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
    if let (Some(settings), Some(certificate)) = (&current.settings.acme, &current.acme) {
        // The workers listen: an authority that comes to look finds somebody.
        threads.push(acme::start(settings, certificate, &log, stopping.clone())?);
    }
    let state = State::new(figures, &shared, connections.count(), &log);
    let metrics = match &current.settings.metrics {
        Some(settings) => Some(Metrics::start(settings, &instance, &state)?),
        None => None,
    };
    let admin = if admin_sockets.is_empty() {
        None
    } else {
        Some(admin::start(admin_sockets, &state, &stopping)?)
    };
    tell(&log, &addresses, &admin_addresses, current.tls.is_some());
    Ok(Gateway {
        addresses,
        admin_addresses,
        stop,
        threads,
        admin,
        exporter,
        metrics,
        shared,
        reloading: Mutex::default(),
        log,
    })
}

/// What the threads share, under the first configuration.
fn share(
    current: &Arc<Current>,
    store: Arc<dyn Store>,
    traces: Option<Traces>,
) -> Result<Shared, StartError> {
    let settings = &current.settings;
    let limits = &settings.limits;
    let hashes = HashPool::start(limits.password_threads, limits.password_queue_max)
        .map_err(StartError::Thread)?;
    Ok(Shared {
        current: Arc::new(ArcSwap::new(Arc::clone(current))),
        generation: Arc::new(AtomicU64::new(current.generation)),
        store,
        hashes,
        proofs: SeenProofs::new(),
        brakes: Arc::new(Brakes::new(settings.brakes_entries_max)),
        reloads: Arc::new(Reloads::new(unix_secs())),
        tunnels: Tunnels::default(),
        held_bytes: HeldBytes::default(),
        traces,
        store_answers: Arc::default(),
        store_epoch: Arc::default(),
    })
}

fn tell(log: &Log, addresses: &[SocketAddr], admin_addresses: &[SocketAddr], secure: bool) {
    let protocol = if secure { "https" } else { "http" };
    for address in admin_addresses {
        let address = address.to_string();
        log.write(&Event::AdminListening { address });
    }
    for address in addresses {
        let address = address.to_string();
        log.write(&Event::Listening { address, protocol });
    }
}

/// One socket for each address and worker. Port 0 takes any free port, the same one for all workers.
fn listen(
    settings: &Settings,
    handed: &mut Handed,
) -> Result<(Vec<Vec<Listening>>, Vec<SocketAddr>), StartError> {
    let workers = settings.workers.max(1);
    let mut by_worker: Vec<Vec<Listening>> = (0..workers).map(|_| Vec::new()).collect();
    let mut addresses = Vec::new();
    for &wanted in &settings.listen {
        let mut address = wanted;
        let own = handed.take(wanted);
        if let Some(socket) = own.first() {
            let failed = StartError::Handed;
            addresses.push(socket.local_addr().map_err(failed)?);
            let spread = receive::spread(&own, workers).map_err(failed)?;
            for (sockets, own) in by_worker.iter_mut().zip(spread) {
                sockets.extend(own.into_iter().map(|socket| Listening { wanted, socket }));
            }
            continue;
        }
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
            sockets.push(Listening { wanted, socket });
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

    /// The addresses of the admin listener, with their real ports.
    #[must_use]
    pub fn admin_addresses(&self) -> &[SocketAddr] {
        &self.admin_addresses
    }

    /// Puts another configuration in force, all of it or nothing. Requests under way end by the one that they began under.
    ///
    /// # Errors
    /// [`ReloadError`]; everything is as it was before then.
    pub fn reload(&self, rules: Rules, settings: Settings) -> Result<(), ReloadError> {
        let _turn = self
            .reloading
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        reload(&self.shared, rules, settings, &self.log)
            .inspect_err(|error| self.reload_refused(&error.to_string(), 0))
    }

    /// Tells that a configuration was not taken, for a reason that was found before it came here: so many errors.
    pub fn reload_refused(&self, reason: &str, errors: usize) {
        self.shared.reloads.refuse();
        self.log.write(&Event::ReloadRefused { reason, errors });
    }

    /// Ends the gateway: no new connections, requests in flight come to their end within a bound.
    pub fn stop(self, reason: &str) {
        self.log.write(&Event::Stopping { reason });
        self.stop.send_replace(true);
        for thread in self.threads {
            // A worker that panicked has already said so.
            let _ = thread.join();
        }
        // The admin listener ends last, when nobody can tell it to stop any more.
        drop(self.stop);
        if let Some(admin) = self.admin {
            let _ = admin.join();
        }
        // What the last requests were is told as well.
        if let Some(metrics) = self.metrics {
            metrics.stop();
        }
        if let (Some(traces), Some(exporter)) = (&self.shared.traces, self.exporter) {
            traces.stop();
            let _ = exporter.join();
        }
        self.log.flush();
    }
}

/// A socket that listens, and the address by which the configuration names it.
struct Listening {
    wanted: SocketAddr,
    socket: TcpListener,
}

/// What a worker's thread is started with.
struct Plan {
    shared: Shared,
    sockets: Vec<Listening>,
    cache_key: hmac::Key,
    log: Log,
    figures: Arc<Figures>,
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
        let entries_max = self.shared.current.load().settings.cache_entries_max;
        let cache = Cache::new(self.cache_key, entries_max);
        let worker = Worker::new(
            self.shared,
            cache,
            self.figures,
            Lines::new(self.log),
            self.ids,
        );
        tokio::task::spawn_local(Rc::clone(worker.clock()).run());
        tokio::task::spawn_local(tell_turns(Rc::clone(&worker)));
        let (end_turns, ending) = oneshot::channel();
        let turns = tokio::task::spawn_local(store_turns(Rc::clone(&worker), ending));
        let mut accepting = Vec::new();
        for Listening { wanted, socket } in self.sockets {
            if let Ok(listener) = tokio::net::TcpListener::from_std(socket) {
                let accept = receive::accept(
                    Rc::clone(&worker),
                    listener,
                    wanted,
                    self.connections.clone(),
                );
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
        tell_what_there_is(&worker);
        let stored = async {
            // What a turn has under way is not in what is left.
            drop(end_turns);
            let _ = turns.await;
            keep_refusals(&worker).await;
            line::store_uses(&worker).await;
        };
        // A store that hangs does not keep the process.
        let _ = tokio::time::timeout(DRAIN_MAX, stored).await;
        worker.lines().flush();
    }
}

/// Log lines go to their thread, whatever the store does: it is then that they are looked at.
async fn tell_turns(worker: Rc<Worker>) {
    loop {
        tokio::time::sleep(TURN).await;
        tell_what_there_is(&worker);
    }
}

fn tell_what_there_is(worker: &Worker) {
    let refusals = worker.kept().take_left_out();
    if refusals > 0 {
        worker.lines().write(&Event::RefusalsNotKept { refusals });
    }
    worker.lines().flush();
}

/// Refusals and last uses go to the store, at its pace, until the other half of `ending` is gone.
async fn store_turns(worker: Rc<Worker>, mut ending: oneshot::Receiver<Infallible>) {
    let mut turn: u32 = 0;
    // Between turns alone: one that has begun comes to its end.
    while tokio::time::timeout(TURN, &mut ending).await.is_err() {
        keep_refusals(&worker).await;
        turn = turn.wrapping_add(1);
        if turn.is_multiple_of(TURNS_PER_USES) {
            line::store_uses(&worker).await;
        }
    }
}

async fn keep_refusals(worker: &Worker) {
    let refusals = worker.kept().take();
    if !refusals.is_empty()
        && let Err(error) = worker.store().keep_refusals(refusals).await
    {
        worker.lines().write(&Event::StoreFailed {
            what: "refusals",
            reason: error.to_string(),
        });
    }
}

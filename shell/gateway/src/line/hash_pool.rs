//! The pool of threads that check passwords: bounded in threads and in queue, and of the lowest priority.
//!
//! Knows: jobs and their outcome. Does not know users or requests. A flood of passwords fills the queue and nothing
//! else: the event loops stay free, and the kernel runs them first.

mod running;

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_lc_rs::rand;
use countersign_flow::{HashAnswer, HashJob, Hashed};
use countersign_secret::Secret;
use countersign_secret::password::{self, Cost, PasswordHash};
use tokio::sync::oneshot;

use self::running::Running;

/// What one hash takes about, for `Retry-After`: the queue is empty again after so many seconds for sixteen of it.
const JOBS_PER_SEC: usize = 16;
/// A check that has not ended after this time does not get a core, and is done again by the thread that does.
const STARVED_AFTER: Duration = Duration::from_secs(1);
/// How often that is looked at.
const LOOKED_AT_EVERY: Duration = Duration::from_millis(250);
/// How much the thread that does starved checks stands back behind the workers, in steps of `nice`.
const NICENESS: i32 = 10;

/// One piece of slow work that somebody waits for.
struct Work {
    job: Job,
    counted: Counted,
}

enum Job {
    /// A password is compared with a hash.
    Check(HashJob, Waiting<Hashed>),
    /// A new password is hashed.
    Make(Secret<String>, Cost, Waiting<PasswordHash>),
}

/// Who waits for the outcome: told once, by whoever is done first.
struct Waiting<T>(Mutex<Option<oneshot::Sender<T>>>);

impl<T> Waiting<T> {
    const fn new(sender: oneshot::Sender<T>) -> Self {
        Self(Mutex::new(Some(sender)))
    }

    /// A client that has gone away, or has its answer, needs no work.
    fn is_there(&self) -> bool {
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sender.as_ref().is_some_and(|sender| !sender.is_closed())
    }

    /// Whoever comes first is let count before anybody hears of it.
    fn tell(&self, outcome: T, first: impl FnOnce()) {
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(sender) = sender {
            first();
            let _ = sender.send(outcome);
        }
    }
}

/// The pool; clones share it.
#[derive(Clone)]
pub(crate) struct HashPool {
    queue: SyncSender<Arc<Work>>,
    queue_max: usize,
    threads: usize,
    load: Arc<Load>,
}

/// What the pool has to do, and has done.
#[derive(Default)]
struct Load {
    waiting: AtomicUsize,
    checked: AtomicU64,
}

/// One of those that wait, until it is answered or given up.
struct Counted {
    load: Arc<Load>,
    waits: AtomicBool,
}

impl Counted {
    fn begin(load: &Arc<Load>) -> Self {
        load.waiting.fetch_add(1, Ordering::Relaxed);
        Self {
            load: Arc::clone(load),
            waits: AtomicBool::new(true),
        }
    }

    /// It waits no more. Whoever comes second changes nothing.
    fn end(&self) {
        if self.waits.swap(false, Ordering::Relaxed) {
            self.load.waiting.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.end();
    }
}

impl HashPool {
    pub(crate) fn start(threads: usize, queue_max: usize) -> std::io::Result<Self> {
        let (queue, work) = sync_channel(queue_max);
        let work = Arc::new(Mutex::new(work));
        let load = Arc::<Load>::default();
        let running = Arc::new(Running::new(threads));
        for number in 0..threads {
            let (work, running) = (Arc::clone(&work), Arc::clone(&running));
            std::thread::Builder::new()
                .name(format!("password-{number}"))
                .spawn(move || serve(&work, &running, number))?;
        }
        let watched = Arc::downgrade(&running);
        drop(running);
        std::thread::Builder::new()
            .name("password-relief".to_owned())
            .spawn(move || {
                // On Linux the niceness is the thread's own. Where it cannot be had, the pool works all the same.
                let _ = rustix::process::nice(NICENESS);
                while let Some(running) = watched.upgrade() {
                    running
                        .starved(Instant::now(), STARVED_AFTER)
                        .iter()
                        .for_each(|work| work.run());
                    drop(running);
                    std::thread::sleep(LOOKED_AT_EVERY);
                }
            })?;
        Ok(Self {
            queue,
            queue_max,
            threads,
            load,
        })
    }

    /// Checks one password, or says at once that too many are waiting.
    pub(crate) async fn run(&self, job: HashJob) -> HashAnswer {
        let (sender, outcome) = oneshot::channel();
        let work = self.work(Job::Check(job, Waiting::new(sender)));
        match self.queue.try_send(Arc::new(work)) {
            Ok(()) => outcome
                .await
                .map_or(HashAnswer::Unavailable, HashAnswer::Done),
            Err(TrySendError::Full(_)) => HashAnswer::QueueFull {
                retry_after_secs: self.retry_after_secs(),
            },
            Err(TrySendError::Disconnected(_)) => HashAnswer::Unavailable,
        }
    }

    /// Hashes a new password. `None`: too many wait already, or there is no memory for it.
    pub(crate) async fn make(&self, password: Secret<String>, cost: Cost) -> Option<PasswordHash> {
        let (sender, outcome) = oneshot::channel();
        let work = self.work(Job::Make(password, cost, Waiting::new(sender)));
        self.queue.try_send(Arc::new(work)).ok()?;
        outcome.await.ok()
    }

    fn work(&self, job: Job) -> Work {
        Work {
            job,
            counted: Counted::begin(&self.load),
        }
    }

    /// Passwords that wait, or are being checked.
    pub(crate) fn waiting(&self) -> usize {
        self.load.waiting.load(Ordering::Relaxed)
    }

    /// Passwords that were checked.
    pub(crate) fn checked(&self) -> u64 {
        self.load.checked.load(Ordering::Relaxed)
    }

    fn retry_after_secs(&self) -> u32 {
        let secs = self
            .queue_max
            .div_ceil(JOBS_PER_SEC.saturating_mul(self.threads.max(1)));
        u32::try_from(secs.max(1)).unwrap_or(u32::MAX)
    }
}

impl Work {
    fn is_wanted(&self) -> bool {
        match &self.job {
            Job::Check(_, waiting) => waiting.is_there(),
            Job::Make(_, _, waiting) => waiting.is_there(),
        }
    }

    fn run(&self) {
        let mut salt = [0; 16];
        if !self.is_wanted() || rand::fill(&mut salt).is_err() {
            return;
        }
        match &self.job {
            Job::Check(job, waiting) => waiting.tell(job.run(&salt), || {
                self.counted.end();
                self.counted.load.checked.fetch_add(1, Ordering::Relaxed);
            }),
            Job::Make(password, cost, waiting) => {
                // Without an outcome, whoever waits is told so when the work is dropped.
                if let Ok(hash) = password::hash(password.expose().as_bytes(), &salt, cost) {
                    waiting.tell(hash, || self.counted.end());
                }
            }
        }
    }
}

fn serve(work: &Mutex<Receiver<Arc<Work>>>, running: &Running, number: usize) {
    stand_back();
    loop {
        let next = work.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(work) = next else { return };
        running.begin(number, &work, Instant::now());
        work.run();
        running.end(number);
        // Dropped without an answer, it tells whoever waits that there is none.
    }
}

/// Whatever else wants the core gets it at once. Niceness alone does not do that: a thread that is hashing would keep the
/// core for the rest of its time slice, some milliseconds, however nice it is.
#[cfg(target_os = "linux")]
fn stand_back() {
    use thread_priority::{
        NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy,
        set_thread_priority_and_policy, thread_native_id,
    };
    let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    if set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, idle).is_err() {
        let _ = rustix::process::nice(NICENESS);
    }
}

#[cfg(not(target_os = "linux"))]
fn stand_back() {
    let _ = rustix::process::nice(NICENESS);
}

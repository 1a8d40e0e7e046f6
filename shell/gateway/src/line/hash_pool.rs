//! The pool of threads that check passwords: bounded in threads and in queue, and of low priority.
//!
//! Knows: jobs and their outcome. Does not know users or requests. A flood of passwords fills the queue and nothing
//! else: the event loops stay free, and the kernel runs them first.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::rand;
use countersign_flow::{HashAnswer, HashJob, Hashed};
use tokio::sync::oneshot;

/// What one hash takes about, for `Retry-After`: the queue is empty again after so many seconds for sixteen of it.
const JOBS_PER_SEC: usize = 16;
/// How much the threads stand back behind the workers, in steps of `nice`.
const NICENESS: i32 = 10;

type Work = (HashJob, oneshot::Sender<Hashed>);

/// The pool; clones share it.
#[derive(Clone)]
pub(crate) struct HashPool {
    queue: SyncSender<Work>,
    queue_max: usize,
    threads: usize,
}

impl HashPool {
    pub(crate) fn start(threads: usize, queue_max: usize) -> std::io::Result<Self> {
        let (queue, work) = sync_channel(queue_max);
        let work = Arc::new(Mutex::new(work));
        for number in 0..threads {
            let work = Arc::clone(&work);
            std::thread::Builder::new()
                .name(format!("password-{number}"))
                .spawn(move || serve(&work))?;
        }
        Ok(Self {
            queue,
            queue_max,
            threads,
        })
    }

    /// Checks one password, or says at once that too many are waiting.
    pub(crate) async fn run(&self, job: HashJob) -> HashAnswer {
        let (sender, outcome) = oneshot::channel();
        match self.queue.try_send((job, sender)) {
            Ok(()) => outcome
                .await
                .map_or(HashAnswer::Unavailable, HashAnswer::Done),
            Err(TrySendError::Full(_)) => HashAnswer::QueueFull {
                retry_after_secs: self.retry_after_secs(),
            },
            Err(TrySendError::Disconnected(_)) => HashAnswer::Unavailable,
        }
    }

    fn retry_after_secs(&self) -> u32 {
        let secs = self
            .queue_max
            .div_ceil(JOBS_PER_SEC.saturating_mul(self.threads.max(1)));
        u32::try_from(secs.max(1)).unwrap_or(u32::MAX)
    }
}

fn serve(work: &Mutex<Receiver<Work>>) {
    // On Linux the niceness is the thread's own. Where it cannot be had, the pool works all the same.
    let _ = rustix::process::nice(NICENESS);
    loop {
        let next = work.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((job, sender)) = next else { return };
        // A client that has gone away needs no answer, and no work.
        if sender.is_closed() {
            continue;
        }
        let mut salt = [0; 16];
        if rand::fill(&mut salt).is_err() {
            continue;
        }
        let _ = sender.send(job.run(&salt));
    }
}

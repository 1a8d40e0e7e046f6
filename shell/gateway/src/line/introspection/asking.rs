//! The thread that asks: one task a question, and as many of an issuer at once as its limit says.
//!
//! Knows: turns and deadlines. Does not know HTTP, nor who waits.

use std::sync::Arc;

use countersign_flow::IntrospectionAnswer;
use countersign_secret::Secret;
use tokio::sync::{mpsc, watch};

use super::call::CallFailure;
use super::{Asked, TokenMac};
use crate::StartError;
use crate::seen::{Event, Log};

/// One question.
pub(super) struct Job {
    pub(super) asked: Arc<Asked>,
    pub(super) mac: TokenMac,
    pub(super) token: Secret<Vec<u8>>,
    pub(super) tell: watch::Sender<Option<IntrospectionAnswer>>,
}

/// Starts the thread. It ends when nobody can ask any more: with the configuration, or with the process.
pub(super) fn start(log: &Log) -> Result<mpsc::UnboundedSender<Job>, StartError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(StartError::Thread)?;
    // Bounded by the tables of the issuers: each open question is one job.
    let (sender, mut jobs) = mpsc::unbounded_channel::<Job>();
    let log = log.clone();
    let ask_all = move || {
        runtime.block_on(async {
            while let Some(job) = jobs.recv().await {
                tokio::spawn(job.run(log.clone()));
            }
        });
    };
    std::thread::Builder::new()
        .name("introspection".into())
        .spawn(ask_all)
        .map_err(StartError::Thread)?;
    Ok(sender)
}

impl Job {
    async fn run(self, log: Log) {
        let asked = &self.asked;
        let in_turn = async {
            let _turn = asked.turns.acquire().await;
            asked.caller.call(&self.token).await
        };
        let called = tokio::time::timeout(asked.settings.answer, in_turn).await;
        let now_unix_secs = jiff::Timestamp::now().as_second();
        let late = || {
            let secs = asked.settings.answer.as_secs();
            CallFailure::Unavailable(format!("no whole answer within {secs} s"))
        };
        let (kept, answer) = match called.unwrap_or_else(|_| Err(late())) {
            Ok(said) => {
                let kept = asked.keep(said, now_unix_secs);
                let answer = kept.answer();
                (Some(kept), answer)
            }
            Err(failure) => {
                log.write(&Event::IntrospectionFailed {
                    issuer: &asked.name,
                    reason: failure.reason(),
                });
                (None, failure.answer())
            }
        };
        asked.end(&self.mac, kept.as_ref(), now_unix_secs);
        self.tell.send_replace(Some(answer));
    }
}

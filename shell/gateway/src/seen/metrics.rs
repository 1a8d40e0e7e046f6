//! The way of figures to a collector: a thread that reads and posts them, time after time.
//!
//! Knows: when. What is posted is in `families` and `points`, and how in `collector`. Nothing on the line waits for it, and nothing is kept of what
//! was not taken: the next figures hold it.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use countersign_config::Metrics as Settings;
use serde_json::Value;

use super::collector::Collector;
use super::event::Event;
use super::families::families;
use super::otlp::Instance;
use super::points::{Times, request};
use super::state::State;
use crate::StartError;

/// The thread that posts.
pub(crate) struct Metrics {
    stop: SyncSender<()>,
    thread: JoinHandle<()>,
}

impl Metrics {
    pub(crate) fn start(
        settings: &Settings,
        instance: &Instance,
        state: &Arc<State>,
    ) -> Result<Self, StartError> {
        let exporter = Exporter {
            collector: Collector::new(&settings.collector, instance)?,
            every: settings.every,
            state: Arc::clone(state),
            fails: false,
        };
        let (stop, stopping) = sync_channel(1);
        let thread = std::thread::Builder::new().name("metrics".into());
        let thread = thread
            .spawn(move || exporter.run(&stopping))
            .map_err(StartError::Thread)?;
        Ok(Self { stop, thread })
    }

    /// Posts the last figures, unless those before were not taken, and ends.
    pub(crate) fn stop(self) {
        // An error means that it has ended.
        let _ = self.stop.send(());
        let _ = self.thread.join();
    }
}

struct Exporter {
    collector: Collector,
    every: Duration,
    state: Arc<State>,
    /// Whether the last figures were not taken: each failure is told once.
    fails: bool,
}

impl Exporter {
    fn run(mut self, stopping: &Receiver<()>) {
        let mut next = Instant::now() + self.every;
        loop {
            let wait = next.saturating_duration_since(Instant::now());
            let goes_on = match stopping.recv_timeout(wait) {
                Err(RecvTimeoutError::Timeout) => true,
                Ok(()) | Err(RecvTimeoutError::Disconnected) => false,
            };
            next = Instant::now() + self.every;
            if goes_on || !self.fails {
                self.post();
            }
            if !goes_on {
                return;
            }
        }
    }

    fn post(&mut self) {
        let times = Times {
            began_unix_nanos: i128::from(self.state.started_unix_secs) * 1_000_000_000,
            now_unix_nanos: jiff::Timestamp::now().as_nanosecond(),
        };
        let families = families(&self.state);
        let body = request(self.collector.resource(), &families, times);
        let posted = self.collector.post(body);
        let taken = posted.and_then(|answer| match rejected(&answer) {
            0 => Ok(()),
            points => Err(format!("it has rejected {points} of the values")),
        });
        self.state.exports().count(taken.is_ok());
        match taken {
            Ok(()) => self.fails = false,
            Err(reason) => {
                if !std::mem::replace(&mut self.fails, true) {
                    self.state.log.write(&Event::MetricsNotTaken { reason });
                }
            }
        }
    }
}

/// How many values the answer says were not taken (`ExportMetricsPartialSuccess`); what it has no words for was taken.
fn rejected(answer: &[u8]) -> u64 {
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    let points = answer
        .get("partialSuccess")
        .and_then(|partly| partly.get("rejectedDataPoints"));
    // OTLP writes 64-bit numbers as strings, and reads both.
    let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
    points.and_then(number).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_may_take_a_part() {
        for (answer, points) in [
            (
                &br#"{"partialSuccess":{"rejectedDataPoints":"7","errorMessage":"x"}}"#[..],
                7,
            ),
            (br#"{"partialSuccess":{"rejectedDataPoints":7}}"#, 7),
            (br#"{"partialSuccess":{"errorMessage":"a warning"}}"#, 0),
            (br#"{"partialSuccess":{}}"#, 0),
            (b"{}", 0),
            (b"", 0),
            (b"\xff", 0),
        ] {
            assert_eq!(rejected(answer), points);
        }
    }
}

//! The way of spans to their collector: a bounded queue, and a thread that posts what is in it.
//!
//! Knows: when there are enough. How they are posted is in `collector`. Does not know what spans are about. A collector that is slow or gone never slows a request
//! down: spans that find no room, and batches that it does not take, are dropped and counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Instant;

use aws_lc_rs::rand;
use countersign_config::Traces as Settings;
use http::HeaderMap;

use super::collector::Collector;
use super::event::Event;
use super::log::Log;
use super::otlp::Instance;
use super::span::{Span, request};
use super::trace_context::{self, Parent, SpanId, TraceId};
use crate::StartError;

/// Where spans are handed over. Every worker has one.
#[derive(Clone)]
pub(crate) struct Traces {
    queue: SyncSender<Item>,
    counts: Arc<Counts>,
    sample_percent: u32,
}

enum Item {
    Span(Box<Span>),
    Stop,
}

/// What became of spans.
#[derive(Default)]
struct Counts {
    exported: AtomicU64,
    dropped: AtomicU64,
    /// Whether nobody waits for the collector any more.
    stopping: AtomicBool,
}

impl Counts {
    fn drop_all(&self, spans: usize) {
        let spans = u64::try_from(spans).unwrap_or(u64::MAX);
        self.dropped.fetch_add(spans, Ordering::Relaxed);
    }
}

/// A span that has begun.
#[derive(Clone, Copy)]
pub(crate) struct Begun {
    pub(crate) trace: TraceId,
    pub(crate) id: SpanId,
    pub(crate) parent: Option<SpanId>,
}

impl Traces {
    /// Begins to export.
    pub(crate) fn start(
        settings: &Settings,
        instance: &Instance,
        log: &Log,
    ) -> Result<(Self, JoinHandle<()>), StartError> {
        let (queue, waiting) = sync_channel(settings.queue_max);
        let counts = Arc::<Counts>::default();
        let exporter = Exporter {
            settings: settings.clone(),
            collector: Collector::new(&settings.collector, instance)?,
            counts: Arc::clone(&counts),
            log: log.clone(),
            fails: false,
        };
        let thread = std::thread::Builder::new().name("traces".into());
        let thread = thread
            .spawn(move || exporter.run(&waiting))
            .map_err(StartError::Thread)?;
        let traces = Self {
            queue,
            counts,
            sample_percent: settings.sample_percent,
        };
        Ok((traces, thread))
    }

    /// Begins the span of a request, where it is to be recorded: by what its sender says, or else by the sample.
    pub(crate) fn begin(&self, headers: &HeaderMap) -> Option<Begun> {
        let parent = trace_context::parent(headers);
        if parent.is_some_and(|parent| !parent.sampled) {
            return None;
        }
        let mut random = [0; 25];
        rand::fill(&mut random).ok()?;
        let (trace, rest) = random.split_first_chunk::<16>()?;
        let (id, rest) = rest.split_first_chunk::<8>()?;
        match parent {
            Some(Parent { trace, span, .. }) => Some(Begun {
                trace,
                id: *id,
                parent: Some(span),
            }),
            // A byte is fine enough for whole percents.
            None => {
                let drawn = rest.iter().fold(0, |_, byte| u32::from(*byte) * 100 / 256);
                (drawn < self.sample_percent).then_some(Begun {
                    trace: *trace,
                    id: *id,
                    parent: None,
                })
            }
        }
    }

    /// An id for a span within a trace.
    pub(crate) fn span_id(&self) -> Option<SpanId> {
        let mut id = [0; 8];
        rand::fill(&mut id).ok()?;
        Some(id)
    }

    /// Hands a span over, or drops it where there is no room.
    pub(crate) fn end(&self, span: Span) {
        if self.queue.try_send(Item::Span(Box::new(span))).is_err() {
            self.counts.drop_all(1);
        }
    }

    /// Lets the thread end after what waits. Past a failure then nothing is tried any more.
    pub(crate) fn stop(&self) {
        self.counts.stopping.store(true, Ordering::Relaxed);
        // An error means that it has ended.
        let _ = self.queue.send(Item::Stop);
    }

    /// Spans that the collector took, and that it did not.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (read(&self.counts.exported), read(&self.counts.dropped))
    }
}

struct Exporter {
    settings: Settings,
    collector: Collector,
    counts: Arc<Counts>,
    log: Log,
    /// Whether the last batch was not taken: each failure is told once.
    fails: bool,
}

impl Exporter {
    fn run(mut self, waiting: &Receiver<Item>) {
        loop {
            let (batch, goes_on) = self.batch(waiting);
            if self.fails && self.counts.stopping.load(Ordering::Relaxed) {
                self.counts.drop_all(batch.len());
            } else {
                self.post(&batch);
            }
            if !goes_on {
                return;
            }
        }
    }

    /// Waits for a first span, and then for others until there are enough or it has waited long enough. Whether more may come.
    fn batch(&self, waiting: &Receiver<Item>) -> (Vec<Span>, bool) {
        let mut batch = Vec::new();
        let mut until: Option<Instant> = None;
        while batch.len() < self.settings.batch_max {
            let item = match until {
                None => waiting.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(until) => {
                    waiting.recv_timeout(until.saturating_duration_since(Instant::now()))
                }
            };
            match item {
                Ok(Item::Span(span)) => {
                    batch.push(*span);
                    until.get_or_insert_with(|| Instant::now() + self.settings.every);
                }
                Ok(Item::Stop) | Err(RecvTimeoutError::Disconnected) => return (batch, false),
                Err(RecvTimeoutError::Timeout) => break,
            }
        }
        (batch, true)
    }

    fn post(&mut self, batch: &[Span]) {
        if batch.is_empty() {
            return;
        }
        let body = request(self.collector.resource(), batch);
        match self.collector.post(body) {
            Ok(_) => {
                self.fails = false;
                let count = u64::try_from(batch.len()).unwrap_or(u64::MAX);
                self.counts.exported.fetch_add(count, Ordering::Relaxed);
            }
            Err(reason) => {
                self.counts.drop_all(batch.len());
                if !std::mem::replace(&mut self.fails, true) {
                    self.log.write(&Event::TracesNotTaken { reason });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use http::HeaderValue;

    use super::super::span::Kind;
    use super::*;

    fn traces(sample_percent: u32) -> (Traces, Receiver<Item>) {
        let (queue, waiting) = sync_channel(2);
        let traces = Traces {
            queue,
            counts: Arc::default(),
            sample_percent,
        };
        (traces, waiting)
    }

    fn span() -> Span {
        Span {
            trace: [1; 16],
            id: [2; 8],
            parent: None,
            kind: Kind::Server,
            name: "GET".into(),
            begun_unix_nanos: 1,
            ended_unix_nanos: 2,
            attributes: Vec::new(),
            failed: false,
        }
    }

    #[test]
    fn spans_past_the_queue_are_dropped_and_counted() {
        let (traces, _waiting) = traces(100);
        for _ in 0..5 {
            traces.end(span());
        }
        assert_eq!(traces.counts(), (0, 3));
    }

    #[test]
    fn the_sample_is_of_traces_that_begin_here_alone() {
        let none = HeaderMap::new();
        assert!((0..100).all(|_| traces(100).0.begin(&none).is_some()));
        assert!((0..100).all(|_| traces(0).0.begin(&none).is_none()));
        let sampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let brought = |text: &str| {
            HeaderMap::from_iter([(
                trace_context::TRACEPARENT,
                HeaderValue::try_from(text).unwrap(),
            )])
        };
        let begun = traces(0).0.begin(&brought(sampled)).unwrap();
        assert_eq!(
            begun.parent,
            Some([0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31])
        );
        assert_ne!(Some(begun.id), begun.parent);
        let unsampled = sampled.replace("-01", "-00");
        assert!(traces(100).0.begin(&brought(&unsampled)).is_none());
    }
}

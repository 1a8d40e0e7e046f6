//! Where traces and figures go.
//!
//! Knows: values that have been checked. Does not know spans.

use std::time::Duration;

use super::Collector;

/// The collector of traces, and how it is fed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traces {
    /// Where spans are posted.
    pub collector: Collector,
    /// How many of a hundred traces that begin here are recorded.
    pub sample_percent: u32,
    /// Spans that may wait.
    pub queue_max: usize,
    /// Spans that are posted at once.
    pub batch_max: usize,
    /// How long a span waits for others at most.
    pub every: Duration,
}

/// The collector of figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metrics {
    /// Where figures are posted.
    pub collector: Collector,
    /// How often.
    pub every: Duration,
}

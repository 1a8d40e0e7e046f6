//! Where traces go.
//!
//! Knows: values that have been checked. Does not know spans.

use std::path::PathBuf;
use std::time::Duration;

/// The collector of traces, and how it is fed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traces {
    /// The address that spans are posted to.
    pub url: String,
    /// What the gateway is called there.
    pub service_name: Box<str>,
    /// How many of a hundred traces that begin here are recorded.
    pub sample_percent: u32,
    /// Spans that may wait.
    pub queue_max: usize,
    /// Spans that are posted at once.
    pub batch_max: usize,
    /// How long a span waits for others at most.
    pub every: Duration,
    /// How long the collector may take to answer.
    pub answer: Duration,
    /// PEM certificates that are trusted for the collector beside the system's.
    pub ca_file: Option<PathBuf>,
}

//! `[traces]` and `[metrics]`: what goes to a collector of OpenTelemetry.
//!
//! Knows: the two sections. What they have in common is in `collector`.

use std::time::Duration;

use super::{Scene, collector};
use crate::declared::{metrics, traces};
use crate::read::Fields;
use crate::settings::{Metrics, Traces};

const OF_TRACES: collector::Keys = collector::Keys {
    url: &traces::URL,
    service_name: &traces::SERVICE_NAME,
    attributes: &traces::ATTRIBUTES,
    answer_secs: &traces::ANSWER_SECS,
    ca_file: &traces::CA_FILE,
    headers_file: &traces::HEADERS_FILE,
    path: "/v1/traces",
};

const OF_METRICS: collector::Keys = collector::Keys {
    url: &metrics::URL,
    service_name: &metrics::SERVICE_NAME,
    attributes: &metrics::ATTRIBUTES,
    answer_secs: &metrics::ANSWER_SECS,
    ca_file: &metrics::CA_FILE,
    headers_file: &metrics::HEADERS_FILE,
    path: "/v1/metrics",
};

pub(super) fn read(fields: Option<&Fields<'_>>, scene: Scene<'_>) -> Option<Traces> {
    let fields = fields?;
    let number = |key, default: u64| fields.whole(key).map_or(default, |number| number.value);
    let count = |key, default| usize::try_from(number(key, default)).unwrap_or(usize::MAX);
    Some(Traces {
        collector: collector::read(fields, &OF_TRACES, scene),
        sample_percent: u32::try_from(number(&traces::SAMPLE_PERCENT, 100)).unwrap_or(100),
        queue_max: count(&traces::QUEUE_MAX, 4096),
        batch_max: count(&traces::BATCH_MAX, 512),
        every: Duration::from_millis(number(&traces::EVERY_MILLIS, 1000)),
    })
}

pub(super) fn of_metrics(fields: Option<&Fields<'_>>, scene: Scene<'_>) -> Option<Metrics> {
    let fields = fields?;
    let every = fields.whole(&metrics::EVERY_MILLIS);
    Some(Metrics {
        collector: collector::read(fields, &OF_METRICS, scene),
        every: Duration::from_millis(every.map_or(60_000, |number| number.value)),
    })
}

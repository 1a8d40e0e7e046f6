//! The figures in Prometheus' text format.
//!
//! Knows: that format. What is shown, and by which names, is in `families`.

use std::fmt;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet, prometheus_text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use super::families::{Family, PREFIX, Values, families};
use super::figures::BOUNDS_SECS;
use super::state::State;

pub(crate) use prometheus_client::encoding::prometheus_text::CONTENT_TYPE;

/// Shows everything that is counted, and how things are.
pub(crate) fn exposition(state: &State) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix(PREFIX);
    registry.register_collector(Box::new(Scrape(families(state))));
    let mut text = String::new();
    prometheus_text::encode(&mut text, &registry)?;
    Ok(text)
}

#[derive(Debug)]
struct Scrape(Vec<Family>);

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|family| encode(&mut encoder, family))
    }
}

fn encode(encoder: &mut DescriptorEncoder<'_>, family: &Family) -> fmt::Result {
    let Family { name, help, values } = family;
    let kind = match values {
        Values::Counts(_) => MetricType::Counter,
        Values::Levels(_) => MetricType::Gauge,
        Values::Durations(_) => MetricType::Histogram,
    };
    let mut family = encoder.encode_descriptor(name, help, None, kind)?;
    match values {
        Values::Counts(counts) => {
            for (labels, count) in counts {
                family
                    .encode_family(labels)?
                    .encode_counter::<NoLabelSet, _, u64>(count, None)?;
            }
        }
        Values::Levels(levels) => {
            for (labels, level) in levels {
                family.encode_family(labels)?.encode_gauge(level)?;
            }
        }
        Values::Durations(durations) => {
            for (labels, summed) in durations {
                let bounds = BOUNDS_SECS.into_iter().chain([f64::INFINITY]);
                let buckets: Vec<(f64, u64)> = bounds.zip(summed.buckets).collect();
                let count = summed.buckets.iter().sum();
                let secs = Duration::from_nanos(summed.nanos).as_secs_f64();
                family
                    .encode_family(labels)?
                    .encode_histogram::<NoLabelSet>(secs, count, &buckets, None)?;
            }
        }
    }
    Ok(())
}

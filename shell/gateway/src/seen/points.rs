//! Figures as a collector takes them: OTLP in its JSON form.
//!
//! Knows: that form. What is shown, and by which names, is in `families`: the same as at `/metrics`, so that a board or an alarm does not have to know
//! by which of the two ways figures have come.

use std::time::Duration;

use serde_json::{Value, json};

use super::families::{Family, Labels, PREFIX, Values};
use super::figures::{BOUNDS_SECS, Summed};
use super::otlp::{attribute, scope, text};

/// `AGGREGATION_TEMPORALITY_CUMULATIVE` of OTLP: a value holds all since the process began. So one that was not taken is made
/// up for by the next.
const CUMULATIVE: u8 = 2;

/// From when on is counted, and when it was looked at.
#[derive(Clone, Copy)]
pub(super) struct Times {
    pub(super) began_unix_nanos: i128,
    pub(super) now_unix_nanos: i128,
}

/// `ExportMetricsServiceRequest` with these figures.
pub(super) fn request(resource: &Value, families: &[Family], times: Times) -> Vec<u8> {
    let metrics: Vec<Value> = families
        .iter()
        .filter_map(|family| metric(family, times))
        .collect();
    json!({
        "resourceMetrics": [{
            "resource": resource,
            "scopeMetrics": [{ "scope": scope(), "metrics": metrics }],
        }],
    })
    .to_string()
    .into_bytes()
}

/// `Metric`; nothing where there is no value yet.
fn metric(family: &Family, times: Times) -> Option<Value> {
    let (kind, data, empty) = match &family.values {
        Values::Counts(counts) => (
            "sum",
            json!({
                "aggregationTemporality": CUMULATIVE,
                "isMonotonic": true,
                "dataPoints": counts.iter().map(|(labels, count)| summed(labels, *count, times)).collect::<Vec<_>>(),
            }),
            counts.is_empty(),
        ),
        Values::Levels(levels) => (
            "gauge",
            json!({
                "dataPoints": levels.iter().map(|(labels, level)| read(labels, *level, times)).collect::<Vec<_>>(),
            }),
            levels.is_empty(),
        ),
        Values::Durations(durations) => (
            "histogram",
            json!({
                "aggregationTemporality": CUMULATIVE,
                "dataPoints": durations.iter().map(|(labels, all)| spread(labels, all, times)).collect::<Vec<_>>(),
            }),
            durations.is_empty(),
        ),
    };
    // What Prometheus makes of names and units is then what `/metrics` says.
    let unit = if family.name.ends_with("_seconds") {
        "s"
    } else {
        ""
    };
    (!empty).then(|| {
        json!({
            "name": format!("{PREFIX}_{}", family.name),
            "description": family.help,
            "unit": unit,
            kind: data,
        })
    })
}

/// `NumberDataPoint` of a sum. 64-bit numbers are strings in OTLP's JSON.
fn summed(labels: &Labels, count: u64, times: Times) -> Value {
    json!({
        "attributes": attributes(labels),
        "startTimeUnixNano": times.began_unix_nanos.to_string(),
        "timeUnixNano": times.now_unix_nanos.to_string(),
        "asInt": count.to_string(),
    })
}

/// `NumberDataPoint` of a gauge.
fn read(labels: &Labels, level: i64, times: Times) -> Value {
    json!({
        "attributes": attributes(labels),
        "timeUnixNano": times.now_unix_nanos.to_string(),
        "asInt": level.to_string(),
    })
}

/// `HistogramDataPoint`. Upper bounds belong to their buckets there as here, and the last bucket has none.
fn spread(labels: &Labels, all: &Summed, times: Times) -> Value {
    json!({
        "attributes": attributes(labels),
        "startTimeUnixNano": times.began_unix_nanos.to_string(),
        "timeUnixNano": times.now_unix_nanos.to_string(),
        "count": all.buckets.iter().sum::<u64>().to_string(),
        "sum": Duration::from_nanos(all.nanos).as_secs_f64(),
        "bucketCounts": all.buckets.iter().map(u64::to_string).collect::<Vec<_>>(),
        "explicitBounds": BOUNDS_SECS,
    })
}

fn attributes(labels: &Labels) -> Vec<Value> {
    labels
        .iter()
        .map(|(key, value)| attribute(key, &text(value)))
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use std::collections::BTreeMap;

    use super::*;

    const TIMES: Times = Times {
        began_unix_nanos: 5_000_000_000,
        now_unix_nanos: 6_000_000_000,
    };

    fn family(name: &'static str, values: Values) -> Family {
        Family {
            name,
            help: "What it is",
            values,
        }
    }

    fn labels() -> Labels {
        vec![("route", "api".to_owned())]
    }

    #[test]
    fn a_count_is_a_monotonic_sum_since_the_beginning() {
        let counts = BTreeMap::from([(labels(), u64::MAX)]);
        let metric = metric(&family("requests", Values::Counts(counts)), TIMES).unwrap();
        assert_eq!(
            metric,
            json!({
                "name": "countersign_requests", "description": "What it is", "unit": "",
                "sum": { "aggregationTemporality": 2, "isMonotonic": true, "dataPoints": [{
                    "attributes": [{ "key": "route", "value": { "stringValue": "api" } }],
                    "startTimeUnixNano": "5000000000", "timeUnixNano": "6000000000", "asInt": "18446744073709551615",
                }] },
            })
        );
    }

    #[test]
    fn a_level_has_no_beginning() {
        let levels = BTreeMap::from([(Vec::new(), -1)]);
        let metric = metric(&family("up", Values::Levels(levels)), TIMES).unwrap();
        let point = json!({ "attributes": [], "timeUnixNano": "6000000000", "asInt": "-1" });
        assert_eq!(metric["gauge"], json!({ "dataPoints": [point] }));
    }

    #[test]
    fn durations_have_a_bucket_more_than_bounds() {
        let mut all = Summed::default();
        all.buckets[0] = 2;
        *all.buckets.last_mut().unwrap() = 1;
        all.nanos = 1_500_000_000;
        let durations = BTreeMap::from([(labels(), all)]);
        let metric = metric(&family("own_seconds", Values::Durations(durations)), TIMES).unwrap();
        assert_eq!(metric["unit"], "s");
        assert_eq!(metric["histogram"]["aggregationTemporality"], 2);
        let point = &metric["histogram"]["dataPoints"][0];
        assert_eq!((&point["count"], &point["sum"]), (&json!("3"), &json!(1.5)));
        let buckets = point["bucketCounts"].as_array().unwrap();
        assert_eq!(
            (&buckets[0], buckets.last().unwrap()),
            (&json!("2"), &json!("1"))
        );
        let bounds = point["explicitBounds"].as_array().unwrap();
        assert_eq!(bounds.len() + 1, buckets.len());
    }

    #[test]
    fn what_has_no_value_is_left_out() {
        assert!(metric(&family("none", Values::Counts(BTreeMap::new())), TIMES).is_none());
    }
}

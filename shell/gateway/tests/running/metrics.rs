//! Figures by OTLP: what a collector of OpenTelemetry gets, and that it is what the admin listener shows.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use serde_json::{Value, json};

use crate::stage::message::Message;
use crate::stage::upstream::{OK, Upstream};
use crate::stage::{ALICE, PATIENCE, Play, Stage};

const ADMIN: &str = "[admin]\nlisten = [\"127.0.0.1:0\"]\n";

fn get(path: &str, fields: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a.example\r\n{fields}\r\n")
}

fn metered(collector: &Upstream, more: &str) -> String {
    format!(
        "[metrics]\nurl = \"http://{}\"\nevery_millis = 100\n{more}",
        collector.address()
    )
}

fn open(upstream: &Upstream, sections: &str) -> Stage {
    let play = Play {
        sections,
        ..Play::default()
    };
    play.open(upstream.address())
}

fn page(stage: &Stage) -> String {
    stage.admin().send(get("/metrics", "")).answer().text()
}

/// One post: its resource, and its metrics by name.
struct Posted {
    resource: Value,
    metrics: BTreeMap<String, Value>,
}

fn posted(message: &Message) -> Posted {
    assert!(
        message.head.starts_with("POST /v1/metrics HTTP/1.1\r\n"),
        "{}",
        message.head
    );
    assert_eq!(message.field("content-type"), Some("application/json"));
    let body: Value = serde_json::from_slice(&message.body).unwrap();
    let of_resource = &body["resourceMetrics"][0];
    let metrics = of_resource["scopeMetrics"][0]["metrics"]
        .as_array()
        .unwrap();
    let by_name = metrics
        .iter()
        .map(|metric| (metric["name"].as_str().unwrap().to_owned(), metric.clone()));
    let by_name: BTreeMap<_, _> = by_name.collect();
    assert_eq!(by_name.len(), metrics.len(), "a name comes once");
    Posted {
        resource: of_resource["resource"].clone(),
        metrics: by_name,
    }
}

impl Posted {
    /// The point of a metric with these attributes.
    fn point(&self, kind: &str, name: &str, wanted: &[(&str, &str)]) -> Value {
        let metric = self.metrics.get(name).unwrap_or(&Value::Null);
        let points = metric[kind]["dataPoints"].as_array();
        let wanted: Vec<Value> = wanted
            .iter()
            .map(|(key, value)| json!({ "key": key, "value": { "stringValue": value } }))
            .collect();
        let mut points = points.into_iter().flatten();
        let found = points.find(|point| point["attributes"] == json!(wanted));
        found.cloned().unwrap_or_default()
    }

    fn count(&self, name: &str, wanted: &[(&str, &str)]) -> u64 {
        let point = self.point("sum", name, wanted);
        let count = point["asInt"].as_str();
        count.map_or(0, |count| count.parse().unwrap())
    }
}

/// Waits for a post that is as it should be. Each holds all since the beginning, so that only what comes too late can be missed.
fn wait_for(collector: &Upstream, is_there: impl Fn(&Posted) -> bool) -> Posted {
    let started = Instant::now();
    loop {
        let posted = posted(&collector.next().message);
        if is_there(&posted) {
            return posted;
        }
        assert!(started.elapsed() < PATIENCE, "{:#?}", posted.metrics);
    }
}

#[test]
fn what_is_counted_is_posted_time_after_time_since_the_beginning() {
    let (upstream, collector) = (Upstream::content(), Upstream::content());
    let stage = open(&upstream, &metered(&collector, ""));
    let good = get("/api/x", &format!("Authorization: {ALICE}\r\n"));
    let permitted =
        |posted: &Posted| posted.count("countersign_requests_permitted", &[("route", "api")]);
    assert_eq!(stage.ask(&good).status(), Some(200));
    let first = wait_for(&collector, |posted| permitted(posted) == 1);
    assert_eq!(stage.ask(&good).status(), Some(200));
    assert_eq!(stage.ask(get("/api/x", "")).status(), Some(401));
    let missing = [
        ("route", "api"),
        ("cause", "credentials-missing"),
        ("scheme", ""),
    ];
    let second = wait_for(&collector, |posted| {
        posted.count("countersign_requests_refused", &missing) == 1
    });
    assert_eq!(permitted(&second), 2, "the second holds the first");
    let sum = &second.metrics["countersign_requests_permitted"]["sum"];
    assert_eq!(sum["aggregationTemporality"], 2);
    assert_eq!(sum["isMonotonic"], true);
    let nanos = |posted: &Posted, key: &str| -> u128 {
        let point = posted.point("sum", "countersign_requests_permitted", &[("route", "api")]);
        point[key].as_str().unwrap().parse().unwrap()
    };
    let (began, now) = ("startTimeUnixNano", "timeUnixNano");
    assert_eq!(nanos(&first, began), nanos(&second, began));
    assert!(nanos(&first, began) <= nanos(&first, now) && nanos(&first, now) < nanos(&second, now));
    let took = second.point(
        "histogram",
        "countersign_upstream_seconds",
        &[("upstream", "app")],
    );
    assert_eq!(
        took["count"], "2",
        "durations are measured without an admin listener"
    );
    assert_eq!(second.resource, first.resource);
    let all = format!("{:?}", second.metrics);
    for private in ["alice", "horse", "/api/x"] {
        assert!(!all.contains(private), "{all}");
    }
}

/// Prometheus' name of each sample that is shown, without the value.
fn shown(page: &str) -> Vec<String> {
    let samples = page.lines().filter(|line| !line.starts_with('#'));
    let names = samples.filter_map(|line| Some(line.rsplit_once(' ')?.0.to_owned()));
    let mut names: Vec<String> = names.filter(|name| !name.contains("_bucket")).collect();
    names.sort_unstable();
    names
}

/// What Prometheus' own rules make of the names that were posted.
fn translated(posted: &Posted) -> Vec<String> {
    let mut names = Vec::new();
    for (name, metric) in &posted.metrics {
        let (kind, ends): (_, &[&str]) = if metric.get("sum").is_some() {
            ("sum", &["_total"])
        } else if metric.get("gauge").is_some() {
            ("gauge", &[""])
        } else {
            ("histogram", &["_count", "_sum"])
        };
        for point in metric[kind]["dataPoints"].as_array().unwrap() {
            let labels = point["attributes"].as_array().unwrap().iter();
            let labels: Vec<String> = labels
                .map(|label| {
                    let value = label["value"]["stringValue"].as_str().unwrap();
                    format!("{}=\"{value}\"", label["key"].as_str().unwrap())
                })
                .collect();
            let labels = match labels.is_empty() {
                true => String::new(),
                false => format!("{{{}}}", labels.join(",")),
            };
            names.extend(ends.iter().map(|end| format!("{name}{end}{labels}")));
        }
    }
    names.sort_unstable();
    names
}

#[test]
fn names_and_labels_are_those_of_the_admin_listener() {
    let (upstream, collector) = (Upstream::content(), Upstream::content());
    let stage = open(&upstream, &format!("{ADMIN}{}", metered(&collector, "")));
    for request in [get("/public/x", ""), get("/api/x", ""), get("/none", "")] {
        stage.ask(request);
    }
    let unrouted = [("route", ""), ("cause", "route-unmatched"), ("scheme", "")];
    let posted = wait_for(&collector, |posted| {
        posted.count("countersign_requests_refused", &unrouted) == 1
    });
    let shown = shown(&page(&stage));
    assert!(shown.len() > 30, "{shown:#?}");
    assert_eq!(translated(&posted), shown);
}

#[test]
fn a_collector_is_told_who_posts() {
    let (upstream, collector) = (Upstream::content(), Upstream::content());
    let more = "service_name = \"edge\"\nattributes = { zone = \"a\", \"k8s.pod.labels\" = [\"x\", \"y\"] }\n";
    let stage = open(&upstream, &metered(&collector, more));
    let posted = posted(&collector.next().message);
    let attribute = |key: &str| {
        let attributes = posted.resource["attributes"].as_array().unwrap();
        let found = attributes.iter().find(|attribute| attribute["key"] == key);
        found.map_or(Value::Null, |attribute| attribute["value"].clone())
    };
    assert_eq!(attribute("service.name"), json!({ "stringValue": "edge" }));
    assert_eq!(attribute("zone"), json!({ "stringValue": "a" }));
    let list =
        json!({ "arrayValue": { "values": [{ "stringValue": "x" }, { "stringValue": "y" }] } });
    assert_eq!(attribute("k8s.pod.labels"), list);
    let id = attribute("service.instance.id");
    assert_eq!(id["stringValue"].as_str().unwrap().len(), 36);
    drop(stage);
}

fn write_secret(path: &Path, text: &str) {
    let mut options = std::fs::OpenOptions::new();
    let options = options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

#[test]
fn header_lines_of_a_file_are_posted_and_read_anew_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("otlp.headers");
    write_secret(
        &file,
        "Authorization: Bearer first-hunter2\nX-Scope-OrgID: 7\n",
    );
    let (upstream, collector) = (Upstream::content(), Upstream::content());
    let more = format!("headers_file = \"{}\"\n", file.display());
    let stage = open(&upstream, &metered(&collector, &more));
    let message = collector.next().message;
    assert_eq!(message.fields("authorization"), ["Bearer first-hunter2"]);
    assert_eq!(message.fields("x-scope-orgid"), ["7"]);
    write_secret(&file, "Authorization: Bearer second-hunter2\n");
    let started = Instant::now();
    while collector.next().message.field("authorization") != Some("Bearer second-hunter2") {
        assert!(started.elapsed() < PATIENCE, "the new line never came");
    }
    write_secret(&file, "hunter2 is no header line");
    stage.wait_for_log("\"event\":\"metrics-not-taken\"");
    let told = stage.log();
    assert!(told.contains("line 1 has no colon after a name"), "{told}");
    assert!(!told.contains("hunter2"), "{told}");
}

#[test]
fn a_collector_that_takes_nothing_is_told_once_and_disturbs_nobody() {
    let upstream = Upstream::content();
    let takes = Arc::new(AtomicBool::new(false));
    let now = Arc::clone(&takes);
    let collector = Upstream::played(move |mut connection| {
        while connection.hear().is_some() {
            connection.say(if now.load(Ordering::Acquire) {
                OK
            } else {
                b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
            });
        }
    });
    let stage = open(&upstream, &format!("{ADMIN}{}", metered(&collector, "")));
    for _ in 0..3 {
        collector.next();
        assert_eq!(stage.ask(get("/public/x", "")).status(), Some(200));
    }
    stage.wait_for_log("\"event\":\"metrics-not-taken\",\"reason\":\"the answer is 503");
    let told = stage.log();
    assert_eq!(told.matches("metrics-not-taken").count(), 1, "{told}");
    takes.store(true, Ordering::Release);
    let failed =
        |posted: &Posted| posted.count("countersign_metrics_exports", &[("result", "failed")]);
    let posted = wait_for(&collector, |posted| {
        posted.count("countersign_metrics_exports", &[("result", "ok")]) > 0
    });
    assert!(failed(&posted) >= 2);
    // Nothing of what came before is lost.
    let public = [("route", "public")];
    assert_eq!(posted.count("countersign_requests_permitted", &public), 3);
}

#[test]
fn what_a_collector_takes_in_part_is_told() {
    let upstream = Upstream::content();
    let collector = Upstream::answering(
        b"HTTP/1.1 200 OK\r\nContent-Length: 45\r\n\r\n{\"partialSuccess\":{\"rejectedDataPoints\":\"7\"}}",
    );
    let stage = open(&upstream, &metered(&collector, ""));
    stage.wait_for_log("\"reason\":\"it has rejected 7 of the values\"");
}

#[test]
fn the_last_figures_are_posted_when_the_gateway_stops() {
    let (upstream, collector) = (Upstream::content(), Upstream::content());
    let sections = metered(&collector, "").replace("every_millis = 100", "every_millis = 3600000");
    let stage = open(&upstream, &sections);
    assert_eq!(stage.ask(get("/public/x", "")).status(), Some(200));
    assert!(collector.has_heard_nothing());
    drop(stage);
    let posted = posted(&collector.next().message);
    let public = [("route", "public")];
    assert_eq!(posted.count("countersign_requests_permitted", &public), 1);
}

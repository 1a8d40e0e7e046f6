//! Traces: what a collector of OpenTelemetry gets, and what an upstream is told.

use serde_json::{Value, json};

use crate::stage::message::Message;
use crate::stage::upstream::Upstream;
use crate::stage::{ALICE, Play, Stage};

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const STATE: &str = "congo=t61rcWkgMzE";

fn get(path: &str, fields: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a.example\r\n{fields}\r\n")
}

fn traced(collector: &Upstream, more: &str) -> String {
    format!(
        "[traces]\nurl = \"http://{}\"\nevery_millis = 10\n{more}",
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

/// The spans of one post, each under the form of OTLP's JSON.
fn posted(message: &Message) -> Vec<Value> {
    assert!(
        message.head.starts_with("POST /v1/traces HTTP/1.1\r\n"),
        "{}",
        message.head
    );
    assert_eq!(message.field("content-type"), Some("application/json"));
    let body: Value = serde_json::from_slice(&message.body).unwrap();
    let resource = &body["resourceSpans"][0]["resource"];
    assert_eq!(
        attribute(resource, "service.name"),
        json!({ "stringValue": "countersign" })
    );
    let spans = &body["resourceSpans"][0]["scopeSpans"][0]["spans"];
    spans.as_array().unwrap().clone()
}

/// Waits for so many spans.
fn spans(collector: &Upstream, count: usize) -> Vec<Value> {
    let mut spans = Vec::new();
    while spans.len() < count {
        spans.extend(posted(&collector.next().message));
    }
    assert_eq!(spans.len(), count, "{spans:#?}");
    spans
}

fn attribute(of: &Value, key: &str) -> Value {
    let attributes = of["attributes"].as_array().unwrap();
    let found = attributes.iter().find(|attribute| attribute["key"] == key);
    found.map_or(Value::Null, |attribute| attribute["value"].clone())
}

fn text(of: &Value, key: &str) -> String {
    attribute(of, key)["stringValue"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

fn nanos(span: &Value, key: &str) -> u128 {
    span[key].as_str().unwrap().parse().unwrap()
}

#[test]
fn a_request_joins_the_trace_it_brings_and_the_upstream_gets_the_gateways_span() {
    let (upstream, collector) = (Upstream::content(), Upstream::content());
    let stage = open(&upstream, &traced(&collector, ""));
    let fields =
        format!("Traceparent: {PARENT}\r\nTracestate: {STATE}\r\nAuthorization: {ALICE}\r\n");
    let answer = stage.ask(get("/api/x?token=hunter2", &fields));
    assert_eq!(answer.status(), Some(200));
    let spans = spans(&collector, 2);
    let (call, request) = (&spans[0], &spans[1]);
    assert_eq!(
        (&request["traceId"], &call["traceId"]),
        (&json!(TRACE), &json!(TRACE))
    );
    assert_eq!(request["parentSpanId"], "b7ad6b7169203331");
    assert_eq!(call["parentSpanId"], request["spanId"]);
    assert_eq!((&request["kind"], &call["kind"]), (&json!(2), &json!(3)));
    assert_eq!(
        (&request["name"], &call["name"]),
        (&json!("GET api"), &json!("GET"))
    );
    assert_eq!(text(request, "url.path"), "/api/x");
    assert_eq!(text(request, "server.address"), "a.example");
    assert_eq!(text(request, "client.address"), "127.0.0.1");
    assert_eq!(text(request, "countersign.route"), "api");
    assert_eq!(text(call, "peer.service"), "app");
    for span in [request, call] {
        let status = attribute(span, "http.response.status_code");
        assert_eq!(status, json!({ "intValue": "200" }));
        assert_eq!(span["status"], json!({}));
        assert!(nanos(span, "startTimeUnixNano") <= nanos(span, "endTimeUnixNano"));
    }
    assert!(nanos(request, "startTimeUnixNano") <= nanos(call, "startTimeUnixNano"));
    assert!(nanos(call, "endTimeUnixNano") <= nanos(request, "endTimeUnixNano"));

    let heard = upstream.next().message;
    let told = format!("00-{TRACE}-{}-01", call["spanId"].as_str().unwrap());
    assert_eq!(heard.fields("traceparent"), [told.as_str()]);
    assert_eq!(heard.fields("tracestate"), [STATE]);
    let all = format!("{spans:?}");
    for secret in ["hunter2", "YWxpY2U6Y29ycmVjdCBob3JzZQ", "horse"] {
        assert!(!all.contains(secret), "{all}");
    }
}

#[test]
fn a_trace_begins_here_where_none_is_brought_or_none_that_can_be_read() {
    let (upstream, collector) = (Upstream::content(), Upstream::content());
    let stage = open(&upstream, &traced(&collector, ""));
    for fields in ["", "Traceparent: 00-0-0-01\r\nTracestate: a=b\r\n"] {
        stage.ask(get("/public/x", fields));
        let spans = spans(&collector, 2);
        assert_eq!(spans[1].get("parentSpanId"), None);
        assert_eq!(spans[0]["traceId"], spans[1]["traceId"]);
        let heard = upstream.next().message;
        let parent = heard.field("traceparent").unwrap().to_owned();
        assert!(
            parent.contains(spans[0]["spanId"].as_str().unwrap()),
            "{parent}"
        );
        assert!(heard.fields("tracestate").is_empty());
    }
}

#[test]
fn a_refusal_is_a_span_with_its_cause() {
    let (upstream, collector) = (Upstream::content(), Upstream::content());
    let stage = open(&upstream, &traced(&collector, ""));
    let answer = stage.ask(get("/api/x", ""));
    assert_eq!(answer.status(), Some(401));
    let spans = spans(&collector, 1);
    assert_eq!(text(&spans[0], "countersign.cause"), "credentials-missing");
    assert_eq!(text(&spans[0], "countersign.request").len(), 20);
    // To a server it is no failure of its own.
    assert_eq!(spans[0]["status"], json!({}));
}

#[test]
fn an_upstream_that_is_gone_is_a_failure_of_both_spans() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = gone.local_addr().unwrap();
    drop(gone);
    let collector = Upstream::content();
    let sections = traced(&collector, "");
    let play = Play {
        sections: &sections,
        ..Play::default()
    };
    let stage = play.open(address);
    let answer = stage.ask(get("/public/x", ""));
    assert_eq!(answer.cause(), "upstream-unreachable");
    for span in spans(&collector, 2) {
        assert_eq!(span["status"], json!({ "code": 2 }));
        assert_eq!(text(&span, "error.type"), "upstream-unreachable");
    }
}

#[test]
fn what_is_not_sampled_is_neither_recorded_nor_touched() {
    let (upstream, collector) = (Upstream::content(), Upstream::content());
    let stage = open(&upstream, &traced(&collector, "sample_percent = 0\n"));
    let unsampled = PARENT.replace("-01", "-00");
    stage.ask(get("/public/x", &format!("Traceparent: {unsampled}\r\n")));
    let heard = upstream.next().message;
    assert_eq!(heard.fields("traceparent"), [unsampled.as_str()]);
    stage.ask(get("/public/x", ""));
    assert!(upstream.next().message.fields("traceparent").is_empty());
    // Whoever is sampled by its sender is recorded, and is the first that is.
    stage.ask(get("/public/x", &format!("Traceparent: {PARENT}\r\n")));
    for span in spans(&collector, 2) {
        assert_eq!(span["traceId"], TRACE);
    }
}

#[test]
fn a_collector_that_takes_nothing_costs_its_spans_alone() {
    let upstream = Upstream::content();
    let collector =
        Upstream::answering(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
    let sections = format!(
        "[admin]\nlisten = [\"127.0.0.1:0\"]\n{}",
        traced(&collector, "")
    );
    let stage = open(&upstream, &sections);
    for _ in 0..3 {
        assert_eq!(stage.ask(get("/public/x", "")).status(), Some(200));
        collector.next();
    }
    stage.wait_for_log("\"event\":\"traces-not-taken\",\"reason\":\"the answer is 503");
    let page = stage.admin().send(get("/metrics", "")).answer().text();
    assert!(
        page.contains("countersign_spans_exported_total 0\n"),
        "{page}"
    );
    let dropped = page
        .lines()
        .find_map(|line| line.strip_prefix("countersign_spans_dropped_total "));
    assert!(dropped.unwrap().parse::<u64>().unwrap() >= 2, "{page}");
}

#[test]
fn what_waits_is_posted_when_the_gateway_stops() {
    let (upstream, collector) = (Upstream::content(), Upstream::content());
    let sections = traced(&collector, "").replace("every_millis = 10", "every_millis = 60000");
    let stage = open(&upstream, &sections);
    stage.ask(get("/public/x", ""));
    assert!(collector.has_heard_nothing());
    drop(stage);
    spans(&collector, 2);
}

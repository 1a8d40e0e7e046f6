//! Spans as a collector takes them: OTLP in its JSON form.
//!
//! Knows: the names of OpenTelemetry's conventions for HTTP. Does not know requests, nor where spans go. There is no attribute that could
//! hold a secret: paths are masked, and queries and credentials are not among them.

use serde_json::{Value, json};

use super::otlp;
use super::trace_context::{SpanId, TraceId, written};

/// Which side of a call a span is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The gateway was called.
    Server,
    /// The gateway calls an upstream.
    Client,
}

impl Kind {
    /// As `Span.SpanKind` of OTLP counts.
    const fn number(self) -> u8 {
        match self {
            Self::Server => 2,
            Self::Client => 3,
        }
    }
}

/// `STATUS_CODE_ERROR` of OTLP.
const STATUS_ERROR: u8 = 2;

/// What is said of a span under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Attribute {
    Text(Box<str>),
    Whole(i64),
}

/// A part of a trace that has ended.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub(crate) trace: TraceId,
    pub(crate) id: SpanId,
    pub(crate) parent: Option<SpanId>,
    pub(crate) kind: Kind,
    pub(crate) name: Box<str>,
    pub(crate) begun_unix_nanos: i128,
    pub(crate) ended_unix_nanos: i128,
    pub(crate) attributes: Vec<(&'static str, Attribute)>,
    /// Whether it counts as failed.
    pub(crate) failed: bool,
}

impl Span {
    fn to_json(&self) -> Value {
        // OTLP: ids are hexadecimal in JSON, and 64-bit numbers strings.
        let mut span = json!({
            "traceId": written(&self.trace),
            "spanId": written(&self.id),
            "name": self.name,
            "kind": self.kind.number(),
            "startTimeUnixNano": self.begun_unix_nanos.to_string(),
            "endTimeUnixNano": self.ended_unix_nanos.to_string(),
            "attributes": self.attributes.iter().map(attribute).collect::<Vec<_>>(),
            "status": if self.failed { json!({ "code": STATUS_ERROR }) } else { json!({}) },
        });
        if let (Some(parent), Some(fields)) = (&self.parent, span.as_object_mut()) {
            fields.insert("parentSpanId".to_owned(), written(parent).into());
        }
        span
    }
}

fn attribute((key, value): &(&'static str, Attribute)) -> Value {
    let value = match value {
        Attribute::Text(text) => otlp::text(text),
        Attribute::Whole(number) => json!({ "intValue": number.to_string() }),
    };
    otlp::attribute(key, &value)
}

/// `ExportTraceServiceRequest` with these spans.
pub(super) fn request(resource: &Value, spans: &[Span]) -> Vec<u8> {
    let spans: Vec<Value> = spans.iter().map(Span::to_json).collect();
    json!({
        "resourceSpans": [{
            "resource": resource,
            "scopeSpans": [{ "scope": otlp::scope(), "spans": spans }],
        }],
    })
    .to_string()
    .into_bytes()
}

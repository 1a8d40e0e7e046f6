//! Refusals for gRPC: trailers-only, with the status that its clients act on.
//!
//! Knows: the mapping from HTTP status to gRPC status. Does not know causes beyond their words. Source: the gRPC
//! documents "PROTOCOL-HTTP2" and "HTTP to gRPC Status Code Mapping".

use countersign_cause::Stage;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::Answer;
use crate::refusal::Refusal;

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");

/// Whether the request is one of gRPC: `application/grpc`, with or without a message format; not gRPC-Web, which reads
/// the HTTP status.
pub(crate) fn is_grpc(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|value| {
        value
            .as_bytes()
            .strip_prefix(b"application/grpc")
            .is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')))
    })
}

/// A response whose trailers stand in its head: status 200, no body.
pub(crate) fn trailers_only(
    refusal: &Refusal<'_>,
    status: StatusCode,
    mut headers: HeaderMap,
) -> Answer {
    let entry = refusal.cause.told_as().entry();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(GRPC_STATUS, HeaderValue::from(code(status, entry.stage)));
    let message = percent_encode(&format!("{}: {}", entry.id, entry.told));
    if let Ok(value) = HeaderValue::from_str(&message) {
        headers.insert(GRPC_MESSAGE, value);
    }
    Answer {
        status: StatusCode::OK,
        headers,
        body: Vec::new(),
    }
}

fn code(status: StatusCode, stage: Stage) -> u16 {
    const INTERNAL: u16 = 13;
    const UNAUTHENTICATED: u16 = 16;
    match status.as_u16() {
        401 => UNAUTHENTICATED,
        // Malformed credentials are the caller's, a malformed request is the transport's.
        400 if stage == Stage::Gateway => INTERNAL,
        400 => UNAUTHENTICATED,
        403 => 7,             // PERMISSION_DENIED
        404 => 12,            // UNIMPLEMENTED
        413 | 429 | 431 => 8, // RESOURCE_EXHAUSTED
        408 | 504 => 4,       // DEADLINE_EXCEEDED
        502 | 503 => 14,      // UNAVAILABLE
        _ => INTERNAL,
    }
}

/// "PROTOCOL-HTTP2", `Percent-Encoded`: printable ASCII but the percent sign stays.
fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if matches!(byte, 0x20..=0x7e) && byte != b'%' {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

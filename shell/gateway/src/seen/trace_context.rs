//! W3C Trace Context: which trace a request belongs to, read and written.
//!
//! Knows: the field `traceparent`. Does not know spans.
//!
//! ```abnf
//! traceparent     = version "-" trace-id "-" parent-id "-" trace-flags      ; version 00
//! version         = 2HEXDIGLC        ; not "ff"
//! trace-id        = 32HEXDIGLC       ; not all zeroes
//! parent-id       = 16HEXDIGLC       ; not all zeroes
//! trace-flags     = 2HEXDIGLC        ; the lowest bit: sampled
//! ```

use http::{HeaderMap, HeaderName, HeaderValue};

pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
pub(crate) const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

const SAMPLED: u8 = 1;

pub(crate) type TraceId = [u8; 16];
pub(crate) type SpanId = [u8; 8];

/// What the sender of a request says of its trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parent {
    pub(crate) trace: TraceId,
    pub(crate) span: SpanId,
    pub(crate) sampled: bool,
}

/// `None` where there is none, several, or none that can be read: the trace begins here then.
pub(crate) fn parent(headers: &HeaderMap) -> Option<Parent> {
    let mut values = headers.get_all(TRACEPARENT).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => parse(value.as_bytes()),
        (Some(_) | None, _) => None,
    }
}

fn parse(value: &[u8]) -> Option<Parent> {
    let (first, rest) = value.split_at_checked(55)?;
    let mut parts = first.split(|byte| *byte == b'-');
    let version: [u8; 1] = hex(parts.next()?)?;
    let trace: TraceId = hex(parts.next()?)?;
    let span: SpanId = hex(parts.next()?)?;
    let [flags]: [u8; 1] = hex(parts.next()?)?;
    // A later version may go on behind a dash, and this one may not.
    let fits = match version {
        [0] => rest.is_empty(),
        [0xff] => false,
        [_] => rest.is_empty() || rest.starts_with(b"-"),
    };
    let known = trace != [0; 16] && span != [0; 8];
    (parts.next().is_none() && fits && known).then_some(Parent {
        trace,
        span,
        sampled: flags & SAMPLED != 0,
    })
}

/// Of lower case only.
fn hex<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    if text.len() != 2 * N {
        return None;
    }
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = (digit(*high)? << 4) | digit(*low)?;
    }
    Some(bytes)
}

/// The field that a recorded span sends on.
pub(crate) fn field(trace: &TraceId, span: &SpanId) -> Option<HeaderValue> {
    let text = format!("00-{}-{}-01", written(trace), written(span));
    HeaderValue::try_from(text).ok()
}

/// Bytes in lower-case hexadecimal.
pub(crate) fn written(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const GOOD: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn w3c_trace_context_section_3_2_an_example_is_read_and_written() {
        let parent = parse(GOOD.as_bytes()).unwrap();
        assert!(parent.sampled);
        assert_eq!(field(&parent.trace, &parent.span).unwrap(), GOOD);
        let unsampled = GOOD.replace("-01", "-00");
        assert!(!parse(unsampled.as_bytes()).unwrap().sampled);
    }

    #[test]
    fn w3c_trace_context_section_3_2_2_what_is_malformed_is_no_parent() {
        let zero_trace = format!("00-{}-b7ad6b7169203331-01", "0".repeat(32));
        let zero_span = format!("00-0af7651916cd43dd8448eb211c80319c-{}-01", "0".repeat(16));
        for text in [
            "",
            GOOD.strip_suffix('1').unwrap(),
            &format!("{GOOD}-"),
            &format!("{GOOD}0"),
            &GOOD.replacen("00", "ff", 1),
            &GOOD.to_uppercase(),
            &GOOD.replace('-', "_"),
            &GOOD.replacen("0af", "0xf", 1),
            &zero_trace,
            &zero_span,
            &GOOD.replacen("-01", "-0g", 1),
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn w3c_trace_context_section_3_2_4_a_later_version_may_go_on() {
        let later = format!("{}-more", GOOD.replacen("00", "cc", 1));
        assert!(parse(later.as_bytes()).is_some());
        let glued = format!("{}more", GOOD.replacen("00", "cc", 1));
        assert!(parse(glued.as_bytes()).is_none());
    }

    #[test]
    fn of_two_parents_neither_counts() {
        let mut headers = HeaderMap::new();
        headers.append(TRACEPARENT, HeaderValue::from_static(GOOD));
        assert!(parent(&headers).is_some());
        headers.append(TRACEPARENT, HeaderValue::from_static(GOOD));
        assert!(parent(&headers).is_none());
    }
}

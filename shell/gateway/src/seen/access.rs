//! The access log: one line a request, in the formats that log readers know.
//!
//! Knows: what is public of a request and its response. Does not know credentials. A query is left out, also that of
//! `Referer`: tokens are put there. What a client writes is escaped, so that it stays in its field and on its line.

use std::fmt::Write as _;
use std::rc::Rc;
use std::time::Instant;

use countersign_config::AccessFormat;
use countersign_flow::ClientAddress;
use countersign_policy::Host;
use http::header::{REFERER, USER_AGENT};
use http::request::Parts;
use http::{HeaderMap, HeaderName, Method, Version};
use jiff::Timestamp;
use serde_json::json;

use super::masked::masked;
use super::trace_context::{TRACEPARENT, TRACESTATE, field};
use super::traced::{About, Call, Traced};
use super::traces::Traces;
use crate::send::Client;
use crate::worker::Worker;

/// The most that is shown of one field, in bytes.
const FIELD_BYTES_MAX: usize = 1024;
/// The status of a request whose client went away before there was an answer, as nginx writes it.
const STATUS_GONE: u16 = 499;

/// A request on its way. Its line is written, and its spans are handed over, when this is dropped: when the response is complete, or given up.
pub(crate) struct Access {
    worker: Rc<Worker>,
    format: AccessFormat,
    begun: Instant,
    time: Timestamp,
    client: ClientAddress,
    method: Method,
    path: Box<str>,
    host: Box<str>,
    version: Version,
    referer: Option<Box<str>>,
    user_agent: Option<Box<str>>,
    user: Option<Box<str>>,
    request: Option<Box<str>>,
    route: Option<Box<str>>,
    cause: Option<&'static str>,
    status: u16,
    bytes: u64,
    traced: Option<Traced>,
}

impl Access {
    /// Begins to account for a request, where that is asked for by the access log or by its trace.
    pub(crate) fn begin(
        worker: &Rc<Worker>,
        format: AccessFormat,
        head: &Parts,
        authority: Option<&str>,
        client: Client,
    ) -> Option<Box<Self>> {
        let traced = worker.traces().and_then(|traces| {
            Some(Traced {
                begun: traces.begin(&head.headers)?,
                secure: client.secure,
                call: None,
            })
        });
        if format == AccessFormat::Off && traced.is_none() {
            return None;
        }
        // What is no host is not repeated: it may hold a password.
        let host = authority.filter(|authority| Host::parse(authority.as_bytes()).is_ok());
        let referer = text(&head.headers, &REFERER);
        let referer = referer.map(|url| url.split(['?', '#']).next().unwrap_or_default());
        Some(Box::new(Self {
            worker: Rc::clone(worker),
            format,
            begun: Instant::now(),
            time: Timestamp::now(),
            client: client.address,
            method: head.method.clone(),
            path: bounded(&masked(head.uri.path())).into(),
            host: host.unwrap_or_default().into(),
            version: head.version,
            referer: referer.map(|referer| bounded(&masked(referer)).into()),
            user_agent: text(&head.headers, &USER_AGENT).map(|agent| bounded(agent).into()),
            user: None,
            request: None,
            route: None,
            cause: None,
            status: STATUS_GONE,
            bytes: 0,
            traced,
        }))
    }

    /// Who it is, once that is verified.
    pub(crate) fn user(&mut self, user: &str) {
        self.user = Some(user.into());
    }

    /// The id that a refusal has told its client, by which the log and the store have it too.
    pub(crate) fn request(&mut self, id: &str) {
        self.request = Some(id.into());
    }

    pub(crate) fn route(&mut self, route: &str) {
        self.route = Some(route.into());
    }

    pub(crate) const fn cause(&mut self, cause: &'static str) {
        self.cause = Some(cause);
    }

    pub(crate) const fn status(&mut self, status: u16) {
        self.status = status;
    }

    /// So many bytes of the response's body have gone to the client.
    pub(crate) const fn sent(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// The request goes to this upstream, which is told of its span.
    pub(crate) fn calls(&mut self, upstream: &str, headers: &mut HeaderMap) {
        let id = self.worker.traces().and_then(Traces::span_id);
        let (Some(traced), Some(id)) = (&mut self.traced, id) else {
            return;
        };
        let Some(parent) = field(&traced.begun.trace, &id) else {
            return;
        };
        headers.insert(TRACEPARENT, parent);
        if traced.begun.parent.is_none() {
            // W3C Trace Context section 3.3: without the parent that it goes with, it says nothing.
            headers.remove(TRACESTATE);
        }
        traced.call = Some(Call {
            id,
            upstream: upstream.into(),
            begun: self.begun.elapsed(),
            ended: None,
            status: None,
        });
    }

    /// The upstream's response has begun with this status, or there is none.
    pub(crate) fn called(&mut self, status: Option<u16>) {
        let now = self.begun.elapsed();
        if let Some(call) = self.traced.as_mut().and_then(|traced| traced.call.as_mut()) {
            call.ended = Some(now);
            call.status = status;
        }
    }

    fn trace(&self) {
        let (Some(traced), Some(traces)) = (&self.traced, self.worker.traces()) else {
            return;
        };
        let about = About {
            begun_unix_nanos: self.time.as_nanosecond(),
            took: self.begun.elapsed(),
            client: self.client.to_string(),
            method: &self.method,
            host: &self.host,
            path: &self.path,
            version: self.version,
            route: self.route.as_deref(),
            cause: self.cause,
            request: self.request.as_deref(),
            status: Some(self.status).filter(|status| *status != STATUS_GONE),
        };
        for span in traced.spans(&about) {
            traces.end(span);
        }
    }

    fn line(&self) -> String {
        match self.format {
            AccessFormat::Off => String::new(),
            AccessFormat::Common => self.common(),
            AccessFormat::Combined => {
                let mut line = self.common();
                for field in [&self.referer, &self.user_agent] {
                    // Writing to a string does not fail.
                    let _ = write!(line, " \"{}\"", escaped(field.as_deref().unwrap_or("-")));
                }
                line
            }
            AccessFormat::Json => self.json(),
        }
    }

    /// Apache's `%h %l %u %t "%r" %>s %b`.
    fn common(&self) -> String {
        let user = self.user.as_deref().filter(|user| !user.is_empty());
        let bytes = match self.bytes {
            0 => "-".to_owned(),
            bytes => bytes.to_string(),
        };
        format!(
            "{} - {} [{}] \"{} {} {:?}\" {} {bytes}",
            self.client,
            escaped(user.unwrap_or("-")).replace(' ', "\\x20"),
            self.time.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            escaped(self.method.as_str()),
            escaped(&self.path),
            self.version,
            self.status,
        )
    }

    fn json(&self) -> String {
        json!({
            "time": format!("{:.3}", self.time),
            "client": self.client.to_string(),
            "user": self.user,
            "method": self.method.as_str(),
            "host": self.host,
            "path": self.path,
            "protocol": format!("{:?}", self.version),
            "status": self.status,
            "bytes": self.bytes,
            "seconds": self.begun.elapsed().as_secs_f64(),
            "route": self.route,
            "cause": self.cause,
            "request": self.request,
            "referer": self.referer,
            "user_agent": self.user_agent,
        })
        .to_string()
    }
}

impl Drop for Access {
    fn drop(&mut self) {
        self.trace();
        if self.format == AccessFormat::Off {
            return;
        }
        let mut line = self.line();
        line.push('\n');
        self.worker.lines().write_access(line.as_bytes());
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

fn bounded(text: &str) -> &str {
    let mut end = text.len().min(FIELD_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    text.get(..end).unwrap_or_default()
}

/// As Apache and nginx write what a client has sent: `"`, `\` and whatever is not visible ASCII as `\xHH`.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\' {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "\\x{byte:02X}");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_writes_stays_in_its_field() {
        assert_eq!(escaped("/a \"b\"\\\r\n"), "/a \\x22b\\x22\\x5C\\x0D\\x0A");
        assert_eq!(escaped("Zo\u{eb}"), "Zo\\xC3\\xAB");
        assert_eq!(bounded(&"\u{eb}".repeat(1000)).len(), FIELD_BYTES_MAX);
    }
}

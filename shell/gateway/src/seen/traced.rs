//! What the spans of a request say: one of the request itself, and one of its way to the upstream.
//!
//! Knows: the conventions for names and attributes. Does not know how spans are exported, nor the fields of requests.

use std::time::Duration;

use http::{Method, Version};

use super::span::{Attribute, Kind, Span};
use super::trace_context::SpanId;
use super::traces::Begun;

/// The trace of a request on its way.
pub(crate) struct Traced {
    pub(crate) begun: Begun,
    pub(crate) secure: bool,
    pub(crate) call: Option<Call>,
}

/// The request to the upstream. Times are from the beginning of the client's.
pub(crate) struct Call {
    pub(crate) id: SpanId,
    pub(crate) upstream: Box<str>,
    pub(crate) begun: Duration,
    /// When its response began, or failed to.
    pub(crate) ended: Option<Duration>,
    /// The status, where there is a response.
    pub(crate) status: Option<u16>,
}

/// What is public of a request.
pub(crate) struct About<'a> {
    pub(crate) begun_unix_nanos: i128,
    pub(crate) took: Duration,
    pub(crate) client: String,
    pub(crate) method: &'a Method,
    pub(crate) host: &'a str,
    pub(crate) path: &'a str,
    pub(crate) version: Version,
    pub(crate) route: Option<&'a str>,
    pub(crate) cause: Option<&'static str>,
    pub(crate) request: Option<&'a str>,
    /// `None`: the client went away before there was one.
    pub(crate) status: Option<u16>,
}

impl Traced {
    /// The spans, that of the upstream first.
    pub(crate) fn spans(&self, about: &About<'_>) -> Vec<Span> {
        let mut spans = Vec::with_capacity(2);
        spans.extend(self.call.as_ref().map(|call| self.of_call(call, about)));
        spans.push(self.of_request(about));
        spans
    }

    fn of_request(&self, about: &About<'_>) -> Span {
        let method = method(about.method);
        let mut attributes = vec![
            text("http.request.method", method),
            text("url.path", about.path),
            text("url.scheme", if self.secure { "https" } else { "http" }),
            text("network.protocol.version", version(about.version)),
            text("client.address", &about.client),
        ];
        let known = [
            (
                "server.address",
                Some(about.host).filter(|host| !host.is_empty()),
            ),
            ("countersign.route", about.route),
            ("countersign.cause", about.cause),
            ("countersign.request", about.request),
        ];
        attributes.extend(
            known
                .into_iter()
                .filter_map(|(key, value)| Some(text(key, value?))),
        );
        let failed = about.status.is_some_and(|status| status >= 500);
        match about.status {
            Some(status) => attributes.push(whole("http.response.status_code", status)),
            None => attributes.push(text("error.type", "client-gone")),
        }
        if failed {
            attributes.push(error(about.cause, about.status));
        }
        let name = match about.route {
            Some(route) => format!("{method} {route}"),
            None => method.to_owned(),
        };
        Span {
            trace: self.begun.trace,
            id: self.begun.id,
            parent: self.begun.parent,
            kind: Kind::Server,
            name: name.into(),
            begun_unix_nanos: about.begun_unix_nanos,
            ended_unix_nanos: after(about.begun_unix_nanos, about.took),
            attributes,
            failed,
        }
    }

    fn of_call(&self, call: &Call, about: &About<'_>) -> Span {
        let method = method(about.method);
        let mut attributes = vec![
            text("http.request.method", method),
            text("peer.service", &call.upstream),
        ];
        // To a client every status from 400 on is a failure.
        let failed = call.status.is_none_or(|status| status >= 400);
        if let Some(status) = call.status {
            attributes.push(whole("http.response.status_code", status));
        }
        if failed {
            attributes.push(error(about.cause, call.status));
        }
        Span {
            trace: self.begun.trace,
            id: call.id,
            parent: Some(self.begun.id),
            kind: Kind::Client,
            name: method.into(),
            begun_unix_nanos: after(about.begun_unix_nanos, call.begun),
            ended_unix_nanos: after(about.begun_unix_nanos, call.ended.unwrap_or(about.took)),
            attributes,
            failed,
        }
    }
}

fn error(cause: Option<&'static str>, status: Option<u16>) -> (&'static str, Attribute) {
    match (status, cause) {
        (_, Some(cause)) => text("error.type", cause),
        (Some(status), None) => text("error.type", &status.to_string()),
        // There is neither an answer nor a refusal: the client did not wait for one.
        (None, None) => text("error.type", "client-gone"),
    }
}

fn text(key: &'static str, value: &str) -> (&'static str, Attribute) {
    (key, Attribute::Text(value.into()))
}

fn whole(key: &'static str, value: u16) -> (&'static str, Attribute) {
    (key, Attribute::Whole(value.into()))
}

fn after(begun_unix_nanos: i128, time: Duration) -> i128 {
    begun_unix_nanos.saturating_add(i128::try_from(time.as_nanos()).unwrap_or(i128::MAX))
}

/// Methods that a client makes up are one, so that nobody chooses names here.
fn method(method: &Method) -> &str {
    const KNOWN: [Method; 8] = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::OPTIONS,
        Method::PATCH,
        Method::TRACE,
    ];
    if KNOWN.contains(method) {
        method.as_str()
    } else {
        "_OTHER"
    }
}

fn version(version: Version) -> &'static str {
    if version == Version::HTTP_2 {
        "2"
    } else if version == Version::HTTP_10 {
        "1.0"
    } else {
        "1.1"
    }
}

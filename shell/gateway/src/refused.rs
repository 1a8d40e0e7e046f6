//! A refusal leaves the line sideways: to the log, and to the store for `countersign why`.
//!
//! Knows: what is public of a refusal. Does not know credentials: none of its sources holds one.

use std::net::IpAddr;

use countersign_cause::Cause;
use countersign_flow::{Answer, Refusal};
use countersign_policy::OriginPattern;
use countersign_store::RefusalRecord;
use http::header::{ORIGIN, USER_AGENT};
use serde_json::json;

use crate::current::Running;
use crate::request_id::RequestId;
use crate::seen::{Event, Refused, Request, masked};
use crate::serve::Asking;
use crate::worker::Worker;

/// The most that is kept of a path or of a client's name for itself, in bytes.
const KEPT_BYTES_MAX: usize = 512;

/// Logs a refusal, and keeps it within the rate.
pub(crate) fn tell(
    worker: &Worker,
    running: &Running,
    refusal: &Refusal<'_>,
    asking: &Asking<'_>,
    answer: &Answer,
) {
    let now = worker.clock().unix_secs();
    let log = running.settings().log.refusals;
    let limits = running.limits();
    let keep = worker.kept().has_room(
        limits.refusals_kept_per_sec_max,
        limits.refusals_kept_max,
        now,
    );
    if !log && !keep {
        return;
    }
    let told = refusal.cause.told_as();
    let peer = asking.client.address.to_string();
    let path = masked(asking.uri.path());
    let path = bounded(&path);
    if log {
        worker.lines().write(&Event::Refused(Refused {
            cause: refusal.cause.id(),
            told: (told != refusal.cause).then(|| told.id()),
            status: answer.status.as_u16(),
            scheme: refusal.scheme.map(|scheme| scheme.name()),
            route: refusal.route.map(|route| &*route.name),
            detail: bounded(refusal.found()),
            subject: refusal.subject.as_deref(),
            account: refusal.account.as_deref(),
            key: refusal.key_id.as_deref(),
            origin: origin(refusal, asking),
            request: Request {
                id: asking.id.as_str(),
                peer: &peer,
                method: asking.method.as_str(),
                host: asking.host,
                path,
            },
        }));
    }
    if keep {
        worker
            .kept()
            .keep(record(refusal, asking, answer, now, path, peer));
    }
}

/// Keeps, within the rate, what was refused before there was a request. The log has it as the end of a connection.
pub(crate) fn keep_unread(
    worker: &Worker,
    running: &Running,
    refusal: &Refusal<'_>,
    id: &RequestId,
    peer: IpAddr,
    answer: &Answer,
) {
    let now = worker.clock().unix_secs();
    let limits = running.limits();
    let (per_sec, max) = (limits.refusals_kept_per_sec_max, limits.refusals_kept_max);
    if worker.kept().has_room(per_sec, max, now) {
        worker.kept().keep(RefusalRecord {
            request_id: id.as_str().into(),
            time_unix_secs: now,
            cause: refusal.cause.id().into(),
            told: refusal.cause.told_as().id().into(),
            status: answer.status.as_u16(),
            scheme: None,
            route: None,
            method: "".into(),
            path: "".into(),
            peer: peer.to_canonical().to_string().into(),
            user_agent: None,
            host: None,
            subject: None,
            account: None,
            key_id: None,
            detail: said(refusal.found()),
            steps: "[]".into(),
        });
    }
}

fn record(
    refusal: &Refusal<'_>,
    asking: &Asking<'_>,
    answer: &Answer,
    now_unix_secs: i64,
    path: &str,
    peer: String,
) -> RefusalRecord {
    let notes = refusal
        .trail
        .notes()
        .map(|note| note.words(refusal.rules()));
    let page = origin(refusal, asking).map(|origin| ("cors", format!("the page is of `{origin}`")));
    let steps: Vec<_> = notes
        .chain(page)
        .map(|(stage, words)| json!({ "stage": stage, "words": words }))
        .collect();
    let user_agent = asking
        .headers
        .get(USER_AGENT)
        .and_then(|value| value.to_str().ok());
    RefusalRecord {
        request_id: asking.id.as_str().into(),
        time_unix_secs: now_unix_secs,
        cause: refusal.cause.id().into(),
        told: refusal.cause.told_as().id().into(),
        status: answer.status.as_u16(),
        scheme: refusal.scheme.map(|scheme| scheme.name().into()),
        route: refusal.route.map(|route| route.name.clone()),
        method: asking.method.as_str().into(),
        path: path.into(),
        peer: peer.into(),
        user_agent: user_agent.map(|agent| bounded(agent).into()),
        host: said(asking.host),
        subject: refusal.subject.clone(),
        account: refusal.account.clone(),
        key_id: refusal.key_id.clone(),
        detail: said(refusal.found()),
        steps: serde_json::Value::Array(steps).to_string().into(),
    }
}

/// The page's origin, where that is what the request is refused for, and where it is one: whatever else stands in the field is
/// not repeated.
fn origin<'a>(refusal: &Refusal<'_>, asking: &Asking<'a>) -> Option<&'a str> {
    if refusal.cause != Cause::OriginNotAllowed {
        return None;
    }
    let text = asking.headers.get(ORIGIN)?.to_str().ok()?;
    let is_one = !text.contains('*') && OriginPattern::parse(text).is_ok();
    is_one.then_some(text)
}

fn said(text: &str) -> Option<Box<str>> {
    (!text.is_empty()).then(|| bounded(text).into())
}

fn bounded(text: &str) -> &str {
    let mut end = text.len().min(KEPT_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    text.get(..end).unwrap_or_default()
}

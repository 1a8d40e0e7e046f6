//! Refusals of requests that were let through and came to nothing.
//!
//! Knows: what can fail on the way to an upstream and back. Does not know upstreams.

use countersign_cause::Cause;
use countersign_flow::{Note, Refusal};
use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Response, Uri};

use super::Answering;
use super::asking::Asking;
use super::extended::NO_TUNNEL;
use crate::current::Running;
use crate::send::{Failed, Failure, ResponseBody};

/// What is still known of a request when its head has gone to the upstream: as little as a refusal needs, since most
/// likely there will be none.
pub(super) struct Kept {
    method: Method,
    uri: Uri,
    host: Box<str>,
    values: [Option<HeaderValue>; 3],
}

/// The fields that decide the form of a refusal, and the one that `countersign why` shows.
const KEPT: [HeaderName; 3] = [ACCEPT, CONTENT_TYPE, USER_AGENT];

impl Kept {
    pub(super) fn of(head: &Parts, host: Option<&str>) -> Self {
        Self {
            method: head.method.clone(),
            uri: head.uri.clone(),
            host: host.unwrap_or_default().into(),
            values: KEPT.map(|name| head.headers.get(name).cloned()),
        }
    }

    pub(super) fn refuse(
        self,
        answering: Answering<'_>,
        failed: Failed<'_>,
    ) -> Response<ResponseBody> {
        let fields = KEPT.into_iter().zip(self.values);
        let headers = fields
            .filter_map(|(name, value)| Some((name, value?)))
            .collect();
        let asking = Asking {
            id: answering.arrival.worker.ids().next(),
            method: &self.method,
            uri: &self.uri,
            host: &self.host,
            headers: &headers,
            client: answering.client,
        };
        let refusal = explain(answering.running, failed);
        answering.refuse(&refusal, &asking)
    }
}

/// The cause of a failure on the way to the upstream and back.
fn explain<'c>(running: &'c Running, failed: Failed<'c>) -> Refusal<'c> {
    let (cause, detail) = match failed.failure {
        Failure::Unreachable(detail) => (Cause::UpstreamUnreachable, detail),
        Failure::Down => (
            Cause::UpstreamDown,
            "all of its servers are passed over for `pass_over_secs`",
        ),
        Failure::TimedOut => (
            Cause::UpstreamTimeout,
            "no response within `upstream_head_secs`",
        ),
        Failure::Malformed => (
            Cause::UpstreamMalformed,
            "the upstream's response is not HTTP",
        ),
        Failure::BodyTooLarge => (Cause::BodyTooLarge, "more bytes than `body_bytes_max`"),
        Failure::BodyStalled => (
            Cause::BodyStalled,
            "nothing more of the body within `body_stall_secs`",
        ),
        Failure::BodyBroken => (
            Cause::RequestMalformed,
            "the body broke off, or is framed wrongly",
        ),
        Failure::Unsigned => (Cause::IdentityBackendDown, "the identity cannot be signed"),
        Failure::UpgradeNotAllowed => (Cause::MethodNotSupported, NO_TUNNEL),
        Failure::TooManyUpgrades => (
            Cause::UpgradeLimit,
            "more upgraded connections than `upgrades_max`",
        ),
    };
    let mut refusal = Refusal::new(running.rules(), cause);
    refusal.detail = detail;
    if failed.failure == Failure::Down {
        let upstream = running.settings().upstreams.get(failed.route.upstream);
        let secs = upstream.map(|upstream| upstream.pass_over.as_secs());
        refusal.retry_after_secs = secs.and_then(|secs| u32::try_from(secs).ok());
    }
    refusal.route = Some(failed.route);
    refusal.crossing = failed.crossing;
    refusal.trail = failed.trail;
    refusal.noting(Note::Upstream(detail))
}

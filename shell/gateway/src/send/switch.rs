//! A request's wish to switch protocols: whether it may, how the upstream is asked, and what its 101 must say.
//!
//! Knows: RFC 9110 section 7.8, and the handshake of RFC 6455 where a client of HTTP/2 has none (RFC 8441). Does not know
//! what the protocols carry.

use std::task::Poll;

use aws_lc_rs::{digest, rand};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_flow::RouteRules;
use http::header::{CONTENT_LENGTH, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Response, StatusCode, Version};
use hyper::body::Incoming;
use hyper::ext::Protocol;

use super::arriving::ArrivingBody;
use super::balance::Seat;
use super::body::ExchangeWatch;
use super::exchange::Failure;
use super::hop;
use super::link::Link;
use super::tunnel::{Place, Tunnel};
use crate::current::Running;
use crate::worker::Worker;

/// A wish that a route allows, and its place among the tunnels.
pub(super) struct Switch {
    protocols: HeaderValue,
    handshake: Option<Handshake>,
    place: Place,
}

/// What RFC 6455 section 4 has client and server exchange, and RFC 8441 section 5 leaves out.
struct Handshake {
    key: HeaderValue,
    accept: HeaderValue,
}

impl Switch {
    /// Where a route allows none, or a request asks for none, it goes on as an ordinary one (RFC 9110 section 7.8: a server
    /// may ignore the wish). So does one with a body, which would have to be sent before the switch, and read to its end.
    pub(super) fn asked(
        worker: &Worker,
        running: &Running,
        route: &RouteRules,
        head: &Parts,
        body: &ArrivingBody,
        extended: Option<&Protocol>,
    ) -> Result<Option<Self>, Failure> {
        if let Some(protocol) = extended {
            return Self::extended(worker, running, route, protocol).map(Some);
        }
        let is_possible =
            !route.upgrades.is_empty() && head.version == Version::HTTP_11 && body.is_end_stream();
        let asked = is_possible
            .then(|| hop::upgrade_asked(&head.method, &head.headers, &route.upgrades))
            .flatten();
        let Some(protocols) = asked else {
            return Ok(None);
        };
        Ok(Some(Self {
            protocols,
            handshake: None,
            place: place(worker, running)?,
        }))
    }

    /// RFC 8441: a request for a tunnel, which is no other request. WebSocket alone has a handshake that is known here.
    fn extended(
        worker: &Worker,
        running: &Running,
        route: &RouteRules,
        protocol: &Protocol,
    ) -> Result<Self, Failure> {
        let is_allowed = route
            .upgrades
            .iter()
            .any(|allowed| **allowed == *hop::WEBSOCKET);
        if !is_allowed || !protocol.as_str().eq_ignore_ascii_case(hop::WEBSOCKET) {
            return Err(Failure::UpgradeNotAllowed);
        }
        let handshake = Handshake::new().ok_or(Failure::Malformed)?;
        Ok(Self {
            protocols: HeaderValue::from_static(hop::WEBSOCKET),
            handshake: Some(handshake),
            place: place(worker, running)?,
        })
    }

    /// Asks the upstream.
    pub(super) fn write(&self, headers: &mut HeaderMap) {
        hop::write_upgrade(headers, self.protocols.clone());
        if let Some(handshake) = &self.handshake {
            headers.insert(SEC_WEBSOCKET_KEY, handshake.key.clone());
        }
    }

    /// Takes the 101. Only now is anything but HTTP expected of either side: a protocol that was not asked for would begin what
    /// nobody looks at.
    pub(super) async fn begin(
        self,
        response: Response<Incoming>,
        link: Link,
        seat: Seat,
        watch: &ExchangeWatch,
        running: &Running,
    ) -> Result<(Response<()>, Tunnel), Failure> {
        let (mut head, _) = response.into_parts();
        let mut own = match link {
            Link::Own(own) => own,
            // RFC 9113 section 8.6: HTTP/2 has no 101.
            Link::Shared(_) => return Err(Failure::Malformed),
        };
        let granted = hop::upgrade_granted(&head.headers, &self.protocols);
        let protocol = granted.ok_or(Failure::Malformed)?;
        hop::strip_response(&mut head.headers);
        // RFC 9110 section 8.6: a 1xx has no length, and what follows is not its body.
        head.headers.remove(CONTENT_LENGTH);
        match &self.handshake {
            None => hop::write_upgrade(&mut head.headers, protocol),
            Some(handshake) => {
                let accepted = head.headers.remove(SEC_WEBSOCKET_ACCEPT);
                if accepted.as_ref() != Some(&handshake.accept) {
                    return Err(Failure::Malformed);
                }
                head.status = StatusCode::OK;
            }
        }
        let ended = std::future::poll_fn(|context| match own.poll_over(context) {
            Poll::Ready(()) => Poll::Ready(true),
            Poll::Pending => watch.deadline.poll_passed(context).map(|()| false),
        });
        if !ended.await {
            return Err(Failure::TimedOut);
        }
        let raw = own.into_raw().ok_or(Failure::Malformed)?;
        let tunnel = Tunnel::new(raw, self.place, seat, running.limits());
        Ok((Response::from_parts(head, ()), tunnel))
    }
}

fn place(worker: &Worker, running: &Running) -> Result<Place, Failure> {
    let place = worker.tunnels().enter(running.limits().upgrades_max);
    place.ok_or(Failure::TooManyUpgrades)
}

impl Handshake {
    /// `None` where the system gives no random bytes.
    fn new() -> Option<Self> {
        let mut nonce = [0; 16];
        rand::fill(&mut nonce).ok()?;
        Self::of(&STANDARD.encode(nonce))
    }

    /// RFC 6455 section 4.2.2: the answer to a key, which only who speaks the protocol gives.
    fn of(key: &str) -> Option<Self> {
        const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
        let hash = digest::digest(
            &digest::SHA1_FOR_LEGACY_USE_ONLY,
            [key, GUID].concat().as_bytes(),
        );
        Some(Self {
            key: HeaderValue::try_from(key).ok()?,
            accept: HeaderValue::try_from(STANDARD.encode(hash)).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn rfc6455_section_1_3_example() {
        let handshake = Handshake::of("dGhlIHNhbXBsZSBub25jZQ==").unwrap();
        assert_eq!(handshake.accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}

//! Tunnels that are asked for on a stream of HTTP/2 (RFC 8441).
//!
//! Knows: what such a request looks like, and when its tunnel begins. Does not know what is behind it.

use std::rc::Rc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Method, Request};
use hyper::body::Incoming;
use hyper::ext::Protocol;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;

use super::Arrival;
use crate::receive::{self, RequestInFlight};
use crate::send::Tunnel;

/// RFC 8441: a stream of HTTP/2 that is to be a tunnel of another protocol.
pub(super) struct Extended {
    pub(super) protocol: Protocol,
    stream: OnUpgrade,
}

pub(super) const NO_TUNNEL: &str = "no such protocol is allowed here";

impl Extended {
    /// To the rules it is the GET that asks for the same over HTTP/1.1 (RFC 8441 section 5). A CONNECT that names no
    /// protocol stays one.
    pub(super) fn take(request: &mut Request<Incoming>) -> Option<Self> {
        if *request.method() != Method::CONNECT {
            return None;
        }
        let protocol = request.extensions_mut().remove::<Protocol>()?;
        let stream = hyper::upgrade::on(&mut *request);
        *request.method_mut() = Method::GET;
        // It has no content. With a type, a refusal could come in a form whose status is a success.
        request.headers_mut().remove(CONTENT_TYPE);
        Some(Self { protocol, stream })
    }

    /// The connection serves other requests meanwhile: the tunnel has a task of its own, and counts as one of them.
    pub(super) fn begin(self, arrival: &Rc<Arrival>, tunnel: Tunnel) {
        let in_flight = RequestInFlight::begin(&arrival.watch);
        let arrival = Rc::clone(arrival);
        tokio::task::spawn_local(async move {
            // Without a stream the client has gone away.
            let Ok(stream) = self.stream.await else {
                return;
            };
            in_flight.waits();
            let ended = tunnel.run(TokioIo::new(stream), Bytes::new(), &arrival.worker);
            if let Err(over) = ended.await {
                let address = arrival.peer.address.nearest();
                receive::tunnel_ended(&arrival.worker, address, over);
            }
        });
    }
}

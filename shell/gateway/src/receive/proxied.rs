//! Whom a connection is for, where a proxy that does not read HTTP says so by the PROXY protocol.
//!
//! Knows: which listeners and peers have it, its deadline and its bound. Does not know the grammar, nor what comes after
//! the header: not a byte of that is taken.

use std::io;
use std::net::SocketAddr;

use countersign_cause::Cause;
use countersign_wire::proxy_header::{self, Defect, Sender};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::send::Peer;
use crate::worker::Worker;

/// The other end of a connection, once it is known.
pub(super) struct Near {
    /// For the log: the client, or the proxy where the client is not known.
    pub(super) shown: SocketAddr,
    pub(super) peer: Peer,
}

/// Why nobody is served.
pub(super) enum Unserved {
    /// To be said in the log.
    Refused(&'static str),
    /// It went away.
    Gone,
}

impl Unserved {
    pub(super) const CAUSE: Cause = Cause::ProxyHeaderInvalid;
}

/// Finds out whom a connection is for. `listener` is the address that the configuration names.
pub(super) async fn meet(
    worker: &Worker,
    stream: &mut TcpStream,
    from: SocketAddr,
    listener: SocketAddr,
) -> Result<Near, Unserved> {
    let (time, bytes_max) = {
        let running = worker.running();
        let Some(proxies) = running.settings().proxy_protocol.as_ref() else {
            return Ok(Near::direct(from));
        };
        if !proxies.listen.contains(&listener) {
            return Ok(Near::direct(from));
        }
        if !proxies.peers.iter().any(|one| one.contains(from.ip())) {
            return Err(Unserved::Refused(
                "the peer is none of `peers` of `server.proxy_protocol`",
            ));
        }
        let limits = running.limits();
        (limits.proxy_header, limits.proxy_header_bytes_max)
    };
    let sender = match timeout(time, take(stream, bytes_max)).await {
        Ok(Ok(Ok(sender))) => sender,
        Ok(Ok(Err(defect))) => return Err(Unserved::Refused(defect.detail())),
        Ok(Err(_)) => return Err(Unserved::Gone),
        Err(_) => {
            return Err(Unserved::Refused(
                "no whole header of the PROXY protocol within `proxy_header_secs`",
            ));
        }
    };
    Ok(match sender {
        Sender::Client(client) => Near::direct(client),
        Sender::Unknown => Near {
            shown: from,
            peer: Peer::behind(from.ip()),
        },
        Sender::Itself => Near::direct(from),
    })
}

impl Near {
    fn direct(from: SocketAddr) -> Self {
        Self {
            shown: from,
            peer: Peer::new(from.ip()),
        }
    }
}

/// Takes the header, and nothing behind it: the bytes are looked at first, and those that are the header's are taken.
async fn take(stream: &mut TcpStream, bytes_max: usize) -> io::Result<Result<Sender, Defect>> {
    let mut header = Vec::new();
    let mut part = [0; 512];
    loop {
        let seen = stream.peek(&mut part).await?;
        let taken = header.len();
        header.extend_from_slice(part.get(..seen).unwrap_or_default());
        let read = match proxy_header::read(&header, bytes_max) {
            Ok(read) => read,
            Err(defect) => return Ok(Err(defect)),
        };
        // Where the header is not whole, all that is there is of it.
        let size = read.map_or(header.len(), |header| header.size);
        let more = part
            .get_mut(..size.saturating_sub(taken))
            .unwrap_or_default();
        if stream.read_exact(more).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(header) = read {
            return Ok(Ok(header.sender));
        }
    }
}

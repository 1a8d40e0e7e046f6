//! A connection for which there is no room: it is told so, and closed.
//!
//! Knows: the one answer that does not need the request, in HTTP/1.1 and HTTP/2. Does not know routes. Nothing of the request
//! is looked at but which protocol it is, and how many are told at one time is bounded.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use countersign_cause::Cause;
use countersign_flow::Refusal;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::connection::{Connections, HTTP2_PREFACE};
use super::{proxied, unread};
use crate::worker::Worker;

/// RFC 9113 section 6.8: empty settings, as the first frame has to be, and a GOAWAY that says that no stream was
/// looked at, with ENHANCE_YOUR_CALM.
const GOAWAY: &[u8] =
    b"\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x08\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x0b";
const RETRY_AFTER_SECS: u32 = 1;

/// Tells it in a task of its own, if not too many are being told already.
/// `ends` are the peer and the listener.
pub(super) fn tell(
    worker: &Rc<Worker>,
    mut stream: TcpStream,
    (from, listener): (SocketAddr, SocketAddr),
    turned_away: &Connections,
) {
    let (max, time, tls) = {
        let running = worker.running();
        let limits = running.limits();
        let time = limits.first_byte.saturating_add(limits.tls_handshake);
        (limits.turned_away_max, time, running.tls().cloned())
    };
    let Some(counted) = turned_away.enter(max) else {
        return;
    };
    let worker = Rc::clone(worker);
    tokio::task::spawn_local(async move {
        let telling = async {
            // What stands before the request has to be taken, to know who is told nothing at all.
            if proxied::meet(&worker, &mut stream, from, listener)
                .await
                .is_err()
            {
                return Ok(());
            }
            match tls {
                None => answer(&worker, stream).await,
                Some(tls) => answer(&worker, tls.accept(stream).await?).await,
            }
        };
        // Who is not there in time, or has gone away, need not be told.
        let _ = timeout(time, telling).await;
        drop(counted);
    });
}

async fn answer<S>(worker: &Worker, mut stream: S) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut first = Vec::new();
    let begin = HTTP2_PREFACE.len();
    if (&mut stream)
        .take(begin as u64)
        .read_buf(&mut first)
        .await?
        == 0
    {
        return Ok(());
    }
    // Parts of the preface are no method of HTTP/1.1.
    if HTTP2_PREFACE.starts_with(&first) {
        return unread::say(stream, GOAWAY).await;
    }
    let to_head = first.starts_with(b"HEAD ");
    let response = response(worker, to_head);
    unread::say(stream, &response).await
}

fn response(worker: &Worker, to_head: bool) -> Vec<u8> {
    let running = worker.running();
    let mut refusal = Refusal::new(running.rules(), Cause::GatewayOverloaded);
    refusal.retry_after_secs = Some(RETRY_AFTER_SECS);
    let id = worker.ids().next();
    unread::in_bytes(&unread::answer(&refusal, id.as_str()), to_head)
}

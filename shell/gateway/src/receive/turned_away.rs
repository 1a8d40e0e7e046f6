//! A connection for which there is no room: it is told so, and closed.
//!
//! Knows: the one answer that does not need the request, in HTTP/1.1 and HTTP/2. Does not know routes. Nothing of the request
//! is looked at but which protocol it is, and how many are told at one time is bounded.

use std::io;
use std::rc::Rc;

use countersign_cause::Cause;
use countersign_flow::{self as flow, Answer, Asked, Refusal};
use http::{HeaderMap, Method};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::connection::{Connections, HTTP2_PREFACE};
use crate::worker::Worker;

/// RFC 9113 section 6.8: empty settings, as the first frame has to be, and a GOAWAY that says that no stream was
/// looked at, with ENHANCE_YOUR_CALM.
const GOAWAY: &[u8] =
    b"\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x08\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x0b";
/// As much is taken of what the client sends, and thrown away, so that the answer is not lost to a reset.
const DRAINED_BYTES_MAX: u64 = 64 * 1024;
const RETRY_AFTER_SECS: u32 = 1;

/// Tells it in a task of its own, if not too many are being told already.
pub(super) fn tell(worker: &Rc<Worker>, stream: TcpStream, turned_away: &Connections) {
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
        stream.write_all(GOAWAY).await?;
    } else {
        let to_head = first.starts_with(b"HEAD ");
        stream.write_all(&response(worker, to_head)).await?;
    }
    stream.shutdown().await?;
    tokio::io::copy(&mut stream.take(DRAINED_BYTES_MAX), &mut tokio::io::sink()).await?;
    Ok(())
}

fn response(worker: &Worker, to_head: bool) -> Vec<u8> {
    let running = worker.running();
    let mut refusal = Refusal::new(running.rules(), Cause::GatewayOverloaded);
    refusal.retry_after_secs = Some(RETRY_AFTER_SECS);
    let id = worker.ids().next();
    let Answer {
        status,
        headers,
        body,
    } = flow::respond(
        &refusal,
        &Asked {
            mint: None,
            method: &Method::GET,
            target: "",
            headers: &HeaderMap::new(),
            origin: "",
            request_id: id.as_str(),
        },
    );
    let mut bytes = format!(
        "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    )
    .into_bytes();
    for (name, value) in &headers {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    if !to_head {
        bytes.extend_from_slice(&body);
    }
    bytes
}

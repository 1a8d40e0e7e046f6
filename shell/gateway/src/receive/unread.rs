//! What never became a request is refused like one, in HTTP/1.1: with a cause, an id and a fix.
//!
//! Knows: why a connection has ended, that a head could not be read or did not come in time, and that plain HTTP came where
//! TLS is spoken. Does not know routes, nor what was sent: nothing of it is repeated.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use countersign_cause::Cause;
use countersign_flow::{self as flow, Answer, Asked, Refusal};
use http::{HeaderMap, Method};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::connection::ended_as;
use super::watched::{ConnectionWatch, WaitedFor};
use crate::refused;
use crate::worker::Worker;

/// As much is taken of what the client sends still, and thrown away, so that the answer is not lost to a reset.
const DRAINED_BYTES_MAX: u64 = 64 * 1024;
/// How long a client has to take the answer and go.
const TELLING_TIME: Duration = Duration::from_secs(2);

/// To whom speaks plain HTTP to a listener of TLS. Its request was sent in the clear, and with it perhaps a password: it is not
/// redirected, as that would work, and go unnoticed.
const TLS_IS_DUE: &[u8] = b"HTTP/1.1 400 Bad Request\r\n\
    Connection: close\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\
    Cache-Control: no-store\r\n\
    Content-Length: 89\r\n\
    \r\n\
    Plain HTTP was sent to a port that speaks TLS. Ask for the same address with `https://`.\n";

/// Why a connection has ended that was not simply over.
pub(super) struct Ended {
    pub(super) cause: Cause,
    pub(super) detail: &'static str,
    /// Whether the client of HTTP/1.1 waits for an answer, and none of ours is on its way.
    pub(super) can_be_told: bool,
}

impl Ended {
    pub(super) fn of(
        result: &Option<hyper::Result<()>>,
        watch: &ConnectionWatch,
        http2: bool,
    ) -> Option<Self> {
        let (cause, detail) = match result {
            None => match watch.waited_for() {
                // The usual end of a connection that is kept for another request.
                WaitedFor::Request => return None,
                // There frames that begin no head come in between as well.
                WaitedFor::FirstByte | WaitedFor::Head if http2 => return None,
                WaitedFor::FirstByte => (
                    Cause::RequestMalformed,
                    "nothing was sent within `head_secs`",
                ),
                WaitedFor::Head => {
                    return Some(Self {
                        cause: Cause::HeadStalled,
                        detail: "no whole head within `head_secs`",
                        can_be_told: true,
                    });
                }
                WaitedFor::Taking => (
                    Cause::RequestMalformed,
                    "a response was not taken within `upstream_stall_secs`",
                ),
            },
            Some(Err(error)) if error.is_parse_too_large() => (
                Cause::HeaderTooLarge,
                "the head has more bytes or fields than can be read",
            ),
            Some(Err(error)) if error.is_parse() => (Cause::RequestMalformed, fault(error)),
            // Broken off, by either side: nobody is there to be told.
            Some(Ok(()) | Err(_)) => return None,
        };
        let can_be_told = watch.has_held_back();
        Some(Self {
            cause,
            detail,
            can_be_told,
        })
    }
}

/// Refuses it, in a form that does not need the request.
pub(super) async fn tell<S>(
    worker: &Worker,
    peer: SocketAddr,
    stream: S,
    cause: Cause,
    detail: &'static str,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let bytes = {
        let running = worker.running();
        let mut refusal = Refusal::new(running.rules(), cause);
        refusal.detail = detail;
        let id = worker.ids().next();
        let answer = answer(&refusal, id.as_str());
        ended_as(worker, peer, cause, detail, Some(id.as_str()));
        refused::keep_unread(worker, &running, &refusal, &id, peer.ip(), &answer);
        in_bytes(&answer, false)
    };
    let _ = timeout(TELLING_TIME, say(stream, &bytes)).await;
}

/// What is wrong with a head. hyper tells it in words alone; those of another version would be told as the last of these.
fn fault(error: &hyper::Error) -> &'static str {
    match error.to_string().as_str() {
        "invalid HTTP method parsed" => "the request line does not begin with a method",
        "invalid URI" => "the target in the request line is malformed, or nothing follows it",
        "invalid HTTP version parsed" => "the request line does not end with a version of HTTP/1",
        "invalid HTTP header parsed" => {
            "the request line or a field has a character, or a form, that it cannot have"
        }
        "invalid content-length parsed" => "`Content-Length` is no number, or is there with two",
        "invalid transfer-encoding parsed" | "unexpected transfer-encoding parsed" => {
            "`Transfer-Encoding` does not end with `chunked`, or is there in HTTP/1.0"
        }
        _ => "what was sent is not HTTP",
    }
}

/// Whether a connection begins like a request in the clear. A record of TLS begins with its type, which is no letter
/// (RFC 8446 section 5.1).
pub(super) async fn is_in_the_clear(stream: &TcpStream) -> io::Result<bool> {
    let mut first = [0];
    let size = stream.peek(&mut first).await?;
    Ok(size == 1 && first.iter().all(u8::is_ascii_alphabetic))
}

/// Tells in the clear that TLS is due.
pub(super) async fn tell_of_tls(stream: TcpStream) {
    let _ = timeout(TELLING_TIME, say(stream, TLS_IS_DUE)).await;
}

/// The answer to a request of which nothing is known.
pub(super) fn answer(refusal: &Refusal<'_>, request_id: &str) -> Answer {
    let asked = Asked {
        mint: None,
        method: &Method::GET,
        target: "",
        headers: &HeaderMap::new(),
        origin: "",
        request_id,
    };
    flow::respond(refusal, &asked)
}

/// An answer in HTTP/1.1, after which the connection ends.
pub(super) fn in_bytes(answer: &Answer, to_head: bool) -> Vec<u8> {
    let Answer {
        status,
        headers,
        body,
    } = answer;
    let mut bytes = format!(
        "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    )
    .into_bytes();
    for (name, value) in headers {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    if !to_head {
        bytes.extend_from_slice(body);
    }
    bytes
}

/// Says it, and hears the client out.
pub(super) async fn say<S>(mut stream: S, bytes: &[u8]) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.write_all(bytes).await?;
    stream.shutdown().await?;
    tokio::io::copy(&mut stream.take(DRAINED_BYTES_MAX), &mut tokio::io::sink()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn the_fixed_answer_says_its_own_length() {
        let text = std::str::from_utf8(TLS_IS_DUE).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let length = format!("\r\nContent-Length: {}", body.len());
        assert!(head.ends_with(&length), "{}", body.len());
    }
}

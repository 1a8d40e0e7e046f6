//! One client connection, from the accepted socket to its end.
//!
//! Knows: TLS or not, HTTP/1.1 or HTTP/2, and how long each phase may take. Does not know what a request is for.

use std::cell::RefCell;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use countersign_cause::Cause;
use countersign_config::Limits;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::client_certificate::ShownCertificate;
use super::proxied::{self, Near, Unserved};
use super::streams::Streams;
use super::unread::Ended;
use super::watched::{ConnectionWatch, Watched};
use super::{turned_away, unread};
use crate::acme::Met;
use crate::seen::Event;
use crate::send::Over;
use crate::serve::{Arrival, serve};
use crate::worker::Worker;

/// RFC 9113 section 3.4: what a client that knows us to speak HTTP/2 begins with.
pub(super) const HTTP2_PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How many connections are open, over all workers.
#[derive(Clone, Default)]
pub(crate) struct Connections(Arc<AtomicUsize>);

pub(super) struct Counted(Connections);

impl Connections {
    /// Whether any connection is open.
    pub(crate) fn any(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }

    /// The count itself, to be shown.
    pub(crate) fn count(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.0)
    }

    pub(super) fn enter(&self, max: usize) -> Option<Counted> {
        if self.0.fetch_add(1, Ordering::Relaxed) >= max {
            self.0.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        Some(Counted(self.clone()))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Accepts connections until the worker closes.
/// `address` is the one that the configuration names.
pub(crate) async fn accept(
    worker: Rc<Worker>,
    listener: TcpListener,
    address: SocketAddr,
    connections: Connections,
) {
    // Those that are being told that there is no room.
    let turned_away = Connections::default();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                match connections.enter(worker.running().limits().connections_max) {
                    Some(counted) => {
                        worker.figures().connections.add();
                        let worker = Rc::clone(&worker);
                        tokio::task::spawn_local(async move {
                            connect(worker, stream, peer, address).await;
                            drop(counted);
                        });
                    }
                    None => {
                        let detail = "more connections than `connections_max`";
                        ended(&worker, peer, Cause::GatewayOverloaded, detail);
                        turned_away::tell(&worker, stream, (peer, address), &turned_away);
                    }
                }
            }
            // Out of file descriptors, as a rule: to try again at once would spin.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

pub(super) fn ended(worker: &Worker, peer: SocketAddr, cause: Cause, detail: &str) {
    ended_as(worker, peer, cause, detail, None);
}

/// The end of a connection whose client was told of it under this id.
pub(super) fn ended_as(
    worker: &Worker,
    peer: SocketAddr,
    cause: Cause,
    detail: &str,
    request: Option<&str>,
) {
    worker.figures().connection_ended(cause);
    worker.lines().write(&Event::ConnectionEnded {
        peer: peer.to_string(),
        cause: cause.id(),
        detail,
        request,
    });
}

/// A tunnel that a limit has ended.
pub(crate) fn tunnel_ended(worker: &Worker, peer: IpAddr, over: Over) {
    worker.lines().write(&Event::ConnectionEnded {
        peer: peer.to_string(),
        cause: Cause::UpgradeLimit.id(),
        detail: over.detail(),
        request: None,
    });
}

async fn connect(
    worker: Rc<Worker>,
    mut stream: TcpStream,
    from: SocketAddr,
    listener: SocketAddr,
) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let near = match proxied::meet(&worker, &mut stream, from, listener).await {
        Ok(near) => near,
        Err(Unserved::Refused(detail)) => return ended(&worker, from, Unserved::CAUSE, detail),
        Err(Unserved::Gone) => return,
    };
    let peer = near.shown;
    // A connection outlives configurations: it takes of one what it needs, and does not hold it.
    let (tls, acme, handshake_time) = {
        let running = worker.running();
        (
            running.tls().cloned(),
            running.acme().cloned(),
            running.limits().tls_handshake,
        )
    };
    match tls {
        Some(tls) => {
            let handshake = async {
                if unread::is_in_the_clear(&stream).await? {
                    return Ok(Err(stream));
                }
                match acme {
                    Some(acme) => acme.held.accept(tls.config(), stream).await,
                    None => tls.accept(stream).await.map(Met::Secure),
                }
                .map(Ok)
            };
            match timeout(handshake_time, handshake).await {
                Ok(Ok(Ok(Met::Answered))) => {}
                Ok(Ok(Ok(Met::NoCertificate))) => {
                    let detail = "no certificate was ordered yet: an event `certificate-not-ordered` says why, where it was tried";
                    ended(&worker, peer, Cause::ListenerCertificateMissing, detail);
                }
                Ok(Ok(Ok(Met::Secure(stream)))) => {
                    let session = stream.get_ref().1;
                    let http2 = session.alpn_protocol() == Some(b"h2");
                    let channel = ByTls {
                        secure: true,
                        certificate: ShownCertificate::of(session.peer_certificates()),
                    };
                    run(worker, stream, Vec::new(), http2, near, channel).await;
                }
                Ok(Ok(Err(stream))) => {
                    let detail = "plain HTTP was sent to this listener, which speaks TLS";
                    ended(&worker, peer, Cause::RequestMalformed, detail);
                    unread::tell_of_tls(stream).await;
                }
                Ok(Err(error)) => {
                    ended(&worker, peer, Cause::RequestMalformed, fault(&error));
                }
                Err(_) => ended(
                    &worker,
                    peer,
                    Cause::RequestMalformed,
                    "no TLS handshake within `tls_handshake_secs`",
                ),
            }
        }
        None => sniff(worker, stream, near).await,
    }
}

/// Without TLS only the first bytes tell HTTP/2 from HTTP/1.1.
async fn sniff(worker: Rc<Worker>, mut stream: TcpStream, near: Near) {
    let mut ahead = Vec::with_capacity(HTTP2_PREFACE.len());
    let first = async {
        while ahead.len() < HTTP2_PREFACE.len() && HTTP2_PREFACE.starts_with(&ahead) {
            let left = HTTP2_PREFACE.len().saturating_sub(ahead.len());
            if (&mut stream).take(left as u64).read_buf(&mut ahead).await? == 0 {
                return Ok(false);
            }
        }
        Ok::<bool, std::io::Error>(true)
    };
    match timeout(worker.running().limits().first_byte, first).await {
        Ok(Ok(true)) => {
            let http2 = ahead == HTTP2_PREFACE;
            run(worker, stream, ahead, http2, near, ByTls::default()).await;
        }
        // Nothing was asked, so there is nothing to answer.
        Ok(Ok(false) | Err(_)) => {}
        Err(_) => ended(
            &worker,
            near.shown,
            Cause::RequestMalformed,
            "nothing was sent within `first_byte_secs`",
        ),
    }
}

/// What TLS says of a connection.
#[derive(Default)]
struct ByTls {
    secure: bool,
    certificate: Option<ShownCertificate>,
}

/// Why a handshake failed, as far as it has to do with the client's certificate.
fn fault(error: &std::io::Error) -> &'static str {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    if let Some(rustls::Error::NoCertificatesPresented) = inner {
        "the TLS handshake failed: the client has shown no certificate"
    } else if let Some(rustls::Error::InvalidCertificate(_)) = inner {
        "the TLS handshake failed: the client's certificate is not taken"
    } else {
        "the TLS handshake failed"
    }
}

async fn run<S>(
    worker: Rc<Worker>,
    stream: S,
    ahead: Vec<u8>,
    http2: bool,
    near: Near,
    by_tls: ByTls,
) where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let Near {
        shown: peer,
        peer: sender,
    } = near;
    let running = worker.running();
    let limits = running.limits();
    let deadline = worker.clock().deadline();
    // HTTP/2 sends frames between requests that begin no head.
    let head = if http2 { limits.idle } else { limits.head };
    let watch = ConnectionWatch::new(deadline, head, limits.idle, limits.upstream_stall);
    let io = Watched::new(TokioIo::new(stream), ahead, Rc::clone(&watch));
    let arrival = Rc::new(Arrival {
        worker: Rc::clone(&worker),
        watch: Rc::clone(&watch),
        peer: sender,
        secure: by_tls.secure,
        certificate: by_tls.certificate,
        tunnel: RefCell::default(),
    });
    let tunnel = Rc::clone(&arrival);
    let service = service_fn(move |request| serve(Rc::clone(&arrival), request));
    if http2 {
        let mut builder = http2::Builder::new(Streams {
            clock: Rc::clone(worker.clock()),
            watch: Rc::clone(&watch),
        });
        if running.has_upgrades() {
            builder.enable_connect_protocol();
        }
        builder
            .max_concurrent_streams(limits.streams_max)
            .max_header_list_size(header_list_max(limits));
        // The connection may outlive this configuration.
        drop(running);
        let connection = pin!(builder.serve_connection(io, service));
        let result = watch_over(
            connection,
            |connection| connection.graceful_shutdown(),
            &worker,
            &watch,
        )
        .await;
        if let Some(Ended { cause, detail, .. }) = Ended::of(&result, &watch, true) {
            ended(&worker, peer, cause, detail);
        }
        return;
    }
    let mut builder = http1::Builder::new();
    let buffer = limits
        .head_bytes_max
        .saturating_mul(2)
        .max(BUFFER_BYTES_MIN);
    builder
        .header_read_timeout(None)
        .half_close(false)
        .max_buf_size(buffer);
    if limits.headers_max > HYPER_HEADERS_MAX {
        // Twice the limit, so that it is ours that answers, with a cause; hyper then needs memory for each request.
        builder.max_headers(limits.headers_max.saturating_mul(2));
    }
    drop(running);
    let mut connection = builder.serve_connection(io, service);
    let result = watch_over(
        Pin::new(&mut connection),
        |connection| connection.graceful_shutdown(),
        &worker,
        &watch,
    )
    .await;
    if let (Some(Ok(())), Some(tunnel)) = (&result, tunnel.tunnel.take()) {
        let parts = connection.into_parts();
        let near = parts.io.into_inner().into_inner();
        if let Err(over) = tunnel.run(near, parts.read_buf, &worker).await {
            tunnel_ended(&worker, peer.ip(), over);
        }
        return;
    }
    match Ended::of(&result, &watch, false) {
        None => {}
        Some(ended) if ended.can_be_told => {
            let parts = connection.into_parts();
            if watch.has_begun()
                && ended.cause == Cause::HeadStalled
                && begins_nothing(&parts.read_buf)
            {
                return;
            }
            let near = parts.io.into_inner().into_inner();
            unread::tell(&worker, peer, near, ended.cause, ended.detail).await;
        }
        Some(Ended { cause, detail, .. }) => ended(&worker, peer, cause, detail),
    }
}

/// Whether what was read behind a request begins no other: some end a body by a line end of their own (RFC 9112 section 2.2), and
/// what is left of a body that nobody wanted is thrown away by then.
fn begins_nothing(read: &[u8]) -> bool {
    read.iter().all(|byte| matches!(byte, b'\r' | b'\n'))
}

/// Drives a connection until it ends, has waited too long (`None`), or the worker closes it after its present requests.
async fn watch_over<C>(
    mut connection: Pin<&mut C>,
    close: impl Fn(Pin<&mut C>),
    worker: &Worker,
    watch: &ConnectionWatch,
) -> Option<hyper::Result<()>>
where
    C: Future<Output = hyper::Result<()>>,
{
    let mut closing = false;
    std::future::poll_fn(|context: &mut Context<'_>| {
        if watch.poll_over(context).is_ready() {
            return Poll::Ready(None);
        }
        loop {
            // hyper closes at once where it has read nothing yet: the first request of a new connection, which may be on
            // its way, would get no answer.
            let closes = !closing && worker.is_closing() && watch.has_begun();
            if closes {
                closing = true;
                close(connection.as_mut());
            }
            let polled = connection.as_mut().poll(context);
            let begun = !closing && worker.is_closing() && watch.has_begun();
            if polled.is_ready() || !begun {
                return polled.map(Some);
            }
        }
    })
    .await
}

/// Runs the streams of an HTTP/2 connection on the worker's own thread.
#[derive(Clone, Copy)]
pub(crate) struct Local;

impl<F> hyper::rt::Executor<F> for Local
where
    F: Future + 'static,
{
    fn execute(&self, future: F) {
        tokio::task::spawn_local(async move {
            future.await;
        });
    }
}

/// The least that hyper works with, in bytes.
const BUFFER_BYTES_MIN: usize = 16 * 1024;

/// As many fields as hyper reads without being told of another number.
const HYPER_HEADERS_MAX: usize = 100;

/// Above our own limit, so that it is ours that answers, with a cause.
fn header_list_max(limits: &Limits) -> u32 {
    u32::try_from(limits.head_bytes_max.saturating_mul(2)).unwrap_or(u32::MAX)
}

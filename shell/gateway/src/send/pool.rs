//! A worker's connections to one server of an upstream.
//!
//! Knows: an address, connections that are open and idle, and those that carry several streams. Does not know requests, nor
//! other servers. An idle connection of HTTP/1.1 has no task of its own: the exchange that takes it drives it, so that a
//! response wakes the request that waits for it and nothing else.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use countersign_config::{Limits, Server, Upstream};
use http::HeaderValue;
use http::uri::Scheme;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::Mutex;

use super::health::Health;
use super::link::{Link, Own, Shared};
use super::many::{self, Load, Sender};
use super::secure::Secure;
use super::stream::Stream;
use crate::seen::ServerFigures;

/// The limits that hold for every server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    connect_time: Duration,
    idle_max: usize,
    idle_ticks_max: u64,
    streams_max: usize,
}

impl Bounds {
    pub(super) fn of(limits: &Limits) -> Self {
        // Ticks are tenths of a second.
        let idle_ticks_max =
            u64::try_from(limits.upstream_idle.as_millis() / 100).unwrap_or(u64::MAX);
        Self {
            connect_time: limits.upstream_connect,
            idle_max: limits.upstream_idle_max,
            idle_ticks_max,
            streams_max: limits.upstream_streams_max,
        }
    }
}

/// One server.
pub(crate) struct Pool {
    server: Server,
    /// Host and port, for the log.
    name: Box<str>,
    http2: bool,
    bounds: Bounds,
    secure: Option<Secure>,
    /// What `Host` the server is sent; `None`: that of the request.
    host_onward: Option<HeaderValue>,
    /// HTTP/1.1: the connections that nobody has.
    idle: RefCell<VecDeque<Own>>,
    /// HTTP/2: all connections.
    many: RefCell<Vec<Many>>,
    /// HTTP/2: held by the one exchange that opens a connection, for all that come meanwhile.
    opening: Mutex<()>,
    failures: Cell<u64>,
    failure: Cell<&'static str>,
    in_flight: Cell<usize>,
    health: Arc<Health>,
    figures: Arc<ServerFigures>,
}

/// A connection of HTTP/2. Its task ends when nothing here or in an exchange can send on it.
struct Many {
    sender: Sender,
    load: Rc<Load>,
    used_at: u64,
}

impl Pool {
    pub(super) fn new(
        upstream: &Upstream,
        server: &Server,
        secure: Option<&Secure>,
        health: &Arc<Health>,
        bounds: Bounds,
        figures: Arc<ServerFigures>,
    ) -> Self {
        let name = server.authority(secure.is_some());
        // A name and a port that came out of a checked configuration are always a field value.
        let host_onward = (!upstream.keep_host).then(|| HeaderValue::try_from(&*name).ok());
        Self {
            server: server.clone(),
            host_onward: host_onward.flatten(),
            name: name.into(),
            http2: upstream.http2,
            bounds,
            secure: secure.cloned(),
            idle: RefCell::default(),
            many: RefCell::default(),
            opening: Mutex::default(),
            failures: Cell::default(),
            failure: Cell::default(),
            in_flight: Cell::default(),
            health: Arc::clone(health),
            figures,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn health(&self) -> &Health {
        &self.health
    }

    pub(super) fn figures(&self) -> &ServerFigures {
        &self.figures
    }

    /// A request comes, which has a seat here.
    pub(super) fn enter(&self) {
        self.in_flight.set(self.in_flight.get().saturating_add(1));
        self.figures.requests.add();
    }

    pub(super) fn leave(&self) {
        self.in_flight.set(self.in_flight.get().saturating_sub(1));
    }

    pub(super) const fn in_flight(&self) -> usize {
        self.in_flight.get()
    }

    /// The `Host` that the server is sent, where it is not that of the request.
    pub(crate) const fn host_onward(&self) -> Option<&HeaderValue> {
        self.host_onward.as_ref()
    }

    /// Where HTTP/2 is spoken: the scheme that its requests name (RFC 9113 section 8.3.1).
    pub(crate) fn http2_scheme(&self) -> Option<Scheme> {
        self.http2.then_some(match self.secure {
            Some(_) => Scheme::HTTPS,
            None => Scheme::HTTP,
        })
    }

    /// A connection that is still good, the one used last first; or a stream of one that has room.
    pub(crate) fn take(&self, tick: u64) -> Option<Link> {
        if self.http2 {
            return self.take_stream(tick).map(Link::Shared);
        }
        let mut idle = self.idle.borrow_mut();
        let own = idle.pop_back()?;
        if tick.saturating_sub(own.idle_since) > self.bounds.idle_ticks_max {
            // Those before it are older still.
            idle.clear();
            return None;
        }
        // The upstream may have closed it meanwhile. That is seen before the request is written, which then comes back.
        Some(Link::Own(own))
    }

    /// The fullest connection that has room, so that those that are no longer needed run empty and end.
    fn take_stream(&self, tick: u64) -> Option<Shared> {
        let mut many = self.many.borrow_mut();
        many.retain(|connection| {
            let idle = connection.load.streams() == 0
                && tick.saturating_sub(connection.used_at) > self.bounds.idle_ticks_max;
            !(idle || connection.load.is_retired() || connection.sender.is_closed())
        });
        let has_room = |connection: &&mut Many| {
            let load = &connection.load;
            load.streams() < self.bounds.streams_max.min(load.streams_taken())
        };
        let fullest = many
            .iter_mut()
            .filter(has_room)
            .max_by_key(|connection| connection.load.streams())?;
        fullest.used_at = tick;
        Some(Shared::new(fullest.sender.clone(), &fullest.load))
    }

    /// Keeps a connection whose exchange is complete.
    pub(crate) fn put(&self, link: Link, tick: u64) {
        let mut own = match link {
            Link::Own(own) => own,
            // Its connection is kept anyway.
            Link::Shared(_) => return,
        };
        if !own.is_usable() {
            return;
        }
        let mut idle = self.idle.borrow_mut();
        if idle.len() >= self.bounds.idle_max {
            idle.pop_front();
        }
        own.idle_since = tick;
        idle.push_back(own);
    }

    /// Opens a new connection.
    ///
    /// # Errors
    /// In words that say why the upstream cannot be reached.
    pub(crate) async fn connect(&self, tick: u64) -> Result<Link, &'static str> {
        if self.http2 {
            return self.connect_many(tick).await.map(Link::Shared);
        }
        let (sender, connection) = http1::Builder::new()
            .handshake(TokioIo::new(self.open().await?))
            .await
            .map_err(|_| "it closed the connection at once")?;
        let mut own = Own::new(sender, connection);
        // The machine says that it can take a request once it has been driven for the first time.
        std::future::poll_fn(|context| {
            own.drive(context);
            Poll::Ready(())
        })
        .await;
        Ok(Link::Own(own))
    }

    /// One opens, and whoever comes meanwhile waits for it: a crowd of requests is no crowd of connections. All of them
    /// share its failure, so that nobody waits for one attempt after another.
    async fn connect_many(&self, tick: u64) -> Result<Shared, &'static str> {
        let failures = self.failures.get();
        let _turn = self.opening.lock().await;
        if let Some(shared) = self.take_stream(tick) {
            return Ok(shared);
        }
        if self.failures.get() != failures {
            return Err(self.failure.get());
        }
        let opened = self.open_many().await;
        let (sender, load) = opened.inspect_err(|failure| {
            self.failures.set(self.failures.get().wrapping_add(1));
            self.failure.set(failure);
        })?;
        let shared = Shared::new(sender.clone(), &load);
        self.many.borrow_mut().push(Many {
            sender,
            load,
            used_at: tick,
        });
        Ok(shared)
    }

    async fn open_many(&self) -> Result<(Sender, Rc<Load>), &'static str> {
        let stream = self.open().await?;
        many::open(stream, self.bounds.connect_time).await
    }

    /// A socket to the server, by TLS where it is asked for.
    async fn open(&self) -> Result<Stream, &'static str> {
        let opening = async {
            let stream = TcpStream::connect((&*self.server.host, self.server.port))
                .await
                .map_err(|_| "it takes no connection")?;
            stream
                .set_nodelay(true)
                .map_err(|_| "it closed the connection at once")?;
            match &self.secure {
                None => Ok(Stream::Plain(stream)),
                Some(secure) => Ok(Stream::Tls(Box::new(secure.connect(stream).await?))),
            }
        };
        let opened = tokio::time::timeout(self.bounds.connect_time, opening).await;
        opened.unwrap_or(Err(
            "it did not take the connection within `upstream_connect_secs`",
        ))
    }
}

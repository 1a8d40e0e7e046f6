//! A connection that was switched to another protocol: bytes both ways, until either side, or a limit, ends it.
//!
//! Knows: bytes, and how long there may be none. Does not know the protocol. An idle tunnel holds no buffer.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use countersign_config::Limits;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::balance::Seat;
use super::link::Raw;
use crate::worker::Worker;

/// As much as is moved at once.
const PART_BYTES: usize = 16 * 1024;
/// What a gateway that stops leaves to a tunnel, for what is on its way: it would not end by itself.
const LAST_WORDS_TIME: Duration = Duration::from_secs(1);

/// How many tunnels are open, over all workers.
#[derive(Clone, Default)]
pub(crate) struct Tunnels(Arc<AtomicUsize>);

/// The place of one of them.
pub(crate) struct Place(Tunnels);

impl Tunnels {
    /// A place for one more; `None` where that would be too many.
    pub(crate) fn enter(&self, max: usize) -> Option<Place> {
        if self.0.fetch_add(1, Ordering::Relaxed) >= max {
            self.0.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        Some(Place(self.clone()))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The far half of a tunnel, while the client is not told yet that its connection is switched.
pub(crate) struct Tunnel {
    far: Raw,
    _place: Place,
    /// It counts at its server for as long as it lasts.
    _seat: Seat,
    /// As the configuration had them that its request began under.
    idle: Duration,
    open_max: Duration,
}

/// A limit that ended a tunnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Over {
    /// Neither side said anything.
    Idle,
    /// It was open for too long.
    Old,
}

impl Over {
    /// For the log.
    pub(crate) const fn detail(self) -> &'static str {
        match self {
            Self::Idle => "nothing went either way within `upgrade_idle_secs`",
            Self::Old => "an upgraded connection was open for `upgrade_secs_max`",
        }
    }
}

impl Tunnel {
    pub(super) const fn new(far: Raw, place: Place, seat: Seat, limits: &Limits) -> Self {
        Self {
            far,
            _place: place,
            _seat: seat,
            idle: limits.upgrade_idle,
            open_max: limits.upgrade_max,
        }
    }

    /// Moves bytes both ways. What was read ahead of either side goes first.
    ///
    /// # Errors
    /// The limit that ended it; where a side ended it, or the gateway stops, there is nothing to say.
    pub(crate) async fn run<S>(
        self,
        mut near: S,
        ahead: Bytes,
        worker: &Rc<Worker>,
    ) -> Result<(), Over>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut far = self.far.stream;
        let mut onward = Way::beginning_with(ahead);
        let mut back = Way::beginning_with(self.far.ahead);
        let (idle, old) = (worker.clock().deadline(), worker.clock().deadline());
        let mut closing = false;
        idle.set(self.idle);
        old.set(self.open_max);
        std::future::poll_fn(|context| {
            let ways = [
                onward.poll(&mut near, &mut far, context),
                back.poll(&mut far, &mut near, context),
            ];
            if onward.has_moved() | back.has_moved() {
                idle.set(self.idle);
            }
            if ways.iter().any(|way| matches!(way, Poll::Ready(Err(_))))
                || ways.iter().all(Poll::is_ready)
            {
                return Poll::Ready(Ok(()));
            }
            if worker.is_closing() && !closing {
                closing = true;
                old.set(LAST_WORDS_TIME);
            }
            if old.poll_passed(context).is_ready() {
                return Poll::Ready(if closing { Ok(()) } else { Err(Over::Old) });
            }
            idle.poll_passed(context).map(|()| Err(Over::Idle))
        })
        .await
    }
}

/// One of the two ways through a tunnel.
struct Way {
    /// Read and not yet written: nothing more is read until it is.
    waiting: Bytes,
    unflushed: bool,
    moved: bool,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// The source has ended, and the sink is not told yet.
    Ending,
    Ended,
}

impl Way {
    const fn beginning_with(ahead: Bytes) -> Self {
        Self {
            waiting: ahead,
            unflushed: false,
            moved: false,
            state: State::Open,
        }
    }

    /// Whether anything has moved since this was asked last.
    fn has_moved(&mut self) -> bool {
        std::mem::take(&mut self.moved)
    }

    /// Ready when the source has ended and the sink knows.
    fn poll<R, W>(
        &mut self,
        source: &mut R,
        sink: &mut W,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        let mut space = [MaybeUninit::uninit(); PART_BYTES];
        loop {
            while !self.waiting.is_empty() {
                let size = ready!(Pin::new(&mut *sink).poll_write(context, &self.waiting))?;
                self.wrote(size)?;
                self.waiting = self.waiting.split_off(size);
                if self.waiting.is_empty() {
                    // An empty rest would hold the whole buffer.
                    self.waiting = Bytes::new();
                }
            }
            match self.state {
                State::Open => {}
                State::Ending => {
                    ready!(Pin::new(&mut *sink).poll_shutdown(context))?;
                    self.state = State::Ended;
                    return Poll::Ready(Ok(()));
                }
                State::Ended => return Poll::Ready(Ok(())),
            }
            let mut part = ReadBuf::uninit(&mut space);
            match Pin::new(&mut *source).poll_read(context, &mut part)? {
                Poll::Ready(()) => {}
                Poll::Pending => {
                    if self.unflushed {
                        // TLS may hold back what it has taken.
                        ready!(Pin::new(&mut *sink).poll_flush(context))?;
                        self.unflushed = false;
                    }
                    return Poll::Pending;
                }
            }
            let part = part.filled();
            if part.is_empty() {
                self.state = State::Ending;
                continue;
            }
            self.moved = true;
            // Only what cannot be written at once has to be kept.
            match Pin::new(&mut *sink).poll_write(context, part)? {
                Poll::Ready(size) => {
                    self.wrote(size)?;
                    let rest = part.get(size..).unwrap_or_default();
                    self.waiting = Bytes::copy_from_slice(rest);
                }
                Poll::Pending => self.waiting = Bytes::copy_from_slice(part),
            }
        }
    }

    fn wrote(&mut self, size: usize) -> io::Result<()> {
        if size == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.moved = true;
        self.unflushed = true;
        Ok(())
    }
}

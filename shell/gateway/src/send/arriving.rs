//! A request's body on this side of the line: as it arrives, or held whole because a credential covers it.
//!
//! Knows: how much may be held, and how long it may take. Does not know what is in it.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use countersign_flow::BodyAnswer;
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::timeout;

use crate::current::Running;
use crate::worker::Worker;

/// As much is taken of a body that nobody wants, ...
const UNWANTED_BYTES_MAX: usize = 64 * 1024;
/// ... and for so long.
const UNWANTED_TIME: Duration = Duration::from_secs(2);

/// How many bytes of bodies are held, over all workers.
#[derive(Clone, Default)]
pub(crate) struct HeldBytes(Arc<AtomicUsize>);

/// The room that one body takes up.
pub(crate) struct Room {
    all: HeldBytes,
    bytes: usize,
}

impl HeldBytes {
    fn room(&self) -> Room {
        Room {
            all: self.clone(),
            bytes: 0,
        }
    }
}

impl Room {
    /// Makes room for so many bytes more.
    fn grow(&mut self, bytes: usize, all_max: usize) -> Result<(), Unheld> {
        let before = self.all.0.fetch_add(bytes, Ordering::Relaxed);
        self.bytes = self.bytes.saturating_add(bytes);
        if before.saturating_add(bytes) > all_max {
            return Err(Unheld::NoRoom);
        }
        Ok(())
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.all.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// A request's body.
pub(crate) enum ArrivingBody {
    /// As the client sends it.
    Streamed(Incoming),
    /// All of it. Trailer fields are not kept: no credential covers them.
    Held {
        /// What is left of it.
        bytes: Bytes,
        /// It counts for as long as the request has it.
        _room: Room,
    },
}

/// There is no room to hold another body.
pub(crate) struct NoRoom;

/// Why a body is not held.
enum Unheld {
    TooLarge,
    NoRoom,
    Stalled,
    Broken,
}

impl ArrivingBody {
    pub(crate) const fn new(body: Incoming) -> Self {
        Self::Streamed(body)
    }

    /// Holds a whole form, up to so many bytes. It counts among what is held, and always has room: a form is short.
    pub(crate) async fn hold(
        &mut self,
        worker: &Worker,
        running: &Running,
        bytes_max: usize,
    ) -> BodyAnswer<'_> {
        match self.held(worker, running, bytes_max, usize::MAX).await {
            Ok(bytes) => BodyAnswer::Whole(bytes),
            Err(Unheld::TooLarge) => BodyAnswer::TooLarge,
            Err(Unheld::Stalled) => BodyAnswer::Stalled,
            Err(Unheld::Broken | Unheld::NoRoom) => BodyAnswer::Broken,
        }
    }

    /// Holds the whole body, up to so many bytes, if there is room beside all the others. It still goes on to the upstream.
    pub(crate) async fn hold_beside(
        &mut self,
        worker: &Worker,
        running: &Running,
        bytes_max: usize,
    ) -> Result<BodyAnswer<'_>, NoRoom> {
        let all_max = running.limits().held_bodies_bytes_max;
        match self.held(worker, running, bytes_max, all_max).await {
            Ok(bytes) => Ok(BodyAnswer::Whole(bytes)),
            Err(Unheld::TooLarge) => Ok(BodyAnswer::TooLarge),
            Err(Unheld::Stalled) => Ok(BodyAnswer::Stalled),
            Err(Unheld::Broken) => Ok(BodyAnswer::Broken),
            Err(Unheld::NoRoom) => Err(NoRoom),
        }
    }

    async fn held(
        &mut self,
        worker: &Worker,
        running: &Running,
        bytes_max: usize,
        all_max: usize,
    ) -> Result<&Bytes, Unheld> {
        if let Self::Streamed(incoming) = self {
            let limit = running.limits().body_bytes_max;
            let limit = limit.map_or(usize::MAX, |max| usize::try_from(max).unwrap_or(usize::MAX));
            let mut room = worker.held_bytes().room();
            let bounds = (bytes_max.min(limit), all_max);
            let bytes = collect(incoming, worker, running, bounds, &mut room).await?;
            *self = Self::Held { bytes, _room: room };
        }
        match self {
            Self::Held { bytes, .. } => Ok(bytes),
            Self::Streamed(_) => Err(Unheld::Broken),
        }
    }

    pub(crate) fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match self {
            Self::Streamed(body) => Pin::new(body).poll_frame(context),
            Self::Held { bytes, .. } => {
                let bytes = std::mem::take(bytes);
                Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
            }
        }
    }

    /// Takes what the client still sends of it, and throws it away, within limits: a connection that is closed on bytes that nobody
    /// has read may take the answer with it (RFC 9112 section 9.6), and one that is heard out can be used again.
    pub(crate) async fn hear_out(mut self) {
        let heard = async {
            let mut left = UNWANTED_BYTES_MAX;
            while let Some(Ok(frame)) = poll_fn(|context| self.poll_frame(context)).await {
                let size = frame.data_ref().map_or(0, Bytes::len);
                left = left.checked_sub(size)?;
            }
            Some(())
        };
        // Whoever sends more, or takes longer, is cut off.
        let _ = timeout(UNWANTED_TIME, heard).await;
    }

    pub(crate) fn is_end_stream(&self) -> bool {
        match self {
            Self::Streamed(body) => body.is_end_stream(),
            Self::Held { bytes, .. } => bytes.is_empty(),
        }
    }

    pub(crate) fn size_hint(&self) -> SizeHint {
        match self {
            Self::Streamed(body) => body.size_hint(),
            Self::Held { bytes, .. } => SizeHint::with_exact(bytes.len() as u64),
        }
    }
}

async fn collect(
    body: &mut Incoming,
    worker: &Worker,
    running: &Running,
    (bytes_max, all_max): (usize, usize),
    room: &mut Room,
) -> Result<Bytes, Unheld> {
    if body.size_hint().lower() > bytes_max as u64 {
        return Err(Unheld::TooLarge);
    }
    let limits = running.limits();
    let (next_part, whole) = (worker.clock().deadline(), worker.clock().deadline());
    // A byte now and then keeps the one away, and not the other.
    whole.set(limits.held_body);
    let mut held = Vec::new();
    loop {
        next_part.set(limits.body_stall);
        let next = poll_fn(|context| match Pin::new(&mut *body).poll_frame(context) {
            Poll::Ready(frame) => Poll::Ready(Ok(frame)),
            Poll::Pending => {
                let passed = [&next_part, &whole].map(|deadline| deadline.poll_passed(context));
                if passed.iter().any(Poll::is_ready) {
                    return Poll::Ready(Err(Unheld::Stalled));
                }
                Poll::Pending
            }
        });
        let frame = match next.await? {
            None => return Ok(held.into()),
            Some(Err(_)) => return Err(Unheld::Broken),
            Some(Ok(frame)) => frame,
        };
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if data.len() > bytes_max.saturating_sub(held.len()) {
            return Err(Unheld::TooLarge);
        }
        room.grow(data.len(), all_max)?;
        held.extend_from_slice(&data);
    }
}

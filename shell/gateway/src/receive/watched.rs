//! A client's byte stream under the deadlines of its connection.
//!
//! Knows: when bytes come and go. Does not know what they mean: HTTP is hyper's.

use std::cell::{Cell, RefCell};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::rt::{Read, ReadBufCursor, Write};

use crate::clock::Deadline;

/// What a connection is waiting for, as its deadline sees it.
pub(crate) struct ConnectionWatch {
    deadline: Deadline,
    requests: Cell<u32>,
    begun: Cell<bool>,
    in_head: Cell<bool>,
    /// Whether a byte has come since the last request.
    heard: Cell<bool>,
    /// Whether a response was begun here, and may not have left yet.
    unsent: Cell<bool>,
    /// Whether HTTP's own answer to what is no request was held back.
    held_back: Cell<bool>,
    write_waits: Cell<bool>,
    offered: Cell<bool>,
    /// The deadline of the stream of HTTP/2 that is being driven; `None` in HTTP/1.1, where a connection is no more than its
    /// present request.
    stream: RefCell<Option<Rc<Deadline>>>,
    head: Duration,
    idle: Duration,
    stall: Duration,
}

impl ConnectionWatch {
    pub(crate) fn new(
        deadline: Deadline,
        head: Duration,
        idle: Duration,
        stall: Duration,
    ) -> Rc<Self> {
        deadline.set(head);
        Rc::new(Self {
            deadline,
            requests: Cell::new(0),
            begun: Cell::new(false),
            in_head: Cell::new(true),
            heard: Cell::new(false),
            unsent: Cell::new(false),
            held_back: Cell::new(false),
            write_waits: Cell::new(false),
            offered: Cell::new(false),
            stream: RefCell::default(),
            head,
            idle,
            stall,
        })
    }

    /// Who begins a request from now on is a stream with this deadline.
    pub(super) fn drives(&self, stream: Option<Rc<Deadline>>) {
        self.stream.replace(stream);
    }

    /// Whether there ever was a request.
    pub(super) const fn has_begun(&self) -> bool {
        self.begun.get()
    }

    /// A request's head is complete.
    fn request_begins(&self) {
        self.begun.set(true);
        self.in_head.set(false);
        self.heard.set(false);
        self.unsent.set(true);
        self.offered.set(false);
        self.requests.set(self.requests.get().saturating_add(1));
        if !self.write_waits.get() {
            self.deadline.clear();
        }
    }

    /// A response is complete, or given up.
    fn request_ends(&self) {
        self.requests.set(self.requests.get().saturating_sub(1));
        if self.requests.get() == 0 {
            self.deadline.set(self.idle);
        } else {
            // Another stream of HTTP/2 goes on, whose time is not that of the one that has ended.
            self.response_awaited();
        }
    }

    /// The first bytes of a head begin its time; later ones do not extend it.
    fn bytes_read(&self) {
        self.heard.set(true);
        if self.requests.get() == 0 && !self.in_head.get() {
            self.in_head.set(true);
            self.deadline.set(self.head);
        }
    }

    /// A part of a response waits to be taken. HTTP/2 asks for the next one only when the client has made room for it
    /// (RFC 9113 section 5.2), and writes nothing until then.
    fn response_offered(&self) {
        self.offered.set(true);
        if !self.write_waits.get() {
            self.deadline.set(self.stall);
        }
    }

    /// Everything was taken, and the upstream has its turn.
    fn response_awaited(&self) {
        self.offered.set(false);
        if !self.write_waits.get() {
            self.deadline.clear();
        }
    }

    /// A client that does not take what it has asked for. Its time begins with the first write that waits, and nothing but a
    /// write that goes on prolongs it: not the frames that it sends meanwhile, nor another request.
    fn write_waits(&self) {
        if !self.write_waits.replace(true) {
            self.deadline.set(self.stall);
        }
    }

    fn bytes_written(&self) {
        if self.write_waits.replace(false) && self.requests.get() > 0 {
            if self.offered.get() {
                self.deadline.set(self.stall);
            } else {
                self.deadline.clear();
            }
        }
    }

    /// Everything that was to be written has been.
    fn flushed(&self) {
        if self.requests.get() == 0 {
            self.unsent.set(false);
        }
    }

    /// Whether what begins so is HTTP's own answer to what is no request: to each request one of ours was begun before.
    fn is_of_nobody(&self, begin: &[u8]) -> bool {
        !self.unsent.get() && begin.starts_with(b"HTTP/1.1 4")
    }

    /// Whether an answer to what is no request was held back, so that another can be given in its place.
    pub(super) fn has_held_back(&self) -> bool {
        self.held_back.get()
    }

    /// What the connection was waiting for when its time was over.
    pub(super) fn waited_for(&self) -> WaitedFor {
        if self.requests.get() > 0 || self.write_waits.get() || self.unsent.get() {
            WaitedFor::Taking
        } else if !self.in_head.get() {
            WaitedFor::Request
        } else if self.heard.get() {
            WaitedFor::Head
        } else {
            WaitedFor::FirstByte
        }
    }

    /// Ready once the connection has waited too long.
    pub(crate) fn poll_over(&self, context: &Context<'_>) -> Poll<()> {
        self.deadline.poll_passed(context)
    }
}

/// What a connection was waiting for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WaitedFor {
    /// That it begins to speak at all.
    FirstByte,
    /// The rest of a head.
    Head,
    /// Another request.
    Request,
    /// That a response is taken.
    Taking,
}

/// A request that is under way on a connection, until its response is complete or given up.
pub(crate) struct RequestInFlight {
    watch: Rc<ConnectionWatch>,
    stream: Option<Rc<Deadline>>,
}

impl RequestInFlight {
    pub(crate) fn begin(watch: &Rc<ConnectionWatch>) -> Self {
        watch.request_begins();
        Self {
            watch: Rc::clone(watch),
            stream: watch.stream.borrow().clone(),
        }
    }

    /// A part of the response waits to be taken.
    pub(crate) fn offers(&self) {
        self.watch.response_offered();
        if let Some(stream) = &self.stream {
            stream.set(self.watch.stall);
        }
    }

    /// More of the response is asked for than there is.
    pub(crate) fn waits(&self) {
        self.watch.response_awaited();
        if let Some(stream) = &self.stream {
            stream.clear();
        }
    }
}

impl Drop for RequestInFlight {
    fn drop(&mut self) {
        self.watch.request_ends();
        if let Some(stream) = &self.stream {
            stream.clear();
        }
    }
}

/// A byte stream that tells its watch, and gives back first what was read ahead of it. HTTP's own answer to what is no request
/// does not go out by it, nor the end of the stream after that: such an answer has no cause and no id.
pub(crate) struct Watched<I> {
    io: I,
    ahead: Vec<u8>,
    watch: Rc<ConnectionWatch>,
}

impl<I> Watched<I> {
    pub(crate) const fn new(io: I, ahead: Vec<u8>, watch: Rc<ConnectionWatch>) -> Self {
        Self { io, ahead, watch }
    }

    /// The stream itself, where what was read ahead has been taken.
    pub(crate) fn into_inner(self) -> I {
        self.io
    }

    fn after_write(&self, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &result {
            Poll::Pending => self.watch.write_waits(),
            Poll::Ready(_) => self.watch.bytes_written(),
        }
        result
    }
}

impl<I: Read + Unpin> Read for Watched<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.ahead.is_empty() {
            let size = self.ahead.len().min(buffer.remaining());
            let rest = self.ahead.split_off(size);
            buffer.put_slice(&self.ahead);
            self.ahead = rest;
            self.watch.bytes_read();
            return Poll::Ready(Ok(()));
        }
        let result = Pin::new(&mut self.io).poll_read(context, buffer);
        if result.is_ready() {
            self.watch.bytes_read();
        }
        result
    }
}

impl<I: Write + Unpin> Write for Watched<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.watch.is_of_nobody(bytes) {
            self.watch.held_back.set(true);
            return Poll::Ready(Ok(bytes.len()));
        }
        let result = Pin::new(&mut self.io).poll_write(context, bytes);
        self.after_write(result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if slices
            .first()
            .is_some_and(|first| self.watch.is_of_nobody(first))
        {
            self.watch.held_back.set(true);
            return Poll::Ready(Ok(slices.iter().map(|slice| slice.len()).sum()));
        }
        let result = Pin::new(&mut self.io).poll_write_vectored(context, slices);
        self.after_write(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.io).poll_flush(context);
        if result.is_ready() {
            self.watch.flushed();
        }
        result
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.watch.has_held_back() {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;
    use crate::clock::Clock;

    const STALL: Duration = Duration::from_secs(10);
    const LONG: Duration = Duration::from_secs(3600);

    fn is_over(watch: &ConnectionWatch) -> bool {
        let context = Context::from_waker(Waker::noop());
        watch.poll_over(&context).is_ready()
    }

    #[test]
    fn a_client_that_takes_nothing_gains_no_time_by_what_it_sends() {
        let clock = Clock::new();
        let watch = ConnectionWatch::new(clock.deadline(), LONG, LONG, STALL);
        let first = RequestInFlight::begin(&watch);
        watch.write_waits();
        for tick in 1..=101 {
            clock.advance(tick, 0);
            // Frames wake the connection, and it tries to write again; other streams begin, offer, and wait.
            watch.write_waits();
            let other = RequestInFlight::begin(&watch);
            other.offers();
            other.waits();
            first.offers();
        }
        assert!(is_over(&watch));
    }

    #[test]
    fn a_client_that_takes_slowly_has_its_time_anew_with_each_part() {
        let clock = Clock::new();
        let watch = ConnectionWatch::new(clock.deadline(), LONG, LONG, STALL);
        let request = RequestInFlight::begin(&watch);
        for tick in 1..=500 {
            clock.advance(tick, 0);
            if tick % 90 == 0 {
                watch.bytes_written();
                request.offers();
            }
            watch.write_waits();
        }
        assert!(!is_over(&watch));
    }
}

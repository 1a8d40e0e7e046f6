//! Bodies on their way through: streamed, bounded, and under deadlines.
//!
//! Knows: frames and how long they may take. Does not know what is in them.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use super::arriving::ArrivingBody;
use super::balance::Seat;
use super::link::Link;
use crate::clock::Deadline;
use crate::current::Running;
use crate::receive::RequestInFlight;
use crate::seen::Access;
use crate::worker::Worker;

/// What an exchange is waiting for: it decides whose fault a passed deadline is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waiting {
    /// For the client's next part of the request body.
    Client,
    /// For the upstream.
    Upstream,
}

/// The deadline of one exchange, shared by the request body and whoever waits for the response.
pub(crate) struct ExchangeWatch {
    pub(crate) deadline: Deadline,
    pub(crate) waiting: Cell<Waiting>,
    pub(crate) too_large: Cell<bool>,
    pub(crate) client_failed: Cell<bool>,
    /// Whether the response has begun: over HTTP/2 both sides may speak for as long as they like from then on, and it is the
    /// response's silence that counts. Over HTTP/1.1 a body that still comes in keeps the exchange: many applications begin their answer
    /// before they have read all of it, and say the rest when they have.
    pub(crate) both_ways: Cell<bool>,
}

impl ExchangeWatch {
    pub(crate) fn new(deadline: Deadline) -> Rc<Self> {
        Rc::new(Self {
            deadline,
            waiting: Cell::new(Waiting::Upstream),
            too_large: Cell::new(false),
            client_failed: Cell::new(false),
            both_ways: Cell::new(false),
        })
    }

    fn wait_for(&self, waiting: Waiting, time: Duration) {
        if self.both_ways.get() {
            return;
        }
        self.waiting.set(waiting);
        self.deadline.set(time);
    }
}

/// A request body on its way to the upstream.
pub(crate) struct RequestBody {
    /// `None`: it has none.
    body: Option<ArrivingBody>,
    watch: Rc<ExchangeWatch>,
    left_bytes: u64,
    stall: Duration,
    answer: Duration,
}

impl RequestBody {
    pub(crate) fn new(
        body: ArrivingBody,
        watch: Rc<ExchangeWatch>,
        bytes_max: Option<u64>,
        stall: Duration,
        answer: Duration,
    ) -> Self {
        Self {
            body: Some(body),
            watch,
            left_bytes: bytes_max.unwrap_or(u64::MAX),
            stall,
            answer,
        }
    }

    /// No body at all.
    pub(crate) const fn empty(watch: Rc<ExchangeWatch>) -> Self {
        Self {
            body: None,
            watch,
            left_bytes: 0,
            stall: Duration::ZERO,
            answer: Duration::ZERO,
        }
    }
}

/// Why a request body ended early; the exchange that carries it is given up.
#[derive(Debug)]
pub(crate) enum BodyFailure {
    /// More bytes than the limit.
    TooLarge,
    /// The client broke off, or framed its body wrongly.
    Client,
}

impl std::fmt::Display for BodyFailure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::TooLarge => "the request body is larger than the limit",
            Self::Client => "the client broke off its request body",
        })
    }
}

impl std::error::Error for BodyFailure {}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyFailure;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyFailure>>> {
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        match body.poll_frame(context) {
            Poll::Pending => {
                self.watch.wait_for(Waiting::Client, self.stall);
                Poll::Pending
            }
            // RFC 9110 section 6.5.1: trailer fields may be dropped. They would come to the upstream after all that the gateway says
            // of who asks, and HTTP/2 would carry them. Nothing can follow them.
            Poll::Ready(Some(Ok(frame))) if frame.is_trailers() => {
                self.watch.wait_for(Waiting::Upstream, self.answer);
                self.body = None;
                Poll::Ready(None)
            }
            Poll::Ready(Some(Ok(frame))) => {
                self.watch.wait_for(Waiting::Upstream, self.answer);
                let size = frame
                    .data_ref()
                    .map_or(0, |data| u64::try_from(data.len()).unwrap_or(u64::MAX));
                match self.left_bytes.checked_sub(size) {
                    Some(left) => self.left_bytes = left,
                    None => {
                        self.watch.too_large.set(true);
                        return Poll::Ready(Some(Err(BodyFailure::TooLarge)));
                    }
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(_))) => {
                self.watch.client_failed.set(true);
                Poll::Ready(Some(Err(BodyFailure::Client)))
            }
            Poll::Ready(None) => {
                self.watch.wait_for(Waiting::Upstream, self.answer);
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(ArrivingBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), ArrivingBody::size_hint)
    }
}

/// A response body on its way to the client. It holds the request in flight until it is over.
pub(crate) struct ResponseBody {
    source: Source,
    in_flight: RequestInFlight,
    /// Where the request has a line in the access log.
    access: Option<Box<Access>>,
}

enum Source {
    Own(Option<Bytes>),
    Upstream(UpstreamBody),
}

/// A body that an upstream sends, with the connection that it comes by.
pub(crate) struct UpstreamBody {
    pub(crate) body: Incoming,
    pub(crate) link: Option<Link>,
    pub(crate) seat: Seat,
    pub(crate) worker: Rc<Worker>,
    pub(crate) running: Rc<Running>,
    pub(crate) watch: Rc<ExchangeWatch>,
}

/// Why a response body ended early. The client sees a broken connection, never a complete response.
#[derive(Debug)]
pub(crate) enum ResponseFailure {
    /// The upstream sent nothing more in time.
    Stalled,
    /// The upstream broke off.
    Broken,
}

impl std::fmt::Display for ResponseFailure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Stalled => "the upstream's response stalled",
            Self::Broken => "the upstream broke off its response",
        })
    }
}

impl std::error::Error for ResponseFailure {}

impl ResponseBody {
    pub(crate) fn own(bytes: Vec<u8>, in_flight: RequestInFlight) -> Self {
        let bytes = (!bytes.is_empty()).then(|| Bytes::from(bytes));
        in_flight.offers();
        Self {
            source: Source::Own(bytes),
            in_flight,
            access: None,
        }
    }

    pub(crate) fn upstream(body: UpstreamBody, in_flight: RequestInFlight) -> Self {
        in_flight.offers();
        Self {
            source: Source::Upstream(body),
            in_flight,
            access: None,
        }
    }

    /// Accounts for what is sent of it from now on.
    pub(crate) fn account_to(&mut self, access: Box<Access>) {
        self.access = Some(access);
    }
}

impl UpstreamBody {
    fn poll(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ResponseFailure>>> {
        let mut polled = Pin::new(&mut self.body).poll_frame(context);
        if polled.is_pending()
            && let Some(link) = &mut self.link
        {
            link.drive(context);
            polled = Pin::new(&mut self.body).poll_frame(context);
        }
        match polled {
            Poll::Pending if self.watch.deadline.poll_passed(context).is_ready() => {
                self.link = None;
                Poll::Ready(Some(Err(ResponseFailure::Stalled)))
            }
            Poll::Pending => {
                self.watch
                    .deadline
                    .set(self.running.limits().upstream_stall);
                Poll::Pending
            }
            Poll::Ready(Some(Ok(frame))) => {
                // The upstream has its turn again only when the next frame is asked for.
                self.watch.deadline.clear();
                // Of a body whose length is known nobody asks for the end.
                if self.body.is_end_stream() {
                    self.give_back(context);
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(_))) => {
                self.link = None;
                Poll::Ready(Some(Err(ResponseFailure::Broken)))
            }
            Poll::Ready(None) => {
                self.give_back(context);
                Poll::Ready(None)
            }
        }
    }

    /// A response that is complete leaves its connection to the next request.
    pub(crate) fn give_back(&mut self, context: &mut Context<'_>) {
        self.watch.deadline.clear();
        if let Some(mut link) = self.link.take() {
            link.drive(context);
            self.seat.put(link, self.worker.clock().tick());
        }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = ResponseFailure;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ResponseFailure>>> {
        let polled = match &mut self.source {
            Source::Own(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Source::Upstream(body) => body.poll(context),
        };
        if polled.is_pending() {
            self.in_flight.waits();
        } else {
            self.in_flight.offers();
        }
        if let (Some(access), Poll::Ready(Some(Ok(frame)))) = (&mut self.access, &polled) {
            let bytes = frame.data_ref().map_or(0, Bytes::len);
            access.sent(u64::try_from(bytes).unwrap_or(u64::MAX));
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Own(bytes) => bytes.is_none(),
            Source::Upstream(body) => body.body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Own(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Source::Upstream(body) => body.body.size_hint(),
        }
    }
}

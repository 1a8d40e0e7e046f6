//! One exchange's hold on a connection to an upstream.
//!
//! Knows: HTTP/1.1, where the exchange has the connection for itself and drives it, and HTTP/2, where it has a stream of
//! it and the connection drives itself. Does not know where connections come from.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::client::conn::http1::{Connection, Parts, SendRequest};
use hyper_util::rt::TokioIo;

use super::body::RequestBody;
use super::many::{Load, Sender};
use super::stream::Stream;

/// A connection, or a stream of one.
pub(crate) enum Link {
    /// HTTP/1.1.
    Own(Own),
    /// HTTP/2.
    Shared(Shared),
}

type Machine = Connection<TokioIo<Stream>, RequestBody>;

/// A connection that carries one exchange at a time, with the machine that drives it.
pub(crate) struct Own {
    pub(crate) sender: SendRequest<RequestBody>,
    /// `None` once nothing can come of it any more.
    connection: Option<Pin<Box<Machine>>>,
    over: bool,
    pub(super) idle_since: u64,
}

/// A stream of a connection that carries many.
pub(crate) struct Shared {
    pub(crate) sender: Sender,
    load: Rc<Load>,
}

/// A connection that speaks HTTP no more.
pub(crate) struct Raw {
    pub(crate) stream: Stream,
    /// What was read of it already.
    pub(crate) ahead: Bytes,
}

impl Own {
    pub(super) fn new(sender: SendRequest<RequestBody>, connection: Machine) -> Self {
        Self {
            sender,
            connection: Some(Box::pin(connection)),
            over: false,
            idle_since: 0,
        }
    }

    /// Lets the connection do what it can. It must be called before and after each look at what it brings.
    pub(crate) fn drive(&mut self, context: &mut Context<'_>) {
        if !self.over
            && let Some(connection) = &mut self.connection
        {
            self.over = connection.as_mut().poll(context).is_ready();
        }
    }

    /// Drives the connection while a request waits for its response. Whoever is not answered when the connection is over
    /// came too late: hyper has the request in a queue still, and gives it back only when the connection is dropped.
    pub(super) fn drive_for<T>(
        &mut self,
        mut response: Pin<&mut impl Future<Output = T>>,
        context: &mut Context<'_>,
    ) -> Poll<T> {
        self.drive(context);
        let polled = response.as_mut().poll(context);
        if polled.is_pending() && self.over && self.connection.take().is_some() {
            return response.poll(context);
        }
        polled
    }

    pub(super) fn is_usable(&self) -> bool {
        !self.over && self.sender.is_ready()
    }

    /// Drives the connection until it has nothing more to do with HTTP, as after a 101.
    pub(super) fn poll_over(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.drive(context);
        if self.over {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// What is left when HTTP is over; `None` where nothing is.
    pub(super) fn into_raw(self) -> Option<Raw> {
        let Parts { io, read_buf, .. } = Pin::into_inner(self.connection?).into_parts();
        Some(Raw {
            stream: io.into_inner(),
            ahead: read_buf,
        })
    }
}

impl Shared {
    pub(super) fn new(sender: Sender, load: &Rc<Load>) -> Self {
        load.enter();
        Self {
            sender,
            load: Rc::clone(load),
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.load.leave();
    }
}

impl Link {
    /// Lets no further exchange have this connection.
    pub(crate) fn retire(&self) {
        match self {
            // Nobody else has it, and whoever gives it up does not give it back.
            Self::Own(_) => {}
            Self::Shared(shared) => shared.load.retire(),
        }
    }

    /// Lets the connection do what it can, where it needs to be driven.
    pub(crate) fn drive(&mut self, context: &mut Context<'_>) {
        match self {
            Self::Own(own) => own.drive(context),
            Self::Shared(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use std::net::Ipv4Addr;
    use std::pin::pin;
    use std::task::Waker;
    use std::time::Duration;

    use http::{Request, Response, StatusCode};
    use hyper::body::Incoming;
    use hyper::client::conn::{TrySendError, http1};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, Interest};
    use tokio::net::{TcpListener, TcpStream};

    use super::super::body::ExchangeWatch;
    use super::*;
    use crate::clock::Clock;

    const PATIENCE: Duration = Duration::from_secs(20);

    fn request() -> Request<RequestBody> {
        Request::new(RequestBody::empty(ExchangeWatch::new(
            Clock::new().deadline(),
        )))
    }

    async fn exchange(
        own: &mut Own,
    ) -> Result<Response<Incoming>, TrySendError<Request<RequestBody>>> {
        let mut response = pin!(own.sender.try_send_request(request()));
        let answered = std::future::poll_fn(|context| own.drive_for(response.as_mut(), context));
        tokio::time::timeout(PATIENCE, answered).await.unwrap()
    }

    #[tokio::test]
    async fn a_request_that_comes_after_the_end_of_its_connection_comes_back() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let stream = TcpStream::connect(address)
            .await
            .unwrap()
            .into_std()
            .unwrap();
        let (mut server, _) = listener.accept().await.unwrap();
        let heard = TcpStream::from_std(stream.try_clone().unwrap()).unwrap();
        let io = TokioIo::new(Stream::Plain(TcpStream::from_std(stream).unwrap()));
        let (sender, connection) = http1::handshake(io).await.unwrap();
        let mut own = Own::new(sender, connection);

        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        let (first, ()) = tokio::join!(exchange(&mut own), async {
            assert!(server.read(&mut [0; 1000]).await.unwrap() > 0);
            server.write_all(answer).await.unwrap();
        });
        assert_eq!(first.ok().unwrap().status(), StatusCode::OK);
        own.drive(&mut Context::from_waker(Waker::noop()));
        assert!(own.is_usable());
        drop(server);
        // The end is there before the connection is driven again.
        while !heard
            .ready(Interest::READABLE)
            .await
            .unwrap()
            .is_read_closed()
        {
            // What is readable is the answer, which this half does not read.
            tokio::task::yield_now().await;
        }
        let unsent = exchange(&mut own).await.err().unwrap().take_message();
        assert!(unsent.is_some());
    }
}

//! The streams of a client's HTTP/2 connection, each under a deadline of its own.
//!
//! Knows: that hyper drives each stream by a future. Does not know requests. The connection's own deadline is moved on by any
//! stream that gets on; here a stream whose response is not taken is cut while others go on beside it.

use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use super::watched::ConnectionWatch;
use crate::clock::Clock;

/// Runs streams on the worker's own thread.
#[derive(Clone)]
pub(super) struct Streams {
    pub(super) clock: Rc<Clock>,
    pub(super) watch: Rc<ConnectionWatch>,
}

impl<F> hyper::rt::Executor<F> for Streams
where
    F: Future + 'static,
{
    fn execute(&self, future: F) {
        let deadline = Rc::new(self.clock.deadline());
        let watch = Rc::clone(&self.watch);
        tokio::task::spawn_local(async move {
            let mut future = pin!(future);
            // To drop a stream is to reset it (RFC 9113 section 6.4).
            std::future::poll_fn(|context| {
                watch.drives(Some(Rc::clone(&deadline)));
                let polled = future.as_mut().poll(context);
                watch.drives(None);
                if polled.is_ready() {
                    return Poll::Ready(());
                }
                deadline.poll_passed(context)
            })
            .await;
        });
    }
}

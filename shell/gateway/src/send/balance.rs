//! Which server of an upstream a request goes to.
//!
//! Knows: requests in flight, which servers are passed over, and which were tried. Does not know requests themselves.

use std::cell::Cell;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

use countersign_config::{Limits, Upstream};
use http::StatusCode;

use super::health::{Fault, Health, Healths, Terms};
use super::pool::{Bounds, Pool};
use super::secure::Secure;
use crate::seen::{Event, Figures, Lines};

/// The upstreams, as one worker reaches them.
pub(crate) struct Pools {
    upstreams: Vec<Rc<Balanced>>,
}

/// One upstream.
pub(crate) struct Balanced {
    name: Box<str>,
    servers: Vec<Rc<Pool>>,
    /// Where to begin to look, so that servers with as little to do take turns.
    next: Cell<usize>,
    terms: Terms,
    retries_max: usize,
    unavailable_fails: bool,
}

/// A request's place at a server. It counts there until it is dropped.
pub(crate) struct Seat {
    upstream: Rc<Balanced>,
    pool: Rc<Pool>,
    number: usize,
}

/// The servers that were tried for one request: a bit each.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tried {
    servers: u64,
    retries: usize,
}

impl Tried {
    const fn has(self, number: usize) -> bool {
        self.servers & bit(number) != 0
    }
}

/// The configuration has no more servers than there are bits.
const fn bit(number: usize) -> u64 {
    1 << (number % 64)
}

impl Pools {
    pub(crate) fn new(
        upstreams: &[Upstream],
        secure: &Arc<[Option<Vec<Secure>>]>,
        healths: &Healths,
        limits: &Limits,
        figures: &Figures,
    ) -> Self {
        let bounds = Bounds::of(limits);
        let each = upstreams.iter().zip(secure.iter()).zip(healths);
        let upstreams = each.map(|((upstream, secure), healths)| {
            let secure = secure.as_deref();
            Rc::new(Balanced::new(upstream, secure, healths, bounds, figures))
        });
        Self {
            upstreams: upstreams.collect(),
        }
    }

    /// A place at a server of an upstream; `None` where all of them are passed over.
    pub(crate) fn seat(&self, index: usize) -> Option<Seat> {
        self.upstreams.get(index)?.seat(Tried::default())
    }
}

impl Balanced {
    fn new(
        upstream: &Upstream,
        secure: Option<&[Secure]>,
        healths: &[Arc<Health>],
        bounds: Bounds,
        figures: &Figures,
    ) -> Self {
        let mut servers = Vec::new();
        for (number, (server, health)) in upstream.servers.iter().zip(healths).enumerate() {
            let figures = figures.server(&upstream.name, &server.authority(secure.is_some()));
            let secure = secure.and_then(|secure| secure.get(number));
            let pool = Pool::new(upstream, server, secure, health, bounds, figures);
            servers.push(Rc::new(pool));
        }
        Self {
            name: upstream.name.clone(),
            servers,
            next: Cell::new(0),
            terms: Terms::of(upstream),
            retries_max: upstream.retries_max,
            unavailable_fails: upstream.unavailable_fails,
        }
    }

    /// The server with the fewest requests of this worker in flight. One that was passed over for its time comes first: this
    /// request tries it. A server that has no other beside it is never passed over: there is nothing to be won by it.
    fn seat(self: &Rc<Self>, tried: Tried) -> Option<Seat> {
        let number = if self.servers.len() == 1 && tried.servers == 0 {
            0
        } else {
            self.choose(tried)?
        };
        let pool = Rc::clone(self.servers.get(number)?);
        pool.enter();
        Some(Seat {
            upstream: Rc::clone(self),
            pool,
            number,
        })
    }

    fn choose(&self, tried: Tried) -> Option<usize> {
        let begin = self.next.get();
        if tried.servers == 0 {
            self.next.set(begin.wrapping_add(1));
        }
        let mut least: Option<(usize, usize)> = None;
        for step in 0..self.servers.len() {
            let number = begin.wrapping_add(step) % self.servers.len();
            let Some(pool) = self.servers.get(number).filter(|_| !tried.has(number)) else {
                continue;
            };
            let health = pool.health();
            if !health.is_up() {
                if health.is_to_be_tried(self.terms) {
                    return Some(number);
                }
                continue;
            }
            let in_flight = pool.in_flight();
            if least.is_none_or(|(_, fewest)| in_flight < fewest) {
                least = Some((number, in_flight));
            }
        }
        least.map(|(number, _)| number)
    }
}

impl Seat {
    /// Whether there may be another server for this request, after those that were tried.
    pub(crate) fn has_others(&self, tried: Tried) -> bool {
        self.upstream.servers.len() > 1 && tried.retries < self.upstream.retries_max
    }

    /// A place at another server, which was not tried yet.
    pub(crate) fn other(&self, tried: &mut Tried) -> Option<Self> {
        if !self.has_others(*tried) {
            return None;
        }
        tried.servers |= bit(self.number);
        tried.retries = tried.retries.saturating_add(1);
        self.upstream.seat(*tried)
    }

    /// The server has answered with this status.
    pub(crate) fn answered(&self, status: StatusCode, lines: &Lines) {
        let unavailable = matches!(
            status,
            StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT
        );
        if unavailable && self.upstream.unavailable_fails {
            self.failed(Fault::Unavailable, lines);
        } else if self.pool.health().succeeded() {
            lines.write(&Event::UpstreamServerUp {
                upstream: &self.upstream.name,
                server: self.pool.name(),
            });
        }
    }

    /// The server has failed.
    pub(crate) fn failed(&self, fault: Fault, lines: &Lines) {
        self.pool.figures().failed(fault);
        let is_alone = self.upstream.servers.len() == 1;
        if !is_alone && self.pool.health().failed(self.upstream.terms) {
            lines.write(&Event::UpstreamServerDown {
                upstream: &self.upstream.name,
                server: self.pool.name(),
                reason: fault.name(),
                pass_over_secs: self.upstream.terms.pass_over_secs(),
            });
        }
    }
}

impl Deref for Seat {
    type Target = Pool;

    fn deref(&self) -> &Pool {
        &self.pool
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.pool.leave();
    }
}

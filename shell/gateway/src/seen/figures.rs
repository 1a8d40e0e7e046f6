//! What is counted of the line: cells of one worker each, which nobody else writes, summed when they are asked for.
//!
//! Knows: counts and durations. Does not know how they are shown. To count a request that passes is an addition in memory
//! that belongs to its worker; only a refusal, which costs more anyway, takes a lock, and that no other worker wants.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use countersign_cause::Cause;
use countersign_wire::Scheme;

use crate::send::Fault;

/// Upper bounds of the buckets of durations, in seconds.
pub(crate) const BOUNDS_SECS: [f64; BOUNDS] = [
    0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025,
    0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
];
const BOUNDS: usize = 21;

/// A count with one writer.
#[derive(Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    /// Adds one. There is one writer, so that a load and a store do.
    pub(crate) fn add(&self) {
        self.add_many(1);
    }

    fn add_many(&self, number: u64) {
        let before = self.0.load(Ordering::Relaxed);
        self.0.store(before.wrapping_add(number), Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Durations in buckets, with one writer.
#[derive(Default)]
pub(crate) struct Durations {
    /// The last is for what is longer than every bound.
    buckets: [Count; BOUNDS + 1],
    nanos: Count,
}

/// Durations of several writers together.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Summed {
    pub(crate) buckets: [u64; BOUNDS + 1],
    pub(crate) nanos: u64,
}

impl Durations {
    pub(crate) fn add(&self, duration: Duration) {
        let secs = duration.as_secs_f64();
        let place = BOUNDS_SECS.partition_point(|bound| *bound < secs);
        if let Some(bucket) = self.buckets.get(place) {
            bucket.add();
        }
        self.nanos
            .add_many(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
    }

    pub(crate) fn add_to(&self, sum: &mut Summed) {
        for (sum, bucket) in sum.buckets.iter_mut().zip(&self.buckets) {
            *sum = sum.wrapping_add(bucket.get());
        }
        sum.nanos = sum.nanos.wrapping_add(self.nanos.get());
    }
}

/// What one worker counts.
pub(crate) struct Figures {
    /// Whether anybody asks for durations: to look at the clock is the dearest part of counting.
    timed: bool,
    pub(crate) cache_hits: Count,
    pub(crate) cache_misses: Count,
    pub(crate) connections: Count,
    /// From a request's head to its refusal, or to the moment it is sent on.
    pub(crate) own: Durations,
    routes: Mutex<HashMap<Box<str>, Arc<RouteFigures>>>,
    unrouted: Arc<RouteFigures>,
    upstreams: Mutex<HashMap<Box<str>, Arc<UpstreamFigures>>>,
    servers: Mutex<HashMap<ServerName, Arc<ServerFigures>>>,
    ended: Mutex<HashMap<Cause, u64>>,
    signed_in: Count,
    sign_ins_refused: Mutex<HashMap<Cause, u64>>,
}

/// The names of an upstream and of one of its servers.
type ServerName = (Box<str>, Box<str>);

/// What one worker counts of one route.
#[derive(Default)]
pub(crate) struct RouteFigures {
    pub(crate) permitted: Count,
    /// Upstreams' answers by the first digit of their status.
    pub(crate) answered: [Count; 6],
    refused: Mutex<HashMap<(Cause, Option<Scheme>), u64>>,
}

/// What one worker counts of one upstream.
#[derive(Default)]
pub(crate) struct UpstreamFigures {
    /// From the moment that a request is sent to the head of its response.
    pub(crate) head: Durations,
    /// Requests that were tried on another server.
    pub(crate) retries: Count,
}

/// What one worker counts of one server of an upstream.
#[derive(Default)]
pub(crate) struct ServerFigures {
    pub(crate) requests: Count,
    /// In the order of `Fault::ALL`.
    failures: [Count; Fault::ALL.len()],
}

impl ServerFigures {
    pub(crate) fn failed(&self, fault: Fault) {
        for (each, count) in Fault::ALL.iter().zip(&self.failures) {
            if *each == fault {
                count.add();
            }
        }
    }

    pub(crate) fn each_failure(&self, mut show: impl FnMut(Fault, u64)) {
        for (fault, count) in Fault::ALL.iter().zip(&self.failures) {
            show(*fault, count.get());
        }
    }
}

impl Figures {
    pub(crate) fn new(timed: bool) -> Self {
        Self {
            timed,
            cache_hits: Count::default(),
            cache_misses: Count::default(),
            connections: Count::default(),
            own: Durations::default(),
            routes: Mutex::default(),
            unrouted: Arc::default(),
            upstreams: Mutex::default(),
            servers: Mutex::default(),
            ended: Mutex::default(),
            signed_in: Count::default(),
            sign_ins_refused: Mutex::default(),
        }
    }

    /// The time, where anybody wants to know.
    pub(crate) fn now(&self) -> Option<Instant> {
        self.timed.then(Instant::now)
    }

    /// The gateway's own part of a request that began at a time is over.
    pub(crate) fn own_part_ends(&self, begun: Option<Instant>) {
        if let Some(begun) = begun {
            self.own.add(begun.elapsed());
        }
    }

    /// The figures of a route. They outlast a configuration, and go on under the next one with a route of this name.
    pub(crate) fn route(&self, name: &str) -> Arc<RouteFigures> {
        let mut routes = locked(&self.routes);
        Arc::clone(routes.entry(name.into()).or_default())
    }

    /// The figures of requests without a route.
    pub(crate) const fn unrouted(&self) -> &Arc<RouteFigures> {
        &self.unrouted
    }

    /// The figures of an upstream.
    pub(crate) fn upstream(&self, name: &str) -> Arc<UpstreamFigures> {
        let mut upstreams = locked(&self.upstreams);
        Arc::clone(upstreams.entry(name.into()).or_default())
    }

    /// The figures of a server of an upstream.
    pub(crate) fn server(&self, upstream: &str, server: &str) -> Arc<ServerFigures> {
        let mut servers = locked(&self.servers);
        let name = (upstream.into(), server.into());
        Arc::clone(servers.entry(name).or_default())
    }

    /// A connection was ended before there was a request.
    pub(crate) fn connection_ended(&self, cause: Cause) {
        *locked(&self.ended).entry(cause).or_default() += 1;
    }

    /// A user has signed in at the gateway's page.
    pub(crate) fn signed_in(&self) {
        self.signed_in.add();
    }

    pub(crate) fn sign_in_refused(&self, cause: Cause) {
        *locked(&self.sign_ins_refused).entry(cause).or_default() += 1;
    }

    pub(crate) fn sign_ins(&self) -> u64 {
        self.signed_in.get()
    }

    pub(crate) fn each_sign_in_refused(&self, mut show: impl FnMut(Cause, u64)) {
        for (cause, count) in locked(&self.sign_ins_refused).iter() {
            show(*cause, *count);
        }
    }

    /// Shows every route, that of requests without one under an empty name.
    pub(crate) fn each_route(&self, mut show: impl FnMut(&str, &RouteFigures)) {
        show("", &self.unrouted);
        for (name, route) in locked(&self.routes).iter() {
            show(name, route);
        }
    }

    pub(crate) fn each_upstream(&self, mut show: impl FnMut(&str, &UpstreamFigures)) {
        for (name, upstream) in locked(&self.upstreams).iter() {
            show(name, upstream);
        }
    }

    pub(crate) fn each_server(&self, mut show: impl FnMut(&str, &str, &ServerFigures)) {
        for ((upstream, server), figures) in locked(&self.servers).iter() {
            show(upstream, server, figures);
        }
    }

    pub(crate) fn each_ended(&self, mut show: impl FnMut(Cause, u64)) {
        for (cause, count) in locked(&self.ended).iter() {
            show(*cause, *count);
        }
    }
}

impl RouteFigures {
    pub(crate) fn refused(&self, cause: Cause, scheme: Option<Scheme>) {
        *locked(&self.refused).entry((cause, scheme)).or_default() += 1;
    }

    pub(crate) fn answered(&self, status: u16) {
        if let Some(count) = self.answered.get(usize::from(status / 100)) {
            count.add();
        }
    }

    pub(crate) fn each_refusal(&self, mut show: impl FnMut(Cause, Option<Scheme>, u64)) {
        for ((cause, scheme), count) in locked(&self.refused).iter() {
            show(*cause, *scheme, *count);
        }
    }
}

fn locked<T>(figures: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic elsewhere leaves counts that are as good as before.
    figures.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    #[test]
    fn a_duration_falls_into_the_first_bucket_that_holds_it() {
        let durations = Durations::default();
        for micros in [0, 10, 11, 60_000_000, 60_000_001] {
            durations.add(Duration::from_micros(micros));
        }
        let mut sum = Summed::default();
        durations.add_to(&mut sum);
        durations.add_to(&mut sum);
        assert_eq!(sum.buckets[0], 4, "a bound belongs to its bucket");
        assert_eq!(sum.buckets[1], 2);
        assert_eq!(sum.buckets[BOUNDS - 1], 2);
        assert_eq!(sum.buckets[BOUNDS], 2);
        assert_eq!(sum.nanos, 2 * (120_000_001 + 21) * 1000);
    }

    #[test]
    fn bounds_rise() {
        assert!(BOUNDS_SECS.is_sorted());
    }

    #[test]
    fn a_route_of_the_same_name_goes_on_counting() {
        let figures = Figures::new(false);
        figures.route("a").refused(Cause::RouteUnmatched, None);
        figures.route("a").refused(Cause::RouteUnmatched, None);
        let mut seen = Vec::new();
        figures.each_route(|name, route| {
            route.each_refusal(|cause, _, count| seen.push((name.to_owned(), cause, count)));
        });
        assert_eq!(seen, [("a".to_owned(), Cause::RouteUnmatched, 2)]);
    }
}

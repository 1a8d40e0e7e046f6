//! Whether the servers of upstreams answer, as all workers have seen it together.
//!
//! Knows: failures in a row, and until when a server is passed over. Does not know requests, connections, or which other
//! servers there are. While all is well, a request costs it two loads.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use countersign_config::{Server, Upstream};

/// The health of each server, in the order of the upstreams and of their servers.
pub(crate) type Healths = Vec<Vec<Arc<Health>>>;

/// What went wrong with a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It took no connection, or its TLS is not good.
    Connect,
    /// It closed the connection, or ended the stream, before it answered.
    Closed,
    /// It did not answer in time.
    TimedOut,
    /// What it answered is not HTTP.
    Malformed,
    /// It said that it is unavailable.
    Unavailable,
}

impl Fault {
    pub(crate) const ALL: [Self; 5] = [
        Self::Connect,
        Self::Closed,
        Self::TimedOut,
        Self::Malformed,
        Self::Unavailable,
    ];

    /// For the log and for figures.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Closed => "closed",
            Self::TimedOut => "timeout",
            Self::Malformed => "malformed",
            Self::Unavailable => "unavailable",
        }
    }
}

/// One server's.
pub(crate) struct Health {
    begun: Instant,
    /// Since it answered last.
    failures: AtomicU32,
    /// Milliseconds since `begun`, until which it is passed over; 0: it is not.
    until_ms: AtomicU64,
}

/// When a server is passed over, and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    failures_max: u32,
    pass_over: Duration,
}

impl Terms {
    pub(crate) const fn of(upstream: &Upstream) -> Self {
        Self {
            failures_max: upstream.failures_max,
            pass_over: upstream.pass_over,
        }
    }

    pub(crate) const fn pass_over_secs(self) -> u64 {
        self.pass_over.as_secs()
    }
}

/// What is known of each server. Of those that were there before, under the same name and reached in the same way, it goes on.
pub(crate) fn of_all(upstreams: &[Upstream], before: Option<(&[Upstream], &Healths)>) -> Healths {
    let known = |upstream: &Upstream, server: &Server| {
        let (upstreams, healths) = before?;
        let same = |known: &&Upstream| {
            known.name == upstream.name
                && known.tls == upstream.tls
                && known.http2 == upstream.http2
        };
        let index = upstreams.iter().position(|known| same(&known))?;
        let servers = &upstreams.get(index)?.servers;
        let number = servers.iter().position(|known| known == server)?;
        healths.get(index)?.get(number).cloned()
    };
    let of_one = |upstream: &Upstream| {
        let servers = upstream.servers.iter();
        servers
            .map(|server| known(upstream, server).unwrap_or_else(|| Arc::new(Health::new())))
            .collect()
    };
    upstreams.iter().map(of_one).collect()
}

impl Health {
    fn new() -> Self {
        Self {
            begun: Instant::now(),
            failures: AtomicU32::new(0),
            until_ms: AtomicU64::new(0),
        }
    }

    pub(crate) fn is_up(&self) -> bool {
        self.until_ms.load(Ordering::Relaxed) == 0
    }

    /// Whether the one who asks is to try a server that is passed over: its time is over, and nobody else tries it.
    pub(crate) fn is_to_be_tried(&self, terms: Terms) -> bool {
        self.is_to_be_tried_at(self.now_ms(), terms)
    }

    /// It has answered. Says whether it was passed over until now.
    pub(crate) fn succeeded(&self) -> bool {
        if self.failures.load(Ordering::Relaxed) != 0 {
            self.failures.store(0, Ordering::Relaxed);
        }
        !self.is_up() && self.until_ms.swap(0, Ordering::Relaxed) != 0
    }

    /// It has failed. Says whether it is passed over from now on, and was not before.
    pub(crate) fn failed(&self, terms: Terms) -> bool {
        self.failed_at(self.now_ms(), terms)
    }

    /// Never 0.
    fn now_ms(&self) -> u64 {
        millis(self.begun.elapsed()).saturating_add(1)
    }

    /// Whoever moves the time on has the turn. Should nothing come of the attempt, the next turn is a whole time later.
    fn is_to_be_tried_at(&self, now_ms: u64, terms: Terms) -> bool {
        let until = self.until_ms.load(Ordering::Relaxed);
        let next = now_ms.saturating_add(millis(terms.pass_over));
        until != 0
            && until <= now_ms
            && self
                .until_ms
                .compare_exchange(until, next, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }

    fn failed_at(&self, now_ms: u64, terms: Terms) -> bool {
        let before = self.failures.fetch_add(1, Ordering::Relaxed);
        if before.saturating_add(1) < terms.failures_max {
            return false;
        }
        let until = now_ms.saturating_add(millis(terms.pass_over));
        self.until_ms.swap(until, Ordering::Relaxed) == 0
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: Terms = Terms {
        failures_max: 3,
        pass_over: Duration::from_secs(10),
    };

    #[test]
    fn failures_in_a_row_count_and_others_do_not() {
        let health = Health::new();
        for _ in 0..5 {
            assert!(!health.failed_at(1, TERMS));
            assert!(!health.failed_at(1, TERMS));
            assert!(!health.succeeded(), "it was never passed over");
        }
        assert!(health.is_up());
        assert!(!health.failed_at(1, TERMS));
        assert!(!health.failed_at(1, TERMS));
        assert!(health.failed_at(1, TERMS));
        assert!(!health.is_up());
        assert!(!health.failed_at(1, TERMS), "told once");
    }

    #[test]
    fn after_its_time_it_is_tried_by_one() {
        let health = Health::new();
        for _ in 0..3 {
            health.failed_at(1, TERMS);
        }
        assert!(!health.is_to_be_tried_at(10_000, TERMS));
        assert!(health.is_to_be_tried_at(10_001, TERMS));
        assert!(!health.is_to_be_tried_at(10_001, TERMS));
        // Nothing came of it, as where the client has gone away: somebody else has the next turn.
        assert!(!health.is_to_be_tried_at(20_000, TERMS));
        assert!(health.is_to_be_tried_at(20_001, TERMS));
        // One failure is enough now.
        assert!(!health.failed_at(20_500, TERMS));
        assert!(!health.is_to_be_tried_at(30_499, TERMS));
        assert!(health.is_to_be_tried_at(30_500, TERMS));
        assert!(health.succeeded());
        assert!(health.is_up());
        assert!(!health.failed_at(40_000, TERMS), "it begins at none again");
    }

    fn upstream(name: &str, ports: &[u16], http2: bool) -> Upstream {
        Upstream {
            name: name.into(),
            servers: ports
                .iter()
                .map(|port| Server {
                    host: "127.0.0.1".into(),
                    port: *port,
                })
                .collect(),
            failures_max: 1,
            pass_over: Duration::from_secs(10),
            retries_max: 1,
            unavailable_fails: false,
            keep_host: false,
            tls: None,
            http2,
        }
    }

    #[test]
    fn what_is_known_of_a_server_outlasts_a_configuration() {
        let before = [upstream("a", &[1, 2], false), upstream("b", &[1], false)];
        let healths = of_all(&before, None);
        let after = [
            upstream("b", &[1], true),
            upstream("c", &[1], false),
            upstream("a", &[3, 2], false),
        ];
        let next = of_all(&after, Some((&before, &healths)));
        let is_known =
            |health: &Arc<Health>| healths.iter().flatten().any(|one| Arc::ptr_eq(one, health));
        let known: Vec<Vec<_>> = next
            .iter()
            .map(|one| one.iter().map(is_known).collect())
            .collect();
        assert_eq!(known, [vec![false], vec![false], vec![false, true]]);
    }
}

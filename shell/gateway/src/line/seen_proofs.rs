//! Which proofs of DPoP were accepted, by whichever worker: bounded, and none is good again (RFC 9449 section 11.1).
//!
//! Knows: what stands for a proof, and until when it could be accepted. Does not know proofs. Only one that was right, with a
//! token that was good, gets in here, so that nobody fills it from outside. Other processes do not know of it.

use std::collections::HashMap;
use std::hash::BuildHasher as _;
use std::sync::{Arc, Mutex, PoisonError};

use countersign_flow::{ProofTimes, SightAnswer};

/// So many workers at once have hardly ever to wait for each other.
const SHARDS: usize = 64;
/// When it is worth trying again where there is no room: each second some proofs are past their time.
const RETRY_AFTER_SECS: u32 = 1;

/// The proofs of all workers. It outlives configurations: with a new one, each proof could be used once more.
#[derive(Clone)]
pub(crate) struct SeenProofs(Arc<Shards>);

struct Shards {
    shards: Vec<Mutex<Shard>>,
    hasher: std::hash::RandomState,
}

#[derive(Default)]
struct Shard {
    proofs: HashMap<[u8; 32], ProofTimes>,
    /// Of proofs that were made up to this time, some have been forgotten. A reload that gives proofs more time does not make them
    /// good again.
    forgotten_unix_secs: Option<i64>,
    /// When proofs past their time were looked for last.
    tidied_unix_secs: i64,
}

impl SeenProofs {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Shards {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: std::hash::RandomState::new(),
        }))
    }

    /// Whether a proof is seen for the first time; from now on it was seen. `proofs_max` is for all of them together.
    pub(crate) fn first_sight(
        &self,
        id: &[u8; 32],
        times: ProofTimes,
        now_unix_secs: i64,
        proofs_max: usize,
    ) -> SightAnswer {
        // A client chooses what is hashed here: under a key of this process nobody aims at one shard.
        let hash = self.0.hasher.hash_one(id);
        let place = usize::try_from(hash % SHARDS as u64).unwrap_or_default();
        let Some(shard) = self.0.shards.get(place) else {
            return SightAnswer::Seen;
        };
        // A panic elsewhere leaves proofs that are as good as before.
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let max = proofs_max.div_ceil(SHARDS).max(1);
        shard.first_sight(id, times, now_unix_secs, max)
    }
}

impl Shard {
    fn first_sight(
        &mut self,
        id: &[u8; 32],
        times: ProofTimes,
        now_unix_secs: i64,
        max: usize,
    ) -> SightAnswer {
        if self.proofs.contains_key(id) {
            return SightAnswer::Seen;
        }
        // What was forgotten is not good again, also where the clock goes back or the rules change.
        if self
            .forgotten_unix_secs
            .is_some_and(|forgotten| times.issued_unix_secs <= forgotten)
        {
            return SightAnswer::Seen;
        }
        if self.tidied_unix_secs != now_unix_secs {
            self.tidied_unix_secs = now_unix_secs;
            self.forget_until(now_unix_secs);
        }
        // None that could still be accepted is forgotten: whoever came would then choose what can be used twice.
        if self.proofs.len() >= max {
            return SightAnswer::Full {
                retry_after_secs: RETRY_AFTER_SECS,
            };
        }
        self.proofs.insert(*id, times);
        SightAnswer::First
    }

    fn forget_until(&mut self, now_unix_secs: i64) {
        let forgotten = &mut self.forgotten_unix_secs;
        self.proofs.retain(|_, times| {
            let kept = times.until_unix_secs > now_unix_secs;
            if !kept {
                *forgotten = (*forgotten).max(Some(times.issued_unix_secs));
            }
            kept
        });
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use countersign_flow::SightAnswer::{First, Seen};

    use super::*;

    const NOW: i64 = 1_800_000_000;
    const FULL: SightAnswer = SightAnswer::Full {
        retry_after_secs: RETRY_AFTER_SECS,
    };

    fn id(number: u32) -> [u8; 32] {
        let mut id = [0; 32];
        id.split_at_mut(4).0.copy_from_slice(&number.to_be_bytes());
        id
    }

    /// A proof of this time, good for 90 seconds.
    fn made(issued_unix_secs: i64) -> ProofTimes {
        ProofTimes {
            issued_unix_secs,
            until_unix_secs: issued_unix_secs + 90,
        }
    }

    fn kept(proofs: &SeenProofs) -> usize {
        let kept = |shard: &Mutex<Shard>| shard.lock().unwrap().proofs.len();
        proofs.0.shards.iter().map(kept).sum()
    }

    #[test]
    fn rfc9449_section_11_1_a_proof_is_good_once() {
        let proofs = SeenProofs::new();
        for number in 0..1000 {
            let sight = || proofs.first_sight(&id(number), made(NOW), NOW, 100_000);
            assert_eq!(sight(), First);
            assert_eq!(sight(), Seen);
        }
    }

    #[test]
    fn attack_38_workers_in_parallel_see_each_proof_once() {
        let proofs = SeenProofs::new();
        let firsts: usize = std::thread::scope(|scope| {
            let worker = || {
                let sight = |number: &u32| {
                    proofs.first_sight(&id(*number), made(NOW), NOW, 100_000) == First
                };
                (0..500).filter(sight).count()
            };
            let workers: Vec<_> = (0..4).map(|_| scope.spawn(worker)).collect();
            workers
                .into_iter()
                .map(|worker| worker.join().unwrap())
                .sum()
        });
        assert_eq!(firsts, 500);
    }

    #[test]
    fn attack_38_without_room_nothing_is_forgotten_and_nothing_accepted() {
        let proofs = SeenProofs::new();
        assert_eq!(proofs.first_sight(&id(0), made(NOW), NOW, 64), First);
        let later: Vec<_> = (1..2000)
            .map(|number| proofs.first_sight(&id(number), made(NOW), NOW, 64))
            .collect();
        assert!(later.contains(&FULL));
        assert_eq!(kept(&proofs), 64, "one a shard");
        assert_eq!(proofs.first_sight(&id(0), made(NOW), NOW, 64), Seen);
        // Past their time there is room again.
        let next = proofs.first_sight(&id(5000), made(NOW + 90), NOW + 90, 64);
        assert_eq!(next, First);
    }

    #[test]
    fn a_proof_past_its_time_is_forgotten_and_not_good_again_when_the_clock_goes_back() {
        let proofs = SeenProofs::new();
        for number in 0..1000 {
            proofs.first_sight(&id(number), made(NOW), NOW, 100_000);
        }
        for number in 1000..2000 {
            proofs.first_sight(&id(number), made(NOW + 90), NOW + 90, 100_000);
        }
        assert_eq!(kept(&proofs), 1000);
        for number in 0..1000 {
            let again = proofs.first_sight(&id(number), made(NOW), NOW, 100_000);
            assert_eq!(again, Seen, "{number}");
        }
    }

    #[test]
    fn attack_38_a_proof_that_was_forgotten_is_not_good_again_under_rules_that_give_it_more_time() {
        let proofs = SeenProofs::new();
        for number in 0..1000 {
            proofs.first_sight(&id(number), made(NOW), NOW, 100_000);
        }
        for number in 1000..2000 {
            proofs.first_sight(&id(number), made(NOW + 90), NOW + 90, 100_000);
        }
        assert_eq!(kept(&proofs), 1000);
        let longer = ProofTimes {
            until_unix_secs: NOW + 600,
            ..made(NOW)
        };
        for number in 0..1000 {
            let again = proofs.first_sight(&id(number), longer, NOW + 90, 100_000);
            assert_eq!(again, Seen, "{number}");
        }
    }
}

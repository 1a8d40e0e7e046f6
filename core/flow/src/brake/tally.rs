//! The counts behind a brake, and what follows from them: nothing but numbers and times in, a verdict out.
//!
//! Knows: failures, when the last one was, and marks of credentials. Does not know names, addresses or secrets.

use super::rules::{BrakeRules, Curve};

/// How many different wrong credentials are told apart, so that one that is repeated counts once.
const MARKS: usize = 4;

/// Stands for a credential without telling it: bits of a MAC under a key of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark(pub u64);

/// What is known of the attempts at one account, from one network, or both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Different credentials that failed.
    pub failures: u32,
    /// When the last of them did, in Unix seconds.
    pub last_unix_secs: i64,
    /// From when on the next attempt is looked at, in Unix seconds.
    pub next_unix_secs: i64,
    marks: [Option<Mark>; MARKS],
    known: Option<Known>,
}

/// The credential that was right here last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Known {
    mark: Mark,
    unix_secs: i64,
    /// Attempts that were turned away meanwhile, and since when they are counted.
    turned_away: u32,
    counted_since_unix_secs: i64,
}

/// The tallies that one attempt has to do with. What cannot be guessed has only that of its network.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tallies {
    /// Of the account from this network.
    pub pair: Option<Tally>,
    /// Of the account.
    pub account: Option<Tally>,
    /// Of the network.
    pub network: Tally,
}

/// How many attempts with other credentials are under way: each of them may be about to fail. Those of a network are left
/// out: when a gateway has started, all the people of an office sign in at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pending {
    /// At the account from this network.
    pub pair: u32,
    /// At the account.
    pub account: u32,
}

/// Whether an attempt may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It may.
    Go,
    /// It may not, for so many seconds.
    Wait {
        /// At least one.
        secs: u32,
        /// What holds it.
        brake: Brake,
    },
}

/// What an attempt is held by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Brake {
    /// Failures at this account from this network.
    Pair,
    /// Failures at this account from everywhere.
    Account,
    /// Failures from this network.
    Network,
}

impl Brake {
    /// The reason, for the log.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Pair => "too many attempts at this account from this network failed",
            Self::Account => "too many attempts at this account failed",
            Self::Network => "too many attempts from this network failed",
        }
    }

    /// One word, for lists and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pair => "pair",
            Self::Account => "account",
            Self::Network => "network",
        }
    }
}

impl BrakeRules {
    /// The curve that a brake follows.
    #[must_use]
    pub const fn curve(&self, brake: Brake) -> &Curve {
        match brake {
            Brake::Pair => &self.pair,
            Brake::Account => &self.account,
            Brake::Network => &self.network,
        }
    }

    /// Whether an attempt with this credential may be made now, beside those that are under way. One that is braked takes
    /// the turn that it is given, so that no two are looked at for one delay.
    pub fn admit(
        &self,
        tallies: &mut Tallies,
        pending: Pending,
        mark: Mark,
        now_unix_secs: i64,
    ) -> Admission {
        self.forget(tallies, now_unix_secs);
        let (Some(pair), Some(account)) = (&mut tallies.pair, &mut tallies.account) else {
            return wait(&tallies.network, Brake::Network, self, now_unix_secs)
                .unwrap_or(Admission::Go);
        };
        if pair.knows(mark, self.known_turned_away_max) {
            return Admission::Go;
        }
        if let Some(wait) = wait(pair, Brake::Pair, self, now_unix_secs)
            .or_else(|| is_full(pair, pending.pair, Brake::Pair, self))
        {
            pair.turn_away(self.forget_secs, now_unix_secs);
            return wait;
        }
        if pair.known.is_none() {
            let held = wait(account, Brake::Account, self, now_unix_secs)
                .or_else(|| is_full(account, pending.account, Brake::Account, self))
                .or_else(|| wait(&tallies.network, Brake::Network, self, now_unix_secs));
            if let Some(held) = held {
                return held;
            }
            account.take_turn(&self.account, now_unix_secs);
            tallies.network.take_turn(&self.network, now_unix_secs);
        }
        pair.take_turn(&self.pair, now_unix_secs);
        Admission::Go
    }

    /// Counts an attempt that failed.
    pub fn count_failure(&self, tallies: &mut Tallies, mark: Mark, now_unix_secs: i64) {
        self.forget(tallies, now_unix_secs);
        if let Some(pair) = &mut tallies.pair {
            pair.fail(&self.pair, mark, now_unix_secs);
        }
        if let Some(account) = &mut tallies.account {
            account.fail(&self.account, mark, now_unix_secs);
        }
        tallies.network.fail(&self.network, mark, now_unix_secs);
    }

    /// Notes an attempt that was right: the pair begins anew. Account and network do not: whoever guesses at many
    /// accounts may have one of their own. Nor does a pair where somebody was right before, with whatever credential: a
    /// program that signs in every minute, or by two schemes in turn, would give its neighbour at the same address new
    /// guesses each time.
    pub fn count_success(&self, tallies: &mut Tallies, mark: Mark, now_unix_secs: i64) {
        self.forget(tallies, now_unix_secs);
        let Some(pair) = &mut tallies.pair else {
            return;
        };
        match &mut pair.known {
            Some(known) => {
                known.mark = mark;
                known.unix_secs = now_unix_secs;
            }
            None => {
                let known = Known {
                    mark,
                    unix_secs: now_unix_secs,
                    turned_away: 0,
                    counted_since_unix_secs: now_unix_secs,
                };
                *pair = Tally {
                    known: Some(known),
                    ..Tally::default()
                };
            }
        }
    }

    /// Whether a tally is braked, now or at the next failure's turn.
    #[must_use]
    pub fn is_braked(&self, tally: &Tally, brake: Brake, now_unix_secs: i64) -> bool {
        self.curve(brake).brakes(tally.failures) && !self.is_over(tally, now_unix_secs)
    }

    fn is_over(&self, tally: &Tally, now_unix_secs: i64) -> bool {
        now_unix_secs.saturating_sub(tally.last_unix_secs) > i64::from(self.forget_secs)
    }

    fn forget(&self, tallies: &mut Tallies, now_unix_secs: i64) {
        let all = [
            tallies.pair.as_mut(),
            tallies.account.as_mut(),
            Some(&mut tallies.network),
        ];
        for tally in all.into_iter().flatten() {
            let trusted = |known: &Known| {
                now_unix_secs.saturating_sub(known.unix_secs) <= i64::from(self.trust_secs)
            };
            let known = tally.known.filter(trusted);
            if self.is_over(tally, now_unix_secs) {
                *tally = Tally::default();
            }
            tally.known = known;
        }
    }
}

/// How long a tally holds attempts. A clock that was set back makes nobody wait longer than the curve does.
fn wait(tally: &Tally, brake: Brake, rules: &BrakeRules, now_unix_secs: i64) -> Option<Admission> {
    let curve = rules.curve(brake);
    let left = tally.next_unix_secs.saturating_sub(now_unix_secs);
    if !curve.brakes(tally.failures) || left <= 0 {
        return None;
    }
    let secs = u32::try_from(left)
        .unwrap_or(u32::MAX)
        .min(curve.secs_max)
        .max(1);
    Some(Admission::Wait { secs, brake })
}

/// Whether the attempts under way may use up what is free. How long they take nobody knows: it is worth another try soon.
fn is_full(tally: &Tally, pending: u32, brake: Brake, rules: &BrakeRules) -> Option<Admission> {
    let curve = rules.curve(brake);
    let is_full =
        !curve.brakes(tally.failures) && curve.brakes(tally.failures.saturating_add(pending));
    is_full.then_some(Admission::Wait { secs: 1, brake })
}

impl Tally {
    /// A tally as it was kept elsewhere.
    #[must_use]
    pub fn kept(failures: u32, last_unix_secs: i64, next_unix_secs: i64) -> Self {
        Self {
            failures,
            last_unix_secs,
            next_unix_secs,
            ..Self::default()
        }
    }

    fn knows(&self, mark: Mark, turned_away_max: u32) -> bool {
        self.known
            .is_some_and(|known| known.mark == mark && known.turned_away <= turned_away_max)
    }

    fn turn_away(&mut self, forget_secs: u32, now_unix_secs: i64) {
        if let Some(known) = &mut self.known {
            let counted_secs = now_unix_secs.saturating_sub(known.counted_since_unix_secs);
            if counted_secs > i64::from(forget_secs) {
                known.turned_away = 0;
                known.counted_since_unix_secs = now_unix_secs;
            }
            known.turned_away = known.turned_away.saturating_add(1);
        }
    }

    fn take_turn(&mut self, curve: &Curve, now_unix_secs: i64) {
        if curve.brakes(self.failures) {
            let delay = i64::from(curve.delay_secs(self.failures));
            self.next_unix_secs = now_unix_secs.saturating_add(delay);
        }
    }

    fn fail(&mut self, curve: &Curve, mark: Mark, now_unix_secs: i64) {
        if self.marks.contains(&Some(mark)) {
            return;
        }
        self.marks.rotate_right(1);
        if let Some(first) = self.marks.first_mut() {
            *first = Some(mark);
        }
        self.failures = self.failures.saturating_add(1);
        self.last_unix_secs = now_unix_secs;
        self.take_turn(curve, now_unix_secs);
    }
}

#[cfg(test)]
mod tests;

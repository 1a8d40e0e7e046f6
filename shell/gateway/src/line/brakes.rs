//! The table behind the brakes on guessing: one for the process, shared by its workers, bounded.
//!
//! Knows: who has which tally. Does not know what follows from a tally, which is the core's to say. An attempt with
//! a password takes the lock at its beginning and at its end, beside the work of checking it; while nothing is braked, a key or
//! a token costs a look at one number, and the lock only where it is wrong.

use std::cell::Cell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use countersign_flow::{
    Admission, Attempt, Brake, BrakeRules, Mark, Pending, Tallies, Tally, WantAttempt, WantTurn,
};
use countersign_policy::Network;
use countersign_store::{BrakeRecord, Lift};
use countersign_wire::Scheme;
use quick_cache::unsync;

/// Brakes that may wait to be stored. Past it they hold all the same, and are not listed.
const WAITING_MAX: usize = 4096;

/// The tallies of the process.
pub(crate) struct Brakes {
    /// Its keys are drawn at random for each process, so that nobody can aim at another's place.
    hashes: RandomState,
    table: Mutex<Table>,
    /// From then on nothing is braked, unless another attempt fails.
    quiet_from_unix_secs: AtomicI64,
}

struct Table {
    tallies: unsync::Cache<Of, Tally>,
    waiting: HashMap<Of, BrakeRecord>,
    /// Attempts under way: which credentials, and how many times each. There are never more than requests.
    pending: HashMap<Of, Vec<(Mark, u32)>>,
}

/// What a tally is of. An account is its name's hash: most names are made up, and some are passwords that were typed into
/// the wrong field. Only of what is braked the name is stored, to be listed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Of {
    Pair(u64, Network),
    Account(u64),
    Network(Network),
}

/// An attempt under way, so that its end can be counted.
pub(crate) struct Trying<'c> {
    brakes: &'c Brakes,
    rules: &'c BrakeRules,
    /// The name and its hash, where it can be guessed at.
    account: Option<(Box<str>, u64)>,
    network: Network,
    mark: Mark,
    begun_unix_secs: i64,
    /// What it comes to when it is given up: its client has gone away, and may have seen enough.
    given_up: GivenUp,
    /// Whether it is among those under way.
    pending: Cell<bool>,
}

/// What becomes of an attempt that nobody waits for any longer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum GivenUp {
    /// It has failed.
    Fails,
    /// It was none.
    Free,
}

impl Brakes {
    pub(crate) fn new(entries_max: usize) -> Self {
        Self {
            hashes: RandomState::new(),
            table: Mutex::new(Table {
                tallies: unsync::Cache::new(entries_max),
                waiting: HashMap::new(),
                pending: HashMap::new(),
            }),
            quiet_from_unix_secs: AtomicI64::new(i64::MIN),
        }
    }

    /// Whether an attempt may be made. `mark` stands for the credential where something stands for it already.
    pub(crate) fn admit<'c>(
        &'c self,
        want: &WantAttempt<'c, '_>,
        mark: Option<Mark>,
        now_unix_secs: i64,
    ) -> (Option<Trying<'c>>, Admission) {
        let Some(rules) = want.rules() else {
            return (None, Admission::Go);
        };
        let mark = mark.unwrap_or_else(|| self.mark(want.scheme(), want.presented()));
        let (trying, admission) = self.begin(
            rules,
            want.account(),
            want.network(),
            mark,
            GivenUp::Fails,
            now_unix_secs,
        );
        (Some(trying), admission)
    }

    /// The same of an attempt at the sign-in page.
    pub(crate) fn admit_sign_in<'c>(
        &'c self,
        want: &WantTurn<'c>,
        mark: Option<Mark>,
        now_unix_secs: i64,
    ) -> (Trying<'c>, Admission) {
        let mark = mark.unwrap_or_else(|| self.mark(want.scheme(), want.presented().expose()));
        // Whoever has gone away has seen nothing: the page is an answer, and there is no session without it.
        self.begin(
            want.rules(),
            Some(want.account()),
            want.network(),
            mark,
            GivenUp::Free,
            now_unix_secs,
        )
    }

    /// The same of a code that follows the right password of an account. `now` is part of what stands for the code: the same
    /// digits are another guess later.
    pub(crate) fn admit_code<'c>(
        &'c self,
        (rules, network): (&'c BrakeRules, Network),
        (account, code): (&str, &str),
        now_unix_secs: i64,
    ) -> (Trying<'c>, Admission) {
        let mark = self.hashes.hash_one(("code", account, code, now_unix_secs));
        // Whoever goes away may have used the code up.
        let given_up = GivenUp::Fails;
        self.begin(
            rules,
            Some(account),
            network,
            Mark(mark),
            given_up,
            now_unix_secs,
        )
    }

    /// The same of a passkey, which cannot be guessed: what is said to a wrong one, once it is known to be wrong.
    pub(crate) fn admit_passkey<'c>(
        &'c self,
        (rules, network): (&'c BrakeRules, Network),
        answer: &[u8],
        now_unix_secs: i64,
    ) -> (Trying<'c>, Admission) {
        let mark = Mark(self.hashes.hash_one(("passkey", answer)));
        self.begin(rules, None, network, mark, GivenUp::Free, now_unix_secs)
    }

    /// The same of a code that is said to come from a provider, where each one costs a question to it.
    pub(crate) fn admit_provider_code<'c>(
        &'c self,
        (rules, network): (&'c BrakeRules, Network),
        code: &str,
        now_unix_secs: i64,
    ) -> (Trying<'c>, Admission) {
        let mark = Mark(self.hashes.hash_one(("provider", code)));
        self.begin(rules, None, network, mark, GivenUp::Free, now_unix_secs)
    }

    fn account(&self, name: &str) -> (Box<str>, u64) {
        (name.into(), self.hashes.hash_one(name))
    }

    fn mark(&self, scheme: Scheme, presented: &[u8]) -> Mark {
        Mark(self.hashes.hash_one((scheme as u8, presented)))
    }

    fn begin<'c>(
        &'c self,
        rules: &'c BrakeRules,
        account: Option<&str>,
        network: Network,
        mark: Mark,
        given_up: GivenUp,
        now_unix_secs: i64,
    ) -> (Trying<'c>, Admission) {
        let trying = Trying {
            brakes: self,
            rules,
            account: account.map(|name| self.account(name)),
            network,
            mark,
            begun_unix_secs: now_unix_secs,
            given_up,
            pending: Cell::new(false),
        };
        let admission = self.ask(&trying, now_unix_secs);
        (trying, admission)
    }

    fn ask(&self, trying: &Trying<'_>, now_unix_secs: i64) -> Admission {
        let can_be_guessed = trying.account.is_some();
        if !can_be_guessed && self.quiet_from_unix_secs.load(Ordering::Relaxed) <= now_unix_secs {
            return Admission::Go;
        }
        let (rules, mark) = (trying.rules, trying.mark);
        let mut table = self.table();
        let pending = table.pending_beside(trying);
        let admission = self.change(&mut table, trying, now_unix_secs, |tallies| {
            rules.admit(tallies, pending, mark, now_unix_secs)
        });
        if can_be_guessed && admission == Admission::Go {
            table.note_pending(trying);
            trying.pending.set(true);
        }
        admission
    }

    /// Counts how an attempt ended.
    pub(crate) fn count(&self, trying: &Trying<'_>, ended: Attempt, now_unix_secs: i64) {
        self.end(trying, Some(ended), now_unix_secs);
    }

    /// Ends an attempt, and counts it where it was one: what could not be checked was none.
    pub(crate) fn end(&self, trying: &Trying<'_>, ended: Option<Attempt>, now_unix_secs: i64) {
        let (rules, mark) = (trying.rules, trying.mark);
        let was_pending = trying.pending.take();
        // Of what cannot be guessed nothing is kept when it is right.
        let ended = ended.filter(|ended| *ended == Attempt::Failed || trying.account.is_some());
        if !was_pending && ended.is_none() {
            return;
        }
        let mut table = self.table();
        if was_pending {
            table.forget_pending(trying);
        }
        match ended {
            None => {}
            Some(Attempt::Failed) => self.change(&mut table, trying, now_unix_secs, |tallies| {
                rules.count_failure(tallies, mark, now_unix_secs);
            }),
            Some(Attempt::Passed) => self.change(&mut table, trying, now_unix_secs, |tallies| {
                rules.count_success(tallies, mark, now_unix_secs);
            }),
        }
    }

    /// How many tallies there are.
    pub(crate) fn len(&self) -> usize {
        self.table().tallies.len()
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // A panic elsewhere leaves counts that are as good as before.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the core change the tallies of an attempt, under the lock, and keeps what it makes of them.
    fn change<T>(
        &self,
        table: &mut Table,
        trying: &Trying<'_>,
        now_unix_secs: i64,
        act: impl FnOnce(&mut Tallies) -> T,
    ) -> T {
        let places = trying.places();
        let mut tallies = Tallies {
            pair: places.pair.map(|of| table.tally(&of)),
            account: places.account.map(|of| table.tally(&of)),
            network: table.tally(&places.network),
        };
        let before = tallies;
        let outcome = act(&mut tallies);
        let changes = [
            (places.pair, before.pair, tallies.pair, Brake::Pair),
            (
                places.account,
                before.account,
                tallies.account,
                Brake::Account,
            ),
            (
                Some(places.network),
                Some(before.network),
                Some(tallies.network),
                Brake::Network,
            ),
        ];
        for (of, before, after, brake) in changes {
            if let (Some(of), Some(after)) = (of, after.filter(|after| before != Some(*after))) {
                let over = table.put(of, after, brake, trying, now_unix_secs);
                self.quiet_from_unix_secs.fetch_max(over, Ordering::Relaxed);
            }
        }
        outcome
    }

    /// The brakes that changed since the last time, to be stored.
    pub(crate) fn take_changed(&self) -> Vec<BrakeRecord> {
        let mut table = self.table();
        std::mem::take(&mut table.waiting).into_values().collect()
    }

    /// Takes brakes up that were on when an earlier process ended.
    pub(crate) fn restore(&self, records: Vec<BrakeRecord>) {
        let mut table = self.table();
        for record in records {
            let account = record
                .account
                .as_ref()
                .map(|name| self.hashes.hash_one(&**name));
            let of = match (account, record.network) {
                (Some(account), Some(network)) => Of::Pair(account, network.into()),
                (Some(account), None) => Of::Account(account),
                (None, Some(network)) => Of::Network(network.into()),
                (None, None) => continue,
            };
            let tally = Tally::kept(
                record.failures,
                record.last_unix_secs,
                record.next_unix_secs,
            );
            table.tallies.insert(of, tally);
            self.quiet_from_unix_secs
                .fetch_max(record.over_unix_secs, Ordering::Relaxed);
        }
    }

    /// Forgets what was lifted.
    pub(crate) fn lift(&self, lift: &Lift) {
        let wanted = lift
            .account
            .as_ref()
            .map(|name| self.hashes.hash_one(&**name));
        let concerned = |of: &Of| {
            let (account, network) = match *of {
                Of::Pair(account, network) => (Some(account), Some(network)),
                Of::Account(account) => (Some(account), None),
                Of::Network(network) => (None, Some(network)),
            };
            // The name itself is not kept for all of them: its hash stands for it.
            let networks_alone = Lift {
                account: None,
                network: lift.network,
            };
            (wanted.is_none() || wanted == account)
                && networks_alone.concerns(None, network.map(Into::into))
        };
        let mut table = self.table();
        table.tallies.retain(|of, _| !concerned(of));
        table.waiting.retain(|of, _| !concerned(of));
    }
}

struct Places {
    pair: Option<Of>,
    account: Option<Of>,
    network: Of,
}

impl Trying<'_> {
    fn places(&self) -> Places {
        let account = self.account.as_ref().map(|(_, hash)| *hash);
        Places {
            pair: account.map(|account| Of::Pair(account, self.network)),
            account: account.map(Of::Account),
            network: Of::Network(self.network),
        }
    }
}

impl Drop for Trying<'_> {
    fn drop(&mut self) {
        if self.pending.get() {
            let ended = match self.given_up {
                GivenUp::Fails => Some(Attempt::Failed),
                GivenUp::Free => None,
            };
            self.brakes.end(self, ended, self.begun_unix_secs);
        }
    }
}

impl Table {
    /// The attempts under way with other credentials: the same one again is no other guess.
    fn pending_beside(&self, trying: &Trying<'_>) -> Pending {
        let beside = |of: Option<Of>| {
            let pending = of.and_then(|of| self.pending.get(&of));
            let others = pending.into_iter().flatten();
            let others = others.filter(|(mark, _)| *mark != trying.mark).count();
            u32::try_from(others).unwrap_or(u32::MAX)
        };
        let places = trying.places();
        Pending {
            pair: beside(places.pair),
            account: beside(places.account),
        }
    }

    fn note_pending(&mut self, trying: &Trying<'_>) {
        let places = trying.places();
        for of in [places.pair, places.account].into_iter().flatten() {
            let pending = self.pending.entry(of).or_default();
            match pending.iter_mut().find(|(mark, _)| *mark == trying.mark) {
                Some((_, times)) => *times = times.saturating_add(1),
                None => pending.push((trying.mark, 1)),
            }
        }
    }

    fn forget_pending(&mut self, trying: &Trying<'_>) {
        let places = trying.places();
        for of in [places.pair, places.account].into_iter().flatten() {
            let Entry::Occupied(mut entry) = self.pending.entry(of) else {
                continue;
            };
            let pending = entry.get_mut();
            if let Some((_, times)) = pending.iter_mut().find(|(mark, _)| *mark == trying.mark) {
                *times = times.saturating_sub(1);
            }
            pending.retain(|(_, times)| *times > 0);
            if pending.is_empty() {
                entry.remove();
            }
        }
    }

    fn tally(&self, of: &Of) -> Tally {
        self.tallies.get(of).copied().unwrap_or_default()
    }

    /// Keeps a tally, and gives the time until which it can brake.
    fn put(
        &mut self,
        of: Of,
        tally: Tally,
        brake: Brake,
        trying: &Trying<'_>,
        now_unix_secs: i64,
    ) -> i64 {
        let braked = trying.rules.is_braked(&tally, brake, now_unix_secs);
        let name = trying.account.as_ref().map(|(name, _)| name);
        let (account, network) = match of {
            Of::Pair(..) => (name, Some(trying.network)),
            Of::Account(_) => (name, None),
            Of::Network(_) => (None, Some(trying.network)),
        };
        let over_unix_secs = tally
            .last_unix_secs
            .saturating_add(i64::from(trying.rules.forget_secs))
            .saturating_add(1);
        if braked && (self.waiting.len() < WAITING_MAX || self.waiting.contains_key(&of)) {
            let record = BrakeRecord {
                account: account.cloned(),
                network: network.map(Into::into),
                failures: tally.failures,
                last_unix_secs: tally.last_unix_secs,
                next_unix_secs: tally.next_unix_secs,
                over_unix_secs,
            };
            self.waiting.insert(of, record);
        }
        self.tallies.insert(of, tally);
        if braked { over_unix_secs } else { i64::MIN }
    }
}

#[cfg(test)]
mod tests;

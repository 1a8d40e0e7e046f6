//! A worker's coarse clock and the deadlines that hang on it.
//!
//! Knows: ticks of a tenth of a second, and who waits for which. Does not know what a deadline is for. One timer serves
//! all connections of a worker: setting a deadline is a store into a cell, where a timer for each phase of each request
//! would cost more than the rest of the line.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The grain of all deadlines.
const TICK: Duration = Duration::from_millis(100);
const NEVER: u64 = u64::MAX;

/// The clock of one worker.
pub(crate) struct Clock {
    tick: Cell<u64>,
    unix_secs: Cell<i64>,
    slots: RefCell<Slots>,
}

#[derive(Default)]
struct Slots {
    taken: Vec<Option<Rc<Slot>>>,
    free: Vec<usize>,
}

#[derive(Default)]
struct Slot {
    due: Cell<u64>,
    fired: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Clock {
    pub(crate) fn new() -> Rc<Self> {
        Rc::new(Self {
            tick: Cell::new(0),
            unix_secs: Cell::new(unix_secs()),
            slots: RefCell::default(),
        })
    }

    /// The time in Unix seconds, at most a tick old.
    pub(crate) fn unix_secs(&self) -> i64 {
        self.unix_secs.get()
    }

    /// The number of ticks since the worker began.
    pub(crate) fn tick(&self) -> u64 {
        self.tick.get()
    }

    /// Runs the clock for as long as the worker lives.
    pub(crate) async fn run(self: Rc<Self>) {
        let mut interval = tokio::time::interval(TICK);
        interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        let begun = tokio::time::Instant::now();
        loop {
            let now = interval.tick().await;
            self.advance(ticks(now.duration_since(begun)), unix_secs());
        }
    }

    pub(crate) fn advance(&self, tick: u64, unix_secs: i64) {
        self.tick.set(tick);
        self.unix_secs.set(unix_secs);
        for slot in self.slots.borrow().taken.iter().flatten() {
            if slot.due.get() <= tick {
                slot.due.set(NEVER);
                slot.fired.set(true);
                if let Some(waker) = slot.waker.borrow_mut().take() {
                    waker.wake();
                }
            }
        }
    }

    /// Wakes everyone who waits, so that they look at something else than their deadline.
    pub(crate) fn wake_all(&self) {
        for slot in self.slots.borrow().taken.iter().flatten() {
            if let Some(waker) = slot.waker.borrow_mut().take() {
                waker.wake();
            }
        }
    }

    /// A deadline that is not set yet.
    pub(crate) fn deadline(self: &Rc<Self>) -> Deadline {
        let slot = Rc::new(Slot {
            due: Cell::new(NEVER),
            ..Slot::default()
        });
        let mut slots = self.slots.borrow_mut();
        let place = slots.free.pop().unwrap_or(slots.taken.len());
        match slots.taken.get_mut(place) {
            Some(taken) => *taken = Some(Rc::clone(&slot)),
            None => slots.taken.push(Some(Rc::clone(&slot))),
        }
        drop(slots);
        Deadline {
            clock: Rc::clone(self),
            slot,
            place,
        }
    }
}

/// The time in Unix seconds.
pub(crate) fn unix_secs() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// Rounded up: a deadline is never early.
fn ticks(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis().div_ceil(TICK.as_millis())).unwrap_or(NEVER)
}

/// A deadline that can be set, moved and cleared at next to no cost. It is over once it has passed, for good.
pub(crate) struct Deadline {
    clock: Rc<Clock>,
    slot: Rc<Slot>,
    place: usize,
}

impl Deadline {
    /// Sets it to a time from now.
    pub(crate) fn set(&self, after: Duration) {
        self.slot.due.set(
            self.clock
                .tick()
                .saturating_add(ticks(after))
                .saturating_add(1),
        );
    }

    /// Makes it wait for nothing.
    pub(crate) fn clear(&self) {
        self.slot.due.set(NEVER);
    }

    /// Ready once it has passed.
    pub(crate) fn poll_passed(&self, context: &Context<'_>) -> Poll<()> {
        if self.slot.fired.get() {
            return Poll::Ready(());
        }
        let mut waker = self.slot.waker.borrow_mut();
        if !waker
            .as_ref()
            .is_some_and(|waker| waker.will_wake(context.waker()))
        {
            *waker = Some(context.waker().clone());
        }
        Poll::Pending
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        let mut slots = self.clock.slots.borrow_mut();
        if let Some(taken) = slots.taken.get_mut(self.place) {
            *taken = None;
            slots.free.push(self.place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(deadline: &Deadline) -> bool {
        deadline
            .poll_passed(&Context::from_waker(Waker::noop()))
            .is_ready()
    }

    #[test]
    fn a_deadline_passes_at_its_tick_and_not_before() {
        let clock = Clock::new();
        let deadline = clock.deadline();
        deadline.set(Duration::from_millis(250));
        clock.advance(3, 0);
        assert!(
            !passed(&deadline),
            "three ticks may be as little as 200 ms and a bit"
        );
        clock.advance(4, 0);
        assert!(passed(&deadline));
    }

    #[test]
    fn a_deadline_can_be_moved_and_cleared() {
        let clock = Clock::new();
        let deadline = clock.deadline();
        deadline.set(Duration::from_secs(1));
        deadline.set(Duration::from_secs(2));
        clock.advance(15, 0);
        assert!(!passed(&deadline));
        deadline.clear();
        clock.advance(1_000, 0);
        assert!(!passed(&deadline));
    }

    #[test]
    fn places_are_used_again() {
        let clock = Clock::new();
        for _ in 0..100 {
            let _first = clock.deadline();
            let _second = clock.deadline();
        }
        assert_eq!(clock.slots.borrow().taken.len(), 2);
    }
}

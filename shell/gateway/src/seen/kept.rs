//! Refusals that are kept in the store for `countersign why`, within a rate.
//!
//! Knows: how many a second, and how many may wait. Does not know the store. A flood of bad requests must stay cheap, and a
//! store that hangs must not fill the memory, so that past either only the log has them.

use std::cell::{Cell, RefCell};

use countersign_store::RefusalRecord;

/// One worker's refusals that wait to be stored.
pub(crate) struct Kept {
    second: Cell<i64>,
    in_second: Cell<u32>,
    left_out: Cell<u64>,
    waiting: RefCell<Vec<RefusalRecord>>,
}

impl Kept {
    pub(crate) const fn new() -> Self {
        Self {
            second: Cell::new(0),
            in_second: Cell::new(0),
            left_out: Cell::new(0),
            waiting: RefCell::new(Vec::new()),
        }
    }

    /// Whether one more may be kept in this second, and may wait: no more than are kept in all. The record is made only
    /// then.
    pub(crate) fn has_room(&self, per_sec_max: u32, kept_max: u32, now_unix_secs: i64) -> bool {
        if self.second.replace(now_unix_secs) != now_unix_secs {
            self.in_second.set(0);
        }
        let waiting = u32::try_from(self.waiting.borrow().len()).unwrap_or(u32::MAX);
        let has_room = self.in_second.get() < per_sec_max && waiting < kept_max;
        if has_room {
            self.in_second.set(self.in_second.get().saturating_add(1));
        } else {
            self.left_out.set(self.left_out.get().saturating_add(1));
        }
        has_room
    }

    pub(crate) fn keep(&self, record: RefusalRecord) {
        self.waiting.borrow_mut().push(record);
    }

    /// What waits to be stored.
    pub(crate) fn take(&self) -> Vec<RefusalRecord> {
        std::mem::take(&mut *self.waiting.borrow_mut())
    }

    /// How many were left out since the last time.
    pub(crate) fn take_left_out(&self) -> u64 {
        self.left_out.take()
    }
}

#[cfg(test)]
mod tests {
    use countersign_store::RefusalRecord;

    use super::Kept;

    #[test]
    fn the_rate_begins_anew_each_second() {
        let kept = Kept::new();
        assert_eq!(
            [1, 1, 1, 2].map(|second| kept.has_room(2, 100, second)),
            [true, true, false, true]
        );
        assert_eq!(kept.take_left_out(), 1);
    }

    #[test]
    fn no_more_wait_than_are_kept_in_all() {
        let kept = Kept::new();
        let record = || RefusalRecord {
            request_id: "a".into(),
            time_unix_secs: 1,
            cause: "b".into(),
            told: "b".into(),
            status: 401,
            scheme: None,
            route: None,
            method: "GET".into(),
            path: "/".into(),
            peer: "192.0.2.1".into(),
            user_agent: None,
            host: None,
            subject: None,
            account: None,
            key_id: None,
            detail: None,
            steps: "[]".into(),
        };
        for second in 0..5 {
            if kept.has_room(100, 3, second) {
                kept.keep(record());
            }
        }
        assert_eq!((kept.take().len(), kept.take_left_out()), (3, 2));
        assert!(kept.has_room(100, 3, 6));
    }
}

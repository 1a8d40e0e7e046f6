//! When a certificate is renewed, and how long an order that failed is left alone.
//!
//! Knows: times, as numbers. Does not know clocks, nor where randomness comes from: both are handed in.

use std::time::Duration;

/// However far away the next order is, the clock is looked at so often: a machine that slept does not oversleep.
pub(super) const LOOK_SECS: u64 = 3_600;
/// The longest that an authority may have us wait (`Retry-After`): past it, somebody has mistyped a date.
const TOLD_SECS_MAX: u64 = 7 * 86_400;

/// From when until when a certificate is good, in Unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lifetime {
    pub(crate) from_unix_secs: i64,
    pub(crate) until_unix_secs: i64,
}

impl Lifetime {
    /// When a third of the time is left, or up to a thirtieth of it earlier as the draw has it: gateways that were started
    /// together do not all ask at once.
    pub(super) fn renewal_unix_secs(self, draw: u32) -> i64 {
        let secs = self.until_unix_secs.saturating_sub(self.from_unix_secs);
        let spread = share(u64::try_from(secs / 30).unwrap_or_default(), draw);
        let ahead = (secs / 3).saturating_add(i64::try_from(spread).unwrap_or(i64::MAX));
        self.until_unix_secs.saturating_sub(ahead.max(0))
    }
}

/// How long to wait after so many failures in a row, one at least: from the least time it doubles to the longest, and is up
/// to a tenth longer as the draw has it. What the authority has told is kept to.
pub(super) fn pause_secs(
    failures: u32,
    least: Duration,
    longest: Duration,
    told_secs: Option<u64>,
    draw: u32,
) -> u64 {
    let doublings = failures.saturating_sub(1).min(63);
    let doubled = least.as_secs().saturating_mul(1 << doublings);
    let pause = doubled.min(longest.as_secs());
    let pause = pause.saturating_add(share(pause / 10, draw));
    pause.max(told_secs.unwrap_or_default().min(TOLD_SECS_MAX))
}

/// When the next order may be: an attempt that is noted for a time to come was noted by a clock that was wrong.
pub(super) fn earliest_unix_secs(last_unix_secs: Option<i64>, least: Duration, now: i64) -> i64 {
    let least = i64::try_from(least.as_secs()).unwrap_or(i64::MAX);
    match last_unix_secs {
        Some(last) if last <= now => last.saturating_add(least),
        Some(_) => now.saturating_add(least),
        None => now,
    }
}

/// The part of a whole that the draw stands for.
fn share(whole: u64, draw: u32) -> u64 {
    let product = u128::from(whole) * u128::from(draw);
    u64::try_from(product >> 32).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;
    const LEAST: Duration = Duration::from_secs(300);
    const LONGEST: Duration = Duration::from_secs(21_600);

    #[test]
    fn a_third_of_the_time_is_left_at_the_latest() {
        let of_90_days = Lifetime {
            from_unix_secs: 1_000 * DAY,
            until_unix_secs: 1_090 * DAY,
        };
        assert_eq!(of_90_days.renewal_unix_secs(0), 1_060 * DAY);
        let early = of_90_days.renewal_unix_secs(u32::MAX);
        assert!(
            early > 1_057 * DAY - 2 && early < 1_057 * DAY + 2,
            "{early}"
        );
        assert_eq!(of_90_days.renewal_unix_secs(1 << 31), 1_058 * DAY + DAY / 2);
    }

    #[test]
    fn a_lifetime_of_seconds_or_of_none_is_no_trap() {
        let of = |from_unix_secs, until_unix_secs| Lifetime {
            from_unix_secs,
            until_unix_secs,
        };
        assert_eq!(of(100, 160).renewal_unix_secs(0), 140);
        assert_eq!(of(100, 100).renewal_unix_secs(u32::MAX), 100);
        assert_eq!(of(200, 100).renewal_unix_secs(7), 100);
        of(i64::MIN, i64::MAX).renewal_unix_secs(u32::MAX);
        of(i64::MAX, i64::MIN).renewal_unix_secs(u32::MAX);
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        let pauses: Vec<_> = (0..10)
            .map(|failures| pause_secs(failures, LEAST, LONGEST, None, 0))
            .collect();
        assert_eq!(
            pauses,
            [
                300, 300, 600, 1200, 2400, 4800, 9600, 19_200, 21_600, 21_600
            ]
        );
        assert_eq!(pause_secs(u32::MAX, LEAST, LONGEST, None, 0), 21_600);
        assert_eq!(pause_secs(1, LEAST, LONGEST, None, u32::MAX), 329);
    }

    #[test]
    fn what_the_authority_says_is_kept_to_within_reason() {
        assert_eq!(pause_secs(1, LEAST, LONGEST, Some(10), 0), 300);
        assert_eq!(pause_secs(1, LEAST, LONGEST, Some(90_000), 0), 90_000);
        assert_eq!(pause_secs(1, LEAST, LONGEST, Some(u64::MAX), 0), 604_800);
    }

    #[test]
    fn the_least_time_holds_from_the_last_attempt_on() {
        assert_eq!(earliest_unix_secs(None, LEAST, 1_000), 1_000);
        assert_eq!(earliest_unix_secs(Some(900), LEAST, 1_000), 1_200);
        assert_eq!(earliest_unix_secs(Some(100), LEAST, 1_000), 400);
        assert_eq!(earliest_unix_secs(Some(9_000), LEAST, 1_000), 1_300);
    }
}

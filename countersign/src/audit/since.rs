//! From when on records are asked for.
//!
//! Knows: how people write it. Does not know a clock.

use std::str::FromStr;

use jiff::tz::Offset;

use crate::failure::Failure;
use crate::key::period::{Expires, PeriodDefect};

/// A moment that has been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Since(Expires);

impl FromStr for Since {
    type Err = SinceDefect;

    fn from_str(text: &str) -> Result<Self, SinceDefect> {
        match text.parse() {
            Ok(Expires::Never) | Err(PeriodDefect::Form | PeriodDefect::Date) => Err(SinceDefect),
            Ok(when @ (Expires::After(_) | Expires::With(_) | Expires::At(_))) => Ok(Self(when)),
            Err(PeriodDefect::TooLong) => Err(SinceDefect),
        }
    }
}

impl Since {
    pub(super) fn unix_secs(self, now_unix_secs: i64) -> Result<i64, Failure> {
        let unix_secs = match self.0 {
            // Parsing takes no `never`.
            Expires::Never => Some(now_unix_secs),
            Expires::After(period) => now_unix_secs.checked_sub(i64::from(period.secs)),
            Expires::With(date) => {
                let start = Offset::UTC.to_timestamp(date.at(0, 0, 0, 0));
                start.ok().map(jiff::Timestamp::as_second)
            }
            Expires::At(time) => Some(time.as_second()),
        };
        unix_secs.ok_or_else(|| Failure::usage("`--since` is too far away"))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SinceDefect;

impl std::fmt::Display for SinceDefect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("write a period such as `7d`, a date such as `2026-12-31`, or a time such as `2026-12-31T18:00:00Z`")
    }
}

impl std::error::Error for SinceDefect {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_counts_back_and_a_date_is_its_first_moment() {
        let unix_secs = |text: &str| {
            let since = text.parse::<Since>().unwrap();
            since.unix_secs(1_000_000).unwrap()
        };
        assert_eq!(unix_secs("1d"), 1_000_000 - 86_400);
        assert_eq!(unix_secs("1970-01-02"), 86_400);
        assert_eq!(unix_secs("1970-01-01T00:00:10Z"), 10);
        for text in ["never", "", "x", "99999999999d", "2026-13-01"] {
            assert_eq!(text.parse::<Since>(), Err(SinceDefect), "{text}");
        }
    }
}

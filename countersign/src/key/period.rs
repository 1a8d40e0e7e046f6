//! Periods and dates as people write them.
//!
//! Knows: `90d`, `2026-12-31`, and what time they come to. Does not know a clock.
//!
//! ```abnf
//! period  = 1*DIGIT ( "s" / "m" / "h" / "d" / "w" )
//! expires = "never" / period / RFC 3339 full-date / RFC 3339 date-time
//! ```

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;

/// Until when a key is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expires {
    Never,
    After(Period),
    /// To the end of this day in UTC.
    With(Date),
    At(Timestamp),
}

/// A length of time in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) secs: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PeriodDefect {
    Form,
    TooLong,
    Date,
}

impl fmt::Display for PeriodDefect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "a period is a number with `s`, `m`, `h`, `d` or `w`, as in `90d`",
            Self::TooLong => "a period has at most 136 years",
            Self::Date => {
                "write a period such as `90d` (`s`, `m`, `h`, `d` or `w`), a date such as `2026-12-31`, a time with its offset such as `2026-12-31T18:00:00Z`, or `never`"
            }
        })
    }
}

impl std::error::Error for PeriodDefect {}

impl FromStr for Period {
    type Err = PeriodDefect;

    fn from_str(text: &str) -> Result<Self, PeriodDefect> {
        let unit = text.chars().next_back().ok_or(PeriodDefect::Form)?;
        let secs = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return Err(PeriodDefect::Form),
        };
        let number = text.strip_suffix(unit).unwrap_or_default();
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(PeriodDefect::Form);
        }
        let number: u32 = number.parse().map_err(|_| PeriodDefect::TooLong)?;
        number
            .checked_mul(secs)
            .map(|secs| Self { secs })
            .ok_or(PeriodDefect::TooLong)
    }
}

impl FromStr for Expires {
    type Err = PeriodDefect;

    fn from_str(text: &str) -> Result<Self, PeriodDefect> {
        if text == "never" {
            return Ok(Self::Never);
        }
        match text.parse() {
            Ok(period) => return Ok(Self::After(period)),
            Err(PeriodDefect::TooLong) => return Err(PeriodDefect::TooLong),
            Err(PeriodDefect::Form | PeriodDefect::Date) => {}
        }
        // A date alone first: with a time and no offset, nobody would know which moment is meant.
        if text.len() == "2026-12-31".len() {
            return text.parse().map(Self::With).map_err(|_| PeriodDefect::Date);
        }
        text.parse().map(Self::At).map_err(|_| PeriodDefect::Date)
    }
}

impl Expires {
    /// From when on the key is not taken any more; the inner `None`: it is taken forever. The outer `None`: there is no
    /// such time.
    pub(crate) fn unix_secs(self, now_unix_secs: i64) -> Option<Option<i64>> {
        match self {
            Self::Never => Some(None),
            Self::After(period) => Some(Some(now_unix_secs.checked_add(i64::from(period.secs))?)),
            Self::With(date) => {
                let end = Offset::UTC
                    .to_timestamp(date.tomorrow().ok()?.at(0, 0, 0, 0))
                    .ok()?;
                Some(Some(end.as_second()))
            }
            Self::At(time) => Some(Some(time.as_second())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unix_secs(text: &str) -> Result<Option<i64>, PeriodDefect> {
        text.parse::<Expires>()
            .map(|expires| expires.unix_secs(1_000).unwrap())
    }

    #[test]
    fn a_period_counts_from_now() {
        assert_eq!(unix_secs("90d"), Ok(Some(1_000 + 90 * 86_400)));
        assert_eq!(unix_secs("2w"), Ok(Some(1_000 + 14 * 86_400)));
        assert_eq!(unix_secs("24h"), Ok(Some(1_000 + 86_400)));
        assert_eq!(unix_secs("5m"), Ok(Some(1_300)));
        assert_eq!(unix_secs("0s"), Ok(Some(1_000)));
    }

    #[test]
    fn a_date_is_the_last_day() {
        assert_eq!(unix_secs("1970-01-01"), Ok(Some(86_400)));
        assert_eq!(unix_secs("1970-01-01T00:00:10Z"), Ok(Some(10)));
        assert_eq!(unix_secs("1970-01-01T01:00:10+01:00"), Ok(Some(10)));
        assert_eq!("9999-12-31".parse::<Expires>().unwrap().unix_secs(0), None);
    }

    #[test]
    fn never_is_never() {
        assert_eq!(unix_secs("never"), Ok(None));
    }

    #[test]
    fn what_is_neither_is_refused() {
        for text in [
            "",
            "d",
            "90",
            "-1d",
            "+1d",
            "1.5d",
            "90 d",
            "90D",
            "90d ",
            "1d2h",
            "2026-13-01",
            "2026-12-31T00:00:00",
            "tomorrow",
            "é",
        ] {
            assert!(text.parse::<Expires>().is_err(), "{text}");
        }
        assert_eq!("99999999999d".parse::<Period>(), Err(PeriodDefect::TooLong));
        assert_eq!("4294967295w".parse::<Expires>(), Err(PeriodDefect::TooLong));
        assert_eq!(
            "4294967295s".parse::<Period>(),
            Ok(Period { secs: u32::MAX })
        );
    }
}

//! Dates of cookies, RFC 6265bis section 5.1.1: read by their parts, whatever their order.
//!
//! Knows: the algorithm of the specification. Does not know what a date is for.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// Unix seconds of a date in any of the forms that servers write.
pub(super) fn parse(text: &str) -> Option<i64> {
    let mut time = None;
    let mut day = None;
    let mut month = None;
    let mut year = None;
    for token in text.split(is_delimiter).filter(|token| !token.is_empty()) {
        // RFC 6265bis section 5.1.1: each token is the first of these that is still open and fits.
        if time.is_none() && token.contains(':') {
            time = Some(time_of(token)?);
        } else if let (None, Some(number)) = (day, leading_number(token, 2)) {
            day = Some(number);
        } else if let (None, Some(number)) = (month, month_of(token)) {
            month = Some(number);
        } else if let (None, Some(number)) = (year, leading_number(token, 4)) {
            year = Some(full_year(number));
        }
    }
    let (hour, minute, second) = time?;
    let year = i16::try_from(year?).ok().filter(|year| *year >= 1601)?;
    let day = i8::try_from(day?).ok()?;
    let date = DateTime::new(year, month?, day, hour, minute, second, 0).ok()?;
    Some(TimeZone::UTC.to_timestamp(date).ok()?.as_second())
}

/// `delimiter = %x09 / %x20-2F / %x3B-40 / %x5B-60 / %x7B-7E`
fn is_delimiter(letter: char) -> bool {
    matches!(letter, '\t' | ' '..='/' | ';'..='@' | '['..='`' | '{'..='~')
}

/// `time-field = 1*2DIGIT`, three of them with colons between, and then no further digit.
fn time_of(token: &str) -> Option<(i8, i8, i8)> {
    let mut parts = token.split(':');
    let hour = leading_number(parts.next()?, 2)?;
    let minute = leading_number(parts.next()?, 2)?;
    let second = leading_number(parts.next()?, 2)?;
    let small = |number: u32| i8::try_from(number).ok();
    Some((small(hour)?, small(minute)?, small(second)?))
}

/// Digits at the start, at most so many; what follows is no digit.
fn leading_number(token: &str, digits_max: usize) -> Option<u32> {
    let end = token
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(token.len());
    let digits = token.get(..end)?;
    (1..=digits_max)
        .contains(&digits.len())
        .then(|| digits.parse().ok())?
}

fn month_of(token: &str) -> Option<i8> {
    let start = token.get(..3)?.to_ascii_lowercase();
    let index = MONTHS.iter().position(|month| *month == start)?;
    i8::try_from(index + 1).ok()
}

fn full_year(number: u32) -> u32 {
    match number {
        70..=99 => number + 1900,
        0..=69 => number + 2000,
        _ => number,
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn rfc6265bis_section_5_1_1_every_form_is_read() {
        for text in [
            "Thu, 01 Jan 2026 00:00:00 GMT",
            "Thu, 01-Jan-2026 00:00:00 GMT",
            "Thursday, 01-Jan-26 00:00:00 GMT",
            "Thu Jan  1 00:00:00 2026",
            "1 jan 2026 0:0:0",
        ] {
            assert_eq!(parse(text), Some(1_767_225_600), "{text}");
        }
        assert_eq!(parse("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "0",
            "tomorrow",
            "32 Jan 2026 00:00:00",
            "1 Jan 1500 00:00:00",
            "1 Jan 2026 25:00:00",
            "1 Jan 2026",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}

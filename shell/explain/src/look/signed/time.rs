//! Times in signatures, against the time at which the request is sent.
//!
//! Knows: their formats, and what a whole number of hours between two clocks means.

use countersign_cause::Cause;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use crate::finding::{Finding, Weight};

/// How far clocks may be apart without anybody minding.
const CLOCK_LEEWAY_SECS: i64 = 120;

/// `20260101T120000Z`.
pub(super) fn basic_format(text: &str) -> Option<i64> {
    let time = DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
    Some(Offset::UTC.to_timestamp(time).ok()?.as_second())
}

/// `2026-01-01T12:00:00Z`, and the shorter forms that are read as UTC.
pub(super) fn iso(text: &str) -> Option<i64> {
    if let Ok(at) = text.trim().parse::<Timestamp>() {
        return Some(at.as_second());
    }
    let time: DateTime = text.trim().trim_end_matches('Z').parse().ok()?;
    Some(Offset::UTC.to_timestamp(time).ok()?.as_second())
}

/// In words, the largest unit that fits.
pub(super) fn span(secs: i64) -> String {
    let secs = secs.unsigned_abs();
    let (count, unit) = match secs {
        0..120 => (secs, "seconds"),
        120..7200 => (secs / 60, "minutes"),
        7200..172_800 => (secs / 3600, "hours"),
        _ => (secs / 86_400, "days"),
    };
    format!("{count} {unit}")
}

/// Whether something has ended.
pub(super) fn expired(end: i64, now: i64, what: &str) -> Option<Finding> {
    (now > end).then(|| {
        let evidence = format!("{what} ran out {} ago.", span(now - end));
        Finding::new(Cause::CredentialExpired, Weight::Strong, evidence)
    })
}

/// Whether something begins later than now.
pub(super) fn ahead(start: i64, now: i64, what: &str) -> Option<Finding> {
    let ahead = start - now;
    if ahead > CLOCK_LEEWAY_SECS {
        let evidence = format!(
            "{what} in {}: the clock that made it is ahead, or local time was taken for UTC.",
            span(ahead)
        );
        return Some(Finding::new(Cause::ClockSkew, Weight::Strong, evidence));
    }
    // Made with the present time, it begins in the future of any server whose clock is behind.
    (ahead.abs() <= CLOCK_LEEWAY_SECS).then(|| {
        let evidence = format!(
            "{what} at this very moment, so a server whose clock is a little behind refuses it."
        );
        Finding::new(Cause::ClockSkew, Weight::Fair, evidence)
    })
}

/// Whether the time of a signature is too far from now.
pub(super) fn skew(at: i64, now: i64, allowed_secs: i64, what: &str) -> Vec<Finding> {
    let off = at - now;
    if off.abs() <= allowed_secs {
        return Vec::new();
    }
    let apart = span(off);
    let half_hours = (off + off.signum() * 900) / 1800;
    let zone = (off - half_hours * 1800).abs() <= CLOCK_LEEWAY_SECS && off.abs() <= 14 * 3600 + 900;
    if zone && half_hours != 0 {
        let evidence =
            format!("{what} is {apart} from now, as if local time had been written as UTC.");
        return vec![Finding::new(Cause::ClockSkew, Weight::Strong, evidence)];
    }
    if off > 0 {
        let evidence = format!("{what} is {apart} in the future: the clock that signed is ahead.");
        return vec![Finding::new(Cause::ClockSkew, Weight::Strong, evidence)];
    }
    // An old signature may come from a clock that is behind, or be one that was made then.
    let evidence = format!("{what} is {apart} ago; a signature counts for some minutes.");
    vec![
        Finding::new(Cause::ClockSkew, Weight::Fair, evidence.clone()),
        Finding::new(Cause::CredentialExpired, Weight::Slight, evidence),
    ]
}

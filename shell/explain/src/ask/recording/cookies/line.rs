//! A `Set-Cookie` line for people: its value covered, one of its attributes as it should be.
//!
//! Knows: how a line is written. Does not know which attribute is wrong.

use crate::cookie::{SameSite, SetCookie};

/// The line as it was set, the value covered.
pub(super) fn of(set: &SetCookie) -> String {
    let mut line = format!("Set-Cookie: {}=...", set.name);
    let valued = [("Domain", &set.domain), ("Path", &set.path)];
    for (name, value) in valued {
        if let Some(value) = value {
            line.push_str(&format!("; {name}={value}"));
        }
    }
    let flags = [
        (set.http_only, "HttpOnly"),
        (set.secure, "Secure"),
        (set.same_site == SameSite::None, "SameSite=None"),
        (set.same_site == SameSite::Lax, "SameSite=Lax"),
        (set.same_site == SameSite::Strict, "SameSite=Strict"),
        (set.partitioned, "Partitioned"),
    ];
    for (is_set, flag) in flags {
        if is_set {
            line.push_str(&format!("; {flag}"));
        }
    }
    line
}

/// The line with something about it changed.
pub(super) fn with(set: &SetCookie, change: impl FnOnce(&mut SetCookie)) -> String {
    let mut other = set.clone();
    change(&mut other);
    of(&other)
}

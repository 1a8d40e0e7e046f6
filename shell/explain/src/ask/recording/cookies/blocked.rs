//! Cookies of which the browser itself says why it kept them back.
//!
//! Knows: the words of Chromium's network log. Does not apply any rule itself.

use countersign_cause::Cause;

use crate::case::BlockedCookie;
use crate::finding::{Finding, Weight};

use super::super::view::View;
use super::history::is_session_name;

/// A word of a reason, and its cause. The first that fits counts: `SameSiteNoneInsecure` is no matter of `Secure`.
const REASONS: [(&str, Cause); 13] = [
    ("samesite", Cause::CookieSamesite),
    ("thirdparty", Cause::CookieThirdParty),
    ("userpreferences", Cause::CookieThirdParty),
    ("unpartitioned", Cause::CookieThirdParty),
    ("sameparty", Cause::CookieThirdParty),
    ("domain", Cause::CookieDomain),
    ("path", Cause::CookiePath),
    ("secure", Cause::CookieSecure),
    ("maxsize", Cause::CookieTooLarge),
    ("toolarge", Cause::CookieTooLarge),
    ("prefix", Cause::CookieSecure),
    ("port", Cause::CookieDomain),
    ("scheme", Cause::CookieSecure),
];

pub(super) fn look(view: &View<'_>) -> Vec<Finding> {
    let mut blocked: Vec<&BlockedCookie> = view.recorded.blocked_cookies.iter().collect();
    let earlier = view.done_before().filter(|other| {
        other.request.origin() == view.request.origin() && other.recorded.page == view.recorded.page
    });
    let sent = view.cookies();
    for exchange in earlier {
        // What an earlier answer could not set matters only if it is absent here.
        let lost = exchange.recorded.blocked_cookies.iter();
        blocked.extend(lost.filter(|lost| !sent.iter().any(|(name, _)| *name == lost.name)));
    }
    blocked.sort_by_key(|cookie| !is_session_name(&cookie.name));
    let sessions = blocked.iter().any(|cookie| is_session_name(&cookie.name));
    let only = blocked.len() == 1;
    let mut found: Vec<Finding> = Vec::new();
    for cookie in blocked {
        let is_session = is_session_name(&cookie.name);
        let Some((cause, reason)) = cause_of(cookie) else {
            continue;
        };
        let told = found.iter().any(|finding| finding.cause == cause);
        if told || sessions && !is_session {
            continue;
        }
        let weight = match (is_session || only) && !view.has_credential_beside_cookies() {
            true => Weight::Proof,
            false => Weight::Fair,
        };
        let name = &cookie.name;
        let evidence = format!("the browser says that it kept the cookie `{name}` back: {reason}");
        found.push(Finding::new(cause, weight, evidence));
    }
    found
}

fn cause_of(cookie: &BlockedCookie) -> Option<(Cause, &str)> {
    cookie.reasons.iter().find_map(|reason| {
        let plain: String = reason
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect::<String>()
            .to_ascii_lowercase();
        let (_, cause) = REASONS.iter().find(|(word, _)| plain.contains(word))?;
        Some((*cause, reason.as_str()))
    })
}

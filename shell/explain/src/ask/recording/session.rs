//! A session whose cookie came along and is refused all the same, or that the server took away.
//!
//! Knows: sign-outs, replaced and deleted cookies, and requests that the same cookie let through. Does not know the
//! server's store.

use countersign_cause::{Cause, Who};

use crate::case::{Client, Exchange};
use crate::cookie::SetCookie;
use crate::exchange::{is_sent_to_sign_in, named, status};
use crate::finding::{Finding, Fix, Weight};

use super::cookies::{Laid, deletes_session, history, is_session_name};
use super::view::{View, cookies_of};

/// After so long without a request a session is likely to have run out.
const IDLE_SECS: i64 = 600;

pub(super) fn look(view: &View<'_>) -> Vec<Finding> {
    let refused_as_unknown = matches!(view.status(), 401 | 419 | 440 | 300..=399);
    if !refused_as_unknown || view.has_credential_beside_cookies() {
        return Vec::new();
    }
    let laid = history(view);
    let sent: Vec<(String, String)> = view
        .cookies()
        .into_iter()
        .filter(|(name, value)| is_session_name(name) && !value.is_empty())
        .collect();
    if sent.is_empty() {
        return taken_away(view, &laid);
    }
    let mut found = Vec::new();
    found.extend(replaced(view, &laid, &sent));
    found.extend(signed_out(view, &sent));
    found.extend(let_through(view, &sent));
    found.extend(deleted_by_refusal(view));
    found.extend(begun_anew(view, &sent));
    if found.is_empty() {
        // A cookie that is refused has run out or is not known: which of the two does not show.
        let evidence = "the request carries a session cookie, and is refused all the same";
        found.push(Finding::new(
            Cause::SessionExpired,
            Weight::Slight,
            evidence,
        ));
        found.push(Finding::new(
            Cause::SessionUnknown,
            Weight::Slight,
            evidence,
        ));
    }
    found
}

fn again() -> Fix {
    Fix::new(
        Who::User,
        "Sign in again, and reload other tabs, which hold the old session.",
    )
}

/// The last answer that had something to say about a session cookie took it away.
fn taken_away(view: &View<'_>, laid: &[Laid<'_>]) -> Vec<Finding> {
    let mut told = laid
        .iter()
        .filter(|cookie| is_session_name(&cookie.set.name));
    let Some(last) = told.next_back().filter(|cookie| cookie.is_deletion()) else {
        return Vec::new();
    };
    if view.case.client != Client::Browser || !near(view, last.setter) {
        return Vec::new();
    }
    let by = named(last.setter);
    let name = &last.set.name;
    let (cause, weight) = match is_sign_out(last.setter) {
        true => (Cause::SessionRevoked, Weight::Strong),
        false => (Cause::SessionExpired, Weight::Fair),
    };
    let evidence = format!("{by} deleted the cookie `{name}`, so this request carries no session");
    let mut found = vec![Finding::new(cause, weight, evidence).with_fix(again())];
    if weight == Weight::Strong {
        found.push(Finding::new(
            Cause::CredentialsMissing,
            Weight::Excludes,
            "there was a session until it was signed out",
        ));
    }
    found
}

fn near(view: &View<'_>, other: &Exchange) -> bool {
    crate::cookie::is_same_site(&other.request.url, &view.request.url)
}

/// A value goes out although a later answer set another one or deleted it.
fn replaced(view: &View<'_>, laid: &[Laid<'_>], sent: &[(String, String)]) -> Option<Finding> {
    sent.iter().find_map(|(name, value)| {
        let own: Vec<&Laid<'_>> = laid
            .iter()
            .filter(|cookie| cookie.set.name == *name)
            .collect();
        let newest = own.last().filter(|newest| newest.set.value != *value)?;
        let is_twice = view
            .cookies()
            .iter()
            .filter(|(other, _)| other == name)
            .count()
            > 1;
        let had = own.iter().any(|cookie| cookie.set.value == *value);
        let carried_before = view.done_before().any(|other| {
            cookies_of(&other.request)
                .iter()
                .any(|pair| pair.1 == *value)
        });
        if is_twice || !(had || carried_before) || !near(view, newest.setter) {
            return None;
        }
        let by = named(newest.setter);
        let evidence = match newest.is_deletion() {
            true => format!(
                "{by} deleted the cookie `{name}`, and this request still sends its old value"
            ),
            false => format!(
                "{by} set `{name}` anew, and this request still sends the value from before"
            ),
        };
        Some(Finding::new(Cause::SessionRevoked, Weight::Strong, evidence).with_fix(again()))
    })
}

fn is_sign_out(exchange: &Exchange) -> bool {
    let path = exchange.request.url.path().to_ascii_lowercase();
    let words = [
        "logout", "signout", "sign-out", "sign_out", "log-out", "logoff", "revoke",
    ];
    words.iter().any(|word| path.contains(word))
}

fn changes_password(exchange: &Exchange) -> bool {
    let path = exchange.request.url.path().to_ascii_lowercase();
    path.contains("password")
        && !matches!(exchange.request.method.as_str(), "GET" | "HEAD" | "OPTIONS")
}

/// The same cookie was sent to a sign-out, or while the password was changed.
fn signed_out(view: &View<'_>, sent: &[(String, String)]) -> Option<Finding> {
    let ended = view.done_before().rev().find(|other| {
        let ends = is_sign_out(other) || changes_password(other);
        ends && status(other) < 400 && status(other) > 0 && carries(other, sent)
    })?;
    let evidence = format!(
        "{} ended the session whose cookie this request still sends",
        named(ended)
    );
    Some(Finding::new(Cause::SessionRevoked, Weight::Strong, evidence).with_fix(again()))
}

fn carries(other: &Exchange, sent: &[(String, String)]) -> bool {
    let theirs = cookies_of(&other.request);
    sent.iter().any(|pair| theirs.contains(pair))
}

/// The same cookie was let through before, and perhaps after.
fn let_through(view: &View<'_>, sent: &[(String, String)]) -> Vec<Finding> {
    let origin = view.request.origin();
    let accepted = |other: &&Exchange| {
        let answer = other.answer.as_ref();
        other.request.origin() == origin
            && answer.is_some_and(|answer| (200..400).contains(&answer.status))
            && !answer.is_some_and(|answer| is_sent_to_sign_in(&other.request, answer))
            && carries(other, sent)
    };
    let same = |other: &&Exchange| {
        other.request.url == view.request.url && other.request.method == view.request.method
    };
    let again_later = view.case.after.iter().filter(accepted).find(same);
    if let Some(later) = again_later {
        let evidence = format!(
            "{} asks the same with the same cookie after this refusal and is let through",
            named(later)
        );
        return vec![
            Finding::new(Cause::SessionNotShared, Weight::Strong, evidence),
            Finding::new(
                Cause::SessionExpired,
                Weight::Against,
                "the session still lives",
            ),
            Finding::new(
                Cause::SessionUnknown,
                Weight::Against,
                "the session still lives",
            ),
        ];
    }
    let Some(before) = view.case.before.iter().rev().find(accepted) else {
        return Vec::new();
    };
    let gap = before
        .recorded
        .started_unix_ms
        .map(|start| view.at_unix_ms.saturating_sub(start) / 1000);
    let waited = gap.filter(|secs| *secs >= IDLE_SECS);
    let (weight, after) = match (waited, same(&before)) {
        (Some(secs), _) => (Weight::Strong, format!("{} minutes later", secs / 60)),
        (None, true) => (Weight::Fair, "the same a moment later".to_owned()),
        (None, false) => (Weight::Slight, "this a moment later".to_owned()),
    };
    let evidence = format!(
        "{} was let through with the same session cookie, and {after} it is refused",
        named(before)
    );
    vec![Finding::new(Cause::SessionExpired, weight, evidence).with_fix(again())]
}

/// The refusal begins another session: the server knew none by the cookie that was sent. Right after requests that the
/// server failed to answer, it has forgotten what it had in its memory.
fn begun_anew(view: &View<'_>, sent: &[(String, String)]) -> Vec<Finding> {
    let mut found = Vec::new();
    let origin = view.request.origin();
    let last = view
        .done_before()
        .rev()
        .find(|other| other.request.origin() == origin);
    if let Some(last) = last.filter(|last| matches!(status(last), 500..=599)) {
        let evidence = format!(
            "{} was answered {}: what the server had in its memory may be gone since",
            named(last),
            status(last)
        );
        found.push(Finding::new(Cause::SessionUnknown, Weight::Fair, evidence));
    }
    let lines = view
        .answer
        .into_iter()
        .flat_map(|answer| answer.fields.all("set-cookie"));
    let anew = lines
        .filter_map(SetCookie::parse)
        .filter(|cookie| !cookie.value.is_empty() && !cookie.deletes(view.at_unix_secs()))
        .find(|cookie| {
            let same =
                |(name, value): &&(String, String)| *name == cookie.name && *value != cookie.value;
            sent.iter().any(|pair| same(&pair))
        });
    if let Some(cookie) = anew {
        let evidence = format!(
            "the refusal sets `{}` anew: the server knows no session by the value that was sent",
            cookie.name
        );
        found.push(Finding::new(
            Cause::SessionUnknown,
            Weight::Fair,
            evidence.clone(),
        ));
        found.push(Finding::new(
            Cause::SessionExpired,
            Weight::Slight,
            evidence,
        ));
    }
    found
}

/// The refusal itself deletes the cookie: the server knows no such session any more.
fn deleted_by_refusal(view: &View<'_>) -> Vec<Finding> {
    let answer = view.answer;
    let gone = answer.and_then(|answer| deletes_session(answer, view.at_unix_secs()));
    let Some(name) = gone else {
        return Vec::new();
    };
    let evidence = format!(
        "the refusal deletes the cookie `{name}`: the server does not take its session any more"
    );
    vec![
        Finding::new(Cause::SessionExpired, Weight::Fair, evidence.clone()).with_fix(again()),
        Finding::new(Cause::SessionUnknown, Weight::Slight, evidence),
    ]
}

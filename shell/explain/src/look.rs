//! The request by itself: what is wrong with it before anything is sent.
//!
//! Knows: the case and the time. Does not send anything, so it proves only what HTTP cannot carry, and what nobody could
//! take for a credential; an inquiry sends the mended request and proves the rest.

mod authorization;
mod basic;
mod carriers;
mod jwt;
pub(crate) mod keys;
mod place;
mod secret;
mod signed;
mod url;
pub(crate) mod value;
pub(crate) mod vendor;

use countersign_cause::Cause;

use crate::case::Case;
use crate::command::curl;
use crate::finding::{Finding, Fix, Weight};
use crate::mended;

/// Everything that the request by itself shows.
#[must_use]
pub(crate) fn at(case: &Case, now_unix_secs: i64) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some(token) = &case.token {
        found.extend(value::of_token_alone(token.expose()));
    }
    if let Some(request) = &case.request {
        found.extend(authorization::look(request));
        found.extend(basic::look(case, request));
        found.extend(value::look(request));
        found.extend(secret::look(request));
        found.extend(jwt::look(request));
        found.extend(vendor::look(case, request));
        found.extend(carriers::look(case, request));
        found.extend(url::look(case, request));
        found.extend(signed::look(case, request, now_unix_secs));
    }
    found.extend(run_out(case, now_unix_secs));
    with_fixes(case, each_cause_once(found))
}

/// Cookies of a file that are over: curl leaves them in the file and does not send them.
fn run_out(case: &Case, now_unix_secs: i64) -> Option<Finding> {
    let is_over = |(_, ends): &&(String, i64)| *ends <= now_unix_secs;
    let (name, ends) = case.cookie_ends.iter().find(is_over)?;
    let since = jiff::Timestamp::from_second(*ends).ok()?;
    let evidence = format!(
        "the cookie `{name}` of the file given with `-b` ran out at {since}: curl does not send it any more"
    );
    let fix = Fix::new(
        Cause::SessionExpired.entry().who,
        "sign in again and write the cookie file anew (`-c FILE` at the sign-in)",
    );
    Some(Finding::new(Cause::SessionExpired, Weight::Strong, evidence).with_fix(fix))
}

/// What is seen of one fault in several ways is one observation: the weightiest counts, the others only illustrate it.
fn each_cause_once(found: Vec<Finding>) -> Vec<Finding> {
    let mut kept: Vec<Finding> = Vec::new();
    for finding in found {
        let same = kept
            .iter_mut()
            .find(|other| other.cause == finding.cause && other.weight > Weight::Against);
        match same {
            Some(other) if finding.weight > other.weight => {
                let lighter = std::mem::replace(other, finding);
                other.fix = other.fix.take().or(lighter.fix);
            }
            Some(_) if finding.weight > Weight::Against => {}
            Some(_) | None => kept.push(finding),
        }
    }
    kept
}

/// The mended request as a command, for the causes that a mended credential shows.
fn with_fixes(case: &Case, found: Vec<Finding>) -> Vec<Finding> {
    let variants = mended::variants(case);
    found
        .into_iter()
        .map(|finding| {
            if finding.fix.is_some() || finding.weight <= Weight::Against {
                return finding;
            }
            let who = finding.cause.entry().who;
            if let Some(variant) = variants.iter().find(|v| v.cause == finding.cause) {
                let fix = Fix::new(who, variant.fix_text.clone());
                return finding.with_fix(fix.with_command(variant.command(case)));
            }
            match (&case.request, finding.cause) {
                (Some(request), Cause::CredentialsPlaceholder) => {
                    let fix = Fix::new(who, finding.cause.entry().fix);
                    finding.with_fix(fix.with_command(curl(case, request)))
                }
                _ => finding,
            }
        })
        .collect()
}

#[cfg(test)]
pub(crate) mod tests;

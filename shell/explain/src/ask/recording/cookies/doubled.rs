//! Two cookies of one name in one request.
//!
//! Knows: which of them is the newer, where the recording shows it. Does not know which the server reads.

use countersign_cause::{Cause, Who};

use crate::finding::{Finding, Fix, Weight};

use super::super::view::View;
use super::history::{Laid, is_session_name};

pub(super) fn look(view: &View<'_>, laid: &[Laid<'_>]) -> Vec<Finding> {
    let sent = view.cookies();
    let mut found: Vec<Finding> = Vec::new();
    for (index, (name, first)) in sent.iter().enumerate() {
        let later = sent.get(index + 1..).unwrap_or_default();
        let earlier = sent.get(..index).unwrap_or_default();
        let second = later
            .iter()
            .find(|(other, value)| other == name && value != first);
        let Some((_, second)) = second else {
            continue;
        };
        if name.is_empty() || earlier.iter().any(|(other, _)| other == name) {
            continue;
        }
        let newest = laid.iter().rev().find(|cookie| cookie.set.name == *name);
        let newest = newest.map(|cookie| cookie.set.value.as_str());
        let (weight, which) = if newest == Some(second) {
            (
                Weight::Strong,
                "; the first is the stale one, and the last sign-in set the second",
            )
        } else if newest == Some(first) {
            (Weight::Fair, "; the last sign-in set the first")
        } else {
            (Weight::Fair, "")
        };
        let weight = match is_session_name(name) {
            true => weight,
            false => Weight::Slight,
        };
        let evidence =
            format!("the request carries two cookies `{name}` with different values{which}");
        found.push(Finding::new(Cause::CookieDuplicated, weight, evidence).with_fix(fix(name)));
    }
    found
}

fn fix(name: &str) -> Fix {
    Fix::new(
        Who::Server,
        format!(
            "Delete the old `{name}` with exactly the `Path` and `Domain` that it was set with (`Set-Cookie: {name}=; Max-Age=0; Path=...; Domain=...`), and set one only, best as `__Host-{name}` with `Secure; Path=/`. Until then, clear the site's cookies in the browser."
        ),
    )
}

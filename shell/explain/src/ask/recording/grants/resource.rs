//! The `resource` that a token is asked for, against the one that the resource publishes of itself.
//!
//! Knows: RFC 8707 and RFC 9728. Does not fetch the document.

use countersign_cause::{Cause, Who};
use countersign_wire::metadata::{ProtectedResource, WELL_KNOWN};

use crate::case::Exchange;
use crate::exchange::{named, token_parameters};
use crate::finding::{Finding, Fix, Weight};

use super::super::view::View;
use super::Grant;

pub(super) fn look(view: &View<'_>, grant: &Grant<'_>) -> Option<Finding> {
    let asked = grant.parameter("resource")?;
    let weight = match grant.is("invalid_target") {
        true => Weight::Proof,
        false => Weight::Strong,
    };
    compare(asked, weight, view.others())
}

/// The same of a token that was granted, and that the resource refuses.
pub(super) fn of_granted(view: &View<'_>, by: &Exchange) -> Option<Finding> {
    let (_, parameters) = token_parameters(&by.request)?;
    let (_, asked) = parameters.iter().find(|(name, _)| name == "resource")?;
    let origin = view.request.origin();
    let own = view
        .others()
        .filter(|other| other.request.origin() == origin);
    compare(asked, Weight::Strong, own)
}

fn compare<'c>(
    asked: &str,
    weight: Weight,
    mut others: impl Iterator<Item = &'c Exchange>,
) -> Option<Finding> {
    let (by, published) = others.find_map(|other| {
        let answer = other.answer.as_ref().filter(|answer| answer.is_success())?;
        let is_document = other.request.url.path().starts_with(WELL_KNOWN);
        let document: ProtectedResource = serde_json::from_slice(&answer.body).ok()?;
        is_document.then_some((other, document.resource))
    })?;
    // RFC 9728 section 6: compared by code points; a slash more is another resource.
    if published == asked {
        return None;
    }
    let slash = published.trim_end_matches('/') == asked.trim_end_matches('/');
    let differ = if slash {
        ", which differs in the slash at the end"
    } else {
        ""
    };
    let evidence = format!(
        "the token is asked for the resource {asked}, and {} names itself {published}{differ}",
        named(by)
    );
    let fix = Fix::new(
        Who::Client,
        format!("Send `resource={published}` in the authorization and in the token request."),
    );
    Some(Finding::new(Cause::ResourceIndicatorMismatch, weight, evidence).with_fix(fix))
}

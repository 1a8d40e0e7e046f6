//! The `resource` that a token is asked for, against the one that the resource publishes of itself.
//!
//! Knows: RFC 8707 and RFC 9728. Does not fetch the document.

use countersign_cause::{Cause, Who};
use countersign_wire::metadata::{ProtectedResource, WELL_KNOWN};

use crate::exchange::named;
use crate::finding::{Finding, Fix, Weight};

use super::super::view::View;
use super::Grant;

pub(super) fn look(view: &View<'_>, grant: &Grant<'_>) -> Option<Finding> {
    let asked = grant.parameter("resource")?;
    let (by, published) = view.others().find_map(|other| {
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
    let weight = match grant.is("invalid_target") {
        true => Weight::Proof,
        false => Weight::Strong,
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

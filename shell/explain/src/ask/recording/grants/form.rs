//! Whether the parameters stand where RFC 6749 wants them: in a form body.
//!
//! Knows: the four places in which clients put them. Does not know what they say.

use countersign_cause::{Cause, Who};

use crate::case::Case;
use crate::command;
use crate::exchange::Written;
use crate::finding::{Finding, Fix, Weight};
use crate::message::Request;

use super::Grant;

pub(super) fn look(grant: &Grant<'_>) -> Vec<Finding> {
    let place = match grant.written {
        Written::Form => return Vec::new(),
        Written::Json => "as JSON",
        Written::Query => "in the query, with no form in the body",
        Written::Untyped => "as a form, but with another `Content-Type` than that of a form",
    };
    // RFC 6749 section 4.1.3: "application/x-www-form-urlencoded" in the body.
    let evidence =
        format!("the parameters of the token request are sent {place}, where a form body is due");
    let weight = if has_read(grant) {
        Weight::Against
    } else if grant.says(&["grant_type", "content-type", "content type", "form"])
        || grant.answer.is_some_and(|answer| answer.status == 415)
    {
        Weight::Proof
    } else if is_answered_otherwise(grant) {
        // A login of the service's own, which speaks another language than OAuth.
        Weight::Slight
    } else {
        Weight::Strong
    };
    let fix = Fix::new(
        Who::Client,
        "Send the parameters as `application/x-www-form-urlencoded` in the body: `body: new URLSearchParams({...})` for fetch, `data=` for requests, `--data-urlencode` for curl.",
    )
    .with_command(command::curl(&Case::default(), &as_form(grant)));
    vec![Finding::new(Cause::GrantNotFormEncoded, weight, evidence).with_fix(fix)]
}

/// Whether the server judges more than whether there are parameters: it has read them.
fn has_read(grant: &Grant<'_>) -> bool {
    // RFC 6749 section 5.2: these are what a server says that finds none.
    let finds_none = [
        "invalid_request",
        "unsupported_grant_type",
        "invalid_client",
        "unauthorized_client",
        "unsupported_media_type",
    ];
    let is_code = |error: &str| error.contains('_') && !finds_none.contains(&error);
    grant.error.as_deref().is_some_and(is_code)
}

/// RFC 6749 section 5.2: a token endpoint refuses with `error`.
fn is_answered_otherwise(grant: &Grant<'_>) -> bool {
    grant.error.is_none() && grant.answer.is_some_and(|answer| !answer.body.is_empty())
}

/// The same request with its parameters in a form.
fn as_form(grant: &Grant<'_>) -> Request {
    let mut right = grant.request.clone();
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(grant.parameters.iter());
    right.body = Some(form.finish().into_bytes());
    right
        .fields
        .set("Content-Type", "application/x-www-form-urlencoded");
    if grant.written == Written::Query {
        right.url.set_query(None);
    }
    right
}

//! The gateway's own refusals: a problem document that names its cause.
//!
//! Knows: the members that our documents have. Does not know how the gateway came to its refusal.

use countersign_cause::Cause;
use countersign_wire::problem;

use crate::case::Case;
use crate::finding::{Finding, Fix, Weight};
use crate::message::Answer;
use crate::words::conditions::Asked;
use crate::words::quote;

/// What a server may say about the mending is at most so long.
const FIX_CHARS_MAX: usize = 800;

/// The cause that a document names, where it is one of the catalogue's.
pub(super) fn own(case: &Case, asked: &Asked<'_>, answer: &Answer) -> Option<Finding> {
    let told = problem::parse(&answer.body).ok()?;
    let cause = Cause::from_id(told.extension("cause")?)?;
    let said = told
        .detail
        .as_deref()
        .map(|detail| quote::of(case, asked, detail));
    let evidence = format!(
        "the answer is a problem document that names the cause `{cause}`{}",
        said.unwrap_or_default()
    );
    let fix = told.extension("fix").filter(|text| is_tellable(text));
    let mut text = fix.unwrap_or(cause.entry().fix).to_owned();
    if let Some(id) = told.extension("request_id").filter(|id| is_tellable(id)) {
        text.push_str(&format!(
            " Whoever runs the gateway finds the request in the log under `{id}`."
        ));
    }
    // A cause that stands for others leaves open which of them it is.
    let hides = |other: &Cause| *other != cause && other.told_as() == cause;
    let weight = match Cause::ALL.iter().any(hides) {
        true => Weight::Strong,
        false => Weight::Proof,
    };
    let fix = Fix::new(cause.entry().who, text);
    Some(Finding::new(cause, weight, evidence).with_fix(fix))
}

fn is_tellable(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= FIX_CHARS_MAX && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use countersign_cause::Cause;

    use super::own;
    use crate::case::Case;
    use crate::finding::{Finding, Weight};
    use crate::message::Answer;
    use crate::words::conditions::Asked;

    fn read(body: &str) -> Option<Finding> {
        let mut answer = Answer::new(401);
        answer.body = body.as_bytes().to_vec();
        let case = Case::default();
        own(&case, &Asked::of(&case), &answer)
    }

    #[test]
    fn a_named_cause_is_taken_at_its_word_with_its_fix() {
        let found = read(
            r#"{"title":"x","status":401,"detail":"The token ran out.","cause":"token-expired","fix":"Get a new one.","request_id":"r-1"}"#,
        )
        .unwrap();
        assert_eq!(
            (found.cause, found.weight),
            (Cause::TokenExpired, Weight::Proof)
        );
        assert!(found.evidence.contains("The token ran out."));
        let text = found.fix.unwrap().text;
        assert!(
            text.starts_with("Get a new one.") && text.contains("r-1"),
            "{text}"
        );
    }

    #[test]
    fn a_cause_that_hides_others_proves_none_of_them() {
        let found = read(r#"{"cause":"credentials-rejected"}"#).unwrap();
        assert_eq!(found.weight, Weight::Strong);
    }

    #[test]
    fn other_documents_name_no_cause() {
        assert!(read(r#"{"cause":"bad luck"}"#).is_none());
        assert!(read(r#"{"title":"Unauthorized"}"#).is_none());
        assert!(read("token-expired").is_none());
    }
}

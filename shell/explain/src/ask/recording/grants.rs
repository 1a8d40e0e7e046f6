//! Requests to a token endpoint: by themselves, and against the sign-in of the recording.
//!
//! Knows: RFC 6749 and RFC 7636 as far as they show in the messages. Does not know which client is registered how.

mod client;
mod code;
mod form;
mod home_made;
mod methods;
mod pkce;
mod refresh;
mod refusal;
mod resource;

use crate::case::Exchange;
use crate::exchange::{Written, token_error, token_parameters};
use crate::finding::Finding;
use crate::message::{Answer, Request};

use super::view::View;

/// A token request that is refused.
struct Grant<'r> {
    request: &'r Request,
    answer: Option<&'r Answer>,
    written: Written,
    parameters: Vec<(String, String)>,
    /// `error`, where the answer has one.
    error: Option<String>,
    /// `error_description` in lower case.
    described: String,
}

impl<'r> Grant<'r> {
    fn of(request: &'r Request, answer: Option<&'r Answer>) -> Option<Grant<'r>> {
        let (written, parameters) = token_parameters(request)?;
        if answer.is_some_and(|answer| answer.status < 400) {
            return None;
        }
        let (error, described) = answer.and_then(token_error).unzip();
        Some(Grant {
            request,
            answer,
            written,
            parameters,
            error,
            described: described.unwrap_or_default().to_lowercase(),
        })
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        parameter(&self.parameters, name)
    }

    fn is(&self, error: &str) -> bool {
        self.error.as_deref() == Some(error)
    }

    fn says(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.described.contains(word))
    }
}

fn parameter<'p>(parameters: &'p [(String, String)], wanted: &str) -> Option<&'p str> {
    let found = parameters.iter().find(|(name, _)| name == wanted);
    found.map(|(_, value)| value.as_str())
}

/// What one request to a token or authorization endpoint shows by itself.
pub(super) fn of_request(
    request: &Request,
    answer: Option<&Answer>,
    at_unix_secs: i64,
) -> Vec<Finding> {
    let Some(grant) = Grant::of(request, answer) else {
        let mut found = pkce::of_authorization(request, answer);
        found.extend(home_made::look(request, answer, at_unix_secs));
        return found;
    };
    let mut found = form::look(&grant);
    found.extend(client::look(&grant));
    found.extend(pkce::look(&grant));
    found.extend(refusal::look(&grant));
    found
}

/// What the request for a token shows that was granted, and that the resource refuses.
pub(super) fn of_granted(view: &View<'_>, by: &Exchange) -> Option<Finding> {
    resource::of_granted(view, by)
}

/// What the recording says of it.
pub(super) fn look(view: &View<'_>) -> Vec<Finding> {
    let Some(grant) = Grant::of(view.request, view.answer) else {
        return refresh::aftermath(view).into_iter().collect();
    };
    let mut found = code::look(view, &grant);
    found.extend(refresh::look(view, &grant));
    found.extend(resource::look(view, &grant));
    found.extend(methods::look(view, &grant));
    found
}

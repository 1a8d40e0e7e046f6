//! How the client of a token request says who it is.
//!
//! Knows: RFC 6749 section 2.3. Does not know with which method the client is registered.

use countersign_cause::{Cause, Who};
use countersign_wire::basic;

use crate::credential::credentials_of;
use crate::finding::{Finding, Fix, Weight};

use super::Grant;

pub(super) fn look(grant: &Grant<'_>) -> Vec<Finding> {
    let credentials = credentials_of(grant.request);
    let header = credentials.iter().find(|one| one.is("basic"));
    let header = header.and_then(|one| basic::server::parse(one.secret.expose()).ok());
    let mut found = Vec::new();
    if let (Some(header), Some(_)) = (&header, grant.parameter("client_secret")) {
        found.push(twice(header.user()));
        return found;
    }
    if !grant.is("invalid_client") && !is_bare_refusal(grant) {
        return found;
    }
    let in_body = grant.parameter("client_secret");
    let words = match &header {
        Some(header) => of_header(header.user(), header.password()),
        None => in_body.and_then(of_body).unwrap_or_default(),
    };
    found.extend(words);
    found
}

/// A refusal that says nothing of its reason.
fn is_bare_refusal(grant: &Grant<'_>) -> bool {
    grant.error.is_none() && grant.answer.is_some_and(|answer| answer.status == 401)
}

/// RFC 6749 section 2.3: not more than one authentication method in each request.
fn twice(user: &str) -> Finding {
    let evidence = format!(
        "the client `{user}` authenticates twice: in `Authorization: Basic` and with `client_secret` in the body"
    );
    let fix = Fix::new(
        Who::Client,
        "Send the client's secret once: either as Basic, or in the body, whichever the client is registered with.",
    );
    Finding::new(Cause::ClientAuthenticationMethod, Weight::Strong, evidence).with_fix(fix)
}

/// RFC 6749 section 2.3.1: identifier and secret are form-encoded before they become Basic credentials.
fn of_header(user: &str, password: &str) -> Vec<Finding> {
    let parts = [user, password];
    if parts.iter().any(|part| has_escape(part)) {
        let evidence = "the client's Basic credentials hold percent-escapes: they were form-encoded first, as RFC 6749 wants, and not every server undoes that";
        let fix = Fix::new(
            Who::Client,
            "Try the client's secret in the body (`client_secret_post`), where the encoding is not in doubt; or send Basic with the identifier and secret as they are.",
        );
        return encoding(Weight::Strong, evidence, fix);
    }
    if parts.iter().any(|part| !part.bytes().all(is_plain)) {
        let evidence = "the client's Basic credentials hold characters that RFC 6749 wants form-encoded before the base64, and they are sent as they are";
        let fix = Fix::new(
            Who::Client,
            "Form-encode identifier and secret each, join them with a colon, and make that base64: `base64(urlencode(id) + \":\" + urlencode(secret))`. Or use `client_secret_post`.",
        );
        return encoding(Weight::Strong, evidence, fix);
    }
    vec![Finding::new(
        Cause::ClientSecretEncoding,
        Weight::Excludes,
        "identifier and secret are the same with and without form-encoding",
    )]
}

/// A `+` that was not escaped arrives as a space, which secrets do not have.
fn of_body(secret: &str) -> Option<Vec<Finding>> {
    let evidence = "the `client_secret` arrives with a space in it: a `+` in a form stands for one and has to be written `%2B`";
    let fix = Fix::new(
        Who::Client,
        "Let the client encode the form: `--data-urlencode` for curl, `URLSearchParams` for fetch.",
    );
    secret.contains(' ').then(|| {
        let mut found = encoding(Weight::Strong, evidence, fix);
        for other in [
            Cause::ClientAuthenticationFailed,
            Cause::CredentialWhitespace,
        ] {
            found.push(Finding::new(other, Weight::Against, ""));
        }
        found
    })
}

fn encoding(weight: Weight, evidence: &str, fix: Fix) -> Vec<Finding> {
    vec![Finding::new(Cause::ClientSecretEncoding, weight, evidence).with_fix(fix)]
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._*".contains(&byte)
}

fn has_escape(text: &str) -> bool {
    text.as_bytes().windows(3).any(|part| match part {
        [b'%', high, low] => high.is_ascii_hexdigit() && low.is_ascii_hexdigit(),
        _ => false,
    })
}

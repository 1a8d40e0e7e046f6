//! Whether two answers say the same: status, challenge, words and who speaks, without what changes every time.
//!
//! Knows: what of an answer is by chance. Does not know what an answer means.

mod body;
mod volatile;

use std::borrow::Cow;

use countersign_wire::basic;

use crate::credential::{Credential, credentials_of};
use crate::likeness::volatile::settled;
use crate::message::{Answer, Request};

/// In what two answers differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Difference {
    /// The status.
    Status,
    /// Where they lead.
    Location,
    /// The challenges, their nonces apart.
    Challenge,
    /// A field in which servers say what is wrong: `X-Error`, `x-amzn-errortype`.
    Reason,
    /// Who answered.
    Server,
    /// The kind of document.
    ContentType,
    /// The words.
    Body,
    /// How long the document is that was not sent, as for HEAD.
    Length,
}

/// Whether two answers say the same.
#[must_use]
pub(crate) fn alike(a: &Answer, b: &Answer) -> bool {
    differences(a, b).is_empty()
}

/// Whether two answers say the same apart from what each repeats of its own request's credentials.
#[must_use]
pub(crate) fn alike_beside_echo(a: (&Answer, &Request), b: (&Answer, &Request)) -> bool {
    differences(&without_echo(a.0, a.1), &without_echo(b.0, b.1)).is_empty()
}

/// In what two answers differ, the more telling first.
#[must_use]
pub(crate) fn differences(a: &Answer, b: &Answer) -> Vec<Difference> {
    let field = |answer: &Answer, name: &str| answer.fields.text(name).map(|text| settled(&text));
    let differs = [
        (Difference::Status, a.status != b.status),
        (
            Difference::Location,
            field(a, "location") != field(b, "location"),
        ),
        (Difference::Challenge, challenges(a) != challenges(b)),
        (Difference::Reason, reasons(a) != reasons(b)),
        (Difference::Server, field(a, "server") != field(b, "server")),
        (Difference::ContentType, kind(a) != kind(b)),
        (Difference::Body, !body::alike(a, b)),
        (Difference::Length, length_unsent(a) != length_unsent(b)),
    ];
    let mut found = Vec::new();
    for (difference, is_there) in differs {
        if is_there {
            found.push(difference);
        }
    }
    found
}

/// The challenges, as they would be each time.
fn challenges(answer: &Answer) -> Vec<String> {
    let parsed = answer.challenges();
    if parsed.challenges.is_empty() {
        let lines = answer.fields.all("www-authenticate");
        return lines
            .map(|line| settled(&String::from_utf8_lossy(line)))
            .collect();
    }
    let mut told: Vec<String> = parsed
        .challenges
        .iter()
        .map(|challenge| {
            let mut params: Vec<String> = challenge
                .params()
                .filter(|(name, _)| !is_made_anew(name))
                .map(|(name, value)| format!("{}={}", name.to_ascii_lowercase(), settled(value)))
                .collect();
            params.sort();
            // What NTLM and Negotiate answer in the middle of a handshake differs each time; that they do so counts.
            let in_handshake = challenge.token68().is_some();
            let word = challenge.scheme_word().to_ascii_lowercase();
            format!("{word} {in_handshake} {}", params.join(","))
        })
        .collect();
    told.sort();
    told
}

/// RFC 7616 section 3.3: a nonce is made anew for each challenge, and `opaque` may be.
fn is_made_anew(param: &str) -> bool {
    let made_anew = ["nonce", "opaque", "stale", "request_id", "ticket", "ts"];
    made_anew
        .iter()
        .any(|name| param.eq_ignore_ascii_case(name))
}

fn reasons(answer: &Answer) -> Vec<String> {
    let telling = |name: &str| {
        let name = name.to_ascii_lowercase();
        name.contains("error") || name.contains("reason") || name.contains("deny")
    };
    let mut told: Vec<String> = answer
        .fields
        .iter()
        .filter(|field| telling(&field.name))
        .map(|field| {
            let value = settled(&String::from_utf8_lossy(&field.value));
            format!("{}: {value}", field.name.to_ascii_lowercase())
        })
        .collect();
    told.sort();
    told
}

/// The media type without its parameters.
fn kind(answer: &Answer) -> Option<String> {
    let kind = answer.fields.text("content-type")?;
    let essence = kind.split(';').next().unwrap_or_default();
    Some(essence.trim().to_ascii_lowercase())
}

fn length_unsent(answer: &Answer) -> Option<String> {
    match answer.body.is_empty() {
        true => answer.fields.text("content-length").map(Cow::into_owned),
        false => None,
    }
}

/// The answer without what it repeats of the credentials that it was given.
fn without_echo(answer: &Answer, request: &Request) -> Answer {
    let mut plain = answer.clone();
    for credential in credentials_of(request) {
        for word in words_of(&credential) {
            plain.body = without(&plain.body, word.as_bytes());
        }
    }
    plain
}

/// What of a credential servers repeat: itself, and the user name.
fn words_of(credential: &Credential) -> Vec<String> {
    const WORD_BYTES_MIN: usize = 3;
    let secret = credential.secret.expose();
    let mut words = vec![String::from_utf8_lossy(secret).into_owned()];
    if let (true, Ok(basic)) = (credential.is("basic"), basic::server::parse(secret)) {
        words.push(basic.user().to_owned());
    }
    words.retain(|word| word.len() >= WORD_BYTES_MIN);
    words
}

fn without(text: &[u8], word: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, others)) = rest.split_first() {
        match rest.strip_prefix(word) {
            Some(after) => rest = after,
            None => {
                kept.push(*first);
                rest = others;
            }
        }
    }
    kept
}

#[cfg(test)]
mod tests;

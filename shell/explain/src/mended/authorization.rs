//! The value of `Authorization` with one fault mended.
//!
//! Knows: the scheme word and what may stand between it and the credential; the reader of `wire` says which scheme was
//! meant. Does not know Basic's inside; see `basic`.

use countersign_cause::Cause;
use countersign_wire::credentials::{self, Credentials, is_known_scheme, is_placeholder};
use countersign_wire::grammar::{is_token, is_token68};
use countersign_wire::{Accepted, Reading, Scheme, api_key};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};

use super::blemish::{Nature, blemishes};
use super::undo::is_blank;
use super::{Mend, basic};
use crate::look::keys;

/// Scheme words whose letter case some servers insist on, in the case in which their documentation has them.
const WORDS: [&str; 10] = [
    "Bearer", "Basic", "Bot", "Token", "Digest", "DPoP", "ApiKey", "JWT", "SSWS", "GenieKey",
];

/// Every way to mend a value of `Authorization`; `host` says which credentials are at home.
pub(super) fn mends(value: &[u8], host: &str) -> Vec<Mend> {
    let mut found = around(value);
    if !found.is_empty() {
        return found;
    }
    let Some(parts) = split(value) else {
        found.extend(worded(value, host));
        return found;
    };
    if !parts.neat {
        found.push(sure(
            Cause::CredentialWhitespace,
            "with a single space after the scheme word",
            "Write exactly one space between the scheme word and the credential.",
            None,
            join(parts.word, parts.rest),
        ));
        return found;
    }
    if Scheme::of_one_text(parts.word) == Some(Scheme::Basic) {
        found.extend(basic::mends(parts.rest));
    }
    found.extend(word(&parts, value, host));
    if !takes_parameters(&parts) {
        found.extend(inside(&parts));
    }
    found
}

/// What is wrong before the scheme word is even found.
fn around(value: &[u8]) -> Vec<Mend> {
    let named = value
        .split_at_checked("authorization:".len())
        .filter(|(name, _)| name.eq_ignore_ascii_case(b"authorization:"));
    if let Some((_, rest)) = named {
        return vec![sure(
            Cause::SchemeWordWrong,
            "without the name of the field in its value",
            "The value of `Authorization` begins with the scheme word: take the field's own name out of it.",
            Some("sed 's/^[Aa]uthorization: *//; s/^[Bb]earer *//'"),
            rest.trim_ascii_start().to_vec(),
        )];
    }
    let quoted = String::from_utf8_lossy(value).starts_with(is_opening);
    let wrapped = split(value).is_some_and(|parts| {
        Scheme::of_one_text(parts.word) == Some(Scheme::Basic)
            && parts.rest.trim_ascii().contains(&b'\n')
    });
    let seen = blemishes(value, Nature::Token).into_iter().find(|seen| {
        // Blanks inside are looked at where the scheme word is known.
        let keeps_space = seen.mended.contains(&b' ') || !value.contains(&b' ');
        let cause = seen.blemish.cause;
        cause == Cause::CredentialWhitespace && keeps_space
            || cause == Cause::CredentialQuoted && quoted
    });
    seen.into_iter()
        .map(|seen| match wrapped {
            true => sure(
                Cause::BasicBase64,
                "with the base64 in one line",
                "Encode without line wrapping: `base64 -w0`, `openssl base64 -A`, `Base64.NO_WRAP`.",
                seen.blemish.filter,
                seen.mended,
            ),
            false => sure(
                seen.blemish.cause,
                seen.blemish.what,
                seen.blemish.fix,
                seen.blemish.filter,
                seen.mended,
            ),
        })
        .collect()
}

fn is_opening(letter: char) -> bool {
    matches!(
        letter,
        '"' | '\'' | '`' | '<' | '{' | '[' | '(' | '\\' | '\u{ab}'
    ) || ('\u{2018}'..='\u{201e}').contains(&letter)
}

/// A scheme word and what follows it, however they are separated.
struct Parts<'v> {
    word: &'v [u8],
    rest: &'v [u8],
    /// Whether it is one space that separates them.
    neat: bool,
}

fn split(value: &[u8]) -> Option<Parts<'_>> {
    let value = value.trim_ascii_start();
    let text = String::from_utf8_lossy(value);
    let word_bytes = text.find(is_blank)?;
    let (word, after) = value.split_at_checked(word_bytes)?;
    if !is_token(word) {
        return None;
    }
    let blank_bytes = text
        .get(word_bytes..)?
        .chars()
        .take_while(|letter| is_blank(*letter))
        .map(char::len_utf8)
        .sum();
    let (blank, rest) = after.split_at_checked(blank_bytes)?;
    // A replacement character stands for a byte that is no UTF-8: the lengths would not be those of the value.
    (!rest.is_empty() && std::str::from_utf8(value).is_ok() || blank == b" ").then_some(Parts {
        word,
        rest,
        neat: blank == b" ",
    })
}

/// Schemes with parameters, and those of signatures: nothing in them is one credential.
fn takes_parameters(parts: &Parts<'_>) -> bool {
    Scheme::of_one_text(parts.word).is_none() && is_known_scheme(parts.word)
        || Scheme::of_one_text(parts.word) == Some(Scheme::Basic)
        || parts.rest.contains(&b',') && parts.rest.contains(&b'=')
}

/// Faults of the scheme word of a value that has one.
fn word(parts: &Parts<'_>, value: &[u8], host: &str) -> Vec<Mend> {
    let mut found = Vec::new();
    if let Some(inner) = doubled(parts.rest) {
        found.push(sure(
            Cause::SchemeWordWrong,
            "with the scheme word once",
            "Write the scheme word once: the client adds it, and the configured value has it already, or the other way round.",
            Some("sed 's/^[Bb]earer[: ]*//; s/^[Bb]asic[: ]*//; s/^[Aa]pi[Kk]ey[: ]*//'"),
            join(inner.0, inner.1),
        ));
        return found;
    }
    if let [b':' | b'=', rest @ ..] = parts.rest
        && Scheme::of_one_text(parts.word).is_some()
        && is_token68(rest.trim_ascii_start())
    {
        found.push(sure(
            Cause::SchemeWordWrong,
            "with one space and nothing else after the scheme word",
            "Write one space between the scheme word and the credential, and no colon.",
            None,
            join(parts.word, rest.trim_ascii_start()),
        ));
        return found;
    }
    if let Some(user_pass) = bearer_of_a_password(parts) {
        found.push(sure(
            Cause::SchemeWordWrong,
            "with the scheme word `Basic`",
            "What follows the word is base64 of a user name and a password: that is `Basic`.",
            None,
            join(b"Basic", user_pass),
        ));
    }
    found.extend(other_word(parts, value, host));
    if !parts.rest.is_empty() {
        found.extend(cased(parts));
    }
    found
}

/// The word and the credential of a rest that begins with a scheme word of its own.
fn doubled(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = rest
        .iter()
        .position(|byte| matches!(byte, b' ' | b':' | b'='))?;
    let (word, after) = rest.split_at_checked(end)?;
    let credential = after.trim_ascii_start();
    let credential = credential
        .strip_prefix(b":")
        .unwrap_or(credential)
        .trim_ascii_start();
    (Scheme::of_one_text(word).is_some() && !credential.is_empty()).then_some((word, credential))
}

/// `Bearer` and then base64 of `user:password`.
fn bearer_of_a_password<'v>(parts: &Parts<'v>) -> Option<&'v [u8]> {
    let bearer = Scheme::of_one_text(parts.word) == Some(Scheme::Bearer);
    (bearer && parts.rest.len() >= 8 && is_user_pass(parts.rest)).then_some(parts.rest)
}

/// Base64 of printable text with a colon in it.
pub(crate) fn is_user_pass(payload: &[u8]) -> bool {
    countersign_wire::basic::server::parse(payload).is_ok_and(|credentials| {
        let printable = |text: &str| {
            text.bytes()
                .all(|byte| byte.is_ascii_graphic() || byte == b' ')
        };
        credentials.user().len() > 1
            && printable(credentials.user())
            && printable(credentials.password())
    })
}

/// Another word than the one that is meant, or the credential of another scheme.
fn other_word(parts: &Parts<'_>, value: &[u8], host: &str) -> Option<Mend> {
    let (cause, scheme) = defect(value)?;
    let scheme = match (cause, scheme) {
        (Cause::SchemeWordWrong, Some(Scheme::Basic)) if !is_user_pass(parts.rest) => {
            Scheme::Bearer
        }
        (Cause::SchemeWordWrong, Some(scheme)) => scheme,
        _ => return None,
    };
    let new = match scheme {
        Scheme::ApiKey => "Bearer",
        Scheme::Basic
        | Scheme::Bearer
        | Scheme::Digest
        | Scheme::Dpop
        | Scheme::Session
        | Scheme::Certificate => scheme.word(),
    };
    let alone = basic::alone(parts.rest).filter(|_| parts.word.eq_ignore_ascii_case(b"basic"));
    let rest = alone.as_deref().unwrap_or(parts.rest);
    let accepted = |slot: &&keys::Slot| matches!(slot, keys::Slot::Authorization(Some(own)) if own.as_bytes().eq_ignore_ascii_case(parts.word));
    if keys::at(host).any(|service| service.slots(None).iter().any(accepted)) {
        return None;
    }
    // `Token`, `JWT` and `OAuth` are what some servers ask for.
    let usual = ["token", "jwt", "oauth", "key", "apikey", "api-key"];
    let sure = !usual
        .iter()
        .any(|word| parts.word.eq_ignore_ascii_case(word.as_bytes()));
    Some(Mend {
        cause: Cause::SchemeWordWrong,
        what: "with the usual scheme word",
        fix: format!("Write `Authorization: {new}` and one space before the credential."),
        filter: None,
        value: join(new.as_bytes(), rest),
        sure,
    })
}

/// The usual letter case of a word that is written in another.
fn cased(parts: &Parts<'_>) -> Option<Mend> {
    let usual = WORDS
        .iter()
        .find(|word| parts.word.eq_ignore_ascii_case(word.as_bytes()))?;
    (parts.word != usual.as_bytes()).then(|| Mend {
        cause: Cause::SchemeWordWrong,
        what: "with the scheme word in its usual letter case",
        fix: format!("Write the scheme word as `{usual}`: letter case does not matter to HTTP (RFC 9110 section 11.1), but to this server it does."),
        filter: None,
        value: join(usual.as_bytes(), parts.rest),
        sure: false,
    })
}

/// A value without a scheme word of its own.
fn worded(value: &[u8], host: &str) -> Vec<Mend> {
    if is_placeholder(value) || value.is_empty() {
        return Vec::new();
    }
    if let Some((word, rest)) = glued(value) {
        return vec![sure(
            Cause::SchemeWordWrong,
            "with one space and nothing else after the scheme word",
            "Write one space between the scheme word and the credential, and nothing else.",
            None,
            join(word, rest),
        )];
    }
    let in_clear = std::str::from_utf8(value)
        .ok()
        .and_then(|text| text.split_once(':'))
        .filter(|(user, password)| !user.is_empty() && !password.is_empty() && !user.contains('='))
        .and_then(|(user, password)| basic::encoded(user, password));
    let words: Vec<&str> = match keys::of_at(value, host) {
        Some(key) => keys::services_of(key)
            .flat_map(|service| service.slots(Some(key.kind)))
            .filter_map(|slot| match slot {
                keys::Slot::Authorization(Some(word)) if word != "Basic" => Some(word.as_str()),
                keys::Slot::Authorization(_)
                | keys::Slot::Field(_)
                | keys::Slot::Query(_)
                | keys::Slot::Form(_)
                | keys::Slot::Path => None,
            })
            .take(1)
            .collect(),
        None if is_user_pass(value) => vec!["Basic"],
        None => vec!["Bearer"],
    };
    if let Some(value) = in_clear {
        return vec![missing("Basic", value)];
    }
    if !is_token68(value) {
        return Vec::new();
    }
    words
        .into_iter()
        .map(|word| missing(word, join(word.as_bytes(), value)))
        .collect()
}

fn missing(word: &str, value: Vec<u8>) -> Mend {
    Mend {
        cause: Cause::SchemeMissing,
        what: "with a scheme word before the credential",
        fix: format!("Put `{word}` and one space before the credential."),
        filter: None,
        value,
        sure: true,
    }
}

/// `Bearer:abc`, `Bearer=abc`, `Bearer, abc`, `Bearer: abc`, `Bearereyj...`.
fn glued(value: &[u8]) -> Option<(&[u8], &[u8])> {
    Scheme::ALL.iter().find_map(|scheme| {
        let (word, rest) = value.split_at_checked(scheme.word().len())?;
        if Scheme::of_one_text(word) != Some(*scheme) {
            return None;
        }
        let punctuated = rest.first().is_some_and(|byte| b":=,;".contains(byte));
        let rest = match rest {
            [b':' | b'=' | b',' | b';', rest @ ..] => rest.trim_ascii_start(),
            rest => rest,
        };
        (is_token68(rest) && (punctuated || rest.len() >= 8)).then_some((word, rest))
    })
}

/// What the gateway's own reader says of one value.
fn defect(value: &[u8]) -> Option<(Cause, Option<Scheme>)> {
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, HeaderValue::from_bytes(value).ok()?);
    let accepted = Accepted {
        basic: true,
        bearer: true,
        // Digest is looked at where its challenge is known.
        digest: false,
        api_key: Some(api_key::Places {
            header: None,
            in_authorization: true,
        }),
        session: None,
        dpop: false,
        certificate: false,
    };
    match countersign_wire::read(&accepted, &headers, None) {
        Reading::Defective(defect) => Some((defect.cause, defect.scheme)),
        Reading::Nothing | Reading::One(_) => None,
    }
}

/// Faults of the credential after the word.
fn inside(parts: &Parts<'_>) -> Vec<Mend> {
    let mut found: Vec<Mend> = Vec::new();
    if parts.word.eq_ignore_ascii_case(b"apikey") {
        found.extend(basic::api_key(parts.rest).map(|(mend, rest)| Mend {
            value: join(parts.word, &rest),
            ..mend
        }));
    }
    if !found.is_empty() {
        return found;
    }
    let several_words = parts.rest.split(|byte| *byte == b' ').count() > 2;
    blemishes(parts.rest, Nature::Token)
        .into_iter()
        // A sentence after the word is no credential that was broken.
        .filter(|seen| seen.blemish.cause != Cause::CredentialWhitespace || !several_words)
        .map(|seen| Mend {
            cause: seen.blemish.cause,
            what: seen.blemish.what,
            fix: seen.blemish.fix.to_owned(),
            filter: seen.blemish.filter,
            value: join(parts.word, &seen.mended),
            sure: true,
        })
        .collect()
}

pub(super) fn join(word: &[u8], rest: &[u8]) -> Vec<u8> {
    [word, b" ", rest].concat()
}

pub(super) fn sure(
    cause: Cause,
    what: &'static str,
    fix: &str,
    filter: Option<&'static str>,
    value: Vec<u8>,
) -> Mend {
    Mend {
        cause,
        what,
        fix: fix.to_owned(),
        filter,
        value,
        sure: true,
    }
}

/// The scheme word and the credential of a well-formed value.
#[must_use]
pub(crate) fn parts(value: &[u8]) -> Option<Credentials<'_>> {
    credentials::parse(value).ok()
}

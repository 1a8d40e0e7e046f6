//! The value of `Authorization`, as the gateway's own reader reads it.
//!
//! Knows: what each defect of the reader weighs at a server that is not the gateway. Does not parse.

use countersign_cause::Cause;
use countersign_wire::basic::server::decode_leniently;
use countersign_wire::credentials::{is_known_scheme, is_unset, looks_like_jwt, parse};
use countersign_wire::{Accepted, Defect, Reading, Scheme, api_key};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};

use super::{keys, place};
use crate::credential::credentials_of;
use crate::finding::{Finding, Weight};
use crate::message::Request;

/// What is wrong with the value or values.
pub(super) fn look(request: &Request) -> Vec<Finding> {
    let lines: Vec<&[u8]> = request.fields.all("authorization").collect();
    let value = match lines.as_slice() {
        [] => return Vec::new(),
        [value] => *value,
        lines => return vec![several(lines)],
    };
    if value.iter().any(|byte| matches!(byte, b'\r' | b'\n')) {
        return vec![broken(value)];
    }
    let mut found = Vec::new();
    if let Some(defect) = defect(value)
        && let Some(weight) = weight(&defect, value, request)
    {
        let evidence = format!("In `Authorization`: {}.", defect.detail);
        found.push(Finding::new(defect.cause, weight, evidence));
    }
    found.extend(word(value));
    found
}

fn several(lines: &[&[u8]]) -> Finding {
    let words: Vec<String> = lines
        .iter()
        .filter_map(|line| parse(line).ok())
        .filter(|parts| is_known_scheme(parts.scheme_word))
        .map(|parts| format!("`{}`", String::from_utf8_lossy(parts.scheme_word)))
        .collect();
    let with = match words.is_empty() {
        true => String::new(),
        false => format!(" ({})", words.join(", ")),
    };
    Finding::new(
        Cause::HeaderDuplicated,
        Weight::Strong,
        format!(
            "The request has {} `Authorization` lines{with}, and only one is allowed.",
            lines.len()
        ),
    )
}

fn broken(value: &[u8]) -> Finding {
    let parts = parse(value).ok();
    let basic = parts.is_some_and(|parts| {
        Scheme::of_one_text(parts.scheme_word) == Some(Scheme::Basic)
            && parts.rest.trim_ascii().contains(&b'\n')
    });
    match basic {
        true => Finding::new(
            Cause::BasicBase64,
            Weight::Proof,
            "The base64 in `Authorization` is wrapped into lines, and no header field may hold a line break.",
        ),
        false => Finding::new(
            Cause::CredentialWhitespace,
            Weight::Proof,
            "The value of `Authorization` holds a line break, which no header field may (RFC 9110 section 5.5).",
        ),
    }
}

/// What the reader says, with every scheme accepted.
pub(super) fn defect(value: &[u8]) -> Option<Defect> {
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
        Reading::Defective(defect) => Some(defect),
        Reading::Nothing | Reading::One(_) => None,
    }
}

/// How much a defect says of another server; `None` where it says nothing.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "whatever else the reader names is a fault of the form alone"
)]
fn weight(defect: &Defect, value: &[u8], request: &Request) -> Option<Weight> {
    let parts = parse(value).ok();
    let rest = parts.map_or(value, |parts| parts.rest);
    match defect.cause {
        Cause::CredentialsPlaceholder => placeholder(defect, rest, request),
        // Other schemes are no fault of the request.
        Cause::SchemeNotAccepted => None,
        Cause::SchemeMissing => {
            let host = place::host(request);
            let bare = |service: &keys::Service| {
                let slots = service.slots(None);
                slots.contains(&&keys::Slot::Authorization(None))
            };
            if keys::at(&host).any(bare) {
                return None;
            }
            let known = looks_like_jwt(value) || keys::of_at(value, &host).is_some();
            Some(if known { Weight::Strong } else { Weight::Fair })
        }
        Cause::SchemeWordWrong => {
            let word = parts.map_or(value, |parts| parts.scheme_word);
            Some(match usual_elsewhere(word) {
                true if looks_like_jwt(rest) => Weight::Fair,
                true => Weight::Slight,
                false => Weight::Strong,
            })
        }
        Cause::HeaderMalformed => {
            let ours = parts.is_some_and(|parts| Scheme::of_one_text(parts.scheme_word).is_some());
            // Servers that make tokens with a bar or a colon take them.
            let plain = |byte: &u8| byte.is_ascii_graphic() && !b"\"',;<>{}()[]\\".contains(byte);
            let is_token = !rest.is_empty() && rest.iter().all(plain);
            Some(if ours && !is_token {
                Weight::Fair
            } else {
                Weight::Slight
            })
        }
        Cause::BasicCharset | Cause::HeaderTooLarge | Cause::TokenWrongKind => Some(Weight::Fair),
        _ => Some(Weight::Strong),
    }
}

/// What no server of any kind takes is proof; what is only the name of a credential may be one in a test.
fn placeholder(defect: &Defect, rest: &[u8], request: &Request) -> Option<Weight> {
    if defect.scheme == Some(Scheme::Basic)
        && decode_leniently(rest).is_some_and(|text| text.expose().starts_with(b":"))
    {
        // An empty user name is what some services want; see `basic`.
        return None;
    }
    let of_basic = decode_leniently(rest).is_some_and(|text| {
        let mut halves = text.expose().split(|byte| *byte == b':');
        halves.next().is_some_and(is_unset) && halves.next().is_some_and(is_unset)
    });
    let never = is_unset(rest)
        || defect.scheme == Some(Scheme::Basic) && of_basic
        || matches!(rest, [b'<' | b'{' | b'[', .., b'>' | b'}' | b']']);
    let alone = place::is_alone(&credentials_of(request));
    Some(if never && alone {
        Weight::Proof
    } else {
        Weight::Strong
    })
}

/// Words that servers of some products do ask for.
fn usual_elsewhere(word: &[u8]) -> bool {
    const WORDS: [&str; 8] = [
        "token", "jwt", "oauth", "key", "apikey", "api-key", "api_key", "secret",
    ];
    WORDS
        .iter()
        .any(|usual| word.eq_ignore_ascii_case(usual.as_bytes()))
}

/// What HTTP allows, and some servers do not.
fn word(value: &[u8]) -> Option<Finding> {
    let parts = parse(value).ok()?;
    let written = String::from_utf8_lossy(parts.scheme_word).into_owned();
    if parts.rest.is_empty() {
        return None;
    }
    let usual = ["Bearer", "Basic", "Bot", "Digest", "ApiKey"];
    let spelt = usual
        .iter()
        .find(|word| word.eq_ignore_ascii_case(&written))?;
    if *spelt != written {
        return Some(Finding::new(
            Cause::SchemeWordWrong,
            Weight::Slight,
            format!(
                "The scheme word is written `{written}` and not `{spelt}`: letter case does not matter to HTTP, and does to some servers."
            ),
        ));
    }
    let spaces = value.trim_ascii().len() - parts.scheme_word.len() - parts.rest.len();
    (spaces > 1).then(|| {
        Finding::new(
            Cause::CredentialWhitespace,
            Weight::Slight,
            format!("{spaces} spaces stand between `{written}` and the credential: HTTP allows them, and some servers do not."),
        )
    })
}

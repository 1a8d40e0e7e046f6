//! Credentials that are there twice, one of them taken out.
//!
//! Knows: doubled `Authorization` lines, two values joined to one, doubled cookies, parameters beside a field. Does not
//! know which of two is the good one: each is tried.

use countersign_cause::Cause;
use countersign_wire::credentials::is_known_scheme;

use super::Variant;
use crate::message::{Fields, Request};

pub(super) fn variants(request: &Request) -> Vec<Variant> {
    let mut found = authorizations(request);
    found.extend(cookies(request));
    found.extend(fields(request));
    found
}

/// Each of several lines, and each of several values in one line, alone.
fn authorizations(request: &Request) -> Vec<Variant> {
    let lines: Vec<&[u8]> = request.fields.all("authorization").collect();
    let values: Vec<&[u8]> = match lines.as_slice() {
        [line] => joined(line),
        lines => lines.to_vec(),
    };
    if values.len() < 2 {
        return Vec::new();
    }
    let what = [
        "with the first `Authorization` alone",
        "with the second `Authorization` alone",
    ];
    values
        .into_iter()
        .zip(what)
        .map(|(value, what)| {
            let mut request = request.clone();
            request.fields.set("Authorization", value);
            variant(
                Cause::HeaderDuplicated,
                request,
                what,
                "Send one `Authorization` alone: look for a default header of the client beside the one for this call, `http.extraHeader` of git, an interceptor that runs twice.",
            )
        })
        .collect()
}

/// The values that something joined with a comma: `Bearer a, Bearer b`.
#[must_use]
pub(crate) fn joined(line: &[u8]) -> Vec<&[u8]> {
    let mut values: Vec<&[u8]> = Vec::new();
    let mut rest = line;
    // A comma begins another value only where a scheme word and a space follow it.
    let mut from = 0;
    while let Some(comma) = rest
        .get(from..)
        .and_then(|tail| tail.iter().position(|byte| *byte == b','))
        .map(|at| at + from)
    {
        let Some((before, after)) = rest.split_at_checked(comma) else {
            break;
        };
        let next = after.trim_ascii_start();
        let next = next.strip_prefix(b",").unwrap_or(next).trim_ascii_start();
        let word = next.split(|byte| *byte == b' ').next().unwrap_or_default();
        if is_known_scheme(word) && word.len() < next.len() {
            values.push(before.trim_ascii());
            (rest, from) = (next, 0);
        } else {
            from = comma + 1;
        }
    }
    values.push(rest);
    values
}

/// A field of a key that is there twice, each of them alone.
fn fields(request: &Request) -> Vec<Variant> {
    let twice = request.fields.iter().find(|field| {
        crate::credential::is_telling_field(&field.name)
            && !field.name.eq_ignore_ascii_case("authorization")
            && request.fields.all(&field.name).count() > 1
    });
    let Some(twice) = twice else {
        return Vec::new();
    };
    let values = request.fields.all(&twice.name);
    values
        .take(2)
        .map(|value| {
            let mut request = request.clone();
            request.fields.set(&twice.name, value);
            let fix = "Send the key once: look for a default header of the client beside the one for this call.";
            variant(Cause::HeaderDuplicated, request, "with the key's header once", fix)
        })
        .collect()
}

/// The pairs of every `Cookie` line.
#[must_use]
pub(crate) fn cookie_pairs(fields: &Fields) -> Vec<(String, String)> {
    fields
        .all("cookie")
        .flat_map(|line| {
            let line = String::from_utf8_lossy(line).into_owned();
            let pairs = line.split(';').filter_map(|pair| {
                let (name, value) = pair.trim().split_once('=')?;
                Some((name.to_owned(), value.to_owned()))
            });
            pairs.collect::<Vec<(String, String)>>()
        })
        .collect()
}

/// The name of a cookie that is there more than once with different values.
#[must_use]
pub(crate) fn doubled_cookie(pairs: &[(String, String)]) -> Option<&str> {
    pairs.iter().find_map(|(name, value)| {
        let other = pairs.iter().any(|(n, v)| n == name && v != value);
        other.then_some(name.as_str())
    })
}

fn cookies(request: &Request) -> Vec<Variant> {
    let pairs = cookie_pairs(&request.fields);
    let Some(name) = doubled_cookie(&pairs) else {
        return Vec::new();
    };
    let places: Vec<usize> = pairs
        .iter()
        .enumerate()
        .filter_map(|(at, (other, _))| (other == name).then_some(at))
        .collect();
    let what = [
        "with the first of the doubled cookies alone",
        "with the second of the doubled cookies alone",
    ];
    places
        .iter()
        .zip(what)
        .map(|(kept, what)| {
            let line: Vec<String> = pairs
                .iter()
                .enumerate()
                .filter(|(at, (other, _))| at == kept || other != name)
                .map(|(_, (name, value))| format!("{name}={value}"))
                .collect();
            let mut request = request.clone();
            request.fields.set("Cookie", line.join("; "));
            let fix = format!("Delete the cookies named `{name}` of this site and sign in again, and set the cookie with one `Domain` and one `Path` only.");
            variant(Cause::CookieDuplicated, request, what, &fix)
        })
        .collect()
}

fn variant(cause: Cause, request: Request, what: &'static str, fix: &str) -> Variant {
    Variant {
        cause,
        request,
        what,
        fix_text: fix.to_owned(),
        shell_filter: None,
    }
}

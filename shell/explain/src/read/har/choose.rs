//! Which entry of a recording is the refused one.
//!
//! Knows: what is a refusal, and what only looks like one: the first leg of a challenge, a preflight whose request is
//! there, a visit before the sign-in. Does not know causes.

use crate::case::Exchange;
use crate::credential::credentials_of;
use crate::exchange::{
    is_hidden_by_cors, is_preflight_of, is_sent_to_sign_in, is_sign_in, sent_back_with, status,
    token_error, token_parameters,
};

/// Kinds of refusals, the one that people ask about most first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Unauthorized,
    Proxy,
    Forbidden,
    Grant,
    SignIn,
    Hidden,
    Form,
}

/// The number of the first entry of the best kind; `None` where nothing is refused.
pub(super) fn entry(exchanges: &[Option<Exchange>]) -> Option<usize> {
    let mut refused: Vec<(Kind, bool, usize)> = Vec::new();
    for (number, exchange) in exchanges.iter().enumerate() {
        let Some(exchange) = exchange else {
            continue;
        };
        let silent = status(exchange) == 0 && exchange.recorded.error.is_none();
        let hidden = silent && preflight_of(exchange, exchanges);
        let Some(kind) = kind(exchange).or(hidden.then_some(Kind::Hidden)) else {
            continue;
        };
        let later = exchanges.get(number + 1..).unwrap_or_default();
        if is_first_leg(exchange, later)
            || is_answered_later(exchange, later)
            || kind == Kind::SignIn
                && signs_in(exchange, exchanges.get(..number).unwrap_or_default(), later)
        {
            continue;
        }
        let number = request_of_preflight(exchange, exchanges).unwrap_or(number);
        refused.push((kind, is_decoration(exchange), number));
    }
    refused.sort_unstable();
    let first = refused.first().map(|(_, _, number)| *number)?;
    // A token that could not be renewed is why what comes after it is refused.
    let renewal = refused
        .iter()
        .filter(|(kind, _, number)| *kind == Kind::Grant && *number < first)
        .map(|(_, _, number)| *number)
        .filter(|number| is_renewal(exchanges.get(*number)))
        .max();
    Some(renewal.unwrap_or(first))
}

fn is_renewal(exchange: Option<&Option<Exchange>>) -> bool {
    let request = exchange.and_then(Option::as_ref).map(|one| &one.request);
    let parameters = request.and_then(token_parameters);
    parameters.is_some_and(|(_, pairs)| {
        pairs
            .iter()
            .any(|(name, value)| name == "grant_type" && value == "refresh_token")
    })
}

fn kind(exchange: &Exchange) -> Option<Kind> {
    let answer = exchange.answer.as_ref();
    match status(exchange) {
        401 => Some(Kind::Unauthorized),
        407 => Some(Kind::Proxy),
        403 | 419 => Some(Kind::Forbidden),
        400 if is_refused_grant(exchange) => Some(Kind::Grant),
        400 | 422 if is_refused_form(exchange) => Some(Kind::Form),
        400 if is_sent_back(exchange) => Some(Kind::Form),
        _ if answer.is_some_and(|answer| is_sent_to_sign_in(&exchange.request, answer)) => {
            Some(Kind::SignIn)
        }
        _ if answer.is_some_and(|answer| sent_back_with(&exchange.request, answer).is_some()) => {
            Some(Kind::Grant)
        }
        _ if is_hidden_by_cors(&exchange.recorded, answer) => Some(Kind::Hidden),
        _ => None,
    }
}

/// Whether a page's own form was refused: with a session's cookie, in a form, without a word of what is wrong in it.
fn is_refused_form(exchange: &Exchange) -> bool {
    let request = &exchange.request;
    let cookies = request
        .fields
        .text("cookie")
        .unwrap_or_default()
        .to_ascii_lowercase();
    let answer = exchange.answer.as_ref();
    let body = answer.map(|answer| String::from_utf8_lossy(&answer.body).to_ascii_lowercase());
    let says = body.is_some_and(|body| body.contains("csrf") || body.contains("authenticity"));
    !request.is_safe()
        && (says
            || ["csrf", "xsrf", "antiforgery"]
                .iter()
                .any(|word| cookies.contains(word)))
}

/// Whether the issuer sent the visitor to a page with an error in its address.
fn is_sent_back(exchange: &Exchange) -> bool {
    let mut pairs = exchange.request.url.query_pairs();
    pairs.any(|(name, value)| name == "error" && !value.is_empty())
}

fn is_refused_grant(exchange: &Exchange) -> bool {
    let said = exchange.answer.as_ref().and_then(token_error);
    let path = exchange.request.url.path();
    said.is_some() && (token_parameters(&exchange.request).is_some() || path.contains("token"))
}

/// Whether the same was asked again with other credentials and let through: the first leg of a challenge, a token that
/// was renewed, a visit before the sign-in.
fn is_answered_later(exchange: &Exchange, later: &[Option<Exchange>]) -> bool {
    let own = carried(exchange);
    later.iter().flatten().any(|other| {
        other.request.method == exchange.request.method
            && other.request.url == exchange.request.url
            && (200..400).contains(&status(other))
            && kind(other).is_none()
            && carried(other)
                .iter()
                .any(|credential| !own.contains(credential))
    })
}

/// Whether it is a challenge that the same request answered right afterwards: what came of that answer is what counts.
fn is_first_leg(exchange: &Exchange, later: &[Option<Exchange>]) -> bool {
    let Some(answer) = exchange.answer.as_ref().filter(|_| status(exchange) == 401) else {
        return false;
    };
    let challenges = answer.challenges().challenges;
    let goes_on = |word: &&str| {
        challenges
            .iter()
            .any(|one| one.is(word) && one.token68().is_some())
    };
    let words = ["Digest", "Negotiate", "NTLM", "Basic"];
    // Of the schemes that take several messages, a challenge with a message of its own is a leg as well.
    let is_a_leg = match exchange.request.fields.has("authorization") {
        false => challenges
            .iter()
            .any(|one| words.iter().any(|word| one.is(word))),
        true => ["Negotiate", "NTLM"].iter().any(goes_on),
    };
    let own = carried(exchange);
    let next = later.iter().flatten().find(|other| {
        other.request.method == exchange.request.method && other.request.url == exchange.request.url
    });
    is_a_leg
        && next.is_some_and(|next| {
            // Another scheme than those that were offered is no answer to the challenge.
            credentials_of(&next.request)
                .iter()
                .any(|sent| challenges.iter().any(|one| sent.is(one.scheme_word())))
                && matches!(status(next), 400 | 401 | 403)
                && carried(next)
                    .iter()
                    .any(|credential| !own.contains(credential))
        })
}

/// Whether the visitor who was sent to the sign-in page signed in, and went on with new credentials.
fn signs_in(exchange: &Exchange, earlier: &[Option<Exchange>], later: &[Option<Exchange>]) -> bool {
    let own = carried(exchange);
    later.iter().flatten().any(|other| {
        other.request.origin() == exchange.request.origin()
            && (200..300).contains(&status(other))
            && !is_sign_in(&other.request.url)
            && !is_decoration(other)
            && carried(other)
                .iter()
                .any(|credential| !own.contains(credential) && !was_there(credential, earlier))
    })
}

/// Whether all of a cookie line was set before: a cookie that only stayed away once tells of no sign-in.
fn was_there(cookies: &[u8], earlier: &[Option<Exchange>]) -> bool {
    let was_set = |pair: &str| {
        let answers = earlier
            .iter()
            .flatten()
            .filter_map(|one| one.answer.as_ref());
        let mut lines = answers.flat_map(|answer| answer.fields.all("set-cookie"));
        lines.any(|line| {
            let line = String::from_utf8_lossy(line);
            line.split(';').next().unwrap_or_default().trim() == pair
        })
    };
    let cookies = String::from_utf8_lossy(cookies);
    cookies.split(';').map(str::trim).all(was_set)
}

/// Whether a preflight of the request is in the recording.
fn preflight_of(exchange: &Exchange, exchanges: &[Option<Exchange>]) -> bool {
    let mut others = exchanges.iter().flatten();
    others.any(|other| is_preflight_of(&other.request, &exchange.request))
}

fn carried(exchange: &Exchange) -> Vec<Vec<u8>> {
    let credentials = credentials_of(&exchange.request).into_iter();
    credentials
        .map(|credential| credential.secret.expose().clone())
        .collect()
}

/// The number of the request for which a preflight was sent, if it is in the recording.
fn request_of_preflight(preflight: &Exchange, exchanges: &[Option<Exchange>]) -> Option<usize> {
    let is_its = |other: &Option<Exchange>| {
        let other = other.as_ref();
        other.is_some_and(|other| is_preflight_of(&preflight.request, &other.request))
    };
    exchanges.iter().position(is_its)
}

/// Whether nobody would ask about it: the icon of the page, a picture, a source map.
fn is_decoration(exchange: &Exchange) -> bool {
    let kind = exchange.recorded.resource.as_deref().unwrap_or_default();
    let path = exchange.request.url.path();
    let endings = [
        "favicon.ico",
        ".png",
        ".svg",
        ".woff2",
        ".css",
        ".map",
        ".jpg",
    ];
    matches!(kind, "image" | "font" | "stylesheet" | "ping")
        || endings.iter().any(|ending| path.ends_with(ending))
}

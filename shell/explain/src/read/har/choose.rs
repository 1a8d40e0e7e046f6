//! Which entry of a recording is the refused one.
//!
//! Knows: what is a refusal, and what only looks like one: the first leg of a challenge, a preflight whose request is
//! there, a visit before the sign-in. Does not know causes.

use std::collections::HashMap;

use crate::case::Exchange;
use crate::credential::credentials_of;
use crate::exchange::{
    is_hidden_by_cors, is_preflight, is_preflight_of, is_sent_to_sign_in, is_sign_in,
    sent_back_with, status, token_error, token_parameters,
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

/// The numbers of the entries of each address: a long recording is not gone through for each of its entries.
struct Addresses<'e> {
    exchanges: &'e [Option<Exchange>],
    numbers: HashMap<&'e str, Vec<usize>>,
}

impl<'e> Addresses<'e> {
    fn of(exchanges: &'e [Option<Exchange>]) -> Addresses<'e> {
        let mut numbers: HashMap<&str, Vec<usize>> = HashMap::new();
        for (number, exchange) in exchanges.iter().enumerate() {
            if let Some(exchange) = exchange {
                let address = exchange.request.url.as_str();
                numbers.entry(address).or_default().push(number);
            }
        }
        Addresses { exchanges, numbers }
    }

    /// The entries to the same address, this one among them, with their numbers.
    fn same(&self, exchange: &Exchange) -> impl Iterator<Item = (usize, &'e Exchange)> {
        let numbers = self.numbers.get(exchange.request.url.as_str());
        let numbers = numbers.map_or(&[][..], Vec::as_slice).iter();
        numbers.filter_map(|number| Some((*number, self.exchanges.get(*number)?.as_ref()?)))
    }

    /// Those with the same method that come after it.
    fn again(&self, exchange: &'e Exchange, number: usize) -> impl Iterator<Item = &'e Exchange> {
        let method = exchange.request.method.as_str();
        self.same(exchange)
            .filter(move |(other, _)| *other > number)
            .map(|(_, other)| other)
            .filter(move |other| other.request.method == method)
    }
}

/// A refused entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Refused {
    kind: Kind,
    is_decoration: bool,
    /// The entry that is explained: of a preflight the request for which it was sent.
    number: usize,
    /// The entry itself.
    own: usize,
}

/// The number of the first entry of the best kind; `None` where nothing is refused.
pub(super) fn entry(exchanges: &[Option<Exchange>]) -> Option<usize> {
    let addresses = Addresses::of(exchanges);
    let mut refused: Vec<Refused> = Vec::new();
    for (own, exchange) in exchanges.iter().enumerate() {
        let Some(exchange) = exchange else {
            continue;
        };
        let silent = status(exchange) == 0 && exchange.recorded.error.is_none();
        let hidden = silent && has_preflight(exchange, &addresses);
        if let Some(kind) = kind(exchange).or(hidden.then_some(Kind::Hidden)) {
            refused.push(Refused {
                kind,
                is_decoration: is_decoration(exchange),
                number: request_of_preflight(exchange, &addresses).unwrap_or(own),
                own,
            });
        }
    }
    refused.sort_unstable();
    let counts = |one: &&Refused| !is_passed_over(one, &addresses);
    let first = refused.iter().find(counts)?.number;
    // A token that could not be renewed is why what comes after it is refused.
    let mut renewals: Vec<&Refused> = refused
        .iter()
        .filter(|one| one.kind == Kind::Grant && one.number < first)
        .filter(|one| is_renewal(exchanges.get(one.number)))
        .collect();
    renewals.sort_unstable_by_key(|one| std::cmp::Reverse(one.number));
    let renewal = renewals.into_iter().find(counts);
    Some(renewal.map_or(first, |one| one.number))
}

/// Whether it only looks like a refusal.
fn is_passed_over(one: &Refused, addresses: &Addresses<'_>) -> bool {
    let Some(Some(exchange)) = addresses.exchanges.get(one.own) else {
        return true;
    };
    let (earlier, later) = addresses.exchanges.split_at(one.own);
    is_first_leg(exchange, one.own, addresses)
        || is_answered_later(exchange, one.own, addresses)
        || one.kind == Kind::SignIn && signs_in(exchange, earlier, later)
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
fn is_answered_later(exchange: &Exchange, number: usize, addresses: &Addresses<'_>) -> bool {
    let own = carried(exchange);
    addresses.again(exchange, number).any(|other| {
        (200..400).contains(&status(other))
            && kind(other).is_none()
            && carried(other)
                .iter()
                .any(|credential| !own.contains(credential))
    })
}

/// Whether it is a challenge that the same request answered right afterwards: what came of that answer is what counts.
fn is_first_leg(exchange: &Exchange, number: usize, addresses: &Addresses<'_>) -> bool {
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
    let next = addresses.again(exchange, number).next();
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
fn has_preflight(exchange: &Exchange, addresses: &Addresses<'_>) -> bool {
    let mut others = addresses.same(exchange);
    others.any(|(_, other)| is_preflight_of(&other.request, &exchange.request))
}

fn carried(exchange: &Exchange) -> Vec<Vec<u8>> {
    let credentials = credentials_of(&exchange.request).into_iter();
    credentials
        .map(|credential| credential.secret.expose().clone())
        .collect()
}

/// The number of the request for which a preflight was sent, if it is in the recording.
fn request_of_preflight(preflight: &Exchange, addresses: &Addresses<'_>) -> Option<usize> {
    if !is_preflight(&preflight.request) {
        return None;
    }
    let mut others = addresses.same(preflight);
    let its = others.find(|(_, other)| is_preflight_of(&preflight.request, &other.request));
    its.map(|(number, _)| number)
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

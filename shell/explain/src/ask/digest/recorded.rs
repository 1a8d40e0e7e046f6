//! What a recording says of a nonce: who made it, who used it, and whether a newer one was there.
//!
//! Knows: the exchanges around the refused one. Sends nothing.

use countersign_cause::Cause;
use countersign_wire::digest::client::{Asked, asked};
use countersign_wire::digest::info;
use countersign_wire::digest::server::{Credentials, parse};

use crate::ask::digest::sent::Suspicion;
use crate::ask::digest::{authorization_of, offered};
use crate::case::{Case, Exchange};
use crate::finding::Weight;
use crate::message::{Answer, Request};

/// The challenge that the credentials answer, by its nonce.
pub(super) fn challenge_of(case: &Case, credentials: &Credentials) -> Option<Asked> {
    let answers = own(case).filter_map(|exchange| exchange.answer.as_ref());
    answers
        .flat_map(offered)
        .filter_map(|challenge| asked(&challenge).ok())
        .find(|asked| *asked.nonce == *credentials.nonce())
}

/// The exchanges before this one with the same server.
fn own(case: &Case) -> impl DoubleEndedIterator<Item = &Exchange> {
    let origin = case.request.as_ref().map(Request::origin);
    case.before
        .iter()
        .filter(move |exchange| Some(exchange.request.origin()) == origin)
}

/// What is wrong with the use of this nonce.
pub(super) fn suspicions(case: &Case, credentials: &Credentials) -> Vec<Suspicion> {
    let uses: Vec<(Credentials, Option<&Answer>)> = own(case)
        .filter_map(|exchange| Some((digest_of(&exchange.request)?, exchange.answer.as_ref())))
        .filter(|(earlier, _)| earlier.nonce() == credentials.nonce())
        .collect();
    if let Some(found) = replayed(&uses, credentials) {
        return vec![found];
    }
    if let Some(found) = newer(case, credentials) {
        return vec![found];
    }
    let accepted = |answer: &Option<&Answer>| answer.is_some_and(Answer::is_success);
    if uses.iter().any(|(_, answer)| accepted(answer)) {
        return vec![Suspicion::new(
            Cause::DigestNonceStale,
            Weight::Strong,
            "the same nonce was accepted earlier in the recording, and is refused now: it ran out, or holds for one request",
        )];
    }
    Vec::new()
}

/// The highest count that any request of the recording had with this nonce.
pub(super) fn highest_count(case: &Case, credentials: &Credentials) -> u32 {
    let exchanges = case.before.iter().chain(case.after.iter());
    exchanges
        .filter_map(|exchange| digest_of(&exchange.request))
        .filter(|other| other.nonce() == credentials.nonce())
        .filter_map(|other| other.nc())
        .max()
        .unwrap_or_default()
}

fn digest_of(request: &Request) -> Option<Credentials> {
    let sent = authorization_of(request).filter(|sent| sent.is("digest"))?;
    parse(sent.secret.expose()).ok()
}

/// RFC 7616 section 3.4: `nc` counts the requests with this nonce, and a server may refuse one that was there before.
fn replayed(
    uses: &[(Credentials, Option<&Answer>)],
    credentials: &Credentials,
) -> Option<Suspicion> {
    let count = credentials.nc()?;
    let highest = uses.iter().filter_map(|(earlier, _)| earlier.nc()).max()?;
    (count <= highest).then(|| {
        let evidence = format!(
            "`nc` is {count:08x}, and a request before it in the recording had {highest:08x} with the same nonce"
        );
        Suspicion::new(Cause::DigestNonceReplayed, Weight::Strong, evidence)
    })
}

/// A nonce that the server handed out after the one that was used.
fn newer(case: &Case, credentials: &Credentials) -> Option<Suspicion> {
    let answers: Vec<&Answer> = own(case).filter_map(|one| one.answer.as_ref()).collect();
    let made_here = |answer: &&Answer| {
        nonces(answer)
            .iter()
            .any(|nonce| nonce == credentials.nonce())
    };
    let at = answers.iter().position(made_here)?;
    let later = answers.get(at + 1..)?;
    let has_newer = later
        .iter()
        .flat_map(|answer| nonces(answer))
        .any(|nonce| nonce != credentials.nonce());
    has_newer.then(|| {
        Suspicion::new(
            Cause::DigestNonceStale,
            Weight::Strong,
            "the server had handed out a newer nonce before this request, and the client went on with the old one",
        )
    })
}

/// Every nonce of an answer: of its challenges, and the next one of RFC 7616 section 3.5.
fn nonces(answer: &Answer) -> Vec<String> {
    let mut found: Vec<String> = offered(answer)
        .iter()
        .filter_map(|challenge| challenge.param("nonce").map(str::to_owned))
        .collect();
    let next = answer.fields.first("authentication-info");
    let next = next.and_then(info::parse).and_then(|info| info.nextnonce);
    found.extend(next.map(String::from));
    found
}

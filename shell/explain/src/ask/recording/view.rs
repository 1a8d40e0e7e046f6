//! The refused exchange among the others.
//!
//! Knows: what was before, beside and after. Does not judge.

use countersign_wire::challenge::Challenge;

use crate::case::{Case, Exchange, Recorded};
use crate::cookie;
use crate::credential::{Carrier, Credential, credentials_of};
use crate::exchange::{is_hidden_by_cors, is_preflight_of, is_sent_to_sign_in, sent_back_with};
use crate::message::{Answer, Request};

use super::maker::{Kind, Maker};

/// The refused exchange, who made it, and when.
pub(super) struct View<'c> {
    pub(super) case: &'c Case,
    pub(super) request: &'c Request,
    pub(super) answer: Option<&'c Answer>,
    pub(super) recorded: &'c Recorded,
    pub(super) maker: Maker,
    /// What it carries, cookies included.
    pub(super) credentials: Vec<Credential>,
    /// When it began, Unix milliseconds.
    pub(super) at_unix_ms: i64,
}

impl<'c> View<'c> {
    pub(super) fn new(case: &'c Case, now_unix_secs: i64) -> Option<View<'c>> {
        let request = case.request.as_ref()?;
        let now_unix_ms = now_unix_secs.saturating_mul(1000);
        let mut maker = Maker::of(request, &case.recorded, case.client);
        // What is asked for by a document in a foreign frame is a third party's to the page around it.
        maker.is_cross_site |= is_of_a_foreign_frame(case, request);
        Some(View {
            case,
            request,
            answer: case.answer.as_ref(),
            recorded: &case.recorded,
            maker,
            credentials: credentials_of(request),
            at_unix_ms: case.recorded.started_unix_ms.unwrap_or(now_unix_ms),
        })
    }

    pub(super) fn at_unix_secs(&self) -> i64 {
        self.at_unix_ms.div_euclid(1000)
    }

    /// The status; 0 where the page saw none.
    pub(super) fn status(&self) -> u16 {
        self.answer.map_or(0, |answer| answer.status)
    }

    /// Whether the browser hid the answer from the page.
    pub(super) fn is_hidden(&self) -> bool {
        let asked = |other: &Exchange| is_preflight_of(&other.request, self.request);
        is_hidden_by_cors(self.recorded, self.answer)
            || self.status() == 0 && self.recorded.error.is_none() && self.others().any(asked)
    }

    /// Whether there is something to explain.
    pub(super) fn is_refused(&self) -> bool {
        let sent_away = |answer: &Answer| {
            is_sent_to_sign_in(self.request, answer)
                || sent_back_with(self.request, answer).is_some()
        };
        self.status() >= 400 || self.is_hidden() || self.answer.is_some_and(sent_away)
    }

    /// Every exchange but this one, oldest first.
    pub(super) fn others(&self) -> impl DoubleEndedIterator<Item = &'c Exchange> {
        self.case.before.iter().chain(&self.case.after)
    }

    /// The exchanges that were over before this one began.
    pub(super) fn done_before(&self) -> impl DoubleEndedIterator<Item = &'c Exchange> {
        let at = self.at_unix_ms;
        self.case
            .before
            .iter()
            .filter(move |other| other.recorded.ended_unix_ms.is_none_or(|end| end <= at))
    }

    /// Whether it carries another credential than cookies.
    pub(super) fn has_credential_beside_cookies(&self) -> bool {
        let mut carried = self.credentials.iter();
        // What a sign-in sends a page back with (`code`, a verifier) is for that moment, and the session is in the cookies.
        let is_of_a_visit = |carrier: &Carrier| {
            self.maker.kind == Kind::Page && matches!(carrier, Carrier::Query(_))
        };
        carried.any(|credential| {
            credential.carrier != Carrier::Cookie && !is_of_a_visit(&credential.carrier)
        })
    }

    /// The cookies that it carries.
    pub(super) fn cookies(&self) -> Vec<(String, String)> {
        cookies_of(self.request)
    }

    /// Whether the answer, or other requests to this host, speak of another credential than a cookie.
    pub(super) fn expects_a_header(&self) -> bool {
        // A challenge for Bearer is also what servers with cookies say, as there is none for those.
        let words = ["Basic", "Digest", "NTLM", "Negotiate"];
        let challenged = self.answer.is_some_and(|answer| {
            let challenges = answer.challenges().challenges;
            let header = |one: &Challenge| words.iter().any(|word| one.is(word));
            challenges.iter().any(header)
        });
        let origin = self.request.origin();
        let carried = |other: &Exchange| {
            other.request.origin() == origin && other.request.fields.has("authorization")
        };
        challenged || self.others().any(carried)
    }
}

/// Whether the document that asks was itself fetched into a frame of another site.
fn is_of_a_foreign_frame(case: &Case, request: &Request) -> bool {
    let asks = |other: &&Exchange| match request.fields.text("referer") {
        Some(document) => {
            let document = document.split('#').next().unwrap_or_default();
            other.request.url.as_str() == document
        }
        // A socket names the origin of its document alone.
        None => request.fields.text("origin").is_some_and(|origin| {
            let is_document = other.answer.as_ref().is_some_and(is_page);
            is_document && other.request.origin() == origin
        }),
    };
    let mut documents = case.before.iter().filter(asks);
    let is_foreign = |other: &Exchange| {
        let maker = Maker::of(&other.request, &other.recorded, case.client);
        maker.kind == Kind::Frame && maker.is_cross_site
    };
    match request.fields.has("referer") {
        true => documents.any(is_foreign),
        false => documents.next_back().is_some_and(is_foreign),
    }
}

fn is_page(answer: &Answer) -> bool {
    let kind = answer.fields.text("content-type").unwrap_or_default();
    kind.trim_start()
        .to_ascii_lowercase()
        .starts_with("text/html")
}

/// The cookies of a request, all lines together.
pub(super) fn cookies_of(request: &Request) -> Vec<(String, String)> {
    let lines = request.fields.all("cookie");
    lines.flat_map(cookie::pairs).collect()
}

/// When an exchange began, Unix seconds.
pub(super) fn began_unix_secs(exchange: &Exchange) -> Option<i64> {
    Some(exchange.recorded.started_unix_ms?.div_euclid(1000))
}

//! The fields by which a page of another origin may read an answer, and the answer to a preflight.
//!
//! Knows: the leave that a request got. Does not know how it was decided. Whatever is written is written once, over what was
//! there.

use countersign_policy::Leave;
use countersign_wire::cors::client::{Said, check};
use countersign_wire::cors::{
    ACCESS_CONTROL_ALLOW_PRIVATE_NETWORK, ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK, combined, server,
};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_EXPOSE_HEADERS,
    ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::Answer;
use crate::cors::{
    CorsRules, Crossing, OF_REFUSALS, PageNames, Preflight, Unrouted, UpstreamFields,
};

/// What the answer to an OPTIONS with rules for pages depends on: whether it is a preflight, and which.
const OF_PREFLIGHTS: [HeaderName; 4] = [
    ORIGIN,
    ACCESS_CONTROL_REQUEST_METHOD,
    ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK,
];

impl Crossing<'_> {
    /// Edits the head of the upstream's answer, as the route's rules say.
    pub fn apply_to_answer(&self, headers: &mut HeaderMap) {
        match self.rules.settings().upstream_fields {
            UpstreamFields::Keep => {}
            UpstreamFields::Replace => {
                server::remove(headers);
                self.write(headers, self.rules.exposed.as_ref());
            }
            UpstreamFields::Merge => self.merge(headers),
        }
    }

    /// Lets the page read a refusal: its status, its challenges, and its cause.
    pub(super) fn apply_to_refusal(&self, headers: &mut HeaderMap) {
        self.write(headers, self.rules.exposed_in_refusals.as_ref());
        if self.is_preflight {
            server::vary(headers, &OF_PREFLIGHTS);
        }
    }

    fn write(&self, headers: &mut HeaderMap, exposed: Option<&HeaderValue>) {
        if let Some((origin, credentials)) = self.granted() {
            server::allow(headers, origin, credentials);
            if let Some(exposed) = exposed {
                headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed.clone());
            }
        }
        // Fetch standard, "CORS protocol and HTTP caches": also where no origin was sent, or one that is not let in. A cache
        // would answer the next page with what this one got.
        if self.rules.settings().pages.depend_on_origin() {
            server::vary(headers, &[ORIGIN]);
        }
    }

    /// What stands in `Access-Control-Allow-Origin`, and whether credentials may go along.
    fn granted(&self) -> Option<(HeaderValue, bool)> {
        match self.leave? {
            Leave::AsAnybody => Some((HeaderValue::from_static("*"), false)),
            Leave::AsListed { credentials } => Some((self.origin.clone()?, credentials)),
        }
    }

    /// A page may do what either of the two lets it do. What the upstream has written in a way that browsers refuse lets
    /// nobody do anything.
    fn merge(&self, headers: &mut HeaderMap) {
        let theirs = Theirs::read(self.origin.as_ref(), headers);
        let ours = self.granted();
        let exposed = union(
            theirs.exposed.as_deref(),
            ours.as_ref().and(self.rules.exposed.as_ref()),
        );
        server::remove(headers);
        let credentials = theirs.with_credentials || ours.as_ref().is_some_and(|(_, with)| *with);
        let is_any = theirs.is_any || ours.as_ref().is_some_and(|(origin, _)| origin == "*");
        let star = HeaderValue::from_static("*");
        let origin = match (theirs.may_read || ours.is_some(), is_any && !credentials) {
            (false, _) => None,
            (true, true) => Some(star),
            (true, false) => self.origin.clone(),
        };
        if let Some(origin) = origin {
            server::allow(headers, origin, credentials);
            if let Some(exposed) = exposed {
                headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
            }
        }
        server::vary(headers, &[ORIGIN]);
    }
}

impl Unrouted {
    /// Lets the page read a refusal, where it may. What a page may read of one route's answers is not shown here.
    pub(super) fn apply(&self, headers: &mut HeaderMap) {
        if let Some((origin, credentials)) = &self.reader {
            server::allow(headers, origin.clone(), *credentials);
            if let Ok(exposed) = HeaderValue::try_from(OF_REFUSALS.join(", ")) {
                headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
            }
        }
        server::vary(headers, &[ORIGIN]);
    }
}

/// What the upstream lets the page do.
struct Theirs {
    may_read: bool,
    with_credentials: bool,
    is_any: bool,
    exposed: Option<String>,
}

impl Theirs {
    fn read(origin: Option<&HeaderValue>, headers: &HeaderMap) -> Theirs {
        let said = Said::of(headers);
        // Without an origin only what is said to all counts.
        let origin = origin.and_then(|origin| origin.to_str().ok());
        let passes = |with| origin.is_some_and(|origin| check(origin, with, &said).is_ok());
        let is_any = said.origin.as_deref() == Some("*");
        let may_read = is_any || passes(false);
        Theirs {
            may_read,
            with_credentials: passes(true),
            is_any,
            exposed: combined(headers, &ACCESS_CONTROL_EXPOSE_HEADERS).filter(|_| may_read),
        }
    }
}

/// The names of both lists, each once.
fn union(theirs: Option<&str>, ours: Option<&HeaderValue>) -> Option<HeaderValue> {
    let ours = ours.and_then(|value| value.to_str().ok());
    let mut names: Vec<&str> = Vec::new();
    for name in [theirs, ours]
        .into_iter()
        .flatten()
        .flat_map(|list| list.split(','))
    {
        let name = name.trim_matches([' ', '\t']);
        if !name.is_empty() && !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            names.push(name);
        }
    }
    let value = (!names.is_empty()).then(|| names.join(", "))?;
    HeaderValue::try_from(value).ok()
}

/// Answers a preflight. The lists are complete, also where what was asked for is not on them: the browser then names what is
/// missing, which it does not where the answer is an error.
#[must_use]
pub fn respond_preflight(preflight: &Preflight<'_>) -> Answer {
    let Preflight { crossing, .. } = preflight;
    let rules = crossing.rules;
    let mut headers = HeaderMap::with_capacity(8);
    if let Some((origin, credentials)) = crossing.granted() {
        server::allow(&mut headers, origin, credentials);
        if let Some(methods) = methods(preflight, rules) {
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
        }
        if let Some(names) = names(preflight, rules) {
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, names);
        }
        headers.insert(ACCESS_CONTROL_MAX_AGE, rules.max_age.clone());
        if preflight.private_network && rules.settings().private_network {
            let yes = HeaderValue::from_static("true");
            headers.insert(ACCESS_CONTROL_ALLOW_PRIVATE_NETWORK, yes);
        }
    }
    server::vary(&mut headers, &OF_PREFLIGHTS);
    Answer {
        status: StatusCode::NO_CONTENT,
        headers,
        body: Vec::new(),
    }
}

/// The route was found by the method that the page asks for: without a list that one is allowed.
fn methods(preflight: &Preflight<'_>, rules: &CorsRules) -> Option<HeaderValue> {
    match &rules.settings().methods {
        Some(_) => rules.methods.clone(),
        None => HeaderValue::from_str(preflight.method.as_str()).ok(),
    }
}

/// Written by name even where any will do: the star covers neither `Authorization` nor requests with credentials.
fn names(preflight: &Preflight<'_>, rules: &CorsRules) -> Option<HeaderValue> {
    match &rules.settings().names {
        PageNames::Only(_) => rules.names.clone(),
        PageNames::Any => HeaderValue::from_str(preflight.names.as_deref()?).ok(),
    }
}

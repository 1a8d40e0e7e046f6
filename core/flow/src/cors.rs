//! Pages of other origins: what a route lets them do, and the leave that one request got.
//!
//! Knows: the order in which a preflight is looked at: before credentials, by the route of the method that it asks for.
//! Does not know who asks: a preflight carries no credentials, and what a page may read says nothing of who may pass.

use countersign_cause::Cause;
use countersign_policy::{Host, Leave, Pages, Target};
use countersign_wire::cors::server;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use crate::refusal::Refusal;
use crate::request::Request;
use crate::rules::{RouteRules, Rules};
use crate::step::Outcome;
use crate::trail::{Note, Trail};

/// What pages of other origins may do on one route, as configured.
#[derive(Clone, Debug)]
pub struct CorsSettings {
    /// Which pages.
    pub pages: Pages,
    /// The methods that a page may use; `None`: those that the route is for.
    pub methods: Option<Vec<Method>>,
    /// The fields that a page may set.
    pub names: PageNames,
    /// The fields of the upstream's answers that a page may read beside those that every page may; `None`: all.
    pub exposed: Option<Vec<HeaderName>>,
    /// How long a browser may remember the answer to a preflight.
    pub max_age_secs: u32,
    /// Whether pages of a more public network may reach this one.
    pub private_network: bool,
    /// What becomes of the upstream's own CORS fields.
    pub upstream_fields: UpstreamFields,
}

/// The fields that a page may set in its requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageNames {
    /// Whatever it asks for.
    Any,
    /// These.
    Only(Vec<HeaderName>),
}

/// What becomes of the CORS fields that the upstream itself has written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpstreamFields {
    /// They stay as they are, and nothing is added: the upstream has rules of its own.
    Keep,
    /// They go, and the gateway writes its own.
    Replace,
    /// A page may do what either of the two lets it do; each field is there once.
    Merge,
}

/// The rules of one route, with the values of the fields written ahead.
#[derive(Debug)]
pub struct CorsRules {
    settings: CorsSettings,
    pub(crate) methods: Option<HeaderValue>,
    pub(crate) names: Option<HeaderValue>,
    pub(crate) exposed: Option<HeaderValue>,
    pub(crate) exposed_in_refusals: Option<HeaderValue>,
    pub(crate) max_age: HeaderValue,
}

/// Fields of the gateway's own refusals by which a page reads why: the challenge, the nonce that goes with it, the request's id, the cause, and when to
/// come again.
pub(crate) const OF_REFUSALS: [&str; 5] = [
    "WWW-Authenticate",
    "DPoP-Nonce",
    "X-Request-Id",
    "Countersign-Cause",
    "Retry-After",
];

impl CorsRules {
    /// Writes what is the same in every answer.
    #[must_use]
    pub fn new(settings: CorsSettings) -> CorsRules {
        let star = || Some(HeaderValue::from_static("*"));
        let exposed: Option<Vec<&str>> = settings
            .exposed
            .as_ref()
            .map(|names| names.iter().map(HeaderName::as_str).collect());
        CorsRules {
            methods: settings
                .methods
                .as_ref()
                .and_then(|methods| list(methods.iter().map(Method::as_str))),
            names: match &settings.names {
                PageNames::Any => None,
                PageNames::Only(names) => list(names.iter().map(HeaderName::as_str)),
            },
            exposed_in_refusals: exposed.as_ref().map_or_else(star, |names| {
                let is_there =
                    |name: &&str| OF_REFUSALS.iter().any(|own| own.eq_ignore_ascii_case(name));
                let others = names.iter().copied().filter(|name| !is_there(name));
                list(OF_REFUSALS.into_iter().chain(others))
            }),
            exposed: exposed.map_or_else(star, list),
            max_age: HeaderValue::from(settings.max_age_secs),
            settings,
        }
    }

    /// The rules as configured.
    #[must_use]
    pub const fn settings(&self) -> &CorsSettings {
        &self.settings
    }
}

/// Names and methods are tokens, so that their list is a field value. `None` where there are none.
fn list<'w>(words: impl IntoIterator<Item = &'w str>) -> Option<HeaderValue> {
    let words: Vec<&str> = words.into_iter().collect();
    let value = (!words.is_empty()).then(|| words.join(", "))?;
    HeaderValue::try_from(value).ok()
}

/// A request on a route that pages of other origins may call, and what its page is let do.
#[derive(Debug)]
pub struct Crossing<'c> {
    pub(crate) rules: &'c CorsRules,
    /// The origin as sent, where there is exactly one.
    pub(crate) origin: Option<HeaderValue>,
    pub(crate) leave: Option<Leave>,
    pub(crate) is_preflight: bool,
}

impl<'c> Crossing<'c> {
    /// `None` where the route has no rules for pages: then nothing of the request is looked at.
    pub(crate) fn of(route: &'c RouteRules, headers: &HeaderMap) -> Option<Crossing<'c>> {
        let rules = route.cors.as_deref()?;
        let origin = server::origin(headers);
        Some(Crossing {
            rules,
            leave: leave(rules, origin),
            origin: origin.cloned(),
            is_preflight: false,
        })
    }

    /// Whether the page is of an origin that may send what the browser remembers of its user. `null` is nobody's: each page
    /// can put itself into a frame that is called so.
    pub(crate) fn may_act_for_the_user(&self) -> bool {
        let named = self.origin.as_ref().is_some_and(|origin| origin != "null");
        match self.leave {
            Some(Leave::AsListed { credentials }) => credentials && named,
            Some(Leave::AsAnybody) | None => false,
        }
    }
}

/// No origin at all is on no list.
fn leave(rules: &CorsRules, origin: Option<&HeaderValue>) -> Option<Leave> {
    let origin = origin.map(HeaderValue::as_bytes).unwrap_or_default();
    rules.settings.pages.leave(origin)
}

/// Lets the page of a request that is refused before the line looks at it read why, as far as a page may.
pub fn let_read(refusal: &mut Refusal<'_>, request: &Request<'_>) {
    let rules = refusal.rules();
    let host = request.authority.map(|host| Host::parse(host.as_bytes()));
    let Some(Ok(host)) = host else {
        return;
    };
    let target = Target::parse(request.path_and_query).ok();
    let index = target.and_then(|target| rules.routes.find(&host, &target, request.method));
    match index.and_then(|index| rules.route_rules.get(index)) {
        Some(route) => refusal.crossing = Crossing::of(route, request.headers),
        None => refusal.unrouted = Unrouted::of(rules, &host, request.headers),
    }
}

/// A request that no route was found for, at a host where routes have rules for pages of named origins.
///
/// Whose page may read why it is refused cannot be taken from one route. It may where some route of the host lists its very
/// origin: whoever wrote the list has named it as one that talks to this host. A pattern, `null` and the star name nobody, and
/// could tell any page which paths there are behind a gateway that only the browser reaches.
#[derive(Debug)]
pub(crate) struct Unrouted {
    /// The origin that may read, and whether credentials may have gone along: where each route that lists it lets them.
    pub(crate) reader: Option<(HeaderValue, bool)>,
}

impl Unrouted {
    /// `None` where no route of the host has rules that depend on the origin: then the answer does not either.
    pub(crate) fn of(rules: &Rules, host: &Host<'_>, headers: &HeaderMap) -> Option<Unrouted> {
        let routes = rules.routes.as_slice().iter().zip(&rules.route_rules);
        let mut pages = routes
            .filter(|(route, _)| route.is_at(host))
            .filter_map(|(_, rules)| Some(&rules.cors.as_deref()?.settings.pages))
            .filter(|pages| pages.depend_on_origin())
            .peekable();
        pages.peek()?;
        let reader = server::origin(headers).and_then(|origin| {
            let credentials = pages
                .filter_map(|pages| pages.list_exactly(origin.as_bytes()))
                .reduce(|all, credentials| all && credentials)?;
            Some((origin.clone(), credentials))
        });
        Some(Unrouted { reader })
    }
}

/// A preflight that the gateway answers: the page may ask.
#[derive(Debug)]
pub struct Preflight<'c> {
    /// The route of the request that the page would send.
    pub route: &'c RouteRules,
    pub(crate) crossing: Crossing<'c>,
    pub(crate) method: Method,
    pub(crate) names: Option<String>,
    pub(crate) private_network: bool,
}

/// What a request is to the rules for pages.
pub(crate) enum Asks<'c> {
    /// It is no preflight.
    No,
    /// It is one, and it ends here.
    Answered(Box<Outcome<'c>>),
    /// It is one, and nothing here answers it.
    Unruled(Unruled),
}

/// What a preflight is refused for where it goes on as a request like any other and is refused for want of credentials, which
/// it cannot carry, or of a route.
#[derive(Clone, Copy)]
pub(crate) struct Unruled {
    pub(crate) cause: Cause,
    pub(crate) detail: &'static str,
}

/// Nobody has let pages in.
const NO_RULES: Unruled = Unruled {
    cause: Cause::OriginNotAllowed,
    detail: "the route of the method that the page would use has no rules for pages of other origins",
};
/// There would be nothing to let them into.
const NO_ROUTE: Unruled = Unruled {
    cause: Cause::RouteUnmatched,
    detail: "no route is for the method that the page would use",
};
const NOT_LISTED: &str = "the route does not list this origin";

/// Looks for a preflight. The route that decides is that of the method which it asks for.
pub(crate) fn asks<'c>(
    rules: &'c Rules,
    host: &Host<'_>,
    target: &Target<'_>,
    request: &Request<'_>,
) -> Asks<'c> {
    // Nearly every request is done with at its method.
    let Some(asked) = server::Preflight::read(request.method, request.headers) else {
        return Asks::No;
    };
    let index = rules.routes.find(host, target, &asked.method);
    let route = index.and_then(|index| rules.route_rules.get(index));
    let (Some(index), Some(route)) = (index, route) else {
        return Asks::Unruled(NO_ROUTE);
    };
    let Some(cors) = route.cors.as_deref() else {
        return Asks::Unruled(NO_RULES);
    };
    let crossing = Crossing {
        rules: cors,
        origin: Some(asked.origin.clone()),
        leave: leave(cors, Some(asked.origin)),
        is_preflight: true,
    };
    if crossing.leave.is_none() {
        let mut trail = Trail::default();
        trail.add(Note::Routed(index));
        trail.add(Note::Page(NOT_LISTED));
        return answered(Outcome::Refusal(Refusal {
            detail: NOT_LISTED,
            route: Some(route),
            crossing: Some(crossing),
            trail,
            ..Refusal::new(rules, Cause::OriginNotAllowed)
        }));
    }
    answered(Outcome::Preflight(Preflight {
        route,
        crossing,
        method: asked.method,
        names: asked.names,
        private_network: asked.private_network,
    }))
}

fn answered(outcome: Outcome<'_>) -> Asks<'_> {
    Asks::Answered(Box::new(outcome))
}

//! Routes: what they are for, what they accept and demand, and where they lead.
//!
//! Knows: the other sections that routes name. Does not know requests.

use countersign_flow::{Accept, RouteRules};
use countersign_policy::{Demand, HostPattern, Methods, PathPattern, PatternDefect, Route};

use super::{Scene, allow, issuer, scheme, text, upstream, url};
use crate::declared::{file, route};
use crate::finding::Span;
use crate::nearest::nearest;
use crate::problem::{RouteProblem, TextProblem};
use crate::read::{Fields, Located};

/// The gateway's own paths.
const RESERVED: [&str; 2] = ["/.countersign", "/.well-known/oauth-protected-resource"];
const SCHEMES: [&str; 3] = ["basic", "bearer", "api-key"];

/// What routes refer to.
pub(super) struct Around<'a> {
    pub(super) issuers: &'a [issuer::Checked],
    pub(super) upstreams: &'a [upstream::Checked],
    pub(super) api_key: &'a scheme::ApiKey,
}

/// The routes, and what they come down to together.
pub(super) struct Checked {
    pub(super) routes: Vec<Route>,
    pub(super) rules: Vec<RouteRules>,
    pub(super) reads_credentials: bool,
}

pub(super) fn all(document: &Fields<'_>, around: &Around<'_>, scene: Scene<'_>) -> Checked {
    let mut checked = Checked {
        routes: Vec::new(),
        rules: Vec::new(),
        reads_credentials: false,
    };
    let mut places: Vec<Place> = Vec::new();
    let tables = document.tables(&file::ROUTE);
    if tables.is_empty() && document.has(&file::ROUTE) {
        let key = file::ROUTE.name.to_owned();
        let span = document.span_of(&file::ROUTE);
        scene.sink.error(&span, TextProblem::EmptyList { key });
    }
    for fields in tables {
        let (route, rules, place) = one(&fields, around, scene);
        check_against_earlier(&route, &place, &checked.routes, &places, scene);
        checked.reads_credentials |= !rules.accept.is_empty();
        checked.routes.push(route);
        checked.rules.push(rules);
        places.push(place);
    }
    unused(&checked.rules, around, scene);
    checked
}

/// Where a route stands.
struct Place {
    span: Span,
    /// Whether all its hosts, paths and methods could be read, so that it is known what it covers.
    is_known: bool,
}

fn one(fields: &Fields<'_>, around: &Around<'_>, scene: Scene<'_>) -> (Route, RouteRules, Place) {
    let name = fields.text(&route::NAME);
    if let Some(name) = &name {
        text::name(name, scene);
    }
    let place = name
        .as_ref()
        .map_or_else(|| fields.span.clone(), |name| name.span.clone());
    let name = name.map_or("", |name| name.value);
    let accept = accept(fields, scene);
    let demand = allow::read(fields, !accept.is_empty(), scene);
    check_accept(fields, name, &place, accept, demand.as_ref(), around, scene);
    let demand =
        demand.unwrap_or_else(|| Demand::Identity(countersign_policy::Requirements::default()));
    let errors_before = scene.sink.errors();
    let found = Route {
        name: name.into(),
        hosts: hosts(fields, scene),
        paths: paths(fields, scene),
        methods: methods(fields, scene),
    };
    let is_known = scene.sink.errors() == errors_before;
    if matches!(demand, Demand::Anyone) && covers_everything(&found) {
        let span = if fields.has(&route::PATH) {
            fields.span_of(&route::PATH)
        } else {
            place.clone()
        };
        scene.sink.warn(
            &span,
            RouteProblem::EverythingOpen {
                name: name.to_owned(),
            },
        );
    }
    let rules = RouteRules {
        name: name.into(),
        accept,
        challenge_scope: challenge_scope(&demand),
        demand,
        issuers: issuers(fields, around, scene),
        audiences: issuer::audiences(fields, &route::AUDIENCE, scene),
        resource: fields
            .text(&route::RESOURCE)
            .and_then(|text| Some(text.value).filter(|_| url::read(&text, scene).is_some()))
            .map(Into::into),
        keep_credential: fields
            .flag(&route::KEEP_CREDENTIAL)
            .is_some_and(|flag| flag.value),
        upstream: upstream(fields, around, scene),
    };
    let place = Place {
        span: place,
        is_known,
    };
    (found, rules, place)
}

/// RFC 6750 section 3: the scope that is needed, for the challenge.
fn challenge_scope(demand: &Demand) -> Box<str> {
    match demand {
        Demand::Identity(requirements) => requirements.scopes.join(" ").into(),
        Demand::Anyone | Demand::AnyoneFrom(_) => "".into(),
    }
}

fn covers_everything(route: &Route) -> bool {
    let everything = PathPattern::parse("/**").ok().map(|path| Route {
        name: "".into(),
        hosts: Vec::new(),
        paths: vec![path],
        methods: Methods::Any,
    });
    everything.is_some_and(|everything| route.covers(&everything))
}

fn accept(fields: &Fields<'_>, scene: Scene<'_>) -> Accept {
    let mut accept = Accept::default();
    let Some(written) = fields.texts(&route::ACCEPT) else {
        return accept;
    };
    text::no_two_the_same(&written.value, scene);
    for scheme in &written.value {
        match scheme.value {
            "basic" => accept.basic = true,
            "bearer" => accept.bearer = true,
            "api-key" => accept.api_key = true,
            other => {
                let near = nearest(other, SCHEMES);
                scene.sink.error(
                    &scheme.span,
                    TextProblem::NotAChoice {
                        value: other.to_owned(),
                        choices: &SCHEMES,
                        near,
                    },
                );
            }
        }
    }
    accept
}

/// A route that nobody can pass, or that says what has no effect, is not what its author meant.
fn check_accept(
    fields: &Fields<'_>,
    name: &str,
    place: &Span,
    accept: Accept,
    demand: Option<&Demand>,
    around: &Around<'_>,
    scene: Scene<'_>,
) {
    let name = || name.to_owned();
    let span = if fields.has(&route::ACCEPT) {
        fields.span_of(&route::ACCEPT)
    } else {
        place.clone()
    };
    match demand {
        Some(Demand::Identity(_)) if accept.is_empty() && !fields.has(&route::ACCEPT) => {
            scene
                .sink
                .error(&span, RouteProblem::NothingAccepted { name: name() });
        }
        Some(Demand::Anyone | Demand::AnyoneFrom(_)) if !accept.is_empty() => {
            scene
                .sink
                .error(&span, RouteProblem::AcceptWithoutDemand { name: name() });
        }
        Some(Demand::Identity(requirements))
            if !requirements.claims.is_empty() && !accept.bearer =>
        {
            scene
                .sink
                .error(&span, RouteProblem::ClaimsWithoutTokens { name: name() });
        }
        Some(Demand::Anyone | Demand::AnyoneFrom(_) | Demand::Identity(_)) | None => {}
    }
    if accept.bearer && around.issuers.is_empty() {
        scene
            .sink
            .error(&span, RouteProblem::NoIssuer { name: name() });
    }
    let places = &around.api_key.rules;
    if accept.api_key && places.header.is_none() && !places.in_authorization {
        scene
            .sink
            .error(&span, RouteProblem::ApiKeyNowhere { name: name() });
    }
    if !accept.bearer {
        for key in [&route::ISSUERS, &route::AUDIENCE, &route::RESOURCE]
            .into_iter()
            .filter(|key| fields.has(key))
        {
            scene.sink.error(
                &fields.span_of_key(key),
                RouteProblem::NoEffect { key: key.name },
            );
        }
    }
}

fn hosts(fields: &Fields<'_>, scene: Scene<'_>) -> Vec<HostPattern> {
    let written = fields
        .texts(&route::HOST)
        .map(|list| list.value)
        .unwrap_or_default();
    written
        .iter()
        .filter_map(|text| {
            HostPattern::parse(text.value)
                .map_err(|defect| report(text, &defect, scene))
                .ok()
        })
        .collect()
}

fn paths(fields: &Fields<'_>, scene: Scene<'_>) -> Vec<PathPattern> {
    let everything = || PathPattern::parse("/**").into_iter().collect();
    let Some(written) = fields.texts(&route::PATH) else {
        return everything();
    };
    let mut paths = Vec::new();
    for text in &written.value {
        if RESERVED.iter().any(|reserved| {
            text.value == *reserved || text.value.starts_with(&format!("{reserved}/"))
        }) {
            scene.sink.error(
                &text.span,
                RouteProblem::PathReserved {
                    value: text.value.to_owned(),
                },
            );
        }
        match PathPattern::parse(text.value) {
            Ok(path) => paths.push(path),
            Err(defect) => report(text, &defect, scene),
        }
    }
    paths
}

fn report(text: &Located<&str>, defect: &PatternDefect, scene: Scene<'_>) {
    scene.sink.error(
        &text.span,
        RouteProblem::Pattern {
            value: text.value.to_owned(),
            fault: defect.fault,
        },
    );
}

fn methods(fields: &Fields<'_>, scene: Scene<'_>) -> Methods {
    let Some(written) = fields.texts(&route::METHODS) else {
        return Methods::Any;
    };
    text::no_two_the_same(&written.value, scene);
    let mut methods = Vec::new();
    for text in &written.value {
        let value = text.value.to_owned();
        match Methods::parse_one(text.value) {
            Ok(_) if matches!(text.value, "CONNECT" | "TRACE") => {
                scene
                    .sink
                    .error(&text.span, RouteProblem::MethodNeverServed { value });
            }
            Ok(method) => methods.push(method),
            Err(defect) => scene
                .sink
                .error(&text.span, RouteProblem::Method { value, defect }),
        }
    }
    Methods::Only(methods.into())
}

fn issuers(fields: &Fields<'_>, around: &Around<'_>, scene: Scene<'_>) -> Vec<usize> {
    let Some(written) = fields.texts(&route::ISSUERS) else {
        return (0..around.issuers.len()).collect();
    };
    text::no_two_the_same(&written.value, scene);
    let names: Vec<&str> = around
        .issuers
        .iter()
        .map(|issuer| &*issuer.rules.name)
        .collect();
    written
        .value
        .iter()
        .filter_map(|name| index_of(name, &names, "issuer", scene))
        .collect()
}

fn upstream(fields: &Fields<'_>, around: &Around<'_>, scene: Scene<'_>) -> usize {
    let names: Vec<&str> = around
        .upstreams
        .iter()
        .map(|upstream| &*upstream.settings.name)
        .collect();
    // Without an index there is an error, and the rules are not used.
    fields
        .text(&route::UPSTREAM)
        .and_then(|name| index_of(&name, &names, "upstream", scene))
        .unwrap_or_default()
}

fn index_of(
    name: &Located<&str>,
    names: &[&str],
    what: &'static str,
    scene: Scene<'_>,
) -> Option<usize> {
    let index = names.iter().position(|known| *known == name.value);
    if index.is_none() {
        let near = nearest(name.value, names.iter().copied()).map(str::to_owned);
        scene.sink.error(
            &name.span,
            RouteProblem::Unknown {
                what,
                name: name.value.to_owned(),
                near,
            },
        );
    }
    index
}

fn check_against_earlier(
    route: &Route,
    place: &Place,
    earlier: &[Route],
    places: &[Place],
    scene: Scene<'_>,
) {
    for (other, other_place) in earlier.iter().zip(places) {
        if !route.name.is_empty() && other.name == route.name {
            let problem = RouteProblem::NameTwice {
                name: route.name.to_string(),
            };
            scene
                .sink
                .error_beside(&place.span, problem, &other_place.span, "first here");
        }
        if place.is_known && other_place.is_known && other.covers(route) {
            let problem = RouteProblem::NeverReached {
                name: route.name.to_string(),
                by: other.name.to_string(),
            };
            let label = "this one is always first";
            scene
                .sink
                .warn_beside(&place.span, problem, &other_place.span, label);
            return;
        }
    }
}

fn unused(rules: &[RouteRules], around: &Around<'_>, scene: Scene<'_>) {
    let warn = |span: &Span, what, name: &str| {
        scene.sink.warn(
            span,
            RouteProblem::Unused {
                what,
                name: name.to_owned(),
            },
        );
    };
    for (index, upstream) in around.upstreams.iter().enumerate() {
        if rules.iter().all(|route| route.upstream != index) {
            warn(&upstream.span, "upstream", &upstream.settings.name);
        }
    }
    let taken = |index: usize| {
        rules
            .iter()
            .any(|route| route.accept.bearer && route.issuers.contains(&index))
    };
    for (index, issuer) in around.issuers.iter().enumerate() {
        if !taken(index) {
            warn(&issuer.span, "issuer", &issuer.rules.name);
        }
    }
}

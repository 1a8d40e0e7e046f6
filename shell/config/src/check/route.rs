//! Routes: what they are for, what they accept and demand, and where they lead.
//!
//! Knows: the other sections that routes name. Does not know requests.

mod fit;
mod sign_in;
mod together;
mod upgrade;

use countersign_flow::{Accept, RouteRules};
use countersign_policy::{Demand, Requirements, Route};

use self::together::Place;
use super::{Scene, allow, bound, cors, issuer, scheme, text, upstream, url};
use crate::declared::{file, route};
use crate::finding::Span;
use crate::nearest::nearest;
use crate::problem::{RouteProblem, TextProblem};
use crate::read::{Fields, Located};
use crate::settings::Upstream;

const SCHEMES: [&str; 7] = [
    "basic",
    "bearer",
    "digest",
    "api-key",
    "dpop",
    "session",
    "certificate",
];

/// What routes refer to.
pub(super) struct Around<'a> {
    pub(super) cors: &'a [cors::Checked],
    pub(super) issuers: &'a [issuer::Checked],
    pub(super) upstreams: &'a [upstream::Checked],
    pub(super) api_key: &'a scheme::ApiKey,
    /// For how long a verified credential is remembered.
    pub(super) remember_secs: i64,
}

/// The routes, and what they come down to together.
pub(super) struct Checked {
    pub(super) routes: Vec<Route>,
    pub(super) rules: Vec<RouteRules>,
    pub(super) reads_credentials: bool,
    /// Those that read certificates, or tokens that may be bound.
    pub(super) bound_readers: Vec<bound::Reader>,
}

pub(super) fn all(document: &Fields<'_>, around: &Around<'_>, scene: Scene<'_>) -> Checked {
    let mut checked = Checked {
        routes: Vec::new(),
        rules: Vec::new(),
        reads_credentials: false,
        bound_readers: Vec::new(),
    };
    let mut places: Vec<Place> = Vec::new();
    for fields in document.tables(&file::ROUTE) {
        let (route, rules, place) = one(&fields, around, scene);
        together::check_against_earlier(&route, &place, &checked.routes, &places, scene);
        checked.reads_credentials |= !rules.accept.is_empty();
        if rules.accept.tokens() || rules.accept.certificate {
            checked.bound_readers.push(bound::Reader {
                name: rules.name.clone(),
                accept: rules.accept,
                names_hosts: !route.hosts.is_empty(),
                span: fields.span_of(&route::ACCEPT),
            });
        }
        checked.routes.push(route);
        checked.rules.push(rules);
        places.push(place);
    }
    together::unused(&checked.rules, around, scene);
    checked
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
    let demand = demand.unwrap_or_else(|| Demand::Identity(Requirements::default()));
    sign_in::check(fields, name, accept, &demand, scene);
    let (found, is_known) = fit::read(name, fields, scene);
    if matches!(demand, Demand::Anyone) && fit::covers_everything(&found) {
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
    // Without an upstream there is an error, and the rules are not used.
    let upstream = upstream(fields, around, scene);
    let rules = RouteRules {
        name: name.into(),
        accept,
        challenge_scope: challenge_scope(&demand),
        deny: allow::deny(fields, !accept.is_empty(), scene),
        leeway_secs: fields
            .whole(&route::LEEWAY_SECS)
            .map(|secs| u32::try_from(secs.value).unwrap_or(u32::MAX)),
        remember_secs: remember_secs(fields, accept, around, scene),
        demand,
        issuers: issuers(fields, accept, &place, around, scene),
        audiences: issuer::audiences(fields, &route::AUDIENCE, scene),
        resource: fields
            .text(&route::RESOURCE)
            .and_then(|text| Some(text.value).filter(|_| url::read(&text, scene).is_some()))
            .map(Into::into),
        keep_credential: fields
            .flag(&route::KEEP_CREDENTIAL)
            .is_some_and(|flag| flag.value),
        cors: cors::of_route(fields, around.cors, accept, &around.api_key.rules, scene),
        upgrades: upgrade::read(name, fields, &upstream, scene),
        upstream: upstream.map_or(0, |(index, _)| index),
    };
    let place = Place {
        span: place,
        is_known,
    };
    (found, rules, place)
}

/// A route may believe a memory for less long than it is kept, not for longer.
fn remember_secs(
    fields: &Fields<'_>,
    accept: Accept,
    around: &Around<'_>,
    scene: Scene<'_>,
) -> Option<i64> {
    let written = fields.whole(&route::REMEMBER_SECS)?;
    let secs = i64::try_from(written.value).unwrap_or(i64::MAX);
    if accept.is_empty() {
        let problem = RouteProblem::NothingRemembered;
        scene
            .sink
            .error(&fields.span_of_key(&route::REMEMBER_SECS), problem);
    } else if secs > around.remember_secs {
        let problem = RouteProblem::RememberLong {
            ttl_secs: around.remember_secs,
        };
        scene.sink.error(&written.span, problem);
    }
    Some(secs)
}

/// RFC 6750 section 3: the scope that is needed, for the challenge.
fn challenge_scope(demand: &Demand) -> Box<str> {
    match demand {
        Demand::Identity(requirements) => requirements.scopes.join(" ").into(),
        Demand::Anyone | Demand::AnyoneFrom(_) => "".into(),
    }
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
            "digest" => accept.digest = true,
            "api-key" => accept.api_key = true,
            "dpop" => accept.dpop = true,
            "session" => accept.session = true,
            "certificate" => accept.certificate = true,
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
            if !requirements.claims.is_empty() && !accept.tokens() =>
        {
            scene
                .sink
                .error(&span, RouteProblem::ClaimsWithoutTokens { name: name() });
        }
        Some(Demand::Identity(requirements)) if requirements.second_factor && !accept.session => {
            scene.sink.error(
                &span,
                RouteProblem::SecondFactorWithoutSessions { name: name() },
            );
        }
        Some(Demand::Identity(requirements)) if !requirements.scopes.is_empty() => {
            let without = [
                ("basic", accept.basic),
                ("digest", accept.digest),
                ("session", accept.session),
                ("certificate", accept.certificate),
            ];
            let without = without.into_iter().find(|(_, accepted)| *accepted);
            if !accept.tokens() && !accept.api_key && !accept.is_empty() {
                scene
                    .sink
                    .error(&span, RouteProblem::ScopesWithoutTokens { name: name() });
            } else if let Some((without, _)) = without {
                let name = name();
                scene
                    .sink
                    .warn(&span, RouteProblem::ScopesNotOfAll { name, without });
            }
        }
        Some(Demand::Anyone | Demand::AnyoneFrom(_) | Demand::Identity(_)) | None => {}
    }
    if accept.tokens() && around.issuers.is_empty() {
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
    if !accept.tokens() {
        let of_tokens = [
            &route::ISSUERS,
            &route::AUDIENCE,
            &route::LEEWAY_SECS,
            &route::RESOURCE,
        ];
        for key in of_tokens.into_iter().filter(|key| fields.has(key)) {
            scene.sink.error(
                &fields.span_of_key(key),
                RouteProblem::NoEffect { key: key.name },
            );
        }
    }
}

fn issuers(
    fields: &Fields<'_>,
    accept: Accept,
    place: &Span,
    around: &Around<'_>,
    scene: Scene<'_>,
) -> Vec<usize> {
    let found = issuers_named(fields, around, scene);
    let asked = found.iter().filter_map(|index| around.issuers.get(*index));
    let mut asked = asked.filter(|issuer| issuer.introspection.is_some());
    if let (true, Some(first), Some(second)) = (accept.tokens(), asked.next(), asked.next()) {
        let span = if fields.has(&route::ISSUERS) {
            fields.span_of(&route::ISSUERS)
        } else {
            place.clone()
        };
        let problem = RouteProblem::SeveralToAsk {
            first: first.rules.name.to_string(),
            second: second.rules.name.to_string(),
        };
        scene.sink.error(&span, problem);
    }
    found
}

fn issuers_named(fields: &Fields<'_>, around: &Around<'_>, scene: Scene<'_>) -> Vec<usize> {
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

fn upstream<'a>(
    fields: &Fields<'_>,
    around: &Around<'a>,
    scene: Scene<'_>,
) -> Option<(usize, &'a Upstream)> {
    let names: Vec<&str> = around
        .upstreams
        .iter()
        .map(|upstream| &*upstream.settings.name)
        .collect();
    let index = index_of(&fields.text(&route::UPSTREAM)?, &names, "upstream", scene)?;
    Some((index, &around.upstreams.get(index)?.settings))
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

//! Which requests a route is for: hosts, paths, methods.
//!
//! Knows: patterns, and the paths that the gateway keeps. Does not know what a route demands.

use countersign_policy::{HostPattern, Methods, PathPattern, PatternDefect, Route};

use crate::check::{Scene, text};
use crate::declared::route;
use crate::problem::RouteProblem;
use crate::read::{Fields, Located};

/// The gateway's own paths.
const RESERVED: [&str; 2] = ["/.countersign", "/.well-known/oauth-protected-resource"];

/// The route, and whether all of it could be read, so that it is known what it covers.
pub(super) fn read(name: &str, fields: &Fields<'_>, scene: Scene<'_>) -> (Route, bool) {
    let errors_before = scene.sink.errors();
    let route = Route {
        name: name.into(),
        hosts: hosts(fields, scene),
        paths: paths(fields, scene),
        methods: methods(fields, scene),
    };
    (route, scene.sink.errors() == errors_before)
}

/// Whether the route is for every host and path, with whatever methods.
pub(super) fn covers_everything(route: &Route) -> bool {
    let everything = PathPattern::parse("/**").ok();
    everything.is_some_and(|everything| {
        route.hosts.is_empty() && route.paths.iter().any(|path| path.covers(&everything))
    })
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

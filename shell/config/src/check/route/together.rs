//! Routes beside each other: names, order, and what none of them uses.
//!
//! Knows that the first route that fits decides. Does not know what a route demands.

use countersign_flow::RouteRules;
use countersign_policy::Route;

use super::Around;
use crate::check::Scene;
use crate::finding::Span;
use crate::problem::RouteProblem;

/// Where a route stands.
pub(super) struct Place {
    pub(super) span: Span,
    /// Whether all its hosts, paths and methods could be read, so that it is known what it covers.
    pub(super) is_known: bool,
}

/// Reports what an earlier route has already: its name, or all of its requests.
pub(super) fn check_against_earlier(
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

/// Warns of upstreams and issuers without a route.
pub(super) fn unused(rules: &[RouteRules], around: &Around<'_>, scene: Scene<'_>) {
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
            .any(|route| route.accept.tokens() && route.issuers.contains(&index))
    };
    for (index, issuer) in around.issuers.iter().enumerate() {
        if !taken(index) {
            warn(&issuer.span, "issuer", &issuer.rules.name);
        }
    }
}

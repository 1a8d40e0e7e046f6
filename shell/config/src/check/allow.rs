//! Who may pass a route: `allow`.
//!
//! Knows: demands. Does not know schemes, but for whether the route reads credentials.

use countersign_policy::{ClaimDemand, Demand, Deny, Requirements, SignInDemand};

use super::{Scene, text};
use crate::declared::{Key, allow, deny, route};
use crate::nearest::nearest;
use crate::problem::{RouteProblem, TextProblem};
use crate::read::{Fields, Located};

/// The demand of a route. A route that reads no credentials and names networks alone is open to anyone from there.
pub(super) fn read(
    fields: &Fields<'_>,
    reads_credentials: bool,
    scene: Scene<'_>,
) -> Option<Demand> {
    if fields.is_text(&route::ALLOW) {
        let text = fields.text(&route::ALLOW)?;
        if text.value == "anyone" {
            return Some(Demand::Anyone);
        }
        let near = nearest(text.value, ["anyone"]);
        scene.sink.error(
            &text.span,
            RouteProblem::AllowText {
                value: text.value.to_owned(),
                near,
            },
        );
        return None;
    }
    let table = fields.table(&route::ALLOW)?;
    if table.len() == 0 {
        scene.sink.error(&table.span, RouteProblem::AllowEmpty);
        return None;
    }
    if let Some(flag) = table.flag(&allow::IDENTITY)
        && !flag.value
    {
        scene
            .sink
            .error(&flag.span, RouteProblem::AllowIdentityFalse);
    }
    let list = |key| {
        table
            .texts(key)
            .map(|list| text::boxed(&list.value, key, scene))
            .unwrap_or_default()
    };
    let networks = table
        .texts(&allow::NETWORKS)
        .map(|list| text::networks(&list.value, scene))
        .unwrap_or_default();
    if !reads_credentials && table.len() == 1 && table.has(&allow::NETWORKS) {
        return Some(Demand::AnyoneFrom(networks));
    }
    Some(Demand::Identity(Requirements {
        users: list(&allow::USERS),
        groups: list(&allow::GROUPS),
        scopes: scopes(&table, &allow::SCOPES, scope_problem, scene),
        claims: table
            .texts_by_name(&allow::CLAIMS)
            .into_iter()
            .map(|claim| demand(claim, scene))
            .collect(),
        second_factor: table
            .flag(&allow::SECOND_FACTOR)
            .is_some_and(|flag| flag.value),
        sign_in: SignInDemand {
            age_secs_max: table
                .whole(&allow::SIGN_IN_AGE_MAX_SECS)
                .map(|secs| i64::try_from(secs.value).unwrap_or(i64::MAX)),
            // They stand in a challenge with spaces between, as scopes do.
            acr: scopes(&table, &allow::ACR, class_problem, scene),
            amr: list(&allow::AMR),
        },
        networks,
    }))
}

/// Whom a route refuses first.
pub(super) fn deny(fields: &Fields<'_>, reads_credentials: bool, scene: Scene<'_>) -> Deny {
    if !fields.has(&route::DENY) {
        return Deny::default();
    }
    let Some(table) = fields.table(&route::DENY) else {
        return Deny::default();
    };
    if table.len() == 0 {
        scene.sink.error(&table.span, RouteProblem::DenyEmpty);
    }
    let list = |key: &'static Key| {
        if !reads_credentials && table.has(key) {
            let problem = RouteProblem::DenyUnknown { key: key.name };
            scene.sink.error(&table.span_of_key(key), problem);
        }
        table
            .texts(key)
            .map(|list| text::boxed(&list.value, key, scene))
            .unwrap_or_default()
    };
    Deny {
        users: list(&deny::USERS),
        groups: list(&deny::GROUPS),
        networks: table
            .texts(&deny::NETWORKS)
            .map(|list| text::networks(&list.value, scene))
            .unwrap_or_default(),
    }
}

/// ```abnf
/// scope-token = 1*( %x21 / %x23-5B / %x5D-7E )
/// ```
///
/// RFC 6749 section 3.3.
pub(super) fn scopes(
    table: &Fields<'_>,
    key: &'static Key,
    problem: fn(String) -> RouteProblem,
    scene: Scene<'_>,
) -> Vec<Box<str>> {
    let Some(written) = table.texts(key) else {
        return Vec::new();
    };
    let fits = |byte: u8| byte.is_ascii_graphic() && !b"\"\\".contains(&byte);
    for scope in written
        .value
        .iter()
        .filter(|scope| scope.is_empty() || !scope.bytes().all(fits))
    {
        scene
            .sink
            .error(&scope.span, problem(scope.value.to_owned()));
    }
    text::no_two_the_same(&written.value, scene);
    written
        .value
        .iter()
        .map(|scope| scope.value.into())
        .collect()
}

pub(super) const fn scope_problem(value: String) -> RouteProblem {
    RouteProblem::Scope { value }
}

const fn class_problem(value: String) -> RouteProblem {
    RouteProblem::SignInClass { value }
}

fn demand((name, values): (Located<&str>, Vec<Located<&str>>), scene: Scene<'_>) -> ClaimDemand {
    if name.is_empty() {
        scene.sink.error(
            &name.span,
            TextProblem::EmptyText {
                key: "claims".to_owned(),
            },
        );
    }
    ClaimDemand {
        name: name.value.into(),
        any_of: values.iter().map(|value| value.value.into()).collect(),
    }
}

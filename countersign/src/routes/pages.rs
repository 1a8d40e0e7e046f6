//! What a route lets pages of other origins do, in words.
//!
//! Knows: the rules of a route. Does not know how an origin is matched.

use countersign_flow::{CorsRules, PageNames, UpstreamFields};
use countersign_policy::{Leave, Pages};
use http::{HeaderName, Method};
use serde_json::{Value, json};

/// The rules in one line.
pub(super) fn summary(rules: &CorsRules) -> String {
    let settings = rules.settings();
    let pages = match &settings.pages {
        Pages::Any => "pages of every origin, without credentials".to_owned(),
        Pages::Of {
            origins,
            credentials,
        } => {
            let origins: Vec<String> = origins.iter().map(ToString::to_string).collect();
            let with = if *credentials { "with" } else { "without" };
            format!("pages of {}, {with} credentials", origins.join(" or "))
        }
    };
    let own = match settings.upstream_fields {
        UpstreamFields::Replace => "replaced",
        UpstreamFields::Keep => "kept",
        UpstreamFields::Merge => "merged",
    };
    format!("{pages}; the upstream's own fields are {own}")
}

/// What a page of one origin may do by this method.
pub(super) fn page(rules: Option<&CorsRules>, origin: &str, method: &Method) -> String {
    let Some(rules) = rules else {
        return "the route has no rules for pages of other origins: a preflight goes to the upstream where the route is open, and is refused with `origin-not-allowed` where it is not".to_owned();
    };
    let settings = rules.settings();
    let with = match settings.pages.leave(origin.as_bytes()) {
        None => {
            return "not let in: a preflight is refused with `origin-not-allowed`, and answers are kept from the page"
                .to_owned();
        }
        Some(Leave::AsAnybody | Leave::AsListed { credentials: false }) => "without cookies",
        Some(Leave::AsListed { credentials: true }) => "with cookies",
    };
    let is_listed = settings
        .methods
        .as_ref()
        .is_none_or(|methods| methods.contains(method));
    if !is_listed {
        return format!("let in, {with}, but not by {method}");
    }
    let names = match &settings.names {
        PageNames::Any => "any header".to_owned(),
        PageNames::Only(names) if names.is_empty() => "no further header".to_owned(),
        PageNames::Only(names) => joined(names),
    };
    format!("let in, {with}; it may set {names}")
}

fn joined(names: &[HeaderName]) -> String {
    texts(names).join(", ")
}

/// The rules for programs: where there is no list, everything of the kind is let in. Of a page that is asked about, whether it is one,
/// and by its method.
pub(super) fn as_json(rules: Option<&CorsRules>, page: Option<(&str, &Method)>) -> Value {
    let Some(rules) = rules else {
        return Value::Null;
    };
    let settings = rules.settings();
    let (origins, credentials) = match &settings.pages {
        Pages::Any => (vec!["*".to_owned()], false),
        Pages::Of {
            origins,
            credentials,
        } => (
            origins.iter().map(ToString::to_string).collect(),
            *credentials,
        ),
    };
    let methods = settings.methods.as_deref();
    let headers = match &settings.names {
        PageNames::Any => None,
        PageNames::Only(names) => Some(texts(names)),
    };
    json!({
        "origins": origins,
        "credentials": credentials,
        "methods": methods.map(|methods| methods.iter().map(Method::as_str).collect::<Vec<_>>()),
        "headers": headers,
        "exposed_headers": settings.exposed.as_deref().map(texts),
        "max_age_secs": settings.max_age_secs,
        "upstream_fields": match settings.upstream_fields {
            UpstreamFields::Replace => "replace",
            UpstreamFields::Keep => "keep",
            UpstreamFields::Merge => "merge",
        },
        "origin_allowed": page.map(|(origin, _)| settings.pages.leave(origin.as_bytes()).is_some()),
        "method_allowed": page.map(|(_, method)| methods.is_none_or(|methods| methods.contains(method))),
    })
}

fn texts(names: &[HeaderName]) -> Vec<&str> {
    names.iter().map(HeaderName::as_str).collect()
}

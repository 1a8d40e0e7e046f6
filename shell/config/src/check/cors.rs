//! Rules for pages of other origins.
//!
//! Knows: origins, methods, names of headers, and which of them browsers refuse together. Does not know requests.

use std::cell::Cell;

use countersign_flow::{Accept, ApiKeyRules, CorsRules, CorsSettings, PageNames, UpstreamFields};
use countersign_policy::{Methods, OriginPattern, Pages};
use countersign_wire::cors::client::is_forbidden_name;
use countersign_wire::dpop::PROOF;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderName, Method};

use super::{Scene, text};
use crate::declared::{Key, cors, file, route};
use crate::finding::Span;
use crate::nearest::nearest;
use crate::problem::{CorsProblem, HeaderProblem, RouteProblem};
use crate::read::{Fields, Located};

/// A section and where its name stands.
pub(super) struct Checked {
    name: Box<str>,
    span: Span,
    settings: Option<CorsSettings>,
    is_used: Cell<bool>,
}

/// The sections that routes name.
pub(super) fn all(document: &Fields<'_>, scene: Scene<'_>) -> Vec<Checked> {
    let sections = document.named(&file::CORS).into_iter();
    sections
        .map(|(name, fields)| {
            text::name(&name, scene);
            Checked {
                name: name.value.into(),
                settings: read(&fields, scene),
                span: name.span,
                is_used: Cell::new(false),
            }
        })
        .collect()
}

/// Warns of sections without a route.
pub(super) fn unused(sections: &[Checked], scene: Scene<'_>) {
    for section in sections.iter().filter(|section| !section.is_used.get()) {
        let name = section.name.to_string();
        scene.sink.warn(&section.span, CorsProblem::Unused { name });
    }
}

/// The rules of a route: by the name of a section, or written in the route itself.
pub(super) fn of_route(
    fields: &Fields<'_>,
    sections: &[Checked],
    accept: Accept,
    api_key: &ApiKeyRules,
    scene: Scene<'_>,
) -> Option<Box<CorsRules>> {
    if !fields.has(&route::CORS) {
        return None;
    }
    let mut settings = if fields.is_text(&route::CORS) {
        named(&fields.text(&route::CORS)?, sections, scene)?
    } else {
        read(&fields.table(&route::CORS)?, scene)?
    };
    if let PageNames::Only(names) = &mut settings.names {
        let of_credentials = credential_headers(accept, api_key);
        let missing: Vec<_> = of_credentials
            .filter(|name| !names.contains(name))
            .collect();
        names.splice(0..0, missing);
    }
    Some(Box::new(CorsRules::new(settings)))
}

fn named(name: &Located<&str>, sections: &[Checked], scene: Scene<'_>) -> Option<CorsSettings> {
    let Some(section) = sections.iter().find(|section| &*section.name == name.value) else {
        let known = sections.iter().map(|section| &*section.name);
        let near = nearest(name.value, known).map(str::to_owned);
        let name_written = name.value.to_owned();
        let problem = CorsProblem::Unknown {
            name: name_written,
            near,
        };
        scene.sink.error(&name.span, problem);
        return None;
    };
    section.is_used.set(true);
    section.settings.clone()
}

/// Where the route reads credentials: a page that may call it has to be able to send them.
fn credential_headers(accept: Accept, api_key: &ApiKeyRules) -> impl Iterator<Item = HeaderName> {
    let in_authorization =
        accept.basic || accept.tokens() || (accept.api_key && api_key.in_authorization);
    let authorization = in_authorization.then_some(AUTHORIZATION);
    let own = api_key.header.clone().filter(|_| accept.api_key);
    let proof = accept.dpop.then_some(PROOF);
    authorization.into_iter().chain(own).chain(proof)
}

fn read(fields: &Fields<'_>, scene: Scene<'_>) -> Option<CorsSettings> {
    let credentials = fields
        .flag(&cors::CREDENTIALS)
        .is_some_and(|flag| flag.value);
    let max_age_secs = fields.whole(&cors::MAX_AGE_SECS).map(|age| age.value);
    let settings = CorsSettings {
        pages: pages(fields, credentials, scene)?,
        methods: methods(fields, scene),
        names: names(fields, scene),
        exposed: exposed(fields, credentials, scene),
        max_age_secs: max_age_secs.map_or(600, |age| u32::try_from(age).unwrap_or(u32::MAX)),
        private_network: fields
            .flag(&cors::PRIVATE_NETWORK)
            .is_some_and(|flag| flag.value),
        upstream_fields: match fields.text(&cors::UPSTREAM_FIELDS).map(|text| text.value) {
            Some("keep") => UpstreamFields::Keep,
            Some("merge") => UpstreamFields::Merge,
            Some(_) | None => UpstreamFields::Replace,
        },
    };
    Some(settings)
}

fn pages(fields: &Fields<'_>, credentials: bool, scene: Scene<'_>) -> Option<Pages> {
    let written = fields.texts(&cors::ORIGINS)?;
    text::no_two_the_same(&written.value, scene);
    let is_any = is_star(&written.value, &cors::ORIGINS, scene);
    if is_any && credentials {
        let problem = CorsProblem::AnyOriginWithCredentials;
        scene.sink.error(&written.span, problem);
    }
    let origins = written.value.iter().filter(|text| text.value != "*");
    let origins: Vec<_> = origins
        .filter_map(|text| origin(text, credentials, scene))
        .collect();
    if is_any {
        return Some(Pages::Any);
    }
    Some(Pages::Of {
        origins: origins.into(),
        credentials,
    })
}

fn origin(text: &Located<&str>, credentials: bool, scene: Scene<'_>) -> Option<OriginPattern> {
    let value = text.value.to_owned();
    match OriginPattern::parse(text.value) {
        Ok(origin) => {
            if credentials && origin == OriginPattern::Null {
                scene
                    .sink
                    .warn(&text.span, CorsProblem::NullWithCredentials);
            }
            if credentials && origin.is_in_the_clear() {
                let problem = CorsProblem::InTheClearWithCredentials { value };
                scene.sink.warn(&text.span, problem);
            }
            Some(origin)
        }
        Err(fault) => {
            let problem = CorsProblem::Origin { value, fault };
            scene.sink.error(&text.span, problem);
            None
        }
    }
}

/// Whether a list is `*`. Beside others it is reported.
fn is_star(list: &[Located<&str>], key: &'static Key, scene: Scene<'_>) -> bool {
    let star = list.iter().find(|text| text.value == "*");
    if let (Some(star), 2..) = (star, list.len()) {
        let problem = CorsProblem::StarAmongOthers { key: key.name };
        scene.sink.error(&star.span, problem);
    }
    star.is_some()
}

fn methods(fields: &Fields<'_>, scene: Scene<'_>) -> Option<Vec<Method>> {
    let written = fields.texts(&cors::METHODS)?;
    text::no_two_the_same(&written.value, scene);
    let is_any = is_star(&written.value, &cors::METHODS, scene);
    let named = written.value.iter().filter(|text| text.value != "*");
    let read = named.filter_map(|text| {
        let value = text.value.to_owned();
        match Methods::parse_one(text.value) {
            Ok(_) if matches!(text.value, "CONNECT" | "TRACE") => {
                let problem = RouteProblem::MethodNeverServed { value };
                scene.sink.error(&text.span, problem);
                None
            }
            Ok(method) => Some(method),
            Err(defect) => {
                let problem = RouteProblem::Method { value, defect };
                scene.sink.error(&text.span, problem);
                None
            }
        }
    });
    let methods = read.collect();
    // The star is the same as no list at all: every method that the route is for.
    (!is_any).then_some(methods)
}

fn names(fields: &Fields<'_>, scene: Scene<'_>) -> PageNames {
    let Some(written) = fields.texts(&cors::HEADERS) else {
        return PageNames::Only(vec![CONTENT_TYPE]);
    };
    let is_any = is_star(&written.value, &cors::HEADERS, scene);
    let names = headers(&written.value, is_forbidden_name, scene);
    if is_any {
        PageNames::Any
    } else {
        PageNames::Only(names)
    }
}

fn exposed(fields: &Fields<'_>, credentials: bool, scene: Scene<'_>) -> Option<Vec<HeaderName>> {
    let Some(written) = fields.texts(&cors::EXPOSE) else {
        return Some(Vec::new());
    };
    let is_all = is_star(&written.value, &cors::EXPOSE, scene);
    if is_all && credentials {
        let problem = CorsProblem::ExposeAllWithCredentials;
        scene.sink.error(&written.span, problem);
    }
    // Fetch standard, "forbidden response-header name".
    let hidden = |name: &str| matches!(name, "set-cookie" | "set-cookie2");
    let names = headers(&written.value, hidden, scene);
    (!is_all).then_some(names)
}

/// Names of headers; letter case makes no difference.
fn headers(
    list: &[Located<&str>],
    is_of_browser: fn(&str) -> bool,
    scene: Scene<'_>,
) -> Vec<HeaderName> {
    text::no_two_the_same(list, scene);
    let mut names: Vec<HeaderName> = Vec::new();
    for text in list.iter().filter(|text| text.value != "*") {
        let value = text.value.to_owned();
        match HeaderName::from_bytes(text.value.as_bytes()) {
            Err(_) => scene
                .sink
                .error(&text.span, HeaderProblem::NotAToken { value }),
            Ok(name) if is_of_browser(name.as_str()) => scene
                .sink
                .error(&text.span, CorsProblem::OfTheBrowser { value }),
            Ok(name) if names.contains(&name) => {}
            Ok(name) => names.push(name),
        }
    }
    names
}

//! The answers for the gateway's own pages.
//!
//! Knows: the catalogue, and which routes make up a protected resource. Does not know credentials: these pages are open.

use std::collections::BTreeSet;

use countersign_wire::accept::MediaType;
use countersign_wire::metadata::{ProtectedResource, WELL_KNOWN, well_known_path};
use http::header::{ALLOW, CACHE_CONTROL, VARY};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use super::{Answer, Asked, dress, origin, page};
use crate::own::OwnPage;
use crate::rules::{RouteRules, Rules};

/// The pages change with the program only.
const PAGE_CACHE: HeaderValue = HeaderValue::from_static("public, max-age=3600");

/// Serves one of the gateway's own pages.
#[must_use]
pub fn respond_own(rules: &Rules, page: &OwnPage, asked: &Asked<'_>) -> Answer {
    if !matches!(*asked.method, Method::GET | Method::HEAD) {
        let mut headers = HeaderMap::new();
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return Answer {
            status: StatusCode::METHOD_NOT_ALLOWED,
            headers,
            body: Vec::new(),
        };
    }
    match page {
        OwnPage::Causes => html(StatusCode::OK, page::causes()),
        OwnPage::Cause(cause) => html(StatusCode::OK, page::cause(*cause)),
        OwnPage::Nothing => html(StatusCode::NOT_FOUND, page::nothing()),
        OwnPage::ResourceMetadata { path } => match metadata(rules, path, origin(rules, asked)) {
            Some(document) => respond_with(
                StatusCode::OK,
                MediaType::JSON,
                document.to_json().into_bytes(),
            ),
            None => html(StatusCode::NOT_FOUND, page::nothing()),
        },
    }
}

fn html(status: StatusCode, body: Vec<u8>) -> Answer {
    respond_with(status, MediaType::HTML, body)
}

fn respond_with(status: StatusCode, media: MediaType, body: Vec<u8>) -> Answer {
    let mut headers = HeaderMap::new();
    dress(&mut headers, media);
    headers.insert(VARY, HeaderValue::from_static("Accept"));
    let cache = if status == StatusCode::OK {
        PAGE_CACHE
    } else {
        HeaderValue::from_static("no-store")
    };
    headers.insert(CACHE_CONTROL, cache);
    Answer {
        status,
        headers,
        body,
    }
}

/// Whether the metadata of a resource stands at this origin, with this path after the well-known one.
fn is_at(resource: &str, origin: &str, path: &str) -> bool {
    let same_origin = resource
        .strip_prefix(origin)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    same_origin
        && well_known_path(resource)
            .ok()
            .as_deref()
            .and_then(|full| full.strip_prefix(WELL_KNOWN))
            == Some(path)
}

/// RFC 9728 section 3.2: the document of the resource that has this origin and path.
fn metadata(rules: &Rules, path: &str, origin: &str) -> Option<ProtectedResource> {
    let belongs = |route: &&RouteRules| {
        let resource = route.resource.as_deref().unwrap_or(origin);
        route.accept.bearer && is_at(resource, origin, path)
    };
    let routes: Vec<&RouteRules> = rules.route_rules.iter().filter(belongs).collect();
    let first = routes.first()?;
    let mut issuers: Vec<String> = Vec::new();
    for index in routes
        .iter()
        .flat_map(|route| route.issuers.iter().copied())
    {
        let issuer = rules
            .issuers
            .get(index)
            .map(|issuer| issuer.issuer.to_string());
        issuers.extend(issuer.filter(|issuer| !issuers.contains(issuer)));
    }
    let scopes: BTreeSet<&str> = routes
        .iter()
        .flat_map(|route| route.challenge_scope.split_ascii_whitespace())
        .collect();
    Some(ProtectedResource {
        resource: first.resource.as_deref().unwrap_or(origin).into(),
        authorization_servers: issuers,
        scopes_supported: scopes.into_iter().map(Into::into).collect(),
        bearer_methods_supported: vec!["header".into()],
        resource_name: Some(rules.realm.to_string()),
    })
}

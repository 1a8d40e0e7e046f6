//! The answers for the gateway's own pages.
//!
//! Knows: the catalogue, and which routes make up a protected resource. Does not know credentials: these pages are open.

use std::collections::BTreeSet;

use countersign_wire::accept::MediaType;
use countersign_wire::cors::server::{self, Preflight};
use countersign_wire::metadata::{ProtectedResource, WELL_KNOWN, well_known_path};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ALLOW, CACHE_CONTROL,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use super::{Answer, Asked, dress, origin, page};
use crate::own::OwnPage;
use crate::rules::{RouteRules, Rules};

/// The pages change with the program only.
const PAGE_CACHE: HeaderValue = HeaderValue::from_static("public, max-age=3600");
/// Metadata change with the configuration.
const METADATA_CACHE: HeaderValue = HeaderValue::from_static("public, max-age=60");
/// Keys are published long before they sign.
const KEYS_CACHE: HeaderValue = HeaderValue::from_static("public, max-age=300");
/// RFC 9110 section 15.1: 404 and 405 may be stored by default.
const NOT_CACHED: HeaderValue = HeaderValue::from_static("no-store");
/// Pages of every origin may read what is public, without credentials.
const ANY_PAGE: HeaderValue = HeaderValue::from_static("*");

/// Serves one of the gateway's own pages.
#[must_use]
pub fn respond_own(rules: &Rules, page: &OwnPage, asked: &Asked<'_>) -> Answer {
    if !matches!(*asked.method, Method::GET | Method::HEAD) {
        return match Preflight::read(asked.method, asked.headers) {
            Some(_) => page_may_ask(),
            None => method_not_allowed(),
        };
    }
    let (status, media, cache, body) = match page {
        OwnPage::Causes => (StatusCode::OK, MediaType::HTML, PAGE_CACHE, page::causes()),
        OwnPage::Cause(cause) => (
            StatusCode::OK,
            MediaType::HTML,
            PAGE_CACHE,
            page::cause(*cause),
        ),
        OwnPage::ResourceMetadata { path } => match metadata(rules, path, origin(rules, asked)) {
            Some(document) => (
                StatusCode::OK,
                MediaType::JSON,
                METADATA_CACHE,
                document.to_json().into_bytes(),
            ),
            None => nothing(),
        },
        // These are the shell's to serve: without a store or keys there is none.
        OwnPage::IdentityKeys | OwnPage::Session(_) | OwnPage::Provider(_) | OwnPage::Nothing => {
            nothing()
        }
    };
    public(status, media, cache, body)
}

/// Serves the keys that identity tokens are verified with, a JWK Set.
#[must_use]
pub fn respond_identity_keys(jwk_set: &str, asked: &Asked<'_>) -> Answer {
    if !matches!(*asked.method, Method::GET | Method::HEAD) {
        return method_not_allowed();
    }
    let body = jwk_set.as_bytes().to_vec();
    public(StatusCode::OK, MediaType::JSON, KEYS_CACHE, body)
}

fn public(status: StatusCode, media: MediaType, cache: HeaderValue, body: Vec<u8>) -> Answer {
    let mut headers = HeaderMap::new();
    dress(&mut headers, media);
    headers.insert(CACHE_CONTROL, cache);
    server::allow(&mut headers, ANY_PAGE, false);
    Answer {
        status,
        headers,
        body,
    }
}

fn nothing() -> (StatusCode, MediaType, HeaderValue, Vec<u8>) {
    (
        StatusCode::NOT_FOUND,
        MediaType::HTML,
        NOT_CACHED,
        page::nothing(),
    )
}

/// These pages are the same for everybody and hold nothing of anybody: clients in a browser read the metadata before they
/// have a token (RFC 9728 section 3), and whatever fields of their own they send.
fn page_may_ask() -> Answer {
    let mut headers = HeaderMap::new();
    server::allow(&mut headers, ANY_PAGE, false);
    headers.insert(
        ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, HEAD"),
    );
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, ANY_PAGE);
    Answer {
        status: StatusCode::NO_CONTENT,
        headers,
        body: Vec::new(),
    }
}

/// RFC 9110 section 15.5.6: a 405 names the methods that there are.
fn method_not_allowed() -> Answer {
    let mut headers = HeaderMap::new();
    headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    headers.insert(CACHE_CONTROL, NOT_CACHED);
    Answer {
        status: StatusCode::METHOD_NOT_ALLOWED,
        headers,
        body: Vec::new(),
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
        route.accept.tokens() && is_at(resource, origin, path)
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
        dpop_signing_alg_values_supported: if routes.iter().any(|route| route.accept.dpop) {
            let names = rules.dpop.algorithms.iter();
            names.map(|algorithm| algorithm.name().into()).collect()
        } else {
            Vec::new()
        },
        dpop_bound_access_tokens_required: !routes.iter().any(|route| route.accept.bearer),
        tls_client_certificate_bound_access_tokens: rules.certificate.asked,
    })
}

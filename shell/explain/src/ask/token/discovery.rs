//! The walk that a client takes which has no token yet: from the challenge to the resource's metadata (RFC 9728), and
//! from there to its authorization server (RFC 8414), as the clients of MCP do.
//!
//! Knows: where the walk goes and where it ends. Fetches public documents, without credentials.

use countersign_cause::Cause;
use countersign_wire::bearer;
use countersign_wire::metadata::{self, ProtectedResource, WELL_KNOWN};
use url::Url;

use super::issuer;
use crate::credential::credentials_of;
use crate::finding::{Finding, Fix, Weight};
use crate::message::{Answer, Request};
use crate::probe::{NoAnswer, Withheld};
use crate::scene::{Scene, Sees};
use crate::words;

/// What a place said when it was asked for metadata.
enum Found {
    Metadata(ProtectedResource),
    /// Something else, in words.
    Nothing(String),
    /// Out of care, or since the budget is spent.
    NotAsked,
}

/// Walks the way where the request has no credentials, and says what the resource tells of itself.
pub(super) async fn ask(scene: &mut Scene<'_>) -> Option<ProtectedResource> {
    let request = scene.case.request.clone()?;
    let refusal = scene.refusal()?;
    if refusal.status != 401 {
        return None;
    }
    let pointer = pointer_of(refusal).or_else(|| scene.baseline.none.as_ref().and_then(pointer_of));
    // A word without a token after it is none.
    let is_bare = credentials_of(&request)
        .iter()
        .all(|credential| credential.secret.expose().is_empty());
    match pointer {
        Some(pointer) => from_pointer(scene, &request, &pointer, is_bare).await,
        None if is_bare && is_challenged(refusal) && is_of_mcp(&request) => {
            from_the_address(scene, &request).await;
            None
        }
        None if is_of_stranger(scene, &request, refusal) => {
            let root = well_known(&request).pop()?;
            match metadata(scene, &root).await {
                Found::Metadata(document) => Some(document),
                Found::Nothing(_) | Found::NotAsked => None,
            }
        }
        None => None,
    }
}

/// Whether nothing tells a signed token from none, at a resource whose challenge asks for one: then the resource's own
/// metadata may say that it is of another issuer.
fn is_of_stranger(scene: &Scene<'_>, request: &Request, refusal: &Answer) -> bool {
    let is_signed = credentials_of(request)
        .iter()
        .any(|credential| words::has_shape_of_jwt(credential.secret.expose()));
    let is_told = scene
        .findings
        .iter()
        .any(|finding| finding.weight >= Weight::Strong);
    is_signed && !is_told && scene.baseline.sees == Sees::Alike && is_challenged(refusal)
}

/// RFC 9728 section 5.1: where the challenge says that the metadata are.
fn pointer_of(answer: &Answer) -> Option<String> {
    let parsed = answer.challenges();
    parsed
        .challenges
        .iter()
        .find_map(|challenge| challenge.param("resource_metadata"))
        .map(str::to_owned)
}

fn is_challenged(answer: &Answer) -> bool {
    let parsed = answer.challenges();
    parsed
        .challenges
        .iter()
        .any(|challenge| bearer::client::asked(challenge).is_some())
}

/// Whether the request is one that a client of MCP makes: that client cannot go on without discovery.
fn is_of_mcp(request: &Request) -> bool {
    let path = request.url.path().trim_end_matches('/');
    let accept = request.fields.text("accept").unwrap_or_default();
    path.ends_with("/mcp")
        || path.ends_with("/sse")
        || path.contains("/mcp/")
        || request.fields.has("mcp-protocol-version")
        || accept.contains("text/event-stream") && accept.contains("application/json")
}

async fn from_pointer(
    scene: &mut Scene<'_>,
    request: &Request,
    pointer: &str,
    is_bare: bool,
) -> Option<ProtectedResource> {
    let Ok(url) = pointer.parse::<Url>() else {
        let evidence = format!("`resource_metadata` of the challenge is no address: `{pointer}`");
        missing(scene, is_bare, Weight::Strong, evidence);
        return None;
    };
    match metadata(scene, &url).await {
        Found::Metadata(document) => {
            if is_bare {
                compare(scene, request, &document.resource);
                onward(scene, &document).await;
            }
            Some(document)
        }
        Found::Nothing(what) => {
            let evidence = format!(
                "the challenge names {url} for how to get a token, and {what}: a client cannot find the issuer"
            );
            missing(scene, is_bare, Weight::Strong, evidence);
            None
        }
        Found::NotAsked => {
            if issuer::is_inside_name(&url) && !issuer::is_inside_name(&request.url) {
                let evidence = format!(
                    "the challenge names {url} for how to get a token: an address of the inside, out of reach for clients"
                );
                missing(scene, is_bare, Weight::Strong, evidence);
            }
            None
        }
    }
}

/// RFC 9728 section 3.1: the two places where the metadata are without being named.
async fn from_the_address(scene: &mut Scene<'_>, request: &Request) {
    let mut tried = Vec::new();
    for url in well_known(request) {
        match metadata(scene, &url).await {
            Found::Metadata(document) => {
                let evidence = format!(
                    "the challenge does not name the resource's metadata (`resource_metadata`), though they are at {url}: not every client looks there"
                );
                missing(scene, true, Weight::Fair, evidence);
                compare(scene, request, &document.resource);
                return onward(scene, &document).await;
            }
            Found::Nothing(what) => tried.push(format!("at {} {what}", url.path())),
            Found::NotAsked => return,
        }
    }
    let evidence = format!(
        "the challenge does not name the resource's metadata (`resource_metadata`), and {}: a client cannot find the issuer",
        tried.join(" and ")
    );
    missing(scene, true, Weight::Strong, evidence);
}

fn well_known(request: &Request) -> Vec<Url> {
    let mut plain = request.url.clone();
    plain.set_query(None);
    plain.set_fragment(None);
    let mut places: Vec<Url> = metadata::well_known_url(plain.as_str())
        .ok()
        .and_then(|url| url.parse().ok())
        .into_iter()
        .collect();
    let mut root = plain;
    root.set_path(WELL_KNOWN);
    if !places.contains(&root) {
        places.push(root);
    }
    places
}

async fn metadata(scene: &mut Scene<'_>, url: &Url) -> Found {
    let why = "the resource's metadata: who issues tokens for it";
    match scene.prober.fetch(url, why).await {
        Ok(answer) if answer.is_success() => match serde_json::from_slice(&answer.body) {
            Ok(document) => Found::Metadata(document),
            Err(_) => Found::Nothing("there are no metadata in what comes".to_owned()),
        },
        Ok(answer) => Found::Nothing(format!("the answer is {}", answer.status)),
        Err(NoAnswer::Withheld(Withheld::Unsendable)) => {
            Found::Nothing("it cannot be asked".to_owned())
        }
        Err(NoAnswer::Withheld(_)) => Found::NotAsked,
        Err(NoAnswer::Unreachable(unreachable)) => {
            Found::Nothing(format!("nothing answers ({})", unreachable.detail))
        }
    }
}

/// RFC 9728 section 3.3: the metadata are about the resource that was asked for, or must not be used.
fn compare(scene: &mut Scene<'_>, request: &Request, resource: &str) {
    let fit = fit(&request.url, resource);
    let weight = match fit {
        Fit::Same => return,
        Fit::Slash => Weight::Fair,
        Fit::Other => Weight::Strong,
    };
    let mut plain = request.url.clone();
    plain.set_query(None);
    let evidence = format!(
        "the metadata are about `{resource}`, and the request goes to {plain}: to the letter these are two resources, and a client must not use them"
    );
    let fix = Fix::new(
        Cause::ResourceIndicatorMismatch.entry().who,
        format!(
            "publish `resource` as the address that clients use, or call the resource as `{resource}`"
        ),
    );
    scene.found(Finding::new(Cause::ResourceIndicatorMismatch, weight, evidence).with_fix(fix));
}

#[derive(Debug, PartialEq, Eq)]
enum Fit {
    Same,
    Slash,
    Other,
}

/// Whether the resource is what was asked for, or a place above it on the same server.
fn fit(asked: &Url, resource: &str) -> Fit {
    let Ok(named) = resource.parse::<Url>() else {
        return Fit::Other;
    };
    if named.origin() != asked.origin() {
        return Fit::Other;
    }
    let (named, asked) = (named.path(), asked.path());
    let above = named.trim_end_matches('/');
    if named == asked || above.is_empty() {
        return Fit::Same;
    }
    match asked.strip_prefix(above) {
        Some("") => Fit::Slash,
        Some(rest) if rest.starts_with('/') => match rest {
            "/" => Fit::Slash,
            _ => Fit::Same,
        },
        Some(_) | None => Fit::Other,
    }
}

/// The next step: the authorization server that the metadata name.
async fn onward(scene: &mut Scene<'_>, document: &ProtectedResource) {
    let Some(server) = document.authorization_servers.first() else {
        let evidence = "the resource's metadata name no authorization server";
        return missing(scene, true, Weight::Strong, evidence.to_owned());
    };
    let Some(places) = issuer::places(server) else {
        let evidence =
            format!("the authorization server that the metadata name is no address: `{server}`");
        return missing(scene, true, Weight::Strong, evidence);
    };
    let mut tried = Vec::new();
    // RFC 8414 first: it is what MCP asks for.
    for url in places.into_iter().rev() {
        let why = "the authorization server's metadata";
        match scene.prober.fetch(&url, why).await {
            Ok(answer) => match issuer::document(&answer) {
                Some(document) => {
                    let own = document.get("issuer").and_then(|name| name.as_str());
                    return name_of_server(scene, server, own.unwrap_or_default());
                }
                None => tried.push(format!("the answer at {url} is {}", answer.status)),
            },
            Err(NoAnswer::Withheld(_)) => return,
            Err(NoAnswer::Unreachable(unreachable)) => {
                tried.push(format!("nothing answers at {url} ({})", unreachable.detail));
                break;
            }
        }
    }
    let evidence = format!(
        "the metadata name the authorization server `{server}`, whose own cannot be had: {}",
        tried.join(", ")
    );
    missing(scene, true, Weight::Strong, evidence);
}

/// RFC 8414 section 3.3: the issuer in the document is the one that was asked for.
fn name_of_server(scene: &mut Scene<'_>, asked: &str, own: &str) {
    if asked == own {
        return;
    }
    let evidence = format!(
        "the metadata name the authorization server `{asked}`, and it calls itself `{own}`: {}",
        issuer::difference(asked, own)
    );
    scene.found(Finding::new(
        Cause::IssuerMismatch,
        Weight::Strong,
        evidence,
    ));
}

fn missing(scene: &mut Scene<'_>, is_bare: bool, weight: Weight, evidence: String) {
    // Who has a token already has found the way once.
    let weight = if is_bare { weight } else { Weight::Slight };
    let fix = Fix::new(
        Cause::DiscoveryMissing.entry().who,
        "publish the resource's metadata (RFC 9728) and name them in the challenge: `WWW-Authenticate: Bearer resource_metadata=\"https://.../.well-known/oauth-protected-resource\"`",
    );
    scene.found(Finding::new(Cause::DiscoveryMissing, weight, evidence).with_fix(fix));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn rfc9728_section_3_3_a_resource_is_what_was_asked_for_or_a_place_above_it() {
        for (asked, resource, expected) in [
            ("https://a.example/mcp", "https://a.example/mcp", Fit::Same),
            ("https://a.example/mcp", "https://a.example", Fit::Same),
            (
                "https://a.example/mcp/x",
                "https://a.example/mcp",
                Fit::Same,
            ),
            (
                "https://a.example/mcp",
                "https://a.example/mcp/",
                Fit::Slash,
            ),
            (
                "https://a.example/mcp/",
                "https://a.example/mcp",
                Fit::Slash,
            ),
            ("https://a.example/mcp", "https://b.example/mcp", Fit::Other),
            ("https://a.example/mcp", "http://a.example/mcp", Fit::Other),
            (
                "https://a.example/mcp",
                "https://a.example/mcp2",
                Fit::Other,
            ),
            ("https://a.example/mcp", "mcp", Fit::Other),
        ] {
            assert_eq!(
                fit(&asked.parse().unwrap(), resource),
                expected,
                "{asked} {resource}"
            );
        }
    }

    #[test]
    fn requests_of_mcp_are_told_apart() {
        let request = |url: &str| Request::new("GET", url.parse().unwrap());
        assert!(is_of_mcp(&request("https://a.example/mcp")));
        assert!(is_of_mcp(&request("https://a.example/v1/sse/")));
        assert!(!is_of_mcp(&request("https://a.example/api/orders")));
        let mut streaming = request("https://a.example/");
        streaming
            .fields
            .add("Accept", "application/json, text/event-stream");
        assert!(is_of_mcp(&streaming));
    }
}

//! The gateway's own pages: open to anyone, on every host, and about nothing that is not public.

use countersign_cause::Cause;
use countersign_flow::OwnPage;
use countersign_wire::metadata;
use http::Method;

use crate::driver::{get, header, problem, text};
use crate::world::{ALL, BASIC, BEARER, ISSUER, OTHER_ISSUER, World, demanding, route, scopes};

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

#[test]
fn every_cause_has_a_page_that_opens_and_says_what_to_do() {
    let world = World::accepting(ALL);
    for cause in Cause::ALL.iter().copied() {
        let call = get(&format!("/.countersign/causes/{}", cause.id()));
        assert_eq!(world.send(&call).own(), OwnPage::Cause(cause));
        let answer = world.answer(&call);
        assert_eq!(answer.status, 200, "{cause}");
        assert_eq!(header(&answer, "content-type"), "text/html; charset=utf-8");
        let page = text(&answer);
        assert!(page.contains(&format!("<code>{}</code>", cause.id())));
        assert!(page.contains("What to do"));
        // Each page that it names is there.
        for link in page.split("href=\"").skip(1) {
            let path = link.split('"').next().unwrap();
            assert_eq!(world.answer(&get(path)).status, 200, "{cause}: {path}");
        }
    }
}

#[test]
fn the_list_names_every_cause() {
    let world = World::accepting(ALL);
    for path in [
        "/.countersign/causes",
        "/.countersign/causes/",
        "/.countersign/causes?x=y",
    ] {
        let answer = world.answer(&get(path));
        assert_eq!(answer.status, 200);
        for cause in Cause::ALL {
            let link = format!("href=\"/.countersign/causes/{}\"", cause.id());
            assert!(text(&answer).contains(&link), "{cause}");
        }
    }
}

#[test]
fn what_is_no_page_is_a_404_and_never_an_upstreams() {
    let world = World::with(vec![demanding(
        "public",
        "/**",
        crate::world::NONE,
        countersign_policy::Demand::Anyone,
    )]);
    for path in [
        "/.countersign/",
        "/.countersign/causes/none-such",
        "/.countersign/causes/credentials-missing/",
        "/.countersign/admin",
        "/%2Ecountersign/admin",
    ] {
        let answer = world.answer(&get(path));
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(header(&answer, "cache-control"), "no-store");
    }
    for path in [
        "/.countersigned",
        "/.well-known/openid-configuration",
        "/.x",
    ] {
        let _permit = world.send(&get(path)).permit();
    }
}

#[test]
fn the_pages_carry_the_same_policy_as_a_refusal_and_may_be_stored() {
    let world = World::accepting(ALL);
    let page = world.answer(&get("/.countersign/causes/"));
    let refusal = world.answer(&get("/").with("accept", "text/html"));
    let policy = header(&page, "content-security-policy");
    assert_eq!(policy, header(&refusal, "content-security-policy"));
    assert!(!policy.is_empty());
    assert_eq!(header(&page, "x-content-type-options"), "nosniff");
    assert_eq!(header(&page, "cache-control"), "public, max-age=3600");
    assert!(!page.headers.contains_key("www-authenticate"));
}

#[test]
fn rfc9110_section_15_5_6_other_methods_are_not_allowed() {
    let world = World::accepting(ALL);
    let path = "/.countersign/causes/";
    assert_eq!(world.answer(&get(path).by(Method::HEAD)).status, 200);
    for method in [Method::POST, Method::OPTIONS, Method::DELETE] {
        let answer = world.answer(&get(path).by(method));
        assert_eq!(answer.status, 405);
        assert_eq!(header(&answer, "allow"), "GET, HEAD");
        assert_eq!(header(&answer, "cache-control"), "no-store");
    }
}

fn world() -> World {
    let mut world = World::with(vec![
        demanding("orders", "/orders/**", BEARER, scopes(&["orders:read"])),
        demanding(
            "more",
            "/more/**",
            BEARER,
            scopes(&["orders:write", "orders:read"]),
        ),
        route("rest", "/rest/**", ALL),
        route("basic", "/**", BASIC),
    ]);
    world.route(0).resource = Some("https://api.example.com/orders".into());
    world.route(0).issuers = vec![1];
    world.route(1).resource = Some("https://api.example.com/orders".into());
    world.route(1).issuers = vec![1, 0];
    world
}

#[test]
fn rfc9728_section_3_2_the_metadata_of_each_resource() {
    let world = world();
    let answer = world.answer(&get(&format!("{WELL_KNOWN}/orders")));
    assert_eq!(answer.status, 200);
    assert_eq!(header(&answer, "content-type"), "application/json");
    assert_eq!(header(&answer, "cache-control"), "public, max-age=60");
    assert_eq!(
        problem(&answer),
        serde_json::json!({
            "resource": "https://api.example.com/orders",
            "authorization_servers": [OTHER_ISSUER, ISSUER],
            "scopes_supported": ["orders:read", "orders:write"],
            "bearer_methods_supported": ["header"],
            "resource_name": "example",
        })
    );
    // RFC 9728 section 3.3: a client takes it for this very identifier.
    metadata::parse(&answer.body, "https://api.example.com/orders").unwrap();

    // Routes without a resource of their own are the origin's.
    let answer = world.answer(&get(WELL_KNOWN));
    metadata::parse(&answer.body, "https://api.example.com").unwrap();
    assert_eq!(
        problem(&answer)["authorization_servers"],
        serde_json::json!([ISSUER, OTHER_ISSUER])
    );
}

#[test]
fn there_are_no_metadata_of_other_resources_and_other_origins() {
    let mut world = world();
    let metadata = |world: &World, suffix: &str| {
        let answer = world.answer(&get(&format!("{WELL_KNOWN}{suffix}")));
        answer.status.as_u16()
    };
    assert_eq!(metadata(&world, "/orders"), 200);
    for suffix in ["/", "/order", "/orders/", "/orders/7"] {
        assert_eq!(metadata(&world, suffix), 404, "{suffix}");
    }
    // Another well-known name is the application's.
    assert_eq!(
        world.cause(&get(&format!("{WELL_KNOWN}x"))),
        Cause::CredentialsMissing
    );
    // Reached under another origin, the gateway has no metadata of this resource.
    for origin in [
        "https://api.example.com.evil.example",
        "https://api.example.co",
        "https://api.example",
        "http://api.example.com",
        "",
    ] {
        world.rules.public_url = Some(origin.into());
        assert_eq!(metadata(&world, "/orders"), 404, "{origin}");
    }
}

#[test]
fn the_challenge_leads_to_a_document_that_is_there() {
    let world = world();
    for target in ["/orders/1", "/more/1", "/rest/1"] {
        let answer = world.answer(&get(target));
        let line = crate::driver::challenges(&answer)[0].as_bytes().to_vec();
        let parsed = countersign_wire::challenge::parse([line.as_slice()]);
        let url = parsed.challenges[0].param("resource_metadata").unwrap();
        let path = url.strip_prefix(crate::world::ORIGIN).unwrap();
        assert_eq!(world.answer(&get(path)).status, 200, "{url}");
    }
}

/// Without Bearer there are no metadata, and the path is the application's.
#[test]
fn a_gateway_without_bearer_leaves_the_well_known_path_alone() {
    let world = World::accepting(BASIC);
    assert_eq!(world.cause(&get(WELL_KNOWN)), Cause::CredentialsMissing);
}

//! Pages of other origins: preflights, refusals that a page can read, and what becomes of the upstream's own fields. What an
//! answer means to a page is judged by the browser's half of the rules.

mod unrouted;
mod upstream;

use countersign_flow::{Answer, CorsRules, CorsSettings, PageNames, UpstreamFields};
use countersign_policy::{Demand, Methods, OriginPattern, Pages};
use countersign_wire::cors::client::{
    Asked, CheckFailure, PreflightFailure, Said, check, check_preflight,
};
use http::{HeaderMap, HeaderName, Method};
use proptest::prelude::*;

use crate::driver::{Call, get, header, problem, trail};
use crate::world::{ALL, BASIC, NONE, World, demanding, route};

const PAGE: &str = "https://app.example.com";
const STRANGER: &str = "https://evil.example";
const OF_PREFLIGHTS: &str = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, Access-Control-Request-Private-Network";

pub(crate) fn of(origins: &[&str], credentials: bool) -> Pages {
    let origins = origins
        .iter()
        .map(|text| OriginPattern::parse(text).unwrap());
    Pages::Of {
        origins: origins.collect(),
        credentials,
    }
}

pub(crate) fn settings(pages: Pages) -> CorsSettings {
    CorsSettings {
        pages,
        methods: None,
        names: PageNames::Only(vec![
            HeaderName::from_static("authorization"),
            HeaderName::from_static("x-api-key"),
        ]),
        // One of them is shown in every refusal anyway.
        exposed: Some(vec![
            HeaderName::from_static("etag"),
            HeaderName::from_static("retry-after"),
        ]),
        max_age_secs: 600,
        private_network: false,
        upstream_fields: UpstreamFields::Replace,
    }
}

/// A world with one route, which pages may call.
fn open_to(settings: CorsSettings) -> World {
    let mut world = World::accepting(ALL);
    world.route(0).cors = Some(Box::new(CorsRules::new(settings)));
    world
}

fn usual() -> World {
    open_to(settings(of(&[PAGE], false)))
}

fn preflight(origin: &str, method: &str) -> Call {
    get("/orders")
        .by(Method::OPTIONS)
        .with("origin", origin)
        .with("access-control-request-method", method)
}

fn fields<'a>(answer: &'a Answer, prefix: &str) -> Vec<(&'a str, &'a str)> {
    let fields = answer
        .headers
        .iter()
        .filter(|(name, _)| name.as_str().starts_with(prefix));
    let mut fields: Vec<_> = fields
        .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
        .collect();
    fields.sort_unstable();
    fields
}

#[test]
fn a_preflight_is_answered_before_anybody_is_asked_who_they_are() {
    let world = usual();
    let call = preflight(PAGE, "DELETE").with("access-control-request-headers", "authorization");
    assert!(world.send(&call).questions.is_empty());
    let answer = world.answer(&call);
    assert_eq!(answer.status, 204);
    assert!(answer.body.is_empty());
    assert_eq!(
        fields(&answer, "access-control-"),
        [
            ("access-control-allow-headers", "authorization, x-api-key"),
            ("access-control-allow-methods", "DELETE"),
            ("access-control-allow-origin", PAGE),
            ("access-control-max-age", "600"),
        ]
    );
    assert_eq!(header(&answer, "vary"), OF_PREFLIGHTS);
    assert_eq!(header(&answer, "www-authenticate"), "");
}

#[test]
fn the_route_of_the_requested_method_decides() {
    let (mut read, read_rules) = route("read", "/orders", NONE);
    let (mut write, mut write_rules) = demanding("write", "/orders", BASIC, Demand::Anyone);
    let (mut options, options_rules) = demanding("options", "/orders", NONE, Demand::Anyone);
    read.methods = Methods::Only(Box::new([Method::GET]));
    write.methods = Methods::Only(Box::new([Method::PUT]));
    options.methods = Methods::Only(Box::new([Method::OPTIONS]));
    write_rules.cors = Some(Box::new(CorsRules::new(settings(of(&[PAGE], false)))));
    let world = World::with(vec![
        (read, read_rules),
        (options, options_rules),
        (write, write_rules),
    ]);
    let put = world.answer(&preflight(PAGE, "PUT"));
    assert_eq!(header(&put, "access-control-allow-methods"), "PUT");
    let refused = world.send(&preflight(STRANGER, "PUT")).refusal();
    assert_eq!(refused.route.map(|route| &*route.name), Some("write"));
    // No rules for pages there: what the route for OPTIONS says counts, as ever.
    assert_eq!(
        &*world.send(&preflight(PAGE, "GET")).permit().route().name,
        "options"
    );
}

/// An exemption from authentication for OPTIONS lets more through than preflights.
#[test]
fn options_that_is_no_preflight_is_a_request_like_any_other() {
    let world = usual();
    let options = get("/orders").by(Method::OPTIONS);
    for call in [
        options.clone(),
        options.clone().with("origin", PAGE),
        options.clone().with("access-control-request-method", "GET"),
        preflight(PAGE, "GET").with("access-control-request-method", "GET"),
        preflight(PAGE, "GET").with("origin", PAGE),
        preflight(PAGE, "CONNECT"),
        preflight(PAGE, "GET").by(Method::GET),
        preflight(PAGE, "GET").by(Method::POST),
    ] {
        assert_eq!(
            world.cause(&call).id(),
            "credentials-missing",
            "{:?}",
            call.headers
        );
    }
    let known = options.basic("alice", crate::world::PASSWORD);
    assert!(world.send(&known).permit().principal().is_some());
}

#[test]
fn attack_29_a_preflight_with_credentials_gives_nobody_away() {
    let call = preflight(PAGE, "GET").basic("alice", crate::world::PASSWORD);
    let world = usual();
    let answer = world.answer(&call);
    assert_eq!(answer.status, 204);
    assert!(world.send(&call).questions.is_empty());
}

#[test]
fn a_page_reads_its_refusal() {
    let world = usual();
    let answer = world.answer(&get("/orders").with("origin", PAGE));
    assert_eq!(answer.status, 401);
    assert_eq!(check(PAGE, false, &Said::of(&answer.headers)), Ok(()));
    assert_eq!(
        header(&answer, "access-control-expose-headers"),
        "WWW-Authenticate, DPoP-Nonce, X-Request-Id, Countersign-Cause, Retry-After, etag"
    );
    assert_eq!(
        header(&answer, "vary"),
        "Accept, Authorization, x-api-key, Origin"
    );
    assert_eq!(problem(&answer)["cause"], "credentials-missing");
    // With credentials, where that is configured.
    let world = open_to(settings(of(&[PAGE], true)));
    let answer = world.answer(&get("/orders").with("origin", PAGE));
    assert_eq!(check(PAGE, true, &Said::of(&answer.headers)), Ok(()));
}

#[test]
fn what_depends_on_the_origin_says_so_whoever_asks() {
    let world = usual();
    for call in [
        get("/orders"),
        get("/orders").with("origin", STRANGER),
        get("/orders").with("origin", "null"),
    ] {
        let answer = world.answer(&call);
        assert!(header(&answer, "vary").ends_with(", Origin"));
        assert_eq!(fields(&answer, "access-control-"), []);
        assert_eq!(answer.status, 401);
    }
    let anybody = open_to(settings(Pages::Any));
    for call in [get("/orders"), get("/orders").with("origin", STRANGER)] {
        let answer = anybody.answer(&call);
        assert!(!header(&answer, "vary").contains("Origin"));
        assert_eq!(header(&answer, "access-control-allow-origin"), "*");
        assert_eq!(header(&answer, "access-control-allow-credentials"), "");
    }
}

#[test]
fn attack_27_of_two_origins_neither_reads() {
    let call = get("/orders").with("origin", PAGE).with("origin", STRANGER);
    assert_eq!(fields(&usual().answer(&call), "access-control-"), []);
}

#[test]
fn cause_origin_not_allowed_for_a_page_that_is_not_listed() {
    let world = usual();
    for origin in [
        STRANGER,
        "null",
        "https://app.example.com.evil.example",
        "x",
    ] {
        let call = preflight(origin, "GET");
        let answer = world.answer(&call);
        assert_eq!(answer.status, 403, "{origin}");
        assert_eq!(header(&answer, "countersign-cause"), "origin-not-allowed");
        assert_eq!(fields(&answer, "access-control-"), [], "{origin}");
        assert_eq!(header(&answer, "www-authenticate"), "");
        assert!(
            header(&answer, "vary").ends_with(OF_PREFLIGHTS),
            "{}",
            header(&answer, "vary")
        );
        let told = problem(&answer)["detail"].as_str().unwrap().to_owned();
        assert!(
            told.ends_with("Found: the route does not list this origin."),
            "{told}"
        );
        let refusal = world.send(&call).refusal();
        assert_eq!(
            trail(&refusal).last().unwrap(),
            "the route does not list this origin"
        );
    }
}

/// Where nobody has let pages in, the refusal of a preflight says that, and asks for no credentials that it could not carry.
#[test]
fn cause_origin_not_allowed_for_a_route_without_rules_for_pages() {
    let world = World::accepting(ALL);
    let call = preflight(PAGE, "GET");
    let answer = world.answer(&call);
    assert_eq!(answer.status, 403);
    assert_eq!(header(&answer, "countersign-cause"), "origin-not-allowed");
    assert_eq!(header(&answer, "www-authenticate"), "");
    let told = problem(&answer)["detail"].as_str().unwrap().to_owned();
    assert!(
        told.contains("has no rules for pages of other origins"),
        "{told}"
    );
    // Everything else is as it was.
    assert_eq!(
        world.cause(&call.clone().basic("alice", "wrong")).id(),
        "credentials-rejected"
    );
    assert!(
        world
            .send(&call.basic("alice", crate::world::PASSWORD))
            .permit()
            .principal()
            .is_some()
    );
    assert_eq!(
        world
            .cause(&get("/").by(Method::OPTIONS).with("origin", PAGE))
            .id(),
        "credentials-missing"
    );
}

#[test]
fn a_preflight_about_what_no_route_names_is_unmatched() {
    let (mut place, rules) = route("read", "/orders", BASIC);
    place.methods = Methods::Only(Box::new([Method::GET]));
    let world = World::with(vec![(place, rules)]);
    let put = world.answer(&preflight(PAGE, "PUT"));
    assert_eq!(header(&put, "countersign-cause"), "route-unmatched");
    let told = problem(&put)["detail"].as_str().unwrap().to_owned();
    let found = "no route is for the method that the page would use";
    assert!(told.contains(found), "{told}");
    // The request would have a route, and only the preflight has none.
    assert_eq!(
        world.cause(&preflight(PAGE, "GET")).id(),
        "origin-not-allowed"
    );
}

#[test]
fn a_public_route_without_rules_leaves_preflights_to_its_upstream() {
    let world = World::with(vec![demanding("public", "/**", NONE, Demand::Anyone)]);
    let permit = world.send(&preflight(PAGE, "GET")).permit();
    assert_eq!(&*permit.route().name, "public");
    let mut edits = permit.into_edits();
    assert!(edits.crossing.take().is_none());
}

#[test]
fn private_networks_are_reached_where_that_is_configured() {
    let asking = preflight(PAGE, "GET").with("access-control-request-private-network", "true");
    let allowing = CorsSettings {
        private_network: true,
        ..settings(of(&[PAGE], false))
    };
    let name = "access-control-allow-private-network";
    let world = open_to(allowing);
    assert_eq!(header(&world.answer(&asking), name), "true");
    assert_eq!(header(&world.answer(&preflight(PAGE, "GET")), name), "");
    assert_eq!(header(&usual().answer(&asking), name), "");
}

/// The lists are complete, so that the browser can name what is missing.
#[test]
fn the_browser_names_what_a_preflight_lacks() {
    let world = open_to(CorsSettings {
        methods: Some(vec![Method::GET, Method::PUT]),
        ..settings(of(&[PAGE], false))
    });
    let judged = |method: &str, names: &[&str]| judge(&world, PAGE, false, method, names);
    assert_eq!(judged("PUT", &["authorization"]), Ok(()));
    assert_eq!(
        judged("DELETE", &[]),
        Err(PreflightFailure::Method { star: false })
    );
    let field = PreflightFailure::Field {
        name: "x-other".to_owned(),
        star: false,
    };
    assert_eq!(judged("GET", &["authorization", "x-other"]), Err(field));
}

/// What a browser makes of the answer to its preflight.
fn judge(
    world: &World,
    origin: &str,
    with_credentials: bool,
    method: &str,
    names: &[&str],
) -> Result<(), PreflightFailure> {
    let asked = Asked {
        method: method.to_owned(),
        names: names.iter().map(|name| (*name).to_owned()).collect(),
    };
    let mut call = preflight(origin, method);
    if let Some(names) = asked.names_value() {
        call = call.with("access-control-request-headers", names);
    }
    let answer = world.answer(&call);
    let status = Some(answer.status.as_u16());
    check_preflight(
        &asked,
        origin,
        with_credentials,
        status,
        &Said::of(&answer.headers),
    )
}

#[test]
fn pages_of_every_origin_read_what_is_public_of_the_gateway() {
    let world = World::accepting(ALL);
    for path in [
        "/.well-known/oauth-protected-resource",
        "/.countersign/causes/token-expired",
    ] {
        let answer = world.answer(&get(path).with("origin", STRANGER));
        assert_eq!(answer.status, 200);
        assert_eq!(check(STRANGER, false, &Said::of(&answer.headers)), Ok(()));
        assert!(check(STRANGER, true, &Said::of(&answer.headers)).is_err());
        let call = get(path)
            .by(Method::OPTIONS)
            .with("origin", STRANGER)
            .with("access-control-request-method", "GET")
            .with("access-control-request-headers", "mcp-protocol-version");
        let answer = world.answer(&call);
        let asked = Asked {
            method: "GET".to_owned(),
            names: vec!["mcp-protocol-version".to_owned()],
        };
        let status = Some(answer.status.as_u16());
        assert_eq!(
            check_preflight(&asked, STRANGER, false, status, &Said::of(&answer.headers)),
            Ok(())
        );
        assert_eq!(world.answer(&get(path).by(Method::OPTIONS)).status, 405);
    }
}

pub(super) fn pages() -> impl Strategy<Value = Pages> {
    prop_oneof![
        Just(Pages::Any),
        any::<bool>().prop_map(|with| of(&[PAGE], with)),
        any::<bool>().prop_map(|with| of(&["https://*.example.com", "null"], with)),
    ]
}

pub(super) fn origin() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        PAGE,
        "https://b.example.com",
        STRANGER,
        "null",
        "https://example.com",
    ])
}

proptest! {
    /// A browser lets a page do what the rules let it do: no more and no less.
    #[test]
    fn browsers_read_answers_as_the_rules_mean_them(
        pages in pages(),
        origin in origin(),
        with_credentials in any::<bool>(),
        method in prop::sample::select(vec!["GET", "PUT", "DELETE", "patch"]),
        names in prop::sample::subsequence(vec!["authorization", "x-api-key", "x-other"], 0..=3),
    ) {
        let leave = pages.leave(origin.as_bytes());
        let allowed = match leave {
            None => false,
            Some(countersign_policy::Leave::AsAnybody) => !with_credentials,
            Some(countersign_policy::Leave::AsListed { credentials }) => credentials || !with_credentials,
        };
        let world = open_to(settings(pages.clone()));
        let judged = judge(&world, origin, with_credentials, method, &names);
        prop_assert_eq!(judged.is_ok(), allowed && !names.contains(&"x-other"), "{:?}", judged);
        let any_name = open_to(CorsSettings { names: PageNames::Any, ..settings(pages) });
        let judged = judge(&any_name, origin, with_credentials, method, &names);
        prop_assert_eq!(judged.is_ok(), allowed, "{:?}", judged);
        let refusal = world.answer(&get("/orders").with("origin", origin));
        let judged = check(origin, with_credentials, &Said::of(&refusal.headers));
        prop_assert_eq!(judged.is_ok(), allowed, "{:?}", judged);
    }
}

/// What a missing field is called by the browser's half, so that the tests above cannot pass by an empty answer.
#[test]
fn an_answer_without_fields_is_not_readable() {
    assert_eq!(
        check(PAGE, false, &Said::of(&HeaderMap::new())),
        Err(CheckFailure::OriginMissing)
    );
}

/// The route for OPTIONS is not the one that is asked about, and a preflight cannot show it credentials.
#[test]
fn a_preflight_about_no_route_is_unmatched_where_options_has_one() {
    let (mut place, mut rules) = route("read", "/orders", BASIC);
    place.methods = Methods::Only(Box::new([Method::GET, Method::OPTIONS]));
    rules.cors = Some(Box::new(CorsRules::new(settings(of(&[PAGE], false)))));
    let world = World::with(vec![(place, rules)]);
    assert_eq!(world.cause(&preflight(PAGE, "PUT")).id(), "route-unmatched");
    assert_eq!(world.answer(&preflight(PAGE, "GET")).status, 204);
}

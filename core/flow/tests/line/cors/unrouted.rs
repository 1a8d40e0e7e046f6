//! Refusals before a route is found: which pages read them.

use countersign_cause::Cause;
use countersign_flow::{Answer, CorsRules};
use countersign_policy::{Demand, HostPattern, Pages};
use countersign_wire::cors::client::{Said, check};
use http::Method;

use super::{PAGE, STRANGER, fields, of, settings};
use crate::driver::{Call, get, header, problem};
use crate::world::{BASIC, World, demanding, route};

const OTHER: &str = "https://other.example.com";

/// Two hosts: at the first, one route with these rules for pages and one with those; at the second a route of its own.
fn world(first: Pages, second: Pages) -> World {
    let routes = [
        ("orders", "/orders", "example.com", Some(first)),
        ("stock", "/stock", "example.com", Some(second)),
        ("quiet", "/quiet", "quiet.example", None),
        (
            "other",
            "/other",
            "other.example",
            Some(of(&[OTHER], false)),
        ),
    ];
    World::with(
        routes
            .into_iter()
            .map(|(name, path, host, pages)| {
                let (mut place, mut rules) = demanding(name, path, BASIC, Demand::Anyone);
                place.hosts = vec![HostPattern::parse(host).unwrap()];
                rules.cors = pages.map(|pages| Box::new(CorsRules::new(settings(pages))));
                (place, rules)
            })
            .collect(),
    )
}

fn at(host: &str, target: &str) -> Call {
    Call {
        authority: Some(host.to_owned()),
        ..get(target)
    }
}

fn is_read(answer: &Answer, origin: &str, credentials: bool) -> bool {
    check(origin, credentials, &Said::of(&answer.headers)).is_ok()
}

#[test]
fn a_page_whose_very_origin_is_listed_at_the_host_reads_why() {
    let world = world(of(&[PAGE], false), of(&[OTHER], false));
    for (target, cause) in [
        ("/nowhere", Cause::RouteUnmatched),
        ("/a%2Fb", Cause::RequestTargetAmbiguous),
        ("/orders/..", Cause::RequestTargetAmbiguous),
    ] {
        for origin in [PAGE, OTHER] {
            let answer = world.answer(&at("example.com", target).with("origin", origin));
            assert!(is_read(&answer, origin, false), "{target}");
            assert_eq!(header(&answer, "countersign-cause"), cause.id());
            assert_eq!(problem(&answer)["cause"], cause.id());
            // Nothing of what one of the routes would show.
            assert_eq!(
                header(&answer, "access-control-expose-headers"),
                "WWW-Authenticate, DPoP-Nonce, X-Request-Id, Countersign-Cause, Retry-After"
            );
            assert!(
                header(&answer, "vary").ends_with(", Origin")
                    || header(&answer, "vary") == "Origin"
            );
        }
    }
}

#[test]
fn other_pages_read_nothing_and_the_answer_says_that_it_depends_on_them() {
    let wide = ["https://*.example.org", "http://localhost:*", "null"];
    let world = world(of(&wide, true), of(&[PAGE], false));
    let target = at("example.com", "/nowhere");
    for origin in [
        STRANGER,
        "https://a.example.org",
        "http://localhost:5173",
        "null",
        "",
        "https://app.example.com.evil.example",
    ] {
        let answer = world.answer(&target.clone().with("origin", origin));
        assert_eq!(fields(&answer, "access-control-"), [], "{origin}");
        assert!(header(&answer, "vary").contains("Origin"));
    }
    let both = target.clone().with("origin", PAGE).with("origin", STRANGER);
    assert_eq!(fields(&world.answer(&both), "access-control-"), []);
    let nobody = world.answer(&target);
    assert_eq!(fields(&nobody, "access-control-"), []);
    assert!(header(&nobody, "vary").contains("Origin"));
}

#[test]
fn what_is_listed_at_one_host_is_not_at_another() {
    let world = world(of(&[PAGE], false), of(&[PAGE], false));
    let answer = world.answer(&at("other.example", "/nowhere").with("origin", PAGE));
    assert_eq!(fields(&answer, "access-control-"), []);
    assert!(header(&answer, "vary").contains("Origin"));
    // No rules at the host, nor a host at all: the answer is the same for every page.
    for host in ["quiet.example", "unknown.example"] {
        let answer = world.answer(&at(host, "/nowhere").with("origin", PAGE));
        assert_eq!(header(&answer, "countersign-cause"), "route-unmatched");
        assert_eq!(fields(&answer, "access-control-"), [], "{host}");
        assert!(!header(&answer, "vary").contains("Origin"), "{host}");
    }
    let invalid = world.answer(&at("exa mple.com", "/nowhere").with("origin", PAGE));
    assert_eq!(header(&invalid, "countersign-cause"), "host-invalid");
    assert_eq!(fields(&invalid, "access-control-"), []);
}

#[test]
fn with_credentials_a_page_reads_where_every_route_that_lists_it_lets_them_go_along() {
    let call = at("example.com", "/nowhere").with("origin", PAGE);
    for (first, second, read) in [
        (of(&[PAGE], true), of(&[PAGE], true), true),
        (of(&[PAGE], true), of(&[PAGE], false), false),
        (of(&[PAGE], false), of(&[PAGE], true), false),
        (of(&[PAGE], true), of(&[OTHER], false), true),
        (of(&[PAGE], true), Pages::Any, true),
    ] {
        let answer = world(first, second).answer(&call);
        assert_eq!(is_read(&answer, PAGE, true), read);
        assert!(is_read(&answer, PAGE, false));
    }
    // That any page may read a route's answers names none.
    let anybody = world(Pages::Any, Pages::Any).answer(&call);
    assert_eq!(fields(&anybody, "access-control-"), []);
    assert!(!header(&anybody, "vary").contains("Origin"));
}

/// A preflight is answered with success or fails, whatever fields there are; the console then says that it is the status.
#[test]
fn a_preflight_without_a_route_stays_refused() {
    let world = world(of(&[PAGE], false), of(&[PAGE], false));
    let call = at("example.com", "/nowhere")
        .by(Method::OPTIONS)
        .with("origin", PAGE)
        .with("access-control-request-method", "PUT");
    let answer = world.answer(&call);
    assert_eq!(answer.status, 404);
    assert_eq!(header(&answer, "access-control-allow-methods"), "");
}

/// The route is there, for another method, and lets no page in.
#[test]
fn a_route_without_rules_is_not_spoken_for_by_another() {
    let (mut quiet, rules) = route("quiet", "/quiet", BASIC);
    quiet.methods = countersign_policy::Methods::Only(Box::new([Method::GET]));
    let (open, mut open_rules) = route("open", "/open", BASIC);
    open_rules.cors = Some(Box::new(CorsRules::new(settings(of(&[PAGE], false)))));
    let world = World::with(vec![(quiet, rules), (open, open_rules)]);
    let call = get("/quiet")
        .by(Method::OPTIONS)
        .with("origin", PAGE)
        .with("access-control-request-method", "GET");
    let answer = world.answer(&call);
    assert_eq!(header(&answer, "countersign-cause"), "origin-not-allowed");
    assert_eq!(fields(&answer, "access-control-"), []);
    let answer = world.answer(&get("/quiet").with("origin", PAGE));
    assert_eq!(fields(&answer, "access-control-"), []);
}

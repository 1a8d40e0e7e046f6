//! From the request to its route: one host, one form of the target, and a rule that names it.

use countersign_cause::Cause;
use countersign_policy::{Demand, Methods, Routes};
use http::Method;

use crate::driver::{get, offered, problem, text};
use crate::world::{BASIC, NONE, World, demanding, route};

#[test]
fn cause_host_invalid_without_exactly_one_valid_host() {
    let world = World::with(vec![demanding("public", "/**", NONE, Demand::Anyone)]);
    let hosts = [
        None,
        Some(""),
        Some("a b"),
        Some("api.example.com:port"),
        Some("user@api.example.com"),
        Some("api.example.com/"),
        Some("\"><script>"),
    ];
    for host in hosts {
        let mut call = get("/");
        call.authority = host.map(str::to_owned);
        assert_eq!(world.cause(&call), Cause::HostInvalid, "{host:?}");
        let answer = world.answer(&call);
        assert_eq!(answer.status, 400);
        // No link is made of a host that is none.
        assert_eq!(
            problem(&answer)["type"],
            "/.countersign/causes/host-invalid"
        );
    }
}

#[test]
fn cause_request_target_ambiguous_before_any_rule_is_looked_at() {
    let world = World::with(vec![demanding("public", "/**", NONE, Demand::Anyone)]);
    for target in [
        "/a%2Fb", "/a\\b", "/a/../b", "/a//b", "/a%00", "/a%", "/a#b", "/a;b", "/%252e",
    ] {
        assert_eq!(
            world.cause(&get(target)),
            Cause::RequestTargetAmbiguous,
            "{target}"
        );
        assert_eq!(world.answer(&get(target)).status, 400);
    }
}

#[test]
fn cause_request_malformed_where_there_is_no_path_at_all() {
    let world = World::with(vec![demanding("public", "/**", NONE, Demand::Anyone)]);
    for target in ["a", "*", ""] {
        assert_eq!(
            world.cause(&get(target)),
            Cause::RequestMalformed,
            "{target}"
        );
        assert_eq!(world.answer(&get(target)).status, 400);
    }
}

#[test]
fn cause_route_unmatched_is_refused_whatever_is_shown() {
    let mut world = World::with(vec![route("api", "/api/**", BASIC)]);
    let elsewhere = [
        get("/other"),
        get("/apis"),
        get("/other").basic("alice", crate::world::PASSWORD),
    ];
    for call in &elsewhere {
        assert_eq!(world.cause(call), Cause::RouteUnmatched);
        let answer = world.answer(call);
        assert_eq!(answer.status, 404);
        assert!(offered(&answer).is_empty());
    }
    let mut host = get("/api/x");
    host.authority = Some("www.example.com".to_owned());
    assert_eq!(world.cause(&host), Cause::RouteUnmatched);

    let (mut place, _) = route("api", "/api/**", BASIC);
    place.methods = Methods::Only(vec![Method::GET].into());
    world.rules.routes = Routes::new(vec![place]);
    assert_eq!(
        world.cause(&get("/api/x").by(Method::POST)),
        Cause::RouteUnmatched
    );
    assert_eq!(world.cause(&get("/api/x")), Cause::CredentialsMissing);
}

#[test]
fn a_route_without_rules_lets_nobody_through() {
    let mut world = World::with(vec![demanding("public", "/**", NONE, Demand::Anyone)]);
    world.rules.route_rules.clear();
    assert_eq!(world.cause(&get("/")), Cause::RouteUnmatched);
}

#[test]
fn the_first_route_that_fits_decides() {
    let world = World::with(vec![
        demanding("public", "/docs/**", NONE, Demand::Anyone),
        route("rest", "/**", BASIC),
    ]);
    assert_eq!(
        &*world.send(&get("/docs/a")).permit().route().name,
        "public"
    );
    assert_eq!(world.cause(&get("/doc")), Cause::CredentialsMissing);
}

#[test]
fn what_is_refused_before_a_route_tells_nothing_of_routes() {
    let world = World::with(vec![route("secret-route", "/api/**", BASIC)]);
    for call in [get("/nowhere"), get("//")] {
        let answer = world.answer(&call);
        assert!(!text(&answer).contains("secret-route"));
        assert!(world.send(&call).refusal().route.is_none());
    }
}

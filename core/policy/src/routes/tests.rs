//! Routes: order, trace, the index, and failures of matchers known from others.

use proptest::prelude::*;

use super::*;

fn route(name: &str, hosts: &[&str], paths: &[&str], methods: &[Method]) -> Route {
    Route {
        name: name.into(),
        hosts: hosts
            .iter()
            .map(|text| HostPattern::parse(text).unwrap())
            .collect(),
        paths: paths
            .iter()
            .map(|text| PathPattern::parse(text).unwrap())
            .collect(),
        methods: if methods.is_empty() {
            Methods::Any
        } else {
            Methods::Only(methods.into())
        },
    }
}

fn shop() -> Routes {
    Routes::new(vec![
        route("admin", &[], &["/admin/**"], &[]),
        route("public", &[], &["/public/**"], &[Method::GET, Method::HEAD]),
        route("partner", &["*.partner.example"], &["/**"], &[]),
        route(
            "api",
            &["api.example.com"],
            &["/orders/**", "/items/*"],
            &[],
        ),
    ])
}

fn found<'r>(routes: &'r Routes, method: &str, host: &str, target: &str) -> Option<&'r str> {
    let host = Host::parse(host.as_bytes()).unwrap();
    let target = Target::parse(target).unwrap();
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    routes
        .find(&host, &target, &method)
        .map(|at| &*routes.as_slice()[at].name)
}

#[test]
fn the_first_route_that_fits_decides() {
    let routes = shop();
    for (method, host, target, expected) in [
        ("GET", "api.example.com", "/admin/x", Some("admin")),
        ("GET", "a.partner.example", "/admin", Some("admin")),
        ("GET", "a.partner.example", "/public/x", Some("public")),
        ("POST", "a.partner.example", "/public/x", Some("partner")),
        ("POST", "api.example.com", "/public/x", None),
        ("GET", "API.example.com:443", "/items/1", Some("api")),
        ("GET", "api.example.com", "/items/1/2", None),
        ("GET", "www.example.com", "/orders", None),
    ] {
        assert_eq!(
            found(&routes, method, host, target),
            expected,
            "{method} {host} {target}"
        );
    }
}

#[test]
fn a_trace_says_of_each_route_what_does_not_fit() {
    let routes = shop();
    let (host, target) = (
        Host::parse(b"api.example.com").unwrap(),
        Target::parse("/orders/7").unwrap(),
    );
    let trace = routes.trace(&host, &target, &Method::POST);
    let words: Vec<_> = trace
        .iter()
        .map(|seen| (&*seen.route.name, seen.fit.detail()))
        .collect();
    assert_eq!(
        words,
        [
            ("admin", "another path"),
            ("public", "another path and method"),
            ("partner", "another host"),
            ("api", "host, path and method fit"),
        ]
    );
}

#[test]
fn covering_needs_host_path_and_method() {
    let all = route("all", &[], &["/**"], &[]);
    let get = route("get", &["a.example.com"], &["/x", "/y/**"], &[Method::GET]);
    let both = route(
        "both",
        &["*.example.com"],
        &["/x", "/y/**", "/z"],
        &[Method::GET, Method::PUT],
    );
    assert!(all.covers(&get) && all.covers(&both) && both.covers(&get));
    assert!(!get.covers(&all) && !get.covers(&both) && !both.covers(&all));
}

#[test]
fn attack_01_a_query_never_chooses_the_route() {
    let routes = shop();
    assert_eq!(
        found(&routes, "GET", "h", "/admin?x=/public"),
        Some("admin")
    );
    assert_eq!(found(&routes, "GET", "h", "/other?/public/x"), None);
}

#[test]
fn attack_07_the_text_that_was_matched_is_the_text_that_is_sent() {
    let routes = shop();
    let target = Target::parse("/%61dmin/x%3a?y").unwrap();
    assert_eq!(
        routes.find(&Host::parse(b"h").unwrap(), &target, &Method::GET),
        Some(0)
    );
    assert_eq!(target.as_str(), "/admin/x%3A?y");
}

#[test]
fn attack_11_a_host_in_another_letter_case_meets_the_same_rule() {
    let routes = shop();
    assert_eq!(
        found(&routes, "GET", "A.B.Partner.EXAMPLE.", "/"),
        Some("partner")
    );
}

#[test]
fn attack_13_there_is_one_matcher_and_it_takes_both_spellings_of_a_slash_at_the_end() {
    let routes = shop();
    for target in ["/admin", "/admin/", "/admin/?x"] {
        assert_eq!(
            found(&routes, "GET", "h", target),
            Some("admin"),
            "{target}"
        );
    }
}

#[test]
fn attack_14_what_could_misroute_never_becomes_an_argument() {
    for host in [
        "api.example.com@evil.example",
        "api.example.com:80:80",
        "api.example.com, h",
        "api.example.com/x",
    ] {
        assert!(Host::parse(host.as_bytes()).is_err(), "{host}");
    }
    for target in [
        "https://api.example.com/orders",
        "//api.example.com/orders",
        "/orders/../admin",
        "*",
    ] {
        assert!(Target::parse(target).is_err(), "{target}");
    }
}

#[test]
fn attack_15_nothing_of_one_match_is_left_for_the_next() {
    let routes = shop();
    let requests = [
        ("GET", "h", "/public/a"),
        ("GET", "h", "/nothing"),
        ("GET", "x.partner.example", "/"),
        ("GET", "h", "/admin"),
    ];
    let alone: Vec<_> = requests
        .iter()
        .map(|(m, h, t)| found(&shop(), m, h, t).map(str::to_owned))
        .collect();
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 0, 3, 2]] {
        for at in order {
            let (method, host, target) = requests[at];
            assert_eq!(found(&routes, method, host, target), alone[at].as_deref());
        }
    }
}

#[test]
fn attack_26_a_method_claimed_in_the_query_is_not_the_method() {
    let routes = shop();
    assert_eq!(found(&routes, "POST", "h", "/public/x?_method=GET"), None);
    assert_eq!(
        found(&routes, "GET", "h", "/public/x?_method=DELETE"),
        Some("public")
    );
}

proptest! {
    #[test]
    fn the_index_finds_what_a_search_one_by_one_finds(
        patterns in proptest::collection::vec("(/([ab*]|x@y|caf\u{e9})){1,3}(/\\*\\*)?", 16..24),
        text in "(/([abcd]|%61|x@y|x%40y|caf%C3%A9)){0,4}/?",
    ) {
        let text = if text.is_empty() { "/" } else { &text };
        let list: Vec<Route> = patterns.iter().map(|pattern| route(pattern, &[], &[pattern], &[])).collect();
        let target = Target::parse(text).unwrap();
        let expected = list.iter().position(|route| route.paths[0].matches(&target));
        let routes = Routes::new(list);
        prop_assert!(routes.index.is_some());
        prop_assert_eq!(routes.find(&Host::parse(b"h").unwrap(), &target, &Method::GET), expected);
    }
}

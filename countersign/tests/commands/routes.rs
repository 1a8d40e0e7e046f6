//! `routes`.

use serde_json::json;

use crate::room::{Ran, Room};

const CONFIGURATION: &str = r#"
[issuer.main]
issuer = "https://id.example.com"
keys = { jwks_url = "https://id.example.com/keys" }
audience = ["https://api.example.com"]

[upstream.app]
url = "http://127.0.0.1:3000"

[upstream.tenant]
url = "http://127.0.0.1:3001"

[[route]]
name = "tenant"
host = ["a.example.com", "*.tenants.example.com"]
path = "/orders/**"
upstream = "tenant"
accept = ["basic"]
allow = { users = ["alice", "bob"] }

[[route]]
name = "orders"
path = "/orders/*"
methods = ["GET", "DELETE"]
upstream = "app"
accept = ["bearer", "api-key"]
allow = { scopes = ["orders:read", "orders:write"], groups = ["staff"], networks = ["10.0.0.0/8"] }

[[route]]
name = "open"
path = "/open"
upstream = "app"
allow = "anyone"
"#;

fn room() -> Room {
    let room = Room::new();
    room.write("countersign.toml", CONFIGURATION);
    room
}

#[test]
fn each_route_that_was_looked_at_says_why_and_the_one_that_decides_what_it_wants() {
    assert_eq!(
        room().good(&["routes", "https://api.example.com/orders/7", "-X", "DELETE"]),
        "tenant: does not fit (another host)\n\
         orders: decides (host, path and method fit)\n\
         \n\
         route:     orders\n\
         accepts:   bearer, api-key\n\
         demands:   a known caller, group staff, scopes orders:read and orders:write, an address in 10.0.0.0/8\n\
         issuers:   main\n\
         upstream:  app\n"
    );
    assert_eq!(
        room().good(&["routes", "https://b.tenants.example.com:8443/orders/7"]),
        "tenant: decides (host, path and method fit)\n\
         \n\
         route:     tenant\n\
         accepts:   basic\n\
         demands:   a known caller, user alice or bob\n\
         upstream:  tenant\n"
    );
}

#[test]
fn what_no_route_names_is_refused() {
    let expected = "tenant: does not fit (another host and path)\n\
                    orders: does not fit (another path and method)\n\
                    open: does not fit (another path)\n\
                    \n\
                    no route fits: the request is refused with `route-unmatched` (404)\n";
    assert_eq!(
        room().run(&["routes", "http://localhost", "-X", "PUT"]),
        Ran {
            code: 1,
            stdout: expected.to_owned(),
            stderr: String::new()
        }
    );
}

#[test]
fn a_path_alone_is_looked_up_on_every_host() {
    assert_eq!(
        room().good(&["routes", "/orders/7?to=https://x.example/"]),
        "no host is given: each route is looked at as if it were asked on a host of its own\n\
         tenant: decides on a.example.com, *.tenants.example.com\n\
         orders: decides (host, path and method fit)\n\
         \n\
         route:     tenant\n\
         accepts:   basic\n\
         demands:   a known caller, user alice or bob\n\
         upstream:  tenant\n\
         \n\
         route:     orders\n\
         accepts:   bearer, api-key\n\
         demands:   a known caller, group staff, scopes orders:read and orders:write, an address in 10.0.0.0/8\n\
         issuers:   main\n\
         upstream:  app\n"
    );
}

#[test]
fn a_path_is_shown_as_it_is_sent_on() {
    assert_eq!(
        room().good(&["routes", "http://localhost/%6Fpen"]),
        "the path is read, and sent on, as `/open`\n\
         tenant: does not fit (another host and path)\n\
         orders: does not fit (another path)\n\
         open: decides (host, path and method fit)\n\
         \n\
         route:     open\n\
         accepts:   nothing: credentials are not looked at\n\
         demands:   nothing: anyone may pass\n\
         upstream:  app\n"
    );
}

#[test]
fn in_json() {
    assert_eq!(
        room().json(&["routes", "http://a.example.com/orders/7", "--json"]),
        json!({
            "path": "/orders/7",
            "considered": [{
                "route": "tenant", "fits": true, "reason": "host, path and method fit", "only_on_hosts": [],
            }],
            "deciding": [{
                "route": "tenant", "only_on_hosts": [], "accept": ["basic"], "issuers": [], "asked_about_tokens": [], "cors": null,
                "upstream": "tenant",
                "demand": "a known caller, user alice or bob",
                "deny": null,
                "leeway_secs": null,
                "remember_secs": null,
            }],
            "refused": null,
        })
    );
    let unmatched = room().run(&["routes", "http://a.example.com/", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&unmatched.stdout).unwrap();
    assert_eq!(
        (unmatched.code, &report["deciding"], &report["refused"]),
        (1, &json!([]), &json!("route-unmatched"))
    );
}

#[test]
fn an_ambiguous_target_says_its_defect_and_not_its_query() {
    let room = room();
    let two_ways = "help: a path that can be read in two ways is not looked up at all\n";
    for (path, expected) in [
        (
            "/a/../b",
            "error: `/a/../b` is refused with `request-target-ambiguous`: the path has a dot segment\n",
        ),
        (
            "/a//b?token=s3cret",
            "error: `/a//b` is refused with `request-target-ambiguous`: the path has a double slash\n",
        ),
    ] {
        let stderr = room.bad(1, &["routes", path]);
        let (first, rest) = stderr.split_once('\n').unwrap();
        assert_eq!(rest, two_ways);
        assert!(
            first.split(": ").take(2).eq(expected.split(": ").take(2)),
            "{stderr}"
        );
        assert!(!stderr.contains("s3cret"));
    }
}

#[test]
fn what_is_decided_before_any_route() {
    let room = room();
    assert_eq!(
        room.bad(1, &["routes", "/.countersign/causes/credentials-missing"]),
        "error: this is a page of the gateway itself: no route decides about it\n"
    );
    assert_eq!(
        room.bad(1, &["routes", "/open", "-X", "TRACE"]),
        "error: `TRACE` is refused with `method-not-supported` on every route\n"
    );
}

#[test]
fn what_cannot_be_asked_is_wrong_usage_and_shows_no_password() {
    let room = room();
    for (arguments, expected) in [
        (
            &["routes", "open"][..],
            "error: neither a URL nor a path is given\nhelp: a URL begins with `https://` or `http://`, a path with `/`\n",
        ),
        (
            &["routes", "/open", "-X", "a b"],
            "error: `a b` is not a method\n",
        ),
        (
            &["routes", "/open", "--origin", "app.example.com"],
            "error: `app.example.com`: the origin has no scheme\nhelp: write it as the browser sends it, as in `https://app.example.com`\n",
        ),
        (
            &["routes", "/open", "--origin", "https://*.example.com"],
            "error: `https://*.example.com`: every origin is not one origin\nhelp: write it as the browser sends it, as in `https://app.example.com`\n",
        ),
        (
            &[
                "routes",
                "/open",
                "--origin",
                "https://alice:s3cret@a.example",
            ],
            "error: `the origin`: the port is not a number from 1 to 65535\nhelp: write it as the browser sends it, as in `https://app.example.com`\n",
        ),
        (
            &[
                "routes",
                "/open",
                "-X",
                "OPTIONS",
                "--origin",
                "https://app.example.com",
            ],
            "error: a preflight is decided by the route of the request that comes after it\nhelp: give the method that the page would use, as in `-X PUT`\n",
        ),
        (
            &["routes", "https://alice:s3cret@api.example.com/"],
            "error: the URL has no host: the host has a user name in front\n",
        ),
    ] {
        assert_eq!(room.bad(2, arguments), expected);
    }
}

const PAGES: &str = r#"
[upstream.app]
url = "http://127.0.0.1:3000"

[cors.app]
origins = ["https://app.example.com", "https://*.example.org"]
credentials = true
methods = ["GET", "PUT"]

[[route]]
name = "orders"
path = "/orders"
upstream = "app"
accept = ["basic", "api-key"]
allow = { identity = true }
cors = "app"

[[route]]
name = "open"
path = "/open"
upstream = "app"
allow = "anyone"
cors = { origins = "*", headers = "*", upstream_fields = "merge" }

[[route]]
name = "without"
path = "/without"
upstream = "app"
accept = ["basic"]
allow = { identity = true }
"#;

#[test]
fn what_a_page_may_do_is_said_for_its_origin_and_method() {
    let room = Room::new();
    room.write("countersign.toml", PAGES);
    assert_eq!(
        room.good(&[
            "routes",
            "https://api.example.com/orders",
            "-X",
            "PUT",
            "--origin",
            "https://a.example.org"
        ]),
        "orders: decides (host, path and method fit)\n\
         \n\
         route:     orders\n\
         accepts:   basic, api-key\n\
         demands:   a known caller\n\
         cors:      pages of https://app.example.com or https://*.example.org, with credentials; the upstream's own fields are replaced\n\
         page:      let in, with cookies; it may set authorization, x-api-key, content-type\n\
         upstream:  app\n"
    );
    let page = |arguments: &[&str]| {
        let all = [&["routes"], arguments].concat();
        let text = room.good(&all);
        let line = text.lines().find(|line| line.starts_with("page:"));
        line.map(|line| line["page:".len()..].trim().to_owned())
    };
    let of = |path, origin| page(&[path, "--origin", origin]).unwrap();
    assert_eq!(
        of("/open", "null"),
        "let in, without cookies; it may set any header"
    );
    assert_eq!(
        of("/orders", "https://example.org"),
        "not let in: a preflight is refused with `origin-not-allowed`, and answers are kept from the page"
    );
    assert!(
        of("/without", "null").starts_with("the route has no rules for pages of other origins")
    );
    assert_eq!(
        page(&[
            "/orders",
            "-X",
            "PATCH",
            "--origin",
            "https://app.example.com"
        ])
        .unwrap(),
        "let in, with cookies, but not by PATCH"
    );
    assert_eq!(page(&["/orders"]), None);
    assert_eq!(
        room.json(&["routes", "/open", "--origin", "null", "--json"])["deciding"][0]["cors"],
        json!({
            "origins": ["*"],
            "credentials": false,
            "methods": null,
            "headers": null,
            "exposed_headers": [],
            "max_age_secs": 600,
            "upstream_fields": "merge",
            "origin_allowed": true,
            "method_allowed": true,
        })
    );
    let of_orders = |more: &[&str]| {
        let all = [&["routes", "/orders", "--json"], more].concat();
        room.json(&all)["deciding"][0]["cors"].clone()
    };
    let asked = of_orders(&["-X", "PATCH", "--origin", "https://app.example.com"]);
    assert_eq!(asked["methods"], json!(["GET", "PUT"]));
    assert_eq!(
        asked["headers"],
        json!(["authorization", "x-api-key", "content-type"])
    );
    assert_eq!(asked["origin_allowed"], true);
    assert_eq!(asked["method_allowed"], false);
    assert_eq!(of_orders(&[])["method_allowed"], json!(null));
}

#[test]
fn the_issuer_that_opaque_tokens_are_shown_to_is_named() {
    let room = Room::new();
    room.write("client.secret", "secret");
    room.write(
        "countersign.toml",
        r#"
[issuer.main]
issuer = "https://id.example.com"
keys = { discovery = true }
audience = "api"
introspection = { client_id = "gateway", secret_file = "client.secret" }

[upstream.app]
url = "http://127.0.0.1:3000"

[[route]]
name = "all"
upstream = "app"
accept = ["bearer"]
allow = { identity = true }
"#,
    );
    let shown = room.good(&["routes", "https://api.example.com/"]);
    assert!(shown.contains("asked about tokens:  main\n"), "{shown}");
    let report = room.json(&["routes", "https://api.example.com/", "--json"]);
    assert_eq!(report["deciding"][0]["asked_about_tokens"], json!(["main"]));
}

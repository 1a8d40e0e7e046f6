//! `policy test`: what holds, what does not and why, and what keeps a file from being run.

use serde_json::json;

use crate::room::{Ran, Room};

const CONFIGURATION: &str = r#"
[server.limits]
password_queue_max = 1

[api_key]
header = "X-Key"

[issuer.main]
issuer = "https://id.example.com"
keys = { discovery = true }
audience = "https://api.example.com"
required_claims = ["sub", "tenant"]
lifetime_secs_max = 60

[issuer.other]
issuer = "https://login.example.net"
keys = { jwks_url = "https://login.example.net/keys" }
audience = "https://other.example.net"
algorithms = ["RS256"]
types = [""]
subject_claim = "uid"
required_claims = ["uid"]
groups_claim = "realm_access.roles"
scope_claims = ["permissions"]

[issuer.shared]
issuer = "https://shared.example.net"
keys = { secret_file = "hs.key" }
audience = "shared"
algorithms = ["HS512"]

[issuer.asked]
issuer = "https://opaque.example.net"
audience = "asked"

[issuer.asked.introspection]
client_id = "gateway"
secret_file = "hs.key"

[cors.app]
origins = "https://app.example.com"
methods = ["GET", "PUT"]

[upstream.app]
url = "http://127.0.0.1:9"

[[route]]
name = "public"
path = "/public/**"
upstream = "app"
allow = "anyone"

[[route]]
name = "office"
path = "/office/**"
upstream = "app"
accept = ["basic", "digest"]
allow = { groups = ["staff"], networks = ["10.0.0.0/8"] }

[[route]]
name = "orders"
host = "api.example.com"
path = "/orders/**"
upstream = "app"
accept = ["basic", "bearer", "api-key"]
allow = { scopes = ["orders:read", "orders:write"] }
cors = "app"

[[route]]
name = "tenants"
path = "/tenants/**"
upstream = "app"
accept = ["bearer"]
allow = { claims = { tenant = ["a"] } }

[[route]]
name = "roles"
path = "/roles/**"
upstream = "app"
accept = ["bearer"]
issuers = ["other"]
audience = "https://roles.example.net"
allow = { users = ["alice"], groups = ["boss"], scopes = ["p"] }

[[route]]
name = "shared"
path = "/shared/**"
upstream = "app"
accept = ["bearer"]
issuers = ["shared"]
allow = { identity = true }

[[route]]
name = "asked"
path = "/asked/**"
upstream = "app"
accept = ["bearer"]
issuers = ["asked"]
allow = { scopes = ["p"] }

[[route]]
name = "pages"
path = "/pages/**"
upstream = "app"
accept = ["session"]
allow = { groups = ["staff"] }

[[route]]
name = "vault"
path = "/vault/**"
upstream = "app"
accept = ["session"]
allow = { second_factor = true }
"#;

fn room() -> Room {
    let room = Room::new();
    room.write("countersign.toml", CONFIGURATION);
    room.write("hs.key", "k".repeat(64));
    std::process::Command::new("chmod")
        .args(["600", "hs.key"])
        .current_dir(room.path(""))
        .status()
        .unwrap();
    room
}

fn run(room: &Room, tests: &str) -> Ran {
    room.write("rules.test.toml", tests);
    room.run(&["policy", "test", "rules.test.toml"])
}

/// Every kind of credentials, and every end.
const GOOD: &str = r#"
[caller.alice]
user = "alice"
groups = ["staff"]

[[test]]
name = "nobody needs a name for public pages"
url = "https://api.example.com/public/x"
expect = "allow"
route = "public"

[[test]]
name = "staff by password, from the office"
url = "https://api.example.com/office/x"
caller = "alice"
client = "10.1.2.3"
expect = "allow"

[[test]]
name = "staff by digest, from the office"
url = "https://api.example.com/office/x?y"
method = "PUT"
caller = { user = "Zoë", groups = ["staff"], scheme = "digest" }
client = "10.1.2.3"
expect = "allow"
route = "office"

[[test]]
name = "staff from elsewhere"
url = "https://api.example.com/office/x"
caller = "alice"
expect = 403
cause = "address-not-allowed"

[[test]]
name = "no staff, in the office"
url = "https://api.example.com/office/x"
caller = { user = "bob", groups = ["guests"], scheme = "digest" }
client = "10.1.2.3"
expect = 403
cause = "identity-not-allowed"

[[test]]
name = "nobody, in the office"
url = "https://api.example.com/office/x"
client = "10.1.2.3"
expect = 401
cause = "credentials-missing"

[[test]]
name = "a key with both scopes"
url = "https://api.example.com/orders/7"
caller = { user = "robot", scopes = ["orders:write", "orders:read"] }
expect = "allow"
route = "orders"

[[test]]
name = "a key with one"
url = "https://api.example.com/orders/7"
caller = { user = "robot", scopes = ["orders:read"], scheme = "api-key" }
expect = 403
cause = "scope-insufficient"

[[test]]
name = "a key from where it may not be used"
url = "https://api.example.com/orders/7"
caller = { user = "robot", scopes = ["orders:write", "orders:read"], networks = ["10.0.0.0/8"] }
expect = 403
cause = "address-not-allowed"

[[test]]
name = "a token of that tenant"
url = "https://api.example.com/tenants/7"
caller = { user = "alice", claims = { tenant = "a" } }
expect = "allow"

[[test]]
name = "a token of another tenant"
url = "https://api.example.com/tenants/7"
caller = { user = "alice", claims = { tenant = "b" } }
expect = 403
cause = "identity-not-allowed"

[[test]]
name = "a token without what the issuer must say"
url = "https://api.example.com/tenants/7"
caller = { user = "alice" }
expect = 401
cause = "claim-missing"

[[test]]
name = "a token for somebody else"
url = "https://api.example.com/tenants/7"
caller = { user = "alice", claims = { tenant = "a", aud = "https://elsewhere.example.com" } }
expect = 401
cause = "audience-mismatch"

[[test]]
name = "a token that lives for too long"
url = "https://api.example.com/tenants/7"
caller = { user = "alice", claims = { tenant = "a", exp = 1900000000 } }
expect = 401
cause = "token-lifetime-too-long"

[[test]]
name = "claims by other names, RS256, and no type"
url = "https://api.example.com/roles/7"
caller = { user = "alice", scopes = ["p"], claims = { realm_access = { roles = ["boss"] } } }
expect = "allow"

[[test]]
name = "groups go where the issuer has them"
url = "https://api.example.com/roles/7"
caller = { user = "alice", scopes = ["p"], groups = ["boss"] }
expect = "allow"

[[test]]
name = "a token of an issuer that the route does not take"
url = "https://api.example.com/roles/7"
caller = { user = "alice", issuer = "main", claims = { tenant = "a" } }
expect = 401
cause = "issuer-mismatch"

[[test]]
name = "a shared secret"
url = "https://api.example.com/shared/7"
caller = { user = "alice" }
expect = "allow"
route = "shared"

[[test]]
name = "a token that its issuer is asked about"
url = "https://api.example.com/asked/7"
caller = { user = "alice", scopes = ["p"] }
expect = "allow"
route = "asked"

[[test]]
name = "one for another audience"
url = "https://api.example.com/asked/7"
caller = { user = "alice", scopes = ["p"], claims = { aud = "elsewhere" } }
expect = 401
cause = "audience-mismatch"

[[test]]
name = "somebody who has signed in"
url = "https://api.example.com/pages/7"
caller = "alice"
expect = "allow"
route = "pages"

[[test]]
name = "with a password alone"
url = "https://api.example.com/vault/7"
caller = "alice"
expect = "refuse"
cause = "second-factor-required"

[[test]]
name = "with a second factor"
url = "https://api.example.com/vault/7"
caller = { user = "alice", second_factor = true }
expect = "allow"
route = "vault"

[[test]]
name = "somebody else who has"
url = "https://api.example.com/pages/7"
caller = { user = "bob", groups = ["guests"], scheme = "session" }
expect = 403
cause = "identity-not-allowed"

[[test]]
name = "a form that another site sends in the name of who has signed in"
url = "https://api.example.com/pages/7"
method = "POST"
fields = { Sec-Fetch-Site = "cross-site" }
caller = "alice"
expect = 403
cause = "csrf-failed"

[[test]]
name = "a password where there are only tokens"
url = "https://api.example.com/tenants/7"
caller = { user = "alice", scheme = "basic" }
expect = 401

[[test]]
name = "no route"
url = "https://api.example.com/nowhere"
expect = 404
cause = "route-unmatched"

[[test]]
name = "no route on that host"
url = "https://www.example.com/orders/7"
expect = 404

[[test]]
name = "a path with two readings"
url = "https://api.example.com/public/..%2Forders"
expect = 400
cause = "request-target-ambiguous"

[[test]]
name = "a password that somebody wrote into a file"
url = "https://api.example.com/orders/7"
fields = { Authorization = "Basic !" }
expect = "refuse"

[[test]]
name = "a page that may"
url = "https://api.example.com/orders/7"
method = "OPTIONS"
fields = { Origin = "https://app.example.com", Access-Control-Request-Method = "PUT" }
expect = "preflight"

[[test]]
name = "a page that may not"
url = "https://api.example.com/orders/7"
method = "OPTIONS"
fields = { Origin = "https://evil.example.net", Access-Control-Request-Method = "PUT" }
expect = "refuse"
cause = "origin-not-allowed"

[[test]]
name = "a page about a cause"
url = "https://api.example.com/.countersign/causes/token-expired"
expect = "own-page"
"#;

#[test]
fn what_holds_is_counted() {
    let room = room();
    assert_eq!(
        run(&room, GOOD),
        Ran {
            code: 0,
            stdout: "rules.test.toml: 33 tests, all hold\n".into(),
            stderr: String::new(),
        }
    );
}

#[test]
fn each_test_fails_where_another_end_is_expected() {
    let room = room();
    for expect in ["allow", "preflight", "own-page", "599"] {
        let mut tests = String::new();
        for line in GOOD.lines() {
            if line.starts_with("expect = ") {
                let quoted = if expect == "599" {
                    expect.to_owned()
                } else {
                    format!("\"{expect}\"")
                };
                tests.push_str(&format!("expect = {quoted}\n"));
            } else if !line.starts_with("cause = ") {
                tests.push_str(&format!("{line}\n"));
            }
        }
        let ran = run(&room, &tests);
        let as_expected = GOOD.matches(&format!("expect = \"{expect}\"")).count();
        assert_eq!(ran.code, 1, "{}", ran.stderr);
        let end = format!("33 tests, {} do not hold\n", 33 - as_expected);
        assert!(ran.stdout.ends_with(&end), "{expect}: {}", ran.stdout);
    }
}

#[test]
fn what_does_not_hold_is_said_with_its_line_and_why() {
    let room = room();
    let ran = run(
        &room,
        "[[test]]\nname = \"write\"\nurl = \"https://api.example.com/orders/7\"\n\
         caller = { user = \"robot\", scopes = [\"orders:read\"] }\nexpect = \"allow\"\n\n\
         [[test]]\nname = \"other route\"\nurl = \"https://api.example.com/public/7\"\nexpect = \"allow\"\nroute = \"orders\"\n\n\
         [[test]]\nname = \"other cause\"\nurl = \"https://api.example.com/orders/7\"\nexpect = 401\ncause = \"token-expired\"\n",
    );
    assert_eq!((ran.code, ran.stderr.as_str()), (1, ""));
    assert_eq!(
        ran.stdout,
        "does not hold: write (rules.test.toml:1)\n\
        \x20 request:    GET api.example.com/orders/7\n\
        \x20 expected:   allow\n\
        \x20 got:        403 (scope-insufficient) by route `orders`\n\
        \x20 caller by:  api-key\n\
        \x20 route:      route `orders` decides\n\
        \x20 parse:      api-key credentials are well formed\n\
        \x20 decide:     the caller lacks a scope of the rule\n\
        \x20 decide:     missing: orders:write\n\n\
        does not hold: other route (rules.test.toml:7)\n\
        \x20 request:   GET api.example.com/public/7\n\
        \x20 expected:  allow by route `orders`\n\
        \x20 got:       allow by route `public`\n\
        \x20 route:     route `public` decides\n\
        \x20 parse:     the route is open to anyone: credentials are not looked at\n\n\
        does not hold: other cause (rules.test.toml:13)\n\
        \x20 request:   GET api.example.com/orders/7\n\
        \x20 expected:  401 (token-expired)\n\
        \x20 got:       401 (credentials-missing) by route `orders`\n\
        \x20 route:     route `orders` decides\n\
        \x20 parse:     no credentials where the route reads them\n\
        \x20 decide:    the route demands a known caller\n\n\
        rules.test.toml: 3 tests, 3 do not hold\n"
    );
    let json_of_one = room.run(&[
        "policy",
        "test",
        "rules.test.toml",
        "--only",
        "route",
        "--json",
    ]);
    assert_eq!(json_of_one.code, 1);
    let report: serde_json::Value = serde_json::from_str(&json_of_one.stdout).unwrap();
    assert_eq!(
        report,
        json!({ "tests": 1, "failed": 1, "results": [{
            "name": "other route", "line": 7, "holds": false, "request": "GET api.example.com/public/7",
            "expected": "allow by route `orders`",
            "got": { "end": "allow", "status": null, "cause": null, "route": "public" },
            "caller_by": null,
            "steps": [
                { "stage": "route", "words": "route `public` decides" },
                { "stage": "parse", "words": "the route is open to anyone: credentials are not looked at" },
            ],
        }] })
    );
}

#[test]
fn what_keeps_a_file_from_being_run_is_wrong_usage() {
    let room = room();
    let ran = run(
        &room,
        "[[test]]\nname = \"a\"\nurl = \"https://a.example/\"\nexpects = 401\nexpect = 401\n",
    );
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    for words in [
        "error: `[[test]]` has no key `expects`\n --> rules.test.toml:4:1\n",
        "did you mean `expect`?",
        "error: `rules.test.toml` has errors, and nothing was run\n",
    ] {
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    }
    assert_eq!(
        room.bad(2, &["policy", "test", "none.toml"]),
        "error: cannot read `none.toml`: No such file or directory (os error 2)\n"
    );
    run(&room, GOOD);
    assert_eq!(
        room.bad(2, &["policy", "test", "rules.test.toml", "--only", "zebra"]),
        "error: no test has that in its name\n"
    );
    room.write("countersign.toml", "realm = 7\n");
    let stderr = room.bad(2, &["policy", "test", "rules.test.toml"]);
    assert!(
        stderr.contains("error: the configuration has errors\n"),
        "{stderr}"
    );
    room.bad(2, &["policy", "test"]);
}

#[test]
fn the_guide_s_example_holds() {
    let room = Room::initialised();
    let guide = include_str!("../../../docs/guide/policy-tests.md");
    let (_, after) = guide.split_once("```toml\n").unwrap();
    let (example, _) = after.split_once("```").unwrap();
    room.write("rules.test.toml", example);
    let said = room.good(&["policy", "test", "rules.test.toml"]);
    assert!(said.ends_with(" tests, all hold\n"), "{said}");
}

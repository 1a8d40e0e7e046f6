//! Proofs of keys and certificates of clients, as `policy test` and `routes` know them.

use crate::room::Room;

const CONFIGURATION: &str = r#"
[server]
listen = ["127.0.0.1:8443"]
public_url = "https://api.example.com"

[server.tls]
certificate = "cert.pem"
key = "key.pem"
client_certificates = { ca_file = "cert.pem" }

[certificate]
user = "uri"

[digest]
path_prefix = "/v1"

[dpop]
algorithms = ["EdDSA"]
NONCE

[issuer.main]
issuer = "https://id.example.com"
keys = { discovery = true }
audience = "https://api.example.com"

[issuer.asked]
issuer = "https://opaque.example.net"
audience = "asked"
introspection = { client_id = "gateway", secret_file = "client.secret" }

[upstream.app]
url = "http://127.0.0.1:9"

[[route]]
name = "machines"
path = "/machines/**"
upstream = "app"
accept = ["certificate"]
allow = { users = ["spiffe://example.com/billing"] }

[[route]]
name = "asked"
path = "/asked/**"
upstream = "app"
accept = ["dpop"]
issuers = ["asked"]
allow = { identity = true }

[[route]]
name = "orders"
path = "/orders/**"
upstream = "app"
accept = ["bearer", "dpop"]
issuers = ["main"]
allow = { scopes = ["orders:read"] }
"#;

const TESTS: &str = r#"
[[test]]
name = "a machine by its certificate"
url = "https://api.example.com/machines/7"
caller = { user = "spiffe://example.com/billing" }
expect = "allow"
route = "machines"

[[test]]
name = "another machine"
url = "https://api.example.com/machines/7"
caller = { user = "spiffe://example.com/shipping" }
expect = 403
cause = "identity-not-allowed"

[[test]]
name = "a page of another site, in a browser with a certificate"
url = "https://api.example.com/machines/7"
method = "POST"
fields = { Sec-Fetch-Site = "cross-site" }
caller = { user = "spiffe://example.com/billing" }
expect = 403
cause = "csrf-failed"

[[test]]
name = "nobody"
url = "https://api.example.com/machines/7"
expect = 401
cause = "credentials-missing"

[[test]]
name = "a token with its proof"
url = "https://api.example.com/orders/7?page=2"
method = "DELETE"
caller = { user = "alice", scopes = ["orders:read"], scheme = "dpop" }
expect = "allow"

[[test]]
name = "too little of it"
url = "https://api.example.com/orders/7"
caller = { user = "alice", scheme = "dpop" }
expect = 403
cause = "scope-insufficient"

[[test]]
name = "a plain token"
url = "https://api.example.com/orders/7"
caller = { user = "alice", scopes = ["orders:read"], scheme = "bearer" }
expect = "allow"

[[test]]
name = "a bound token without its proof"
url = "https://api.example.com/orders/7"
caller = { user = "alice", scopes = ["orders:read"], claims = { cnf = { jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" } } }
expect = 401
cause = "sender-constraint-failed"

[[test]]
name = "a token that is bound to another key than the caller's"
url = "https://api.example.com/orders/7"
caller = { user = "alice", scheme = "dpop", claims = { cnf = { jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" } } }
expect = 401
cause = "sender-constraint-failed"

[[test]]
name = "a token that its issuer is asked about"
url = "https://api.example.com/asked/7"
caller = { user = "alice" }
expect = "allow"
route = "asked"
"#;

fn room(nonce: &str) -> Room {
    let room = Room::new();
    room.write("countersign.toml", CONFIGURATION.replace("NONCE", nonce));
    room.write("cert.pem", "-----BEGIN CERTIFICATE-----\n");
    room.write("key.pem", "-----BEGIN PRIVATE KEY-----\n");
    room.write("client.secret", "s3cret");
    room.write("rules.test.toml", TESTS);
    room
}

#[test]
fn policy_tests_know_proofs_and_certificates() {
    for nonce in ["", "nonce = \"required\""] {
        let ran = room(nonce).run(&["policy", "test", "rules.test.toml"]);
        assert_eq!(
            ran.stdout, "rules.test.toml: 10 tests, all hold\n",
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn routes_show_what_they_accept() {
    let room = room("");
    for (path, accepts, issuer) in [
        ("machines/7", "certificate", None),
        ("orders/7", "dpop", Some("main")),
        ("asked/7", "dpop", Some("asked")),
    ] {
        let url = format!("https://api.example.com/{path}");
        let shown = room.good(&["routes", &url]);
        let accepted = shown.lines().find(|line| line.contains("accepts"));
        assert!(accepted.unwrap().contains(accepts), "{shown}");
        let issuers = shown.lines().find(|line| line.contains("issuers"));
        assert_eq!(
            issuers.is_some_and(|line| issuer.is_some_and(|issuer| line.contains(issuer))),
            issuer.is_some(),
            "{shown}"
        );
    }
}

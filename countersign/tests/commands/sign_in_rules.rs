//! Rules about the sign-in, whom a route refuses, and what it has of its own: as `check` takes them, `routes` shows them
//! and `policy test` tries them.

use crate::room::Room;

const CONFIGURATION: &str = r#"
[issuer.main]
issuer = "https://id.example.com"
keys = { discovery = true }
audience = "https://api.example.com"

[upstream.app]
url = "http://127.0.0.1:9"

[[route]]
name = "vault"
path = "/vault/**"
upstream = "app"
accept = ["session", "bearer"]
allow = { sign_in_age_max_secs = 600 }
leeway_secs = 10
remember_secs = 0

[[route]]
name = "gold"
path = "/gold/**"
upstream = "app"
accept = ["bearer"]
allow = { acr = ["gold", "platinum"], amr = ["otp"] }
deny = { users = ["mallory"], groups = ["leavers"], networks = ["203.0.113.0/24"] }
"#;

const TESTS: &str = r#"
[[test]]
name = "a session of just now"
url = "https://a.example/vault/1"
caller = { user = "alice", scheme = "session" }
expect = "allow"

[[test]]
name = "a session of an hour ago"
url = "https://a.example/vault/1"
caller = { user = "alice", scheme = "session", sign_in_age_secs = 3600 }
expect = 401
cause = "sign-in-too-old"

[[test]]
name = "a token within the leeway of the route"
url = "https://a.example/vault/1"
caller = { user = "alice", scheme = "bearer", sign_in_age_secs = 610 }
expect = "allow"

[[test]]
name = "a token past it"
url = "https://a.example/vault/1"
caller = { user = "alice", scheme = "bearer", sign_in_age_secs = 611 }
expect = 401
cause = "sign-in-too-old"

[[test]]
name = "a token that does not say"
url = "https://a.example/vault/1"
caller = { user = "alice", scheme = "bearer" }
expect = 401
cause = "sign-in-too-old"

[[test]]
name = "strong enough"
url = "https://a.example/gold/1"
caller = { user = "alice", acr = "platinum", amr = ["pwd", "otp"] }
expect = "allow"

[[test]]
name = "of a lower class"
url = "https://a.example/gold/1"
caller = { user = "alice", acr = "silver", amr = ["pwd", "otp"] }
expect = 401
cause = "sign-in-too-weak"

[[test]]
name = "by other methods"
url = "https://a.example/gold/1"
caller = { user = "alice", acr = "gold", amr = ["pwd"] }
expect = 401
cause = "sign-in-too-weak"

[[test]]
name = "who is refused is refused first"
url = "https://a.example/gold/1"
caller = { user = "mallory", acr = "silver" }
expect = 403
cause = "identity-not-allowed"

[[test]]
name = "and who is of a group"
url = "https://a.example/gold/1"
caller = { user = "alice", groups = ["leavers"], acr = "gold", amr = ["otp"] }
expect = 403
cause = "identity-not-allowed"

[[test]]
name = "and who comes from there"
url = "https://a.example/gold/1"
client = "203.0.113.7"
expect = 403
cause = "address-not-allowed"
"#;

fn room() -> Room {
    let room = Room::new();
    room.write("countersign.toml", CONFIGURATION);
    room
}

#[test]
fn tests_of_rules_say_when_and_how_somebody_has_signed_in() {
    let room = room();
    room.write("rules.toml", TESTS);
    let ran = room.run(&["policy", "test", "rules.toml"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("11"), "{}", ran.stdout);
    // One that does not hold says what was lacking.
    room.write(
        "rules.toml",
        TESTS.replace("sign_in_age_secs = 610", "sign_in_age_secs = 6100"),
    );
    let ran = room.run(&["policy", "test", "rules.toml"]);
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    assert!(
        ran.stdout
            .contains("the sign-in was longer ago than the route allows"),
        "{}",
        ran.stdout
    );
    // What credentials cannot say is no test.
    room.write(
        "rules.toml",
        TESTS.replace(
            "scheme = \"session\", sign_in",
            "scheme = \"basic\", sign_in",
        ),
    );
    let ran = room.run(&["policy", "test", "rules.toml"]);
    assert!(ran.stderr.contains("sign_in_age_secs"), "{}", ran.stderr);
}

#[test]
fn routes_shows_who_is_refused_what_is_demanded_and_what_is_its_own() {
    let room = room();
    let gold = room.run(&["routes", "/gold/1"]).stdout;
    for words in [
        "user mallory, group leavers, an address in 203.0.113.0/24",
        "class of sign-in gold or platinum, methods otp",
    ] {
        assert!(gold.contains(words), "{gold}");
    }
    let vault = room.run(&["routes", "/vault/1"]).stdout;
    for words in [
        "a sign-in of the last 600 seconds",
        "10 seconds",
        "for 0 seconds",
    ] {
        assert!(vault.contains(words), "{vault}");
    }
    let json = room.run(&["routes", "/vault/1", "--json"]).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let decides = &json["deciding"][0];
    assert_eq!(
        (&decides["leeway_secs"], &decides["remember_secs"]),
        (&10.into(), &0.into())
    );
    assert_eq!(decides["deny"], serde_json::Value::Null);
}

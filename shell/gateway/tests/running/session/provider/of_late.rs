//! A route that wants a sign-in of late, and people who sign in through a provider: what is asked of it, and what it has to say.

use serde_json::json;

use super::standin::Standin;
use super::*;

const VAULT: &str = r#"
[[route]]
name = "vault"
path = "/vault/**"
upstream = "app"
accept = ["session"]
allow = { sign_in_age_max_secs = 600 }

[[route]]
name = "lenient"
path = "/lenient/**"
upstream = "app"
accept = ["session"]
allow = { sign_in_age_max_secs = 86400 }
"#;

fn open_vault(upstream: &Upstream, provider: &Standin) -> Stage {
    let sections = section(provider, "");
    let play = Play {
        server: SERVER,
        sections: &sections,
        more: VAULT,
        ..Play::default()
    };
    let stage = play.open(upstream.address());
    link(&stage, provider, "alice");
    stage
}

/// The way to the provider that the sign-in page offers.
fn way(page: &Message) -> String {
    let text = page.text();
    let (_, after) = text.split_once("<a class=\"button\" href=\"").unwrap();
    after
        .split('"')
        .next()
        .unwrap()
        .replace("&#38;", "&")
        .replace("&amp;", "&")
}

/// Goes to the provider by a way of the page, and comes back with these claims.
fn through(
    browser: &mut Browser,
    provider: &Standin,
    way: &str,
    claims: serde_json::Value,
) -> Message {
    let asked = asked(&browser.visit(way));
    provider.set(|script| {
        script.nonce = asked["nonce"].clone();
        script.claims = claims;
    });
    come_back(browser, &asked["state"])
}

#[test]
fn a_provider_is_asked_for_a_sign_in_of_late_and_its_time_opens_the_route() {
    let (upstream, provider) = (Upstream::content(), Standin::start());
    let stage = open_vault(&upstream, &provider);
    let mut browser = Browser::at(&stage);
    // The provider remembers its user, and says nothing of when it was.
    let back = through(&mut browser, &provider, BEGIN, json!({}));
    assert_eq!(back.status(), Some(303), "{back:?}");
    assert_eq!(browser.visit("/app/x").status(), Some(200));

    let sent = browser.visit("/vault/x");
    assert_eq!(
        (sent.status(), sent.cause()),
        (Some(303), "sign-in-too-old")
    );
    let page = browser.follow(&sent);
    let way = way(&page);
    assert_eq!(way, format!("{BEGIN}?return=/vault/x&why=sign-in-too-old"));
    let begun = asked(&browser.visit(&way));
    assert_eq!((&*begun["max_age"], &*begun["prompt"]), ("600", "login"));
    let now = now_unix_secs();
    let back = through(&mut browser, &provider, &way, json!({ "auth_time": now }));
    assert_eq!(
        (back.status(), back.field("location")),
        (Some(303), Some("/vault/x"))
    );
    assert_eq!(browser.follow(&back).status(), Some(200));
}

#[test]
fn a_provider_that_does_not_say_when_or_says_long_ago_signs_nobody_in() {
    let (upstream, provider) = (Upstream::content(), Standin::start());
    let stage = open_vault(&upstream, &provider);
    let mut browser = Browser::at(&stage);
    let way = format!("{BEGIN}?return=/vault/x&why=sign-in-too-old");
    let now = now_unix_secs();
    for (claims, detail) in [
        (
            json!({}),
            "has no `auth_time`, although `max_age` was asked for",
        ),
        (
            json!({ "auth_time": "now" }),
            "has no `auth_time`, although `max_age` was asked for",
        ),
        (
            json!({ "auth_time": now - 700 }),
            "older than the `max_age` that was asked for",
        ),
        (
            json!({ "auth_time": now + 3600 }),
            "`auth_time` is in the future",
        ),
    ] {
        let back = through(&mut browser, &provider, &way, claims);
        assert_eq!(&*refusal(&back), "provider-answer-invalid");
        assert_eq!(browser.cookie(COOKIE), None);
        stage.wait_for_log(detail);
    }
}

#[test]
fn the_first_sign_in_brings_its_time_along_and_asks_nobody_again() {
    let (upstream, provider) = (Upstream::content(), Standin::start());
    let stage = open_vault(&upstream, &provider);
    let now = now_unix_secs();
    for (at, vault, lenient) in [
        (now - 60, 200, 200),
        (now - 7200, 303, 200),
        (now - 90_000, 303, 303),
    ] {
        let mut browser = Browser::at(&stage);
        let begun = asked(&browser.visit(BEGIN));
        assert_eq!(begun["max_age"], "31536000");
        assert!(!begun.contains_key("prompt"));
        let back = through(&mut browser, &provider, BEGIN, json!({ "auth_time": at }));
        assert_eq!(back.status(), Some(303), "{back:?}");
        assert_eq!(browser.visit("/app/x").status(), Some(200));
        assert_eq!(browser.visit("/vault/x").status(), Some(vault), "{at}");
        assert_eq!(browser.visit("/lenient/x").status(), Some(lenient), "{at}");
    }
}

#[test]
fn where_no_route_asks_for_it_no_provider_is_asked() {
    let (upstream, provider) = (Upstream::content(), Standin::start());
    let stage = open(&upstream, &provider, "");
    let mut browser = Browser::at(&stage);
    for way in [BEGIN.to_owned(), format!("{BEGIN}?why=sign-in-too-old")] {
        assert!(!asked(&browser.visit(&way)).contains_key("max_age"));
    }
}

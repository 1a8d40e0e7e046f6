//! Signing in through another provider, and what others try on the way there and back.

mod of_late;
mod refused;
mod sign_out;
pub(super) mod standin;

use std::collections::BTreeMap;

use countersign_store::{LinkKey, Store};
use serde_json::json;

use self::standin::Standin;
use super::account::recorded;
use super::browser::Browser;
use super::{COOKIE, FORM_COOKIE, now_unix_secs, sessions};
use crate::stage::message::Message;
use crate::stage::upstream::Upstream;
use crate::stage::{Play, Stage, wait_for};

const SIGN_IN: &str = "/.countersign/sign-in";
const BEGIN: &str = "/.countersign/sign-in/provider/corp";
const CALLBACK: &str = "/.countersign/sign-in/provider/corp/callback";
const SUBJECT: &str = "248289761001";
const SERVER: &str = "public_url = \"https://a.example\"";

/// The section of the provider, with these further keys.
pub(super) fn section(provider: &Standin, more: &str) -> String {
    format!(
        "[provider.corp]\nissuer = \"{}\"\nclient_id = \"gateway\"\nauthentication = \"none\"\nallow_http = true\nlabel = \"Corp & Co\"\n{more}\n",
        provider.issuer()
    )
}

/// A gateway before an upstream, with this provider.
fn open(upstream: &Upstream, provider: &Standin, more: &str) -> Stage {
    open_with(upstream, &section(provider, more))
}

fn open_with(upstream: &Upstream, sections: &str) -> Stage {
    Play {
        server: SERVER,
        sections,
        ..Play::default()
    }
    .open(upstream.address())
}

pub(super) fn link(stage: &Stage, provider: &Standin, user: &str) {
    let key = LinkKey {
        issuer: provider.issuer().into(),
        subject: SUBJECT.into(),
    };
    wait_for(stage.other_store().add_link(user, key, now_unix_secs())).unwrap();
}

/// The parameters of an authorization request.
fn asked(sent: &Message) -> BTreeMap<String, String> {
    assert_eq!(sent.status(), Some(303), "{sent:?}");
    let address = sent.field("location").unwrap();
    let (_, query) = address.split_once('?').unwrap();
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap());
    pairs
        .map(|(name, value)| {
            let value = value.replace("%3A", ":").replace("%20", " ");
            (name.to_owned(), value)
        })
        .collect()
}

/// Goes to the provider, which will answer this sign-in, and gives the state.
pub(super) fn begin(browser: &mut Browser, provider: &Standin, target: &str) -> String {
    let asked = asked(&browser.visit(&format!("{BEGIN}?return={target}")));
    provider.set(|script| script.nonce = asked["nonce"].clone());
    asked["state"].clone()
}

pub(super) fn come_back(browser: &mut Browser, state: &str) -> Message {
    browser.visit(&format!("{CALLBACK}?code=a-code&state={state}"))
}

/// There and back.
fn sign_in(browser: &mut Browser, provider: &Standin) -> Message {
    let state = begin(browser, provider, "/app/x%3Fa%3D1");
    come_back(browser, &state)
}

#[test]
fn a_visitor_signs_in_through_a_provider_and_comes_back() {
    let (upstream, provider) = (Upstream::content(), Standin::start());
    let stage = open(&upstream, &provider, "");
    link(&stage, &provider, "alice");
    let mut browser = Browser::at(&stage);
    let sent = browser.visit("/app/x?a=1");
    let page = browser.follow(&sent);
    let button = "<a class=\"button\" href=\"/.countersign/sign-in/provider/corp?return=/app/x%3Fa%3D1\">Sign in with Corp &#38; Co</a>";
    assert!(page.text().contains(button), "{}", page.text());

    let asked = asked(&browser.visit(&format!("{BEGIN}?return=/app/x%3Fa%3D1")));
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", "gateway"),
        ("redirect_uri", &*format!("https://a.example{CALLBACK}")),
        ("scope", "openid profile email"),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(asked[name], value, "{name}");
    }
    provider.set(|script| script.nonce = asked["nonce"].clone());
    let back = come_back(&mut browser, &asked["state"]);
    assert_eq!(
        (back.status(), back.field("location")),
        (Some(303), Some("/app/x?a=1")),
        "{back:?}"
    );
    let set = back.field("set-cookie").unwrap();
    assert!(
        set.ends_with(" Path=/; HttpOnly; SameSite=Lax; Secure"),
        "{set}"
    );
    let exchange = provider.exchange().unwrap();
    let form = exchange.text();
    assert!(form.starts_with(
        "grant_type=authorization_code&code=a-code&redirect_uri=https%3A%2F%2Fa.example%2F"
    ));
    assert!(form.contains("&code_verifier=") && form.ends_with("&client_id=gateway"));

    assert_eq!(browser.follow(&back).status(), Some(200));
    let heard = upstream.next().message;
    assert_eq!(heard.field("x-auth-user"), Some("alice"));
    // Whoever is disabled is out at the next request.
    wait_for(
        stage
            .other_store()
            .set_disabled("alice", true, now_unix_secs()),
    )
    .unwrap();
    let refused = browser.fetch_until_refused("/app/x");
    assert!(
        ["credentials-rejected", "session-revoked"].contains(&&*refused),
        "{refused}"
    );
    let out = sign_in(&mut browser, &provider);
    assert_eq!(
        (out.status(), browser.cookie(COOKIE).is_some()),
        (Some(401), true)
    );
    assert!(!out.text().contains(super::WRONG), "no password was typed");
    let log = stage.close().log;
    assert!(log.contains("\"event\":\"signed-in\",\"user\":\"alice\""));
    assert_eq!(
        log.matches("\"event\":\"provider-sign-in-refused\"")
            .count(),
        1
    );
    assert!(!log.contains("\"event\":\"sign-in-refused\""));
    for secret in ["a-code", &asked["state"], &asked["nonce"]] {
        assert!(!log.contains(secret), "{secret}");
    }
}

#[test]
fn tabs_go_to_the_provider_in_parallel_and_each_comes_back_to_its_own_page() {
    let (upstream, provider) = (Upstream::content(), Standin::start());
    let stage = open(&upstream, &provider, "");
    link(&stage, &provider, "alice");
    let mut browser = Browser::at(&stage);
    let mut tabs = Vec::new();
    for target in ["/app/1", "/app/2", "/app/3"] {
        let asked = asked(&browser.visit(&format!("{BEGIN}?return={target}")));
        tabs.push((target, asked));
    }
    for (target, asked) in tabs.into_iter().rev() {
        provider.set(|script| script.nonce = asked["nonce"].clone());
        let back = come_back(&mut browser, &asked["state"]);
        assert_eq!(back.field("location"), Some(target), "{back:?}");
    }
}

#[test]
fn the_first_sign_in_links_or_makes_a_user_only_where_that_is_said() {
    let upstream = Upstream::content();
    for (rule, name, ends) in [
        ("refuse", "alice", None),
        ("refuse", "carol", None),
        ("link", "alice", Some("alice")),
        ("link", "carol", None),
        ("create", "alice", None),
        ("create", "carol", Some("carol")),
        ("link-or-create", "alice", Some("alice")),
        ("link-or-create", "carol", Some("carol")),
    ] {
        let provider = Standin::start();
        let stage = open(&upstream, &provider, &format!("first_sign_in = \"{rule}\""));
        provider.set(|script| script.claims = json!({ "preferred_username": name }));
        let mut browser = Browser::at(&stage);
        let back = sign_in(&mut browser, &provider);
        let user = wait_for(stage.other_store().user("carol")).unwrap();
        assert_eq!(user.is_some(), ends == Some("carol"), "{rule} {name}");
        let Some(user) = ends else {
            assert_eq!(
                (back.status(), &*refusal(&back)),
                (Some(403), "account-not-linked")
            );
            assert!(back.text().contains("no account here is linked with yours"));
            assert_eq!(browser.cookie(COOKIE), None);
            stage.wait_for_log(&format!("\"subject\":\"{SUBJECT}\""));
            continue;
        };
        assert_eq!(back.status(), Some(303), "{rule} {name}");
        // From then on the name means nothing.
        provider.set(|script| script.claims = json!({ "preferred_username": "mallory" }));
        let again = sign_in(&mut browser, &provider);
        assert_eq!(again.status(), Some(303));
        let account = browser.visit("/.countersign/account");
        assert!(account.text().contains(&format!("<strong>{user}</strong>")));
        stage.wait_for_log("\"event\":\"account-linked\"");
        let act = if name == "alice" {
            "link.add"
        } else {
            "user.add"
        };
        let object = format!("{SUBJECT} at {}", provider.issuer());
        let made = (user.to_owned(), act.to_owned(), object, "done".to_owned());
        assert_eq!(recorded(&stage), [made], "{rule} {name}");
    }
}

#[test]
fn a_user_that_a_provider_has_made_has_no_password() {
    let (upstream, provider) = (Upstream::content(), Standin::start());
    let stage = open(&upstream, &provider, "first_sign_in = \"create\"");
    provider.set(|script| script.claims = json!({ "preferred_username": "carol" }));
    let mut browser = Browser::at(&stage);
    assert_eq!(sign_in(&mut browser, &provider).status(), Some(303));
    // What takes a password is not offered to whoever has none.
    let account = browser.visit("/.countersign/account");
    assert!(account.text().contains("<strong>carol</strong>"));
    assert!(!account.text().contains("type=\"password\""));
    let mut other = Browser::at(&stage);
    for password in ["", "carol"] {
        let page = other.visit(SIGN_IN);
        assert_eq!(other.sign_in(&page, "carol", password).status(), Some(401));
    }
}

#[test]
fn a_name_that_the_provider_gives_to_another_one_is_no_way_in() {
    let (upstream, provider) = (Upstream::content(), Standin::start());
    let stage = open(&upstream, &provider, "first_sign_in = \"link-or-create\"");
    let mut browser = Browser::at(&stage);
    assert_eq!(sign_in(&mut browser, &provider).status(), Some(303));
    provider.set(|script| script.claims = json!({ "sub": "another" }));
    let mut other = Browser::at(&stage);
    let refused = sign_in(&mut other, &provider);
    assert_eq!(
        (refused.status(), &*refusal(&refused)),
        (Some(403), "account-not-linked")
    );
    assert_eq!(other.cookie(COOKIE), None);
    stage.wait_for_log("is linked with another account at the provider");
    // Nothing was tried, so that nothing is recorded.
    assert_eq!(recorded(&stage).len(), 1);
    let links = wait_for(stage.other_store().links("alice")).unwrap();
    assert_eq!(links.len(), 1);
}

#[test]
fn groups_of_the_provider_outlast_a_change_in_the_account() {
    let (upstream, provider) = (Upstream::content(), Standin::start());
    let stage = open(&upstream, &provider, "groups_claim = \"roles\"");
    link(&stage, &provider, "alice");
    provider.set(|script| script.claims = json!({ "roles": ["suspended"] }));
    let mut browser = Browser::at(&stage);
    assert_eq!(sign_in(&mut browser, &provider).status(), Some(303));
    let page = browser.visit("/.countersign/account");
    let fields = [
        ("token", page.hidden("token")),
        ("present", "correct horse".to_owned()),
        ("new", "staple battery".to_owned()),
        ("again", "staple battery".to_owned()),
    ];
    let changed = browser.post("/.countersign/account/password", &fields);
    assert_eq!(changed.status(), Some(303), "{changed:?}");
    assert_eq!(browser.visit("/app/x").status(), Some(200));
    let heard = upstream.next().message;
    assert_eq!(heard.field("x-auth-groups"), Some("staff,suspended"));
}

#[test]
fn no_link_of_the_page_that_a_provider_leads_to_says_its_code() {
    let (upstream, provider) = (Upstream::content(), Standin::start());
    let stage = open(&upstream, &provider, "");
    let back = sign_in(&mut Browser::at(&stage), &provider);
    assert_eq!(
        (back.status(), back.field("referrer-policy")),
        (Some(403), Some("strict-origin"))
    );
}

#[test]
fn codes_that_the_provider_does_not_know_are_braked_for_their_network() {
    let (upstream, provider) = (Upstream::content(), Standin::start());
    let brakes = "[brakes]\npair_attempts = 1000000\naccount_attempts = 1000000\nnetwork_attempts = 3\ndelay_secs = 900\n";
    let stage = open_with(&upstream, &[&section(&provider, ""), brakes].concat());
    let mut browser = Browser::at(&stage);
    let state = begin(&mut browser, &provider, "/app/x");
    let invalid = standin::with_status("400 Bad Request", "{\"error\":\"invalid_grant\"}");
    provider.set(|script| script.token = Some(invalid));
    let tried = |browser: &mut Browser, number: u8| {
        browser.visit(&format!("{CALLBACK}?code=code-{number}&state={state}"))
    };
    for number in 0..3 {
        assert_eq!(tried(&mut browser, number).status(), Some(403));
        assert!(provider.exchange().is_some());
    }
    let braked = tried(&mut browser, 3);
    assert_eq!(
        (braked.status(), &*refusal(&braked)),
        (Some(429), "rate-limited")
    );
    assert!(braked.field("retry-after").is_some());
    assert!(provider.exchange().is_none(), "the provider is not asked");
}

#[test]
fn groups_of_the_provider_are_those_of_the_session() {
    let (upstream, provider) = (Upstream::content(), Standin::start());
    let keys = "groups_claim = \"roles\"\nallowed_groups = [\"ops\"]";
    let stage = open(&upstream, &provider, keys);
    link(&stage, &provider, "alice");
    provider.set(|script| script.claims = json!({ "roles": ["ops", "night"] }));
    let mut browser = Browser::at(&stage);
    let back = sign_in(&mut browser, &provider);
    browser.follow(&back);
    let heard = upstream.next().message;
    assert_eq!(heard.field("x-auth-groups"), Some("staff,ops,night"));
    let user = wait_for(stage.other_store().user("alice"))
        .unwrap()
        .unwrap();
    assert_eq!(user.groups, vec![Box::from("staff")]);
    provider.set(|script| script.claims = json!({ "roles": ["night"] }));
    let refused = sign_in(&mut browser, &provider);
    assert_eq!(refusal(&refused), "provider-account-not-allowed");
}

#[test]
fn without_password_sign_in_the_provider_is_the_only_way_in() {
    let (upstream, provider) = (Upstream::content(), Standin::start());
    let sections = format!("[session]\npassword = false\n{}", section(&provider, ""));
    let stage = open_with(&upstream, &sections);
    link(&stage, &provider, "alice");
    let mut browser = Browser::at(&stage);
    let page = browser.visit(SIGN_IN);
    assert!(page.text().contains("Corp &#38; Co") && !page.text().contains("type=\"password\""));
    let posted = browser.sign_in(&page, "alice", "correct horse");
    assert_eq!(posted.cause(), "scheme-not-accepted");
    assert_eq!(browser.cookie(COOKIE), None);
    assert_eq!(sign_in(&mut browser, &provider).status(), Some(303));
}

#[test]
fn what_is_under_way_survives_a_reload() {
    let (upstream, provider) = (Upstream::content(), Standin::start());
    let stage = open(&upstream, &provider, "");
    link(&stage, &provider, "alice");
    let mut browser = Browser::at(&stage);
    let state = begin(&mut browser, &provider, "/app/x");
    let sections = section(&provider, "scopes = [\"openid\"]");
    let play = Play {
        server: SERVER,
        sections: &sections,
        ..Play::default()
    };
    stage.reload(&play, upstream.address()).unwrap();
    let back = come_back(&mut browser, &state);
    assert_eq!(back.field("location"), Some("/app/x"), "{back:?}");
}

#[test]
fn attack_61_no_session_survives_the_sign_in_through_a_provider() {
    let (upstream, provider) = (Upstream::content(), Standin::start());
    let stage = open(&upstream, &provider, "");
    link(&stage, &provider, "alice");
    let planted = super::signed_in(&stage).cookie(COOKIE).unwrap().to_owned();
    let mut browser = Browser::at(&stage);
    browser.keep(COOKIE, &planted);
    assert_eq!(sign_in(&mut browser, &provider).status(), Some(303));
    assert_ne!(browser.cookie(COOKIE), Some(&*planted));
    assert_eq!(sessions(&stage).len(), 1);
    browser.keep(COOKIE, &planted);
    assert_eq!(browser.fetch_until_refused("/app/x"), "session-revoked");
}

/// The cause that an answer names.
fn refusal(answer: &Message) -> String {
    answer
        .field("countersign-cause")
        .unwrap_or_default()
        .to_owned()
}

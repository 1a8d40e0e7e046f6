//! API keys that people make for themselves: made, shown once, used, and revoked; and what nobody gets by them.

use std::time::{Duration, Instant};

use countersign_store::{ActList, KeyEdit, NewUser, Outcome, Store, Way};

use super::browser::Browser;
use super::passkeys::aged;
use super::signed_in;
use crate::stage::message::Message;
use crate::stage::upstream::Upstream;
use crate::stage::{CHEAP, NOW, Play, Stage, hash_of, wait_for};

/// Within this time another process takes notice of a change.
const SOON: Duration = Duration::from_secs(20);

const ACCOUNT: &str = "/.countersign/account";
const ADD: &str = "/.countersign/account/keys";
const REVOKE: &str = "/.countersign/account/keys/revoke";
const OWN_KEYS: &str = "[session.own_keys]\nscopes = [\"orders:read\", \"orders:write\"]\nlifetime_secs_max = 864000\nper_user_max = 2\n";
const ROUTES: &str = "[[route]]\nname = \"list\"\npath = \"/list/**\"\nupstream = \"app\"\naccept = [\"api-key\"]\n\
    allow = { scopes = [\"orders:read\"], groups = [\"staff\"] }\n\
    [[route]]\nname = \"change\"\npath = \"/change/**\"\nupstream = \"app\"\naccept = [\"api-key\"]\n\
    allow = { scopes = [\"orders:write\"] }\n\
    [[route]]\nname = \"two\"\npath = \"/two/**\"\nupstream = \"app\"\naccept = [\"session\", \"api-key\"]\n\
    allow = { second_factor = true }\n";

fn play<'a>(sections: &'a str) -> Play<'a> {
    Play {
        sections,
        more: ROUTES,
        ..Play::default()
    }
}

fn stage(upstream: &Upstream) -> Stage {
    play(OWN_KEYS).open(upstream.address())
}

fn add(browser: &mut Browser, name: &str, more: &[(&str, &str)]) -> Message {
    let page = browser.visit(ACCOUNT);
    let mut fields = vec![("token", page.hidden("token")), ("name", name.to_owned())];
    fields.extend(
        more.iter()
            .map(|(name, value)| (*name, (*value).to_owned())),
    );
    browser.post(ADD, &fields)
}

/// The key on the page that shows it.
fn key_on(page: &Message) -> String {
    assert_eq!(page.status(), Some(200), "{page:?}");
    let text = page.text();
    let (_, after) = text.split_once("<code class=\"key\">").unwrap();
    after.split('<').next().unwrap().to_owned()
}

fn made(browser: &mut Browser, name: &str, scope: &str) -> String {
    key_on(&add(browser, name, &[("scope-1", scope), ("days", "5")]))
}

fn id_of(key: &str) -> String {
    key.get(4..16).unwrap().to_owned()
}

fn revoke(browser: &mut Browser, id: &str) -> Message {
    let page = browser.visit(ACCOUNT);
    let fields = [("token", page.hidden("token")), ("key", id.to_owned())];
    browser.post(REVOKE, &fields)
}

fn done(answer: &Message) -> &str {
    assert_eq!(answer.status(), Some(303), "{answer:?}");
    let location = answer.field("location").unwrap();
    location
        .strip_prefix("/.countersign/account?done=")
        .unwrap()
}

fn ask(stage: &Stage, path: &str, key: &str) -> Message {
    stage.ask(format!(
        "GET {path} HTTP/1.1\r\nHost: a.example\r\nX-API-Key: {key}\r\n\r\n"
    ))
}

/// Asks again and again, with no pause, until it is so, which it must be.
fn until(is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < SOON, "still not so");
    }
}

#[test]
fn a_user_makes_a_key_uses_it_and_revokes_it() {
    let upstream = Upstream::content();
    let stage = stage(&upstream);
    let mut browser = signed_in(&stage);
    let account = browser.visit(ACCOUNT).text();
    assert!(account.contains("<legend>Scopes</legend>") && account.contains("max=\"10\""));
    let more = [("scope-1", "orders:read"), ("days", "10")];
    let page = add(&mut browser, "nightly <1>", &more);
    let key = key_on(&page);
    assert_eq!(page.field("cache-control"), Some("no-store"));
    let policy = page.field("content-security-policy").unwrap();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-")
            && !policy.contains("script-src")
    );
    assert!(
        page.text().contains("nightly &#60;1&#62;"),
        "{}",
        page.text()
    );

    assert_eq!(ask(&stage, "/list/x", &key).status(), Some(200));
    let heard = upstream.next().message;
    assert_eq!(heard.field("x-auth-user"), Some("alice"));
    assert_eq!(heard.field("x-auth-groups"), Some("staff"));
    assert_eq!(heard.field("x-auth-scopes"), Some("orders:read"));
    assert_eq!(ask(&stage, "/change/x", &key).cause(), "scope-insufficient");
    assert_eq!(
        ask(&stage, "/two/x", &key).cause(),
        "second-factor-required"
    );

    // From then on nobody is shown more than how it begins.
    let account = browser.visit(ACCOUNT).text();
    let id = id_of(&key);
    assert!(account.contains(&format!("<code>csk_{id}</code>")) && !account.contains(&key));
    assert!(account.contains("Scopes: orders:read"));
    assert_eq!(done(&revoke(&mut browser, &id)), "key-revoked");
    until(|| ask(&stage, "/list/x", &key).status() != Some(200));
    assert_eq!(ask(&stage, "/list/x", &key).cause(), "credential-revoked");
    assert!(!browser.visit(ACCOUNT).text().contains(&id));

    let acts = wait_for(stage.other_store().acts(ActList {
        acts_max: 10,
        ..ActList::default()
    }))
    .unwrap();
    let told: Vec<_> = acts
        .iter()
        .map(|act| {
            assert_eq!((act.by.way, &*act.by.name), (Way::Account, "alice"));
            assert_eq!(act.object.as_deref(), Some(&*id));
            assert_eq!(act.outcome, Some(Outcome::Done(None)));
            &*act.act
        })
        .collect();
    assert_eq!(told, ["key.revoke", "key.create"]);
    let closed = stage.close();
    let secret = key.get(17..).unwrap();
    for log in [&closed.log, &closed.access] {
        assert!(!log.contains(secret), "{log}");
    }
    for event in ["own-key-made", "own-key-revoked"] {
        let line = closed
            .log
            .lines()
            .find(|line| line.contains(event))
            .unwrap();
        assert!(
            line.contains(&id) && line.contains("\"user\":\"alice\""),
            "{line}"
        );
    }
}

#[test]
fn what_a_key_cannot_be_is_told_and_nothing_is_made() {
    let upstream = Upstream::content();
    let stage = stage(&upstream);
    let mut browser = signed_in(&stage);
    for (days, said) in [
        ("0", "key-days-unfit"),
        ("11", "key-days-unfit"),
        ("-1", "key-days-unfit"),
        ("9223372036854775807", "key-days-unfit"),
        ("", "key-days-unfit"),
        ("ten", "key-days-unfit"),
    ] {
        let answer = add(&mut browser, "a", &[("days", days)]);
        assert_eq!(done(&answer), said, "{days}");
    }
    let more = [("days", "5"), ("scope-2", "admin")];
    assert_eq!(done(&add(&mut browser, "a", &more)), "form-old");
    let forged = [("token", "AAAA".to_owned()), ("days", "5".to_owned())];
    assert_eq!(done(&browser.post(ADD, &forged)), "form-old");
    let foreign = browser.post_as(ADD, "Sec-Fetch-Site: cross-site\r\n", &forged);
    assert_eq!(foreign.cause(), "csrf-failed");
    assert!(!browser.visit(ACCOUNT).text().contains(REVOKE));

    let first = made(&mut browser, "one", "orders:read");
    let again = add(&mut browser, "one", &[("days", "5")]);
    assert_eq!(done(&again), "key-name-taken");
    assert!(
        browser
            .follow(&again)
            .text()
            .contains("You have an API key of that name.")
    );
    made(&mut browser, "two", "orders:write");
    let full = add(&mut browser, "three", &[("days", "5")]);
    assert_eq!(done(&full), "keys-full");
    assert!(
        browser
            .follow(&full)
            .text()
            .contains("as many API keys as can be")
    );
    assert_eq!(done(&revoke(&mut browser, &id_of(&first))), "key-revoked");
    made(&mut browser, "three", "orders:read");
}

#[test]
fn keys_are_made_and_revoked_by_whoever_has_just_signed_in() {
    let upstream = Upstream::content();
    let stage = stage(&upstream);
    let id = id_of(&made(&mut signed_in(&stage), "one", "orders:read"));
    let mut browser = aged(&stage, 400);
    let account = browser.visit(ACCOUNT).text();
    assert!(account.contains("To make or revoke a key, please sign in again first."));
    assert!(!account.contains("key-name") && !account.contains(REVOKE));
    assert_eq!(
        done(&add(&mut browser, "two", &[("days", "5")])),
        "sign-in-anew"
    );
    assert_eq!(done(&revoke(&mut browser, &id)), "sign-in-anew");
    let key = wait_for(stage.other_store().keys_of_user(1, 9, 0)).unwrap();
    assert_eq!(key.len(), 1);
    for target in [ADD, REVOKE] {
        let visited = browser.visit(target);
        assert_eq!(visited.field("location"), Some(ACCOUNT));
    }
}

/// Somebody else's key, and one that is none, look alike.
#[test]
fn nobody_revokes_the_key_of_another() {
    let upstream = Upstream::content();
    let stage = stage(&upstream);
    let (_, of_alice) = stage.key_of("alice");
    let store = stage.other_store();
    let bob = NewUser {
        name: "bob".into(),
        display_name: None,
        hash: hash_of(b"battery", CHEAP),
        groups: Vec::new(),
        disabled: false,
    };
    wait_for(store.add_user(bob, NOW)).unwrap();
    let (key, of_bob) = stage.key_of("bob");
    let mut browser = signed_in(&stage);
    for id in [of_bob.id.as_str(), "abcdefghijkl"] {
        assert_eq!(done(&revoke(&mut browser, id)), "key-revoked");
    }
    assert_eq!(done(&revoke(&mut browser, "../x")), "form-old");
    assert_eq!(
        wait_for(store.key(&of_bob.id))
            .unwrap()
            .unwrap()
            .revoked_unix_secs,
        None
    );
    assert!(key.starts_with("csk_"));
    // What an operator has made for the user is the user's to revoke.
    assert!(browser.visit(ACCOUNT).text().contains("(by an operator)"));
    assert_eq!(
        done(&revoke(&mut browser, of_alice.id.as_str())),
        "key-revoked"
    );
    assert!(
        wait_for(store.key(&of_alice.id))
            .unwrap()
            .unwrap()
            .revoked_unix_secs
            .is_some()
    );
}

#[test]
fn a_key_loses_what_its_user_and_the_configuration_lose() {
    let upstream = Upstream::content();
    let with_groups = format!("{OWN_KEYS}groups = [\"staff\"]\n");
    let stage = play(&with_groups).open(upstream.address());
    let mut browser = signed_in(&stage);
    let key = made(&mut browser, "one", "orders:write");
    assert_eq!(ask(&stage, "/change/x", &key).status(), Some(200));

    // Another configuration lets nobody give this scope.
    let fewer = with_groups.replace(", \"orders:write\"", "");
    stage.reload(&play(&fewer), upstream.address()).unwrap();
    assert_eq!(ask(&stage, "/change/x", &key).cause(), "scope-insufficient");
    stage.reload(&play(""), upstream.address()).unwrap();
    assert_eq!(ask(&stage, "/change/x", &key).cause(), "scope-insufficient");
    let account = browser.visit(ACCOUNT);
    assert!(!account.text().contains("API keys"));
    let fields = [("token", account.hidden("token")), ("days", "5".to_owned())];
    assert_eq!(done(&browser.post(ADD, &fields)), "keys-not-allowed");
    stage
        .reload(&play(&with_groups), upstream.address())
        .unwrap();
    assert_eq!(ask(&stage, "/change/x", &key).status(), Some(200));

    // Who has left the groups makes none, and what was made has no scope any more.
    let store = stage.other_store();
    wait_for(store.set_groups("alice", vec!["others".into()], 0)).unwrap();
    until(|| ask(&stage, "/change/x", &key).status() != Some(200));
    assert_eq!(ask(&stage, "/change/x", &key).cause(), "scope-insufficient");
    assert_eq!(
        done(&add(&mut browser, "two", &[("days", "5")])),
        "keys-not-allowed"
    );
    let account = browser.visit(ACCOUNT).text();
    assert!(account.contains("You may make no API keys here."));
    assert!(account.contains("Scopes: none"));

    // What an operator gives is the operator's to give.
    let id = wait_for(store.keys_of_user(1, 9, 0)).unwrap().remove(0).id;
    let edit = KeyEdit {
        scopes: Some(vec!["orders:write".into()]),
        ..KeyEdit::default()
    };
    wait_for(store.edit_key(&id, edit)).unwrap();
    until(|| ask(&stage, "/change/x", &key).status() == Some(200));
    wait_for(store.set_disabled("alice", true, 0)).unwrap();
    until(|| ask(&stage, "/change/x", &key).status() != Some(200));
    assert_eq!(
        ask(&stage, "/change/x", &key).cause(),
        "credentials-rejected"
    );
    stage.wait_for_log("\"cause\":\"account-disabled\"");
}

#[test]
fn without_the_section_nobody_makes_keys() {
    let upstream = Upstream::content();
    let stage = play("").open(upstream.address());
    let mut browser = signed_in(&stage);
    let account = browser.visit(ACCOUNT);
    assert!(!account.text().contains("API keys"));
    let fields = [("token", account.hidden("token")), ("days", "5".to_owned())];
    assert_eq!(done(&browser.post(ADD, &fields)), "keys-not-allowed");
    let fields = [
        ("token", account.hidden("token")),
        ("key", "abcdefghijkl".to_owned()),
    ];
    assert_eq!(done(&browser.post(REVOKE, &fields)), "form-old");
}

#[test]
fn the_card_is_there_in_german() {
    let upstream = Upstream::content();
    let stage = stage(&upstream);
    let mut browser = signed_in(&stage);
    browser.language = "de";
    let account = browser.visit(ACCOUNT).text();
    assert!(account.contains("<h2 id=\"keys\">API-Schlüssel</h2>"));
    let page = add(&mut browser, "eins", &[("days", "5")]);
    assert!(page.text().contains("<h1>Ihr neuer API-Schlüssel</h1>"));
}

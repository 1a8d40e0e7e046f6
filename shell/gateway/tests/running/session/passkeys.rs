//! Passkeys: added in the account, used alone and after the password, and what others try on them.

pub(super) mod authenticator;

use countersign_secret::session::{SessionId, SessionSecret};
use countersign_store::{NewSession, Store};
use serde_json::Value;

use self::authenticator::Authenticator;
use super::browser::Browser;
use super::{COOKIE, FORM_COOKIE, now_unix_secs, sessions, signed_in};
use crate::stage::message::Message;
use crate::stage::upstream::Upstream;
use crate::stage::{Play, Stage, wait_for};

const SIGN_IN: &str = "/.countersign/sign-in";
const ALONE: &str = "/.countersign/sign-in/passkey";
pub(super) const SECOND: &str = "/.countersign/sign-in/code/passkey";
const ACCOUNT: &str = "/.countersign/account";
const ADD: &str = "/.countersign/account/passkeys";
const CONFIRM: &str = "/.countersign/account/passkeys/confirm";
const REMOVE: &str = "/.countersign/account/passkeys/remove";
const REJECTED: &str = "The passkey was not taken.";
pub(super) const PASSKEYS: &str = "[session.passkeys]\nrp_id = \"a.example\"\norigins = [\"https://a.example\"]\nper_user_max = 3\n";
const SECURE: &str = "[[route]]\nname = \"secure\"\npath = \"/secure/**\"\nupstream = \"app\"\naccept = [\"session\"]\n\
    allow = { second_factor = true }\n";

fn stage(upstream: &Upstream, sections: &str) -> Stage {
    let sections = format!("{PASSKEYS}{sections}");
    let play = Play {
        sections: &sections,
        more: SECURE,
        ..Play::default()
    };
    play.open(upstream.address())
}

/// What the page asks the browser.
pub(super) fn options(page: &Message) -> Value {
    let text = page.text();
    let (_, after) = text.split_once("data-options=\"").expect("no options");
    let text = after.split('"').next().unwrap().replace("&#34;", "\"");
    serde_json::from_str(&text).unwrap()
}

/// The hidden fields of the form around the button, with an answer.
pub(super) fn answered(
    page: &Message,
    names: &[&'static str],
    answer: String,
) -> Vec<(&'static str, String)> {
    let form = page.text();
    let (_, form) = form.split_once("<form id=\"passkey\"").unwrap();
    let value = |name: &str| {
        let start = format!("name=\"{name}\" value=\"");
        let (_, after) = form.split_once(&start).unwrap();
        let value = after.split('"').next().unwrap();
        value.replace("&#60;", "<").replace("&#62;", ">")
    };
    let mut fields: Vec<_> = names.iter().map(|name| (*name, value(name))).collect();
    fields.push(("answer", answer));
    fields
}

const OF_SET_UP: [&str; 5] = ["token", "challenge", "handle", "version", "name"];
const OF_SIGN_IN: [&str; 4] = ["token", "return", "lost", "challenge"];
const OF_SECOND: [&str; 6] = ["token", "return", "lost", "user", "version", "challenge"];

fn change(browser: &mut Browser, target: &str, field: (&'static str, &str)) -> Message {
    let page = browser.visit(ACCOUNT);
    let token = page.hidden("token");
    browser.post(target, &[("token", token), (field.0, field.1.to_owned())])
}

fn add(browser: &mut Browser, name: &str, authenticator: &mut Authenticator) -> Message {
    let page = change(browser, ADD, ("name", name));
    assert_eq!(page.status(), Some(200), "{page:?}");
    let answer = authenticator.create(&options(&page));
    browser.post(CONFIRM, &answered(&page, &OF_SET_UP, answer))
}

/// A browser whose user `alice` has a passkey, and that passkey.
pub(super) fn with_passkey(stage: &Stage) -> (Browser, Authenticator) {
    let mut browser = signed_in(stage);
    let mut authenticator = Authenticator::new(1);
    let added = add(&mut browser, "blue", &mut authenticator);
    assert_eq!(added.status(), Some(200), "{added:?}");
    (browser, authenticator)
}

fn alone(browser: &mut Browser, authenticator: &Authenticator) -> Message {
    let page = browser.visit(&format!("{ALONE}?return=/app/x"));
    let answer = authenticator.get(&options(&page));
    browser.post(ALONE, &answered(&page, &OF_SIGN_IN, answer))
}

/// As far as the page that asks for the second factor.
fn asked(browser: &mut Browser) -> Message {
    let page = browser.visit(&format!("{SIGN_IN}?return=/app/x"));
    let answer = browser.sign_in(&page, "alice", "correct horse");
    assert_eq!((answer.status(), browser.cookie(COOKIE)), (Some(200), None));
    answer
}

fn second(browser: &mut Browser, page: &Message, authenticator: &Authenticator) -> Message {
    let answer = authenticator.get(&options(page));
    browser.post(SECOND, &answered(page, &OF_SECOND, answer))
}

fn is_rejected(answer: &Message) -> bool {
    answer.status() == Some(401)
        && answer.text().contains(REJECTED)
        && answer.field("countersign-cause") == Some("credentials-rejected")
}

fn done(answer: &Message) -> &str {
    let location = answer.field("location").unwrap_or_default();
    location.rsplit("?done=").next().unwrap()
}

#[test]
fn a_passkey_is_added_signs_in_alone_and_counts_as_two_factors() {
    let upstream = Upstream::content();
    let stage = stage(&upstream, "");
    let mut other = signed_in(&stage);
    let mut browser = signed_in(&stage);
    assert_eq!(browser.fetch("/secure/x").cause(), "second-factor-required");
    let before = browser.cookie(COOKIE).unwrap().to_owned();
    let mut authenticator = Authenticator::new(1);
    let shown = add(&mut browser, " Blue <key>\u{7} ", &mut authenticator);
    assert_eq!(shown.text().matches("<li><code>").count(), 10);
    assert_ne!(browser.cookie(COOKIE).unwrap(), before);
    assert_eq!(other.fetch_until_refused("/app/x"), "session-revoked");
    // Nothing was signed with it yet.
    assert_eq!(browser.fetch("/secure/x").cause(), "second-factor-required");
    assert_eq!(browser.fetch("/app/x").status(), Some(200));
    let account = browser.visit(ACCOUNT);
    assert!(
        account
            .text()
            .contains("<strong>Blue &#60;key&#62;</strong>")
    );
    assert!(account.text().contains("Last use: never"));

    let mut browser = Browser::at(&stage);
    let planted = "A".repeat(43);
    browser.keep(COOKIE, &planted);
    authenticator.count = 1;
    let answer = alone(&mut browser, &authenticator);
    assert_eq!(
        (answer.status(), answer.field("location")),
        (Some(303), Some("/app/x"))
    );
    assert_ne!(browser.cookie(COOKIE), Some(&*planted));
    assert_eq!(browser.fetch("/secure/x").status(), Some(200));
    assert!(!browser.visit(ACCOUNT).text().contains("Last use: never"));
    let log = stage.close().log;
    assert!(
        log.contains("\"event\":\"passkey-added\",\"user\":\"alice\""),
        "{log}"
    );
}

#[test]
fn the_script_is_the_gateways_own_and_the_one_that_runs() {
    let upstream = Upstream::content();
    let stage = stage(&upstream, "");
    let mut browser = Browser::at(&stage);
    let sign_in = browser.visit(&format!("{SIGN_IN}?return=/app/x"));
    assert!(!sign_in.text().contains("<script"));
    assert!(
        !sign_in
            .field("content-security-policy")
            .unwrap()
            .contains("script-src")
    );
    assert!(
        sign_in
            .text()
            .contains("href=\"/.countersign/sign-in/passkey?return=/app/x\"")
    );
    let nonce_of = |page: &Message| {
        let policy = page.field("content-security-policy").unwrap();
        let (rest, nonce) = policy.split_once("; script-src 'nonce-").unwrap();
        assert!(rest.starts_with("default-src 'none';"));
        let nonce = nonce.strip_suffix('\'').unwrap().to_owned();
        let script =
            format!("<script src=\"/.countersign/passkey.js\" nonce=\"{nonce}\" defer></script>");
        assert_eq!(page.text().matches("<script").count(), 1);
        assert!(page.text().contains(&script));
        nonce
    };
    let (one, other) = (browser.visit(ALONE), browser.visit(ALONE));
    assert_ne!(nonce_of(&one), nonce_of(&other));
    let script = browser.visit("/.countersign/passkey.js");
    assert_eq!(
        script.field("content-type"),
        Some("text/javascript; charset=utf-8")
    );
    assert_eq!(script.field("x-content-type-options"), Some("nosniff"));
}

#[test]
fn a_passkey_follows_the_password_as_the_second_factor() {
    let upstream = Upstream::content();
    let stage = stage(&upstream, "");
    let (_, mut authenticator) = with_passkey(&stage);
    authenticator.count = 1;
    // A touch is enough beside the password.
    authenticator.verifies = false;
    let mut browser = Browser::at(&stage);
    let page = asked(&mut browser);
    assert_eq!(
        options(&page)["allowCredentials"].as_array().unwrap().len(),
        1
    );
    let answer = second(&mut browser, &page, &authenticator);
    assert_eq!(
        (answer.status(), answer.field("location")),
        (Some(303), Some("/app/x"))
    );
    assert_eq!(browser.fetch("/secure/x").status(), Some(200));
    // Alone it is not: nobody knows who has touched it.
    authenticator.count = 2;
    let mut browser = Browser::at(&stage);
    assert!(is_rejected(&alone(&mut browser, &authenticator)));
    assert_eq!(browser.cookie(COOKIE), None);
}

#[test]
fn a_challenge_is_of_its_browser_and_answered_once() {
    let upstream = Upstream::content();
    let stage = stage(&upstream, "");
    // It does not count, so that the challenge alone tells one answer from the same again.
    let (_, authenticator) = with_passkey(&stage);
    let (mut browser, mut thief) = (Browser::at(&stage), Browser::at(&stage));
    let page = browser.visit(&format!("{ALONE}?return=/app/x"));
    let answer = authenticator.get(&options(&page));
    let fields = answered(&page, &OF_SIGN_IN, answer.clone());
    let sent_back = |answer: &Message| {
        answer.status() == Some(403) && answer.field("countersign-cause") == Some("csrf-failed")
    };
    thief.visit(ALONE);
    assert!(sent_back(&thief.post(ALONE, &fields)));
    let other = browser.visit(ALONE);
    for (name, value) in [
        (
            "challenge",
            answered(&other, &["challenge"], String::new())[0].1.clone(),
        ),
        ("return", "/app/elsewhere".to_owned()),
        ("lost", "1".to_owned()),
        ("token", String::new()),
        ("challenge", "AAAA".to_owned()),
    ] {
        let mut fields = fields.clone();
        fields
            .iter_mut()
            .filter(|field| field.0 == name)
            .for_each(|field| field.1 = value.clone());
        assert!(sent_back(&browser.post(ALONE, &fields)), "{name}");
    }
    // An answer to one challenge is none to another.
    assert!(is_rejected(
        &browser.post(ALONE, &answered(&other, &OF_SIGN_IN, answer))
    ));
    assert_eq!(browser.post(ALONE, &fields).status(), Some(303));
    let form_cookie = browser.cookie(FORM_COOKIE).unwrap().to_owned();
    thief.keep(FORM_COOKIE, &form_cookie);
    assert!(is_rejected(&thief.post(ALONE, &fields)));
    assert_eq!(thief.cookie(COOKIE), None);
    stage.wait_for_log("the challenge was answered before");
}

/// What is changed of an authenticator.
type Change = fn(&mut Authenticator);

#[test]
fn attack_44_answers_that_prove_nothing_sign_nobody_in() {
    let upstream = Upstream::content();
    let stage = stage(&upstream, "");
    let (_, mut authenticator) = with_passkey(&stage);
    authenticator.count = 5;
    let mut browser = Browser::at(&stage);
    assert_eq!(alone(&mut browser, &authenticator).status(), Some(303));
    authenticator.count = 6;
    let changes: [(Change, &str); 7] = [
        (|made| made.handle = None, "the answer names no account"),
        (
            |made| made.origin = "https://b.example",
            "the page that asked is of another origin",
        ),
        (
            |made| made.domain = "b.example",
            "the credential is bound to another domain",
        ),
        (|made| made.id = vec![9; 16], "nobody has this passkey"),
        (
            |made| made.handle = Some(vec![1; 32]),
            "the answer names another account",
        ),
        (
            |made| made.verifies = false,
            "the authenticator did not verify its holder",
        ),
        // The copy of an authenticator lags behind.
        (
            |made| made.count = 5,
            "the authenticator counts lower than before",
        ),
    ];
    for (change, _) in &changes {
        let mut browser = Browser::at(&stage);
        let (origin, domain, id, handle) = (
            authenticator.origin,
            authenticator.domain,
            authenticator.id.clone(),
            authenticator.handle.clone(),
        );
        change(&mut authenticator);
        assert!(is_rejected(&alone(&mut browser, &authenticator)));
        assert_eq!(browser.cookie(COOKIE), None);
        authenticator.origin = origin;
        authenticator.domain = domain;
        authenticator.id = id;
        authenticator.handle = handle;
        authenticator.verifies = true;
        authenticator.count = 6;
    }
    let mut browser = Browser::at(&stage);
    let page = browser.visit(ALONE);
    for nonsense in ["", "{}", "[]", "null", "\u{0}"] {
        let fields = answered(&page, &OF_SIGN_IN, nonsense.to_owned());
        assert!(is_rejected(&browser.post(ALONE, &fields)));
    }
    // The same authenticator is taken after all of it, until its user is disabled.
    assert_eq!(alone(&mut browser, &authenticator).status(), Some(303));
    let store = stage.other_store();
    wait_for(store.set_disabled("alice", true, now_unix_secs())).unwrap();
    authenticator.count = 7;
    assert!(is_rejected(&alone(
        &mut Browser::at(&stage),
        &authenticator
    )));
    let log = stage.close().log;
    for (_, detail) in changes {
        assert!(log.contains(detail), "{detail}");
    }
    assert!(log.contains("\"cause\":\"account-disabled\""));
}

#[test]
fn another_users_passkey_is_no_second_factor() {
    let upstream = Upstream::content();
    let stage = stage(&upstream, "");
    let (_, authenticator) = with_passkey(&stage);
    let (mut browser, mut stranger) = (Browser::at(&stage), Authenticator::new(2));
    stranger.handle.clone_from(&authenticator.handle);
    stranger.count = 1;
    let page = asked(&mut browser);
    assert!(is_rejected(&second(&mut browser, &page, &stranger)));
    let mut fields = answered(&page, &OF_SECOND, authenticator.get(&options(&page)));
    fields[3].1 = "bob".into();
    assert_eq!(browser.post(SECOND, &fields).status(), Some(403));
    assert_eq!(browser.cookie(COOKIE), None);
}

/// A session with two factors that was begun so many seconds ago, as its user's browser has it.
pub(super) fn aged(stage: &Stage, secs: i64) -> Browser {
    begun(stage, secs, "password", true)
}

pub(super) fn begun(stage: &Stage, secs: i64, method: &str, second_factor: bool) -> Browser {
    let store = stage.other_store();
    let user = wait_for(store.user("alice")).unwrap().unwrap();
    let mut random = [0; 32];
    aws_lc_rs::rand::fill(&mut random).unwrap();
    let secret = SessionSecret::mint(&random);
    let mut id = [0; 9];
    aws_lc_rs::rand::fill(&mut id).unwrap();
    let session = NewSession {
        groups: Vec::new(),
        provider: None,
        signed_in_unix_secs: None,
        id: SessionId::mint(&id),
        digest: secret.digest(),
        user_id: user.id,
        user_version: user.version,
        method: method.into(),
        second_factor,
        device: None,
        address: "127.0.0.1".into(),
        idle_secs: 3600,
        expires_unix_secs: now_unix_secs() + 3600,
        per_user_max: 9,
    };
    assert!(wait_for(store.begin_session(session, now_unix_secs() - secs)).unwrap());
    let mut browser = Browser::at(stage);
    browser.keep(COOKIE, secret.expose());
    browser
}

#[test]
fn passkeys_are_changed_by_whoever_has_just_signed_in() {
    let upstream = Upstream::content();
    let stage = stage(&upstream, "");
    let (_, authenticator) = with_passkey(&stage);
    let id = {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&authenticator.id)
    };
    let mut browser = aged(&stage, 400);
    let account = browser.visit(ACCOUNT);
    assert!(account.text().contains("please sign in again first"));
    assert!(!account.text().contains(REMOVE) && !account.text().contains("passkey-name"));
    for (target, field) in [
        (ADD, ("name", "mine")),
        (REMOVE, ("passkey", &*id)),
        ("/.countersign/account/recovery-codes", ("code", "")),
    ] {
        let answer = change(&mut browser, target, field);
        assert_eq!(done(&answer), "sign-in-anew", "{target}");
    }
    // The way to a sign-in is open to whoever is signed in, and says why.
    let again = browser.visit("/.countersign/sign-in?return=/.countersign/account&again=1");
    assert!(
        again
            .text()
            .contains("You have been signed in for a while.")
    );
    assert!(again.text().contains("value=\"alice\""));
    let page = browser.sign_in(&again, "alice", "correct horse");
    let mut authenticator = authenticator;
    authenticator.count = 1;
    assert_eq!(
        second(&mut browser, &page, &authenticator).status(),
        Some(303)
    );
    let removed = change(&mut browser, REMOVE, ("passkey", &id));
    assert_eq!(done(&removed), "passkey-removed");
    assert_eq!(browser.fetch("/app/x").status(), Some(200));
    // What this session was begun with was shown.
    assert_eq!(browser.fetch("/secure/x").status(), Some(200));
    // The password alone signs in again, and the passkey does not.
    signed_in(&stage);
    authenticator.count = 2;
    assert!(is_rejected(&alone(
        &mut Browser::at(&stage),
        &authenticator
    )));
}

#[test]
fn a_new_passkey_is_of_its_session_and_there_once() {
    let upstream = Upstream::content();
    let stage = stage(&upstream, "");
    let (mut browser, mut thief) = (signed_in(&stage), signed_in(&stage));
    let page = change(&mut browser, ADD, ("name", "one"));
    assert_eq!(options(&page)["rp"]["id"], "a.example");
    let mut made = Authenticator::new(1);
    let fields = answered(&page, &OF_SET_UP, made.create(&options(&page)));
    assert_eq!(done(&thief.post(CONFIRM, &fields)), "form-old");
    let mut elsewhere = fields.clone();
    elsewhere[4].1 = "another name".into();
    assert_eq!(done(&browser.post(CONFIRM, &elsewhere)), "form-old");
    made.origin = "https://b.example";
    let wrong = answered(&page, &OF_SET_UP, made.create(&options(&page)));
    assert_eq!(done(&browser.post(CONFIRM, &wrong)), "passkey-rejected");
    assert_eq!(browser.post(CONFIRM, &fields).status(), Some(200));
    // The form was for a user without it.
    assert_eq!(done(&browser.post(CONFIRM, &fields)), "form-old");

    made.origin = "https://a.example";
    assert_eq!(
        done(&add(&mut browser, "again", &mut made)),
        "passkey-known"
    );
    for number in [2, 3] {
        let added = add(&mut browser, "more", &mut Authenticator::new(number));
        assert_eq!(done(&added), "passkey-added");
    }
    let full = change(&mut browser, ADD, ("name", "too many"));
    assert_eq!(done(&full), "passkeys-full");
    assert_eq!(sessions(&stage).len(), 1);
    stage.wait_for_log("\"event\":\"passkey-refused\",\"user\":\"alice\",\"detail\":\"the page that asked is of another origin\"");
}

#[test]
fn wrong_passkeys_are_braked_for_their_network_and_right_ones_pass() {
    let upstream = Upstream::content();
    let brakes = "[brakes]\npair_attempts = 1000000\naccount_attempts = 1000000\nnetwork_attempts = 3\ndelay_secs = 900\n";
    let stage = stage(&upstream, brakes);
    let (_, mut authenticator) = with_passkey(&stage);
    let stranger = Authenticator::new(7);
    let mut browser = Browser::at(&stage);
    for _ in 0..3 {
        assert!(is_rejected(&alone(&mut browser, &stranger)));
    }
    let braked = alone(&mut browser, &stranger);
    assert_eq!(braked.status(), Some(429));
    assert_eq!(braked.field("countersign-cause"), Some("rate-limited"));
    assert!(braked.field("retry-after").is_some());
    authenticator.count = 1;
    assert_eq!(alone(&mut browser, &authenticator).status(), Some(303));
}

#[test]
fn without_the_section_or_at_another_host_there_are_no_passkeys() {
    let upstream = Upstream::content();
    let elsewhere =
        "[session.passkeys]\nrp_id = \"b.example\"\norigins = [\"https://b.example\"]\n";
    for (sections, is_told) in [("", false), (elsewhere, true)] {
        let play = Play {
            sections,
            ..Play::default()
        };
        let stage = play.open(upstream.address());
        let mut browser = signed_in(&stage);
        let mut visitor = Browser::at(&stage);
        assert!(!visitor.visit(SIGN_IN).text().contains(ALONE));
        assert_eq!(visitor.visit(ALONE).field("location"), Some(SIGN_IN));
        let account = browser.visit(ACCOUNT);
        assert_eq!(account.text().contains("at another address"), is_told);
        assert_eq!(done(&change(&mut browser, ADD, ("name", "x"))), "form-old");
    }
}

/// When the session that this browser has was begun, and when it ends.
fn span(stage: &Stage, browser: &Browser) -> (i64, i64) {
    let secret = SessionSecret::parse(browser.cookie(COOKIE).unwrap().as_bytes()).unwrap();
    let record = wait_for(stage.other_store().session(&secret.digest()));
    let record = record.unwrap().unwrap();
    (record.created_unix_secs, record.expires_unix_secs)
}

#[test]
fn a_change_of_passkeys_is_no_sign_in() {
    let upstream = Upstream::content();
    let stage = stage(&upstream, "");
    let mut browser = begun(&stage, 200, "password", false);
    let before = (
        browser.cookie(COOKIE).unwrap().to_owned(),
        span(&stage, &browser),
    );
    let mut authenticator = Authenticator::new(1);
    let added = add(&mut browser, "blue", &mut authenticator);
    assert_eq!(added.status(), Some(200));
    assert_ne!(browser.cookie(COOKIE), Some(&*before.0));
    assert_eq!(span(&stage, &browser), before.1);
    assert_eq!(browser.fetch("/secure/x").cause(), "second-factor-required");
    let id = {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&authenticator.id)
    };
    let removed = change(&mut browser, REMOVE, ("passkey", &id));
    assert_eq!(done(&removed), "passkey-removed");
    assert_eq!(span(&stage, &browser), before.1);
    let acts = super::account::recorded(&stage);
    let told: Vec<_> = acts.iter().map(|act| (&*act.1, &*act.2)).collect();
    assert_eq!(told, [("passkey.add", &*id), ("passkey.remove", &*id)]);
}

#[test]
fn what_a_provider_vouches_for_is_fresh_only_with_something_shown_here() {
    let upstream = Upstream::content();
    let stage = stage(&upstream, "");
    for (method, second, is_fresh) in [
        ("provider", false, false),
        ("provider, second factor", true, false),
        ("provider, totp", true, true),
        ("provider, passkey", true, true),
    ] {
        let mut browser = begun(&stage, 0, method, second);
        let answer = change(&mut browser, ADD, ("name", "mine"));
        assert_eq!(answer.status() == Some(200), is_fresh, "{method}");
        if !is_fresh {
            assert_eq!(done(&answer), "sign-in-anew", "{method}");
        }
    }
}

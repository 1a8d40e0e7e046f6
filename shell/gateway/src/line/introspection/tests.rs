//! When an issuer is asked, and how long what it says is believed.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests"
)]

use std::path::PathBuf;
use std::time::Duration;

use countersign_config::{Client, KeySource, SecretPlace};

use super::*;

const NOW: i64 = 1_800_000_000;

/// An issuer that nobody asks, with limits of a test's choice.
fn asked(issuer: &str, change: impl FnOnce(&mut Settings)) -> Asked {
    let folder = tempfile::tempdir().unwrap();
    let secret_file = folder.path().join("secret");
    std::fs::write(&secret_file, "secret\n").unwrap();
    let mut settings = Settings {
        address: None,
        client: Client::Basic("gateway".into()),
        secret_file: SecretPlace::File(secret_file),
        answer: Duration::from_secs(5),
        answer_bytes_max: 1000,
        in_flight_max: 2,
        waiting_max: 1,
        cache_secs: 30,
        cache_inactive_secs: 5,
        cache_entries_max: 2,
    };
    change(&mut settings);
    Asked::new(&rules(issuer), &keys(), &settings).unwrap()
}

fn rules(issuer: &str) -> IssuerRules {
    IssuerRules {
        name: "main".into(),
        issuer: issuer.into(),
        audiences: Vec::new(),
        algorithms: Vec::new(),
        types: Vec::new(),
        untyped: false,
        leeway_secs: 0,
        lifetime_secs_max: None,
        required_claims: Vec::new(),
        scope_claims: Vec::new(),
        subject_claim: "sub".into(),
        groups_claim: "groups".into(),
        introspection: None,
    }
}

fn keys() -> IssuerKeys {
    IssuerKeys {
        source: KeySource::Asked,
        ca_file: None,
    }
}

fn usual() -> Asked {
    asked("https://id.example", |_| {})
}

fn said(json: &str) -> Introspection {
    Introspection::parse(json.as_bytes()).unwrap()
}

/// What is found at the beginning of a question.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Active,
    Inactive,
    Full,
    Joined,
    First,
}

fn begin(asked: &Asked, token: &str, now: i64) -> Found {
    match asked.begin(asked.mac(token.as_bytes()), now) {
        Begun::Known(IntrospectionAnswer::Answered { said, .. }) => match *said {
            Introspection::Active(_) => Found::Active,
            Introspection::Inactive => Found::Inactive,
        },
        Begun::Known(IntrospectionAnswer::QueueFull { .. }) => Found::Full,
        Begun::Known(other) => panic!("{other:?}"),
        Begun::Joined(_) => Found::Joined,
        Begun::First(..) => Found::First,
    }
}

fn end(asked: &Asked, token: &str, json: &str) {
    let kept = asked.keep(said(json), NOW);
    asked.end(&asked.mac(token.as_bytes()), Some(&kept), NOW);
}

#[test]
fn one_token_is_asked_about_once_and_what_waits_has_a_limit() {
    let asked = usual();
    assert_eq!(begin(&asked, "a", NOW), Found::First);
    assert_eq!(begin(&asked, "a", NOW), Found::Joined);
    assert_eq!(begin(&asked, "b", NOW), Found::First);
    assert_eq!(begin(&asked, "c", NOW), Found::First);
    // Two in flight and one that waits: a fourth token is one too many, the same ones are not.
    assert_eq!(begin(&asked, "d", NOW), Found::Full);
    assert_eq!(begin(&asked, "c", NOW), Found::Joined);
    end(&asked, "a", r#"{"active":true}"#);
    assert_eq!(begin(&asked, "a", NOW), Found::Active);
    assert_eq!(begin(&asked, "d", NOW), Found::First);
}

#[test]
fn a_failure_is_not_kept() {
    let asked = usual();
    assert_eq!(begin(&asked, "a", NOW), Found::First);
    asked.end(&asked.mac(b"a"), None, NOW);
    assert_eq!(begin(&asked, "a", NOW), Found::First);
}

#[test]
fn an_answer_is_believed_until_exp_or_the_age_that_is_set_and_no_longer() {
    for (json, until) in [
        (r#"{"active":true}"#, NOW + 30),
        (r#"{"active":true,"exp":1800000010}"#, NOW + 10),
        (r#"{"active":true,"exp":1900000000}"#, NOW + 30),
        (r#"{"active":false}"#, NOW + 5),
        (r#"{"active":false,"exp":1900000000}"#, NOW + 5),
    ] {
        let asked = usual();
        assert_eq!(asked.keep(said(json), NOW).until_unix_secs, until, "{json}");
        assert_eq!(begin(&asked, "a", NOW), Found::First);
        end(&asked, "a", json);
        assert_ne!(begin(&asked, "a", until - 1), Found::First, "{json}");
        assert_eq!(begin(&asked, "a", until), Found::First, "{json}");
    }
}

#[test]
fn an_age_of_nothing_keeps_nothing_and_a_token_past_its_end_is_not_kept() {
    let asked = asked("https://id.example", |settings| {
        settings.cache_secs = 0;
        settings.cache_inactive_secs = 0;
    });
    for json in [
        r#"{"active":true}"#,
        r#"{"active":false}"#,
        r#"{"active":true,"exp":1700000000}"#,
    ] {
        assert_eq!(begin(&asked, "a", NOW), Found::First);
        end(&asked, "a", json);
    }
    assert_eq!(begin(&asked, "a", NOW), Found::First);
}

#[test]
fn as_many_answers_are_kept_as_may() {
    let asked = usual();
    for token in ["a", "b", "c", "d"] {
        assert_eq!(begin(&asked, token, NOW), Found::First);
        end(&asked, token, r#"{"active":true}"#);
    }
    assert!(asked.table().kept.len() <= 2);
}

/// CVE-2026-33496: a cache that forgets the server gives one issuer's word for another's.
#[test]
fn attack_55_the_key_of_an_answer_holds_issuer_address_client_and_token() {
    let of = |issuer: &str, change: fn(&mut Settings)| {
        let mut asked = asked(issuer, change);
        // With one key for all, so that what differs is what goes into it.
        asked.key = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
        asked.mac(b"token")
    };
    let here = of("https://id.example", |_| {});
    assert_eq!(here, of("https://id.example", |_| {}));
    assert_ne!(here, of("https://id.example/", |_| {}));
    let address = |settings: &mut Settings| settings.address = Some("https://id.example".into());
    assert_ne!(here, of("https://id.example", address));
    let client = |settings: &mut Settings| settings.client = Client::Basic("other".into());
    assert_ne!(here, of("https://id.example", client));
    // And under a key of its own, no two processes have the same.
    assert_ne!(usual().mac(b"token"), usual().mac(b"token"));
    assert_ne!(usual().mac(b"token"), *b"token---------------------------");
}

#[test]
fn a_secret_that_is_not_there_keeps_the_gateway_from_starting() {
    let settings = |secret_file: PathBuf| Settings {
        secret_file: SecretPlace::File(secret_file),
        ..usual().settings
    };
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty");
    std::fs::write(&empty, "\n").unwrap();
    for path in [folder.path().join("missing"), empty] {
        let made = Asked::new(&rules("https://id.example"), &keys(), &settings(path));
        assert!(matches!(made.err(), Some(StartError::Introspection { .. })));
    }
}

#[tokio::test]
async fn an_issuer_that_is_not_asked_says_nothing() {
    let none = Introspections {
        issuers: vec![None],
        jobs: None,
    };
    for issuer in [0, 1] {
        let answer = none.ask(issuer, b"token", NOW).await;
        assert!(matches!(answer, IntrospectionAnswer::Unavailable));
    }
}

/// The clocks of the workers may be a tick behind the one that the answer is timed with.
#[test]
fn an_answer_that_is_not_to_be_kept_is_over_for_a_clock_that_is_late() {
    let asked = asked("https://id.example", |settings| {
        settings.cache_secs = 0;
        settings.cache_inactive_secs = 0;
    });
    for body in [r#"{"active":true}"#, r#"{"active":false}"#] {
        let said = Introspection::parse(body.as_bytes()).unwrap();
        assert!(asked.keep(said, NOW).until_unix_secs < NOW - 1);
    }
}

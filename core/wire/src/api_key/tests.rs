#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use countersign_cause::Cause;
use countersign_secret::api_key::ApiKey;
use http::HeaderName;

use super::client::field;
use super::server::{challenge, parse_authorization, parse_header};
use crate::challenge::parse as parse_challenges;
use crate::{Place, credentials};

#[test]
fn challenges() {
    assert_eq!(
        challenge("a", Some("X-API-Key")).to_field_value(),
        "ApiKey realm=\"a\", header=\"X-API-Key\""
    );
    assert_eq!(challenge("a", None).to_field_value(), "ApiKey realm=\"a\"");
}

#[test]
fn client_half_and_server_half_agree_in_both_places() {
    let key = ApiKey::mint(&[7; 40]);
    let name = HeaderName::from_static("x-api-key");
    let told = parse_challenges([challenge("a", Some("X-API-Key"))
        .to_field_value()
        .as_bytes()])
    .challenges;
    let sent = field(&told[0], key.expose()).unwrap();
    assert_eq!(sent.name.as_ref(), "X-API-Key");
    let read = parse_header(&name, sent.value.expose().as_bytes())
        .ok()
        .unwrap();
    assert_eq!(
        (read.raw(), read.place()),
        (key.expose().as_bytes(), Place::Header(&name))
    );

    let sent = field(&challenge("a", None), key.expose()).unwrap();
    assert_eq!(sent.name.as_ref(), "Authorization");
    let rest = credentials::parse(sent.value.expose().as_bytes())
        .ok()
        .unwrap()
        .rest;
    let read = parse_authorization(rest).ok().unwrap();
    assert_eq!(
        (read.raw(), read.place()),
        (key.expose().as_bytes(), Place::Authorization)
    );
}

#[test]
fn a_challenge_that_cannot_be_answered_is_not() {
    assert!(field(&challenge("a", Some("X Y")), "csk_1").is_none());
    assert!(field(&challenge("a", None), "csk\r\n").is_none());
    assert!(field(&crate::basic::server::challenge("a"), "csk_1").is_none());
}

#[test]
fn what_is_no_key_has_a_cause() {
    let name = HeaderName::from_static("x-api-key");
    for (value, expected) in [
        ("", Cause::CredentialsPlaceholder),
        ("YOUR_API_KEY", Cause::CredentialsPlaceholder),
        ("Bearer csk_1", Cause::SchemeWordWrong),
        ("ApiKey csk_1", Cause::SchemeWordWrong),
        ("\"csk_1\"", Cause::CredentialQuoted),
        ("csk_1 2", Cause::CredentialWhitespace),
        ("csk_1, csk_2", Cause::CredentialWhitespace),
        ("csk_1;", Cause::HeaderMalformed),
    ] {
        let cause = parse_header(&name, value.as_bytes())
            .err()
            .map(|defect| defect.cause);
        assert_eq!(cause, Some(expected), "{value:?}");
    }
}

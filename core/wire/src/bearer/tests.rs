#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use countersign_cause::Cause;
use proptest::prelude::*;

use super::TOKEN_BYTES_MAX;
use super::client::{asked, authorization};
use super::server::{Ask, ErrorCode, challenge, parse};
use crate::challenge::parse as parse_challenges;
use crate::credentials;

fn cause(rest: &str) -> Option<Cause> {
    parse(rest.as_bytes()).err().map(|defect| defect.cause)
}

#[test]
fn rfc6750_section_2_1_example() {
    let value = authorization("mF_9.B5f-4.1JqM").unwrap();
    assert_eq!(value.expose(), "Bearer mF_9.B5f-4.1JqM");
    let rest = credentials::parse(value.expose().as_bytes())
        .ok()
        .unwrap()
        .rest;
    assert_eq!(parse(rest).ok().unwrap().raw(), b"mF_9.B5f-4.1JqM");
}

#[test]
fn rfc6750_section_3_examples() {
    let first = challenge(&Ask {
        realm: "example",
        ..Ask::default()
    });
    assert_eq!(first.to_field_value(), "Bearer realm=\"example\"");
    let second = challenge(&Ask {
        realm: "example",
        error: Some(ErrorCode::InvalidToken),
        error_description: Some("The access token expired"),
        ..Ask::default()
    });
    assert_eq!(
        second.to_field_value(),
        r#"Bearer realm="example", error="invalid_token", error_description="The access token expired""#
    );
}

#[test]
fn rfc6750_section_3_only_allowed_characters_in_description_and_scope() {
    let challenge = challenge(&Ask {
        realm: "a",
        error: Some(ErrorCode::InsufficientScope),
        error_description: Some("needs \"x\\y\" \u{fc}\n`z`"),
        scope: &["orders:read", "\"\\ \u{fc}", "a\"b"],
        ..Ask::default()
    });
    assert_eq!(
        challenge.param("error_description"),
        Some("needs 'x/y' ? 'z'")
    );
    assert_eq!(challenge.param("scope"), Some("orders:read ab"));
    assert!(!challenge.to_field_value().contains('\\'));
}

#[test]
fn rfc9728_section_5_1_example() {
    let url = "https://resource.example.com/.well-known/oauth-protected-resource";
    let written = challenge(&Ask {
        realm: "a",
        resource_metadata: Some(url),
        ..Ask::default()
    });
    let parsed = parse_challenges([written.to_field_value().as_bytes()]).challenges;
    assert_eq!(asked(&parsed[0]).unwrap().resource_metadata, Some(url));
}

#[test]
fn the_client_half_reads_what_the_server_half_writes() {
    let written = challenge(&Ask {
        realm: "shop",
        error: Some(ErrorCode::InsufficientScope),
        error_description: Some("more scope is needed"),
        scope: &["orders:read", "orders:write"],
        resource_metadata: None,
        ..Ask::default()
    });
    let parsed = parse_challenges([written.to_field_value().as_bytes()]).challenges;
    let asked = asked(&parsed[0]).unwrap();
    assert_eq!(asked.realm, "shop");
    assert_eq!(asked.error_code(), Some(ErrorCode::InsufficientScope));
    assert_eq!(
        asked.scopes().collect::<Vec<_>>(),
        ["orders:read", "orders:write"]
    );
    let basic = parse_challenges([&b"Basic realm=\"a\""[..]]).challenges;
    assert!(super::client::asked(&basic[0]).is_none());
}

#[test]
fn what_is_no_token_has_a_cause() {
    for (rest, expected) in [
        ("", Cause::CredentialsPlaceholder),
        ("undefined", Cause::CredentialsPlaceholder),
        ("null", Cause::CredentialsPlaceholder),
        ("None", Cause::CredentialsPlaceholder),
        ("nil", Cause::CredentialsPlaceholder),
        ("NaN", Cause::CredentialsPlaceholder),
        ("[object Object]", Cause::CredentialsPlaceholder),
        ("${TOKEN}", Cause::CredentialsPlaceholder),
        ("$TOKEN", Cause::CredentialsPlaceholder),
        ("{{token}}", Cause::CredentialsPlaceholder),
        ("<token>", Cause::CredentialsPlaceholder),
        ("YOUR_API_KEY", Cause::CredentialsPlaceholder),
        ("your-token-here", Cause::CredentialsPlaceholder),
        ("xxx", Cause::CredentialsPlaceholder),
        ("Bearer", Cause::SchemeWordWrong),
        ("Bearer abc.def", Cause::SchemeWordWrong),
        ("bearer: abc.def", Cause::SchemeWordWrong),
        ("Basic YTpi", Cause::SchemeWordWrong),
        (": abc", Cause::CredentialWhitespace),
        (":abc", Cause::SchemeWordWrong),
        ("abc def", Cause::CredentialWhitespace),
        ("abc\tdef", Cause::CredentialWhitespace),
        ("\tabc", Cause::CredentialWhitespace),
        ("abc\n", Cause::CredentialWhitespace),
        ("abc\u{a0}", Cause::CredentialWhitespace),
        ("abc\u{200b}", Cause::CredentialWhitespace),
        ("\u{feff}abc", Cause::CredentialWhitespace),
        ("\"abc1\"", Cause::CredentialQuoted),
        ("'abc1'", Cause::CredentialQuoted),
        ("`abc1`", Cause::CredentialQuoted),
        ("<abc1>", Cause::CredentialQuoted),
        ("{abc1}", Cause::CredentialQuoted),
        ("abc1\"", Cause::CredentialQuoted),
        ("abc, Bearer def", Cause::HeaderDuplicated),
        ("abc, Basic YTpi", Cause::HeaderDuplicated),
        ("token=abc", Cause::HeaderMalformed),
        ("ab%3D", Cause::HeaderMalformed),
        ("ab,cd", Cause::HeaderMalformed),
        ("\u{e4}\u{f6}\u{fc}", Cause::HeaderMalformed),
        ("===", Cause::HeaderMalformed),
    ] {
        assert_eq!(cause(rest), Some(expected), "{rest:?}");
    }
}

#[test]
fn a_token_is_as_long_as_the_limit_at_most() {
    assert_eq!(cause(&"a".repeat(TOKEN_BYTES_MAX)), None);
    assert_eq!(
        cause(&"a".repeat(TOKEN_BYTES_MAX + 1)),
        Some(Cause::HeaderTooLarge)
    );
}

#[test]
fn what_no_header_can_carry_is_not_written() {
    for token in ["", "a b", "a\r\nX: y", "\u{e4}"] {
        assert!(authorization(token).is_none(), "{token:?}");
    }
}

proptest! {
    #[test]
    fn client_half_and_server_half_agree(token in "[A-Za-z0-9._~+/-]{65,200}={0,2}") {
        let value = authorization(&token).unwrap();
        let rest = credentials::parse(value.expose().as_bytes()).ok().unwrap().rest;
        prop_assert_eq!(parse(rest).ok().unwrap().raw(), token.as_bytes());
    }

    #[test]
    fn any_bytes_are_survived(rest in prop::collection::vec(any::<u8>(), 0..80)) {
        let _ = parse(&rest);
    }
}

#[test]
fn rfc9470_section_3_what_of_a_sign_in_is_wanted() {
    let written = challenge(&Ask {
        realm: "r",
        error: Some(ErrorCode::InsufficientUserAuthentication),
        acr_values: &["gold".into(), "silver".into()],
        max_age_secs: Some(5),
        ..Ask::default()
    });
    assert_eq!(
        written.to_field_value(),
        r#"Bearer realm="r", error="insufficient_user_authentication", acr_values="gold silver", max_age="5""#
    );
}

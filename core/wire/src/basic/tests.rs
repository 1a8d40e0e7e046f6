#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_cause::Cause;
use proptest::prelude::*;

use super::client::{Charset, Unsendable, authorization, charset};
use super::server::{challenge, parse};
use super::{PASSWORD_BYTES_MAX, USER_BYTES_MAX, normalized};
use crate::challenge::parse as parse_challenges;
use crate::credentials;

fn cause(payload: &str) -> Option<Cause> {
    parse(payload.as_bytes()).err().map(|defect| defect.cause)
}

fn cause_of_text(text: impl AsRef<[u8]>) -> Option<Cause> {
    cause(&STANDARD.encode(text))
}

fn read(payload: &str) -> (String, String) {
    match parse(payload.as_bytes()) {
        Ok(credentials) => (
            credentials.user().to_owned(),
            credentials.password().to_owned(),
        ),
        Err(defect) => panic!("{payload}: {defect:?}"),
    }
}

fn pair(user: &str, password: &str) -> (String, String) {
    (user.to_owned(), password.to_owned())
}

#[test]
fn rfc7617_section_2_example() {
    assert_eq!(
        read("QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
        pair("Aladdin", "open sesame")
    );
    let value = authorization("Aladdin", "open sesame", Charset::Utf8)
        .ok()
        .unwrap();
    assert_eq!(value.expose(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
}

#[test]
fn rfc7617_section_2_1_utf8_example() {
    assert_eq!(read("dGVzdDoxMjPCow=="), pair("test", "123\u{a3}"));
    let value = authorization("test", "123\u{a3}", Charset::Utf8)
        .ok()
        .unwrap();
    assert_eq!(value.expose(), "Basic dGVzdDoxMjPCow==");
}

#[test]
fn rfc7617_section_2_1_the_challenge_names_utf8() {
    let challenge = challenge("foo");
    assert_eq!(
        challenge.to_field_value(),
        "Basic realm=\"foo\", charset=\"UTF-8\""
    );
    assert_eq!(charset(&challenge), Some(Charset::Utf8));
    let others = parse_challenges([&b"Bearer realm=\"a\""[..]]).challenges;
    assert_eq!(charset(&others[0]), None);
}

#[test]
fn rfc7617_section_2_the_first_colon_ends_the_user_name() {
    assert_eq!(read(&STANDARD.encode("a:b:c:")), pair("a", "b:c:"));
    assert_eq!(read(&STANDARD.encode("a:")), pair("a", ""));
    assert_eq!(
        authorization("a:b", "c", Charset::Utf8).err(),
        Some(Unsendable::ColonInUser)
    );
}

#[test]
fn rfc7617_section_2_no_control_characters() {
    for text in ["a\nb:c", "a:b\0c", "a:b\u{7f}", "a:b\u{85}c", "\t:a"] {
        assert_eq!(
            cause_of_text(text),
            Some(Cause::HeaderMalformed),
            "{text:?}"
        );
    }
    assert_eq!(
        authorization("a", "b\n", Charset::Utf8).err(),
        Some(Unsendable::ControlCharacter)
    );
}

#[test]
fn rfc8265_both_spellings_of_one_character_are_one_password() {
    let composed = read(&STANDARD.encode("jos\u{e9}:p\u{e9}"));
    let decomposed = read(&STANDARD.encode("jose\u{301}:pe\u{301}"));
    assert_eq!(composed, decomposed);
    assert_eq!(composed, pair("jos\u{e9}", "p\u{e9}"));
}

#[test]
fn rfc4648_section_3_2_missing_padding_is_taken_and_section_3_5_cut_bits_are_not() {
    assert_eq!(read("dGVzdDoxMjPCow"), pair("test", "123\u{a3}"));
    assert_eq!(cause("dGVzdDoxMjPCox=="), Some(Cause::BasicBase64));
    assert_eq!(cause("dGVzdDoxMjPCo"), Some(Cause::BasicBase64));
}

#[test]
fn basic_newline() {
    assert_eq!(cause_of_text("alice:secret\n"), Some(Cause::BasicNewline));
    assert_eq!(cause_of_text("alice:secret\r\n"), Some(Cause::BasicNewline));
    assert_eq!(cause_of_text("alice:\n"), Some(Cause::BasicNewline));
}

#[test]
fn basic_colon() {
    assert_eq!(cause_of_text("alice"), Some(Cause::BasicColon));
    assert_eq!(cause_of_text("alice\n"), Some(Cause::BasicColon));
}

#[test]
fn basic_base64() {
    let long = STANDARD.encode(format!("alice:{}", "x".repeat(100)));
    let (first, second) = long.split_at(76);
    for payload in [
        "alice:secret".to_owned(),
        "not*base64".to_owned(),
        format!("{first} {second}"),
        format!("{first}\n{second}"),
        STANDARD.encode("ab:???").replace('/', "_"),
        STANDARD.encode(STANDARD.encode("alice:secret")),
        STANDARD.encode(format!("{}\n", STANDARD.encode("alice:secret"))),
        "dXNlcjpwYXNz%3D%3D".to_owned(),
        "abc".to_owned(),
    ] {
        assert_eq!(cause(&payload), Some(Cause::BasicBase64), "{payload}");
    }
}

#[test]
fn basic_charset() {
    assert_eq!(cause_of_text(b"alice:p\xe9"), Some(Cause::BasicCharset));
    let latin1 = authorization("alice", "p\u{e9}", Charset::Latin1)
        .ok()
        .unwrap();
    assert_eq!(
        latin1.expose(),
        &format!("Basic {}", STANDARD.encode(b"alice:p\xe9"))
    );
    assert_eq!(
        authorization("\u{4e2d}", "", Charset::Latin1).err(),
        Some(Unsendable::NotInCharset)
    );
}

#[test]
fn placeholders_and_empty_names() {
    for payload in [
        "",
        "undefined",
        "null",
        "<token>",
        "${CREDENTIALS}",
        "xxx",
        "Og==",
    ] {
        assert_eq!(
            cause(payload),
            Some(Cause::CredentialsPlaceholder),
            "{payload}"
        );
    }
    for text in [
        ":secret",
        "undefined:undefined",
        "null:",
        "${USER}:${PASSWORD}",
    ] {
        assert_eq!(
            cause_of_text(text),
            Some(Cause::CredentialsPlaceholder),
            "{text}"
        );
    }
    assert_eq!(
        read(&STANDARD.encode("null:secret")),
        pair("null", "secret")
    );
}

#[test]
fn other_credentials_after_the_word() {
    let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl";
    assert_eq!(cause(jwt), Some(Cause::SchemeWordWrong));
    assert_eq!(cause_of_text(jwt), Some(Cause::SchemeWordWrong));
    assert_eq!(cause("Basic YTpi"), Some(Cause::SchemeWordWrong));
    assert_eq!(cause("Basic"), Some(Cause::SchemeWordWrong));
    assert_eq!(cause("\"YTpi\""), Some(Cause::CredentialQuoted));
    assert_eq!(cause("YT pi"), Some(Cause::CredentialWhitespace));
}

#[test]
fn lengths_are_bounded() {
    let just = (USER_BYTES_MAX, PASSWORD_BYTES_MAX);
    for (user, password, expected) in [
        (just.0, just.1, None),
        (just.0 + 1, 1, Some(Cause::HeaderTooLarge)),
        (1, just.1 + 1, Some(Cause::HeaderTooLarge)),
        (1, 1_000_000, Some(Cause::HeaderTooLarge)),
    ] {
        let text = format!("{}:{}", "u".repeat(user), "p".repeat(password));
        assert_eq!(cause_of_text(text), expected, "{user} {password}");
    }
}

/// Any text but for control characters.
fn sendable() -> impl Strategy<Value = String> {
    any::<String>().prop_map(|text| {
        text.chars()
            .filter(|character| !character.is_control())
            .collect()
    })
}

proptest! {
    #[test]
    fn client_half_and_server_half_agree(user in sendable(), password in sendable()) {
        let user = user.replace(':', "");
        prop_assume!(!user.is_empty() && normalized(&user).len() <= USER_BYTES_MAX);
        let value = authorization(&user, &password, Charset::Utf8).ok().unwrap();
        let payload = credentials::parse(value.expose().as_bytes()).ok().unwrap().rest;
        let read = match parse(payload) {
            Ok(read) => read,
            Err(defect) => return Err(TestCaseError::fail(defect.detail)),
        };
        prop_assert_eq!(read.user(), normalized(&user));
        prop_assert_eq!(read.password(), normalized(&password));
        prop_assert_eq!(read.raw(), payload);
    }

    #[test]
    fn any_payload_is_survived(payload in prop::collection::vec(any::<u8>(), 0..80)) {
        let _ = parse(&payload);
    }

    #[test]
    fn any_decoded_bytes_are_survived(text in prop::collection::vec(any::<u8>(), 0..80)) {
        if let Ok(read) = parse(STANDARD.encode(&text).as_bytes()) {
            prop_assert!(!read.user().is_empty() && !read.user().contains(':'));
        }
    }
}

#[test]
fn a_diagnosis_decodes_what_no_credentials_are_read_from() {
    for (payload, bytes) in [
        ("QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin:open sesame"),
        ("QWxhZGRpbjpvcGVu\n IHNlc2FtZQ", "Aladdin:open sesame"),
        ("YTo_Pj8-", "a:?>?>"),
        ("YTo/Pj8+", "a:?>?>"),
        ("", ""),
    ] {
        let decoded = super::server::decode_leniently(payload.as_bytes()).unwrap();
        assert_eq!(decoded.expose(), bytes.as_bytes(), "{payload:?}");
    }
    for payload in ["a:b", "YTo_Pj8+", "Y", "\"YTpi\""] {
        assert!(
            super::server::decode_leniently(payload.as_bytes()).is_none(),
            "{payload:?}"
        );
    }
}

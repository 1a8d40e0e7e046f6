#![allow(clippy::unwrap_used, clippy::unwrap_in_result, reason = "tests")]

use countersign_cause::Cause;
use proptest::prelude::*;

use super::{Credentials, Defect, parse};
use crate::Scheme;

const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl";
const KEY: &str = "csk_0123456789Ab_0123456789abcdefghijklmnopqrstuvABCDEF";

fn parts(value: &str) -> (String, String) {
    match parse(value.as_bytes()) {
        Ok(Credentials { scheme_word, rest }) => (
            String::from_utf8_lossy(scheme_word).into_owned(),
            String::from_utf8_lossy(rest).into_owned(),
        ),
        Err(defect) => (defect.cause.id().to_owned(), defect.detail.to_owned()),
    }
}

fn cause(value: &str) -> Option<Cause> {
    parse(value.as_bytes()).err().map(|defect| defect.cause)
}

#[test]
fn rfc9110_section_11_4_scheme_word_and_rest() {
    for (value, word, rest) in [
        (
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
            "Basic",
            "QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        ),
        ("Bearer   abc", "Bearer", "abc"),
        (" \tBearer abc \t", "Bearer", "abc"),
        (
            "Digest username=\"a b\", realm=\"c\"",
            "Digest",
            "username=\"a b\", realm=\"c\"",
        ),
        ("Negotiate", "Negotiate", ""),
        ("bearer", "bearer", ""),
        ("Foo bar", "Foo", "bar"),
    ] {
        assert_eq!(
            parts(value),
            (word.to_owned(), rest.to_owned()),
            "{value:?}"
        );
    }
}

#[test]
fn a_value_without_scheme_word_has_a_cause() {
    for (value, expected) in [
        ("", Cause::CredentialsPlaceholder),
        ("   ", Cause::CredentialsPlaceholder),
        ("undefined", Cause::CredentialsPlaceholder),
        ("${TOKEN}", Cause::CredentialsPlaceholder),
        ("<your token>", Cause::CredentialsPlaceholder),
        (JWT, Cause::SchemeMissing),
        (KEY, Cause::SchemeMissing),
        ("s3cr3t", Cause::SchemeMissing),
        ("alice:open-sesame", Cause::SchemeMissing),
        ("Bearer:abc", Cause::SchemeWordWrong),
        ("Bearer: abc", Cause::SchemeWordWrong),
        ("Bearer=abc", Cause::SchemeWordWrong),
        ("bearer, abc", Cause::SchemeWordWrong),
        ("Authorization: Bearer abc", Cause::SchemeWordWrong),
        ("Authorization:Basic abc", Cause::SchemeWordWrong),
        ("Bearer\tabc", Cause::CredentialWhitespace),
        ("Bearer\u{a0}abc", Cause::CredentialWhitespace),
        ("\u{feff}Bearer abc", Cause::CredentialWhitespace),
        ("\u{200b}Bearer abc", Cause::CredentialWhitespace),
        ("\"Bearer abc\"", Cause::CredentialQuoted),
        ("<Bearer> abc", Cause::CredentialQuoted),
        ("\"", Cause::CredentialQuoted),
        ("=", Cause::HeaderMalformed),
        ("\u{e4}\u{f6}", Cause::HeaderMalformed),
        ("a\u{e4} b", Cause::CredentialWhitespace),
        (",,,", Cause::HeaderMalformed),
    ] {
        assert_eq!(cause(value), Some(expected), "{value:?}");
    }
    assert_eq!(cause(&format!("Bearer{JWT}")), Some(Cause::SchemeWordWrong));
}

#[test]
fn the_scheme_that_was_meant_is_told() {
    let meant = |value: &str| {
        parse(value.as_bytes())
            .err()
            .and_then(|defect: Defect| defect.scheme)
    };
    assert_eq!(meant(JWT), Some(Scheme::Bearer));
    assert_eq!(meant(KEY), Some(Scheme::ApiKey));
    assert_eq!(meant("alice:secret"), Some(Scheme::Basic));
    assert_eq!(meant("Basic=abc"), Some(Scheme::Basic));
    assert_eq!(meant("s3cr3t"), None);
}

proptest! {
    #[test]
    fn any_bytes_are_survived(value in prop::collection::vec(any::<u8>(), 0..80)) {
        let _ = parse(&value);
    }

    #[test]
    fn what_is_split_holds_nothing_else(word in "[!#-'*+.0-9A-Z^_a-z|~]{1,20}", spaces in " {1,3}", rest in "[!-~]{1,30}") {
        let value = format!("{word}{spaces}{rest}");
        let Credentials { scheme_word, rest: after } = parse(value.as_bytes()).ok().unwrap();
        prop_assert_eq!(scheme_word, word.as_bytes());
        prop_assert_eq!(after, rest.as_bytes());
    }
}

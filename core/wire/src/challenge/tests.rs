#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "tests"
)]

use proptest::prelude::*;

use super::{CHALLENGES_MAX, Challenge, Fault, PARAMS_MAX, Parsed, parse};
use crate::Scheme;

fn read(line: &str) -> Parsed {
    parse([line.as_bytes()])
}

fn faults(parsed: &Parsed) -> Vec<Fault> {
    parsed.defects.iter().map(|defect| defect.fault).collect()
}

fn words(parsed: &Parsed) -> Vec<&str> {
    parsed
        .challenges
        .iter()
        .map(Challenge::scheme_word)
        .collect()
}

#[test]
fn rfc9110_section_11_6_1_example() {
    let parsed =
        read(r#"Basic realm="simple", Newauth realm="apps", type=1, title="Login to \"apps\"""#);
    assert_eq!(words(&parsed), ["Basic", "Newauth"]);
    let newauth: Vec<_> = parsed.challenges[1].params().collect();
    assert_eq!(
        newauth,
        [
            ("realm", "apps"),
            ("type", "1"),
            ("title", "Login to \"apps\"")
        ]
    );
    assert!(parsed.defects.is_empty());
}

#[test]
fn rfc9110_section_5_6_1_empty_list_elements_are_passed_over() {
    let parsed = read(",, ,Basic realm=\"foo\", bar=\"xyz\",, a=b,,,c=d, ,");
    assert_eq!(words(&parsed), ["Basic"]);
    assert_eq!(parsed.challenges[0].params().count(), 4);
    assert!(parsed.defects.is_empty());
}

#[test]
fn rfc9110_section_11_2_whitespace_around_the_equals_sign() {
    let parsed = read("Basic realm \t=  \"foo\" , charset\t=\"UTF-8\"");
    assert_eq!(parsed.challenges[0].realm(), "foo");
    assert_eq!(parsed.challenges[0].param("CHARSET"), Some("UTF-8"));
    assert!(parsed.defects.is_empty());
}

#[test]
fn rfc9110_section_11_3_token68_and_parameters_are_told_apart() {
    let parsed = read("Negotiate YIIabc+/==, NTLM, Newauth a=b, Digest qop=");
    assert_eq!(words(&parsed), ["Negotiate", "NTLM", "Newauth", "Digest"]);
    assert_eq!(parsed.challenges[0].token68(), Some("YIIabc+/=="));
    assert_eq!(parsed.challenges[1].token68(), None);
    assert_eq!(parsed.challenges[2].param("a"), Some("b"));
    assert_eq!(parsed.challenges[3].token68(), None);
    assert_eq!(
        faults(&parsed),
        [Fault::ParamValueMissing, Fault::RealmMissing]
    );
}

#[test]
fn rfc9110_section_11_3_a_space_before_the_comma_lets_parameters_follow() {
    let open = read("Basic , realm=\"a\"");
    assert_eq!(open.challenges[0].realm(), "a");
    assert!(open.defects.is_empty());
    let closed = read("Basic, realm=\"a\"");
    assert_eq!(closed.challenges[0].realm(), "");
    assert_eq!(
        faults(&closed),
        [Fault::RealmMissing, Fault::ParamWithoutScheme]
    );
    assert_eq!(words(&read("A , B")), ["A", "B"]);
}

#[test]
fn rfc6750_section_3_examples() {
    let parsed = read(
        r#"Bearer realm="example", error="invalid_token", error_description="The access token expired""#,
    );
    assert_eq!(parsed.challenges[0].scheme(), Some(Scheme::Bearer));
    assert_eq!(
        parsed.challenges[0].param("error_description"),
        Some("The access token expired")
    );
    assert!(parsed.defects.is_empty());
}

#[test]
fn several_lines_each_stand_alone() {
    let parsed = parse([
        &b"Basic realm=\"a\""[..],
        b"nonce=\"aaaa\"",
        b"Digest realm=\"b\", nonce=\"c\"",
    ]);
    assert_eq!(words(&parsed), ["Basic", "Digest"]);
    assert_eq!(parsed.defects.len(), 1);
    assert_eq!(parsed.defects[0].line, 1);
    assert_eq!(parsed.defects[0].fault, Fault::ParamWithoutScheme);
}

#[test]
fn every_fault_is_named_and_the_rest_is_read() {
    for (line, fault, realm) in [
        ("", Fault::LineEmpty, None),
        ("=\"x\", Basic realm=\"a\"", Fault::SchemeMissing, Some("a")),
        ("Basic, realm=\"a\"", Fault::ParamWithoutScheme, Some("")),
        (
            "Basic realm=\"a\", Realm=\"b\"",
            Fault::ParamDuplicated,
            Some("a"),
        ),
        (
            "Basic charset=, realm=\"a\"",
            Fault::ParamValueMissing,
            Some("a"),
        ),
        ("Basic realm=a/b", Fault::ParamUnquoted, Some("a/b")),
        ("Basic realm=\"a b", Fault::QuoteUnterminated, Some("a b")),
        ("Basic realm=\"a\\", Fault::QuoteUnterminated, Some("a\\")),
        ("Basic realm=a", Fault::RealmUnquoted, Some("a")),
        ("Basic", Fault::RealmMissing, Some("")),
        ("Basic realm=\"\u{e4}\"", Fault::NotAscii, Some("\u{e4}")),
        ("Basic realm=\"a\0\"", Fault::Control, Some("a\0")),
        (
            "Basic realm=\"a\" charset=\"UTF-8\"",
            Fault::CommaMissing,
            Some("a"),
        ),
        ("Basic realm=a b, charset=c", Fault::Stray, Some("a")),
        ("Basic \"oh please\"", Fault::Stray, Some("")),
    ] {
        let parsed = read(line);
        assert!(
            faults(&parsed).contains(&fault),
            "{line:?}: {:?}",
            parsed.defects
        );
        assert_eq!(
            parsed.challenges.first().map(Challenge::realm),
            realm,
            "{line:?}"
        );
    }
}

#[test]
fn latin1_bytes_are_read_as_such() {
    let parsed = parse([&b"Basic realm=\"foo-\xe4\""[..]]);
    assert_eq!(parsed.challenges[0].realm(), "foo-\u{e4}");
    assert_eq!(faults(&parsed), [Fault::NotAscii]);
}

#[test]
fn hostile_lengths_are_bounded() {
    let parsed = read(&"A,".repeat(100_000));
    assert_eq!(parsed.challenges.len(), CHALLENGES_MAX);
    assert_eq!(faults(&parsed), [Fault::TooMany]);
    let params: Vec<String> = (0..10_000).map(|number| format!("p{number}=1")).collect();
    let parsed = read(&format!("A {}", params.join(",")));
    assert_eq!(parsed.challenges[0].params().count(), PARAMS_MAX);
}

#[test]
fn rustsec_2026_0174_what_is_written_is_a_field_value() {
    let challenge = Challenge::new(Scheme::Basic)
        .with("realm", "a\r\nSet-Cookie: b\0 \u{fc} \"c\\")
        .with("charset", "UTF-8");
    assert_eq!(
        challenge.to_field_value(),
        r#"Basic realm="a??Set-Cookie: b? ? \"c\\", charset="UTF-8""#
    );
}

#[test]
fn a_name_is_written_once() {
    let challenge = Challenge::new(Scheme::Bearer)
        .with("realm", "a")
        .with("Realm", "b");
    assert_eq!(challenge.to_field_value(), "Bearer realm=\"a\"");
    assert_eq!(Challenge::new(Scheme::Bearer).to_field_value(), "Bearer");
}

proptest! {
    #[test]
    fn what_is_written_is_read(realm in "[\t -~]{0,40}", scope in "[\t -~]{0,40}") {
        let written = Challenge::new(Scheme::Bearer).with("realm", &realm).with("scope", &scope);
        let parsed = read(&written.to_field_value());
        prop_assert_eq!(&parsed.challenges, &vec![written]);
        prop_assert!(parsed.defects.is_empty(), "{:?}", parsed.defects);
    }

    #[test]
    fn any_parameter_makes_a_field_value(realm in any::<String>()) {
        let value = Challenge::new(Scheme::Basic).with("realm", &realm).to_field_value();
        prop_assert!(value.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~')));
        let parsed = read(&value);
        prop_assert!(parsed.defects.is_empty());
        prop_assert_eq!(parsed.challenges[0].realm().chars().count(), realm.chars().count());
    }

    #[test]
    fn any_bytes_are_survived(lines in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..4)) {
        let parsed = parse(lines.iter().map(Vec::as_slice));
        for challenge in &parsed.challenges {
            let again = read(&challenge.to_field_value());
            prop_assert_eq!(again.challenges.len(), 1);
        }
    }

    #[test]
    fn anything_like_a_challenge_is_survived_and_settles(line in "[A-Ba=\", \\\\/\t]{0,40}") {
        // Written out, what was understood is understood the same.
        for challenge in read(&line).challenges {
            prop_assert_eq!(read(&challenge.to_field_value()).challenges, vec![challenge]);
        }
    }
}

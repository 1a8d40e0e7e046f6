//! Targets: the table of rules, the known failures, and properties over arbitrary text.

use proptest::prelude::*;

use super::*;

fn path(text: &str) -> String {
    Target::parse(text).unwrap().path().to_owned()
}

fn refusal(text: &str) -> Ambiguity {
    Target::parse(text).unwrap_err()
}

#[test]
fn a_canonical_target_is_borrowed() {
    for text in [
        "/",
        "/a/b/",
        "/a?b=c",
        "/caf%C3%A9/x%20y",
        "/a:b@c!$&'()*+,=~",
        "/?",
        "/...",
    ] {
        let target = Target::parse(text).unwrap();
        assert!(target.is_as_received(), "{text}");
        assert_eq!(target.as_str(), text);
    }
}

#[test]
fn path_and_query_are_taken_apart() {
    let target = Target::parse("/a%62?c=%64?e").unwrap();
    assert_eq!((target.path(), target.query()), ("/ab", Some("c=%64?e")));
    assert_eq!(target.as_str(), "/ab?c=%64?e");
    assert!(!target.is_as_received());
    assert_eq!(Target::parse("/a").unwrap().query(), None);
    assert_eq!(Target::parse("/a?").unwrap().query(), Some(""));
}

#[test]
fn rfc3986_section_6_2_2_1_digits_are_upper_cased() {
    assert_eq!(path("/%c3%a9"), "/%C3%A9");
    assert_eq!(path("/x%3ay"), "/x%3Ay");
}

#[test]
fn rfc3986_section_6_2_2_2_unreserved_characters_are_decoded() {
    assert_eq!(path("/%41%7a%30%2D%5f%7E/x%2ey"), "/Az0-_~/x.y");
}

#[test]
fn characters_outside_the_grammar_are_encoded() {
    assert_eq!(
        path("/pages/[id]|{x}^`\"<>"),
        "/pages/%5Bid%5D%7C%7Bx%7D%5E%60%22%3C%3E"
    );
}

#[test]
fn what_is_not_one_line_of_ascii_from_a_slash_on_is_refused() {
    let long = format!("/{}", "a".repeat(Target::BYTES_MAX));
    for (text, expected) in [
        ("", Ambiguity::NotAbsolute),
        ("*", Ambiguity::NotAbsolute),
        ("a/b", Ambiguity::NotAbsolute),
        ("?a", Ambiguity::NotAbsolute),
        ("http://example.com/", Ambiguity::NotAbsolute),
        (&long, Ambiguity::TooLong),
        ("/a b", Ambiguity::Space),
        ("/a?b c", Ambiguity::Space),
        ("/caf\u{e9}", Ambiguity::NonAscii),
        ("/a?\u{e9}", Ambiguity::NonAscii),
        ("/a\u{0}", Ambiguity::ControlCharacter),
        ("/a\u{7f}", Ambiguity::ControlCharacter),
        ("/a?\r\nX: y", Ambiguity::ControlCharacter),
    ] {
        assert_eq!(refusal(text), expected, "{text:?}");
    }
    assert!(Target::parse(long.get(..Target::BYTES_MAX).unwrap()).is_ok());
}

#[test]
fn escapes_that_are_not_utf8_are_refused() {
    for text in [
        "/%C0%AF",
        "/%E0%80%AF",
        "/%F0%80%80%AF",
        "/%ED%A0%80",
        "/%F4%90%80%80",
        "/%80",
        "/%C3",
        "/%C3/%A9",
        "/%C3a",
        "/%E2%82",
        "/%E2%82?x",
        "/%C3%41",
        "/%FF",
        "/%F5%80%80%80",
    ] {
        assert_eq!(refusal(text), Ambiguity::NotUtf8, "{text}");
    }
    assert!(Target::parse("/%F4%8F%BF%BF%ED%9F%BF%EF%BF%BF%E0%A0%80%C2%A0").is_ok());
}

#[test]
fn control_characters_are_refused_in_every_spelling() {
    for text in [
        "/%00", "/a%1F", "/%7f", "/%0D%0A", "/%C2%80", "/%C2%9F", "/\t",
    ] {
        assert_eq!(refusal(text), Ambiguity::ControlCharacter, "{text}");
    }
}

#[test]
fn attack_01_a_public_path_in_the_query_is_not_the_path() {
    let target = Target::parse("/admin?x=/public").unwrap();
    assert_eq!(
        (target.path(), target.query()),
        ("/admin", Some("x=/public"))
    );
    assert_eq!(path("/admin?/../public%2F;//"), "/admin");
}

#[test]
fn attack_02_a_fragment_is_refused_and_an_encoded_one_is_text() {
    assert_eq!(refusal("/admin#/public"), Ambiguity::Fragment);
    assert_eq!(refusal("/admin?a#/public"), Ambiguity::Fragment);
    assert_eq!(path("/admin%23/public"), "/admin%23/public");
}

#[test]
fn attack_03_escaped_slashes_are_refused() {
    assert_eq!(refusal("/x%2F..%2Fadmin"), Ambiguity::EncodedSlash);
    assert_eq!(refusal("/x%2f"), Ambiguity::EncodedSlash);
    for text in ["/x%5C..%5Cadmin", "/x%5c", "/x\\admin"] {
        assert_eq!(refusal(text), Ambiguity::Backslash, "{text}");
    }
    for text in ["/x%252Fadmin", "/%252e%252e/admin", "/%2525"] {
        assert_eq!(refusal(text), Ambiguity::DoubleEncoding, "{text}");
    }
    assert_eq!(path("/100%25"), "/100%25");
}

#[test]
fn attack_04_double_slashes_are_refused() {
    for text in ["//admin", "//example.com/admin", "/a//b", "/a//", "//"] {
        assert_eq!(refusal(text), Ambiguity::DoubleSlash, "{text}");
    }
}

#[test]
fn attack_05_dot_segments_are_refused() {
    for text in [
        "/public/../admin",
        "/..",
        "/.",
        "/./a",
        "/a/.",
        "/a/..?x",
        "/%2e%2e/a",
        "/.%2E/a",
        "/a/%2e",
        "/%2E./",
    ] {
        assert_eq!(refusal(text), Ambiguity::DotSegment, "{text}");
    }
    assert_eq!(path("/.well-known/..a/b../..."), "/.well-known/..a/b../...");
}

#[test]
fn attack_06_path_parameters_are_refused() {
    for text in [
        "/admin;x",
        "/public/..;/admin",
        "/admin%3Bx",
        "/admin%3bx",
        "/;",
    ] {
        assert_eq!(refusal(text), Ambiguity::PathParameter, "{text}");
    }
    assert!(Target::parse("/a?b;c").is_ok());
}

#[test]
fn attack_07_there_is_one_text_and_the_path_is_its_beginning() {
    for text in ["/a%62/c", "/[x]?y", "/plain"] {
        let target = Target::parse(text).unwrap();
        assert!(target.as_str().starts_with(target.path()));
    }
}

#[test]
fn attack_08_an_escape_that_decoding_puts_together_is_refused() {
    assert_eq!(
        Target::parse("/%251%35").unwrap_err(),
        Ambiguity::DoubleEncoding
    );
    assert_eq!(
        Target::parse("/%25%32%66").unwrap_err(),
        Ambiguity::DoubleEncoding
    );
}

#[test]
fn attack_08_canonical_text_is_never_encoded_again() {
    let once = Target::parse("/%5b%41%20%25?%zz").unwrap();
    let twice = Target::parse(once.as_str()).unwrap();
    assert_eq!(once, twice);
    assert!(twice.is_as_received());
}

#[test]
fn attack_09_a_malformed_target_is_an_error_with_a_cause() {
    assert_eq!(refusal("/%").cause(), Cause::RequestTargetAmbiguous);
    assert_eq!(refusal("admin").cause(), Cause::RequestMalformed);
}

#[test]
fn attack_10_bad_percent_encoding_is_refused() {
    for text in ["/%", "/%4", "/%zz", "/%4g", "/%%41", "/%u0041", "/a%"] {
        assert_eq!(refusal(text), Ambiguity::PercentEncoding, "{text}");
    }
}

#[test]
fn attack_12_a_line_break_is_refused_before_any_rule_sees_it() {
    for text in ["/admin%0a", "/admin%0D", "/admin\n", "/admin%C2%85"] {
        assert_eq!(refusal(text), Ambiguity::ControlCharacter, "{text}");
    }
}

/// The slow and obvious second opinion: the path decoded as a whole, and looked at.
fn obviously_unambiguous(path: &str) -> bool {
    let mut decoded = Vec::new();
    let mut rest = path.as_bytes();
    while let [first, tail @ ..] = rest {
        let escape = tail
            .get(..2)
            .and_then(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok());
        match (first, escape) {
            (b'%', Some(b'/' | b'\\' | b';')) => return false,
            (b'%', Some(byte)) => (decoded.push(byte), rest = &tail[2..]).1,
            _ => (decoded.push(*first), rest = tail).1,
        }
    }
    let Ok(text) = String::from_utf8(decoded) else {
        return false;
    };
    text.starts_with('/')
        && !text.contains("//")
        && !text.contains(['\\', ';', '#'])
        && !text.chars().any(char::is_control)
        && !text
            .split('/')
            .any(|segment| segment == "." || segment == "..")
}

/// Text made of the pieces that matter here.
fn hostile_target() -> impl Strategy<Value = String> {
    let piece = proptest::sample::select(vec![
        "/", "/", "/", "a", "a", ".", ".", "..", "%2e", "%2F", "%5c", "%41", "%c3%A9", "%C3",
        "%00", "%25", "%", ";", "?", "[", "%5b", "\\", " ", "\u{e9}", "@", "%40", "%3F",
    ]);
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| format!("/{}", pieces.concat()))
}

proptest! {
    #[test]
    fn parsing_never_panics(text in ".{0,64}") {
        let _ = Target::parse(&text);
    }

    #[test]
    fn the_canonical_form_is_a_fixed_point(text in hostile_target()) {
        if let Ok(target) = Target::parse(&text) {
            let again = Target::parse(target.as_str()).unwrap();
            prop_assert!(again.is_as_received());
            prop_assert_eq!(&again, &target);
            prop_assert_eq!(again.path(), target.path());
            prop_assert_eq!(target.query(), text.split_once('?').map(|(_, query)| query));
        }
    }

    #[test]
    fn nothing_ambiguous_gets_through(text in hostile_target()) {
        if let Ok(target) = Target::parse(&text) {
            prop_assert!(obviously_unambiguous(target.path()), "{}", target.path());
        }
    }

    #[test]
    fn what_is_plain_is_taken(text in "(/[a-zA-Z0-9_~!@:=,-]{1,8}){1,6}/?(\\?[a-z0-9=&;%./]{0,20})?") {
        prop_assert!(Target::parse(&text).unwrap().is_as_received());
    }
}

//! Patterns: what matches, what is refused and where, what covers what.

use http::Method;
use proptest::prelude::*;

use super::*;
use crate::host::Host;
use crate::target::Target;

fn path(text: &str) -> PathPattern {
    PathPattern::parse(text).unwrap_or_else(|defect| panic!("{text}: {defect}"))
}

fn host(text: &str) -> HostPattern {
    HostPattern::parse(text).unwrap_or_else(|defect| panic!("{text}: {defect}"))
}

fn path_matches(pattern: &str, target: &str) -> bool {
    path(pattern).matches(&Target::parse(target).unwrap())
}

fn host_matches(pattern: &str, text: &str) -> bool {
    host(pattern).matches(&Host::parse(text.as_bytes()).unwrap())
}

#[test]
fn path_patterns_match_by_segment() {
    for (pattern, matching, others) in [
        ("/", &["/", "/?x"][..], &["/a"][..]),
        ("/a", &["/a", "/a/", "/a?b"], &["/", "/A", "/a/b", "/ab"]),
        (
            "/a/*/b",
            &["/a/x/b", "/a/x%20y/b/"],
            &["/a/b", "/a/x/y/b", "/a/x"],
        ),
        ("/a/*", &["/a/b", "/a/b/"], &["/a", "/a/", "/a/b/c"]),
        (
            "/a/**",
            &["/a", "/a/", "/a/b", "/a/b/c/"],
            &["/", "/ab", "/b"],
        ),
        ("/a/*/**", &["/a/b", "/a/b/c"], &["/a", "/a/"]),
        ("/**", &["/", "/a", "/a/b/"], &[]),
        ("/*", &["/a"], &["/", "/a/b"]),
    ] {
        for target in matching {
            assert!(path_matches(pattern, target), "{pattern} {target}");
        }
        for target in others {
            assert!(!path_matches(pattern, target), "{pattern} {target}");
        }
    }
}

#[test]
fn literals_are_compared_by_what_they_decode_to() {
    for (pattern, target) in [
        ("/a@b", "/a%40b"),
        ("/a%40b", "/a@b"),
        ("/caf\u{e9}", "/caf%c3%a9"),
        ("/caf%C3%A9", "/caf%C3%A9"),
        ("/my file", "/my%20file"),
        ("/[id]", "/[id]"),
        ("/%2A", "/*"),
        ("/%61dmin", "/admin"),
        ("/100%25", "/100%25"),
    ] {
        assert!(path_matches(pattern, target), "{pattern} {target}");
    }
    for (pattern, target) in [
        ("/a@b", "/a%40"),
        ("/a@", "/a%40b"),
        ("/%2A", "/x"),
        ("/a%23", "/a"),
    ] {
        assert!(!path_matches(pattern, target), "{pattern} {target}");
    }
}

#[test]
fn bad_path_patterns_say_what_and_where() {
    for (text, fault, at, bytes) in [
        ("", PatternFault::Start, 0, 0),
        ("a", PatternFault::Start, 0, 0),
        ("/a/", PatternFault::TrailingSlash, 2, 1),
        ("/a//b", PatternFault::EmptySegment, 2, 2),
        ("//", PatternFault::EmptySegment, 0, 2),
        ("/a/x*", PatternFault::PartialWildcard, 4, 1),
        ("/***", PatternFault::PartialWildcard, 1, 1),
        ("/a/**/b", PatternFault::RestNotLast, 3, 2),
        ("/**/", PatternFault::RestNotLast, 1, 2),
        ("/a?b", PatternFault::NotPath, 2, 1),
        ("/a#b", PatternFault::NotPath, 2, 1),
        ("/a;b", PatternFault::NeverMatches, 2, 1),
        ("/a\\b", PatternFault::NeverMatches, 2, 1),
        ("/a\nb", PatternFault::NeverMatches, 2, 1),
        ("/a%2Fb", PatternFault::NeverMatches, 2, 3),
        ("/a%00", PatternFault::NeverMatches, 2, 3),
        ("/%C2%80", PatternFault::NeverMatches, 1, 6),
        ("/%2541", PatternFault::NeverMatches, 1, 5),
        ("/50%", PatternFault::PercentEncoding, 3, 1),
        ("/%C3", PatternFault::PercentEncoding, 1, 3),
        ("/a/../b", PatternFault::DotSegment, 3, 2),
        ("/%2e", PatternFault::DotSegment, 1, 3),
    ] {
        assert_eq!(
            PathPattern::parse(text),
            Err(PatternDefect { fault, at, bytes }),
            "{text:?}"
        );
    }
}

#[test]
fn host_patterns_match_whole_labels() {
    for (pattern, matching, others) in [
        (
            "example.com",
            &["example.com", "EXAMPLE.com.:8080"][..],
            &["a.example.com", "example.org"][..],
        ),
        (
            "*.example.com",
            &["a.example.com", "a.b.Example.com"],
            &["example.com", "notexample.com", "a.example.com.evil.org"],
        ),
        ("Example.COM", &["example.com"], &[]),
        ("[2001:db8:0::1]", &["[2001:db8::1]:80"], &["[2001:db8::2]"]),
        ("192.0.2.1", &["192.0.2.1"], &["192.0.2.11"]),
    ] {
        for text in matching {
            assert!(host_matches(pattern, text), "{pattern} {text}");
        }
        for text in others {
            assert!(!host_matches(pattern, text), "{pattern} {text}");
        }
    }
}

#[test]
fn bad_host_patterns_say_what_and_where() {
    for (text, fault, at, bytes) in [
        ("", PatternFault::Host, 0, 0),
        ("*", PatternFault::HostWildcard, 0, 1),
        ("*.com", PatternFault::HostWildcard, 0, 5),
        ("*.192.0.2.1", PatternFault::HostWildcard, 0, 11),
        ("a.*.com", PatternFault::HostWildcard, 2, 1),
        ("*.*.com", PatternFault::HostWildcard, 2, 1),
        ("api*.example.com", PatternFault::HostWildcard, 3, 1),
        ("example.com:80", PatternFault::Host, 11, 3),
        ("example.com:", PatternFault::Host, 11, 1),
        ("https://example.com", PatternFault::Host, 5, 14),
        ("example.com/a", PatternFault::Host, 11, 1),
        ("a@b.com", PatternFault::Host, 0, 2),
        ("b\u{fc}cher.example", PatternFault::Host, 1, 2),
        ("a..b", PatternFault::Host, 2, 1),
    ] {
        assert_eq!(
            HostPattern::parse(text),
            Err(PatternDefect { fault, at, bytes }),
            "{text:?}"
        );
    }
}

#[test]
fn covering_is_known_for_paths() {
    for (wide, narrow) in [
        ("/**", "/a/b"),
        ("/**", "/**"),
        ("/a/**", "/a"),
        ("/a/**", "/a/*/b/**"),
        ("/a/*", "/a/b"),
        ("/a", "/a"),
        ("/*", "/a"),
        ("/%61", "/a"),
    ] {
        assert!(path(wide).covers(&path(narrow)), "{wide} {narrow}");
    }
    for (one, other) in [
        ("/a", "/**"),
        ("/a/**", "/**"),
        ("/a/b", "/a/*"),
        ("/*", "/a/b"),
        ("/*", "/"),
        ("/a/*", "/a/**"),
    ] {
        assert!(!path(one).covers(&path(other)), "{one} {other}");
    }
}

#[test]
fn covering_is_known_for_hosts() {
    for (wide, narrow) in [
        ("*.a.com", "b.a.com"),
        ("*.a.com", "*.b.a.com"),
        ("*.a.com", "*.a.com"),
        ("a.com", "A.com"),
    ] {
        assert!(host(wide).covers(&host(narrow)), "{wide} {narrow}");
    }
    for (one, other) in [
        ("*.a.com", "a.com"),
        ("a.com", "*.a.com"),
        ("*.b.a.com", "*.a.com"),
        ("*.a.com", "ba.com"),
    ] {
        assert!(!host(one).covers(&host(other)), "{one} {other}");
    }
}

#[test]
fn methods_are_explicit_and_in_upper_case() {
    let get = Methods::Only([Method::GET].into());
    assert!(get.contain(&Method::GET));
    assert!(!get.contain(&Method::HEAD));
    assert!(Methods::Any.contain(&Methods::parse_one("PURGE").unwrap()));
    assert!(Methods::Any.cover(&get) && !get.cover(&Methods::Any) && get.cover(&get.clone()));
    assert_eq!(Methods::parse_one("get"), Err(MethodDefect::LowerCase));
    assert_eq!(Methods::parse_one(""), Err(MethodDefect::Empty));
    assert_eq!(Methods::parse_one("G T"), Err(MethodDefect::OddCharacter));
}

#[test]
fn attack_12_no_character_of_a_pattern_stands_for_another() {
    for target in ["/admin-panel", "/adminxpanel", "/admin"] {
        assert!(!path_matches("/admin.panel", target), "{target}");
    }
    assert!(!host_matches("api.example.com", "apixexample.com"));
}

fn any_pattern() -> impl Strategy<Value = String> {
    proptest::collection::vec(
        prop_oneof![Just("a"), Just("b"), Just("*"), Just("x@y")],
        0..4,
    )
    .prop_flat_map(|segments| {
        let text = format!("/{}", segments.join("/"));
        let rest = if segments.is_empty() {
            "/**".to_owned()
        } else {
            format!("{text}/**")
        };
        prop_oneof![Just(text), Just(rest)]
    })
}

fn any_target() -> impl Strategy<Value = String> {
    let segment = prop_oneof![
        Just("a"),
        Just("%61"),
        Just("b"),
        Just("x@y"),
        Just("x%40y"),
        Just("c")
    ];
    (proptest::collection::vec(segment, 0..5), any::<bool>()).prop_map(|(segments, slash)| {
        let slash = if slash && !segments.is_empty() {
            "/"
        } else {
            ""
        };
        format!("/{}{slash}", segments.join("/"))
    })
}

proptest! {
    #[test]
    fn reading_patterns_never_panics(text in "\\PC{0,24}|/[/a*%2fF.;?]{0,16}") {
        let _ = PathPattern::parse(&text).map_err(|defect| assert!(defect.at + defect.bytes <= text.len()));
        let _ = HostPattern::parse(&text).map_err(|defect| assert!(defect.at + defect.bytes <= text.len()));
        let _ = Methods::parse_one(&text);
    }

    #[test]
    fn equal_canonical_targets_match_alike(pattern in any_pattern(), text in any_target()) {
        let pattern = path(&pattern);
        let target = Target::parse(&text).unwrap();
        let again = Target::parse(target.as_str()).unwrap();
        prop_assert_eq!(pattern.matches(&target), pattern.matches(&again));
        // Also for an upstream that decodes everything, or leaves a trailing slash away.
        let decoded = text.replace("%40", "@").replace("%61", "a");
        prop_assert_eq!(pattern.matches(&target), pattern.matches(&Target::parse(&decoded).unwrap()));
        let bare = if text == "/" { "/" } else { text.trim_end_matches('/') };
        prop_assert_eq!(pattern.matches(&target), pattern.matches(&Target::parse(bare).unwrap()));
    }

    #[test]
    fn what_covers_matches_whatever_is_covered(wide in any_pattern(), narrow in any_pattern(), text in any_target()) {
        let (wide, narrow) = (path(&wide), path(&narrow));
        let target = Target::parse(&text).unwrap();
        if wide.covers(&narrow) && narrow.matches(&target) {
            prop_assert!(wide.matches(&target));
        }
    }
}

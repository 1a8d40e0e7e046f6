//! Hosts: canonical forms, refusals, and the failures known from others.

use proptest::prelude::*;

use super::*;

fn canonical(text: &str) -> String {
    Host::parse(text.as_bytes()).unwrap().to_string()
}

#[test]
fn hosts_have_one_form() {
    for (text, expected) in [
        ("example.com", "example.com"),
        ("example.com.", "example.com"),
        ("EXAMPLE.com:8443", "example.com:8443"),
        ("example.com:", "example.com"),
        ("localhost", "localhost"),
        ("my_service-1", "my_service-1"),
        ("192.0.2.1:80", "192.0.2.1:80"),
        ("[2001:DB8:0:0::1]:443", "[2001:db8::1]:443"),
        ("[::1]", "[::1]"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("0x.example", "0x.example"),
    ] {
        assert_eq!(canonical(text), expected, "{text}");
    }
}

#[test]
fn a_lower_case_host_is_borrowed() {
    assert!(matches!(
        Host::parse(b"example.com.:80").unwrap().name,
        Cow::Borrowed("example.com")
    ));
}

#[test]
fn what_is_no_host_is_refused() {
    let long_label = format!("{}.com", "a".repeat(64));
    let long_name = ["a".repeat(63).as_str(); 4].join(".");
    for (text, expected) in [
        ("", HostDefect::Empty),
        (":80", HostDefect::Empty),
        (".", HostDefect::EmptyLabel),
        ("a..b", HostDefect::EmptyLabel),
        (".a", HostDefect::EmptyLabel),
        ("a.b..", HostDefect::EmptyLabel),
        ("user@example.com", HostDefect::Userinfo),
        ("a@[::1]", HostDefect::Userinfo),
        ("exa mple.com", HostDefect::OddCharacter),
        ("example.com/admin", HostDefect::OddCharacter),
        ("example.com,evil.com", HostDefect::OddCharacter),
        ("ex%61mple.com", HostDefect::OddCharacter),
        ("b\u{fc}cher.example", HostDefect::OddCharacter),
        ("a\u{0}b", HostDefect::OddCharacter),
        ("[::1]x", HostDefect::OddCharacter),
        ("[::1", HostDefect::NotAnAddress),
        ("[fe80::1%25eth0]", HostDefect::NotAnAddress),
        ("[v1.fe80]", HostDefect::NotAnAddress),
        ("[1.2.3.4]", HostDefect::NotAnAddress),
        ("127.1", HostDefect::NotAnAddress),
        ("0x7f000001", HostDefect::NotAnAddress),
        ("2130706433", HostDefect::NotAnAddress),
        ("256.0.0.1", HostDefect::NotAnAddress),
        ("1.2.3.4.5", HostDefect::NotAnAddress),
        ("a:b", HostDefect::Port),
        ("a:0", HostDefect::Port),
        ("a:080", HostDefect::Port),
        ("a:65536", HostDefect::Port),
        ("a:80:80", HostDefect::Port),
        ("2001:db8::1", HostDefect::Port),
        ("a:+80", HostDefect::Port),
        (&long_label, HostDefect::TooLong),
        (&long_name, HostDefect::TooLong),
    ] {
        assert_eq!(Host::parse(text.as_bytes()), Err(expected), "{text:?}");
    }
    assert_eq!(Host::parse(b"\xFF"), Err(HostDefect::OddCharacter));
}

#[test]
fn attack_11_letter_case_of_the_host_makes_no_difference() {
    let (mixed, lower) = (
        Host::parse(b"a.B.example.com").unwrap(),
        Host::parse(b"a.b.example.com").unwrap(),
    );
    assert_eq!(mixed, lower);
}

proptest! {
    #[test]
    fn parsing_never_panics_and_is_a_fixed_point(text in "\\PC{0,20}|[a-zA-Z0-9.:\\[\\]@-]{0,20}") {
        if let Ok(host) = Host::parse(text.as_bytes()) {
            let canonical = host.to_string();
            prop_assert_eq!(Host::parse(canonical.as_bytes()).unwrap().into_owned(), host.into_owned());
        }
    }

    #[test]
    fn hostile_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        let _ = Host::parse(&bytes);
    }
}

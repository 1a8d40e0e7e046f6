//! Whoever can write a value must not be able to write more than that value: not another header, another line of the
//! log, or another route.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::path::Path;

use countersign_config::{FileSystem, Look, check};

/// A file in which one value comes from somebody else.
fn with(section: &str, line: &str) -> String {
    let base = [
        ("[server]", "listen = [\"127.0.0.1:8080\"]"),
        ("[api_key]", "header = \"X-API-Key\""),
        ("[identity]", "user = \"X-Auth-User\""),
        ("[upstream.app]", "url = \"http://127.0.0.1:3000\""),
        (
            "[[route]]",
            "name = \"all\"\nupstream = \"app\"\nallow = \"anyone\"\npath = \"/x\"",
        ),
    ];
    let mut text = String::from("realm = \"countersign\"\n");
    for (title, lines) in base {
        text.push_str(&format!("{title}\n"));
        let key = line.split(' ').next().unwrap_or_default();
        for kept in lines.lines() {
            if title != section || kept.split(' ').next() != Some(key) {
                text.push_str(&format!("{kept}\n"));
            }
        }
        if title == section {
            text.push_str(&format!("{line}\n"));
        }
    }
    text
}

#[test]
fn attack_74_a_value_cannot_carry_a_second_line() {
    for (section, line) in [
        (
            "[identity]",
            "user = \"X-User\\r\\nAuthorization: Basic YTpi\"",
        ),
        ("[identity]", "user = \"X-User: a\""),
        ("[api_key]", "header = \"X-Key\\nX-Auth-User\""),
        (
            "[server]",
            "public_url = \"https://a.example\\r\\nSet-Cookie: a=b\"",
        ),
        (
            "[server]",
            "public_url = \"https://a.example\\\", realm=\\\"x\"",
        ),
        ("[upstream.app]", "url = \"http://a.example\\r\\nHost: b\""),
        ("[upstream.app]", "url = \"http://a.example b\""),
        ("[[route]]", "name = \"all\\n[[route]]\""),
        ("[[route]]", "name = \"all allow=anyone\""),
        ("[[route]]", "path = \"/x\\n/y\""),
        ("[[route]]", "host = \"a.example\\nb.example\""),
        ("[[route]]", "methods = [\"GET\\r\\nX: y\"]"),
    ] {
        let text = with(section, line);
        let outcome = check(&text, Path::new("countersign.toml"), &FileSystem);
        assert!(outcome.checked.is_none(), "{line}");
        assert!(outcome.findings.errors() > 0, "{line}");
    }
    let sound = with("[[route]]", "name = \"all\"");
    let outcome = check(
        &sound,
        Path::new("/nowhere-at-all/countersign.toml"),
        &FileSystem,
    );
    assert_eq!(outcome.findings.errors(), 1, "only the store's folder");
}

#[test]
fn attack_74_a_report_shows_control_characters_and_does_not_obey_them() {
    let text =
        "[upstream.\"a\\u001B[2Jb\\n\"]\nurl = \"http://127.0.0.1:3000\"\n\"k\\u001B[31m\" = 1\n";
    let outcome = check(text, Path::new("countersign.toml"), &FileSystem);
    let report = outcome.findings.render(Look::Plain);
    assert!(
        report.contains("`a\\u{1b}[2Jb\\n` is not a name"),
        "{report}"
    );
    assert!(report.contains("has no key `k\\u{1b}[31m`"), "{report}");
    assert!(!report.contains('\u{1b}'), "{report}");
}

/// RUSTSEC-2026-0174: what stands in a field of every refusal has to be letters that a field can hold.
#[test]
fn attack_45_a_realm_outside_of_ascii_is_refused() {
    let text = with("[[route]]", "name = \"all\"");
    let sound = check(&text, Path::new("countersign.toml"), &FileSystem);
    assert!(sound.checked.is_some(), "nothing but the realm is amiss");
    for realm in ["b\u{fc}cher", "\u{1f511}", "a\\u00E4"] {
        let text = text.replace("\"countersign\"", &format!("\"{realm}\""));
        let outcome = check(&text, Path::new("countersign.toml"), &FileSystem);
        assert!(outcome.checked.is_none(), "{realm}");
    }
}

/// envoyproxy/gateway #8781: what is asked first depended on where something stood. Here the order of requests' way is fixed, and of the file nothing
/// but the order of routes counts.
#[test]
fn attack_76_the_order_of_sections_and_schemes_decides_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let sections = [
        "[server]\npublic_url = \"https://a.example\"\n",
        "[basic]\nhash = { memory_kib = 19456, passes = 3, lanes = 1 }\n",
        "[api_key]\nheader = \"X-Key\"\n",
        "[cors.pages]\norigins = \"https://b.example\"\n",
        "[brakes]\nenabled = false\n",
        "[upstream.app]\nurl = \"http://127.0.0.1:3000\"\n",
        "[[route]]\nname = \"all\"\nupstream = \"app\"\naccept = [SCHEMES]\nallow = { identity = true }\ncors = \"pages\"\n",
    ];
    let checked = |text: String| {
        let outcome = check(&text, &folder.path().join("countersign.toml"), &FileSystem);
        let report = outcome.findings.render(Look::Plain);
        let checked = outcome.checked.unwrap_or_else(|| panic!("{report}"));
        format!("{:#?}\n{:#?}", checked.rules, checked.settings)
    };
    let one = checked(
        sections
            .concat()
            .replace("SCHEMES", "\"basic\", \"api-key\""),
    );
    let reversed: String = sections.iter().rev().copied().collect();
    let other = checked(reversed.replace("SCHEMES", "\"api-key\", \"basic\""));
    assert_eq!(one, other);
}

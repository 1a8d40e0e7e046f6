//! What the reference says of defaults, against what holds where a key is absent.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::io::ErrorKind;
use std::path::Path;

use super::{Default, SECTIONS, Section};
use crate::{Access, Checked, Look, Surroundings, check};

struct Machine;

impl Surroundings for Machine {
    fn read(&self, _: &Path) -> Result<Vec<u8>, ErrorKind> {
        Err(ErrorKind::NotFound)
    }

    fn access(&self, path: &Path) -> Option<Access> {
        let is_folder = path == Path::new("/etc/countersign");
        is_folder.then_some(Access {
            is_folder,
            ..Access::default()
        })
    }

    fn cores(&self) -> usize {
        4
    }
}

fn checked(text: &str) -> Checked {
    let outcome = check(
        text,
        Path::new("/etc/countersign/countersign.toml"),
        &Machine,
    );
    let report = outcome.findings.render(Look::Plain);
    outcome
        .checked
        .unwrap_or_else(|| panic!("{report}\n{text}"))
}

/// What a section must have, and what of it is left to the defaults.
fn required(title: &str) -> Option<&'static str> {
    match title {
        "[issuer.NAME]" => Some(
            "issuer = \"https://id.example.com\"\nkeys = { discovery = true }\naudience = \"a\"\n",
        ),
        "[upstream.NAME]" => Some("url = \"http://127.0.0.1:3000\"\n"),
        "[[route]]" => Some(
            "name = \"all\"\nupstream = \"NAME\"\naccept = [\"bearer\"]\nallow = { identity = true }\n",
        ),
        // These have no default of their own: the table that they are in has one as a whole.
        "[server.tls]" | "[issuer.NAME.keys]" | "[route.allow]" => None,
        _ => Some(""),
    }
}

fn section_text(section: &Section, with_defaults: bool) -> String {
    let Some(required) = required(section.title) else {
        return String::new();
    };
    let mut text = String::new();
    if section.title.starts_with('[') {
        text.push_str(&format!("{}\n", section.title));
    }
    text.push_str(required);
    for key in section.keys.iter().filter(|_| with_defaults) {
        if let Default::Value(value) = key.default {
            text.push_str(&format!("{} = {value}\n", key.name));
        }
    }
    text
}

#[test]
fn the_defaults_that_are_declared_are_the_ones_that_hold() {
    let file = |with_defaults| -> String {
        let sections = SECTIONS.iter();
        sections
            .map(|section| section_text(section, with_defaults))
            .collect()
    };
    let (written, absent) = (checked(&file(true)), checked(&file(false)));
    assert!(file(true).contains("ttl_secs = 60") && !file(false).contains("ttl_secs"));
    assert_eq!(
        format!("{:?}", written.rules),
        format!("{:?}", absent.rules)
    );
    assert_eq!(
        format!("{:?}", written.settings),
        format!("{:?}", absent.settings)
    );
}

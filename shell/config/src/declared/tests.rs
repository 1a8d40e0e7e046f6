//! What the reference says of defaults, against what holds where a key is absent.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::io::ErrorKind;
use std::path::Path;

use super::{Default, Key, SECTIONS, Section};
use crate::{Access, Checked, Look, Problem, Severity, Surroundings, TextProblem, check};

struct Machine;

impl Surroundings for Machine {
    fn read(&self, path: &Path) -> Result<Vec<u8>, ErrorKind> {
        let bytes: &[u8] = match path.file_name().and_then(|name| name.to_str()) {
            Some("signing.jwks") => SIGNING_JWKS.as_bytes(),
            Some("client.secret") => b"a secret\n",
            Some("cert.pem") => b"-----BEGIN CERTIFICATE-----\n",
            Some("key.pem") => b"-----BEGIN PRIVATE KEY-----\n",
            Some(_) | None => return Err(ErrorKind::NotFound),
        };
        Ok(bytes.to_vec())
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

/// The key of RFC 8037 appendix A.1.
const SIGNING_JWKS: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

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
        "[server.tls.acme]" => Some("domains = [\"app.example.com\"]\nterms_agreed = true\n"),
        "[server.tls.acme.external_account]" => Some("kid = \"a\"\nkey_file = \"client.secret\"\n"),
        "[server.tls.client_certificates]" => Some("ca_file = \"cert.pem\"\n"),
        "[issuer.NAME]" => Some(
            "issuer = \"https://id.example.com\"\nkeys = { discovery = true }\naudience = \"a\"\n",
        ),
        "[issuer.NAME.introspection]" => {
            Some("client_id = \"gateway\"\nsecret_file = \"client.secret\"\n")
        }
        "[traces]" | "[metrics]" => Some("url = \"http://127.0.0.1:4318\"\n"),
        "[server]" => Some("public_url = \"https://app.example.com\"\n"),
        "[provider.NAME]" => Some(
            "issuer = \"https://id.example.com\"\nclient_id = \"gateway\"\nsecret_file = \"client.secret\"\n",
        ),
        "[cors.NAME]" => Some("origins = \"https://app.example.com\"\n"),
        "[session.passkeys]" => {
            Some("rp_id = \"example.com\"\norigins = \"https://example.com\"\n")
        }
        "[upstream.NAME]" => Some("url = \"http://127.0.0.1:3000\"\n"),
        "[[route]]" => Some(
            "name = \"all\"\nupstream = \"NAME\"\naccept = [\"bearer\"]\nallow = { identity = true }\ncors = \"NAME\"\n",
        ),
        // These have no default of their own: the table that they are in has one as a whole.
        "[identity.token]" => {
            Some("keys_file = \"signing.jwks\"\nissuer = \"https://gateway.example\"\n")
        }
        "[server.proxy_protocol]"
        | "[issuer.NAME.keys]"
        | "[upstream.NAME.tls]"
        | "[route.allow]"
        | "[route.deny]" => None,
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

/// A file in which one key has this value, and the sections that would stand under it are left out.
fn with_value(section: &Section, key: &Key, value: &str) -> String {
    let line = format!("{} = {value}\n", key.name);
    let is_top = !section.title.starts_with('[');
    let mut text = if is_top { line.clone() } else { String::new() };
    for other in SECTIONS.iter().filter(|other| other.title.starts_with('[')) {
        let Some(required) = required(other.title) else {
            continue;
        };
        let path = other.title.trim_matches(['[', ']']);
        let parent = section.title.trim_matches(['[', ']']);
        let below = if is_top {
            key.name.to_owned()
        } else {
            format!("{parent}.{}", key.name)
        };
        if path == below || path.starts_with(&format!("{below}.")) {
            continue;
        }
        text.push_str(&format!("{}\n", other.title));
        let is_it = other.title == section.title;
        for kept in required
            .lines()
            .filter(|kept| !is_it || !kept.starts_with(&format!("{} =", key.name)))
        {
            text.push_str(&format!("{kept}\n"));
        }
        if is_it {
            text.push_str(&line);
        }
    }
    text
}

#[test]
fn a_value_of_another_type_is_reported_once() {
    let mut wrong_types = 0;
    for section in SECTIONS
        .iter()
        .filter(|section| required(section.title).is_some())
    {
        for key in section.keys {
            for value in [
                "7",
                "\"\"",
                "\"text\"",
                "true",
                "[]",
                "[7]",
                "{}",
                "1.5",
                "1979-05-27",
            ] {
                let text = with_value(section, key, value);
                let outcome = check(
                    &text,
                    Path::new("/etc/countersign/countersign.toml"),
                    &Machine,
                );
                let findings = outcome.findings.as_slice();
                let report = outcome.findings.render(Look::Plain);
                for (at, finding) in findings.iter().enumerate() {
                    assert!(
                        !findings.iter().take(at).any(|earlier| earlier == finding),
                        "{report}"
                    );
                }
                let here = format!("{} = {value}\n", key.name);
                let start = text.find(&here).unwrap() + here.len() - value.len() - 1;
                let place = start..start + value.len();
                let at_value = findings.iter().filter(|finding| {
                    finding.severity == Severity::Error
                        && finding.span.start >= place.start
                        && finding.span.end <= place.end
                });
                let at_value: Vec<_> = at_value.map(|finding| &finding.problem).collect();
                let is_wrong_type = |problem: &&Problem| {
                    matches!(problem, Problem::Text(TextProblem::WrongType { .. }))
                };
                if at_value.iter().any(is_wrong_type) {
                    assert_eq!(at_value.len(), 1, "{report}");
                    wrong_types += 1;
                }
                if matches!(value, "1.5" | "1979-05-27") {
                    assert_eq!(at_value.len(), 1, "{report}");
                }
            }
        }
    }
    assert!(wrong_types > 300, "{wrong_types}");
}

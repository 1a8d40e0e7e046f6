//! Whole files and the whole report that their author sees: `tests/cases/NAME.toml` against `tests/cases/NAME.txt`.
//!
//! With `COUNTERSIGN_BLESS=1` the reports are written anew, to be looked at in the diff.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use countersign_config::{Access, Look, Surroundings, check, default_file, reference_markdown};

/// A machine of four cores with a few files, so that no report depends on the real one.
struct Machine;

impl Surroundings for Machine {
    fn read(&self, path: &Path) -> Result<Vec<u8>, ErrorKind> {
        match path.file_name().and_then(|name| name.to_str()) {
            Some("long.secret") => {
                Ok(b"0123456789abcdef0123456789abcdef0123456789abcdef\n".to_vec())
            }
            Some("short.secret") => Ok(b"hunter2\n".to_vec()),
            Some("cert.pem") => Ok(b"-----BEGIN CERTIFICATE-----\n".to_vec()),
            Some("key.pem" | "open.pem") => Ok(b"-----BEGIN PRIVATE KEY-----\n".to_vec()),
            Some("empty.jwks") => Ok(b"{\"keys\":[]}".to_vec()),
            Some("private.jwks") => Ok(PRIVATE_JWKS.as_bytes().to_vec()),
            Some(_) | None => Err(ErrorKind::NotFound),
        }
    }

    fn access(&self, path: &Path) -> Option<Access> {
        match path.to_str() {
            Some("/etc/countersign" | "/var/lib/countersign") => Some(Access {
                is_folder: true,
                ..Access::default()
            }),
            Some("/open") => Some(Access {
                is_folder: true,
                others_read: true,
                others_write: true,
            }),
            Some("/etc/countersign/open.pem") => Some(Access {
                others_read: true,
                ..Access::default()
            }),
            Some(_) | None => None,
        }
    }

    fn cores(&self) -> usize {
        4
    }
}

const PRIVATE_JWKS: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

fn report(text: &str) -> (String, usize, usize) {
    let outcome = check(
        text,
        Path::new("/etc/countersign/countersign.toml"),
        &Machine,
    );
    let findings = &outcome.findings;
    assert_eq!(
        outcome.checked.is_some(),
        findings.errors() == 0,
        "rules exactly where there is no error"
    );
    (
        findings.render(Look::Plain),
        findings.errors(),
        findings.warnings(),
    )
}

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut cases: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .collect();
    cases.sort();
    cases
}

#[test]
fn each_case_is_reported_as_written_down() {
    let bless = std::env::var_os("COUNTERSIGN_BLESS").is_some();
    let mut wrong = Vec::new();
    for case in cases() {
        let (found, ..) = report(&std::fs::read_to_string(&case).unwrap());
        let expected = case.with_extension("txt");
        if bless {
            std::fs::write(&expected, &found).unwrap();
        } else if std::fs::read_to_string(&expected).ok().as_deref() != Some(&*found) {
            wrong.push(format!("{}:\n{found}", case.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases().len() >= 10, "the cases are found");
}

#[test]
fn a_file_with_ten_faults_reports_ten() {
    let text = std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/ten-faults.toml"),
    )
    .unwrap();
    assert_eq!(report(&text).1, 10);
}

#[test]
fn the_default_file_is_clean() {
    let (found, errors, warnings) = report(default_file());
    assert_eq!((errors, warnings), (0, 0), "{found}");
}

#[test]
fn the_default_file_opens_nothing_but_what_it_says() {
    let outcome = check(
        default_file(),
        Path::new("/etc/countersign/countersign.toml"),
        &Machine,
    );
    let checked = outcome.checked.unwrap();
    assert!(
        checked
            .settings
            .listen
            .iter()
            .all(|address| address.ip().is_loopback())
    );
    let open: Vec<_> = checked
        .rules
        .route_rules
        .iter()
        .filter(|route| route.accept.is_empty())
        .map(|route| &*route.name)
        .collect();
    assert_eq!(open, ["public"]);
}

#[test]
fn the_reference_has_every_section() {
    let page = reference_markdown();
    for title in [
        "[server]",
        "[server.limits]",
        "[issuer.NAME.keys]",
        "[[route]]",
        "[route.allow]",
        "`head_bytes_max`",
    ] {
        assert!(page.contains(title), "{title}");
    }
}

#[test]
fn no_text_makes_it_panic() {
    use proptest::prelude::*;
    proptest!(|(text in "[\\[\\]a-z_.=\"{}# \n0-9]{0,200}")| {
        report(&text);
    });
    proptest!(|(text in any::<String>())| {
        report(&text);
    });
}

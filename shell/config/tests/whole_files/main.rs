//! Whole files and the whole report that their author sees: `tests/cases/NAME.toml` against `tests/cases/NAME.txt`.
//!
//! With `COUNTERSIGN_BLESS=1` the reports are written anew, to be looked at in the diff.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod kinds;
mod machine;
mod policy_tests;
mod schema;

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use countersign_config::{
    Access, BesideGateway, Look, Outcome, SecretPlace, Surroundings, check, default_file,
};

use crate::kinds::{KINDS, names};
use crate::machine::Machine;

fn checked(text: &str) -> Outcome {
    check(
        text,
        Path::new("/etc/countersign/countersign.toml"),
        &Machine,
    )
}

fn report(text: &str) -> (String, usize, usize) {
    let outcome = checked(text);
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
    let found = checked(default_file()).checked.unwrap();
    assert!(
        found
            .settings
            .listen
            .iter()
            .all(|address| address.ip().is_loopback())
    );
    let open: Vec<_> = found
        .rules
        .route_rules
        .iter()
        .filter(|route| route.accept.is_empty())
        .map(|route| &*route.name)
        .collect();
    assert_eq!(open, ["public"]);
}

#[test]
fn what_is_said_of_digest_is_what_holds() {
    let text = include_str!("../cases/digest-behind-proxy.toml");
    let found = checked(text).checked.unwrap();
    let (rules, settings) = (found.rules.digest, found.settings.digest);
    let words: Vec<_> = rules.algorithms.iter().map(|one| one.word()).collect();
    assert_eq!(words, ["SHA-512-256-sess", "MD5"]);
    let words: Vec<_> = rules.qop.iter().map(|one| one.word()).collect();
    assert_eq!(words, ["auth-int", "auth"]);
    assert!(rules.userhash && rules.take_nonces_of_others);
    assert_eq!((rules.nonce_secs, rules.count_window), (60, 7));
    assert_eq!((rules.body_bytes_max, settings.nonces_max), (1000, 100));
    assert_eq!(&*rules.domain, "/app https://api.example.com/app");
    let file = Path::new("/etc/countersign/open.secret");
    assert_eq!(
        settings.nonce_key_file.as_ref().and_then(SecretPlace::file),
        Some(file)
    );
    let header = settings.original_target_header.unwrap();
    assert_eq!(header, "x-original-uri");
    let prefixed = text.replace(
        "original_target_header = \"X-Original-URI\"",
        "path_prefix = \"/app\"",
    );
    let found = checked(&prefixed).checked.unwrap();
    assert_eq!(&*found.rules.digest.path_prefix, "/app");
}

#[test]
fn servers_are_what_their_upstream_says() {
    let route = "[[route]]\nname = \"a\"\nupstream = \"app\"\nallow = \"anyone\"\n";
    let of = |keys: &str| {
        let text = format!("[upstream.app]\n{keys}\n{route}");
        checked(&text).checked.unwrap().settings.upstreams.remove(0)
    };
    let usual = of("url = \"https://app.internal\"");
    assert_eq!((usual.failures_max, usual.retries_max), (3, 1));
    assert_eq!(usual.pass_over.as_secs(), 10);
    assert!(!usual.unavailable_fails);
    let other = of(
        "url = [\"http://a\", \"http://[::1]:81\"]\nfailures_max = 7\npass_over_secs = 8\nretries_max = 9\n\
         unavailable_fails = true",
    );
    assert_eq!((other.failures_max, other.retries_max), (7, 9));
    assert_eq!(other.pass_over.as_secs(), 8);
    assert!(other.unavailable_fails && other.tls.is_none());
    let names: Vec<_> = other
        .servers
        .iter()
        .map(|server| server.authority(false))
        .collect();
    assert_eq!(names, ["a", "[::1]:81"]);
    assert_eq!(usual.servers[0].authority(true), "app.internal");
}

#[test]
fn every_problem_has_a_case() {
    let mut shown = BTreeSet::new();
    for case in cases() {
        let outcome = checked(&std::fs::read_to_string(&case).unwrap());
        let findings = outcome.findings.as_slice();
        shown.extend(findings.iter().flat_map(|finding| names(&finding.problem)));
    }
    shown.extend(policy_tests::shown());
    let missing: Vec<_> = KINDS
        .iter()
        .filter(|kind| !shown.contains(**kind))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_coloured_report_says_the_same() {
    let text = "realm = 7\n";
    let findings = checked(text).findings;
    let coloured = findings.render(Look::Coloured);
    let mut plain = String::new();
    let mut in_escape = false;
    for character in coloured.chars() {
        match character {
            '\u{1b}' => in_escape = true,
            'm' if in_escape => in_escape = false,
            _ if in_escape => {}
            _ => plain.push(character),
        }
    }
    assert_ne!(coloured, plain);
    assert_eq!(plain, findings.render(Look::Plain));
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

/// The same machine within a service of systemd, which has given it credentials.
struct Service;

impl Surroundings for Service {
    fn read(&self, path: &Path) -> Result<Vec<u8>, ErrorKind> {
        Machine.read(path)
    }

    fn access(&self, path: &Path) -> Option<Access> {
        Machine.access(path)
    }

    fn cores(&self) -> usize {
        4
    }

    fn credentials(&self) -> Option<PathBuf> {
        Some("/run/credentials/countersign.service".into())
    }

    fn variable(&self, _: &str) -> Option<Vec<u8>> {
        Machine.read(Path::new("long.secret")).ok()
    }
}

const WITH_SECRETS: &str = r#"
server = { tls = { certificate = "cert.pem", key = "credential:key.pem" } }
digest = { nonce_key_file = "env:NONCE_KEY" }
issuer.a = { issuer = "https://a.example", audience = ["a"], algorithms = ["HS256"], keys = { secret_file = "credential:long.secret" } }
upstream.app = { url = "http://127.0.0.1:3000" }
route = [{ name = "all", upstream = "app", accept = ["bearer"], allow = { identity = true } }]
"#;

#[test]
fn a_credential_is_a_file_of_its_folder_and_a_variable_is_none() {
    let outcome = check(WITH_SECRETS, Path::new("/etc/countersign/c.toml"), &Service);
    let settings = outcome.checked.unwrap().settings;
    let folder = Path::new("/run/credentials/countersign.service");
    let tls = settings.tls.as_ref().unwrap();
    assert_eq!(tls.certificate, Path::new("/etc/countersign/cert.pem"));
    assert_eq!(tls.key, folder.join("key.pem"));
    let variable = SecretPlace::Variable("NONCE_KEY".into());
    assert_eq!(settings.digest.nonce_key_file, Some(variable));
    let secret = folder.join("long.secret");
    assert!(settings.files().contains(&&*secret));
    assert_eq!(settings.files().len(), 3);
}

#[test]
fn the_secret_of_a_provider_is_a_file_a_credential_or_a_variable() {
    let text = |secret: &str| {
        format!(
            r#"
server = {{ public_url = "https://app.example.com" }}
provider.corp = {{ issuer = "https://id.example.com", client_id = "gateway", secret_file = "{secret}" }}
upstream.app = {{ url = "http://127.0.0.1:3000" }}
route = [{{ name = "all", upstream = "app", accept = ["session"], allow = {{ identity = true }} }}]
"#
        )
    };
    let place = Path::new("/etc/countersign/c.toml");
    let file = |path: &str| SecretPlace::File(path.into());
    for (written, expected) in [
        ("env:CORP", SecretPlace::Variable("CORP".into())),
        (
            "credential:long.secret",
            file("/run/credentials/countersign.service/long.secret"),
        ),
        ("long.secret", file("/etc/countersign/long.secret")),
    ] {
        let outcome = check(&text(written), place, &Service);
        let checked = outcome.checked.unwrap();
        let provider = &checked.settings.providers[0];
        assert_eq!(provider.client.secret(), Some(&expected));
    }
    for absent in ["env:CORP", "credential:long.secret"] {
        assert_eq!(check(&text(absent), place, &Machine).findings.errors(), 1);
    }
}

#[test]
fn beside_the_gateway_what_only_it_has_is_not_missed() {
    let folder = tempfile::tempdir().unwrap();
    let text = WITH_SECRETS.replace("cert.pem", "credential:cert");
    let place = folder.path().join("c.toml");
    let text = format!("{text}store = {{ path = \"credential:x\" }}");
    let found = check(&text, &place, &BesideGateway);
    assert_eq!(
        found.findings.errors(),
        0,
        "{}",
        found.findings.render(Look::Plain)
    );
    // A store is a file, however it is called.
    let store = found.checked.unwrap().settings.store;
    assert_eq!(store, folder.path().join("credential:x"));
    let place = Path::new("/etc/countersign/c.toml");
    assert_eq!(check(&text, place, &Machine).findings.errors(), 4);
}

#[test]
fn a_collector_is_asked_where_otlp_says_unless_it_is_told_where() {
    let settings = |url: &str| {
        let both = format!("traces = {{ url = \"{url}\" }}\nmetrics = {{ url = \"{url}\" }}\n");
        let text = format!("{both}{}", default_file());
        checked(&text).checked.unwrap().settings
    };
    let posted = |url: &str| settings(url).traces.unwrap().collector.url;
    let of_metrics = |url: &str| settings(url).metrics.unwrap().collector.url;
    assert_eq!(
        posted("http://127.0.0.1:4318"),
        "http://127.0.0.1:4318/v1/traces"
    );
    assert_eq!(
        posted("https://otel.example/"),
        "https://otel.example/v1/traces"
    );
    assert_eq!(posted("http://[::1]:1/a/b"), "http://[::1]:1/a/b");
    assert_eq!(
        of_metrics("http://127.0.0.1:4318"),
        "http://127.0.0.1:4318/v1/metrics"
    );
    assert_eq!(of_metrics("http://[::1]:1/a/b"), "http://[::1]:1/a/b");
    let settings = checked(default_file()).checked.unwrap().settings;
    assert_eq!((settings.traces, settings.metrics), (None, None));
}

#[test]
fn what_is_said_of_an_order_is_what_holds() {
    let text = include_str!("../cases/acme.toml");
    let settings = checked(text).checked.unwrap().settings;
    assert_eq!(settings.tls, None);
    let acme = settings.acme.as_ref().unwrap();
    let names: Vec<_> = acme.domains.iter().map(|name| &**name).collect();
    assert_eq!(names, ["app.example.com", "www.example.com"]);
    assert_eq!(&*acme.contacts[0], "mailto:admin@example.com");
    assert_eq!(acme.directory, "https://ca.internal:14000/dir");
    assert_eq!(acme.folder, Path::new("/open"));
    let secs = [acme.retry, acme.retry_max, acme.order].map(|time| time.as_secs());
    assert_eq!(secs, [60, 3600, 120]);
    let account = acme.external_account.as_ref().unwrap();
    assert_eq!(&*account.kid, "kid-1");
    // Both are read again when they change, the folder's files are the gateway's own.
    let files = [
        Path::new("/etc/countersign/cert.pem"),
        Path::new("/etc/countersign/long.secret"),
    ];
    assert_eq!(settings.files(), files);
}

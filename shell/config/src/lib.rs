//! The configuration: from the text of `countersign.toml` to checked rules and settings, or to everything that is wrong
//! with it, at once.
//!
//! Knows: the file's keys, and what makes their values fit together. Does not know requests, sockets or stores. What a
//! file refers to outside of its own text is asked of [`Surroundings`].
//!
//! [`check`] is the way in. It gives [`Checked`] rules and settings where there is no error, and always the [`Findings`],
//! which [`Findings::render`] shows with line, caret and help. [`default_file`] is what a new configuration begins as,
//! [`reference_markdown`] the page about every key.
//!
//! ```
//! use std::path::{Path, PathBuf};
//! use countersign_config::{FileSystem, Look, check};
//!
//! let outcome = check("[upstream.app]\n", Path::new("countersign.toml"), &FileSystem);
//! assert!(outcome.checked.is_none());
//! let report = outcome.findings.render(Look::Plain);
//! assert!(report.contains("lacks the key `url`"), "{report}");
//! ```

mod check;
mod covered;
mod declared;
mod finding;
mod nearest;
pub mod policy_tests;
mod problem;
mod read;
mod reference;
mod schema;
mod settings;
mod surroundings;

use std::path::{Path, PathBuf};

use countersign_flow::Rules;
use toml::de::DeTable;

pub use finding::{Finding, Findings, Look, Severity};
pub use problem::{
    AcmeProblem, BoundProblem, CorsProblem, DigestProblem, HeaderProblem, IssuerProblem,
    PolicyTestProblem, Problem, ProviderProblem, RouteProblem, ServerProblem, SessionProblem,
    TextProblem, UrlDefect,
};
pub use reference::{reference_markdown, tests_reference_markdown};
pub use schema::schema_json;
pub use settings::{
    AccessFormat, Acme, Client, ClientCertificates, Collector, Digest, ExternalAccount,
    HeaderLineDefect, HeadersUnread, Introspection, IssuerKeys, KeySource, Limits, Log, LogFormat,
    Metrics, Provider, ProviderClient, ProxyProtocol, SecretPlace, Server, Settings, Tls, Traces,
    Upstream, UpstreamTls,
};
pub use surroundings::{Access, BesideGateway, FileSystem, Surroundings};

use crate::declared::{file, store};
use crate::finding::Sink;
use crate::problem::TextProblem as Text;
use crate::read::Fields;

/// What a configuration comes down to.
#[derive(Debug)]
pub struct Checked {
    /// What the line runs under.
    pub rules: Rules,
    /// What the shell needs beside.
    pub settings: Settings,
}

/// The outcome of a check.
#[derive(Debug)]
pub struct Outcome {
    /// The rules and settings, where there is no error.
    pub checked: Option<Checked>,
    /// Errors and warnings, in the order of the lines.
    pub findings: Findings,
}

/// The commented file that `countersign init` writes.
#[must_use]
pub const fn default_file() -> &'static str {
    include_str!("default.toml")
}

/// The store that the text of a file names, whatever else is in it: where a file has errors, who runs by an earlier one
/// is found by it still.
#[must_use]
pub fn store_of(text: &str, path: &Path) -> PathBuf {
    let (document, _) = DeTable::parse_recoverable(text);
    let named = document
        .get_ref()
        .get(file::STORE.name)
        .and_then(|store| store.get_ref().get(store::PATH.name)?.get_ref().as_str());
    let folder = path.parent().unwrap_or(Path::new(""));
    folder.join(named.unwrap_or("countersign.db"))
}

/// Checks the text of a file. `path` is the file's own, by which relative paths in it are understood and which the
/// findings name.
#[must_use]
pub fn check(text: &str, path: &Path, surroundings: &dyn Surroundings) -> Outcome {
    let sink = Sink::default();
    let file_name = path.display().to_string();
    let folder = path.parent().unwrap_or(Path::new(""));
    // Syntax errors are collected, and what could be read in spite of them is not checked: it may not be what was meant.
    let (document, faults) = DeTable::parse_recoverable(text);
    for fault in &faults {
        let span = fault.span().unwrap_or_default();
        sink.error(
            &span,
            Text::Syntax {
                message: fault.message().to_owned(),
            },
        );
    }
    if !faults.is_empty() {
        return Outcome {
            checked: None,
            findings: Findings::new(&file_name, text, sink.into_list()),
        };
    }
    let (found, deny_warnings) = {
        let fields = Fields::open(document.get_ref(), 0..0, &file::SECTION, &sink);
        let scene = check::Scene {
            sink: &sink,
            folder,
            surroundings,
        };
        let deny_warnings = fields
            .flag(&file::DENY_WARNINGS)
            .is_some_and(|flag| flag.value);
        (check::whole(&fields, scene), deny_warnings)
    };
    let mut findings = Findings::new(&file_name, text, sink.into_list());
    if deny_warnings {
        findings = findings.all_as_errors();
    }
    let (rules, settings) = found;
    let checked = (findings.errors() == 0).then_some(Checked { rules, settings });
    Outcome { checked, findings }
}

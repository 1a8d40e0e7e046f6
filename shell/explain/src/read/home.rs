//! The user's configuration files: what a client takes from them, and what it does not find there.
//!
//! Knows: which file counts for which client, and by names alone which files there are. Changes the request to what
//! goes on the wire. Names user names, hosts and keys of files as evidence, never a value of a secret.
//!
//! | client | file | what it does | source |
//! |---|---|---|---|
//! | requests for Python | `.netrc`, `_netrc` | wins over `Authorization` in `headers` and over the URL's user info | requests, "Authentication" |
//! | curl | `.netrc` | only with `-n`, which is read with the command | curl, "netrc" |
//! | curl | `.curlrc` | options before those of the command | curl, "-K, --config" |
//! | npm | `.npmrc` | credentials by the registry's address | npm, "npmrc" |
//! | docker | `.docker/config.json` | credentials by the registry's host | docker, "docker login" |
//! | git | `.git-credentials`, `.gitconfig` | credentials by host; `http.extraHeader` for every request | git, "gitcredentials", "git-config" |
//! | twine | `.pypirc` | credentials by the index's address | Python packaging, "The .pypirc file" |
//! | pip | `pip.conf` | user info in the index's address | pip, "Authentication" |
//! | Maven | `.m2/settings.xml` | credentials by the repository's id | Maven, "Settings reference" |
//! | AWS's own tools | `.aws/credentials` | keys to sign with | AWS, "Configuration and credential file settings" |

mod aws;
mod curlrc;
mod docker;
mod git;
mod ini;
mod maven;
mod npm;
mod python;
mod requests;
#[cfg(test)]
mod tests;
mod tool;

use std::io::ErrorKind;
use std::path::Path;

use countersign_cause::Cause;

use crate::case::Case;
use crate::finding::{Finding, Weight};
use crate::message::Request;
use crate::read::{Disk, Files};

/// Takes the files of a home directory into account, as the client of the case does.
pub fn apply(case: &mut Case, home: &Path) {
    let mut home = Home {
        disk: Disk::new(Some(home.to_owned())),
        unreadable: Vec::new(),
    };
    requests::apply(case, &mut home);
    curlrc::apply(case, &mut home);
    npm::apply(case, &mut home);
    docker::apply(case, &mut home);
    git::apply(case, &mut home);
    python::apply(case, &mut home);
    maven::apply(case, &mut home);
    aws::apply(case, &mut home);
    for told in home.unreadable {
        let finding = Finding::new(Cause::CredentialsNotApplied, Weight::Slight, told);
        case.noticed.push(finding);
    }
}

/// The directory, and what of it could not be read.
struct Home {
    disk: Disk,
    unreadable: Vec<String>,
}

impl Home {
    /// The text of a file by its name in the directory; `None` where there is none.
    fn text(&mut self, name: &str) -> Option<String> {
        match self.disk.read(&format!("~/{name}")) {
            Ok(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
            Err(fault)
                if matches!(fault.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                None
            }
            Err(fault) => {
                let told = format!("`{name}` is there and cannot be read: {}", fault.kind());
                self.unreadable.push(told);
                None
            }
        }
    }
}

/// The host of a request and its port, where that is not the scheme's own: `registry.example.com:5000`.
fn authority(request: &Request) -> String {
    let host = request.url.host_str().unwrap_or_default();
    match request.url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Some names for a sentence: `a`, `b` and no more than four.
fn listed(names: &[String]) -> String {
    let shown: Vec<String> = names
        .iter()
        .take(4)
        .map(|name| format!("`{name}`"))
        .collect();
    shown.join(", ")
}

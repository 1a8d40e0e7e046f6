//! What a gateway would find around it: clocks, files, certificates, issuers, upstreams, the store, the disk, ports.
//!
//! Knows: what it would open, read and connect to, and looks at it without changing anything. Nothing is sent but what the
//! gateway itself fetches: an issuer's metadata and keys. Does not know how an observation is shown.

mod acme;
mod certificate;
mod files;
mod issuers;
mod providers;
mod upstreams;

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use countersign_config::Settings;
use countersign_flow::Rules;
use countersign_store::{CopyError, StoreError, examine};

use crate::StartError;
use crate::clock::unix_secs;
use crate::receive::server_config;
use crate::send::secure_all;

/// Below these, a disk is nearly full, and too full.
const DISK_BYTES_WISE: u64 = 256 * 1024 * 1024;
const DISK_BYTES_MIN: u64 = 16 * 1024 * 1024;

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// What it is, in a word or two.
    pub about: String,
    /// How it is.
    pub state: State,
    /// What was found.
    pub found: String,
    /// How to mend it, where it is not well.
    pub fix: Option<&'static str>,
}

/// How a thing is that was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Well.
    Ok,
    /// It works, and may not for long or not as it should.
    Warning,
    /// It does not work.
    Error,
}

/// What can be chosen about a survey.
#[derive(Clone, Copy, Debug)]
pub struct Thoroughness {
    /// A certificate that runs out within so many days is worth a warning.
    pub certificate_days: u32,
    /// Whether a gateway is known to run on this store: then the ports that are taken are taken by it.
    pub gateway_runs: bool,
}

impl Observation {
    fn ok(about: impl Into<String>, found: impl Into<String>) -> Self {
        Self {
            about: about.into(),
            state: State::Ok,
            found: found.into(),
            fix: None,
        }
    }

    fn warning(about: impl Into<String>, found: impl Into<String>, fix: &'static str) -> Self {
        Self {
            state: State::Warning,
            fix: Some(fix),
            ..Self::ok(about, found)
        }
    }

    fn error(about: impl Into<String>, found: impl Into<String>, fix: &'static str) -> Self {
        Self {
            state: State::Error,
            fix: Some(fix),
            ..Self::ok(about, found)
        }
    }

    fn not_startable(about: impl Into<String>, error: &StartError) -> Self {
        Self {
            state: State::Error,
            fix: error.fix(),
            ..Self::ok(about, error.to_string())
        }
    }
}

/// What would keep a gateway from starting beyond what its configuration says: certificates and keys that do not fit, and a
/// store that cannot be opened. Empty where nothing would. Nothing is changed, and nothing is connected to.
#[must_use]
pub fn obstacles(settings: &Settings) -> Vec<Observation> {
    let mut found = Vec::new();
    if let Some(tls) = &settings.tls
        && let Err(error) = server_config(tls, settings.client_certificates.as_ref())
    {
        let about = format!("certificate `{}`", tls.certificate.display());
        found.push(Observation::not_startable(about, &error));
    }
    found.extend(acme::obstacles(settings));
    if let Err(error) = secure_all(&settings.upstreams) {
        found.push(Observation::not_startable("TLS to upstreams", &error));
    }
    found.push(store_file(&settings.store));
    found.push(files::writable_folder(&settings.store));
    found.retain(|one| one.state == State::Error);
    found
}

/// Looks at everything that this configuration has to do with.
pub async fn survey(
    rules: &Rules,
    settings: &Settings,
    thoroughness: Thoroughness,
) -> Vec<Observation> {
    let now_unix_secs = unix_secs();
    let mut seen = Vec::new();
    seen.extend(files::secrets(settings));
    if let Some(tls) = &settings.tls {
        let days = thoroughness.certificate_days;
        seen.extend(certificate::listener(
            tls,
            settings.client_certificates.as_ref(),
            rules,
            now_unix_secs,
            days,
        ));
    }
    seen.extend(
        acme::look(
            rules,
            settings,
            now_unix_secs,
            thoroughness.certificate_days,
        )
        .await,
    );
    seen.extend(issuers::look(rules, settings).await);
    seen.extend(providers::look(rules, settings).await);
    seen.extend(upstreams::look(settings).await);
    seen.extend(store(&settings.store));
    for address in settings.listen.iter().chain(&settings.admin) {
        seen.push(port(*address, thoroughness.gateway_runs));
    }
    seen
}

fn store(path: &Path) -> Vec<Observation> {
    let mut seen = vec![store_file(path)];
    seen.extend(files::folder_of_store(path));
    seen.push(disk(path));
    seen
}

fn store_file(path: &Path) -> Observation {
    const MEND: &str = "`countersign restore` puts a copy in its place";
    let about = || format!("store `{}`", path.display());
    match examine(path) {
        Ok(content) => Observation::ok(
            about(),
            format!("whole and writable, in form {}", content.form),
        ),
        Err(CopyError::Absent { .. }) => {
            Observation::ok(about(), "not there yet: it is made at the start")
        }
        Err(CopyError::NotWhole { finding }) => {
            Observation::error(about(), format!("not whole: {finding}"), MEND)
        }
        Err(CopyError::Store(error @ StoreError::Damaged)) => {
            Observation::error(about(), error.to_string(), MEND)
        }
        Err(CopyError::Store(error @ StoreError::Busy)) => Observation::warning(
            about(),
            error.to_string(),
            "look again; if it stays so, end the process that holds it",
        ),
        Err(CopyError::Store(error @ StoreError::Newer { .. })) => Observation::error(
            about(),
            error.to_string(),
            "run the version that has made it, or a newer one",
        ),
        Err(error) => Observation::error(
            about(),
            error.to_string(),
            "the user that the gateway runs as must be able to read and write it",
        ),
    }
}

fn disk(path: &Path) -> Observation {
    const FIX: &str = "make room, or move the store: without any, users and keys cannot be changed";
    let folder = files::folder(path);
    let about = format!("disk of `{}`", folder.display());
    let space = match rustix::fs::statvfs(&folder) {
        Ok(space) => space,
        Err(error) => return Observation::error(about, error.to_string(), FIX),
    };
    let free = space.f_bavail.saturating_mul(space.f_frsize);
    let found = format!("{} MiB free", free / (1024 * 1024));
    if free < DISK_BYTES_MIN {
        Observation::error(about, found, FIX)
    } else if free < DISK_BYTES_WISE {
        Observation::warning(about, found, FIX)
    } else {
        Observation::ok(about, found)
    }
}

fn port(address: SocketAddr, gateway_runs: bool) -> Observation {
    let about = format!("address `{address}`");
    match TcpListener::bind(address) {
        Ok(_) => Observation::ok(about, "free"),
        Err(error) if error.kind() == ErrorKind::AddrInUse && gateway_runs => {
            Observation::ok(about, "taken, and a gateway runs on this store")
        }
        Err(error) if error.kind() == ErrorKind::AddrInUse => Observation::error(
            about,
            "taken by another program",
            "end that one, or name another address in `listen`",
        ),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Observation::error(
            about,
            "not for this user",
            "ports below 1024 need the capability CAP_NET_BIND_SERVICE, or to be root",
        ),
        Err(error) => Observation::error(
            about,
            error.to_string(),
            "name an address of this machine in `listen`",
        ),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_port_is_free_ours_or_another_program_s() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        assert_eq!(port(address, false).state, State::Error);
        assert_eq!(port(address, true).state, State::Ok);
        drop(taken);
        assert_eq!(port(address, false).found, "free");
        let elsewhere = port("192.0.2.1:80".parse().unwrap(), true);
        assert_eq!(elsewhere.state, State::Error);
    }

    #[test]
    fn a_store_is_whole_damaged_or_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        assert_eq!(store(&path).first().unwrap().state, State::Ok);
        assert!(!path.exists(), "to look is not to make");
        std::fs::write(&path, "no database\n".repeat(100)).unwrap();
        let seen = store(&path);
        assert_eq!(seen.first().unwrap().state, State::Error);
        assert!(seen.last().unwrap().found.ends_with(" MiB free"));
    }
}

//! A certificate that is ordered: whether it could be, whether there is one, and whether the authority answers.
//!
//! Knows: what an order begins with. Orders nothing.

use countersign_config::{Acme, Settings};
use countersign_flow::Rules;
use rustix::fs::Access;
use serde_json::Value;

use super::{Observation, certificate};
use crate::acme::{Folder, Held, obstacle};
use crate::line::{client_config, fetch_document};
use crate::receive::ordered_config;

/// What would keep the gateway from starting.
pub(super) fn obstacles(settings: &Settings) -> Vec<Observation> {
    let Some(acme) = &settings.acme else {
        return Vec::new();
    };
    let asked = settings.client_certificates.as_ref();
    let startable = Held::new().and_then(|held| ordered_config(&held, asked));
    let errors = startable.err().into_iter().chain(obstacle(acme));
    let mut found: Vec<_> = errors
        .map(|error| Observation::not_startable(about(acme), &error))
        .collect();
    found.extend(folder(acme));
    found
}

/// Everything about it.
pub(super) async fn look(
    rules: &Rules,
    settings: &Settings,
    now_unix_secs: i64,
    days: u32,
) -> Vec<Observation> {
    let Some(acme) = &settings.acme else {
        return Vec::new();
    };
    let mut seen = obstacles(settings);
    let files = Folder::of(acme).certificate();
    if files.certificate.exists() {
        let asked = settings.client_certificates.as_ref();
        seen.extend(certificate::listener(
            &files,
            asked,
            rules,
            now_unix_secs,
            days,
        ));
    } else {
        seen.push(Observation::ok(
            format!("certificate `{}`", files.certificate.display()),
            "not there yet: it is ordered at the start",
        ));
    }
    seen.push(directory(acme).await);
    seen
}

fn about(acme: &Acme) -> String {
    format!("authority `{}`", acme.directory)
}

/// Whether files can be put there, or the folder itself.
fn folder(acme: &Acme) -> Option<Observation> {
    let own = Folder::of(acme);
    let there = own.path().ancestors().find(|path| path.exists())?;
    let access = Access::WRITE_OK | Access::EXEC_OK;
    let error = rustix::fs::access(there, access).err()?;
    Some(Observation::error(
        format!("folder `{}`", there.display()),
        format!("not writable: {error}"),
        "the gateway keeps its account with the authority and the certificate there",
    ))
}

async fn directory(acme: &Acme) -> Observation {
    const FIX: &str = "see whether this machine reaches it, and whether `directory` is the address of a directory; for an authority of your own, name its certificate as `ca_file`";
    let tls = match client_config(acme.ca_file.as_deref()) {
        Ok(tls) => tls,
        Err(error) => return Observation::not_startable(about(acme), &error),
    };
    let fetched = match fetch_document(&acme.directory, &tls).await {
        Ok(fetched) => fetched,
        Err(reason) => return Observation::error(about(acme), reason, FIX),
    };
    let document: Option<Value> = serde_json::from_slice(&fetched.body).ok();
    // RFC 8555 section 7.1.1.
    let is_directory = document.is_some_and(|document| document.get("newOrder").is_some());
    if is_directory {
        Observation::ok(about(acme), "answers with its directory")
    } else {
        Observation::error(about(acme), "answers, and not with a directory", FIX)
    }
}

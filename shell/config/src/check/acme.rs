//! `[server.tls.acme]`: a certificate that is ordered.
//!
//! Knows: one section, and which names can be proved by `tls-alpn-01`. Does not know the network: nobody is asked here.

use std::path::{Path, PathBuf};
use std::time::Duration;

use countersign_policy::Host;

use super::{Scene, text, url};
use crate::declared::{acme, external_account, tls};
use crate::problem::AcmeProblem;
use crate::read::{Fields, Located};
use crate::settings::{Acme, ExternalAccount};

const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";
/// What Let's Encrypt takes; others take as many, or fewer.
const DOMAINS_MAX: usize = 100;

/// Whether the listener's certificate is in files or is ordered: exactly one of them.
pub(super) fn one_certificate(fields: &Fields<'_>, scene: Scene<'_>) {
    let in_files = fields.has(&tls::CERTIFICATE) || fields.has(&tls::KEY);
    let place = fields.span_of_key(&tls::ACME);
    match (in_files, fields.has(&tls::ACME)) {
        (true, true) => scene.sink.error(&place, AcmeProblem::BesideFiles),
        (false, false) => scene.sink.error(&place, AcmeProblem::NoCertificate),
        (true, false) | (false, true) => {}
    }
}

pub(super) fn read(fields: &Fields<'_>, scene: Scene<'_>) -> Option<Acme> {
    let ca_file = fields.text(&acme::CA_FILE);
    if let Some(path) = &ca_file {
        scene.pem(path, "CERTIFICATE", "certificate");
    }
    let directory = directory(fields, scene);
    let agreed = fields.flag(&acme::TERMS_AGREED);
    let agreed = agreed.map_or(fields.has(&acme::TERMS_AGREED), |agreed| agreed.value);
    // What is neither `true` nor `false` was reported as that.
    if !agreed {
        let place = fields.span_of(&acme::TERMS_AGREED);
        let directory = directory.to_owned();
        scene
            .sink
            .error(&place, AcmeProblem::TermsNotAgreed { directory });
    }
    let secs = |key, default| fields.whole(key).map_or(default, |number| number.value);
    let (retry_secs, max_secs) = (
        secs(&acme::RETRY_SECS, 300),
        secs(&acme::RETRY_SECS_MAX, 21_600),
    );
    if max_secs < retry_secs {
        let problem = AcmeProblem::RetryMaxShort {
            secs: retry_secs,
            max_secs,
        };
        scene
            .sink
            .error(&fields.span_of(&acme::RETRY_SECS_MAX), problem);
    }
    let contacts = contacts(fields, scene);
    let external_account = fields
        .table(&acme::EXTERNAL_ACCOUNT)
        .map(|fields| external(&fields, scene));
    let folder = folder(fields, scene);
    Some(Acme {
        directory: directory.to_owned(),
        domains: domains(fields, scene)?,
        contacts,
        folder,
        ca_file: ca_file.map(|path| scene.resolve(path.value)),
        external_account: external_account.flatten(),
        retry: Duration::from_secs(retry_secs),
        retry_max: Duration::from_secs(max_secs),
        order: Duration::from_secs(secs(&acme::ORDER_SECS, 300)),
    })
}

fn directory<'d>(fields: &Fields<'d>, scene: Scene<'_>) -> &'d str {
    let Some(written) = text::not_empty(fields, &acme::DIRECTORY, scene) else {
        return LETS_ENCRYPT;
    };
    // RFC 8555 section 6.1: ACME is spoken by HTTPS.
    if url::read(&written, scene).is_some_and(|url| !url.is_https) {
        let value = written.value.to_owned();
        scene
            .sink
            .error(&written.span, AcmeProblem::DirectoryInTheClear { value });
    }
    written.value
}

fn domains(fields: &Fields<'_>, scene: Scene<'_>) -> Option<Vec<Box<str>>> {
    let written = fields.texts(&acme::DOMAINS)?;
    text::no_two_the_same(&written.value, scene);
    if written.value.len() > DOMAINS_MAX {
        let problem = AcmeProblem::DomainsTooMany { max: DOMAINS_MAX };
        scene.sink.error(&written.span, problem);
    }
    let names = written.value.iter();
    Some(names.filter_map(|name| domain(name, scene)).collect())
}

fn domain(written: &Located<&str>, scene: Scene<'_>) -> Option<Box<str>> {
    let value = || written.value.to_owned();
    let problem = match name(written.value) {
        Some(name) => return Some(name),
        // RFC 8737 section 3 and RFC 8555 section 8.3 prove one host; only dns-01 proves all below a name.
        None if written.value.starts_with("*.") => AcmeProblem::Wildcard { value: value() },
        None => AcmeProblem::Domain { value: value() },
    };
    scene.sink.error(&written.span, problem);
    None
}

/// The name in lower case, where it is one of DNS.
fn name(written: &str) -> Option<Box<str>> {
    let host = Host::parse(written.as_bytes()).ok()?;
    let name = host.name();
    let is_address = name.starts_with('[') || name.parse::<std::net::Ipv4Addr>().is_ok();
    // The port is looked for in the text: an empty one is none that `port` would show.
    let is_bare = !written.contains(':') && !written.ends_with('.');
    let fits = is_bare && !is_address && !name.contains('_');
    fits.then(|| name.into())
}

fn contacts(fields: &Fields<'_>, scene: Scene<'_>) -> Vec<Box<str>> {
    let written = fields.texts_or_none(&acme::CONTACTS);
    text::no_two_the_same(&written, scene);
    for contact in written.iter().filter(|contact| !is_contact(contact.value)) {
        let value = contact.value.to_owned();
        scene
            .sink
            .error(&contact.span, AcmeProblem::Contact { value });
    }
    written.iter().map(|contact| contact.value.into()).collect()
}

/// RFC 8555 section 7.3: a `mailto` contact has one address, and no fields.
fn is_contact(text: &str) -> bool {
    let address = text.strip_prefix("mailto:");
    let parts = address.and_then(|address| address.split_once('@'));
    parts.is_some_and(|(local, domain)| {
        !local.is_empty()
            && !domain.is_empty()
            && !text.contains([',', '?', ' '])
            && !domain.contains('@')
    })
}

fn external(fields: &Fields<'_>, scene: Scene<'_>) -> Option<ExternalAccount> {
    let kid = text::not_empty(fields, &external_account::KID, scene);
    let key = text::not_empty(fields, &external_account::KEY_FILE, scene);
    if let Some(key) = &key {
        scene.read_secret(key);
    }
    Some(ExternalAccount {
        kid: kid?.value.into(),
        key: scene.place(key?.value),
    })
}

/// The folder need not be there, the one above it must.
fn folder(fields: &Fields<'_>, scene: Scene<'_>) -> PathBuf {
    let written = text::not_empty(fields, &acme::FOLDER, scene);
    let place = fields.span_of(&acme::FOLDER);
    // Not `resolve`: a credential is no place to write to.
    let folder = scene
        .folder
        .join(written.map_or("acme", |folder| folder.value));
    if let Some(access) = scene.surroundings.access(&folder) {
        let named = folder.clone();
        if !access.is_folder {
            let problem = AcmeProblem::FolderIsFile { folder: named };
            scene.sink.error(&place, problem);
        } else if access.others_read || access.others_write {
            let problem = AcmeProblem::FolderOpenToOthers { folder: named };
            scene.sink.warn(&place, problem);
        }
        return folder;
    }
    let above = folder
        .parent()
        .filter(|above| *above != Path::new(""))
        .unwrap_or(Path::new("."))
        .to_owned();
    let is_there = scene.surroundings.access(&above);
    if !is_there.is_some_and(|access| access.is_folder) {
        let problem = AcmeProblem::FolderMissing { folder: above };
        scene.sink.error(&place, problem);
    }
    folder
}

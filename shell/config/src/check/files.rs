//! Files and secrets that the configuration names, and the folder of the store.
//!
//! Knows: that they are there, hold what they should, and are not open to everybody. Does not know certificates.

use std::path::{Path, PathBuf};

use super::Scene;
use super::named::{self, Named};
use crate::declared::{store, tls};
use crate::problem::ServerProblem;
use crate::read::{Fields, Located};
use crate::settings::{SecretPlace, Tls};

impl Scene<'_> {
    /// The path that a relative one means: relative to the folder of the configuration file. Or that of a credential.
    pub(super) fn resolve(&self, path: &str) -> PathBuf {
        match (named::parse(path), self.surroundings.credentials()) {
            (Named::Credential(name), Some(folder)) => folder.join(name),
            // What cannot be had is reported where it is read.
            (Named::Credential(_) | Named::Variable(_) | Named::Path(_) | Named::Neither, _) => {
                self.folder.join(path)
            }
        }
    }

    /// Where a secret of one line is.
    pub(super) fn place(&self, path: &str) -> SecretPlace {
        match named::parse(path) {
            Named::Variable(name) => SecretPlace::Variable(name.into()),
            Named::Path(_) | Named::Credential(_) | Named::Neither => {
                SecretPlace::File(self.resolve(path))
            }
        }
    }

    /// A secret of one line, or a report that it cannot be had.
    pub(super) fn read_secret(&self, path: &Located<&str>) -> Option<Vec<u8>> {
        let Named::Variable(name) = named::parse(path.value) else {
            self.keep_secret(path);
            return self.read(path);
        };
        if !self.surroundings.is_of_gateway() {
            return None;
        }
        let value = self.surroundings.variable(name);
        if value.is_none() {
            let name = name.to_owned();
            let problem = ServerProblem::VariableAbsent { name };
            self.sink.error(&path.span, problem);
        }
        value
    }

    /// The bytes of a file, or a report that they cannot be had.
    pub(super) fn read(&self, path: &Located<&str>) -> Option<Vec<u8>> {
        let value = path.value.to_owned();
        let problem = match named::parse(path.value) {
            Named::Path(_) => None,
            Named::Credential(_) if !self.surroundings.is_of_gateway() => return None,
            Named::Credential(name) => match self.surroundings.credentials() {
                Some(_) => None,
                None => Some(ServerProblem::NoCredentials { name: name.into() }),
            },
            Named::Variable(_) => Some(ServerProblem::VariableForFile { value }),
            Named::Neither => Some(ServerProblem::SecretName { value }),
        };
        if let Some(problem) = problem {
            self.sink.error(&path.span, problem);
            return None;
        }
        let resolved = self.resolve(path.value);
        let why = match self.surroundings.read(&resolved) {
            Ok(bytes) => return Some(bytes),
            Err(why) => why,
        };
        let value = path.value.to_owned();
        self.sink.error(
            &path.span,
            ServerProblem::FileUnreadable {
                value,
                path: resolved,
                why,
            },
        );
        None
    }

    /// Warns where everybody can read a file that is secret.
    pub(super) fn keep_secret(&self, path: &Located<&str>) {
        let resolved = self.resolve(path.value);
        if self
            .surroundings
            .access(&resolved)
            .is_some_and(|access| access.others_read)
        {
            let value = path.value.to_owned();
            self.sink.warn(
                &path.span,
                ServerProblem::SecretOpenToOthers {
                    value,
                    path: resolved,
                },
            );
        }
    }

    /// A PEM file that has to have a block of a kind.
    pub(super) fn pem(&self, path: &Located<&str>, label: &str, wanted: &'static str) {
        let Some(bytes) = self.read(path) else { return };
        let has_block = bytes.split(|byte| *byte == b'\n').any(|line| {
            let line = line.trim_ascii();
            line.strip_prefix(b"-----BEGIN ").is_some_and(|rest| {
                rest.strip_suffix(b"-----")
                    .is_some_and(|found| found.ends_with(label.as_bytes()))
            })
        });
        if !has_block {
            self.sink.error(
                &path.span,
                ServerProblem::NotPem {
                    value: path.value.to_owned(),
                    wanted,
                },
            );
        }
    }
}

/// Certificate and key of the listener.
pub(super) fn tls(fields: &Fields<'_>, scene: Scene<'_>) -> Option<Tls> {
    let (certificate, key) = (fields.text(&tls::CERTIFICATE), fields.text(&tls::KEY));
    for (here, other) in [
        (&tls::CERTIFICATE, &tls::KEY),
        (&tls::KEY, &tls::CERTIFICATE),
    ] {
        if fields.has(here) && !fields.has(other) {
            let lacks = other.name;
            let problem = ServerProblem::HalfACertificate { lacks };
            scene.sink.error(&fields.span_of_key(here), problem);
        }
    }
    pair(certificate, key, scene)
}

/// A certificate and its key.
pub(super) fn pair(
    certificate: Option<Located<&str>>,
    key: Option<Located<&str>>,
    scene: Scene<'_>,
) -> Option<Tls> {
    if let Some(path) = &certificate {
        scene.pem(path, "CERTIFICATE", "certificate");
    }
    if let Some(path) = &key {
        scene.pem(path, "PRIVATE KEY", "private key");
        scene.keep_secret(path);
    }
    Some(Tls {
        certificate: scene.resolve(certificate?.value),
        key: scene.resolve(key?.value),
    })
}

/// The store's file. It need not be there, its folder must.
pub(super) fn store(fields: Option<&Fields<'_>>, scene: Scene<'_>) -> PathBuf {
    let written = fields.and_then(|fields| fields.text(&store::PATH));
    let span = written.as_ref().map_or(0..0, |path| path.span.clone());
    let written = written.map_or("countersign.db", |path| path.value);
    // Not `resolve`: a credential is no place to write to.
    let path = scene.folder.join(written);
    let folder = path
        .parent()
        .filter(|folder| *folder != Path::new(""))
        .unwrap_or(Path::new("."))
        .to_owned();
    match scene.surroundings.access(&folder) {
        Some(access) if access.is_folder => {
            if access.others_write {
                scene
                    .sink
                    .warn(&span, ServerProblem::StoreFolderOpenToOthers { folder });
            }
        }
        _ => scene
            .sink
            .error(&span, ServerProblem::StoreFolderMissing { folder }),
    }
    let file = scene.surroundings.access(&path).unwrap_or_default();
    let value = written.to_owned();
    if file.is_folder {
        scene
            .sink
            .error(&span, ServerProblem::StoreIsFolder { value });
    } else if file.others_read {
        scene.sink.warn(
            &span,
            ServerProblem::SecretOpenToOthers {
                value,
                path: path.clone(),
            },
        );
    }
    path
}

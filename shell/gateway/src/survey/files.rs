//! Files that are secret, and who may read them.
//!
//! Knows: which files hold secrets, and their modes. Does not know what is in them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use countersign_config::{KeySource, SecretPlace, Settings};

use super::Observation;
use crate::acme::Folder;

/// The files that hold secrets.
pub(super) fn secrets(settings: &Settings) -> Vec<Observation> {
    let mut paths: Vec<&Path> = Vec::new();
    paths.extend(settings.tls.iter().map(|tls| &*tls.key));
    let ordered = settings.acme.iter();
    let ordered: Vec<PathBuf> = ordered
        .flat_map(|acme| Folder::of(acme).secrets().collect::<Vec<_>>())
        .collect();
    paths.extend(ordered.iter().map(PathBuf::as_path));
    let upstreams = settings.upstreams.iter();
    let clients = upstreams.filter_map(|upstream| upstream.tls.as_ref()?.client.as_ref());
    paths.extend(clients.map(|files| &*files.key));
    let mut places: Vec<&SecretPlace> = Vec::new();
    places.extend(settings.digest.nonce_key_file.as_ref());
    places.extend(
        settings
            .issuers
            .iter()
            .filter_map(|keys| match &keys.source {
                KeySource::SecretFile(place) => Some(place),
                KeySource::Asked
                | KeySource::Discovery
                | KeySource::JwksUrl(_)
                | KeySource::JwksFile(_)
                | KeySource::Inline(_) => None,
            }),
    );
    let account = settings.acme.iter();
    let account = account.filter_map(|acme| acme.external_account.as_ref());
    places.extend(account.map(|account| &account.key));
    let asked = settings.introspection.iter().flatten();
    places.extend(asked.map(|asked| &asked.secret_file));
    places.extend(
        settings
            .collectors()
            .filter_map(|collector| collector.headers.as_ref()),
    );
    let providers = settings.providers.iter();
    places.extend(providers.filter_map(|provider| provider.client.secret()));
    paths.extend(places.iter().filter_map(|place| place.file()));
    let mut seen: Vec<Observation> = paths.into_iter().map(secret).collect();
    seen.extend(places.into_iter().filter_map(variable));
    if settings.store.exists() {
        seen.push(secret(&settings.store));
    }
    seen
}

/// A secret in the environment is there, or not. Nothing more can be seen of it from inside.
fn variable(place: &SecretPlace) -> Option<Observation> {
    let SecretPlace::Variable(name) = place else {
        return None;
    };
    let about = format!("secret `env:{name}`");
    Some(match place.read() {
        Ok(_) => Observation::ok(about, "set"),
        Err(_) => Observation::error(
            about,
            "the environment has no such variable",
            "set it for the gateway; a file or a credential is seen by fewer",
        ),
    })
}

fn secret(path: &Path) -> Observation {
    let about = format!("secret `{}`", path.display());
    let mode = match fs::metadata(path) {
        Ok(metadata) => metadata.permissions().mode() & 0o777,
        Err(error) => {
            return Observation::error(
                about,
                error.to_string(),
                "the user that the gateway runs as must be able to read it",
            );
        }
    };
    let found = format!("mode {mode:03o}");
    if mode & 0o006 != 0 {
        Observation::error(
            about,
            format!("{found}: everybody on this machine can use it"),
            "`chmod 600`, and take another secret if it has been so for long",
        )
    } else if mode & 0o020 != 0 {
        Observation::warning(
            about,
            format!("{found}: its group can write it"),
            "`chmod g-w`",
        )
    } else {
        Observation::ok(about, found)
    }
}

/// The folder of the store, in which the gateway makes files of its own.
pub(super) fn folder_of_store(store: &Path) -> Option<Observation> {
    let folder = folder(store);
    let about = format!("folder `{}`", folder.display());
    let mode = match fs::metadata(&folder) {
        Ok(metadata) => metadata.permissions().mode(),
        Err(error) => {
            return Some(Observation::error(
                about,
                error.to_string(),
                "make it, for the user that the gateway runs as",
            ));
        }
    };
    // A sticky folder, as those for temporary files are, lets nobody take away the files of others.
    if mode & 0o002 != 0 && mode & 0o1000 == 0 {
        return Some(Observation::error(
            about,
            "everybody on this machine can put another store in the place of this one",
            "`chmod o-w`, or a folder of its own for the store",
        ));
    }
    Some(writable_folder(store))
}

/// Whether the gateway can make its files beside the store.
pub(super) fn writable_folder(store: &Path) -> Observation {
    let folder = folder(store);
    let about = format!("folder `{}`", folder.display());
    let access = rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK;
    match rustix::fs::access(&folder, access) {
        Ok(()) => Observation::ok(about, "writable"),
        Err(error) => Observation::error(
            about,
            format!("not writable: {error}"),
            "the gateway keeps a log of changes and a socket beside the store",
        ),
    }
}

/// The folder that a file is in.
pub(super) fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        Some(_) | None => PathBuf::from("."),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::survey::State;

    #[test]
    fn who_may_read_a_secret_is_seen_by_its_mode() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        fs::write(&path, "x").unwrap();
        for (mode, state) in [
            (0o600, State::Ok),
            (0o640, State::Ok),
            (0o660, State::Warning),
            (0o604, State::Error),
            (0o602, State::Error),
        ] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(secret(&path).state, state, "{mode:o}");
        }
        assert_eq!(secret(&folder.path().join("none")).state, State::Error);
    }

    #[test]
    fn a_folder_that_everybody_may_write_is_no_place_for_a_store() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("a.db");
        for (mode, state) in [
            (0o700, State::Ok),
            (0o1777, State::Ok),
            (0o777, State::Error),
        ] {
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(folder_of_store(&store).unwrap().state, state, "{mode:o}");
        }
    }
}

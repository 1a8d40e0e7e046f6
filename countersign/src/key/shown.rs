//! How a key is shown: never with its secret, but for the one time when it is made.
//!
//! Knows: the names of fields, which are public. Does not know where keys are kept.

use countersign_secret::api_key::ApiKey;
use countersign_store::{Key, Owner};
use serde::Serialize;

use crate::failure::Failure;
use crate::printing::{self, list as words, plain, time};

/// A key in JSON.
#[derive(Serialize)]
pub(super) struct Shown<'k> {
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'k str>,
    id: &'k str,
    owner: &'k str,
    owner_kind: &'static str,
    label: &'k str,
    made_by: &'static str,
    scopes: Vec<&'k str>,
    networks: Vec<String>,
    state: &'static str,
    created: String,
    expires: Option<String>,
    revoked: Option<String>,
    replaced_by: Option<&'k str>,
    last_used: Option<String>,
}

impl<'k> Shown<'k> {
    pub(super) fn new(key: &'k Key, now_unix_secs: i64) -> Self {
        Self {
            key: None,
            id: key.id.as_str(),
            owner: key.owner.name(),
            owner_kind: owner_kind(&key.owner),
            label: &key.label,
            made_by: if key.own { "user" } else { "operator" },
            scopes: key.scopes.iter().map(|scope| &**scope).collect(),
            networks: key.networks.iter().map(ToString::to_string).collect(),
            state: state(key, now_unix_secs),
            created: time(key.created_unix_secs),
            expires: key.expires_unix_secs.map(time),
            revoked: key.revoked_unix_secs.map(time),
            replaced_by: key.replaced_by.as_ref().map(|id| id.as_str()),
            last_used: key.last_used_unix_secs.map(time),
        }
    }
}

/// The names of a row's cells.
pub(super) const COLUMNS: [&str; 9] = [
    "ID",
    "OWNER",
    "STATE",
    "CREATED",
    "EXPIRES",
    "LAST USED",
    "SCOPES",
    "FROM",
    "LABEL",
];

pub(super) fn row(key: &Key, now_unix_secs: i64) -> [String; 9] {
    let or_dash = |time_unix_secs: Option<i64>| time_unix_secs.map_or_else(|| "-".to_owned(), time);
    [
        key.id.to_string(),
        match &key.owner {
            Owner::User(name) => plain(name).into(),
            Owner::Service(name) => format!("{} (service)", plain(name)),
        },
        state(key, now_unix_secs).to_owned(),
        time(key.created_unix_secs),
        key.expires_unix_secs
            .map_or_else(|| "never".to_owned(), time),
        or_dash(key.last_used_unix_secs),
        words(&key.scopes),
        if key.networks.is_empty() {
            "everywhere".to_owned()
        } else {
            let networks = key.networks.iter().map(ToString::to_string);
            networks.collect::<Vec<_>>().join(",")
        },
        if key.label.is_empty() {
            "-".to_owned()
        } else {
            plain(&key.label).into()
        },
    ]
}

/// Whether a key is taken at this time. That its owner is disabled is shown with the owner.
fn state(key: &Key, now_unix_secs: i64) -> &'static str {
    match (key.revoked_unix_secs, key.expires_unix_secs) {
        (Some(revoked), _) if revoked <= now_unix_secs => "revoked",
        (_, Some(expires)) if expires <= now_unix_secs => "expired",
        (Some(_), _) => "ending",
        (None, _) => "active",
    }
}

const fn owner_kind(owner: &Owner) -> &'static str {
    match owner {
        Owner::User(_) => "user",
        Owner::Service(_) => "service",
    }
}

/// Shows a new key to the one who asked for it: this once.
pub(super) fn once(
    text: &ApiKey,
    key: &Key,
    as_json: bool,
    now_unix_secs: i64,
) -> Result<(), Failure> {
    let printed = if as_json {
        printing::json(&Shown {
            key: Some(text.expose()),
            ..Shown::new(key, now_unix_secs)
        })
    } else {
        printing::data(&format!("{}\n", text.expose()))
    };
    printed.map_err(|failure| {
        failure.help(format!(
            "the key is made, and lost: `countersign key revoke {}`",
            key.id
        ))
    })
}

#[cfg(test)]
mod tests {
    use countersign_secret::api_key::KeyId;

    use super::*;

    fn key(expires_unix_secs: Option<i64>, revoked_unix_secs: Option<i64>) -> Key {
        Key {
            id: KeyId::parse("abcdefghijkl").unwrap(),
            owner: Owner::User("alice".into()),
            label: "".into(),
            scopes: Vec::new(),
            networks: Vec::new(),
            created_unix_secs: 0,
            expires_unix_secs,
            revoked_unix_secs,
            replaced_by: None,
            last_used_unix_secs: None,
            own: false,
        }
    }

    #[test]
    fn the_state_changes_with_the_second() {
        assert_eq!(state(&key(None, None), 100), "active");
        assert_eq!(state(&key(Some(101), None), 100), "active");
        assert_eq!(state(&key(Some(100), None), 100), "expired");
        assert_eq!(state(&key(Some(101), Some(101)), 100), "ending");
        assert_eq!(state(&key(Some(100), Some(101)), 100), "expired");
        assert_eq!(state(&key(Some(100), Some(100)), 100), "revoked");
    }
}

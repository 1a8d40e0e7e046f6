//! Ids of keys as people give them.
//!
//! Knows: that somebody in a hurry pastes the whole key, and that what is almost a key must not be shown.

use countersign_secret::api_key::{ApiKey, ID_CHARS, KeyId, looks_like};

use crate::failure::Failure;

/// The id, or that of the whole key. Nothing of the argument is repeated: it may hold a secret.
pub(super) fn parse(given: &str) -> Result<KeyId, Failure> {
    if looks_like(given.as_bytes()) {
        let key = ApiKey::parse(given.as_bytes()).map_err(|defect| {
            Failure::usage(format!("the key given is damaged: {defect}")).help(format!(
                "its id alone is enough: the {ID_CHARS} characters after `csk_`"
            ))
        })?;
        eprintln!(
            "a whole key was given: it may be kept in the history of the shell; its id is enough"
        );
        return Ok(key.id().clone());
    }
    KeyId::parse(given).map_err(|_| {
        Failure::usage(format!(
            "the id given is none: an id has {ID_CHARS} letters and digits"
        ))
        .help("`countersign key list` shows the ids")
    })
}

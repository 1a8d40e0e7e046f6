//! How lists and ids are written into columns and read back.

use countersign_secret::api_key::KeyId;
use countersign_secret::password::PasswordHash;
use serde_json::Value;

use crate::{Kept, StoreError};

/// A list of strings as a JSON array.
pub(super) fn from_list<T: ToString>(list: &[T]) -> String {
    let items = list.iter().map(|item| Value::String(item.to_string()));
    Value::Array(items.collect()).to_string()
}

/// Reads what [`from_list`] wrote.
pub(super) fn to_list(text: &str, record: Kept) -> Result<Vec<Box<str>>, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Malformed { record })
}

pub(super) fn to_hash(text: &str) -> Result<PasswordHash, StoreError> {
    PasswordHash::parse(text).map_err(|_| StoreError::Malformed { record: Kept::User })
}

pub(super) fn to_key_id(text: &str) -> Result<KeyId, StoreError> {
    KeyId::parse(text).map_err(|_| StoreError::Malformed { record: Kept::Key })
}

/// Whether the error says that a row by this primary key or unique name is there.
pub(super) fn is_taken(error: &rusqlite::Error) -> bool {
    error.sqlite_extended_error_code().is_some_and(|code| {
        code == rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE
            || code == rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY
    })
}

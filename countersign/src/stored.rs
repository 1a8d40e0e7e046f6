//! What the store refuses, as a failure of a command.
//!
//! Knows: which command helps further. Does not know how the store is asked.

use countersign_store::StoreError;

use crate::failure::Failure;
use crate::printing::plain;

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let failure = Self::new(plain(&error.to_string()));
        match help(&error) {
            Some(help) => failure.help(help),
            None => failure,
        }
    }
}

const fn help(error: &StoreError) -> Option<&'static str> {
    match error {
        StoreError::UserExists { .. } => Some(
            "`countersign user passwd NAME` sets a password, `countersign user groups NAME` the groups",
        ),
        StoreError::UserAbsent { .. } => {
            Some("`countersign user list` shows the users of this store")
        }
        StoreError::NameOfService { .. } => {
            Some("choose another name, or revoke the keys of the service")
        }
        StoreError::NameOfUser { .. } => Some("`--owner NAME` makes a key of that user"),
        StoreError::KeyAbsent { .. } => Some("`countersign key list` shows the keys of this store"),
        StoreError::KeyRevoked { .. } => Some("`countersign key create` makes a new one"),
        StoreError::SessionAbsent { .. } => {
            Some("`countersign session list` shows the sessions that go on")
        }
        StoreError::KeyExists { .. }
        | StoreError::Open { .. }
        | StoreError::Foreign { .. }
        | StoreError::Newer { .. }
        | StoreError::MigrationChanged { .. }
        | StoreError::Busy
        | StoreError::DiskFull
        | StoreError::ReadOnly
        | StoreError::Damaged
        | StoreError::Malformed { .. }
        | StoreError::Closed
        | StoreError::Engine(_) => None,
    }
}

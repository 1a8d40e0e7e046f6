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

pub(crate) const fn help(error: &StoreError) -> Option<&'static str> {
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
        StoreError::LinkExists | StoreError::OtherLinkExists => Some(
            "a person is one user: `countersign user show NAME` has the links of a user, and `user link NAME remove` takes one away",
        ),
        StoreError::Open { .. } | StoreError::ReadOnly => Some(
            "the store and its folder belong to the user that the gateway runs as, who alone may read them: run this as that user (`sudo -u countersign`), or see with `ls -l` and `id` who owns them and who you are",
        ),
        StoreError::Foreign { .. } => {
            Some("name another file, or move this one away: `path` in `[store]`, or `--store FILE`")
        }
        StoreError::Newer { .. } | StoreError::MigrationChanged { .. } => Some(
            "run the version that has made it, or a newer one; `countersign --version` says which this is",
        ),
        StoreError::Busy => Some(
            "try again; if it stays so, `fuser` on the store's file shows which process holds it",
        ),
        StoreError::DiskFull => Some(
            "`df` on the folder of the store shows which disk: make room there. Nothing of this was stored",
        ),
        StoreError::Replaced { .. } => Some(
            "restart what has it open: a gateway that runs takes up another file only at its start",
        ),
        StoreError::Damaged | StoreError::Malformed { .. } => Some(
            "stop the gateways, keep the file for a look, and put a backup in its place with `countersign restore`",
        ),
        StoreError::KeyExists { .. } | StoreError::Closed | StoreError::Engine(_) => None,
    }
}

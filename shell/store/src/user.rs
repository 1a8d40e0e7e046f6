//! Users, as they are handed in and given out.
//!
//! Knows no engine and no rule about names: the caller normalises them.

use countersign_secret::password::{HashKind, PasswordHash};

use crate::DigestState;

/// A user to be added.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The name that the user signs in with, NFC-normalised by the caller. Compared byte by byte.
    pub name: Box<str>,
    /// A name for people to read.
    pub display_name: Option<Box<str>>,
    /// The password's hash.
    pub hash: PasswordHash,
    /// The groups that the user is in.
    pub groups: Vec<Box<str>>,
    /// Whether the user may not sign in yet.
    pub disabled: bool,
}

/// A user, as an operator sees one: without the hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Never given to another user, even after this one is deleted.
    pub id: i64,
    /// The name that the user signs in with.
    pub name: Box<str>,
    /// A name for people to read.
    pub display_name: Option<Box<str>>,
    /// The groups that the user is in, in the order they were given.
    pub groups: Vec<Box<str>>,
    /// Which kind of hash the password has.
    pub hash_kind: HashKind,
    /// Whether there is a password at all: whom a provider has made has none.
    pub has_password: bool,
    /// For what Digest is switched on; `None`: for nothing.
    pub digest: Option<DigestState>,
    /// Whether the user may not sign in.
    pub disabled: bool,
    /// Grows with every change but a rehash at sign-in.
    pub version: i64,
    /// When the user was added.
    pub created_unix_secs: i64,
    /// When the user was changed last, in anything but a rehash at sign-in.
    pub changed_unix_secs: i64,
}

/// A user, as a sign-in needs one.
#[derive(Debug)]
pub struct Account {
    /// See [`User::id`].
    pub id: i64,
    /// The name as stored.
    pub name: Box<str>,
    /// The password's hash.
    pub hash: PasswordHash,
    /// Whether the user may not sign in.
    pub disabled: bool,
    /// The groups that the user is in.
    pub groups: Vec<Box<str>>,
    /// Whether a second factor has to follow the password.
    pub second_factor: bool,
    /// See [`User::version`].
    pub version: i64,
}

/// What the store says of a name that somebody signs in with.
#[derive(Debug)]
pub enum AccountAnswer {
    /// There is such a user.
    Known(Box<Account>),
    /// There is none.
    Unknown {
        /// To be verified instead, so that the answer takes as long. It matches nothing. Its kind and cost
        /// are those of some of the users here, and the same each time for one name.
        decoy: PasswordHash,
    },
}

/// What an import does with a name that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnConflict {
    /// The whole import is refused.
    Refuse,
    /// The user is overwritten and keeps id and API keys.
    Replace,
    /// The user stays as it is.
    Skip,
}

/// What an import has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Users that were not there before.
    pub added: u64,
    /// Users that were overwritten.
    pub replaced: u64,
    /// Users that stayed as they were.
    pub skipped: u64,
}

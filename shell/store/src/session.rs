//! Sessions, as they are handed in and given out. The secret itself is never here, only its digest.

use countersign_secret::Secret;
use countersign_secret::session::{SessionDigest, SessionId};

/// A session to be begun.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// The session's public name.
    pub id: SessionId,
    /// What a shown secret is found by.
    pub digest: SessionDigest,
    /// The store's key of the user.
    pub user_id: i64,
    /// The user's version when the sign-in was checked: with another password there is no session.
    pub user_version: i64,
    /// How the user signed in.
    pub method: Box<str>,
    /// Whether a second factor was given beside the password.
    pub second_factor: bool,
    /// Groups that this session has beside those of the user.
    pub groups: Vec<Box<str>>,
    /// The provider that has vouched for the user, by its name in the configuration.
    pub provider: Option<Box<str>>,
    /// When the user has signed in there, where the provider says it.
    pub signed_in_unix_secs: Option<i64>,
    /// What the browser calls itself, bounded by the caller.
    pub device: Option<Box<str>>,
    /// Where the sign-in came from.
    pub address: Box<str>,
    /// After how long without a request it ends.
    pub idle_secs: i64,
    /// When it ends at the latest.
    pub expires_unix_secs: i64,
    /// How many sessions the user may have; past it the one used least lately is ended.
    pub per_user_max: u32,
}

/// A session in the place of one that has ended with a change of its user's account.
#[derive(Clone, Debug)]
pub struct SessionAfter {
    /// The one that has ended: how, when, with which groups and until when is said by it.
    pub former: SessionId,
    /// A second factor that was shown since, and beside what the former one was begun with.
    pub shown: Option<Box<str>>,
    /// The session's public name.
    pub id: SessionId,
    /// What a shown secret is found by.
    pub digest: SessionDigest,
    /// The user's version after the change: after another one there is no session.
    pub user_version: i64,
    /// What the browser calls itself, bounded by the caller.
    pub device: Option<Box<str>>,
    /// Where the change came from.
    pub address: Box<str>,
    /// After how long without a request it ends.
    pub idle_secs: i64,
}

/// A session, as its user or an operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The session's public name.
    pub id: SessionId,
    /// Whose it is.
    pub user: Box<str>,
    /// How the user signed in.
    pub method: Box<str>,
    /// What the browser called itself then.
    pub device: Option<Box<str>>,
    /// Where the sign-in came from.
    pub address: Box<str>,
    /// When it was begun.
    pub created_unix_secs: i64,
    /// When it was last noted as used.
    pub used_unix_secs: i64,
    /// After how long without a request it ends.
    pub idle_secs: i64,
    /// When it ends at the latest.
    pub expires_unix_secs: i64,
}

/// A session, as a request that shows one needs it.
#[derive(Clone, Debug)]
pub struct SessionRecord {
    /// The session's public name.
    pub id: SessionId,
    /// Whose it is.
    pub user: Box<str>,
    /// Whether that user may not sign in.
    pub user_disabled: bool,
    /// The groups that the user is in, and those that this session has beside.
    pub groups: Vec<Box<str>>,
    /// Whether a second factor was given when it was begun.
    pub second_factor: bool,
    /// What was shown to begin it.
    pub method: Box<str>,
    /// The provider that has vouched for the user, by its name in the configuration.
    pub provider: Option<Box<str>>,
    /// When the user has signed in there, where the provider says it.
    pub signed_in_unix_secs: Option<i64>,
    /// When it was begun.
    pub created_unix_secs: i64,
    /// When it was last noted as used.
    pub used_unix_secs: i64,
    /// After how long without a request it ends.
    pub idle_secs: i64,
    /// When it ends at the latest.
    pub expires_unix_secs: i64,
    /// When it was ended before its time.
    pub ended_unix_secs: Option<i64>,
}

/// A key that forms are sealed with.
pub struct FormKeyRecord {
    /// The key.
    pub key: Secret<[u8; 32]>,
    /// When it took the place of the one before; 0 for the first.
    pub made_unix_secs: i64,
}

/// Which sessions to list.
#[derive(Clone, Debug)]
pub struct SessionList {
    /// Those of this user only.
    pub user: Option<Box<str>>,
    /// So many at most.
    pub sessions_max: u32,
}

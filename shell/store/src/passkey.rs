//! Passkeys, as they are handed in and given out.

use countersign_secret::recovery::RecoveryDigest;

/// How long a user handle is, in bytes.
pub const USER_HANDLE_BYTES: usize = 32;

/// A passkey to be added.
#[derive(Clone)]
pub struct NewPasskey {
    /// The store's key of the user.
    pub user_id: i64,
    /// The user's version when it was asked for.
    pub user_version: i64,
    /// What the authenticator knows it by.
    pub credential_id: Box<[u8]>,
    /// What the authenticator knows the user by.
    pub user_handle: [u8; USER_HANDLE_BYTES],
    /// The public key, in COSE.
    pub public_key: Box<[u8]>,
    /// How often it has signed.
    pub sign_count: u32,
    /// Whether it can be copied to other devices.
    pub backup_eligible: bool,
    /// A word for its user to tell passkeys apart.
    pub name: Box<str>,
    /// What is kept of new recovery codes, where it is the user's first second factor; else those there are stay.
    pub recovery: Vec<RecoveryDigest>,
    /// How many passkeys the user may have.
    pub per_user_max: u32,
}

/// What became of a passkey that was to be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasskeyAdded {
    /// It is there, and all sessions have ended.
    Yes {
        /// The user's version from then on.
        user_version: i64,
    },
    /// The user is gone, disabled, or another than when it was asked for.
    UserChanged,
    /// Somebody has it already.
    Known,
    /// The user has as many as can be.
    Full,
}

/// A passkey, as its user or an operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// What the authenticator knows it by.
    pub credential_id: Box<[u8]>,
    /// What the authenticator knows the user by.
    pub user_handle: [u8; USER_HANDLE_BYTES],
    /// A word for its user to tell passkeys apart.
    pub name: Box<str>,
    /// When it was added.
    pub created_unix_secs: i64,
    /// When it was used last.
    pub used_unix_secs: Option<i64>,
}

/// A passkey, as a sign-in with it needs it.
#[derive(Clone, Debug)]
pub struct PasskeyRecord {
    /// The store's key of its user.
    pub user_id: i64,
    /// The name of its user.
    pub user: Box<str>,
    /// The version of its user.
    pub user_version: i64,
    /// Whether its user may not sign in.
    pub user_disabled: bool,
    /// What the authenticator knows the user by.
    pub user_handle: [u8; USER_HANDLE_BYTES],
    /// The public key, in COSE.
    pub public_key: Box<[u8]>,
    /// How often it had signed.
    pub sign_count: u32,
    /// Whether it could be copied to other devices when it was added.
    pub backup_eligible: bool,
}

/// A use of a passkey, which was verified.
#[derive(Clone, Debug)]
pub struct PasskeyUse {
    /// What the authenticator knows it by.
    pub credential_id: Box<[u8]>,
    /// How often it has signed now.
    pub sign_count: u32,
    /// The challenge that it answered.
    pub challenge: [u8; 32],
    /// Until when that challenge would be taken.
    pub challenge_expires_unix_secs: i64,
}

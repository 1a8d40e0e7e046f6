//! API keys, as they are handed in and given out. The key itself is never here, only its digest.

use countersign_secret::api_key::{KeyDigest, KeyId};
use ipnet::IpNet;

/// Whom a key belongs to. Users and services share one name space, so that no service passes for a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A user by this name. The key has the user's groups and is worth nothing while the user is disabled.
    User(Box<str>),
    /// A program by this name. It has no groups.
    Service(Box<str>),
}

impl Owner {
    /// The name alone.
    #[must_use]
    pub const fn name(&self) -> &str {
        match self {
            Self::User(name) | Self::Service(name) => name,
        }
    }
}

/// A key to be kept.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// The key's public name.
    pub id: KeyId,
    /// What a presented key is compared with.
    pub digest: KeyDigest,
    /// Whom it belongs to. A user must exist.
    pub owner: Owner,
    /// A word for people to tell keys apart.
    pub label: Box<str>,
    /// The scopes that the key has.
    pub scopes: Vec<Box<str>>,
    /// From when on it is not taken any more.
    pub expires_unix_secs: Option<i64>,
    /// Where it may be used from; empty: from everywhere.
    pub networks: Vec<IpNet>,
}

/// A key, as an operator sees one: without the digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The key's public name.
    pub id: KeyId,
    /// Whom it belongs to.
    pub owner: Owner,
    /// A word for people to tell keys apart.
    pub label: Box<str>,
    /// The scopes that the key has.
    pub scopes: Vec<Box<str>>,
    /// Where it may be used from; empty: from everywhere.
    pub networks: Vec<IpNet>,
    /// When it was made.
    pub created_unix_secs: i64,
    /// From when on it is not taken any more.
    pub expires_unix_secs: Option<i64>,
    /// From when on it is revoked; a time to come is a period of grace.
    pub revoked_unix_secs: Option<i64>,
    /// The key that was made in its place.
    pub replaced_by: Option<KeyId>,
    /// When it was last noted as used.
    pub last_used_unix_secs: Option<i64>,
    /// Whether its user has made it, in the account, and no operator has given it scopes since.
    pub own: bool,
}

/// A key that a user makes in the account.
#[derive(Clone, Debug)]
pub struct NewOwnKey {
    /// The key's public name.
    pub id: KeyId,
    /// What a presented key is compared with.
    pub digest: KeyDigest,
    /// The store's key of the user.
    pub user_id: i64,
    /// A word by which its user tells it from others.
    pub label: Box<str>,
    /// The scopes that the key has.
    pub scopes: Vec<Box<str>>,
    /// From when on it is not taken any more.
    pub expires_unix_secs: i64,
    /// How many keys that are taken a user may have made.
    pub per_user_max: u32,
}

/// What came of making one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnKeyMade {
    /// It is kept.
    Yes(Box<Key>),
    /// The user is gone, or disabled.
    UserAbsent,
    /// The user has as many as may be.
    Full,
    /// The user has a key by this label that is still taken.
    LabelTaken,
}

/// A key, as a request that presents one needs it.
#[derive(Clone, Debug)]
pub struct KeyRecord {
    /// The key's public name.
    pub id: KeyId,
    /// What the presented key is compared with.
    pub digest: KeyDigest,
    /// Whom it belongs to.
    pub owner: Owner,
    /// Whether the owner is a user who is disabled.
    pub owner_disabled: bool,
    /// The owner's groups.
    pub groups: Vec<Box<str>>,
    /// The scopes that the key has.
    pub scopes: Vec<Box<str>>,
    /// From when on it is not taken any more.
    pub expires_unix_secs: Option<i64>,
    /// From when on it is revoked; a time to come is a period of grace.
    pub revoked_unix_secs: Option<i64>,
    /// Where it may be used from; empty: from everywhere.
    pub networks: Vec<IpNet>,
    /// Whether its user has made it, in the account, and no operator has given it scopes since.
    pub own: bool,
}

/// Which keys to list, by id.
#[derive(Clone, Debug)]
pub struct KeyList {
    /// Those of this user or service only.
    pub owner: Option<Box<str>>,
    /// Those after this id only: the last one of the page before.
    pub after: Option<KeyId>,
    /// So many at most.
    pub keys_max: u32,
}

/// What is changed of a key; `None`: it stays. The secret is never changed.
#[derive(Clone, Debug, Default)]
pub struct KeyEdit {
    /// A word for people to tell keys apart.
    pub label: Option<Box<str>>,
    /// The scopes that the key has. A key that its user has made is one of the operator's from then on.
    pub scopes: Option<Vec<Box<str>>>,
    /// From when on it is not taken any more; the inner `None`: it is taken for ever.
    pub expires_unix_secs: Option<Option<i64>>,
    /// Where it may be used from; empty: from everywhere.
    pub networks: Option<Vec<IpNet>>,
}

/// A new key in the place of an old one.
#[derive(Clone, Debug)]
pub struct Rotation {
    /// The key to be replaced. It must not be revoked, also not with a period of grace.
    pub old: KeyId,
    /// The new key's public name.
    pub id: KeyId,
    /// The new key's digest.
    pub digest: KeyDigest,
    /// How long the old one is still taken.
    pub grace_secs: u32,
}

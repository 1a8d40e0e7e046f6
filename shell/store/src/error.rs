//! Why the store did not do what it was asked.
//!
//! Knows faults of the caller (a name is taken, a key is not there) and of the machine (the disk is full).
//! [`StoreError::is_unavailable`] tells them apart.

use std::fmt;
use std::path::PathBuf;

use countersign_secret::api_key::KeyId;
use countersign_secret::session::SessionId;

/// Why the store did not do what it was asked. Nothing of the operation has been stored.
#[derive(Debug)]
pub enum StoreError {
    /// There is a user by this name.
    UserExists {
        /// The name.
        name: Box<str>,
    },
    /// There is no user by this name.
    UserAbsent {
        /// The name.
        name: Box<str>,
    },
    /// A service whose keys are still taken has this name, so no user can have it.
    NameOfService {
        /// The name.
        name: Box<str>,
    },
    /// A user has this name, so no service can have it.
    NameOfUser {
        /// The name.
        name: Box<str>,
    },
    /// There is a key by this id.
    KeyExists {
        /// The id.
        id: KeyId,
    },
    /// There is no key by this id.
    KeyAbsent {
        /// The id.
        id: KeyId,
    },
    /// The key is revoked, so it cannot be replaced.
    KeyRevoked {
        /// The id.
        id: KeyId,
    },
    /// There is no session by this id, or none of that user.
    SessionAbsent {
        /// The id.
        id: SessionId,
    },
    /// The account at a provider is linked with a user already.
    LinkExists,
    /// The user is linked with another account at the same provider.
    OtherLinkExists,
    /// The file cannot be opened.
    Open {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: EngineError,
    },
    /// The file is a database of another program.
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The database was written by a newer version of this program.
    Newer {
        /// The last migration that was applied to it.
        found: u32,
        /// The last migration that this program knows.
        known: u32,
    },
    /// A migration that was applied to the database is not the one that this program has by its number.
    MigrationChanged {
        /// Its number.
        version: u32,
        /// Its name in this program.
        name: &'static str,
    },
    /// Another file, or none, is where the one was that is open: what is done to one is not seen by who uses the other.
    Replaced {
        /// The file.
        path: PathBuf,
    },
    /// Another process has kept the database locked for too long.
    Busy,
    /// The disk is full.
    DiskFull,
    /// The file or its folder cannot be written.
    ReadOnly,
    /// The file is damaged or not a database.
    Damaged,
    /// A record does not hold what it should.
    Malformed {
        /// Which kind of record.
        record: Kept,
    },
    /// The writer has ended.
    Closed,
    /// Anything else.
    Engine(EngineError),
}

/// The kinds of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// A user.
    User,
    /// An API key.
    Key,
    /// A session.
    Session,
    /// A refusal.
    Refusal,
    /// A brake, or the lift of one.
    Brake,
    /// An act of administration.
    Act,
    /// A random value that belongs to the database.
    Meta,
}

impl StoreError {
    /// Whether the store could not be asked at all, through no fault of the operation: the request that
    /// needed it is to be answered with 503.
    #[must_use]
    pub const fn is_unavailable(&self) -> bool {
        match self {
            Self::UserExists { .. }
            | Self::UserAbsent { .. }
            | Self::NameOfService { .. }
            | Self::NameOfUser { .. }
            | Self::KeyExists { .. }
            | Self::KeyAbsent { .. }
            | Self::KeyRevoked { .. }
            | Self::SessionAbsent { .. }
            | Self::LinkExists
            | Self::OtherLinkExists => false,
            Self::Open { .. }
            | Self::Foreign { .. }
            | Self::Newer { .. }
            | Self::MigrationChanged { .. }
            | Self::Replaced { .. }
            | Self::Busy
            | Self::DiskFull
            | Self::ReadOnly
            | Self::Damaged
            | Self::Malformed { .. }
            | Self::Closed
            | Self::Engine(_) => true,
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UserExists { name } => write!(f, "there is a user `{name}` already"),
            Self::UserAbsent { name } => write!(f, "there is no user `{name}`"),
            Self::NameOfService { name } => {
                write!(f, "`{name}` is the name of a service that has API keys")
            }
            Self::NameOfUser { name } => write!(f, "`{name}` is the name of a user"),
            Self::KeyExists { id } => write!(f, "there is an API key `{id}` already"),
            Self::KeyAbsent { id } => write!(f, "there is no API key `{id}`"),
            Self::KeyRevoked { id } => write!(f, "the API key `{id}` is revoked"),
            Self::SessionAbsent { id } => write!(f, "there is no session `{id}`"),
            Self::LinkExists => {
                f.write_str("the account at the provider is linked with a user already")
            }
            Self::OtherLinkExists => {
                f.write_str("the user is linked with another account at this provider")
            }
            Self::Open { path, source } => {
                write!(f, "cannot open the database `{}`: {source}", path.display())
            }
            Self::Foreign { path } => {
                write!(f, "`{}` is a database of another program", path.display())
            }
            Self::Newer { found, known } => write!(
                f,
                "the database has the form {found} of a newer version, and this one knows forms up to {known}"
            ),
            Self::MigrationChanged { version, name } => write!(
                f,
                "the database was built with another migration {version} than this version's `{name}`"
            ),
            Self::Replaced { path } => write!(
                f,
                "the file of the database `{}` was deleted or replaced by another while it was open",
                path.display()
            ),
            Self::Busy => f.write_str("another process keeps the database locked"),
            Self::DiskFull => f.write_str("the disk of the database is full"),
            Self::ReadOnly => f.write_str("the database cannot be written"),
            Self::Damaged => f.write_str("the file of the database is damaged or not a database"),
            Self::Malformed { record } => {
                let record = match record {
                    Kept::User => "user",
                    Kept::Key => "API key",
                    Kept::Session => "session",
                    Kept::Refusal => "refusal",
                    Kept::Brake => "brake",
                    Kept::Act => "act of administration",
                    Kept::Meta => "meta",
                };
                write!(f, "a {record} record of the database is malformed")
            }
            Self::Closed => f.write_str("the database is closed"),
            Self::Engine(source) => write!(f, "the database failed: {source}"),
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Open { source, .. } | Self::Engine(source) => Some(source),
            Self::UserExists { .. }
            | Self::UserAbsent { .. }
            | Self::NameOfService { .. }
            | Self::NameOfUser { .. }
            | Self::KeyExists { .. }
            | Self::KeyAbsent { .. }
            | Self::KeyRevoked { .. }
            | Self::SessionAbsent { .. }
            | Self::LinkExists
            | Self::OtherLinkExists
            | Self::Foreign { .. }
            | Self::Newer { .. }
            | Self::MigrationChanged { .. }
            | Self::Replaced { .. }
            | Self::Busy
            | Self::DiskFull
            | Self::ReadOnly
            | Self::Damaged
            | Self::Malformed { .. }
            | Self::Closed => None,
        }
    }
}

/// What the engine itself said, whichever engine it is.
#[derive(Debug)]
pub struct EngineError(Box<dyn std::error::Error + Send + Sync>);

impl EngineError {
    pub(crate) fn new(source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self(Box::new(source))
    }
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for EngineError {}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            Some(ErrorCode::ReadOnly) => Self::ReadOnly,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged,
            Some(_) | None => Self::Engine(EngineError::new(error)),
        }
    }
}

//! Copies of a store: one that is consistent while gateways use it, and one that takes the store's place.
//!
//! Knows files, locks and checksums. Does not know what is in the tables beyond how much there is. A copy is made beside the
//! place where it is to be, looked at, and put there in one step: who is killed before that has changed nothing.

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use rusqlite::{Connection, OpenFlags};
use tempfile::NamedTempFile;

use super::acts;
use super::migrations::{self, hexadecimal};
use crate::{EngineError, NewAct, Outcome, StoreError};

/// How long a store that is to be replaced may be held by somebody else: a gateway does not let it go.
const HELD_PATIENCE: Duration = Duration::from_millis(200);

/// What is in a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The form of the database, counted from 1.
    pub form: u32,
    /// How many users there are.
    pub users: u64,
    /// How many API keys there are, those that are revoked or have run out among them.
    pub keys: u64,
}

/// Why there is no copy. Nothing has been changed.
#[derive(Debug)]
pub enum CopyError {
    /// There is no such file.
    Absent {
        /// The file.
        path: PathBuf,
    },
    /// There is a file where the copy is to be.
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A gateway or another command uses the store.
    InUse,
    /// The file is a store that something uses, not a copy of one.
    NotACopy {
        /// The file.
        path: PathBuf,
    },
    /// The file has another checksum than was asked for.
    Checksum {
        /// The one that it has, in hexadecimal.
        found: String,
    },
    /// The database is not whole, and what SQLite says of it.
    NotWhole {
        /// The first of what it says.
        finding: String,
    },
    /// A file cannot be read or written.
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// What the store says.
    Store(StoreError),
}

impl fmt::Display for CopyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent { path } => write!(f, "there is no file `{}`", path.display()),
            Self::Exists { path } => write!(f, "there is a file `{}` already", path.display()),
            Self::InUse => f.write_str("a gateway or another command uses the store"),
            Self::NotACopy { path } => write!(
                f,
                "`{}` has a log beside it: it is a store in use, or one that was not closed",
                path.display()
            ),
            Self::Checksum { found } => write!(f, "the file has the SHA-256 {found}"),
            Self::NotWhole { finding } => write!(f, "the database is not whole: {finding}"),
            Self::File { path, source } => write!(f, "`{}`: {source}", path.display()),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for CopyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File { source, .. } => Some(source),
            Self::Store(error) => Some(error),
            Self::Absent { .. }
            | Self::Exists { .. }
            | Self::InUse
            | Self::NotACopy { .. }
            | Self::Checksum { .. }
            | Self::NotWhole { .. } => None,
        }
    }
}

impl From<StoreError> for CopyError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<rusqlite::Error> for CopyError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Looks at a store without changing it: whose it is, its form, whether it is whole, and whether it can be written.
///
/// # Errors
///
/// What is wrong with it.
pub fn examine(path: &Path) -> Result<Content, CopyError> {
    let connection = open(path)?;
    migrations::check(&connection, path)?;
    let content = content(&connection)?;
    connection.execute_batch("BEGIN IMMEDIATE; ROLLBACK;")?;
    Ok(content)
}

/// A copy that is whole and on the disk, and not yet where it is to be.
#[derive(Debug)]
pub struct Backup {
    copy: NamedTempFile,
    to: PathBuf,
    /// What is in it.
    pub content: Content,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
}

impl Backup {
    /// Copies the store as it is at one moment, whatever gateways and commands do to it meanwhile.
    ///
    /// # Errors
    ///
    /// [`CopyError`].
    pub fn make(store: &Path, to: &Path) -> Result<Self, CopyError> {
        let connection = open(store)?;
        migrations::check(&connection, store)?;
        let copy = beside(to)?;
        // SQLite takes an empty file for a new database, and leaves it to its owner alone.
        let name = copy.path().to_str().ok_or_else(|| CopyError::File {
            path: copy.path().to_owned(),
            source: io::ErrorKind::InvalidFilename.into(),
        })?;
        connection.execute("VACUUM INTO ?1", [name])?;
        drop(connection);
        let content = whole(copy.path())?;
        sync(copy.path())?;
        let sha256 = sha256(copy.path())?;
        Ok(Self {
            copy,
            to: to.to_owned(),
            content,
            sha256,
        })
    }

    /// Puts it where it is to be, over a file that is there only with `over`.
    ///
    /// # Errors
    ///
    /// [`CopyError`].
    pub fn put(self, over: bool) -> Result<(), CopyError> {
        let placed = match over {
            true => self.copy.persist(&self.to),
            false => self.copy.persist_noclobber(&self.to),
        };
        placed.map_err(|error| {
            if error.error.kind() == io::ErrorKind::AlreadyExists {
                CopyError::Exists {
                    path: self.to.clone(),
                }
            } else {
                failed(&self.to)(error.error)
            }
        })?;
        sync(&folder(&self.to))
    }
}

/// A copy of a backup that is whole, in this version's form and on the disk, and has not yet taken the store's place.
#[derive(Debug)]
pub struct Restore {
    copy: NamedTempFile,
    store: PathBuf,
    /// What is in it.
    pub content: Content,
    /// The form that the backup has, which may be an older one.
    pub form_before: u32,
}

impl Restore {
    /// Copies a backup and brings the copy up to this version's form. `sha256` is the checksum that it must have, if known.
    ///
    /// # Errors
    ///
    /// [`CopyError`].
    pub fn make(from: &Path, store: &Path, checksum: Option<&str>) -> Result<Self, CopyError> {
        let log = with_suffix(from, "-wal");
        if fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
            return Err(CopyError::NotACopy {
                path: from.to_owned(),
            });
        }
        let mut source = File::open(from).map_err(|source| {
            if source.kind() == io::ErrorKind::NotFound {
                CopyError::Absent {
                    path: from.to_owned(),
                }
            } else {
                failed(from)(source)
            }
        })?;
        let mut copy = beside(store)?;
        io::copy(&mut source, copy.as_file_mut()).map_err(failed(from))?;
        let found = sha256(copy.path())?;
        if checksum.is_some_and(|wanted| !wanted.eq_ignore_ascii_case(&found)) {
            return Err(CopyError::Checksum { found });
        }
        let form_before = whole(copy.path())?.form;
        let connection = open(copy.path())?;
        migrations::apply(&connection, migrations::ALL, from)?;
        // A copy that was made by hand may keep a log of its own, which would not be moved with it.
        connection.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))?;
        drop(connection);
        let content = whole(copy.path())?;
        sync(copy.path())?;
        Ok(Self {
            copy,
            store: store.to_owned(),
            content,
            form_before,
        })
    }

    /// Records the act in the copy, as done: it is there if and only if the copy takes the store's place.
    ///
    /// # Errors
    ///
    /// [`CopyError`].
    pub fn record(&self, act: &NewAct, now_unix_secs: i64) -> Result<(), CopyError> {
        let connection = open(self.copy.path())?;
        connection.execute_batch("BEGIN IMMEDIATE")?;
        let id = acts::begin(&connection, act, None, now_unix_secs)?;
        acts::end(&connection, id, &Outcome::Done(None))?;
        connection.execute_batch("COMMIT")?;
        drop(connection);
        sync(self.copy.path())
    }

    /// Takes the place of the store; of one that is there only with `over`, and never of one that is in use.
    ///
    /// # Errors
    ///
    /// [`CopyError`].
    pub fn put(self, over: bool) -> Result<(), CopyError> {
        let held = if self.store.exists() {
            if !over {
                return Err(CopyError::Exists { path: self.store });
            }
            hold(&self.store)?
        } else {
            None
        };
        let placed = self.copy.persist(&self.store);
        placed.map_err(|error| failed(&self.store)(error.error))?;
        drop(held);
        sync(&folder(&self.store))
    }
}

/// Keeps everybody else out of a store that is to be replaced, and takes in what its log still has: a log that is left
/// behind would be taken for the next database's. `None` where it is too damaged to be in use.
fn hold(store: &Path) -> Result<Option<Connection>, CopyError> {
    let held = open(store).and_then(|connection| {
        connection.busy_timeout(HELD_PATIENCE)?;
        // Nobody else may have the database open for that.
        connection.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))?;
        connection.execute_batch("BEGIN EXCLUSIVE")?;
        Ok(connection)
    });
    match held {
        Ok(connection) => Ok(Some(connection)),
        Err(CopyError::Store(StoreError::Busy)) => Err(CopyError::InUse),
        Err(CopyError::Store(StoreError::Damaged)) => {
            for suffix in ["-wal", "-shm", "-journal"] {
                let log = with_suffix(store, suffix);
                match fs::remove_file(&log) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        return Err(failed(&log)(error));
                    }
                    Ok(()) | Err(_) => {}
                }
            }
            Ok(None)
        }
        Err(other) => Err(other),
    }
}

/// A connection to a file that is there.
fn open(path: &Path) -> Result<Connection, CopyError> {
    if !path.exists() {
        return Err(CopyError::Absent {
            path: path.to_owned(),
        });
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(path, flags).map_err(|error| StoreError::Open {
            path: path.to_owned(),
            source: EngineError::new(error),
        })?;
    connection.execute_batch("PRAGMA trusted_schema = OFF; PRAGMA synchronous = FULL;")?;
    Ok(connection)
}

/// What is in a database of ours that is whole.
fn whole(path: &Path) -> Result<Content, CopyError> {
    let connection = open(path)?;
    migrations::check(&connection, path)?;
    content(&connection)
}

fn content(connection: &Connection) -> Result<Content, CopyError> {
    let finding: String =
        connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if finding != "ok" {
        return Err(CopyError::NotWhole { finding });
    }
    let count = |table: &str| {
        let sql = format!("SELECT count(*) FROM {table}");
        connection.query_row(&sql, [], |row| row.get(0).map(i64::unsigned_abs))
    };
    Ok(Content {
        form: migrations::form(connection)?,
        users: count("users")?,
        keys: count("api_keys")?,
    })
}

/// An empty file for its owner alone, in the folder of another.
fn beside(path: &Path) -> Result<NamedTempFile, CopyError> {
    let folder = folder(path);
    let mut builder = tempfile::Builder::new();
    builder.prefix(".countersign-").suffix(".part");
    builder.tempfile_in(&folder).map_err(failed(&folder))
}

fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        Some(_) | None => PathBuf::from("."),
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

fn sync(path: &Path) -> Result<(), CopyError> {
    File::open(path)
        .and_then(|file| file.sync_all())
        .map_err(failed(path))
}

fn sha256(path: &Path) -> Result<String, CopyError> {
    let mut file = File::open(path).map_err(failed(path))?;
    let mut hash = Context::new(&SHA256);
    let mut part = vec![0; 64 * 1024];
    loop {
        let read = file.read(&mut part).map_err(failed(path))?;
        if read == 0 {
            return Ok(hexadecimal(hash.finish().as_ref()));
        }
        hash.update(part.get(..read).unwrap_or_default());
    }
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> CopyError + use<> {
    let path = path.to_owned();
    move |source| CopyError::File { path, source }
}

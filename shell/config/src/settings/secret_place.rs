//! Where a secret of one line is: in a file, or in a variable of the environment.
//!
//! Knows: how it is read. Does not know what it is for, and never shows it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use countersign_secret::Secret;

use crate::surroundings::{FileSystem, Surroundings as _};

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretPlace {
    /// In this file, which may be a credential of systemd.
    File(PathBuf),
    /// In the variable of the environment by this name.
    Variable(Box<str>),
}

impl SecretPlace {
    /// The secret as it stands there.
    ///
    /// # Errors
    ///
    /// Why it cannot be read. A variable that is not there is `NotFound`.
    pub fn read(&self) -> Result<Secret<Vec<u8>>, io::ErrorKind> {
        match self {
            Self::File(path) => FileSystem.read(path).map(Secret::new),
            Self::Variable(name) => FileSystem
                .variable(name)
                .map(Secret::new)
                .ok_or(io::ErrorKind::NotFound),
        }
    }

    /// The file, where it is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Variable(_) => None,
        }
    }
}

impl fmt::Display for SecretPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "`{}`", path.display()),
            Self::Variable(name) => write!(f, "the variable `{name}`"),
        }
    }
}

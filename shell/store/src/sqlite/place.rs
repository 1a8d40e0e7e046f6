//! Whether the file that is open is still the one at its path.
//!
//! Knows device and inode, which tell files apart whatever they are called. Does not know what is in them. Two files by one name
//! are two stores: who is disabled in one is let in by the other, and connections opened later would mix them.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::{EngineError, StoreError};

pub(super) struct Place {
    path: PathBuf,
    device: u64,
    inode: u64,
    /// As it was when it was looked at last.
    lost: AtomicBool,
}

impl Place {
    /// The file is there, and was just opened.
    pub(super) fn of(path: &Path) -> Result<Self, StoreError> {
        let found = fs::metadata(path).map_err(|source| StoreError::Open {
            path: path.to_owned(),
            source: EngineError::new(source),
        })?;
        Ok(Self {
            path: path.to_owned(),
            device: found.dev(),
            inode: found.ino(),
            lost: AtomicBool::new(false),
        })
    }

    /// Looks.
    pub(super) fn look(&self) -> Result<(), StoreError> {
        let found = fs::metadata(&self.path);
        let same = found.is_ok_and(|found| (found.dev(), found.ino()) == (self.device, self.inode));
        self.lost.store(!same, Ordering::Relaxed);
        self.held()
    }

    /// What the last look has found.
    pub(super) fn held(&self) -> Result<(), StoreError> {
        if self.lost.load(Ordering::Relaxed) {
            return Err(StoreError::Replaced {
                path: self.path.clone(),
            });
        }
        Ok(())
    }
}

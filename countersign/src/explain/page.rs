//! The report as a file.
//!
//! Knows: when a file has to be opened and when it is written. Does not know what is in it.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// A file that can be written, and is not yet.
pub(super) struct Page {
    file: File,
    path: PathBuf,
}

impl Page {
    /// Opens it, and leaves what is in it as it is.
    pub(super) fn open(path: &Path) -> Result<Page, Failure> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        let file = options.open(path).map_err(|error| {
            Failure::usage(format!("cannot write `{}`: {error}", path.display())).help(
                "nothing was sent yet; `--report FILE.html` names a file in a folder that is there",
            )
        })?;
        Ok(Page {
            file,
            path: path.to_owned(),
        })
    }

    /// Writes the page in place of what was there, and says where.
    pub(super) fn write(mut self, html: &str) -> Result<(), Failure> {
        let length = html.len() as u64;
        let written = self.file.write_all(html.as_bytes()).and_then(|()| {
            match self.file.metadata()?.is_file() {
                true => self.file.set_len(length),
                // A device or a pipe has no length.
                false => Ok(()),
            }
        });
        let path = self.path.display();
        written.map_err(|error| Failure::usage(format!("cannot write `{path}`: {error}")))?;
        eprintln!("the report is in `{path}`");
        Ok(())
    }
}

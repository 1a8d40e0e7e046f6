//! From what people paste to a case.
//!
//! Knows: the forms in which requests are written down. Does not know what is wrong with one, but for what the form
//! itself shows: a shell that ate a letter, an address that is none.

pub mod curl;
mod files;
pub mod har;
pub mod home;
pub mod netrc;
mod pasted;
pub mod postman;
pub mod raw;
pub(crate) mod sender;

use std::fmt;

pub(crate) use files::Noting;
pub use files::{Disk, Files, NoFiles, OfStranger};
pub use pasted::pasted;
pub use sender::sent_by;

/// What is read of one paste or file at most.
pub const TEXT_BYTES_MAX: usize = 8 * 1024 * 1024;

/// More fields than any server takes.
const FIELDS_MAX: usize = 1000;

/// Refuses what is too long to be a request that somebody wrote down.
fn bounded(bytes: usize) -> Result<(), ReadFault> {
    if bytes > TEXT_BYTES_MAX {
        return Err(ReadFault::new("the text is longer than 8 MiB")
            .with_help("hand in one request alone, without the bodies around it"));
    }
    Ok(())
}

/// Why something pasted cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadFault {
    /// One lower-case sentence, without anything secret.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl ReadFault {
    /// A fault.
    #[must_use]
    pub fn new(message: impl Into<String>) -> ReadFault {
        ReadFault {
            message: message.into(),
            help: None,
        }
    }

    /// The same with a help.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> ReadFault {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for ReadFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ReadFault {}

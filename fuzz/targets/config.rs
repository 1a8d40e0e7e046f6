//! The configuration file: any text is checked to its end, and what is wrong with it can be shown.

#![no_main]

use std::io;
use std::path::Path;

use countersign_config::{Access, Look, Surroundings, check};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let outcome = check(text, Path::new("countersign.toml"), &Canned);
    assert_eq!(outcome.checked.is_some(), outcome.findings.errors() == 0);
    let shown = outcome.findings.render(Look::Plain);
    assert!(outcome.findings.is_empty() || !shown.is_empty());
});

/// Whatever file is named is there, and a good secret for a symmetric key.
struct Canned;

impl Surroundings for Canned {
    fn read(&self, _: &Path) -> Result<Vec<u8>, io::ErrorKind> {
        Ok(vec![b'k'; 64])
    }

    fn access(&self, _: &Path) -> Option<Access> {
        Some(Access::default())
    }

    fn cores(&self) -> usize {
        2
    }
}

//! The htpasswd format of Apache and nginx.
//!
//! Knows: lines. Does not know the store, and never repeats what stands after a colon: it may be a password in clear.
//!
//! ```abnf
//! file    = *( line LF ) [ line ]      ; a CR before LF is dropped
//! line    = *WSP / "#" *OCTET / entry
//! entry   = name ":" hash [ ":" *OCTET ] *WSP   ; what follows a second colon is a comment
//! ```

use std::collections::HashMap;
use std::fmt;

use countersign_secret::password::{HashDefect, PasswordHash};

use crate::names::{self, NameDefect};

/// What a file holds.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) entries: Vec<Entry>,
    pub(super) faults: Vec<Fault>,
}

/// A user of the file.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) line: usize,
    pub(super) name: Box<str>,
    pub(super) hash: PasswordHash,
}

/// A line that cannot be taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) line: usize,
    pub(super) defect: LineDefect,
}

/// Why a line cannot be taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum LineDefect {
    NotUtf8,
    NoColon,
    Name(NameDefect),
    Twice { first_line: usize },
    NoHash,
    Hash(HashDefect),
}

impl fmt::Display for LineDefect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUtf8 => f.write_str("the line is not UTF-8"),
            Self::NoColon => f.write_str("there is no colon between name and hash"),
            Self::Name(defect) => write!(f, "the name cannot be taken: {defect}"),
            Self::Twice { first_line } => write!(f, "the name stands on line {first_line} already"),
            Self::NoHash => f.write_str("there is no hash after the colon"),
            Self::Hash(defect) => defect.fmt(f),
        }
    }
}

/// Reads all lines, whatever is wrong with some of them.
pub(super) fn parse(bytes: &[u8]) -> File {
    // Some editors put a byte order mark in front.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut file = File::default();
    let mut lines_by_name: HashMap<Box<str>, usize> = HashMap::new();
    for (line, bytes) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        match entry(bytes) {
            Ok(None) => {}
            Ok(Some((name, hash))) => match lines_by_name.get(&name) {
                Some(&first_line) => file.faults.push(Fault {
                    line,
                    defect: LineDefect::Twice { first_line },
                }),
                None => {
                    lines_by_name.insert(name.clone(), line);
                    file.entries.push(Entry { line, name, hash });
                }
            },
            Err(defect) => file.faults.push(Fault { line, defect }),
        }
    }
    file
}

fn entry(line: &[u8]) -> Result<Option<(Box<str>, PasswordHash)>, LineDefect> {
    let line = line.trim_ascii_end();
    if line.is_empty() || line.starts_with(b"#") {
        return Ok(None);
    }
    let line = std::str::from_utf8(line).map_err(|_| LineDefect::NotUtf8)?;
    let (name, rest) = line.split_once(':').ok_or(LineDefect::NoColon)?;
    let name = names::parse(name).map_err(LineDefect::Name)?;
    let hash = rest.split(':').next().unwrap_or_default();
    if hash.is_empty() {
        return Err(LineDefect::NoHash);
    }
    let hash = PasswordHash::parse(hash.trim_ascii_end()).map_err(LineDefect::Hash)?;
    Ok(Some((name, hash)))
}

#[cfg(test)]
mod tests {
    use countersign_secret::password::HashKind;

    use super::*;

    const SHA: &str = "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=";

    fn faults(text: &[u8]) -> Vec<(usize, String)> {
        parse(text)
            .faults
            .into_iter()
            .map(|fault| (fault.line, fault.defect.to_string()))
            .collect()
    }

    #[test]
    fn comments_blank_lines_crlf_a_mark_and_a_comment_field_are_passed_over() {
        let text =
            format!("\u{feff}# users\r\n\r\nalice:{SHA}\r\n  \nbob:{SHA}:since 2019\ncarol:{SHA}");
        let file = parse(text.as_bytes());
        assert_eq!(file.faults, []);
        let found: Vec<_> = file
            .entries
            .iter()
            .map(|entry| (entry.line, &*entry.name, entry.hash.kind()))
            .collect();
        assert_eq!(
            found,
            [
                (3, "alice", HashKind::Sha1),
                (5, "bob", HashKind::Sha1),
                (6, "carol", HashKind::Sha1)
            ]
        );
    }

    #[test]
    fn every_bad_line_is_told_and_no_hash() {
        let text = format!(
            "alice\nbob:\n:{SHA}\ncarol:$y$j9T$F5Jx5fExrKuPp53xLKQ..1$x\ndave:hunter2hunter2\neve:{SHA}\neve:{SHA}\n"
        );
        assert_eq!(
            faults(text.as_bytes()),
            [
                (1, "there is no colon between name and hash".to_owned()),
                (2, "there is no hash after the colon".to_owned()),
                (3, "the name cannot be taken: it is empty".to_owned()),
                (
                    4,
                    "password hashes of the kind yescrypt are not taken".to_owned()
                ),
                (
                    5,
                    "this is not a password hash of any known kind".to_owned()
                ),
                (7, "the name stands on line 6 already".to_owned()),
            ]
        );
    }

    #[test]
    fn hostile_bytes_are_faults_of_their_lines() {
        assert_eq!(
            faults(b"\xff\xfe:x"),
            [(1, "the line is not UTF-8".to_owned())]
        );
        assert_eq!(
            faults(b"a\0b:x"),
            [(
                1,
                "the name cannot be taken: it has a control character".to_owned()
            )]
        );
        assert_eq!(faults(b""), []);
        let long = [b"a:".as_slice(), &vec![b'x'; 1_000_000]].concat();
        assert_eq!(
            faults(&long),
            [(1, "a password hash has at most 512 bytes".to_owned())]
        );
    }

    #[test]
    fn two_writings_of_one_name_are_one_name() {
        let text = format!("Zo\u{eb}:{SHA}\nZoe\u{308}:{SHA}\n");
        assert_eq!(
            faults(text.as_bytes()),
            [(2, "the name stands on line 1 already".to_owned())]
        );
    }
}

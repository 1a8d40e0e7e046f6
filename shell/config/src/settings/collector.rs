//! A collector of OpenTelemetry that something is posted to.
//!
//! Knows: values that have been checked, and the form of a file with header lines. Does not know what is posted.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use http::header::{
    CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE, USER_AGENT,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::SecretPlace;

/// Names that the gateway writes itself, or that would change what a request is.
const RESERVED: [HeaderName; 11] = [
    CONNECTION,
    CONTENT_ENCODING,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    EXPECT,
    HOST,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
    USER_AGENT,
];

/// A collector, and who posts to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collector {
    /// The address that is posted to.
    pub url: String,
    /// What the gateway is called there.
    pub service_name: Box<str>,
    /// What else is said of the gateway: names, each with one value or a list.
    pub attributes: Vec<(Box<str>, Vec<Box<str>>)>,
    /// How long the collector may take to answer.
    pub answer: Duration,
    /// PEM certificates that are trusted for the collector beside the system's.
    pub ca_file: Option<PathBuf>,
    /// Header lines that are posted along, which may be secret.
    pub headers: Option<SecretPlace>,
}

impl Collector {
    /// The header lines as they are now, so that a secret can be changed while the gateway runs.
    ///
    /// # Errors
    ///
    /// Why there are none. Nothing of what they hold is in it.
    pub fn read_headers(&self) -> Result<HeaderMap, HeadersUnread> {
        let Some(place) = &self.headers else {
            return Ok(HeaderMap::new());
        };
        let bytes = place.read().map_err(HeadersUnread::Place)?;
        header_lines(bytes.expose()).map_err(HeadersUnread::Line)
    }
}

/// Why header lines were not read.
#[derive(Debug)]
pub enum HeadersUnread {
    /// The file or variable cannot be read.
    Place(io::ErrorKind),
    /// One of the lines is none.
    Line(HeaderLineDefect),
}

impl fmt::Display for HeadersUnread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Place(why) => write!(f, "{why}"),
            Self::Line(HeaderLineDefect { line, what }) => write!(f, "line {line} {what}"),
        }
    }
}

/// A line that is no header line, or not one that may stand there. What it holds is not in it: it may be a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeaderLineDefect {
    /// Counted from one.
    pub line: usize,
    /// What is wrong, to follow "line 1".
    pub what: &'static str,
}

/// Reads `Name: value` in each line; empty lines are passed over.
pub(crate) fn header_lines(text: &[u8]) -> Result<HeaderMap, HeaderLineDefect> {
    let mut headers = HeaderMap::new();
    for (line, text) in (1..).zip(text.split(|byte| *byte == b'\n')) {
        let text = text.trim_ascii();
        if text.is_empty() {
            continue;
        }
        let (name, value) = header_line(text).map_err(|what| HeaderLineDefect { line, what })?;
        headers.append(name, value);
    }
    Ok(headers)
}

fn header_line(text: &[u8]) -> Result<(HeaderName, HeaderValue), &'static str> {
    let colon = text.iter().position(|byte| *byte == b':');
    let (name, value) = colon
        .and_then(|colon| text.split_at_checked(colon))
        .ok_or("has no colon after a name")?;
    let name = HeaderName::from_bytes(name).map_err(|_| "has no name of a header")?;
    if RESERVED.contains(&name) {
        return Err("names a header that the gateway writes itself");
    }
    let value = value.strip_prefix(b":").unwrap_or(value).trim_ascii();
    let mut value = HeaderValue::from_bytes(value).map_err(|_| "has a value that no header has")?;
    value.set_sensitive(true);
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn header_lines_are_read_and_not_shown() {
        let headers = header_lines(b"Authorization: Bearer hunter2\r\n\nx-scope:a:b\n").unwrap();
        assert_eq!(headers.len(), 2);
        assert_eq!(headers.get("authorization").unwrap(), "Bearer hunter2");
        assert_eq!(headers.get("x-scope").unwrap(), "a:b");
        assert!(!format!("{headers:?}").contains("hunter2"));
    }

    #[test]
    fn what_is_no_header_line_is_told_without_its_words() {
        for (text, line) in [
            (&b"hunter2"[..], 1),
            (b"a: b\nhunt er: 2", 2),
            (b"\n\nContent-Length: 5", 3),
            (b"host: x", 1),
            (b"a: hunter\x002", 1),
            (b": hunter2", 1),
        ] {
            let defect = header_lines(text).unwrap_err();
            assert_eq!(defect.line, line);
            let told = HeadersUnread::Line(defect).to_string();
            assert!(!told.contains("hunter"), "{told}");
        }
        assert!(header_lines(b"").unwrap().is_empty());
    }
}

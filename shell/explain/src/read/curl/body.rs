//! The body that `-d`, `-F`, `--json` and their kin make.
//!
//! Knows: how curl joins and encodes the parts. Does not know the method that follows from it.

use super::options::What;
use crate::read::Files;

/// Data options in their order.
#[derive(Default)]
pub(super) struct Data {
    parts: Vec<(What, String)>,
}

/// A body and the type that curl gives it.
pub(super) struct Body {
    /// The bytes.
    pub(super) bytes: Vec<u8>,
    /// The value of `Content-Type`, where curl adds one.
    pub(super) kind: Option<String>,
}

/// What parts the parts of a form; any line that does not occur in them does.
const BOUNDARY: &str = "------------------------d74496d66958873e";

impl Data {
    pub(super) fn add(&mut self, what: What, value: String) {
        self.parts.push((what, value));
    }

    fn has(&self, what: What) -> bool {
        self.parts.iter().any(|(own, _)| *own == what)
    }

    pub(super) fn is_json(&self) -> bool {
        self.has(What::Json)
    }

    /// Whether there are parts of `-F`.
    fn is_form(&self) -> bool {
        self.has(What::Form) || self.has(What::FormString)
    }

    /// The body, if any data was given, and the names of files that could not be read.
    pub(super) fn body(&self, files: &dyn Files) -> (Option<Body>, Vec<String>) {
        let mut missing = Vec::new();
        let mut read = |name: &str| {
            files.read(name).unwrap_or_else(|_| {
                missing.push(name.to_owned());
                Vec::new()
            })
        };
        let body = if self.parts.is_empty() {
            None
        } else if self.is_form() {
            Some(Body {
                bytes: self.multipart(&mut read),
                kind: Some(format!("multipart/form-data; boundary={BOUNDARY}")),
            })
        } else {
            let kind = match self.is_json() {
                true => "application/json",
                false => "application/x-www-form-urlencoded",
            };
            Some(Body {
                bytes: self.joined(&mut read),
                kind: Some(kind.to_owned()),
            })
        };
        (body, missing)
    }

    fn joined(&self, read: &mut dyn FnMut(&str) -> Vec<u8>) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (index, (what, value)) in self.parts.iter().enumerate() {
            if index > 0 && *what != What::Json {
                bytes.push(b'&');
            }
            let file = value.strip_prefix('@');
            match (what, file) {
                (What::DataUrlencode, _) => bytes.extend(urlencoded(value, read).into_bytes()),
                (What::DataBinary | What::Json, Some(name)) => bytes.extend(read(name)),
                // Line breaks of a file that `-d` reads are left out.
                (What::Data, Some(name)) => bytes.extend(
                    read(name)
                        .into_iter()
                        .filter(|byte| !matches!(byte, b'\r' | b'\n' | 0)),
                ),
                _ => bytes.extend_from_slice(value.as_bytes()),
            }
        }
        bytes
    }

    fn multipart(&self, read: &mut dyn FnMut(&str) -> Vec<u8>) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (what, value) in &self.parts {
            let (name, content) = value.split_once('=').unwrap_or((value, ""));
            let mut line = |text: &str| bytes.extend_from_slice(format!("{text}\r\n").as_bytes());
            line(&format!("--{BOUNDARY}"));
            let disposition = format!("Content-Disposition: form-data; name=\"{name}\"");
            let file = content.strip_prefix(['@', '<']);
            match file.filter(|_| *what == What::Form) {
                Some(file) => {
                    // `;type=` and `;filename=` follow the name of a file.
                    let file = file.split(';').next().unwrap_or_default();
                    let base = file.rsplit('/').next().unwrap_or_default();
                    line(&format!("{disposition}; filename=\"{base}\""));
                    line("Content-Type: application/octet-stream");
                    line("");
                    bytes.extend(read(file));
                }
                None => {
                    line(&disposition);
                    line("");
                    bytes.extend_from_slice(content.as_bytes());
                }
            }
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        bytes
    }
}

/// `--data-urlencode`: `content`, `=content`, `name=content`, `@file` or `name@file`.
pub(super) fn urlencoded(value: &str, read: &mut dyn FnMut(&str) -> Vec<u8>) -> String {
    let mark = value.find(['=', '@']);
    let Some((name, rest)) = mark.and_then(|mark| value.split_at_checked(mark)) else {
        return encoded(value.as_bytes());
    };
    let content = match rest.strip_prefix('@') {
        Some(file) => encoded(&read(file)),
        None => encoded(rest.strip_prefix('=').unwrap_or_default().as_bytes()),
    };
    match name {
        "" => content,
        name => format!("{name}={content}"),
    }
}

fn encoded(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(*byte));
            }
            b' ' => out.push('+'),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

//! The head of a message.
//!
//! Knows: start lines, fields, pseudo-fields, and the forms in which browsers show them. Does not know what they mean.

use http::Version;

use crate::read::{FIELDS_MAX, ReadFault};

/// Start line and fields.
#[derive(Default)]
pub(super) struct Head {
    /// The first line, where it is one.
    pub(super) start: Option<Line>,
    /// The fields, in order. Values may be secret.
    pub(super) fields: Vec<(String, Vec<u8>)>,
    /// The pseudo-fields of HTTP/2, with their colon.
    pseudo: Vec<(String, String)>,
}

/// A start line.
pub(super) enum Line {
    /// Of a request.
    Request {
        /// The method, in its case.
        method: String,
        /// The target, as written.
        target: String,
    },
    /// Of an answer.
    Status {
        /// The version.
        version: Version,
        /// The status.
        status: u16,
    },
}

impl Head {
    /// The first head of a text, and what follows it.
    pub(super) fn split(text: &[u8]) -> Result<(Head, &[u8]), ReadFault> {
        let mut rest = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        while let Some(after) = rest.strip_prefix(b"\r\n").or(rest.strip_prefix(b"\n")) {
            rest = after;
        }
        let mut lines = Vec::new();
        while !rest.is_empty() {
            let (line, after) = first_line(rest);
            rest = after;
            if line.is_empty() {
                break;
            }
            lines.push(line);
        }
        Ok((Head::of(&lines)?, rest))
    }

    /// A pseudo-field by its name with the colon.
    pub(super) fn pseudo(&self, name: &str) -> Option<String> {
        let found = self.pseudo.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value.clone())
    }

    fn of(lines: &[&[u8]]) -> Result<Head, ReadFault> {
        let mut head = Head::default();
        let mut rest = lines;
        if let Some((first, after)) = lines.split_first()
            && let Some(start) = Line::of(&String::from_utf8_lossy(first))
        {
            head.start = Some(start);
            rest = after;
        }
        match by_turns(rest) {
            true => head.take_turns(rest),
            false => head.take_lines(rest)?,
        }
        if head.fields.len() > FIELDS_MAX {
            return Err(ReadFault::new(format!(
                "the message has more than {FIELDS_MAX} fields"
            )));
        }
        Ok(head)
    }

    fn take_lines(&mut self, lines: &[&[u8]]) -> Result<(), ReadFault> {
        for line in lines {
            if line.starts_with(b" ") || line.starts_with(b"\t") {
                self.continued(line.trim_ascii());
                continue;
            }
            let after_colon = usize::from(line.starts_with(b":"));
            let colon = line.iter().skip(after_colon).position(|byte| *byte == b':');
            let Some((name, value)) =
                colon.and_then(|colon| line.split_at_checked(colon + after_colon))
            else {
                // The line is not shown: it may be the rest of a credential.
                return Err(ReadFault::new(
                    "a line before the body has no colon, so it is no field",
                )
                .with_help(
                    "write each field on one line, and leave a line empty before the body",
                ));
            };
            let value = value.strip_prefix(b":").unwrap_or(value);
            self.add(&String::from_utf8_lossy(name), trimmed(value));
        }
        Ok(())
    }

    /// RFC 9112 section 5.2: a line that begins with a blank goes on with the value before, a blank in between.
    fn continued(&mut self, more: &[u8]) {
        if let Some((_, value)) = self.fields.last_mut() {
            value.push(b' ');
            value.extend_from_slice(more);
        }
    }

    /// Names and values on lines of their own.
    fn take_turns(&mut self, lines: &[&[u8]]) {
        for pair in lines.chunks(2) {
            let [name, value] = pair else { continue };
            let name = String::from_utf8_lossy(name);
            self.add(name.strip_suffix(':').unwrap_or(&name), trimmed(value));
        }
    }

    fn add(&mut self, name: &str, value: &[u8]) {
        match name.starts_with(':') {
            true => {
                let value = String::from_utf8_lossy(value).into_owned();
                self.pseudo.push((name.to_ascii_lowercase(), value));
            }
            false => self.fields.push((name.to_owned(), value.to_vec())),
        }
    }
}

impl Line {
    fn of(text: &str) -> Option<Line> {
        let mut words = text.split_ascii_whitespace();
        let (first, second) = (words.next()?, words.next()?);
        if let Some(version) = version(first) {
            let status = second
                .parse()
                .ok()
                .filter(|status| (100..600).contains(status))?;
            return Some(Line::Status { version, status });
        }
        // Methods are written in capitals: a lower-case word is the name of a program.
        let method = first
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte == b'-');
        let target = second.starts_with('/') || second.contains("://") || second == "*";
        let ends = match words.next() {
            Some(last) => version(last).is_some() && words.next().is_none(),
            None => true,
        };
        (method && target && ends).then(|| Line::Request {
            method: first.to_owned(),
            target: second.to_owned(),
        })
    }
}

/// A version as it is written in a start line.
fn version(word: &str) -> Option<Version> {
    match word.to_ascii_uppercase().as_str() {
        "HTTP/1.0" => Some(Version::HTTP_10),
        "HTTP/1.1" => Some(Version::HTTP_11),
        "HTTP/2" | "HTTP/2.0" => Some(Version::HTTP_2),
        "HTTP/3" | "HTTP/3.0" => Some(Version::HTTP_3),
        _ => None,
    }
}

/// A line and what follows it, its end taken away.
pub(super) fn first_line(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| *byte == b'\n');
    let (line, rest) = match end.and_then(|end| text.split_at_checked(end)) {
        Some((line, rest)) => (line, rest.strip_prefix(b"\n").unwrap_or(rest)),
        None => (text, &[][..]),
    };
    (line.strip_suffix(b"\r").unwrap_or(line), rest)
}

/// Whether a browser's panel was copied, in which names and values take turns.
fn by_turns(lines: &[&[u8]]) -> bool {
    let Some(first) = lines.first() else {
        return false;
    };
    let name = first.strip_suffix(b":").unwrap_or(first);
    let bare = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    let named = name.strip_prefix(b":").unwrap_or(name);
    lines.len() > 1 && !named.is_empty() && named.iter().all(bare)
}

fn trimmed(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = value {
        value = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

//! A message of HTTP/1.1, read as strictly as a test needs it: head, fields, body, and whether it is whole.
//!
//! Knows: RFC 9112 sections 2, 6 and 7. Does not know who sent it.

use std::io::{ErrorKind, Read};

use super::find;

/// A request or response.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    /// Everything up to the empty line, with it.
    pub(crate) head: String,
    /// The body without its framing.
    pub(crate) body: Vec<u8>,
    /// Trailer fields, as they stood.
    pub(crate) trailers: String,
    /// Whether its own framing says that nothing is missing.
    pub(crate) whole: bool,
}

impl Message {
    /// Reads one message; `None` where the stream ends, or nothing comes, before its head is whole.
    pub(crate) fn read(ahead: &mut Vec<u8>, stream: &mut impl Read) -> Option<Self> {
        Self::read_as(ahead, stream, false)
    }

    /// Reads one message, which has no body whatever its head says where it answers `HEAD`.
    pub(crate) fn read_as(
        ahead: &mut Vec<u8>,
        stream: &mut impl Read,
        to_head: bool,
    ) -> Option<Self> {
        let mut source = Source { ahead, stream };
        let head = String::from_utf8_lossy(&source.until(b"\r\n\r\n")?).into_owned();
        let mut message = Self {
            head,
            body: Vec::new(),
            trailers: String::new(),
            whole: true,
        };
        if to_head || matches!(message.status(), Some(100..=199 | 204 | 304)) {
            return Some(message);
        }
        if message
            .field("transfer-encoding")
            .is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"))
        {
            message.whole = source.chunks(&mut message).is_some();
        } else if let Some(length) = message.field("content-length") {
            let length = length.parse().expect("a length");
            message.body = source.bytes(length);
            message.whole = message.body.len() == length;
        } else if message.status().is_some() {
            // RFC 9112 section 6.3: a response without either ends with its connection.
            message.body = source.bytes(usize::MAX);
        }
        Some(message)
    }

    /// The status of a response; `None` for a request.
    pub(crate) fn status(&self) -> Option<u16> {
        self.head.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
    }

    /// The first line.
    pub(crate) fn line(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }

    /// All values under a name, in their order.
    pub(crate) fn fields(&self, name: &str) -> Vec<&str> {
        self.head
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(':'))
            .filter(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
            .collect()
    }

    /// The one value under a name. Two fields of the name are a failure of the test.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let values = self.fields(name);
        assert!(values.len() < 2, "several `{name}`: {}", self.head);
        values.first().copied()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The cause that a refusal names, in its head and in its document alike.
    pub(crate) fn cause(&self) -> &str {
        let cause = self.field("countersign-cause").unwrap_or_default();
        assert!(
            self.body.is_empty() || self.text().contains(cause),
            "head and body name another cause: {self:?}"
        );
        cause
    }
}

struct Source<'a, R> {
    ahead: &'a mut Vec<u8>,
    stream: &'a mut R,
}

impl<R: Read> Source<'_, R> {
    /// Whether more has come. A stream that is reset or silent has ended, as far as a test is concerned.
    fn more(&mut self) -> bool {
        let mut part = [0; 16 * 1024];
        loop {
            match self.stream.read(&mut part) {
                Ok(size) => {
                    self.ahead.extend_from_slice(&part[..size]);
                    return size > 0;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
        }
    }

    fn until(&mut self, end: &[u8]) -> Option<Vec<u8>> {
        loop {
            if let Some(at) = find(self.ahead, end) {
                let rest = self.ahead.split_off(at + end.len());
                return Some(std::mem::replace(self.ahead, rest));
            }
            if !self.more() {
                return None;
            }
        }
    }

    fn bytes(&mut self, size: usize) -> Vec<u8> {
        while self.ahead.len() < size && self.more() {}
        let rest = self.ahead.split_off(size.min(self.ahead.len()));
        std::mem::replace(self.ahead, rest)
    }

    /// RFC 9112 section 7.1: `chunked-body = *chunk last-chunk trailer-section CRLF`
    fn chunks(&mut self, message: &mut Message) -> Option<()> {
        loop {
            let line = self.until(b"\r\n")?;
            let line = std::str::from_utf8(&line).ok()?.trim_end();
            let size = usize::from_str_radix(line.split(';').next()?, 16).ok()?;
            if size == 0 {
                return self.trailers(message);
            }
            let chunk = self.bytes(size);
            message.body.extend_from_slice(&chunk);
            (self.bytes(2) == b"\r\n").then_some(())?;
        }
    }

    fn trailers(&mut self, message: &mut Message) -> Option<()> {
        loop {
            let line = self.until(b"\r\n")?;
            if line == b"\r\n" {
                return Some(());
            }
            message.trailers.push_str(std::str::from_utf8(&line).ok()?);
        }
    }
}

//! One request and its answer over a connection of its own: the plainest client there is.
//!
//! Knows: HTTP/1.1 as far as a test needs it. Does not know the gateway.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use crate::PATIENCE;

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// The value of the first field line by this name.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields(name).first().copied()
    }

    /// The values of all field lines by this name.
    pub(crate) fn fields(&self, name: &str) -> Vec<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines
            .filter(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
            .collect()
    }

    /// What the gateway says it refused for.
    pub(crate) fn cause(&self) -> Option<&str> {
        self.field("Countersign-Cause")
    }

    /// Reads a whole answer, as it came over the wire.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Self {
            status,
            head: head.into(),
            body: body.into(),
        })
    }
}

/// Sends a GET with these field lines; `None` where the connection ends before a whole answer.
pub(crate) fn try_get(address: SocketAddr, path: &str, fields: &[(&str, &str)]) -> Option<Answer> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let mut request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    for (name, value) in fields {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    Answer::parse(&text)
}

/// Sends a GET that must be answered.
pub(crate) fn get(address: SocketAddr, path: &str, fields: &[(&str, &str)]) -> Answer {
    try_get(address, path, fields).expect("the gateway answers")
}

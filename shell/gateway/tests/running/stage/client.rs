//! A client that sends the very bytes it is given.
//!
//! Knows: one TCP connection. Does not know what a client may send.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use super::PATIENCE;
use super::message::Message;

/// One connection to the gateway.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    ahead: Vec<u8>,
}

impl Client {
    pub(crate) fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            ahead: Vec::new(),
        }
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.stream.write_all(bytes.as_ref()).unwrap();
        self
    }

    /// Sends what the other side may no longer want to have.
    pub(crate) fn send_if_open(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).is_ok()
    }

    /// The next response, which must come.
    pub(crate) fn answer(&mut self) -> Message {
        self.answer_if_any().expect("a response")
    }

    /// The next response; `None` where the connection ends without one.
    pub(crate) fn answer_if_any(&mut self) -> Option<Message> {
        Message::read(&mut self.ahead, &mut self.stream)
    }

    /// The next response, to a `HEAD`.
    pub(crate) fn answer_to_head(&mut self) -> Message {
        Message::read_as(&mut self.ahead, &mut self.stream, true).expect("a response")
    }

    /// The next response; `None` where this comes to hold before.
    pub(crate) fn answer_unless(&mut self, holds: impl Fn() -> bool) -> Option<Message> {
        let timeout = self.stream.read_timeout().unwrap();
        let look = std::time::Duration::from_millis(5);
        self.stream.set_read_timeout(Some(look)).unwrap();
        let mut part = [0; 4096];
        let begun = loop {
            match self.stream.read(&mut part) {
                Ok(size) => {
                    self.ahead.extend_from_slice(&part[..size]);
                    break true;
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    if holds() {
                        break false;
                    }
                }
                Err(error) => panic!("{error}"),
            }
        };
        self.stream.set_read_timeout(timeout).unwrap();
        begun.then(|| self.answer())
    }

    /// Everything until the gateway closes.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let mut all = std::mem::take(&mut self.ahead);
        let mut part = [0; 4096];
        // A reset ends a connection as well.
        while let Ok(size @ 1..) = self.stream.read(&mut part) {
            all.extend_from_slice(&part[..size]);
        }
        all
    }

    /// Reads until these bytes have come.
    pub(crate) fn until(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut part = [0; 64 * 1024];
        let mut looked = 0;
        loop {
            if let Some(at) = super::find(&self.ahead[looked..], bytes) {
                let rest = self.ahead.split_off(looked + at + bytes.len());
                return std::mem::replace(&mut self.ahead, rest);
            }
            looked = (self.ahead.len() + 1).saturating_sub(bytes.len());
            let size = self.stream.read(&mut part).unwrap();
            assert_ne!(size, 0, "closed before `{}`", bytes.escape_ascii());
            self.ahead.extend_from_slice(&part[..size]);
        }
    }
}

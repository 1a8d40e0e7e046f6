//! An upstream that keeps what it hears, to the byte, and answers what the test tells it to.
//!
//! Knows: TCP, and where a request ends. Does not know the gateway.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use super::message::Message;
use super::{PATIENCE, find};

/// An upstream that runs. Its threads end when the gateway closes its connections.
pub(crate) struct Upstream {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    heard: Receiver<Heard>,
}

/// One request as an upstream gets it.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) message: Message,
    /// The number of the connection that it came by, from 0.
    pub(crate) connection: usize,
}

/// One connection, for an upstream that is played by hand.
pub(crate) struct Connection {
    pub(crate) stream: TcpStream,
    pub(crate) number: usize,
    ahead: Vec<u8>,
    told: Sender<Heard>,
}

pub(crate) const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

impl Upstream {
    /// Answers every request with the same bytes, and keeps its connections open.
    pub(crate) fn answering(bytes: &'static [u8]) -> Self {
        Self::played(move |mut connection| {
            while connection.hear().is_some() {
                connection.say(bytes);
            }
        })
    }

    /// Answers every request with a short 200.
    pub(crate) fn content() -> Self {
        Self::answering(OK)
    }

    /// Lets the test play each connection, on a thread of its own.
    pub(crate) fn played(play: impl Fn(Connection) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let (told, heard) = channel();
        let counter = Arc::clone(&connections);
        let play = Arc::new(play);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                stream.set_read_timeout(Some(PATIENCE)).unwrap();
                stream.set_nodelay(true).unwrap();
                let connection = Connection {
                    stream,
                    number: counter.fetch_add(1, Ordering::SeqCst),
                    ahead: Vec::new(),
                    told: told.clone(),
                };
                let play = Arc::clone(&play);
                std::thread::spawn(move || play(connection));
            }
        });
        Self {
            address,
            connections,
            heard,
        }
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections it has taken.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// The next request, in the order of their ends.
    pub(crate) fn next(&self) -> Heard {
        self.heard.recv_timeout(PATIENCE).expect("no request came")
    }

    /// The next request, if one has come.
    pub(crate) fn next_if_any(&self) -> Option<Heard> {
        self.heard.try_recv().ok()
    }

    /// Whether no request is there that the test has not looked at. It is for after the client has its answer.
    pub(crate) fn has_heard_nothing(&self) -> bool {
        self.heard.try_recv().is_err()
    }
}

impl Connection {
    /// Reads one request to its end; `None` where the connection ends instead.
    pub(crate) fn hear(&mut self) -> Option<()> {
        let message = Message::read(&mut self.ahead, &mut self.stream)?;
        // The test may have ended.
        let _ = self.told.send(Heard {
            message,
            connection: self.number,
        });
        Some(())
    }

    /// Reads one request to its end, and gives its first line.
    pub(crate) fn hear_line(&mut self) -> Option<String> {
        let message = Message::read(&mut self.ahead, &mut self.stream)?;
        let line = message.line().to_owned();
        // The test may have ended.
        let _ = self.told.send(Heard {
            message,
            connection: self.number,
        });
        Some(line)
    }

    /// Reads one head, and leaves the body to come.
    pub(crate) fn hear_head(&mut self) -> Option<String> {
        loop {
            if let Some(end) = find(&self.ahead, b"\r\n\r\n") {
                let rest = self.ahead.split_off(end + 4);
                let head = std::mem::replace(&mut self.ahead, rest);
                return String::from_utf8(head).ok();
            }
            if self.more().ok()? == 0 {
                return None;
            }
        }
    }

    /// Reads until so many bytes have come, or the end.
    pub(crate) fn hear_bytes(&mut self, size: usize) -> Vec<u8> {
        while self.ahead.len() < size && matches!(self.more(), Ok(1..)) {}
        let rest = self.ahead.split_off(size.min(self.ahead.len()));
        std::mem::replace(&mut self.ahead, rest)
    }

    /// Reads all that comes until the connection ends.
    pub(crate) fn hear_out(&mut self) -> Vec<u8> {
        while matches!(self.more(), Ok(1..)) {}
        std::mem::take(&mut self.ahead)
    }

    pub(crate) fn say(&mut self, bytes: &[u8]) {
        // A gateway that has gone away is seen at the client's side.
        let _ = self.stream.write_all(bytes);
    }

    fn more(&mut self) -> io::Result<usize> {
        let mut part = [0; 16 * 1024];
        let size = self.stream.read(&mut part)?;
        self.ahead.extend_from_slice(&part[..size]);
        Ok(size)
    }
}

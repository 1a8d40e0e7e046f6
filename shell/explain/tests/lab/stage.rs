//! A server on loopback that answers by a function of the request, and remembers what it was sent.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use countersign_explain::{Care, Case, Report, Request, explain};

/// A request as it came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut lines = self.fields.iter();
        let found = lines.find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn new(status: u16) -> Reply {
        Reply {
            status,
            fields: Vec::new(),
            body: Vec::new(),
        }
    }

    pub(crate) fn ok() -> Reply {
        Reply::new(200).saying("{\"ok\":true}")
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Reply {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn saying(mut self, body: &str) -> Reply {
        self.body = body.as_bytes().to_vec();
        self
    }
}

type Answering = dyn Fn(&Seen) -> Reply + Send + Sync;

/// A server that lives as long as the test process; it listens on a port of its own.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    pub(crate) fn start(answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Server {
        Server::start_with_number(move |seen, _| answer(seen))
    }

    /// The function is told the number of the request as well, from 0.
    pub(crate) fn start_with_number(
        answer: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static,
    ) -> Server {
        Server::on(TcpListener::bind("127.0.0.1:0").unwrap(), answer)
    }

    /// On a listener whose address was needed before.
    pub(crate) fn on(
        listener: TcpListener,
        answer: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static,
    ) -> Server {
        let address = listener.local_addr().unwrap();
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let log = Arc::clone(&seen);
        thread::spawn(move || {
            let numbered = {
                let log = Arc::clone(&log);
                move |request: &Seen| {
                    let number = {
                        let mut log = log.lock().unwrap();
                        log.push(request.clone());
                        log.len() - 1
                    };
                    answer(request, number)
                }
            };
            let answer: Arc<Answering> = Arc::new(numbered);
            for stream in listener.incoming().flatten() {
                let answer = Arc::clone(&answer);
                thread::spawn(move || serve(stream, &*answer));
            }
        });
        Server { address, seen }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Sends bytes as they are and reads until the server closes.
    pub(crate) fn raw(&self, bytes: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.write_all(bytes.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

fn serve(stream: TcpStream, answer: &Answering) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let Some(request) = read(&mut reader) else {
        return;
    };
    let reply = answer(&request);
    let mut head = format!("HTTP/1.1 {} X\r\n", reply.status);
    for (name, value) in &reply.fields {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!(
        "Content-Length: {}\r\nConnection: close\r\n\r\n",
        reply.body.len()
    ));
    let mut stream = stream;
    // The client may have left already.
    let _ = stream.write_all(head.as_bytes());
    if request.method != "HEAD" {
        let _ = stream.write_all(&reply.body);
    }
}

fn read(reader: &mut impl BufRead) -> Option<Seen> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let mut seen = Seen {
        method: words.next()?.to_owned(),
        target: words.next()?.to_owned(),
        ..Seen::default()
    };
    loop {
        let mut line = Vec::new();
        reader.read_until(b'\n', &mut line).ok()?;
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end_matches(['\r', '\n']);
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':')?;
        let value = value.trim_matches([' ', '\t']);
        seen.fields.push((name.to_owned(), value.to_owned()));
    }
    let length = seen
        .field("content-length")
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    seen.body = body;
    Some(seen)
}

/// A GET with some fields, as curl sends it.
pub(crate) fn get(url: &str, fields: &[(&str, &str)]) -> Case {
    let mut request = Request::new("GET", url.parse().unwrap());
    for (name, value) in fields {
        request.fields.add(name, *value);
    }
    Case {
        request: Some(request),
        ..Case::default()
    }
}

/// The time of every test: 2026-01-01T00:00:00Z.
pub(crate) const NOW_UNIX_SECS: i64 = 1_767_225_600;

pub(crate) fn diagnose(case: &Case) -> Report {
    diagnose_with(case, Care::default())
}

pub(crate) fn diagnose_with(case: &Case, care: Care) -> Report {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(explain(case, care, NOW_UNIX_SECS))
}

/// The id of the first cause, or nothing.
pub(crate) fn first(report: &Report) -> &'static str {
    report.causes.first().map_or("", |found| found.cause.id())
}

//! A stand-in for an introspection endpoint: it answers what a test wants, when a test wants, and keeps what it was asked.
//!
//! Knows: HTTP/1.1 as far as one question needs it. Does not know the gateway.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};

use serde_json::Value;

/// A question as it came.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) head: String,
    pub(crate) form: String,
}

/// An endpoint that answers until the process ends.
pub(crate) struct Endpoint {
    address: SocketAddr,
    shared: Arc<(Mutex<State>, Condvar)>,
}

struct State {
    answer: String,
    held: bool,
    asked: Vec<Question>,
}

impl Endpoint {
    /// Starts it; every token is active, with these words.
    pub(crate) fn start(answer: &Value) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let state = State {
            answer: json_answer(answer),
            held: false,
            asked: Vec::new(),
        };
        let shared = Arc::new((Mutex::new(state), Condvar::new()));
        let endpoint = Self {
            address,
            shared: Arc::clone(&shared),
        };
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&shared);
                // A connection that breaks off is the other side's affair.
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        endpoint
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/introspect", self.address)
    }

    /// What it says from now on.
    pub(crate) fn says(&self, answer: &Value) {
        self.says_bytes(&json_answer(answer));
    }

    /// What it says from now on, head and all.
    pub(crate) fn says_bytes(&self, answer: &str) {
        self.shared.0.lock().unwrap().answer = answer.to_owned();
    }

    /// Keeps answers back from now on, until they are let go.
    pub(crate) fn hold(&self, held: bool) {
        self.shared.0.lock().unwrap().held = held;
        self.shared.1.notify_all();
    }

    /// Waits until it was asked so often, and says what.
    pub(crate) fn wait_for(&self, count: usize) -> Vec<Question> {
        let (state, changed) = &*self.shared;
        let state = state.lock().unwrap();
        let too_few = |state: &mut State| state.asked.len() < count;
        let waited = changed.wait_timeout_while(state, crate::PATIENCE, too_few);
        waited.unwrap().0.asked.clone()
    }

    /// How often it was asked.
    pub(crate) fn count(&self) -> usize {
        self.shared.0.lock().unwrap().asked.len()
    }
}

pub(crate) fn json_answer(answer: &Value) -> String {
    typed_answer("200 OK", "application/json", &answer.to_string())
}

pub(crate) fn typed_answer(status: &str, media: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {media}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

fn serve(mut stream: TcpStream, shared: &(Mutex<State>, Condvar)) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, value)| value.trim().parse().unwrap());
    let mut form = vec![0; length];
    reader.read_exact(&mut form)?;
    let (state, changed) = shared;
    let mut state = state.lock().unwrap();
    let form = String::from_utf8(form).unwrap();
    state.asked.push(Question { head, form });
    changed.notify_all();
    let state = changed.wait_while(state, |state| state.held).unwrap();
    let answer = state.answer.clone();
    drop(state);
    stream.write_all(answer.as_bytes())
}

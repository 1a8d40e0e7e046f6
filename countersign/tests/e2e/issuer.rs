//! A stand-in for an issuer of tokens: metadata and keys over HTTP, as a test wants them, and counted.
//!
//! Knows: OpenID Connect Discovery and JWK Sets. Does not know the gateway.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// An issuer that answers until the process ends.
pub(crate) struct Issuer {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

struct State {
    jwks: Value,
    up: bool,
    date: Option<String>,
    /// The paths that were asked for.
    asked: Vec<String>,
}

impl Issuer {
    pub(crate) fn start(jwks: Value) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State {
            jwks,
            up: true,
            date: None,
            asked: Vec::new(),
        }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let answer = |path: &str| shared.lock().unwrap().answer(path, address);
                // A connection that breaks off is the other side's affair.
                let _ = serve(stream, answer);
            }
        });
        Self { address, state }
    }

    /// Its identifier, which is also its address.
    pub(crate) fn identifier(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Publishes other keys from now on.
    pub(crate) fn publish(&self, jwks: Value) {
        self.state.lock().unwrap().jwks = jwks;
    }

    /// Whether it serves from now on, or fails.
    pub(crate) fn set_up(&self, up: bool) {
        self.state.lock().unwrap().up = up;
    }

    /// What its clock shows from now on, as an HTTP date.
    pub(crate) fn set_date(&self, date: &str) {
        self.state.lock().unwrap().date = Some(date.into());
    }

    /// How often its keys were asked for.
    pub(crate) fn fetches(&self) -> usize {
        let state = self.state.lock().unwrap();
        state.asked.iter().filter(|path| *path == "/keys").count()
    }

    /// How often its metadata were asked for.
    pub(crate) fn discoveries(&self) -> usize {
        let state = self.state.lock().unwrap();
        let is_metadata = |path: &&String| path.starts_with("/.well-known/");
        state.asked.iter().filter(is_metadata).count()
    }
}

impl State {
    fn answer(&mut self, path: &str, address: SocketAddr) -> String {
        self.asked.push(path.into());
        let body = match path {
            "/.well-known/openid-configuration" => json!({
                "issuer": format!("http://{address}"),
                "jwks_uri": format!("http://{address}/keys"),
            }),
            "/keys" => self.jwks.clone(),
            _ => Value::Null,
        };
        let status = match (self.up, &body) {
            (false, _) => "500 Internal Server Error",
            (true, Value::Null) => "404 Not Found",
            (true, _) => "200 OK",
        };
        let (body, date) = (body.to_string(), self.date.iter());
        let date: String = date.map(|date| format!("Date: {date}\r\n")).collect();
        let length = body.len();
        format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{date}Connection: close\r\n\r\n{body}"
        )
    }
}

fn serve(mut stream: TcpStream, answer: impl Fn(&str) -> String) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    // To the end of the head: a connection closed over unread bytes is reset.
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let path = request.split(' ').nth(1).unwrap_or_default();
    stream.write_all(answer(path).as_bytes())
}

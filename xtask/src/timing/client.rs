//! One connection that asks and takes the time of the answer. Knows just enough HTTP for that.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::failure::{Doing, Failure, Outcome};

const ANSWER_SECS_MAX: u64 = 10;

pub(super) struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    pub(super) fn connect(port: u16) -> Outcome<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).doing("a connection")?;
        stream.set_nodelay(true).doing("a connection")?;
        let patience = Some(Duration::from_secs(ANSWER_SECS_MAX));
        stream.set_read_timeout(patience).doing("a connection")?;
        let stream = BufReader::new(stream);
        Ok(Self { stream })
    }

    /// Microseconds from a request to the first byte of its 401.
    pub(super) fn refused_after_us(&mut self, request: &str) -> Outcome<f64> {
        let begun = Instant::now();
        let stream = self.stream.get_mut();
        stream.write_all(request.as_bytes()).doing("a request")?;
        self.stream.fill_buf().doing("an answer")?;
        let time = begun.elapsed();
        let status = self.rest_of_answer()?;
        if status.starts_with("HTTP/1.1 401 ") {
            Ok(time.as_secs_f64() * 1e6)
        } else {
            Err(Failure::new(format!(
                "answered with `{}` instead of a 401",
                status.trim()
            )))
        }
    }

    /// Reads to the end of the answer, and returns its first line.
    fn rest_of_answer(&mut self) -> Outcome<String> {
        let mut status = String::new();
        self.stream.read_line(&mut status).doing("an answer")?;
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).doing("an answer")?;
            if line.trim().is_empty() {
                break;
            }
            let field = line.split_once(':');
            if let Some((name, value)) = field
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse::<usize>().doing("Content-Length")?;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).doing("an answer")?;
        Ok(status)
    }
}

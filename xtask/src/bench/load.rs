//! Runs wrk and reads what it counted; asks single requests to see that a gateway answers as it should.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::process::pinned;
use crate::failure::{Doing, Failure, Outcome};
use crate::workspace::output;

/// The script that wrk runs.
pub(super) const SCRIPT: &str = include_str!("wrk.lua");

const ANSWER_SECS_MAX: u64 = 60;

/// One run of wrk.
pub(super) struct Load<'a> {
    pub(super) cpu: u32,
    pub(super) script: &'a Path,
    pub(super) port: u16,
    pub(super) path: &'a str,
    /// A file of header lines, one for each request in turn.
    pub(super) headers: Option<&'a PathBuf>,
    pub(super) connections: u32,
    pub(super) seconds: u32,
}

/// What wrk counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Counted {
    pub(crate) requests: u64,
    pub(crate) duration_us: u64,
    /// Answers with a status of 400 or more.
    pub(crate) refused: u64,
    /// Connections that failed, and answers that did not come.
    pub(crate) broken: u64,
    pub(crate) p50_us: u64,
    pub(crate) p99_us: u64,
}

impl Load<'_> {
    pub(super) fn run(&self) -> Outcome<Counted> {
        counted(&output(&mut self.command())?)
    }

    pub(super) fn command(&self) -> std::process::Command {
        let url = format!("http://127.0.0.1:{}{}", self.port, self.path);
        let mut command = pinned(self.cpu, "wrk");
        command.args(["--threads", "1", "--latency", "--timeout", "20s"]);
        command.args(["--connections", &self.connections.to_string()]);
        command.args(["--duration", &format!("{}s", self.seconds)]);
        command
            .arg("--script")
            .arg(self.script)
            .args([&url, "--", self.path]);
        if let Some(headers) = self.headers {
            command.env("HEADER_LINES", headers);
        }
        command
    }
}

pub(crate) fn counted(said: &str) -> Outcome<Counted> {
    let line = said
        .lines()
        .find_map(|line| line.strip_prefix("JSON "))
        .doing("wrk printed no summary")?;
    let summary: Value = serde_json::from_str(line).doing("the summary of wrk")?;
    let number = |field: &str| summary.get(field).and_then(Value::as_u64).doing(field);
    let counted = Counted {
        requests: number("requests")?,
        duration_us: number("duration_us")?,
        refused: number("refused")?,
        broken: number("broken")?,
        p50_us: number("p50_us")?,
        p99_us: number("p99_us")?,
    };
    if counted.requests == 0 {
        Err(Failure::new("no request was answered"))
    } else {
        Ok(counted)
    }
}

/// Head and body of the answer to one request.
pub(crate) fn head_and_body(
    port: u16,
    path: &str,
    header: Option<&str>,
) -> Outcome<(String, String)> {
    answer_to(port, &get(path, header)).map(|(_, head, body)| (head, body))
}

/// Status and body of the answer to one request.
pub(super) fn ask(port: u16, path: &str, header: Option<&str>) -> Outcome<(u16, String)> {
    answer_to(port, &get(path, header)).map(|(status, _, body)| (status, body))
}

fn get(path: &str, header: Option<&str>) -> String {
    let line = header
        .map(|header| format!("{header}\r\n"))
        .unwrap_or_default();
    format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n{line}\r\n")
}

/// Status, head and body of the answer to a request that closes its connection.
pub(super) fn answer_to(port: u16, request: &str) -> Outcome<(u16, String, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).doing(format!("port {port}"))?;
    stream
        .set_read_timeout(Some(Duration::from_secs(ANSWER_SECS_MAX)))
        .doing("a time limit")?;
    stream
        .write_all(request.as_bytes())
        .doing(format!("port {port}"))?;
    let mut answer = Vec::new();
    stream
        .read_to_end(&mut answer)
        .doing(format!("port {port}"))?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .doing(format!("port {port} gave no answer"))?;
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|word| word.parse().ok())
        .doing("an answer has no status")?;
    Ok((status, head.to_owned(), body.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_is_found_among_what_wrk_prints() {
        let said = "Running\n\nJSON {\"requests\":5,\"duration_us\":9,\"refused\":1,\"broken\":0,\"p50_us\":3,\"p99_us\":4}\n";
        let expected = Counted {
            requests: 5,
            duration_us: 9,
            refused: 1,
            broken: 0,
            p50_us: 3,
            p99_us: 4,
        };
        assert_eq!(counted(said).ok(), Some(expected));
    }

    #[test]
    fn a_run_without_answers_fails() {
        assert!(counted("").is_err());
        let said = "JSON {\"requests\":0,\"duration_us\":9,\"refused\":0,\"broken\":9,\"p50_us\":0,\"p99_us\":0}";
        assert!(counted(said).is_err());
    }
}

//! Lets a generator of load run, and reads what it counted.
//!
//! Knows: wrk for HTTP/1.1, with and without TLS. What h2load says is read in `h2load`; single requests are in `ask`.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::h2load;
use super::process::pinned;
use crate::failure::{Doing, Failure, Outcome};
use crate::workspace::output;

/// The script that wrk runs.
pub(super) const SCRIPT: &str = include_str!("wrk.lua");

/// How a gateway is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// HTTP/1.1 in the clear.
    Plain,
    /// HTTP/1.1 in TLS.
    Tls,
    /// HTTP/2 in TLS.
    Http2,
}

impl Protocol {
    /// The address of a path there.
    pub(super) fn url(self, port: u16, path: &str) -> String {
        let scheme = match self {
            Self::Plain => "http",
            Self::Tls | Self::Http2 => "https",
        };
        format!("{scheme}://127.0.0.1:{port}{path}")
    }
}

/// A file of header lines, one for each request.
#[derive(Clone, Copy)]
pub(super) struct Lines<'a> {
    pub(super) file: &'a Path,
    /// Whether each is sent once, and none after the last; otherwise they are sent in turn, over and over.
    pub(super) once: bool,
}

/// One run of a generator.
pub(super) struct Load<'a> {
    pub(super) cpu: u32,
    pub(super) protocol: Protocol,
    pub(super) script: &'a Path,
    pub(super) port: u16,
    pub(super) path: &'a str,
    pub(super) lines: Option<Lines<'a>>,
    pub(super) connections: u32,
    pub(super) seconds: u32,
}

/// What a generator counted.
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
        match self.protocol {
            Protocol::Plain | Protocol::Tls => counted(&output(&mut self.command())?),
            Protocol::Http2 => h2load::run(self),
        }
    }

    /// The command of wrk.
    pub(super) fn command(&self) -> Command {
        let mut command = pinned(self.cpu, "wrk");
        command.args(["--threads", "1", "--latency", "--timeout", "20s"]);
        command.args(["--connections", &self.connections.to_string()]);
        command.args(["--duration", &format!("{}s", self.seconds)]);
        let url = self.protocol.url(self.port, self.path);
        command
            .arg("--script")
            .arg(self.script)
            .args([&url, "--", self.path]);
        if let Some(Lines { file, once }) = self.lines {
            command.env("HEADER_LINES", file);
            command.env("HEADER_LINES_ONCE", if once { "yes" } else { "" });
        }
        command
    }
}

/// What wrk counted.
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

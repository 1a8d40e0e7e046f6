//! The gateway's process: started with a configuration, watched by its log, ended with the test.
//!
//! Knows: the binary, its log lines and its signals. Does not know what is tested.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Instant;

use serde_json::Value;

use crate::PATIENCE;

/// A gateway that runs. It is ended when this is dropped, and its end is waited for.
pub(crate) struct Gateway {
    process: Child,
    address: SocketAddr,
    lines: Receiver<String>,
    unclaimed: Vec<Value>,
}

impl Gateway {
    /// Starts the binary in a folder, with this configuration, and waits until it listens.
    pub(crate) fn start(folder: &Path, configuration: &str) -> Self {
        let file = folder.join("countersign.toml");
        std::fs::write(&file, configuration).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        command.args(["serve", "--config"]).arg(&file);
        Self::run(command.stdin(Stdio::null()))
    }

    /// Starts it by another command, whose process becomes the gateway's, and waits until it listens.
    pub(crate) fn run(command: &mut Command) -> Self {
        let mut process = command
            .env_remove("COUNTERSIGN_CONFIG")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = read_lines(process.stderr.take().unwrap());
        let mut gateway = Self {
            process,
            address: SocketAddr::from(([0, 0, 0, 0], 0)),
            lines,
            unclaimed: Vec::new(),
        };
        let listening = gateway.wait_for(|event| event["event"] == "listening");
        gateway.address = listening["address"].as_str().unwrap().parse().unwrap();
        gateway
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Waits for a log line that fits and was not waited for before; lines come in any order.
    pub(crate) fn wait_for(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.unclaimed.iter().position(&fits) {
                return self.unclaimed.remove(at);
            }
            let left = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                // What is no JSON is a finding of the configuration, for people to read.
                Ok(line) => self
                    .unclaimed
                    .push(serde_json::from_str(&line).unwrap_or(Value::String(line))),
                Err(error) => panic!("no such log line ({error}), but {:#?}", self.unclaimed),
            }
        }
    }

    /// SIGHUP: the configuration is read again.
    pub(crate) fn reload(&self) {
        self.signal("-HUP");
    }

    fn signal(&self, signal: &str) -> bool {
        let id = self.process.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status();
        sent.is_ok_and(|status| status.success())
    }

    /// SIGTERM, and the end of the process.
    pub(crate) fn stop(mut self) {
        assert!(self.signal("-TERM") && self.ends());
        assert!(self.process.wait().unwrap().success());
    }

    /// SIGKILL: no chance to do anything more.
    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Whether the end of the log, which is the end of the process, came in time.
    fn ends(&self) -> bool {
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => return true,
                Err(RecvTimeoutError::Timeout) => return false,
            }
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if let Ok(Some(_)) = self.process.try_wait() {
            return;
        }
        if !self.signal("-TERM") || !self.ends() {
            let _ = self.process.kill();
        }
        let _ = self.process.wait();
    }
}

fn read_lines(stderr: ChildStderr) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let lines = BufReader::new(stderr).lines();
        for line in lines.map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

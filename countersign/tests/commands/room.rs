//! A folder to run the binary in, and what a run left behind.
//!
//! Knows: processes and their output. Does not know what commands do.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// A folder that goes with the test.
pub(crate) struct Room {
    folder: TempDir,
}

/// What a run left behind. Times are masked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Room {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A room with the configuration that `init` writes.
    pub(crate) fn initialised() -> Self {
        let room = Self::new();
        room.good(&["init"]);
        room
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_remove("COUNTERSIGN_CONFIG");
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, b"")
    }

    /// Runs with this on stdin.
    pub(crate) fn run_with(&self, arguments: &[&str], input: &[u8]) -> Ran {
        let mut command = self.command(arguments);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that fails early does not read its input.
        let _ = child.stdin.take().unwrap().write_all(input);
        let output = child.wait_with_output().unwrap();
        let text = |bytes| masked(&String::from_utf8(bytes).unwrap());
        Ran {
            code: output.status.code().unwrap(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// The stdout of a command that succeeds.
    pub(crate) fn good(&self, arguments: &[&str]) -> String {
        self.good_with(arguments, b"")
    }

    pub(crate) fn good_with(&self, arguments: &[&str], input: &[u8]) -> String {
        let ran = self.run_with(arguments, input);
        assert_eq!(ran.code, 0, "{arguments:?}: {}", ran.stderr);
        ran.stdout
    }

    /// The stdout of a command that succeeds, as JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> serde_json::Value {
        serde_json::from_str(&self.good(arguments)).unwrap()
    }

    /// The stderr of a command that fails with this code and prints no data.
    pub(crate) fn bad(&self, code: i32, arguments: &[&str]) -> String {
        self.bad_with(code, arguments, b"")
    }

    pub(crate) fn bad_with(&self, code: i32, arguments: &[&str], input: &[u8]) -> String {
        let ran = self.run_with(arguments, input);
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (code, ""),
            "{arguments:?}: {}",
            ran.stderr
        );
        ran.stderr
    }
}

/// Every time in RFC 3339 to the second as `<time>`.
fn masked(text: &str) -> String {
    const FORM: &[u8] = b"0000-00-00T00:00:00Z";
    let bytes = text.as_bytes();
    let is_time = |at: usize| {
        bytes.get(at..at + FORM.len()).is_some_and(|found| {
            found.iter().zip(FORM).all(|(byte, form)| {
                if *form == b'0' {
                    byte.is_ascii_digit()
                } else {
                    byte == form
                }
            })
        })
    };
    let mut masked = String::new();
    let mut rest = 0;
    for at in 0..bytes.len() {
        if at >= rest && is_time(at) {
            masked.push_str(&text[rest..at]);
            masked.push_str("<time>");
            rest = at + FORM.len();
        }
    }
    masked.push_str(&text[rest..]);
    masked
}

/// A command that runs until it is told to end.
pub(crate) struct Running {
    child: Child,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        Self {
            child: command.stdin(Stdio::null()).spawn().unwrap(),
        }
    }

    /// The id of the process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Lines of stdout up to the first one that begins like this.
    pub(crate) fn stdout_until(&mut self, start: &str) -> Vec<String> {
        until(
            BufReader::new(self.child.stdout.take().unwrap()).lines(),
            start,
        )
    }

    /// Lines of stderr up to the first one that contains this. The rest is read by nobody, and must fit into a pipe.
    pub(crate) fn stderr_until(&mut self, words: &str) -> Vec<String> {
        let stderr = self.child.stderr.as_mut().unwrap();
        let mut lines = Vec::new();
        let mut line = Vec::new();
        let mut byte = [0];
        while stderr.read(&mut byte).unwrap() == 1 {
            if byte[0] != b'\n' {
                line.push(byte[0]);
                continue;
            }
            lines.push(String::from_utf8(std::mem::take(&mut line)).unwrap());
            if lines.last().is_some_and(|line| line.contains(words)) {
                return lines;
            }
        }
        panic!("no line with `{words}`: {lines:#?}")
    }

    /// SIGHUP.
    pub(crate) fn hang_up(&self) {
        kill_process(Pid::from_child(&self.child), Signal::HUP).unwrap();
    }

    /// SIGTERM, and how it ended.
    pub(crate) fn terminate(&mut self) -> ExitStatus {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        self.child.wait().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A test that failed has not ended it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn until(lines: impl Iterator<Item = std::io::Result<String>>, start: &str) -> Vec<String> {
    let mut read = Vec::new();
    for line in lines {
        let line = line.unwrap();
        let is_last = line.starts_with(start);
        read.push(line);
        if is_last {
            return read;
        }
    }
    panic!("no line that begins with `{start}`: {read:#?}")
}

/// What the real curl prints, run as a user would paste it.
pub(crate) fn shell(command: &str) -> String {
    let output = Command::new("sh").args(["-c", command]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        !text.is_empty(),
        "{command}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    text.replace("\r\n", "\n")
}

#[test]
fn times_are_masked_and_nothing_else() {
    assert_eq!(
        masked("a 2026-01-02T03:04:05Z, 2026-01-02"),
        "a <time>, 2026-01-02"
    );
    assert_eq!(
        masked("2026-01-02T03:04:05Z2026-01-02T03:04:05Z"),
        "<time><time>"
    );
    assert_eq!(masked("é"), "é");
}

//! Starts a server program on a port of its own and ends it, by its own id, when the test does.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A running server, with its folder.
pub(crate) struct Program {
    child: Child,
    pub(crate) address: SocketAddr,
    _folder: TempDir,
}

impl Program {
    /// Writes the configuration, starts the program and waits until it takes connections. `configuration` is told the
    /// folder and the port; `command` the folder and the file.
    pub(crate) fn start(
        name: &str,
        configuration: impl Fn(&Path, u16) -> String,
        command: impl Fn(&Path, &Path) -> Vec<String>,
    ) -> Program {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let file = folder.path().join("configuration");
        std::fs::write(&file, configuration(folder.path(), port)).unwrap();
        let errors = std::fs::File::create(folder.path().join("errors")).unwrap();
        let child = Command::new(name)
            .args(command(folder.path(), &file))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(errors)
            .spawn()
            .unwrap_or_else(|error| panic!("`{name}` does not start: {error}; ./test installs it"));
        let mut program = Program {
            child,
            address: SocketAddr::from(([127, 0, 0, 1], port)),
            _folder: folder,
        };
        program.wait(name);
        program
    }

    fn wait(&mut self, name: &str) {
        let until = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(self.address).is_err() {
            let errors = || std::fs::read_to_string(self._folder.path().join("errors"));
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("`{name}` ended with {status}: {}", errors().unwrap());
            }
            assert!(
                Instant::now() < until,
                "`{name}` does not listen: {}",
                errors().unwrap()
            );
            std::thread::yield_now();
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// A line of `htpasswd` with SHA-1, which every server reads.
pub(crate) fn htpasswd(user: &str, password: &str) -> String {
    use base64::Engine;
    let digest = aws_lc_rs::digest::digest(
        &aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY,
        password.as_bytes(),
    );
    let text = base64::engine::general_purpose::STANDARD.encode(digest.as_ref());
    format!("{user}:{{SHA}}{text}\n")
}

/// Runs a curl command line in a shell and returns the status of its last answer.
pub(crate) fn shell(command: &str, variables: &[(&str, &str)]) -> String {
    let script = format!(
        "curl() {{ command curl -sS -m 10 -o /dev/null -w '%{{http_code}}' \"$@\"; }}\n{command}\n"
    );
    let output = Command::new("sh")
        .args(["-c", &script])
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let status = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        !status.is_empty(),
        "{command}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    status
}

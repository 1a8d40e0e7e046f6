//! The socket by which a command speaks to a running gateway: beside the store, for its owner alone.
//!
//! Knows: where it is, and its one question. Does not know what a reload does. Each gateway has a socket of its own, so that
//! several on one store are all heard.

use std::fs::Permissions;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use countersign_config::{Findings, Look};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::time::timeout;

use crate::{check, random};

/// What is asked for.
const RELOAD: &str = "reload\n";
/// How long either side waits for the other.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a question may take to arrive: it is seven bytes.
const QUESTION_TIME: Duration = Duration::from_secs(1);
/// The longest answer: a report on a configuration.
const ANSWER_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// What came of a reload. What a gateway of another version does not say is left empty.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Outcome {
    /// Which gateway it is.
    #[serde(default)]
    pub(crate) gateway: Gateway,
    /// Whether the new configuration is in force.
    pub(crate) taken: bool,
    /// Why not, where the file itself has no error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// What was found in the file, as `check` shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) report: Option<String>,
    /// The same for programs.
    #[serde(default)]
    pub(crate) errors: usize,
    #[serde(default)]
    pub(crate) warnings: usize,
    #[serde(default)]
    pub(crate) findings: Vec<serde_json::Value>,
}

/// A gateway that was asked.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(crate) struct Gateway {
    /// The id of its process.
    pub(crate) pid: u32,
    /// The configuration file that it runs by.
    pub(crate) file: PathBuf,
    /// Where it listens.
    pub(crate) listen: Vec<SocketAddr>,
}

impl Outcome {
    /// The file was read, and this was found in it.
    pub(crate) fn read(taken: bool, findings: &Findings) -> Self {
        Self {
            taken,
            report: Some(findings.render(Look::Plain)),
            errors: findings.errors(),
            warnings: findings.warnings(),
            findings: check::as_json(findings).collect(),
            ..Self::default()
        }
    }

    pub(crate) fn refused(reason: &str) -> Self {
        Self {
            reason: Some(reason.to_owned()),
            ..Self::default()
        }
    }
}

/// The gateway's end.
pub(crate) struct Control {
    listener: UnixListener,
    path: PathBuf,
}

impl Control {
    /// Opens a socket beside the store, and removes those of gateways that were killed.
    pub(crate) fn open(store: &Path) -> io::Result<Self> {
        for path in sockets(store) {
            let connected = std::os::unix::net::UnixStream::connect(&path);
            // Refused is what nobody listens on. A gateway that is busy, or of another owner, fails in other ways.
            if connected.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused) {
                let _ = std::fs::remove_file(path);
            }
        }
        let name = random::bytes::<4>()
            .map_err(|failure| io::Error::other(failure.message().to_owned()))?;
        let path = PathBuf::from(format!(
            "{}{:08x}",
            prefix(store).display(),
            u32::from_be_bytes(*name.expose())
        ));
        let listener = UnixListener::bind(&path)?;
        std::fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        Ok(Self { listener, path })
    }

    /// Waits for somebody who asks for a reload; for ever where there is no socket.
    pub(crate) async fn asked(control: &mut io::Result<Self>) -> Asked {
        let Ok(control) = control else {
            return std::future::pending().await;
        };
        loop {
            let Ok((stream, _)) = control.listener.accept().await else {
                // Out of file descriptors, as a rule: to try again at once would spin.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let mut asking = BufReader::new(stream);
            let mut question = String::new();
            let reading = (&mut asking).take(RELOAD.len() as u64);
            let read = timeout(
                QUESTION_TIME,
                BufReader::new(reading).read_line(&mut question),
            )
            .await;
            if matches!(read, Ok(Ok(_))) && question == RELOAD {
                return Asked(asking.into_inner());
            }
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Somebody who waits for an answer.
pub(crate) struct Asked(UnixStream);

impl Asked {
    pub(crate) async fn answer(mut self, outcome: &Outcome) {
        let mut line = serde_json::to_vec(outcome).unwrap_or_default();
        line.push(b'\n');
        // Who does not wait for the answer does not want it.
        let _ = timeout(QUESTION_TIME, self.0.write_all(&line)).await;
    }
}

/// Whether a gateway runs on this store.
pub(crate) async fn is_there(store: &Path) -> bool {
    for path in sockets(store) {
        if UnixStream::connect(&path).await.is_ok() {
            return true;
        }
    }
    false
}

/// Asks every gateway on this store to reload. Sockets that nobody listens on are passed over.
pub(crate) async fn reload_all(store: &Path) -> Vec<io::Result<Outcome>> {
    let mut outcomes = Vec::new();
    for path in sockets(store) {
        let Ok(stream) = UnixStream::connect(&path).await else {
            continue;
        };
        let asked = timeout(PATIENCE, ask(stream)).await;
        outcomes.push(asked.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())));
    }
    outcomes
}

async fn ask(mut stream: UnixStream) -> io::Result<Outcome> {
    stream.write_all(RELOAD.as_bytes()).await?;
    let mut answer = Vec::new();
    stream
        .take(ANSWER_BYTES_MAX)
        .read_to_end(&mut answer)
        .await?;
    serde_json::from_slice(&answer).map_err(io::Error::other)
}

/// How the sockets of a store are called, up to the part that differs.
fn prefix(store: &Path) -> PathBuf {
    let mut name = store.file_name().unwrap_or_default().to_owned();
    name.push("-control-");
    store.with_file_name(name)
}

fn sockets(store: &Path) -> Vec<PathBuf> {
    let prefix = prefix(store);
    let folder = match prefix.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    };
    let name = prefix.file_name().unwrap_or_default().as_encoded_bytes();
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut found: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().as_encoded_bytes().starts_with(name))
        .map(|entry| entry.path())
        .collect();
    found.sort();
    found
}

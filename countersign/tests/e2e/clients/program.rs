//! The programs: how each is found, started and read.
//!
//! Knows: command lines, and the plan in JSON that the scripts under `tests/e2e` take. Does not know what must come out.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::process::output;
use super::{Case, Seen, workspace};
use crate::exchange::Answer;

/// Where `./test` says that it has installed the clients.
pub(super) const PYTHON: &str = "COUNTERSIGN_TEST_PYTHON";
pub(super) const NODE_MODULES: &str = "COUNTERSIGN_TEST_NODE_MODULES";

/// A client of the table.
pub(super) struct Client {
    pub(super) name: &'static str,
    /// How it is told its credentials, by scheme; an empty text: it cannot be told.
    pub(super) ways: [(&'static str, &'static str); 3],
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    Curl,
    Python(&'static str),
    NodeFetch,
    Chromium(By),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    /// The browser goes to the address itself.
    Navigation,
    /// A page in the browser fetches it, with these credentials, which are the browser's own.
    Fetch(&'static str),
}

const IN_PYTHON: [(&str, &str); 3] = [
    ("basic", r#"auth=("alice", "...")"#),
    ("bearer", r#"headers={"Authorization": "Bearer ..."}"#),
    ("api-key", r#"headers={"X-API-Key": "..."}"#),
];
const IN_SCRIPT: [(&str, &str); 3] = [
    (
        "basic",
        r#"headers: {"Authorization": `Basic ${btoa("alice:...")}`}"#,
    ),
    ("bearer", r#"headers: {"Authorization": "Bearer ..."}"#),
    ("api-key", r#"headers: {"X-API-Key": "..."}"#),
];

pub(super) const CLIENTS: [Client; 7] = [
    Client {
        name: "curl",
        ways: [
            ("basic", "--user alice:..."),
            ("bearer", "--oauth2-bearer ..."),
            ("api-key", "--header 'X-API-Key: ...'"),
        ],
        kind: Kind::Curl,
    },
    Client {
        name: "Python requests",
        ways: IN_PYTHON,
        kind: Kind::Python("with_requests.py"),
    },
    Client {
        name: "Python httpx",
        ways: IN_PYTHON,
        kind: Kind::Python("with_httpx.py"),
    },
    Client {
        name: "Node fetch",
        ways: IN_SCRIPT,
        kind: Kind::NodeFetch,
    },
    Client {
        name: "Chromium, address bar",
        ways: [
            ("basic", "the browser's own prompt"),
            ("bearer", ""),
            ("api-key", ""),
        ],
        kind: Kind::Chromium(By::Navigation),
    },
    Client {
        name: "Chromium, fetch of a page",
        ways: IN_SCRIPT,
        kind: Kind::Chromium(By::Fetch("same-origin")),
    },
    Client {
        name: "Chromium, the same with `credentials: \"omit\"`",
        ways: IN_SCRIPT,
        kind: Kind::Chromium(By::Fetch("omit")),
    },
];

/// What a client is to do.
pub(super) struct Plan<'p> {
    pub(super) url: String,
    /// A page of the same origin that anyone may see.
    pub(super) page_url: String,
    pub(super) cases: &'p [&'p Case],
    /// For files that the client leaves behind.
    pub(super) folder: &'p Path,
}

impl Client {
    /// Whether it can be told the credentials of this request.
    pub(super) fn can(&self, case: &Case) -> bool {
        let way = self.ways.iter().find(|(scheme, _)| *scheme == case.scheme);
        way.is_none_or(|(_, way)| !way.is_empty())
    }

    /// Whether a person looks at what it gets.
    pub(super) const fn is_shown_pages(&self) -> bool {
        matches!(self.kind, Kind::Chromium(By::Navigation))
    }

    pub(super) fn run(&self, plan: &Plan<'_>) -> Vec<Seen> {
        let request = json!({ "url": plan.url, "page_url": plan.page_url, "cases": plan.cases });
        let (mut command, request) = match self.kind {
            Kind::Curl => return plan.cases.iter().map(|case| curl(case, plan)).collect(),
            Kind::Python(name) => (script(python(), name), request),
            Kind::NodeFetch => (script("node", "node/with_fetch.mjs"), request),
            Kind::Chromium(by) => (
                chromium("node/with_chromium.mjs"),
                with_browser(request, by, plan.folder),
            ),
        };
        let output = output(self.name, &mut command, plan.folder, &request.to_string());
        serde_json::from_str(&output)
            .unwrap_or_else(|error| panic!("{}: {error}: {output}", self.name))
    }
}

pub(super) fn script(program: impl AsRef<OsStr>, name: &str) -> Command {
    let mut command = Command::new(program);
    command.arg(workspace().join("tests/e2e").join(name));
    command
}

/// A script that drives Chromium, under `tests/e2e`.
pub(crate) fn chromium(name: &str) -> Command {
    let mut command = script("node", name);
    command.env(NODE_MODULES, variable(NODE_MODULES));
    command
}

/// A script that uses the installed modules, under `tests/e2e`.
pub(crate) fn node(name: &str) -> Command {
    chromium(name)
}

/// Which browser the script is to use, and how.
fn with_browser(mut request: Value, by: By, folder: &Path) -> Value {
    let (by, credentials) = match by {
        By::Navigation => ("navigation", "include"),
        By::Fetch(credentials) => ("fetch", credentials),
    };
    request["by"] = by.into();
    request["credentials"] = credentials.into();
    with_profile(request, &folder.join(format!("profile-{by}-{credentials}")))
}

/// The browser itself, with a profile of its own. What it shows is kept to be looked at.
pub(crate) fn with_profile(mut request: Value, profile: &Path) -> Value {
    let screenshots = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
    std::fs::create_dir_all(&screenshots).unwrap();
    request["program"] = path_text(&find("chromium"));
    request["profile"] = path_text(profile);
    request["screenshots"] = path_text(&screenshots);
    request
}

pub(super) fn path_text(path: &Path) -> Value {
    path.to_str().expect("a path in UTF-8").into()
}

pub(super) fn variable(name: &str) -> OsString {
    std::env::var_os(name)
        .unwrap_or_else(|| panic!("{name} is not set; `./test` installs the clients and sets it"))
}

/// The interpreter that has the libraries.
pub(crate) fn python() -> OsString {
    variable(PYTHON)
}

pub(super) fn find(program: &str) -> PathBuf {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let mut files = std::env::split_paths(&folders).map(|folder| folder.join(program));
    files
        .find(|file| file.is_file())
        .unwrap_or_else(|| panic!("`{program}` is not installed; `./test` installs it"))
}

/// curl writes the answer as it came, so that its lines are those of the wire.
fn curl(case: &Case, plan: &Plan<'_>) -> Seen {
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--include", "--max-time", "30"]);
    match case.scheme {
        "basic" => command
            .arg("--user")
            .arg(format!("{}:{}", case.username, case.password)),
        "bearer" => command.arg("--oauth2-bearer").arg(&case.token),
        "api-key" => command
            .arg("--header")
            .arg(format!("X-API-Key: {}", case.key)),
        _ => &mut command,
    };
    command.arg(&plan.url);
    let text = output("curl", &mut command, plan.folder, "");
    let answer = Answer::parse(&text).expect("an answer of HTTP/1.1");
    Seen {
        status: answer.status,
        cause: answer.cause().map(Into::into),
        content_type: answer.field("Content-Type").map(Into::into),
        challenges: answer
            .fields("WWW-Authenticate")
            .into_iter()
            .map(Into::into)
            .collect(),
        body: answer.body,
        shown: String::new(),
        styled: false,
        console_lines: Vec::new(),
        realms: Vec::new(),
    }
}

//! The stage: a gateway that runs in this process between a scripted upstream and clients that send raw bytes.
//!
//! Knows: the public face of the gateway, the configuration and the store. Does not know what a test is about.

pub(crate) mod certificate;
pub(crate) mod client;
pub(crate) mod failing_store;
pub(crate) mod http2;
pub(crate) mod message;
pub(crate) mod upstream;

use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use countersign_config::{Checked, FileSystem, Look, check};
use countersign_gateway::{Gateway, Log};
use countersign_secret::api_key::ApiKey;
use countersign_secret::password::{Cost, PasswordHash, hash};
use countersign_store::{Key, NewKey, NewUser, Options, Owner, SqliteStore, Store};
use tempfile::TempDir;

use client::Client;

/// How long anything is waited for that has to come. It is never waited out by a test that passes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// The time at which the records of the store were made.
pub(crate) const NOW: i64 = 1_700_000_000;
/// `alice:correct horse`.
pub(crate) const ALICE: &str = "Basic YWxpY2U6Y29ycmVjdCBob3JzZQ==";
pub(crate) const PASSWORD: &[u8] = b"correct horse";

const ROUTES: &str = r#"
[[route]]
name = "public"
path = "/public/**"
upstream = "app"
allow = "anyone"

[[route]]
name = "read"
path = "/read/**"
methods = ["GET", "HEAD"]
upstream = "app"
allow = "anyone"

[[route]]
name = "host"
host = "a.b.example.com"
path = "/host/**"
upstream = "app"
allow = "anyone"

[[route]]
name = "admin"
path = "/admin/**"
upstream = "app"
accept = ["basic", "api-key"]
allow = { groups = ["admin"] }

[[route]]
name = "near"
path = "/near/**"
upstream = "app"
accept = ["basic", "api-key"]
allow = { networks = ["10.0.0.0/8"] }

[[route]]
name = "app"
path = "/app/**"
upstream = "app"
accept = ["session"]
allow = { identity = true }

[[route]]
name = "api"
path = "/api/**"
upstream = "app"
accept = ["basic", "api-key"]
allow = { identity = true }
"#;

/// What a test wants other than usual.
pub(crate) struct Play<'a> {
    /// More keys of `[server]`.
    pub(crate) server: &'a str,
    /// Keys of `[server.limits]`.
    pub(crate) limits: &'a str,
    /// How long verified credentials are remembered.
    pub(crate) remembered_secs: u32,
    /// More keys of `[upstream.app]`.
    pub(crate) upstream: &'a str,
    /// `http` or `https`: how the upstream is reached.
    pub(crate) scheme: &'a str,
    /// What an Argon2id hash costs: memory in KiB, and passes.
    pub(crate) cost: (u32, u32),
    /// More sections, and routes before the usual ones.
    pub(crate) sections: &'a str,
    /// Routes after the usual ones.
    pub(crate) more: &'a str,
}

impl Default for Play<'_> {
    fn default() -> Self {
        Self {
            server: "",
            limits: "",
            remembered_secs: 60,
            upstream: "",
            scheme: "http",
            cost: CHEAP,
            sections: "",
            more: "",
        }
    }
}

/// As cheap as Argon2id can be.
pub(crate) const CHEAP: (u32, u32) = (8, 1);

/// A gateway with its store and its log.
pub(crate) struct Stage {
    gateway: Option<Gateway>,
    address: SocketAddr,
    store: Arc<SqliteStore>,
    log: Captured,
    access: Captured,
    folder: Arc<TempDir>,
}

/// Plays with everything as usual.
pub(crate) fn usual(upstream: SocketAddr) -> Stage {
    Play::default().open(upstream)
}

impl Play<'_> {
    /// Starts a gateway before this upstream, with a store that knows `alice`, of the group `staff`.
    pub(crate) fn open(&self, upstream: SocketAddr) -> Stage {
        self.open_on(upstream, |store| store)
    }

    /// The same, with something between the gateway and its store.
    pub(crate) fn open_on(
        &self,
        upstream: SocketAddr,
        between: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store>,
    ) -> Stage {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let store = open_store(&folder);
        add_alice(&*store, self.cost);
        self.open_in(folder, upstream, between)
    }

    /// The same, in a folder whose store has its users already.
    pub(crate) fn open_in(
        &self,
        folder: Arc<TempDir>,
        upstream: SocketAddr,
        between: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store>,
    ) -> Stage {
        let checked = self.checked(upstream, &folder);
        let store = open_store(&folder);
        let log = Captured::default();
        let access = Captured::default();
        let lines = Log::start(checked.settings.log.format, Box::new(log.clone()))
            .and_then(|lines| lines.with_access(Box::new(access.clone())))
            .unwrap();
        let asked = between(Arc::clone(&store) as Arc<dyn Store>);
        let gateway =
            countersign_gateway::start(checked.rules, checked.settings, asked, lines).unwrap();
        Stage {
            address: gateway.addresses()[0],
            gateway: Some(gateway),
            store,
            log,
            access,
            folder,
        }
    }

    fn checked(&self, upstream: SocketAddr, folder: &TempDir) -> Checked {
        let text = self.text(upstream, folder);
        let outcome = check(&text, &folder.path().join("countersign.toml"), &FileSystem);
        outcome
            .checked
            .unwrap_or_else(|| panic!("{}", outcome.findings.render(Look::Plain)))
    }

    fn text(&self, upstream: SocketAddr, folder: &TempDir) -> String {
        let Self {
            server,
            limits,
            remembered_secs,
            upstream: upstream_keys,
            scheme,
            cost: (memory_kib, passes),
            sections,
            more,
        } = self;
        let store = folder.path().join("countersign.db");
        let store = store.display();
        format!(
            r#"
realm = "stage"
[server]
listen = ["127.0.0.1:0"]
workers = 1
{server}
[server.limits]
{limits}
[store]
path = '{store}'
[cache]
ttl_secs = {remembered_secs}
[basic]
hash = {{ memory_kib = {memory_kib}, passes = {passes}, lanes = 1 }}
[api_key]
header = "X-API-Key"
[upstream.app]
url = "{scheme}://{upstream}"
{upstream_keys}
{sections}
{ROUTES}
{more}"#
        )
    }
}

fn open_store(folder: &TempDir) -> Arc<SqliteStore> {
    let path = folder.path().join("countersign.db");
    Arc::new(SqliteStore::open(&path, Options::default()).unwrap())
}

fn add_alice(store: &dyn Store, cost: (u32, u32)) {
    let user = NewUser {
        name: "alice".into(),
        display_name: None,
        hash: hash_of(PASSWORD, cost),
        groups: vec!["staff".into()],
        disabled: false,
    };
    wait_for(store.add_user(user, NOW)).unwrap();
}

pub(crate) fn hash_of(password: &[u8], (memory_kib, passes): (u32, u32)) -> PasswordHash {
    let cost = Cost::new(memory_kib, passes, 1).unwrap();
    hash(password, &[7; 16], &cost).unwrap()
}

impl Stage {
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn client(&self) -> Client {
        Client::to(self.address)
    }

    /// A client of the admin listener.
    pub(crate) fn admin(&self) -> Client {
        Client::to(self.gateway.as_ref().unwrap().admin_addresses()[0])
    }

    pub(crate) fn has_no_admin(&self) -> bool {
        self.gateway.as_ref().unwrap().admin_addresses().is_empty()
    }

    /// Sends one request on a connection of its own.
    pub(crate) fn ask(&self, request: impl AsRef<[u8]>) -> message::Message {
        self.client().send(request).answer()
    }

    /// Waits until the log has these words.
    pub(crate) fn wait_for_log(&self, words: &str) {
        self.log.wait_for(words);
    }

    /// The log so far.
    pub(crate) fn log(&self) -> String {
        self.log.text()
    }

    /// Another handle of the same file, as another process has one.
    pub(crate) fn other_store(&self) -> Arc<SqliteStore> {
        open_store(&self.folder)
    }

    /// Reloads with another configuration.
    pub(crate) fn reload(&self, play: &Play<'_>, upstream: SocketAddr) -> Result<(), String> {
        let checked = play.checked(upstream, &self.folder);
        let gateway = self.gateway.as_ref().unwrap();
        gateway
            .reload(checked.rules, checked.settings)
            .map_err(|error| error.to_string())
    }

    /// A new API key of a user, and its record.
    pub(crate) fn key_of(&self, user: &str) -> (String, Key) {
        let mut random = [0; 40];
        aws_lc_rs::rand::fill(&mut random).unwrap();
        let key = ApiKey::mint(&random);
        let record = NewKey {
            id: key.id().clone(),
            digest: key.digest(),
            owner: Owner::User(user.into()),
            label: "test".into(),
            scopes: Vec::new(),
            expires_unix_secs: None,
            networks: Vec::new(),
        };
        let record = wait_for(self.store.create_key(record, NOW)).unwrap();
        (key.expose().to_owned(), record)
    }

    /// Ends the gateway, which hands over what it still has, and gives back the log.
    pub(crate) fn close(mut self) -> Closed {
        self.stop();
        Closed {
            log: self.log.text(),
            access: self.access.text(),
            store: Arc::clone(&self.store),
            folder: Arc::clone(&self.folder),
        }
    }

    fn stop(&mut self) {
        if let Some(gateway) = self.gateway.take() {
            gateway.stop("the test is over");
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What is left of a gateway that has ended.
pub(crate) struct Closed {
    pub(crate) log: String,
    pub(crate) access: String,
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) folder: Arc<TempDir>,
}

/// Awaits one answer of a store.
pub(crate) fn wait_for<T>(answer: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(answer)
}

/// Where the log goes.
#[derive(Clone, Default)]
struct Captured(Arc<(Mutex<Vec<u8>>, Condvar)>);

impl Captured {
    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn text(&self) -> String {
        String::from_utf8(self.bytes().clone()).unwrap()
    }

    /// Waits until these words are there.
    fn wait_for(&self, words: &str) {
        let lacks = |bytes: &mut Vec<u8>| find(bytes, words.as_bytes()).is_none();
        let waited = self.0.1.wait_timeout_while(self.bytes(), PATIENCE, lacks);
        let (bytes, result) = waited.unwrap();
        assert!(
            !result.timed_out(),
            "no `{words}` in {}",
            String::from_utf8_lossy(&bytes)
        );
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.bytes().extend_from_slice(bytes);
        self.0.1.notify_all();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Where these bytes begin.
pub(crate) fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

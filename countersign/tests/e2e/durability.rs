//! What was acknowledged is there after a kill: of the gateway and of a process that writes, both at work.
//!
//! A test starts this very program again, to run the one that is called `child_*`. It does nothing unless the
//! environment names a file.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Sender, channel};

use countersign_secret::api_key::{ApiKey, KeyId};
use countersign_store::{SqliteStore, Store as _};

use crate::credentials::{self, key_of_user, mint, now_unix_secs, open};
use crate::exchange;
use crate::gateway::Gateway;
use crate::{PATIENCE, upstream};

const FILE: &str = "COUNTERSIGN_TEST_STORE";
const ROUNDS: usize = 6;
/// Acknowledged changes, and answers of the gateway, before a kill.
const ACKNOWLEDGED_MIN: usize = 30;
const ANSWERED_MIN: usize = 50;

/// Adds users and keys, changes a user, and revokes every second key, and says so after each, until it is killed.
#[tokio::test]
async fn child_writes_without_end() {
    let Some(file) = std::env::var_os(FILE) else {
        return;
    };
    let store = open(Path::new(&file));
    // What a password costs does not matter here.
    let hash = credentials::hash("any");
    for number in 0_u64.. {
        let now = now_unix_secs();
        let name = format!("user-{}-{number}", std::process::id());
        let user = credentials::user(&name, hash.clone());
        store.add_user(user, now).await.unwrap();
        println!("\nack user {name} end");
        let key = mint();
        store.create_key(key_of_user(&key), now).await.unwrap();
        println!("\nack key {} end", key.expose());
        store.set_disabled(&name, true, now).await.unwrap();
        println!("\nack disabled {name} end");
        if number % 2 == 0 {
            store.revoke_key(key.id(), now).await.unwrap();
            println!("\nack revoked {} end", key.expose());
        }
    }
}

/// Ended with the test, also where it fails.
struct Writer(Child);

impl Drop for Writer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start_child(file: &Path) -> Writer {
    let process = Command::new(std::env::current_exe().unwrap())
        .args([
            "durability::child_writes_without_end",
            "--exact",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(FILE, file)
        .stdout(Stdio::piped())
        .spawn();
    Writer(process.unwrap())
}

/// What was acknowledged of users and keys, in all rounds.
#[derive(Default)]
struct Acknowledged {
    /// Whether each user was disabled.
    users: BTreeMap<String, bool>,
    /// Whether each key was revoked.
    keys: BTreeMap<String, bool>,
    changes: usize,
}

impl Acknowledged {
    /// Notes a line of the child. One that was cut by the kill acknowledges nothing.
    fn note(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        let ["ack", what, name, "end"] = words.as_slice() else {
            return;
        };
        let (map, value) = match *what {
            "user" => (&mut self.users, false),
            "disabled" => (&mut self.users, true),
            "key" => (&mut self.keys, false),
            "revoked" => (&mut self.keys, true),
            other => panic!("unknown word {other}"),
        };
        map.insert((*name).to_owned(), value);
        self.changes += 1;
    }

    /// All of it is in the store. Beyond it there may be the one change that was under way.
    async fn check(&self, store: &SqliteStore) {
        for (name, disabled) in &self.users {
            let user = store.user(name).await.unwrap();
            let user = user.unwrap_or_else(|| panic!("{name} is lost"));
            assert!(user.disabled || !disabled, "{name} is let in again");
        }
        for (text, revoked) in &self.keys {
            let id = id_of(text);
            let key = store.key(&id).await.unwrap();
            let key = key.unwrap_or_else(|| panic!("the key {id:?} is lost"));
            assert!(
                key.revoked_unix_secs.is_some() || !revoked,
                "{id:?} is taken again"
            );
        }
    }

    /// Some keys that the gateway must take, and some that it must refuse; the last ones, which the kill was closest to.
    fn last_keys(&self, lines: &[String]) -> Vec<(String, bool)> {
        let keys = lines
            .iter()
            .rev()
            .filter_map(|line| line.strip_prefix("ack key "));
        let keys = keys
            .filter_map(|key| key.strip_suffix(" end"))
            .skip(1)
            .take(6);
        keys.map(|key| (key.to_owned(), self.keys[key])).collect()
    }
}

fn id_of(key: &str) -> KeyId {
    let key = ApiKey::parse(key.as_bytes()).unwrap();
    key.id().clone()
}

#[test]
fn what_was_acknowledged_survives_a_kill_of_everybody() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.db");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let key = runtime.block_on(credentials::fill(&file));
    let configuration = configuration(upstream::start());
    let mut acknowledged = Acknowledged::default();
    let mut last_keys: Vec<(String, bool)> = Vec::new();
    for round in 0..ROUNDS {
        let gateway = Gateway::start(folder.path(), &configuration);
        for (key, revoked) in &last_keys {
            check_key(gateway.address(), key, *revoked);
        }
        let lines = one_round(gateway, &file, key.expose());
        for line in &lines {
            acknowledged.note(line);
        }
        assert!(acknowledged.changes >= (round + 1) * ACKNOWLEDGED_MIN);
        last_keys = acknowledged.last_keys(&lines);
        // The processes are dead, and what they left is opened as it is.
        runtime.block_on(async { acknowledged.check(&open(&file)).await });
    }
    assert!(acknowledged.keys.values().any(|revoked| *revoked));
    assert!(acknowledged.keys.values().any(|revoked| !revoked));
}

/// Load on the gateway and changes in the store, then the kill of both in the midst of it. The lines of the child.
fn one_round(gateway: Gateway, file: &Path, key: &str) -> Vec<String> {
    let mut child = start_child(file);
    let (sender, receiver) = channel();
    let output = BufReader::new(child.0.stdout.take().unwrap());
    let reader = std::thread::spawn(move || {
        for line in output.lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    let address = gateway.address();
    let mut lines = Vec::new();
    std::thread::scope(|scope| {
        let (done, answers) = channel();
        for _ in 0..4 {
            let done = done.clone();
            scope.spawn(move || load(address, key, &done));
        }
        for _ in 0..ANSWERED_MIN {
            answers.recv_timeout(PATIENCE).expect("the gateway answers");
        }
        while lines
            .iter()
            .filter(|line: &&String| line.starts_with("ack "))
            .count()
            < ACKNOWLEDGED_MIN
        {
            lines.push(receiver.recv_timeout(PATIENCE).expect("the child writes"));
        }
        // SIGKILL: neither has a chance to do anything more. The load ends with the gateway.
        gateway.kill();
        drop(child);
    });
    reader.join().unwrap();
    // What the child had acknowledged before it died is still in the pipe.
    lines.extend(receiver.try_iter());
    lines
}

/// Asks until the gateway is gone: with a good key, so that uses are noted, and without, so that refusals are kept.
fn load(address: SocketAddr, key: &str, answered: &Sender<()>) {
    loop {
        let good = exchange::try_get(address, "/notes/1", &[("X-API-Key", key)]);
        let none = exchange::try_get(address, "/notes/1", &[]);
        let (Some(good), Some(none)) = (good, none) else {
            return;
        };
        assert_eq!((good.status, none.status), (200, 401));
        let _ = answered.send(());
    }
}

fn check_key(address: SocketAddr, key: &str, revoked: bool) {
    let answer = exchange::get(address, "/notes/1", &[("X-API-Key", key)]);
    let expected = if revoked { 401 } else { 200 };
    assert_eq!(answer.status, expected, "{answer:?}");
}

fn configuration(application: SocketAddr) -> String {
    format!(
        r#"realm = "test"

[server]
listen = ["127.0.0.1:0"]
workers = 2

[store]
path = "store.db"

[api_key]
header = "X-API-Key"

[upstream.app]
url = "http://{application}"

[[route]]
name = "notes"
path = "/notes/**"
upstream = "app"
accept = ["api-key"]
allow = {{ identity = true }}
"#
    )
}

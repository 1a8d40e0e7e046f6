//! Several processes, some of which are killed.
//!
//! A test starts this very program again, to run one of the tests that are called `child_*`. They do nothing
//! unless the environment names a file.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use countersign_store::{Options, SqliteStore, Store};
use tempfile::TempDir;

use crate::conformance::{NOW, cheap, new_user};

const FILE: &str = "COUNTERSIGN_TEST_STORE";
const PREFIX: &str = "COUNTERSIGN_TEST_PREFIX";

fn open(path: &Path) -> SqliteStore {
    let options = Options {
        decoy_cost: cheap(),
        refusals_kept_max: 10,
        acts_kept: None,
    };
    SqliteStore::open(path, options).unwrap()
}

fn start(child: &str, path: &Path, prefix: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            &format!("processes::{child}"),
            "--exact",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(FILE, path)
        .env(PREFIX, prefix)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// What a child process has acknowledged: lines that begin with "ack ".
fn acknowledged(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // A line that was cut by the kill was not acknowledged, nor is one without its end.
    lines.map_while(Result::ok).filter_map(|line| {
        let name = line.strip_prefix("ack ")?.strip_suffix(" end")?;
        Some(name.to_owned())
    })
}

async fn names(store: &SqliteStore) -> BTreeSet<String> {
    let users = store.users(None, u32::MAX).await.unwrap();
    users.into_iter().map(|user| user.name.into()).collect()
}

/// Adds users from eight tasks at once, and says so after each, until it is killed or has added enough.
async fn add_and_acknowledge(path: PathBuf, count: u32) {
    let prefix = std::env::var(PREFIX).unwrap();
    let store = open(&path);
    let task = async |task: u32| {
        for number in 0..count {
            let name = format!("{prefix}-{task}-{number}");
            store.add_user(new_user(&name), NOW).await.unwrap();
            println!("\nack {name} end");
        }
    };
    tokio::join!(
        task(0),
        task(1),
        task(2),
        task(3),
        task(4),
        task(5),
        task(6),
        task(7)
    );
}

#[tokio::test]
async fn child_adds_users_without_end() {
    if let Some(path) = std::env::var_os(FILE) {
        add_and_acknowledge(path.into(), u32::MAX).await;
    }
}

#[tokio::test]
async fn child_adds_some_users() {
    if let Some(path) = std::env::var_os(FILE) {
        add_and_acknowledge(path.into(), 25).await;
    }
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("store.db");
    let mut expected = BTreeSet::new();
    for round in 0..6_usize {
        let mut child = start(
            "child_adds_users_without_end",
            &path,
            &format!("round{round}"),
        );
        let mut seen = acknowledged(&mut child);
        expected.extend(seen.by_ref().take(20 + 7 * round));
        // SIGKILL: the process has no chance to do anything more.
        child.kill().unwrap();
        child.wait().unwrap();
        // What it had acknowledged before it died is still in the pipe.
        expected.extend(seen);
        let there = names(&open(&path)).await;
        let lost: Vec<_> = expected.difference(&there).collect();
        assert!(lost.is_empty(), "round {round} lost {lost:?}");
    }
    assert!(expected.len() >= 6 * 20);
}

#[tokio::test]
async fn two_processes_write_at_once() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("store.db");
    let mut children = ["one", "two"].map(|prefix| start("child_adds_some_users", &path, prefix));
    let here = open(&path);
    let mut stamps = BTreeSet::from([here.change_stamp().await.unwrap()]);
    let mut expected = BTreeSet::new();
    let [one, two] = &mut children;
    for name in acknowledged(one) {
        expected.insert(name.clone());
        let own = format!("here-{name}");
        here.add_user(new_user(&own), NOW).await.unwrap();
        expected.insert(own);
        stamps.insert(here.change_stamp().await.unwrap());
    }
    expected.extend(acknowledged(two));
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(expected.len(), 200 + 200 + 200);
    assert_eq!(names(&here).await, expected);
    assert!(stamps.len() > 200);
}

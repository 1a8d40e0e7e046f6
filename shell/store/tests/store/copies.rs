//! Copies: of older and newer forms, and by a process that is killed in the middle.
//!
//! A test starts this very program again, to run one of the tests that are called `child_*`. They do nothing
//! unless the environment names a file.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use countersign_store::{
    Backup, CopyError, Options, Restore, SqliteStore, Store, StoreError, examine,
};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::conformance::{NOW, cheap, new_user};

const STORE: &str = "COUNTERSIGN_TEST_COPIED_STORE";
const COPY: &str = "COUNTERSIGN_TEST_COPY";

fn open(path: &Path) -> SqliteStore {
    let options = Options {
        decoy_cost: cheap(),
        refusals_kept_max: 10,
        acts_kept: None,
    };
    SqliteStore::open(path, options).unwrap()
}

async fn with_users(path: &Path, names: &[&str]) {
    let store = open(path);
    for name in names {
        store.add_user(new_user(name), NOW).await.unwrap();
    }
}

fn files(folder: &TempDir) -> Vec<String> {
    let entries = std::fs::read_dir(folder.path()).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_copy_has_what_was_committed_and_nothing_that_came_after() {
    let folder = tempfile::tempdir().unwrap();
    let (path, to) = (folder.path().join("a.db"), folder.path().join("copy.db"));
    let store = open(&path);
    store.add_user(new_user("alice"), NOW).await.unwrap();
    let backup = Backup::make(&path, &to).unwrap();
    store.add_user(new_user("bob"), NOW).await.unwrap();
    assert_eq!(backup.content.users, 1);
    backup.put(false).unwrap();
    assert_eq!(examine(&to).unwrap().users, 1);
    assert_eq!(examine(&path).unwrap().users, 2);
}

#[tokio::test]
async fn a_copy_of_a_newer_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (path, to) = (folder.path().join("a.db"), folder.path().join("b.db"));
    with_users(&path, &["alice"]).await;
    Backup::make(&path, &to).unwrap().put(false).unwrap();
    let newer = Connection::open(&to).unwrap();
    newer
        .execute("INSERT INTO migrations VALUES (1000, 'later', '')", [])
        .unwrap();
    drop(newer);
    let refused = Restore::make(&to, &path, None).unwrap_err();
    assert!(
        matches!(
            refused,
            CopyError::Store(StoreError::Newer { found: 1000, .. })
        ),
        "{refused}"
    );
    assert_eq!(examine(&path).unwrap().users, 1);
}

#[tokio::test]
async fn a_copy_of_an_older_version_is_brought_up_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let (path, to) = (folder.path().join("a.db"), folder.path().join("b.db"));
    with_users(&path, &["alice", "bob"]).await;
    Backup::make(&path, &to).unwrap().put(false).unwrap();
    let older = Connection::open(&to).unwrap();
    older
        .execute_batch(
            "DROP TABLE acts; DROP TABLE form_keys; DROP TABLE digest_secrets; DROP TABLE sessions; DROP TABLE totp; DROP TABLE recovery_codes;
             DROP TABLE passkeys; DROP TABLE used_challenges; DROP TABLE links; DROP TABLE used_sign_ins;
             ALTER TABLE refusals DROP COLUMN host; ALTER TABLE refusals DROP COLUMN subject;
             ALTER TABLE refusals DROP COLUMN account; ALTER TABLE refusals DROP COLUMN key_id;
             ALTER TABLE refusals DROP COLUMN detail; ALTER TABLE api_keys DROP COLUMN own;
             DELETE FROM migrations WHERE version >= 3;
             DELETE FROM users WHERE name = 'bob';",
        )
        .unwrap();
    let found = older.query_row("SELECT max(version) FROM migrations", [], |row| row.get(0));
    drop(older);
    let bytes = std::fs::read(&to).unwrap();
    let restore = Restore::make(&to, &path, None).unwrap();
    assert_eq!((restore.form_before, found), (2, Ok(2)));
    assert!(restore.content.form > 2);
    restore.put(true).unwrap();
    assert_eq!(std::fs::read(&to).unwrap(), bytes);
    let users = open(&path).users(None, 10).await.unwrap();
    assert_eq!(users.len(), 1);
}

#[tokio::test]
async fn what_the_log_of_a_replaced_store_had_does_not_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let (path, to) = (folder.path().join("a.db"), folder.path().join("b.db"));
    with_users(&path, &["alice"]).await;
    Backup::make(&path, &to).unwrap().put(false).unwrap();
    let mut killed = start("child_changes_and_waits", &path, &to);
    await_word(&mut killed);
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert!(
        files(&folder).contains(&"a.db-wal".to_owned()),
        "{:?}",
        files(&folder)
    );
    Restore::make(&to, &path, None).unwrap().put(true).unwrap();
    assert_eq!(files(&folder), ["a.db", "b.db"]);
    assert_eq!(examine(&path).unwrap().users, 1);
}

#[tokio::test]
async fn a_store_that_is_open_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let (path, to) = (folder.path().join("a.db"), folder.path().join("b.db"));
    let store = open(&path);
    store.add_user(new_user("alice"), NOW).await.unwrap();
    Backup::make(&path, &to).unwrap().put(false).unwrap();
    let refused = Restore::make(&to, &path, None)
        .unwrap()
        .put(true)
        .unwrap_err();
    assert!(matches!(refused, CopyError::InUse), "{refused}");
    store.add_user(new_user("bob"), NOW).await.unwrap();
    drop(store);
    assert_eq!(examine(&path).unwrap().users, 2);
}

#[tokio::test]
async fn who_is_killed_in_the_middle_has_changed_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (path, to) = (folder.path().join("a.db"), folder.path().join("b.db"));
    with_users(&path, &["alice"]).await;
    let mut killed = start("child_backs_up_and_waits", &path, &to);
    await_word(&mut killed);
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert!(!to.exists());
    Backup::make(&path, &to).unwrap().put(false).unwrap();
    with_users(&path, &["bob"]).await;
    let mut killed = start("child_restores_and_waits", &path, &to);
    await_word(&mut killed);
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert_eq!(examine(&path).unwrap().users, 2);
    Restore::make(&to, &path, None).unwrap().put(true).unwrap();
    assert_eq!(examine(&path).unwrap().users, 1);
}

fn start(child: &str, store: &Path, copy: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            &format!("copies::{child}"),
            "--exact",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(STORE, store)
        .env(COPY, copy)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits until the child has come to its middle.
fn await_word(child: &mut Child) {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("in the middle")));
}

/// Says so, and waits for what does not come.
fn in_the_middle() {
    println!("in the middle");
    let mut nothing = String::new();
    std::io::stdin().read_line(&mut nothing).unwrap();
}

fn named() -> Option<(std::ffi::OsString, std::ffi::OsString)> {
    Some((std::env::var_os(STORE)?, std::env::var_os(COPY)?))
}

#[test]
fn child_backs_up_and_waits() {
    let Some((store, copy)) = named() else { return };
    let _made = Backup::make(Path::new(&store), Path::new(&copy)).unwrap();
    in_the_middle();
}

#[test]
fn child_restores_and_waits() {
    let Some((store, copy)) = named() else { return };
    let _made = Restore::make(Path::new(&copy), Path::new(&store), None).unwrap();
    in_the_middle();
}

#[tokio::test]
async fn child_changes_and_waits() {
    let Some((store, _)) = named() else { return };
    let store = open(Path::new(&store));
    store.add_user(new_user("late"), NOW).await.unwrap();
    in_the_middle();
}

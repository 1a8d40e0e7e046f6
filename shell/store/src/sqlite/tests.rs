//! What cannot be seen from outside: the migrations, the groups of commits, the plans of look-ups.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::PathBuf;
use std::sync::mpsc;

use countersign_secret::password::{HashKind, hash};
use countersign_secret::session::SessionSecret;
use tempfile::TempDir;

use super::migrations::Migration;
use super::*;

fn folder() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("store.db");
    (folder, path)
}

const FIRST: Migration = Migration {
    version: 1,
    name: "first",
    sql: "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (1);",
};
const SECOND: Migration = Migration {
    version: 2,
    name: "second",
    sql: "ALTER TABLE a ADD COLUMN y INTEGER;",
};

#[test]
fn the_list_of_migrations_is_that_of_the_files() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let list: Vec<String> = migrations::ALL
        .iter()
        .map(|migration| format!("{:04}_{}.sql", migration.version, migration.name))
        .collect();
    assert_eq!(files, list);
    let versions: Vec<u32> = migrations::ALL
        .iter()
        .map(|migration| migration.version)
        .collect();
    assert!(versions.iter().copied().eq(1..=versions.len() as u32));
}

#[test]
fn migrations_are_applied_once_and_in_order() {
    let (_folder, path) = folder();
    let connection = connection::create(&path).unwrap();
    migrations::apply(&connection, &[FIRST], &path).unwrap();
    migrations::apply(&connection, &[FIRST, SECOND], &path).unwrap();
    migrations::apply(&connection, &[FIRST, SECOND], &path).unwrap();
    let row: (i64, Option<i64>) = connection
        .query_row("SELECT x, y FROM a", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    assert_eq!(row, (1, None));
}

#[tokio::test]
async fn a_store_from_before_sessions_gets_them_and_keeps_its_users() {
    let (_folder, path) = folder();
    let before: Vec<Migration> = migrations::ALL
        .iter()
        .filter(|migration| migration.version < 4)
        .map(|migration| Migration { ..*migration })
        .collect();
    let connection = connection::create(&path).unwrap();
    migrations::apply(&connection, &before, &path).unwrap();
    assert!(!connection.table_exists(None, "sessions").unwrap());
    let hash = hash(b"correct horse", &[1; 16], &Cost::new(8, 1, 1).unwrap()).unwrap();
    connection
        .execute(
            "INSERT INTO users (name, hash, decoy, groups, disabled, created_unix_secs, changed_unix_secs)
             VALUES ('alice', ?1, '', '[]', 0, 1, 1)",
            [hash.as_str()],
        )
        .unwrap();
    drop(connection);
    let store = SqliteStore::open(&path, Options::default()).unwrap();
    let user = store.user("alice").await.unwrap().unwrap();
    let session = NewSession {
        provider: None,
        signed_in_unix_secs: None,
        id: SessionId::mint(&[1; 9]),
        digest: SessionSecret::mint(&[2; 32]).digest(),
        user_id: user.id,
        user_version: user.version,
        method: "password".into(),
        device: None,
        address: "192.0.2.1".into(),
        idle_secs: 60,
        expires_unix_secs: 100,
        per_user_max: 5,
        second_factor: false,
        groups: Vec::new(),
    };
    assert!(store.begin_session(session, 10).await.unwrap());
    let digest = SessionSecret::mint(&[2; 32]).digest();
    let found = store.session(&digest);
    assert_eq!(&*found.await.unwrap().unwrap().user, "alice");
}

#[test]
fn a_migration_that_fails_leaves_nothing() {
    let (_folder, path) = folder();
    let connection = connection::create(&path).unwrap();
    let faulty = Migration {
        sql: "CREATE TABLE b (x INTEGER) STRICT; INSERT INTO nowhere VALUES (1);",
        ..SECOND
    };
    assert!(migrations::apply(&connection, &[FIRST, faulty], &path).is_err());
    assert!(connection.is_autocommit());
    assert!(!connection.table_exists(None, "b").unwrap());
    migrations::apply(&connection, &[FIRST, SECOND], &path).unwrap();
}

#[test]
fn a_database_of_a_newer_version_is_refused() {
    let (_folder, path) = folder();
    let connection = connection::create(&path).unwrap();
    migrations::apply(&connection, &[FIRST, SECOND], &path).unwrap();
    let error = migrations::apply(&connection, &[FIRST], &path).unwrap_err();
    assert!(matches!(error, StoreError::Newer { found: 2, known: 1 }));
    assert_eq!(
        error.to_string(),
        "the database has the form 2 of a newer version, and this one knows forms up to 1"
    );
}

#[test]
fn a_changed_migration_is_refused() {
    let (_folder, path) = folder();
    let connection = connection::create(&path).unwrap();
    migrations::apply(&connection, &[FIRST], &path).unwrap();
    let changed = Migration {
        sql: "CREATE TABLE a (x TEXT) STRICT;",
        ..FIRST
    };
    let error = migrations::apply(&connection, &[changed, SECOND], &path).unwrap_err();
    assert!(matches!(
        error,
        StoreError::MigrationChanged { version: 1, .. }
    ));
    assert_eq!(
        error.to_string(),
        "the database was built with another migration 1 than this version's `first`"
    );
}

#[test]
fn a_database_of_another_program_is_left_alone() {
    let (_folder, path) = folder();
    let other = Connection::open(&path).unwrap();
    other
        .execute_batch("CREATE TABLE migrations (x INTEGER);")
        .unwrap();
    drop(other);
    let error = SqliteStore::open(&path, Options::default()).err().unwrap();
    assert!(matches!(error, StoreError::Foreign { .. }));
    let text = path.with_file_name("text");
    std::fs::write(
        &text,
        "not a database, but long enough to be read as the head of one ".repeat(20),
    )
    .unwrap();
    let error = SqliteStore::open(&text, Options::default()).err().unwrap();
    assert!(matches!(error, StoreError::Damaged));
}

#[test]
fn a_change_is_on_the_disk_before_it_is_acknowledged() {
    let (_folder, path) = folder();
    let connection = connection::create(&path).unwrap();
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    assert_eq!(pragma("synchronous").unwrap(), 2, "FULL");
    assert_eq!(pragma("foreign_keys").unwrap(), 1);
    assert_eq!(pragma("trusted_schema").unwrap(), 0);
    let mode = connection.pragma_query_value(None, "journal_mode", |row| row.get::<_, String>(0));
    assert_eq!(mode.unwrap(), "wal");
}

#[test]
fn a_database_that_stays_locked_is_told_as_busy() {
    let (_folder, path) = folder();
    let connection = connection::create(&path).unwrap();
    connection
        .execute_batch("CREATE TABLE a (x INTEGER) STRICT;")
        .unwrap();
    connection.busy_timeout(std::time::Duration::ZERO).unwrap();
    let other = connection::create(&path).unwrap();
    let writer = Writer::start(connection).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let insert = || {
        let insert =
            writer.run(|connection| Ok(connection.execute("INSERT INTO a VALUES (1)", [])?));
        runtime.block_on(insert)
    };
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = insert().unwrap_err();
    assert!(matches!(error, StoreError::Busy));
    assert!(error.is_unavailable());
    assert_eq!(
        error.to_string(),
        "another process keeps the database locked"
    );
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(insert().unwrap(), 1);
}

#[test]
fn what_waits_is_committed_together_and_fails_alone() {
    let (_folder, path) = folder();
    let connection = connection::create(&path).unwrap();
    connection
        .execute_batch("CREATE TABLE a (x INTEGER PRIMARY KEY) STRICT;")
        .unwrap();
    let other = connection::open_for_reading(&path).unwrap();
    let writer = Writer::start(connection).unwrap();
    let insert = |x: i64| {
        move |connection: &Connection| Ok(connection.execute("INSERT INTO a VALUES (?1)", [x])?)
    };
    let (release, held) = mpsc::channel::<()>();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let (first, twice, refused, last) = runtime.block_on(async {
        let first = writer.run(move |connection| {
            held.recv().unwrap();
            insert(1)(connection)
        });
        let twice = writer.run(insert(1));
        let refused = writer.run(|connection| {
            connection.execute("INSERT INTO a VALUES (7)", [])?;
            Err::<(), _>(StoreError::DiskFull)
        });
        let last = writer.run(move |connection| {
            insert(2)(connection)?;
            // Nobody else sees the first change yet: it waits for this one.
            let outside: i64 = other.query_row("SELECT count(*) FROM a", [], |row| row.get(0))?;
            let inside: i64 =
                connection.query_row("SELECT count(*) FROM a", [], |row| row.get(0))?;
            Ok((outside, inside))
        });
        tokio::join!(first, twice, refused, async {
            let last = last;
            tokio::pin!(last);
            // The change is in the queue once the future was polled: only then the first may go on.
            let waits = std::future::poll_fn(|context| {
                std::task::Poll::Ready(last.as_mut().poll(context).is_pending())
            })
            .await;
            assert!(waits);
            release.send(()).unwrap();
            last.await
        })
    });
    assert_eq!(first.unwrap(), 1);
    assert!(matches!(twice.unwrap_err(), StoreError::Engine(_)));
    assert!(matches!(refused.unwrap_err(), StoreError::DiskFull));
    assert_eq!(last.unwrap(), (0, 2));
    drop(writer);
    let kept: Vec<i64> = {
        let connection = connection::open_for_reading(&path).unwrap();
        let mut statement = connection.prepare("SELECT x FROM a ORDER BY x").unwrap();
        statement
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect()
    };
    assert_eq!(kept, [1, 2]);
}

#[test]
fn a_transaction_that_is_rolled_back_under_them_fails_all() {
    let (_folder, path) = folder();
    let connection = connection::create(&path).unwrap();
    connection
        .execute_batch("CREATE TABLE a (x INTEGER PRIMARY KEY) STRICT;")
        .unwrap();
    let writer = Writer::start(connection).unwrap();
    let (release, held) = mpsc::channel::<()>();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let (first, culprit) = runtime.block_on(async {
        tokio::join!(
            writer.run(move |connection| {
                held.recv().unwrap();
                Ok(connection.execute("INSERT INTO a VALUES (1)", [])?)
            }),
            async {
                let culprit = writer.run(move |connection| {
                    connection.execute_batch("ROLLBACK")?;
                    Err::<(), _>(StoreError::DiskFull)
                });
                tokio::pin!(culprit);
                let waits = std::future::poll_fn(|context| {
                    std::task::Poll::Ready(culprit.as_mut().poll(context).is_pending())
                })
                .await;
                assert!(waits);
                release.send(()).unwrap();
                culprit.await
            }
        )
    });
    assert!(matches!(first.unwrap_err(), StoreError::Engine(_)));
    assert!(culprit.is_err());
    let after = runtime.block_on(writer.run(|connection| {
        let rows: i64 = connection.query_row("SELECT count(*) FROM a", [], |row| row.get(0))?;
        Ok(rows)
    }));
    assert_eq!(after.unwrap(), 0);
}

#[test]
fn a_key_is_found_by_its_index_among_many() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path, Options::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime
        .block_on(store.writer.run(|connection| {
            connection.execute_batch(
                "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99999)
                 INSERT INTO api_keys (id, digest, owner, owner_kind, label, scopes, networks, created_unix_secs)
                 SELECT printf('%012d', i), randomblob(32), 'ci', 'service', '', '[]', '[]', 0 FROM n;
                 ANALYZE;",
            )?;
            Ok(())
        }))
        .unwrap();
    let id = KeyId::parse("000000077777").unwrap();
    assert!(runtime.block_on(store.api_key(&id)).unwrap().is_some());
    let plan = |sql: &str| -> Vec<String> {
        let reader = connection::open_for_reading(&path).unwrap();
        let mut statement = reader
            .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
            .unwrap();
        let rows = statement.query_map(["x"], |row| row.get(3)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    let by_key = plan(keys::RECORD);
    assert_eq!(by_key.len(), 2);
    assert_eq!(by_key.first().unwrap(), "SEARCH k USING PRIMARY KEY (id=?)");
    assert!(
        by_key
            .last()
            .unwrap()
            .starts_with("SEARCH u USING INTEGER PRIMARY KEY (rowid=?)")
    );
    let by_name = plan("SELECT hash FROM users WHERE name = ?1");
    assert!(
        by_name
            .first()
            .unwrap()
            .starts_with("SEARCH users USING INDEX")
    );
}

#[test]
fn decoys_follow_the_proportion_of_the_users() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path, Options::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let argon2 = hash(b"p", &[1; 16], &Cost::new(8, 1, 1).unwrap()).unwrap();
    let bcrypt =
        PasswordHash::parse("$2y$05$cVk3d6cqu4DcBHi5w0HnqO8lbH20LrPCvPyCfMqphkWjRZwbj22tG")
            .unwrap();
    let users = (0..40).map(|number| NewUser {
        name: format!("user-{number}").into(),
        display_name: None,
        hash: if number < 30 {
            argon2.clone()
        } else {
            bcrypt.clone()
        },
        groups: Vec::new(),
        disabled: false,
    });
    runtime
        .block_on(store.import_users(users.collect(), OnConflict::Refuse, 0))
        .unwrap();
    let kinds = || -> Vec<HashKind> {
        (0..1000)
            .map(|number| {
                store
                    .readers
                    .with(|connection| store.decoys.choose(connection, &format!("nobody-{number}")))
            })
            .map(|decoy| decoy.unwrap().kind())
            .collect()
    };
    let before = kinds();
    let bcrypts = before
        .iter()
        .filter(|kind| **kind == HashKind::Bcrypt)
        .count();
    // A quarter, give or take five standard deviations.
    assert!((180..=320).contains(&bcrypts), "{bcrypts}");
    assert_eq!(kinds(), before, "a name keeps its kind");
    // One user is rehashed: almost every name keeps its kind, and none goes the other way.
    let user = runtime.block_on(store.user("user-35")).unwrap().unwrap();
    assert!(
        runtime
            .block_on(store.replace_hash(user.id, bcrypt.clone(), argon2.clone()))
            .unwrap()
    );
    let after = kinds();
    let moved = before
        .iter()
        .zip(&after)
        .filter(|(before, after)| before != after);
    assert!(moved.clone().all(|(before, _)| *before == HashKind::Bcrypt));
    assert!(moved.count() < 100);
    for number in 30..40 {
        runtime
            .block_on(store.delete_user(&format!("user-{number}"), 0))
            .unwrap();
    }
    assert!(kinds().iter().all(|kind| *kind == HashKind::Argon2id));
}

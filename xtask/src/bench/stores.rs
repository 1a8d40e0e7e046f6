//! Fills the stores of the gateways that are measured, and writes the header lines that go with them.

use std::fs;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_secret::Secret;
use countersign_secret::api_key::ApiKey;
use countersign_secret::password::{Cost, hash};
use countersign_secret::session::{SessionId, SessionSecret};
use countersign_store::{
    Answer, DigestSecret, NewKey, NewSession, NewUser, Options, Owner, SqliteStore, Store,
    StoreError,
};

use countersign_wire::digest::{Charset, SecretHash, user_hash};

use super::digest::ALGORITHM;
use crate::failure::{Doing, Outcome};

/// Of the gateways, and so of the secrets of Digest.
pub(super) const REALM: &str = "bench";
pub(super) const USERS: usize = 10;
/// Keys of a small store; all of them are sent in turn.
pub(super) const KEYS_FEW: usize = 1_000;
/// Keys of a large store.
pub(super) const KEYS_MANY: usize = 1_000_000;
/// Of a large store, so many are sent in turn, from all over it.
pub(super) const KEYS_SENT_MAX: usize = 50_000;
/// Wrong passwords, none of them twice in a run.
const WRONG_PASSWORDS: usize = 60_000;

/// Changes that are begun before the first is waited for: they share their commits.
const AT_ONCE: usize = 512;

/// A filled store and what to send to it.
pub(super) struct Filled {
    pub(super) database: PathBuf,
    pub(super) keys: PathBuf,
    pub(super) passwords: PathBuf,
    pub(super) wrong_passwords: PathBuf,
    /// Cookies of sessions.
    pub(super) sessions: PathBuf,
}

/// A store with users and so many keys, made once.
pub(super) fn prepare(folder: &Path, keys: usize) -> Outcome<Filled> {
    let folder = folder.join(format!("store-{keys}"));
    let filled = Filled {
        database: folder.join("countersign.db"),
        keys: folder.join("keys.txt"),
        passwords: folder.join("passwords.txt"),
        wrong_passwords: folder.join("wrong-passwords.txt"),
        sessions: folder.join("sessions.txt"),
    };
    let complete = folder.join("complete-with-digest");
    if !complete.exists() {
        eprintln!("filling a store with {keys} keys");
        // What an interrupted run left behind.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).doing(folder.display())?;
        let store = SqliteStore::open(&filled.database, Options::default()).doing("a new store")?;
        add_users(&store, &filled)?;
        add_sessions(&store, &filled)?;
        add_keys(&store, keys, &filled)?;
        fs::write(&complete, "").doing(complete.display())?;
    }
    Ok(filled)
}

fn add_users(store: &SqliteStore, filled: &Filled) -> Outcome<()> {
    let mut right = String::new();
    for number in 0..USERS {
        let (name, password) = (user_name(number), password(number));
        let salt: [u8; 16] = random()?;
        let hash = hash(password.as_bytes(), &salt, &Cost::default()).doing("a password hash")?;
        let user = NewUser {
            name: name.clone().into(),
            display_name: None,
            hash,
            groups: vec!["staff".into()],
            disabled: false,
        };
        let hash_now = user.hash.clone();
        let user = wait(store.add_user(user, now_unix_secs()?)).doing("a user")?;
        let secrets = vec![for_digest(&name, &password)];
        wait(store.set_digest(user.id, hash_now, secrets, now_unix_secs()?)).doing("Digest")?;
        right.push_str(&basic(&name, &password));
    }
    fs::write(&filled.passwords, right).doing("passwords")?;
    let wrong = |number: usize| basic(&user_name(number % USERS), &format!("wrong {number}"));
    let lines: String = (0..WRONG_PASSWORDS).map(wrong).collect();
    fs::write(&filled.wrong_passwords, lines).doing("wrong passwords")
}

fn for_digest(name: &str, password: &str) -> DigestSecret {
    let charset = Charset::Utf8;
    let secret = SecretHash::of_password(ALGORITHM, charset, name, REALM, password);
    DigestSecret {
        algorithm: ALGORITHM.word().into(),
        realm: REALM.into(),
        secret: Secret::new(secret.expose().to_owned()),
        user_hash: user_hash(ALGORITHM, charset, name, REALM).into(),
    }
}

fn add_keys(store: &SqliteStore, count: usize, filled: &Filled) -> Outcome<()> {
    let every = count.div_ceil(KEYS_SENT_MAX);
    let mut lines = String::new();
    for first in (0..count).step_by(AT_ONCE) {
        let mut answers = Vec::with_capacity(AT_ONCE);
        for number in first..count.min(first + AT_ONCE) {
            let key = ApiKey::mint(&random()?);
            if number % every == 0 {
                lines.push_str(&format!("X-API-Key: {}\n", key.expose()));
            }
            answers.push(store.create_key(new_key(&key, number), now_unix_secs()?));
        }
        wait_for_all(answers).doing("keys")?;
    }
    fs::write(&filled.keys, lines).doing("keys")
}

fn new_key(key: &ApiKey, number: usize) -> NewKey {
    NewKey {
        id: key.id().clone(),
        digest: key.digest(),
        owner: Owner::Service(format!("service-{}", number % 100).into()),
        label: "bench".into(),
        scopes: vec!["orders:read".into()],
        expires_unix_secs: None,
        networks: Vec::new(),
    }
}

/// A session of each user, for longer than any run takes.
fn add_sessions(store: &SqliteStore, filled: &Filled) -> Outcome<()> {
    const AGES_SECS: i64 = 10 * 365 * 86_400;
    let now = now_unix_secs()?;
    let mut lines = String::new();
    for number in 0..USERS {
        let user = wait(store.user(&user_name(number))).doing("a user")?;
        let user = user.doing("a user is not there")?;
        let secret = SessionSecret::mint(&random()?);
        let session = NewSession {
            provider: None,
            signed_in_unix_secs: None,
            groups: Vec::new(),
            id: SessionId::mint(&random()?),
            digest: secret.digest(),
            user_id: user.id,
            user_version: user.version,
            method: "password".into(),
            second_factor: false,
            device: None,
            address: "127.0.0.1".into(),
            idle_secs: AGES_SECS,
            expires_unix_secs: now.saturating_add(AGES_SECS),
            per_user_max: 50,
        };
        wait(store.begin_session(session, now)).doing("a session")?;
        lines.push_str(&format!("Cookie: countersign={}\n", secret.expose()));
    }
    fs::write(&filled.sessions, lines).doing("sessions")
}

pub(super) fn password(number: usize) -> String {
    format!("correct horse {number}")
}

pub(super) fn user_name(number: usize) -> String {
    format!("user-{number}")
}

fn basic(user: &str, password: &str) -> String {
    format!(
        "Authorization: Basic {}\n",
        STANDARD.encode(format!("{user}:{password}"))
    )
}

fn random<const N: usize>() -> Outcome<[u8; N]> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).doing("random bytes")?;
    Ok(bytes)
}

fn now_unix_secs() -> Outcome<i64> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .doing("the clock")?;
    i64::try_from(now.as_secs()).doing("the clock")
}

/// Begins all, then waits for each.
fn wait_for_all<T>(answers: Vec<Answer<'_, T>>) -> Result<(), StoreError> {
    let mut begun = Vec::with_capacity(answers.len());
    for mut answer in answers {
        match answer
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            Poll::Ready(done) => drop(done?),
            Poll::Pending => begun.push(answer),
        }
    }
    begun
        .into_iter()
        .try_for_each(|answer| wait(answer).map(drop))
}

/// Runs a future on this thread. The store has threads of its own, so nothing more is needed.
fn wait<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
            return done;
        }
        std::thread::park();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_future_that_another_thread_wakes_is_waited_for() {
        let (sender, receiver) = std::sync::mpsc::channel::<Waker>();
        let waking = std::thread::spawn(move || receiver.recv().map(Waker::wake));
        let mut polls = 0;
        let done = wait(std::future::poll_fn(|context| {
            polls += 1;
            if polls > 1 {
                return Poll::Ready(polls);
            }
            sender
                .send(context.waker().clone())
                .expect("the other thread waits");
            Poll::Pending
        }));
        assert_eq!(done, 2);
        assert!(waking.join().is_ok());
    }

    #[test]
    fn a_filled_store_knows_every_key_that_is_sent() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let filled = prepare(folder.path(), 1_100).expect("a filled store");
        let lines = fs::read_to_string(&filled.keys).expect("header lines");
        assert_eq!(lines.lines().count(), 1_100);
        let store = SqliteStore::open(&filled.database, Options::default()).expect("the store");
        for line in lines.lines() {
            let text = line.strip_prefix("X-API-Key: ").expect("the header's name");
            let key = ApiKey::parse(text.as_bytes()).expect("a key");
            let record = wait(store.api_key(key.id()))
                .expect("an answer")
                .expect("the key's record");
            assert!(record.digest.matches(&key.digest()));
        }
        let user = wait(store.user("user-9"))
            .expect("an answer")
            .expect("the user");
        assert_eq!(&*user.name, "user-9");
    }

    #[test]
    fn a_header_line_of_basic_is_as_in_the_specification() {
        assert_eq!(
            basic("Aladdin", "open sesame"),
            "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\n"
        );
    }
}

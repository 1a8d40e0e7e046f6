//! The store in one SQLite file, which several processes may use at once.
//!
//! Knows how the operations are spread: changes go to one thread that commits them in groups, look-ups run
//! where they are asked, on a connection of a small pool, for they take microseconds. Does not know what the
//! operations mean: `users`, `keys`, `sessions` and `refusals` do.

mod acts;
mod brakes;
mod columns;
mod connection;
mod copy;
mod decoys;
mod digest;
mod form_keys;
mod keys;
mod links;
mod meta;
mod migrations;
mod own_keys;
mod passkeys;
mod place;
mod readers;
mod refusals;
mod second_factors;
mod sessions;
mod stamp;
#[cfg(test)]
mod tests;
mod users;
mod writer;

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use countersign_secret::Secret;
use countersign_secret::api_key::KeyId;
use countersign_secret::password::{Cost, PasswordHash};
use countersign_secret::recovery::RecoveryDigest;
use countersign_secret::session::{SessionDigest, SessionId};
use rusqlite::Connection;

pub use self::copy::{Backup, Content, CopyError, Restore, examine};

use self::brakes::Notes;
use self::decoys::Decoys;
use self::place::Place;
use self::readers::Readers;
use self::stamp::Stamp;
use self::writer::Writer;
use crate::{
    AccountAnswer, Act, ActList, ActsKept, Answer, BrakeRecord, Changes, DigestAccount, DigestName,
    DigestSecret, FormKeyRecord, Imported, Key, KeyEdit, KeyList, KeyRecord, Lift, Lifts, Link,
    LinkKey, LinkedUser, NewAct, NewKey, NewOwnKey, NewPasskey, NewSession, NewTotp, NewUser,
    OnConflict, Outcome, OwnKeyMade, PasskeyAdded, PasskeyRecord, PasskeyUse, RefusalRecord,
    Rotation, SecondFactors, Session, SessionAfter, SessionList, SessionRecord, Store, StoreError,
    Totp, User,
};

/// How many refusals are kept unless [`Options`] say otherwise.
pub const REFUSALS_KEPT_MAX_DEFAULT: u32 = 10_000;

/// What can be chosen about a store.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// What an unknown user costs while there are no users to imitate: the cost of new hashes.
    pub decoy_cost: Cost,
    /// How many refusals are kept; the oldest go first.
    pub refusals_kept_max: u32,
    /// Until when acts of administration are kept; `None`: nothing is forgotten, by whoever does not know the limits.
    pub acts_kept: Option<ActsKept>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            decoy_cost: Cost::default(),
            refusals_kept_max: REFUSALS_KEPT_MAX_DEFAULT,
            acts_kept: None,
        }
    }
}

/// The store in a SQLite file. Dropping it waits until what was begun is committed.
pub struct SqliteStore {
    writer: Writer,
    readers: Readers,
    stamp: Stamp,
    notes: Notes,
    decoys: Decoys,
    nonce_key: Secret<[u8; 32]>,
    refusals_kept_max: u32,
    acts_kept: Option<ActsKept>,
    place: Place,
    changes_failed: AtomicU64,
    last_change_failed: AtomicBool,
}

impl SqliteStore {
    /// Opens the file, creates it if need be (for its owner alone), and brings it up to this version's form.
    ///
    /// Blocks, for as long as another process does the same.
    ///
    /// # Errors
    /// Everything of [`StoreError`] that has to do with the file.
    pub fn open(path: &Path, options: Options) -> Result<Self, StoreError> {
        let writing = connection::create(path)?;
        migrations::apply(&writing, migrations::ALL, path)?;
        let decoys = Decoys::open(&writing, &options.decoy_cost)?;
        let nonce_key = meta::key(&writing, "nonce_key")?;
        form_keys::begin(&writing)?;
        Ok(Self {
            writer: Writer::start(writing)?,
            readers: Readers::new(path.to_owned()),
            stamp: Stamp::new(connection::open_for_reading(path)?),
            notes: Notes::new(connection::open_for_reading(path)?),
            decoys,
            nonce_key,
            refusals_kept_max: options.refusals_kept_max,
            acts_kept: options.acts_kept,
            place: Place::of(path)?,
            changes_failed: AtomicU64::new(0),
            last_change_failed: AtomicBool::new(false),
        })
    }

    fn change<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Answer<'_, T> {
        Box::pin(async move {
            let outcome = match self.place.held() {
                Ok(()) => self.writer.run(work).await,
                Err(error) => Err(error),
            };
            // That a name is taken is no fault of the store.
            let failed = outcome.as_ref().is_err_and(StoreError::is_unavailable);
            self.last_change_failed.store(failed, Ordering::Relaxed);
            if failed {
                self.changes_failed.fetch_add(1, Ordering::Relaxed);
            }
            outcome
        })
    }

    fn look_up<'a, T: Send>(
        &'a self,
        look: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'a,
    ) -> Answer<'a, T> {
        Box::pin(async move {
            self.place.held()?;
            self.readers.with(look)
        })
    }
}

impl Store for SqliteStore {
    fn add_user(&self, user: NewUser, now_unix_secs: i64) -> Answer<'_, User> {
        self.change(move |connection| users::add(connection, &user, now_unix_secs))
    }

    fn import_users(
        &self,
        users: Vec<NewUser>,
        on_conflict: OnConflict,
        now_unix_secs: i64,
    ) -> Answer<'_, Imported> {
        self.change(move |connection| users::import(connection, &users, on_conflict, now_unix_secs))
    }

    fn users<'a>(&'a self, after: Option<&'a str>, users_max: u32) -> Answer<'a, Vec<User>> {
        self.look_up(move |connection| users::list(connection, after, users_max))
    }

    fn user<'a>(&'a self, name: &'a str) -> Answer<'a, Option<User>> {
        self.look_up(move |connection| users::find(connection, name))
    }

    fn set_disabled(&self, name: &str, disabled: bool, now_unix_secs: i64) -> Answer<'_, ()> {
        let name = Box::from(name);
        self.change(move |connection| {
            users::set_disabled(connection, name, disabled, now_unix_secs)
        })
    }

    fn set_password(&self, name: &str, hash: PasswordHash, now_unix_secs: i64) -> Answer<'_, ()> {
        let name = Box::from(name);
        self.change(move |connection| {
            users::set_password(connection, name, &hash, &[], now_unix_secs)
        })
    }

    fn set_password_and_digest(
        &self,
        name: &str,
        hash: PasswordHash,
        secrets: Vec<DigestSecret>,
        now_unix_secs: i64,
    ) -> Answer<'_, ()> {
        let name = Box::from(name);
        self.change(move |connection| {
            users::set_password(connection, name, &hash, &secrets, now_unix_secs)
        })
    }

    fn set_digest(
        &self,
        user_id: i64,
        expected: PasswordHash,
        secrets: Vec<DigestSecret>,
        now_unix_secs: i64,
    ) -> Answer<'_, bool> {
        self.change(move |connection| {
            digest::set(connection, user_id, &expected, &secrets, now_unix_secs)
        })
    }

    fn switch_digest_off(&self, name: &str, now_unix_secs: i64) -> Answer<'_, ()> {
        let name = Box::from(name);
        self.change(move |connection| users::switch_digest_off(connection, name, now_unix_secs))
    }

    fn set_groups(&self, name: &str, groups: Vec<Box<str>>, now_unix_secs: i64) -> Answer<'_, ()> {
        let name = Box::from(name);
        self.change(move |connection| users::set_groups(connection, name, &groups, now_unix_secs))
    }

    fn delete_user(&self, name: &str, now_unix_secs: i64) -> Answer<'_, ()> {
        let name = Box::from(name);
        self.change(move |connection| users::delete(connection, name, now_unix_secs))
    }

    fn account<'a>(&'a self, name: &'a str) -> Answer<'a, AccountAnswer> {
        self.look_up(move |connection| {
            // The decoy is chosen for known users too, so that both take as long.
            let decoy = self.decoys.choose(connection, name)?;
            let account = users::account(connection, name)?;
            Ok(account.map_or(AccountAnswer::Unknown { decoy }, |account| {
                AccountAnswer::Known(Box::new(account))
            }))
        })
    }

    fn digest<'a>(
        &'a self,
        name: DigestName<'a>,
        realm: &'a str,
        algorithm: &'a str,
    ) -> Answer<'a, Option<DigestAccount>> {
        self.look_up(move |connection| digest::account(connection, name, realm, algorithm))
    }

    fn nonce_key(&self) -> Answer<'_, Secret<[u8; 32]>> {
        Box::pin(async move { Ok(self.nonce_key.duplicate()) })
    }

    fn replace_hash(
        &self,
        user_id: i64,
        expected: PasswordHash,
        renewed: PasswordHash,
    ) -> Answer<'_, bool> {
        self.change(move |connection| users::replace_hash(connection, user_id, &expected, &renewed))
    }

    fn create_key(&self, key: NewKey, now_unix_secs: i64) -> Answer<'_, Key> {
        self.change(move |connection| keys::create(connection, &key, now_unix_secs))
    }

    fn keys(&self, list: KeyList) -> Answer<'_, Vec<Key>> {
        self.look_up(move |connection| keys::list(connection, &list))
    }

    fn key<'a>(&'a self, id: &'a KeyId) -> Answer<'a, Option<Key>> {
        self.look_up(move |connection| keys::find(connection, id))
    }

    fn revoke_key(&self, id: &KeyId, now_unix_secs: i64) -> Answer<'_, ()> {
        let id = id.clone();
        self.change(move |connection| keys::revoke(connection, &id, now_unix_secs))
    }

    fn rotate_key(&self, rotation: Rotation, now_unix_secs: i64) -> Answer<'_, Key> {
        self.change(move |connection| keys::rotate(connection, &rotation, now_unix_secs))
    }

    fn edit_key(&self, id: &KeyId, edit: KeyEdit) -> Answer<'_, Key> {
        let id = id.clone();
        self.change(move |connection| keys::edit(connection, &id, &edit))
    }

    fn create_own_key(&self, key: NewOwnKey, now_unix_secs: i64) -> Answer<'_, OwnKeyMade> {
        self.change(move |connection| own_keys::create(connection, &key, now_unix_secs))
    }

    fn keys_of_user(
        &self,
        user_id: i64,
        keys_max: u32,
        now_unix_secs: i64,
    ) -> Answer<'_, Vec<Key>> {
        self.look_up(move |connection| own_keys::list(connection, user_id, keys_max, now_unix_secs))
    }

    fn revoke_own_key(&self, user_id: i64, id: &KeyId, now_unix_secs: i64) -> Answer<'_, bool> {
        let id = id.clone();
        self.change(move |connection| own_keys::revoke(connection, user_id, &id, now_unix_secs))
    }

    fn api_key<'a>(&'a self, id: &'a KeyId) -> Answer<'a, Option<KeyRecord>> {
        self.look_up(move |connection| keys::record(connection, id))
    }

    fn note_uses(&self, uses: Vec<(KeyId, i64)>) -> Answer<'_, ()> {
        self.change(move |connection| keys::note_uses(connection, &uses))
    }

    fn begin_session(&self, session: NewSession, now_unix_secs: i64) -> Answer<'_, bool> {
        self.change(move |connection| sessions::begin(connection, &session, now_unix_secs))
    }

    fn go_on_with_session(&self, session: SessionAfter, now_unix_secs: i64) -> Answer<'_, bool> {
        self.change(move |connection| sessions::go_on(connection, &session, now_unix_secs))
    }

    fn session<'a>(&'a self, digest: &'a SessionDigest) -> Answer<'a, Option<SessionRecord>> {
        self.look_up(move |connection| sessions::record(connection, digest))
    }

    fn sessions(&self, list: SessionList, now_unix_secs: i64) -> Answer<'_, Vec<Session>> {
        self.look_up(move |connection| sessions::list(connection, &list, now_unix_secs))
    }

    fn end_session(
        &self,
        id: &SessionId,
        user: Option<&str>,
        now_unix_secs: i64,
    ) -> Answer<'_, ()> {
        let (id, user) = (id.clone(), user.map(Box::<str>::from));
        self.change(move |connection| {
            sessions::end(connection, &id, user.as_deref(), now_unix_secs)
        })
    }

    fn end_sessions(&self, user: &str, now_unix_secs: i64) -> Answer<'_, u64> {
        let user = Box::from(user);
        self.change(move |connection| users::end_sessions(connection, user, now_unix_secs))
    }

    fn note_sessions_used(&self, uses: Vec<(SessionId, i64)>) -> Answer<'_, ()> {
        self.change(move |connection| sessions::note_uses(connection, &uses))
    }

    fn totp(&self, user_id: i64) -> Answer<'_, Option<Totp>> {
        self.look_up(move |connection| second_factors::find(connection, user_id))
    }

    fn second_factors<'a>(&'a self, name: &'a str) -> Answer<'a, SecondFactors> {
        self.look_up(move |connection| second_factors::all(connection, name))
    }

    fn set_totp(&self, new: NewTotp, now_unix_secs: i64) -> Answer<'_, Option<i64>> {
        self.change(move |connection| second_factors::set(connection, &new, now_unix_secs))
    }

    fn use_totp_step(&self, user_id: i64, step: i64) -> Answer<'_, bool> {
        self.change(move |connection| second_factors::use_step(connection, user_id, step))
    }

    fn use_recovery_code(&self, user_id: i64, digest: RecoveryDigest) -> Answer<'_, bool> {
        self.change(move |connection| second_factors::use_recovery(connection, user_id, &digest))
    }

    fn replace_recovery_codes(
        &self,
        user_id: i64,
        digests: Vec<RecoveryDigest>,
    ) -> Answer<'_, bool> {
        self.change(move |connection| {
            second_factors::replace_recovery(connection, user_id, &digests)
        })
    }

    fn remove_totp(&self, user_id: i64, now_unix_secs: i64) -> Answer<'_, Option<i64>> {
        self.change(move |connection| {
            second_factors::remove_totp(connection, user_id, now_unix_secs)
        })
    }

    fn linked_user<'a>(&'a self, key: &'a LinkKey) -> Answer<'a, Option<LinkedUser>> {
        self.look_up(move |connection| links::find(connection, key))
    }

    fn links<'a>(&'a self, name: &'a str) -> Answer<'a, Vec<Link>> {
        self.look_up(move |connection| links::of_user(connection, name))
    }

    fn add_link(&self, name: &str, key: LinkKey, now_unix_secs: i64) -> Answer<'_, ()> {
        let name: Box<str> = name.into();
        self.change(move |connection| links::add(connection, &name, &key, now_unix_secs))
    }

    fn add_first_link(&self, name: &str, key: LinkKey, now_unix_secs: i64) -> Answer<'_, ()> {
        let name: Box<str> = name.into();
        self.change(move |connection| links::add_first(connection, &name, &key, now_unix_secs))
    }

    fn add_linked_user(&self, user: NewUser, key: LinkKey, now_unix_secs: i64) -> Answer<'_, ()> {
        self.change(move |connection| links::add_user(connection, &user, &key, now_unix_secs))
    }

    fn remove_link(&self, name: &str, key: LinkKey, now_unix_secs: i64) -> Answer<'_, bool> {
        let name: Box<str> = name.into();
        self.change(move |connection| links::remove(connection, &name, &key, now_unix_secs))
    }

    fn use_sign_in(
        &self,
        digest: [u8; 32],
        expires_unix_secs: i64,
        now_unix_secs: i64,
    ) -> Answer<'_, bool> {
        self.change(move |connection| {
            links::use_sign_in(connection, &digest, expires_unix_secs, now_unix_secs)
        })
    }

    fn add_passkey(&self, new: NewPasskey, now_unix_secs: i64) -> Answer<'_, PasskeyAdded> {
        self.change(move |connection| passkeys::add(connection, &new, now_unix_secs))
    }

    fn passkey<'a>(&'a self, credential_id: &'a [u8]) -> Answer<'a, Option<PasskeyRecord>> {
        self.look_up(move |connection| passkeys::record(connection, credential_id))
    }

    fn use_passkey(&self, passkey_use: PasskeyUse, now_unix_secs: i64) -> Answer<'_, bool> {
        self.change(move |connection| passkeys::note_use(connection, &passkey_use, now_unix_secs))
    }

    fn remove_passkey(
        &self,
        user_id: i64,
        credential_id: &[u8],
        now_unix_secs: i64,
    ) -> Answer<'_, Option<i64>> {
        let id = Box::<[u8]>::from(credential_id);
        self.change(move |connection| passkeys::remove(connection, user_id, &id, now_unix_secs))
    }

    fn remove_second_factor(&self, name: &str, now_unix_secs: i64) -> Answer<'_, Option<i64>> {
        let name = Box::<str>::from(name);
        self.change(move |connection| second_factors::remove_all(connection, &name, now_unix_secs))
    }

    fn form_keys(&self) -> Answer<'_, Vec<FormKeyRecord>> {
        self.look_up(form_keys::all)
    }

    fn rotate_form_key(&self, now_unix_secs: i64) -> Answer<'_, ()> {
        self.change(move |connection| form_keys::rotate(connection, now_unix_secs))
    }

    fn keep_refusals(&self, refusals: Vec<RefusalRecord>) -> Answer<'_, ()> {
        let kept_max = self.refusals_kept_max;
        self.change(move |connection| refusals::keep(connection, &refusals, kept_max))
    }

    fn refusal<'a>(&'a self, request_id: &'a str) -> Answer<'a, Option<RefusalRecord>> {
        self.look_up(move |connection| refusals::find(connection, request_id))
    }

    fn begin_act(&self, act: NewAct, now_unix_secs: i64) -> Answer<'_, i64> {
        let kept = self.acts_kept;
        self.change(move |connection| acts::begin(connection, &act, kept, now_unix_secs))
    }

    fn end_act(&self, id: i64, outcome: Outcome) -> Answer<'_, ()> {
        self.change(move |connection| acts::end(connection, id, &outcome))
    }

    fn acts(&self, list: ActList) -> Answer<'_, Vec<Act>> {
        self.look_up(move |connection| acts::list(connection, &list))
    }

    fn take_untold_acts(&self, now_unix_secs: i64) -> Answer<'_, Vec<Act>> {
        Box::pin(async move {
            // To look costs no write to the disk.
            let look = self.look_up(move |c| acts::is_any_untold(c, now_unix_secs));
            if !look.await? {
                return Ok(Vec::new());
            }
            self.change(move |connection| acts::take_untold(connection, now_unix_secs))
                .await
        })
    }

    fn keep_brakes(&self, brakes: Vec<BrakeRecord>, now_unix_secs: i64) -> Answer<'_, ()> {
        self.change(move |connection| brakes::keep(connection, &brakes, now_unix_secs))
    }

    fn brakes(&self, now_unix_secs: i64) -> Answer<'_, Vec<BrakeRecord>> {
        self.look_up(move |connection| brakes::list(connection, now_unix_secs))
    }

    fn lift_brakes(&self, lift: Lift, now_unix_secs: i64) -> Answer<'_, u64> {
        self.change(move |connection| brakes::lift(connection, &lift, now_unix_secs))
    }

    fn lifts(&self, after: i64) -> Answer<'_, Lifts> {
        Box::pin(async move { self.notes.read(after) })
    }

    fn change_stamp(&self) -> Answer<'_, u64> {
        Box::pin(async move {
            self.place.look()?;
            self.stamp.read()
        })
    }

    fn probe(&self) -> Answer<'_, ()> {
        Box::pin(async move {
            self.place.look()?;
            self.readers.read_anew()
        })
    }

    fn in_place(&self) -> Result<(), StoreError> {
        self.place.look()
    }

    fn changes(&self) -> Changes {
        Changes {
            failed: self.changes_failed.load(Ordering::Relaxed),
            last_failed: self.last_change_failed.load(Ordering::Relaxed),
        }
    }
}

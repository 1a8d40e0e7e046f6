//! A store that fails when it is told to.
//!
//! Knows: the store's trait. Does not know what the gateway makes of a failure.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use countersign_secret::Secret;
use countersign_secret::api_key::KeyId;
use countersign_secret::password::PasswordHash;
use countersign_secret::recovery::RecoveryDigest;
use countersign_secret::session::{SessionDigest, SessionId};
use countersign_store::{
    AccountAnswer, Act, ActList, Answer, BrakeRecord, Changes, DigestAccount, DigestName,
    DigestSecret, FormKeyRecord, Imported, Key, KeyEdit, KeyList, KeyRecord, Lift, Lifts, Link,
    LinkKey, LinkedUser, NewAct, NewKey, NewOwnKey, NewPasskey, NewSession, NewTotp, NewUser,
    OnConflict, Outcome, OwnKeyMade, PasskeyAdded, PasskeyRecord, PasskeyUse, RefusalRecord,
    Rotation, SecondFactors, Session, SessionAfter, SessionList, SessionRecord, Store, StoreError,
    Totp, User,
};
use tokio::sync::Semaphore;

/// A store that fails on demand, as one on a disk that is gone.
pub(crate) struct Failing {
    inner: Arc<dyn Store>,
    fails: Arc<AtomicBool>,
    /// Refusals are kept once this is closed.
    hangs: Option<Arc<Semaphore>>,
    /// No act is recorded while this is set.
    forgetful: Arc<AtomicBool>,
}

impl Failing {
    pub(crate) fn new(inner: Arc<dyn Store>, fails: Arc<AtomicBool>) -> Self {
        Self {
            inner,
            fails,
            hangs: None,
            forgetful: Arc::default(),
        }
    }

    /// A store that records no act while the flag is set.
    pub(crate) fn forgetful(inner: Arc<dyn Store>, forgetful: Arc<AtomicBool>) -> Self {
        Self {
            forgetful,
            ..Self::new(inner, Arc::default())
        }
    }

    /// A store that keeps no refusal until the semaphore is closed.
    pub(crate) fn hanging(inner: Arc<dyn Store>, until: Arc<Semaphore>) -> Self {
        Self {
            inner,
            fails: Arc::default(),
            hangs: Some(until),
            forgetful: Arc::default(),
        }
    }

    fn either<'a, T: 'a>(&'a self, answer: Answer<'a, T>) -> Answer<'a, T> {
        if self.fails.load(Ordering::SeqCst) {
            return Box::pin(async { Err(StoreError::Busy) });
        }
        answer
    }
}

impl Store for Failing {
    fn add_user(&self, user: NewUser, now: i64) -> Answer<'_, User> {
        self.either(self.inner.add_user(user, now))
    }

    fn import_users(&self, users: Vec<NewUser>, on: OnConflict, now: i64) -> Answer<'_, Imported> {
        self.either(self.inner.import_users(users, on, now))
    }

    fn users<'a>(&'a self, after: Option<&'a str>, max: u32) -> Answer<'a, Vec<User>> {
        self.either(self.inner.users(after, max))
    }

    fn user<'a>(&'a self, name: &'a str) -> Answer<'a, Option<User>> {
        self.either(self.inner.user(name))
    }

    fn set_disabled(&self, name: &str, disabled: bool, now: i64) -> Answer<'_, ()> {
        self.either(self.inner.set_disabled(name, disabled, now))
    }

    fn set_password(&self, name: &str, hash: PasswordHash, now: i64) -> Answer<'_, ()> {
        self.either(self.inner.set_password(name, hash, now))
    }

    fn set_password_and_digest(
        &self,
        name: &str,
        hash: PasswordHash,
        secrets: Vec<DigestSecret>,
        now: i64,
    ) -> Answer<'_, ()> {
        self.either(self.inner.set_password_and_digest(name, hash, secrets, now))
    }

    fn set_digest(
        &self,
        id: i64,
        hash: PasswordHash,
        secrets: Vec<DigestSecret>,
        now: i64,
    ) -> Answer<'_, bool> {
        self.either(self.inner.set_digest(id, hash, secrets, now))
    }

    fn switch_digest_off(&self, name: &str, now: i64) -> Answer<'_, ()> {
        self.either(self.inner.switch_digest_off(name, now))
    }

    fn digest<'a>(
        &'a self,
        name: DigestName<'a>,
        realm: &'a str,
        algorithm: &'a str,
    ) -> Answer<'a, Option<DigestAccount>> {
        self.either(self.inner.digest(name, realm, algorithm))
    }

    fn nonce_key(&self) -> Answer<'_, Secret<[u8; 32]>> {
        self.either(self.inner.nonce_key())
    }

    fn set_groups(&self, name: &str, groups: Vec<Box<str>>, now: i64) -> Answer<'_, ()> {
        self.either(self.inner.set_groups(name, groups, now))
    }

    fn delete_user(&self, name: &str, now: i64) -> Answer<'_, ()> {
        self.either(self.inner.delete_user(name, now))
    }

    fn account<'a>(&'a self, name: &'a str) -> Answer<'a, AccountAnswer> {
        self.either(self.inner.account(name))
    }

    fn replace_hash(&self, id: i64, old: PasswordHash, new: PasswordHash) -> Answer<'_, bool> {
        self.either(self.inner.replace_hash(id, old, new))
    }

    fn create_key(&self, key: NewKey, now: i64) -> Answer<'_, Key> {
        self.either(self.inner.create_key(key, now))
    }

    fn keys(&self, list: KeyList) -> Answer<'_, Vec<Key>> {
        self.either(self.inner.keys(list))
    }

    fn key<'a>(&'a self, id: &'a KeyId) -> Answer<'a, Option<Key>> {
        self.either(self.inner.key(id))
    }

    fn revoke_key(&self, id: &KeyId, now: i64) -> Answer<'_, ()> {
        self.either(self.inner.revoke_key(id, now))
    }

    fn rotate_key(&self, rotation: Rotation, now: i64) -> Answer<'_, Key> {
        self.either(self.inner.rotate_key(rotation, now))
    }

    fn create_own_key(&self, key: NewOwnKey, now: i64) -> Answer<'_, OwnKeyMade> {
        self.either(self.inner.create_own_key(key, now))
    }

    fn keys_of_user(&self, user: i64, keys_max: u32, now: i64) -> Answer<'_, Vec<Key>> {
        self.either(self.inner.keys_of_user(user, keys_max, now))
    }

    fn revoke_own_key(&self, user: i64, id: &KeyId, now: i64) -> Answer<'_, bool> {
        self.either(self.inner.revoke_own_key(user, id, now))
    }

    fn api_key<'a>(&'a self, id: &'a KeyId) -> Answer<'a, Option<KeyRecord>> {
        self.either(self.inner.api_key(id))
    }

    fn note_uses(&self, uses: Vec<(KeyId, i64)>) -> Answer<'_, ()> {
        self.either(self.inner.note_uses(uses))
    }

    fn begin_session(&self, session: NewSession, now: i64) -> Answer<'_, bool> {
        self.either(self.inner.begin_session(session, now))
    }

    fn go_on_with_session(&self, session: SessionAfter, now: i64) -> Answer<'_, bool> {
        self.either(self.inner.go_on_with_session(session, now))
    }

    fn session<'a>(&'a self, digest: &'a SessionDigest) -> Answer<'a, Option<SessionRecord>> {
        self.either(self.inner.session(digest))
    }

    fn sessions(&self, list: SessionList, now: i64) -> Answer<'_, Vec<Session>> {
        self.either(self.inner.sessions(list, now))
    }

    fn end_session(&self, id: &SessionId, user: Option<&str>, now: i64) -> Answer<'_, ()> {
        self.either(self.inner.end_session(id, user, now))
    }

    fn end_sessions(&self, user: &str, now: i64) -> Answer<'_, u64> {
        self.either(self.inner.end_sessions(user, now))
    }

    fn note_sessions_used(&self, uses: Vec<(SessionId, i64)>) -> Answer<'_, ()> {
        self.either(self.inner.note_sessions_used(uses))
    }

    fn totp(&self, user_id: i64) -> Answer<'_, Option<Totp>> {
        self.either(self.inner.totp(user_id))
    }

    fn second_factors<'a>(&'a self, name: &'a str) -> Answer<'a, SecondFactors> {
        self.either(self.inner.second_factors(name))
    }

    fn set_totp(&self, new: NewTotp, now: i64) -> Answer<'_, Option<i64>> {
        self.either(self.inner.set_totp(new, now))
    }

    fn use_totp_step(&self, user_id: i64, step: i64) -> Answer<'_, bool> {
        self.either(self.inner.use_totp_step(user_id, step))
    }

    fn use_recovery_code(&self, user_id: i64, digest: RecoveryDigest) -> Answer<'_, bool> {
        self.either(self.inner.use_recovery_code(user_id, digest))
    }

    fn replace_recovery_codes(
        &self,
        user_id: i64,
        digests: Vec<RecoveryDigest>,
    ) -> Answer<'_, bool> {
        self.either(self.inner.replace_recovery_codes(user_id, digests))
    }

    fn remove_totp(&self, id: i64, now: i64) -> Answer<'_, Option<i64>> {
        self.either(self.inner.remove_totp(id, now))
    }

    fn add_passkey(&self, new: NewPasskey, now: i64) -> Answer<'_, PasskeyAdded> {
        self.either(self.inner.add_passkey(new, now))
    }

    fn passkey<'a>(&'a self, id: &'a [u8]) -> Answer<'a, Option<PasskeyRecord>> {
        self.either(self.inner.passkey(id))
    }

    fn use_passkey(&self, passkey_use: PasskeyUse, now: i64) -> Answer<'_, bool> {
        self.either(self.inner.use_passkey(passkey_use, now))
    }

    fn remove_passkey(&self, user: i64, id: &[u8], now: i64) -> Answer<'_, Option<i64>> {
        self.either(self.inner.remove_passkey(user, id, now))
    }

    fn remove_second_factor(&self, name: &str, now: i64) -> Answer<'_, Option<i64>> {
        self.either(self.inner.remove_second_factor(name, now))
    }

    fn linked_user<'a>(&'a self, key: &'a LinkKey) -> Answer<'a, Option<LinkedUser>> {
        self.either(self.inner.linked_user(key))
    }

    fn links<'a>(&'a self, name: &'a str) -> Answer<'a, Vec<Link>> {
        self.either(self.inner.links(name))
    }

    fn add_link(&self, name: &str, key: LinkKey, now: i64) -> Answer<'_, ()> {
        self.either(self.inner.add_link(name, key, now))
    }

    fn add_first_link(&self, name: &str, key: LinkKey, now: i64) -> Answer<'_, ()> {
        self.either(self.inner.add_first_link(name, key, now))
    }

    fn add_linked_user(&self, user: NewUser, key: LinkKey, now: i64) -> Answer<'_, ()> {
        self.either(self.inner.add_linked_user(user, key, now))
    }

    fn remove_link(&self, name: &str, key: LinkKey, now: i64) -> Answer<'_, bool> {
        self.either(self.inner.remove_link(name, key, now))
    }

    fn use_sign_in(&self, digest: [u8; 32], expires: i64, now: i64) -> Answer<'_, bool> {
        self.either(self.inner.use_sign_in(digest, expires, now))
    }

    fn form_keys(&self) -> Answer<'_, Vec<FormKeyRecord>> {
        self.either(self.inner.form_keys())
    }

    fn rotate_form_key(&self, now_unix_secs: i64) -> Answer<'_, ()> {
        self.either(self.inner.rotate_form_key(now_unix_secs))
    }

    fn keep_refusals(&self, refusals: Vec<RefusalRecord>) -> Answer<'_, ()> {
        let answer = self.either(self.inner.keep_refusals(refusals));
        let Some(hangs) = self.hangs.clone() else {
            return answer;
        };
        Box::pin(async move {
            let _ = hangs.acquire().await;
            answer.await
        })
    }

    fn refusal<'a>(&'a self, request_id: &'a str) -> Answer<'a, Option<RefusalRecord>> {
        self.either(self.inner.refusal(request_id))
    }

    fn edit_key(&self, id: &KeyId, edit: KeyEdit) -> Answer<'_, Key> {
        self.either(self.inner.edit_key(id, edit))
    }

    fn begin_act(&self, act: NewAct, now: i64) -> Answer<'_, i64> {
        if self.forgetful.load(Ordering::SeqCst) {
            return Box::pin(async { Err(StoreError::DiskFull) });
        }
        self.either(self.inner.begin_act(act, now))
    }

    fn end_act(&self, id: i64, outcome: Outcome) -> Answer<'_, ()> {
        self.either(self.inner.end_act(id, outcome))
    }

    fn acts(&self, list: ActList) -> Answer<'_, Vec<Act>> {
        self.either(self.inner.acts(list))
    }

    fn take_untold_acts(&self, now: i64) -> Answer<'_, Vec<Act>> {
        self.either(self.inner.take_untold_acts(now))
    }

    fn keep_brakes(&self, brakes: Vec<BrakeRecord>, now: i64) -> Answer<'_, ()> {
        self.either(self.inner.keep_brakes(brakes, now))
    }

    fn brakes(&self, now: i64) -> Answer<'_, Vec<BrakeRecord>> {
        self.either(self.inner.brakes(now))
    }

    fn lift_brakes(&self, lift: Lift, now: i64) -> Answer<'_, u64> {
        self.either(self.inner.lift_brakes(lift, now))
    }

    fn lifts(&self, after: i64) -> Answer<'_, Lifts> {
        self.either(self.inner.lifts(after))
    }

    fn change_stamp(&self) -> Answer<'_, u64> {
        self.either(self.inner.change_stamp())
    }

    fn probe(&self) -> Answer<'_, ()> {
        self.either(self.inner.probe())
    }

    fn in_place(&self) -> Result<(), StoreError> {
        self.inner.in_place()
    }

    fn changes(&self) -> Changes {
        self.inner.changes()
    }
}

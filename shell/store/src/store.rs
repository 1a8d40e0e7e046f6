//! The operations that the other rooms ask for.
//!
//! Knows users, keys and refusals. Does not know an engine.

use std::pin::Pin;

use countersign_secret::Secret;
use countersign_secret::api_key::KeyId;
use countersign_secret::password::PasswordHash;
use countersign_secret::recovery::RecoveryDigest;
use countersign_secret::session::{SessionDigest, SessionId};

use crate::{
    AccountAnswer, Act, ActList, BrakeRecord, DigestAccount, DigestName, DigestSecret,
    FormKeyRecord, Imported, Key, KeyEdit, KeyList, KeyRecord, Lift, Lifts, Link, LinkKey,
    LinkedUser, NewAct, NewKey, NewOwnKey, NewPasskey, NewSession, NewTotp, NewUser, OnConflict,
    Outcome, OwnKeyMade, PasskeyAdded, PasskeyRecord, PasskeyUse, RefusalRecord, Rotation,
    SecondFactors, Session, SessionAfter, SessionList, SessionRecord, StoreError, Totp, User,
};

/// What an operation answers, once awaited.
///
/// A change is durable once the answer is there. Whoever drops the future does not know whether it happened.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// A store of users, API keys and refusals. All methods can be called from many tasks at once.
pub trait Store: Send + Sync {
    /// Adds a user.
    ///
    /// [`StoreError::UserExists`], or [`StoreError::NameOfService`] while a service by this name has keys
    /// that are not revoked.
    fn add_user(&self, user: NewUser, now_unix_secs: i64) -> Answer<'_, User>;

    /// Adds many users, all of them or none.
    fn import_users(
        &self,
        users: Vec<NewUser>,
        on_conflict: OnConflict,
        now_unix_secs: i64,
    ) -> Answer<'_, Imported>;

    /// Users by name, those after the given name only, so many at most.
    fn users<'a>(&'a self, after: Option<&'a str>, users_max: u32) -> Answer<'a, Vec<User>>;

    /// The user by this name.
    fn user<'a>(&'a self, name: &'a str) -> Answer<'a, Option<User>>;

    /// Lets a user sign in or not, with a password and with any API key. Who may not has no session any more.
    fn set_disabled(&self, name: &str, disabled: bool, now_unix_secs: i64) -> Answer<'_, ()>;

    /// Gives a user another password, switches Digest off (its secrets were of the old one), and ends all sessions.
    fn set_password(&self, name: &str, hash: PasswordHash, now_unix_secs: i64) -> Answer<'_, ()>;

    /// Gives a user another password, with the secrets of Digest for it.
    fn set_password_and_digest(
        &self,
        name: &str,
        hash: PasswordHash,
        secrets: Vec<DigestSecret>,
        now_unix_secs: i64,
    ) -> Answer<'_, ()>;

    /// Switches Digest on with these secrets of the user's present password. `false`, and nothing is changed, where the
    /// user is gone or has another hash than the expected one.
    fn set_digest(
        &self,
        user_id: i64,
        expected: PasswordHash,
        secrets: Vec<DigestSecret>,
        now_unix_secs: i64,
    ) -> Answer<'_, bool>;

    /// Switches Digest off for a user, and forgets its secrets.
    fn switch_digest_off(&self, name: &str, now_unix_secs: i64) -> Answer<'_, ()>;

    /// Puts a user into these groups and no others.
    fn set_groups(&self, name: &str, groups: Vec<Box<str>>, now_unix_secs: i64) -> Answer<'_, ()>;

    /// Deletes a user and revokes the user's keys. The records of the keys stay.
    fn delete_user(&self, name: &str, now_unix_secs: i64) -> Answer<'_, ()>;

    /// What a sign-in needs. Takes as long for an unknown name as for a known one.
    fn account<'a>(&'a self, name: &'a str) -> Answer<'a, AccountAnswer>;

    /// What a sign-in by Digest needs; `None` where there is no such user, or Digest is not switched on for this realm and
    /// algorithm. Takes as long for both.
    fn digest<'a>(
        &'a self,
        name: DigestName<'a>,
        realm: &'a str,
        algorithm: &'a str,
    ) -> Answer<'a, Option<DigestAccount>>;

    /// The key that nonces of Digest are made with: drawn once, and the same for all that share the store.
    fn nonce_key(&self) -> Answer<'_, Secret<[u8; 32]>>;

    /// Stores a renewed hash of the same password. `false`, and nothing is changed, where the user is gone
    /// or has another hash than the expected one: the password was changed in between.
    fn replace_hash(
        &self,
        user_id: i64,
        expected: PasswordHash,
        renewed: PasswordHash,
    ) -> Answer<'_, bool>;

    /// Keeps a new key.
    ///
    /// [`StoreError::KeyExists`], [`StoreError::UserAbsent`] for the key of a user,
    /// [`StoreError::NameOfUser`] for that of a service.
    fn create_key(&self, key: NewKey, now_unix_secs: i64) -> Answer<'_, Key>;

    /// Keys by id.
    fn keys(&self, list: KeyList) -> Answer<'_, Vec<Key>>;

    /// The key by this id.
    fn key<'a>(&'a self, id: &'a KeyId) -> Answer<'a, Option<Key>>;

    /// Revokes a key from now on. Its record stays. A key that is revoked already stays as it is.
    fn revoke_key(&self, id: &KeyId, now_unix_secs: i64) -> Answer<'_, ()>;

    /// Makes a key with the attributes and the lifetime of an old one, and revokes that one after a period
    /// of grace.
    fn rotate_key(&self, rotation: Rotation, now_unix_secs: i64) -> Answer<'_, Key>;

    /// Changes what may be done with a key, at once. Its secret stays.
    ///
    /// [`StoreError::KeyRevoked`], also with a period of grace.
    fn edit_key(&self, id: &KeyId, edit: KeyEdit) -> Answer<'_, Key>;

    /// Keeps a key that a user makes in the account: its count and its label are looked at with nothing in between.
    fn create_own_key(&self, key: NewOwnKey, now_unix_secs: i64) -> Answer<'_, OwnKeyMade>;

    /// The keys of a user that are not revoked, whoever has made them, the latest first. Not those of an earlier user by the
    /// name.
    fn keys_of_user(&self, user_id: i64, keys_max: u32, now_unix_secs: i64)
    -> Answer<'_, Vec<Key>>;

    /// Revokes a key of a user, whoever has made it. `false` where the user has none such that is not revoked.
    fn revoke_own_key(&self, user_id: i64, id: &KeyId, now_unix_secs: i64) -> Answer<'_, bool>;

    /// What a request that presents a key needs. As cheap among a million keys as among ten.
    fn api_key<'a>(&'a self, id: &'a KeyId) -> Answer<'a, Option<KeyRecord>>;

    /// Notes when keys were used last. Ids that are not there are passed over.
    fn note_uses(&self, uses: Vec<(KeyId, i64)>) -> Answer<'_, ()>;

    /// Begins a session of a user who has just signed in, and forgets sessions that ended long ago. Past the user's
    /// limit, the one that was used least lately is ended. `false`, and nothing is changed, where the user is gone,
    /// disabled, or another than when the sign-in was checked.
    fn begin_session(&self, session: NewSession, now_unix_secs: i64) -> Answer<'_, bool>;

    /// Begins a session in the place of one that has ended with a change of its user's account. `false`, and nothing is
    /// changed, where the former one is past its time, or the user is gone, disabled, or was changed once more.
    fn go_on_with_session(&self, session: SessionAfter, now_unix_secs: i64) -> Answer<'_, bool>;

    /// What a request that shows a session needs. As cheap among a million sessions as among ten.
    fn session<'a>(&'a self, digest: &'a SessionDigest) -> Answer<'a, Option<SessionRecord>>;

    /// Sessions that have not ended at this time, those used last first.
    fn sessions(&self, list: SessionList, now_unix_secs: i64) -> Answer<'_, Vec<Session>>;

    /// Ends a session, which must be that of the user where one is named. One that has ended stays as it is.
    fn end_session(&self, id: &SessionId, user: Option<&str>, now_unix_secs: i64)
    -> Answer<'_, ()>;

    /// Ends all sessions of a user, and says how many.
    fn end_sessions(&self, user: &str, now_unix_secs: i64) -> Answer<'_, u64>;

    /// Notes when sessions were used last. Ids that are not there are passed over.
    fn note_sessions_used(&self, uses: Vec<(SessionId, i64)>) -> Answer<'_, ()>;

    /// What the codes of a user are checked against; `None` where the user has no app.
    fn totp(&self, user_id: i64) -> Answer<'_, Option<Totp>>;

    /// What may be told of a user's second factors; of nobody's where there is no such user.
    fn second_factors<'a>(&'a self, name: &'a str) -> Answer<'a, SecondFactors>;

    /// Switches codes of an app on, replaces the recovery codes, and ends all sessions. Answers the user's version from
    /// then on; `None`, and nothing is changed, where the user has them already, or is another than when the password was
    /// checked.
    fn set_totp(&self, new: NewTotp, now_unix_secs: i64) -> Answer<'_, Option<i64>>;

    /// Uses the code of this step up. `false` where this or a later one was used before: of attempts in parallel, one
    /// gets `true`.
    fn use_totp_step(&self, user_id: i64, step: i64) -> Answer<'_, bool>;

    /// Uses a recovery code up. `false` where there is none such (any more): of attempts in parallel, one gets `true`.
    fn use_recovery_code(&self, user_id: i64, digest: RecoveryDigest) -> Answer<'_, bool>;

    /// Puts other recovery codes in the place of those there are. `false` where the user has no second factor.
    fn replace_recovery_codes(
        &self,
        user_id: i64,
        digests: Vec<RecoveryDigest>,
    ) -> Answer<'_, bool>;

    /// Switches codes of an app off, and ends all sessions. The recovery codes go with the last second factor. Answers the
    /// user's version from then on; `None` where there were none.
    fn remove_totp(&self, user_id: i64, now_unix_secs: i64) -> Answer<'_, Option<i64>>;

    /// Adds a passkey, and ends all sessions.
    fn add_passkey(&self, new: NewPasskey, now_unix_secs: i64) -> Answer<'_, PasskeyAdded>;

    /// What a sign-in with a passkey needs. As cheap among a million passkeys as among ten.
    fn passkey<'a>(&'a self, credential_id: &'a [u8]) -> Answer<'a, Option<PasskeyRecord>>;

    /// Notes a use of a passkey, and uses its challenge up. `false` where the challenge was used before, the passkey is gone,
    /// or its count is not above the one kept: of uses in parallel with one challenge, one gets `true`.
    fn use_passkey(&self, passkey_use: PasskeyUse, now_unix_secs: i64) -> Answer<'_, bool>;

    /// Removes a passkey of a user, and ends all sessions. The recovery codes go with the last second factor. Answers the
    /// user's version from then on; `None` where the user has no such passkey.
    fn remove_passkey(
        &self,
        user_id: i64,
        credential_id: &[u8],
        now_unix_secs: i64,
    ) -> Answer<'_, Option<i64>>;

    /// Removes every second factor of a user with the recovery codes, and ends all sessions. Answers the user's version
    /// from then on; `None` where there was none.
    fn remove_second_factor(&self, name: &str, now_unix_secs: i64) -> Answer<'_, Option<i64>>;

    /// The user who is linked with an account at a provider.
    fn linked_user<'a>(&'a self, key: &'a LinkKey) -> Answer<'a, Option<LinkedUser>>;

    /// The links of a user.
    fn links<'a>(&'a self, name: &'a str) -> Answer<'a, Vec<Link>>;

    /// Links a user with an account at a provider. [`StoreError::LinkExists`] where that is linked, with whomever.
    fn add_link(&self, name: &str, key: LinkKey, now_unix_secs: i64) -> Answer<'_, ()>;

    /// The same where nobody but the provider says so. [`StoreError::OtherLinkExists`] where the user is linked with another
    /// account at this provider: its name there means somebody else by now.
    fn add_first_link(&self, name: &str, key: LinkKey, now_unix_secs: i64) -> Answer<'_, ()>;

    /// Adds a user who is linked with an account at a provider, or neither.
    fn add_linked_user(&self, user: NewUser, key: LinkKey, now_unix_secs: i64) -> Answer<'_, ()>;

    /// Removes a link, and ends all sessions of the user. `false` where the user has none such.
    fn remove_link(&self, name: &str, key: LinkKey, now_unix_secs: i64) -> Answer<'_, bool>;

    /// Uses a sign-in up that came back from its provider, and forgets those whose time is over. `false` where it was used
    /// before: of attempts in parallel, one gets `true`.
    fn use_sign_in(
        &self,
        digest: [u8; 32],
        expires_unix_secs: i64,
        now_unix_secs: i64,
    ) -> Answer<'_, bool>;

    /// The keys that forms are protected with, the newest first and never none: the same for all that share the store.
    fn form_keys(&self) -> Answer<'_, Vec<FormKeyRecord>>;

    /// Puts another key in the place of the newest. Those before it are kept for a day.
    fn rotate_form_key(&self, now_unix_secs: i64) -> Answer<'_, ()>;

    /// Keeps refusals, and forgets the oldest over the limit. A request id that is there stays as it is.
    fn keep_refusals(&self, refusals: Vec<RefusalRecord>) -> Answer<'_, ()>;

    /// The refusal that a client was told this id of.
    fn refusal<'a>(&'a self, request_id: &'a str) -> Answer<'a, Option<RefusalRecord>>;

    /// Records that an act is about to be done, and forgets the oldest over the limits. Whoever cannot record it must not
    /// do it.
    fn begin_act(&self, act: NewAct, now_unix_secs: i64) -> Answer<'_, i64>;

    /// Notes what came of an act. One whose end is noted stays as it is.
    fn end_act(&self, id: i64, outcome: Outcome) -> Answer<'_, ()>;

    /// Acts that were recorded, the latest first.
    fn acts(&self, list: ActList) -> Answer<'_, Vec<Act>>;

    /// Takes acts for the log that no log has yet: of many processes that ask, one gets each. Cheap enough to be asked
    /// every second.
    fn take_untold_acts(&self, now_unix_secs: i64) -> Answer<'_, Vec<Act>>;

    /// Keeps brakes on guessing, in place of those of the same account and network, and forgets what is over and what is
    /// too much.
    fn keep_brakes(&self, brakes: Vec<BrakeRecord>, now_unix_secs: i64) -> Answer<'_, ()>;

    /// The brakes that are not over, the latest failure first.
    fn brakes(&self, now_unix_secs: i64) -> Answer<'_, Vec<BrakeRecord>>;

    /// Lifts brakes, and leaves a note for every process that has them in memory. How many were kept here.
    fn lift_brakes(&self, lift: Lift, now_unix_secs: i64) -> Answer<'_, u64>;

    /// What was lifted after a position, by any process, and the position to ask from next time. Cheap enough to be asked
    /// many times a second.
    fn lifts(&self, after: i64) -> Answer<'_, Lifts>;

    /// A number that differs from an earlier one if users or keys were changed in between, by any process.
    /// A rehash, a last use and a refusal are no change. Cheap enough to be asked many times a second.
    fn change_stamp(&self) -> Answer<'_, u64>;

    /// Reads from where the records really are, past everything that is kept in memory. For now and then.
    fn probe(&self) -> Answer<'_, ()>;

    /// Whether what is open is still what others find who open the store now.
    ///
    /// # Errors
    /// [`StoreError::Replaced`].
    fn in_place(&self) -> Result<(), StoreError>;

    /// How changes have fared.
    fn changes(&self) -> Changes;
}

/// How changes to the store have fared in this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Changes {
    /// How many were not kept, through no fault of theirs.
    pub failed: u64,
    /// Whether the last one was not.
    pub last_failed: bool,
}

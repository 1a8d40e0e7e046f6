//! What Countersign remembers: users, API keys, sessions, brakes on guessing, the last refusals, and who
//! has changed what.
//!
//! Knows the operations that the other rooms need ([`Store`]) and one engine for them ([`SqliteStore`]).
//! Does not know what is verified against the records, which rule asks, or what the time is: every time that
//! is stored is handed in. The operations speak of users and keys, never of SQL, so that another engine can
//! take this one's place.

mod act;
mod brake;
mod digest;
mod error;
mod key;
mod link;
mod passkey;
mod refusal;
mod second_factor;
mod session;
mod sqlite;
mod store;
mod user;

pub use act::{Act, ActList, Actor, ActsKept, NewAct, Outcome, Way};
pub use brake::{BrakeRecord, Lift, Lifts};
pub use digest::{DigestAccount, DigestName, DigestSecret, DigestState};
pub use error::{EngineError, Kept, StoreError};
pub use key::{Key, KeyEdit, KeyList, KeyRecord, NewKey, NewOwnKey, OwnKeyMade, Owner, Rotation};
pub use link::{Link, LinkKey, LinkedUser};
pub use passkey::{
    NewPasskey, Passkey, PasskeyAdded, PasskeyRecord, PasskeyUse, USER_HANDLE_BYTES,
};
pub use refusal::RefusalRecord;
pub use second_factor::{NewTotp, SecondFactors, Totp};
pub use session::{FormKeyRecord, NewSession, Session, SessionAfter, SessionList, SessionRecord};
pub use sqlite::{
    Backup, Content, CopyError, Options, REFUSALS_KEPT_MAX_DEFAULT, Restore, SqliteStore, examine,
};
pub use store::{Answer, Changes, Store};
pub use user::{Account, AccountAnswer, Imported, NewUser, OnConflict, User};

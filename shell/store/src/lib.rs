//! What Countersign remembers: users, API keys, sessions, brakes on guessing, and the last refusals.
//!
//! Knows the operations that the other rooms need ([`Store`]) and one engine for them ([`SqliteStore`]).
//! Does not know what is verified against the records, which rule asks, or what the time is: every time that
//! is stored is handed in. The operations speak of users and keys, never of SQL, so that another engine can
//! take this one's place.

mod brake;
mod digest;
mod error;
mod key;
mod refusal;
mod second_factor;
mod session;
mod sqlite;
mod store;
mod user;

pub use brake::{BrakeRecord, Lift, Lifts};
pub use digest::{DigestAccount, DigestName, DigestSecret, DigestState};
pub use error::{EngineError, Kept, StoreError};
pub use key::{Key, KeyList, KeyRecord, NewKey, Owner, Rotation};
pub use refusal::RefusalRecord;
pub use second_factor::{NewTotp, Totp, TotpState};
pub use session::{NewSession, Session, SessionList, SessionRecord};
pub use sqlite::{
    Backup, Content, CopyError, Options, REFUSALS_KEPT_MAX_DEFAULT, Restore, SqliteStore, examine,
};
pub use store::{Answer, Changes, Store};
pub use user::{Account, AccountAnswer, Imported, NewUser, OnConflict, User};

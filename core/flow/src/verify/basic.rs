//! Basic (RFC 7617): a user name and a password against the hash at rest.
//!
//! Knows: the account that the store answers with, and the outcome of the hash. Does not know how a user is stored, nor
//! which thread hashes. An unknown user costs the same hash as a known one, so that time does not tell them apart.

pub(super) mod job;

use countersign_cause::Cause;
use countersign_policy::{Identity, Source};
use countersign_secret::password::PasswordHash;
use countersign_wire::{Place, Presented, Scheme, basic};

pub use job::{HashJob, Hashed};

use self::job::Ticket;
use crate::brake;
use crate::refusal::Refusal;
use crate::step::{Line, Step};
use crate::trail::Note;
use crate::verified::{Bounds, Lesson, Memory, Remembered};

/// How long a wrong password is remembered at most, so that a client which repeats it costs no hash each time.
const REFUSAL_REMEMBERED_SECS: i64 = 10;

/// A user as the line needs to know it.
#[derive(Debug)]
pub struct Account {
    /// The store's key of the user, for [`Renewal`].
    pub id: i64,
    /// The name, as stored.
    pub name: Box<str>,
    /// The password's hash at rest.
    pub hash: PasswordHash,
    /// Whether the account may not sign in.
    pub disabled: bool,
    /// The user's groups.
    pub groups: Vec<Box<str>>,
    /// Whether a second factor has to follow the password.
    pub second_factor: bool,
}

/// The answer to [`WantAccount`].
#[derive(Debug)]
pub enum AccountAnswer {
    /// There is such a user.
    Known(Box<Account>),
    /// There is none: check this hash instead, which nothing fits.
    Unknown {
        /// Costs what a real one would.
        decoy: PasswordHash,
    },
    /// The store could not be asked.
    Unavailable,
}

pub(crate) fn begin<'c, 'r>(
    line: Line<'c, 'r>,
    credentials: basic::Credentials<'r>,
) -> Step<'c, 'r> {
    Step::Account(WantAccount { line, credentials })
}

/// The question for the account of a user name.
pub struct WantAccount<'c, 'r> {
    line: Line<'c, 'r>,
    credentials: basic::Credentials<'r>,
}

impl<'c, 'r> WantAccount<'c, 'r> {
    /// The user name, NFC-normalised.
    #[must_use]
    pub fn user(&self) -> &str {
        self.credentials.user()
    }

    /// Goes on to the hash, for an unknown user too.
    #[must_use]
    pub fn answer(self, answer: AccountAnswer) -> Step<'c, 'r> {
        let Self {
            mut line,
            credentials,
        } = self;
        let (account, hash) = match answer {
            AccountAnswer::Known(account) => {
                let hash = account.hash.clone();
                (Some(account), hash)
            }
            AccountAnswer::Unknown { decoy } => {
                line.trail.add(Note::AccountUnknown);
                (None, decoy)
            }
            AccountAnswer::Unavailable => {
                line.trail.add(Note::Unanswered("the store"));
                return line.refuse(
                    Cause::IdentityBackendDown,
                    Some(Scheme::Basic),
                    "the store of users did not answer",
                );
            }
        };
        let (job, ticket) = HashJob::new(hash, credentials.password(), line.rules.password_cost);
        let place = Presented::Basic(credentials).place();
        Step::Hash(WantHash {
            waiting: WaitingForHash {
                line,
                account,
                place,
                ticket,
            },
            job,
        })
    }
}

/// The question whether a password fits a hash. It is split, since the job goes to another thread.
pub struct WantHash<'c, 'r> {
    waiting: WaitingForHash<'c, 'r>,
    job: HashJob,
}

impl<'c, 'r> WantHash<'c, 'r> {
    /// The part that stays with the request, and the work to be done elsewhere.
    #[must_use]
    pub fn split(self) -> (WaitingForHash<'c, 'r>, HashJob) {
        (self.waiting, self.job)
    }
}

/// The answer to [`WantHash`].
pub enum HashAnswer {
    /// The job was done.
    Done(Hashed),
    /// Too many passwords wait to be checked already.
    QueueFull {
        /// When it makes sense to come again, in seconds.
        retry_after_secs: u32,
    },
    /// The job's thread is gone.
    Unavailable,
}

/// An outdated hash that a sign-in has renewed, to be stored only if the old one is still there.
#[derive(Debug)]
pub struct Renewal {
    /// The store's key of the user.
    pub user_id: i64,
    /// What was there.
    pub old: PasswordHash,
    /// What is to be there.
    pub new: PasswordHash,
}

/// A request that waits for the outcome of its hash.
pub struct WaitingForHash<'c, 'r> {
    line: Line<'c, 'r>,
    account: Option<Box<Account>>,
    place: Place<'r>,
    ticket: Ticket,
}

impl<'c, 'r> WaitingForHash<'c, 'r> {
    /// What has to be stored, given an outcome with a renewed hash.
    #[must_use]
    pub fn renewal(&self, hashed: &Hashed) -> Option<Renewal> {
        let new = hashed.renewed(&self.ticket)?;
        let account = self.account.as_ref()?;
        Some(Renewal {
            user_id: account.id,
            old: account.hash.clone(),
            new: new.clone(),
        })
    }

    /// Goes on with the outcome.
    #[must_use]
    pub fn answer(self, answer: HashAnswer) -> Step<'c, 'r> {
        let Self {
            mut line,
            account,
            place,
            ticket,
        } = self;
        let hashed = match answer {
            HashAnswer::Done(hashed) => hashed,
            HashAnswer::QueueFull { retry_after_secs } => {
                return queue_full(line, retry_after_secs);
            }
            HashAnswer::Unavailable => return unavailable(line),
        };
        // The outcome of another request's job says nothing of this one, and is nobody's wrong password.
        let Some(fits) = hashed.fits(&ticket) else {
            return unavailable(line);
        };
        line.trail.add(Note::Password(fits));
        match account {
            Some(account) if fits && account.disabled => {
                line.trail.add(Note::AccountDisabled);
                let detail = "the account is disabled";
                refuse(line, Cause::AccountDisabled, detail, Some(account.name))
            }
            // Told to nobody who does not know the password.
            Some(account) if fits && account.second_factor && !line.rules.second_factor_waived => {
                line.trail.add(Note::SecondFactorDue);
                let detail = "the user has a second factor, which Basic cannot ask for";
                refuse(
                    line,
                    Cause::SecondFactorRequired,
                    detail,
                    Some(account.name),
                )
            }
            Some(account) if fits => accept(line, *account, place),
            // A decoy fits nothing; if it did, there would still be nobody to let in.
            account @ (Some(_) | None) => {
                let name = account.map(|account| account.name);
                refuse(line, Cause::CredentialsRejected, "", name)
            }
        }
    }
}

fn unavailable<'c, 'r>(mut line: Line<'c, 'r>) -> Step<'c, 'r> {
    line.trail.add(Note::Unanswered("the password check"));
    line.refuse(
        Cause::IdentityBackendDown,
        Some(Scheme::Basic),
        "the password check did not answer",
    )
}

fn queue_full<'c, 'r>(mut line: Line<'c, 'r>, retry_after_secs: u32) -> Step<'c, 'r> {
    line.trail.add(Note::Unanswered("the password check"));
    let detail = "too many passwords wait to be checked";
    let refusal = line.refusal(Cause::CheckQueueFull, Some(Scheme::Basic), detail);
    let retry_after_secs = Some(retry_after_secs);
    Step::refused(
        Refusal {
            retry_after_secs,
            ..refusal
        },
        None,
    )
}

fn refuse<'c, 'r>(
    line: Line<'c, 'r>,
    cause: Cause,
    detail: &'static str,
    account: Option<Box<str>>,
) -> Step<'c, 'r> {
    let lesson = Lesson {
        remembered: Remembered {
            memory: Memory::Refused {
                cause,
                scheme: Scheme::Basic,
                detail,
                account: account.clone(),
            },
            learnt_unix_secs: line.now_unix_secs,
        },
        until_unix_secs: line
            .now_unix_secs
            .saturating_add(line.rules.remember_secs.min(REFUSAL_REMEMBERED_SECS)),
    };
    brake::fail(line, cause, Scheme::Basic, detail, Some(lesson))
        .of(|refusal| refusal.account = account)
}

fn accept<'c, 'r>(line: Line<'c, 'r>, account: Account, place: Place<'_>) -> Step<'c, 'r> {
    let identity = Identity {
        groups: account.groups,
        ..Identity::new(&account.name, Source::User)
    };
    super::accept(line, identity, Scheme::Basic, Bounds::Password, place)
}

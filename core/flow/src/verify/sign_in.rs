//! Signing in at the gateway's own page: a user name and a password, asked about as a request of Basic is.
//!
//! Knows: the brakes, the account that the store answers with, and the outcome of the hash. Does not know forms, cookies or
//! sessions. An unknown user costs the same hash as a known one, and both end alike.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_cause::Cause;
use countersign_policy::Network;
use countersign_secret::Secret;
use countersign_secret::password::{Cost, PASSWORD_BYTES_MAX, PasswordHash};
use countersign_wire::Scheme;
use countersign_wire::basic::{USER_BYTES_MAX, normalized};

use super::basic::job::Ticket;
use super::basic::{Account, AccountAnswer, HashAnswer, HashJob, Renewal};
use crate::brake::{self, Admission, Attempt, Brake, BrakeRules};
use crate::request::ClientAddress;
use crate::rules::Rules;
use crate::verified::Verified;

/// What a user has typed.
pub struct SignIn {
    user: String,
    password: Secret<String>,
}

impl SignIn {
    /// Takes name and password in the form in which the store has them. What is longer than any is cut to nothing, which
    /// costs the same and fits nobody.
    #[must_use]
    pub fn new(user: &str, password: &str) -> Self {
        let bounded = |text: &str, bytes_max: usize| {
            let text = normalized(text);
            if text.len() > bytes_max {
                String::new()
            } else {
                text.into_owned()
            }
        };
        Self {
            user: bounded(user, USER_BYTES_MAX),
            password: Secret::new(bounded(password, PASSWORD_BYTES_MAX)),
        }
    }
}

/// A user who has shown the password. Only [`Verified`] says that it is so.
#[derive(Debug)]
pub struct SignedIn {
    id: i64,
    name: Box<str>,
}

impl SignedIn {
    /// The store's key of the user.
    #[must_use]
    pub const fn id(&self) -> i64 {
        self.id
    }

    /// The name as stored.
    #[must_use]
    pub const fn name(&self) -> &str {
        &self.name
    }
}

/// Begins to check what a user has typed at a client of this address.
#[must_use]
pub fn begin_sign_in(rules: &Rules, sign_in: SignIn, client: ClientAddress) -> SignInStep<'_> {
    let want = WantUser {
        sign_in,
        cost: rules.password_cost,
    };
    match brake::counted(rules, client) {
        Some((rules, network)) => SignInStep::Attempt(WantTurn {
            rules,
            network,
            want,
        }),
        None => SignInStep::Account(want),
    }
}

/// The question whether the password may be looked at, given the attempts before. They are counted together with those by
/// Basic: whoever is braked there is so here, and the other way round.
pub struct WantTurn<'c> {
    rules: &'c BrakeRules,
    network: Network,
    want: WantUser,
}

impl<'c> WantTurn<'c> {
    /// The rules that the answer is found by.
    #[must_use]
    pub const fn rules(&self) -> &'c BrakeRules {
        self.rules
    }

    /// The network that the attempt comes from.
    #[must_use]
    pub const fn network(&self) -> Network {
        self.network
    }

    /// The account that it is made at, known or not.
    #[must_use]
    pub fn account(&self) -> &str {
        self.want.user()
    }

    /// The scheme whose credential stands for what was typed.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        Scheme::Basic
    }

    /// The bytes by which Basic would present what was typed, so that one password is one credential wherever it is shown.
    #[must_use]
    pub fn presented(&self) -> Secret<Vec<u8>> {
        let SignIn { user, password } = &self.want.sign_in;
        let plain = Secret::new([user.as_bytes(), b":", password.expose().as_bytes()].concat());
        Secret::new(STANDARD.encode(plain.expose()).into_bytes())
    }

    /// Goes on to the account, or ends without a look at it.
    #[must_use]
    pub fn answer(self, admission: Admission) -> SignInStep<'c> {
        match admission {
            Admission::Go => SignInStep::Account(self.want),
            Admission::Wait { secs, brake } => SignInStep::Done(SignInEnd::Braked { secs, brake }),
        }
    }
}

/// The question for the account of the name that was typed.
pub struct WantUser {
    sign_in: SignIn,
    cost: Cost,
}

impl WantUser {
    /// The user name, NFC-normalised.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.sign_in.user
    }

    /// Goes on to the hash, for an unknown user too.
    #[must_use]
    pub fn answer<'c>(self, answer: AccountAnswer) -> SignInStep<'c> {
        let (account, hash) = match answer {
            AccountAnswer::Known(account) => {
                let hash = account.hash.clone();
                (Some(account), hash)
            }
            AccountAnswer::Unknown { decoy } => (None, decoy),
            AccountAnswer::Unavailable => {
                return SignInStep::Done(SignInEnd::Unavailable);
            }
        };
        SignInStep::Hash(self.waiting(account, hash))
    }

    fn waiting(
        self,
        account: Option<Box<Account>>,
        hash: PasswordHash,
    ) -> (WaitingForPassword, HashJob) {
        let (job, ticket) = HashJob::new(hash, self.sign_in.password.expose(), self.cost);
        (WaitingForPassword { account, ticket }, job)
    }
}

/// One step of a sign-in.
pub enum SignInStep<'c> {
    /// Have too many attempts failed to look at another one?
    Attempt(WantTurn<'c>),
    /// What is the account of this user name?
    Account(WantUser),
    /// Does this password fit this hash? The job goes to another thread.
    Hash((WaitingForPassword, HashJob)),
    /// The end.
    Done(SignInEnd),
}

/// How a sign-in ended.
#[derive(Debug)]
pub enum SignInEnd {
    /// The password is that of this user, who may sign in.
    Good(Verified<SignedIn>),
    /// The password is that of this user, who may sign in once a second factor is shown as well.
    SecondFactorDue(Verified<SignedIn>),
    /// It is not, or the user may not. The page says the same in all cases.
    Refused(Cause),
    /// Too many attempts have failed to look at this one.
    Braked {
        /// When the next one is looked at, in seconds.
        secs: u32,
        /// What holds it.
        brake: Brake,
    },
    /// Too many passwords wait to be checked already.
    QueueFull {
        /// When it makes sense to come again, in seconds.
        retry_after_secs: u32,
    },
    /// The store or the password check did not answer.
    Unavailable,
}

impl SignInEnd {
    /// How the attempt ended, where it was one: it is to be counted. The right password of a disabled user counts as a
    /// wrong one.
    #[must_use]
    pub const fn attempt(&self) -> Option<Attempt> {
        match self {
            Self::Good(_) => Some(Attempt::Passed),
            Self::Refused(_) => Some(Attempt::Failed),
            // Nothing has ended. Were it counted as passed, the network would be a trusted one before the code was right,
            // and the brake of the account would hold no codes from there.
            Self::SecondFactorDue(_)
            | Self::Braked { .. }
            | Self::QueueFull { .. }
            | Self::Unavailable => None,
        }
    }
}

/// A sign-in that waits for the outcome of its hash.
pub struct WaitingForPassword {
    account: Option<Box<Account>>,
    ticket: Ticket,
}

impl WaitingForPassword {
    /// Goes on with the outcome, and says what has to be stored where that has a renewed hash.
    #[must_use]
    pub fn answer(self, answer: HashAnswer) -> (SignInEnd, Option<Renewal>) {
        let hashed = match answer {
            HashAnswer::Done(hashed) => hashed,
            HashAnswer::QueueFull { retry_after_secs } => {
                return (SignInEnd::QueueFull { retry_after_secs }, None);
            }
            HashAnswer::Unavailable => return (SignInEnd::Unavailable, None),
        };
        let renewed = hashed.renewed(&self.ticket).cloned();
        match (self.account, hashed.fits(&self.ticket)) {
            (_, None) => (SignInEnd::Unavailable, None),
            (Some(account), Some(true)) => {
                let Account {
                    id,
                    name,
                    hash,
                    disabled,
                    second_factor,
                    ..
                } = *account;
                let renewal = renewed.map(|new| Renewal {
                    user_id: id,
                    old: hash,
                    new,
                });
                let user = Verified::attest(SignedIn { id, name });
                let end = match (disabled, second_factor) {
                    (true, _) => SignInEnd::Refused(Cause::AccountDisabled),
                    (false, true) => SignInEnd::SecondFactorDue(user),
                    (false, false) => SignInEnd::Good(user),
                };
                (end, renewal)
            }
            // A decoy fits nothing; if it did, there would still be nobody to let in.
            (Some(_) | None, Some(_)) => (SignInEnd::Refused(Cause::CredentialsRejected), None),
        }
    }
}

//! Acts of administration, as they are recorded: who did what to whom, and what came of it. Never a secret.

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// In which way.
    pub way: Way,
    /// The user of the machine that the command runs as, or the user who is signed in.
    pub name: Box<str>,
    /// Who signed in at the machine, where that is known and another.
    pub login: Option<Box<str>>,
    /// The address that they came from, where that is known.
    pub address: Option<Box<str>>,
}

/// In which way somebody acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// With a command, on the machine that has the store.
    Command,
    /// In the account pages of a gateway.
    Account,
}

impl Way {
    /// Its name, which is public.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Account => "account",
        }
    }
}

/// An act that is about to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAct {
    /// Who acts.
    pub by: Actor,
    /// What is done, by a name that is public: `user.add`.
    pub act: &'static str,
    /// The user or service whom it concerns.
    pub user: Option<Box<str>>,
    /// The id of a key or session, or a network.
    pub object: Option<Box<str>>,
    /// What was asked for, in words.
    pub detail: Option<Box<str>>,
}

/// What came of an act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done. What more is to be said of it, if anything.
    Done(Option<Box<str>>),
    /// It was not done, and why.
    Failed(Box<str>),
}

impl Outcome {
    /// Its name, which is public.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Done(_) => "done",
            Self::Failed(_) => "failed",
        }
    }

    /// What is said beside it.
    #[must_use]
    pub fn words(&self) -> Option<&str> {
        match self {
            Self::Done(words) => words.as_deref(),
            Self::Failed(why) => Some(why),
        }
    }
}

/// An act that was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// Its number: later acts have higher ones.
    pub id: i64,
    /// When it was begun.
    pub time_unix_secs: i64,
    /// Who acted.
    pub by: Actor,
    /// What was done.
    pub act: Box<str>,
    /// The user or service whom it concerns.
    pub user: Option<Box<str>>,
    /// The id of a key or session, or a network.
    pub object: Option<Box<str>>,
    /// What was asked for, in words.
    pub detail: Option<Box<str>>,
    /// What came of it; `None` where it was broken off, or has not ended yet.
    pub outcome: Option<Outcome>,
}

/// Which acts to list, the latest first.
#[derive(Clone, Debug, Default)]
pub struct ActList {
    /// Those begun at this time or after it.
    pub since_unix_secs: Option<i64>,
    /// Those by this user, or that concern it.
    pub user: Option<Box<str>>,
    /// Those before this one: the last one of the page before.
    pub before: Option<i64>,
    /// So many at most.
    pub acts_max: u32,
}

/// Until when acts are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActsKept {
    /// So many; the oldest go first.
    pub acts_max: u32,
    /// So long.
    pub secs: i64,
}

//! A finding: one observation that speaks for or against a cause.
//!
//! Knows: causes, weights, and the words of one piece of evidence. Does not know how the observation was made, nor what
//! others were; see `weigh`.

use countersign_cause::{Cause, Who};

/// One observation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The cause that it speaks for or against.
    pub cause: Cause,
    /// How much it says.
    pub weight: Weight,
    /// One sentence for people: what was seen. It names no secret.
    pub evidence: String,
    /// How to mend it, where more is known than the cause's own words say.
    pub fix: Option<Fix>,
}

impl Finding {
    /// An observation.
    #[must_use]
    pub fn new(cause: Cause, weight: Weight, evidence: impl Into<String>) -> Finding {
        Finding {
            cause,
            weight,
            evidence: evidence.into(),
            fix: None,
        }
    }

    /// The same with a fix of its own.
    #[must_use]
    pub fn with_fix(mut self, fix: Fix) -> Finding {
        self.fix = Some(fix);
        self
    }
}

/// How much an observation says. The order is that of what it adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// It cannot be this cause.
    Excludes,
    /// It speaks against it.
    Against,
    /// It fits this cause and several others.
    Slight,
    /// It fits this cause better than others.
    Fair,
    /// It is hardly explained by another cause.
    Strong,
    /// An experiment or the server's own words leave nothing else: the same request with only this changed is
    /// accepted, or the server says so.
    Proof,
}

impl Weight {
    /// What it adds to the sum of its cause.
    #[must_use]
    pub const fn points(self) -> i32 {
        match self {
            Weight::Excludes => -1000,
            Weight::Against => -20,
            Weight::Slight => 5,
            Weight::Fair => 15,
            Weight::Strong => 30,
            Weight::Proof => 100,
        }
    }
}

/// How to mend a cause in this very case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// Who can.
    pub who: Who,
    /// What to do, one or two sentences.
    pub text: String,
    /// A command line that works as it is, each secret in it a shell variable.
    pub command: Option<String>,
}

impl Fix {
    /// A fix without a command.
    #[must_use]
    pub fn new(who: Who, text: impl Into<String>) -> Fix {
        Fix {
            who,
            text: text.into(),
            command: None,
        }
    }

    /// The same with a command line.
    #[must_use]
    pub fn with_command(mut self, command: impl Into<String>) -> Fix {
        self.command = Some(command.into());
        self
    }
}

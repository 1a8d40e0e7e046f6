//! A refusal: the cause, and what the answer and the log need beside it.
//!
//! Knows: the cause and where it arose. Does not know how it is said.

use countersign_cause::Cause;
use countersign_wire::Scheme;
use countersign_wire::dpop::server::ErrorCode;

use crate::cors::{Crossing, Unrouted};
use crate::rules::{RouteRules, Rules};
use crate::trail::{Note, Trail};

/// Why a request does not go on. Anybody may make one: to refuse is always safe.
pub struct Refusal<'c> {
    pub(crate) rules: &'c Rules,
    /// The cause as the log names it. What the client is told can be less: [`Cause::told_as`].
    pub cause: Cause,
    /// What exactly was found, in words that hold no secret; may be empty.
    pub detail: &'static str,
    /// The scheme of the credentials that were refused.
    pub scheme: Option<Scheme>,
    /// The route that decided, where one was found.
    pub route: Option<&'c RouteRules>,
    /// The scopes that are wanting, for the log of a `scope-insufficient`; the challenge names all that are needed.
    pub missing_scopes: Vec<&'c str>,
    /// Who was refused, where that is known and verified.
    pub subject: Option<Box<str>>,
    /// The user whom the credentials name, where the store has one by that name: for the log, never for the client. A name that
    /// is nobody's is not repeated, for people type passwords there.
    pub account: Option<Box<str>>,
    /// The public id of the API key that was refused. The key itself was the right one.
    pub key_id: Option<Box<str>>,
    /// What `detail` leaves out, with names of the rule: for the log, never for the client.
    pub particulars: Option<Box<str>>,
    /// What a challenge of DPoP says of token and proof, where that is more than the cause tells.
    pub(crate) proof_error: Option<ErrorCode>,
    /// For `Retry-After` (RFC 9110 section 10.2.3), in seconds.
    pub retry_after_secs: Option<u32>,
    /// What the page that made the request may read, where the route has rules for pages.
    pub crossing: Option<Crossing<'c>>,
    /// What it may read where no route was found.
    pub(crate) unrouted: Option<Unrouted>,
    /// What each stage said.
    pub trail: Trail,
}

impl<'c> Refusal<'c> {
    /// A refusal for a cause, with nothing else known.
    #[must_use]
    pub fn new(rules: &'c Rules, cause: Cause) -> Self {
        Self {
            rules,
            cause,
            detail: "",
            scheme: None,
            route: None,
            missing_scopes: Vec::new(),
            subject: None,
            account: None,
            key_id: None,
            particulars: None,
            proof_error: None,
            retry_after_secs: None,
            crossing: None,
            unrouted: None,
            trail: Trail::default(),
        }
    }

    /// The rules under which it was made.
    #[must_use]
    pub const fn rules(&self) -> &'c Rules {
        self.rules
    }

    /// What exactly was found, for the log: in particular where that is known.
    #[must_use]
    pub fn found(&self) -> &str {
        self.particulars.as_deref().unwrap_or(self.detail)
    }

    /// The same refusal with one more remark on its trail.
    #[must_use]
    pub fn noting(mut self, note: Note) -> Self {
        self.trail.add(note);
        self
    }
}

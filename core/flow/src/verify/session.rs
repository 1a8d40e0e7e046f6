//! Sessions: the digest of the cookie's value finds the record, and the record says whether the session goes on.
//!
//! Knows: the value as presented, and what the store answers. Does not know cookies, nor how a session was begun.

use countersign_cause::Cause;
use countersign_policy::{Identity, SignIn, Source};
use countersign_secret::session::{SessionDigest, SessionId, SessionSecret};
use countersign_wire::{Place, Presented, Scheme, session};

use super::bounds;
use crate::step::{Line, Step};
use crate::trail::Note;
use crate::verified::Bounds;

/// What the store knows of a session. The secret itself is not in it.
#[derive(Debug)]
pub struct SessionRecord {
    /// The session's public name.
    pub id: SessionId,
    /// The user who began it.
    pub user: Box<str>,
    /// Whether that user may not sign in.
    pub user_disabled: bool,
    /// The user's groups.
    pub groups: Vec<Box<str>>,
    /// Whether a second factor was given when it was begun.
    pub second_factor: bool,
    /// What was shown to begin it: words of this gateway, with commas between.
    pub method: Box<str>,
    /// When it was begun, in Unix seconds.
    pub created_unix_secs: i64,
    /// When the user has signed in at the provider that has vouched for it, where the provider says it.
    pub signed_in_unix_secs: Option<i64>,
    /// When it was last noted as used, in Unix seconds.
    pub used_unix_secs: i64,
    /// After how long without a request it ends.
    pub idle_secs: i64,
    /// When it ends at the latest, in Unix seconds.
    pub expires_unix_secs: i64,
    /// Whether it was ended before its time.
    pub ended: bool,
}

impl SessionRecord {
    /// When its user has shown who it is: the one answer to whether a sign-in is fresh, for pages and for routes. What a
    /// provider vouches for may rest on a sign-in there of long ago: unless something was shown here as well, it is the time that
    /// the provider says, and there is none where it says none. The later of the two counts.
    #[must_use]
    pub fn shown_unix_secs(&self) -> Option<i64> {
        let is_shown_here = |method: &str| match method.trim() {
            "password" | "totp" | "recovery code" | "passkey" => true,
            // `provider`, and what it says of a second factor.
            _ => false,
        };
        let here = self.method.split(',').any(is_shown_here);
        let here = here.then_some(self.created_unix_secs);
        here.max(self.signed_in_unix_secs)
    }

    /// Whether the session goes on at this time.
    ///
    /// # Errors
    ///
    /// The cause for which it does not.
    pub fn check(&self, now_unix_secs: i64) -> Result<(), (Cause, &'static str)> {
        if self.user_disabled {
            return Err((Cause::AccountDisabled, "the session's user is disabled"));
        }
        if self.ended {
            return Err((Cause::SessionRevoked, "the session was ended on purpose"));
        }
        bounds::check_session(self.expires_unix_secs, now_unix_secs)?;
        if self.used_unix_secs.saturating_add(self.idle_secs) <= now_unix_secs {
            return Err((
                Cause::SessionExpired,
                "the session was not used for longer than its idle time",
            ));
        }
        Ok(())
    }
}

/// The answer to [`WantSession`].
#[derive(Debug)]
pub enum SessionAnswer {
    /// There is such a session, going on or not.
    Known(Box<SessionRecord>),
    /// There is none.
    Unknown,
    /// The store could not be asked.
    Unavailable,
}

/// What was shown, in the words of RFC 8176, as far as it has any for it.
fn methods(record: &SessionRecord) -> Vec<Box<str>> {
    let word = |method: &str| match method.trim() {
        "password" => Some("pwd"),
        "totp" => Some("otp"),
        // RFC 8176 section 2: proof that a key is there.
        "passkey" => Some("pop"),
        _ => None,
    };
    let shown = record.method.split(',').filter_map(word);
    let several = record.second_factor.then_some("mfa");
    shown.chain(several).map(Into::into).collect()
}

pub(crate) fn begin<'c, 'r>(
    mut line: Line<'c, 'r>,
    presented: session::Presented<'r>,
) -> Step<'c, 'r> {
    match SessionSecret::parse(presented.raw()) {
        Some(secret) => Step::Session(WantSession {
            line,
            digest: secret.digest(),
            place: Presented::Session(presented).place(),
        }),
        None => {
            let detail = "the cookie holds nothing that a session is named by here";
            line.trail.add(Note::Session(detail));
            line.refuse(Cause::SessionUnknown, Some(Scheme::Session), detail)
        }
    }
}

/// The question for the record of a session.
pub struct WantSession<'c, 'r> {
    line: Line<'c, 'r>,
    digest: SessionDigest,
    place: Place<'r>,
}

impl<'c, 'r> WantSession<'c, 'r> {
    /// What the record is found by.
    #[must_use]
    pub const fn digest(&self) -> &SessionDigest {
        &self.digest
    }

    /// Goes on with what the store knows.
    #[must_use]
    pub fn answer(self, answer: SessionAnswer) -> Step<'c, 'r> {
        let Self {
            mut line, place, ..
        } = self;
        let record = match answer {
            SessionAnswer::Known(record) => *record,
            SessionAnswer::Unknown => {
                let detail = "the store has no session by this digest";
                line.trail.add(Note::Session(detail));
                return line.refuse(Cause::SessionUnknown, Some(Scheme::Session), detail);
            }
            SessionAnswer::Unavailable => {
                line.trail.add(Note::Unanswered("the store"));
                return line.refuse(
                    Cause::IdentityBackendDown,
                    Some(Scheme::Session),
                    "the store of sessions did not answer",
                );
            }
        };
        if let Err((cause, detail)) = record.check(line.now_unix_secs) {
            line.trail.add(Note::Session(detail));
            return line.refuse(cause, Some(Scheme::Session), detail);
        }
        let source = Source::Session {
            id: record.id.as_str().into(),
            second_factor: record.second_factor,
        };
        let sign_in = SignIn {
            at_unix_secs: record.shown_unix_secs(),
            acr: None,
            amr: methods(&record),
        };
        let identity = Identity {
            groups: record.groups,
            sign_in,
            ..Identity::new(&record.user, source)
        };
        let bounds = Bounds::Session {
            expires_unix_secs: record.expires_unix_secs,
        };
        super::accept(line, identity, Scheme::Session, bounds, place)
    }
}

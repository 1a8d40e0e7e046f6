//! What has been verified, as a type that nobody else can make, and what may be remembered of it.
//!
//! Knows: that a credential was good, and until when that may be believed. Does not know how it was checked.

use std::sync::Arc;

use countersign_cause::Cause;
use countersign_jose::Confirmation;
use countersign_policy::Identity;
use countersign_wire::Scheme;
use http::HeaderValue;

use crate::identity_token::Signed;

/// A value whose proof has been checked. Only the stage `verify` of this crate makes one.
///
/// ```compile_fail
/// # fn forge(identity: countersign_policy::Identity) {
/// let forged = countersign_flow::Verified::attest(identity);
/// # }
/// ```
#[derive(Debug)]
pub struct Verified<T>(T);

impl<T> Verified<T> {
    /// The one place where something becomes verified.
    pub(crate) const fn attest(value: T) -> Self {
        Self(value)
    }

    /// The verified value.
    pub const fn value(&self) -> &T {
        &self.0
    }
}

/// An identity with what bounds it: scheme, audience, time.
#[derive(Debug)]
pub struct Principal {
    pub(crate) identity: Identity,
    pub(crate) scheme: Scheme,
    pub(crate) bounds: Bounds,
    pub(crate) lines: IdentityLines,
    /// What was signed of it lately.
    pub(crate) signed: Signed,
}

impl Principal {
    /// Who it is.
    #[must_use]
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// How it was shown.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }
}

/// What a verified credential is bound to. Remembering never widens it: it is looked at again for every request.
#[derive(Debug)]
pub(crate) enum Bounds {
    /// A password: good until the account changes.
    Password,
    /// An API key, until it runs out or its period of grace ends.
    Key {
        expires_unix_secs: Option<i64>,
        revoked_unix_secs: Option<i64>,
    },
    /// A session, until its greatest age. That it is in use shows by its being asked about: what is remembered of it is
    /// forgotten long before its idle time.
    Session { expires_unix_secs: i64 },
    /// A certificate: it is looked at anew for every request, and never remembered.
    Certificate,
    /// A token: index of its issuer, its audiences, its times.
    Token(TokenBounds),
}

/// What a verified token is bound to.
#[derive(Debug)]
pub(crate) struct TokenBounds {
    pub(crate) issuer: usize,
    /// `None`: the issuer names none, and its rules let that pass.
    pub(crate) audiences: Option<Vec<String>>,
    pub(crate) not_before_unix_secs: Option<i64>,
    /// `None`: the issuer names no end, and is asked again soon.
    pub(crate) expires_unix_secs: Option<i64>,
    /// What whoever shows it has to have.
    pub(crate) confirmation: Option<Confirmation>,
}

/// The identity as header values, made once when the credential is verified.
#[derive(Debug)]
pub(crate) struct IdentityLines {
    pub(crate) user: HeaderValue,
    pub(crate) groups: Option<HeaderValue>,
    pub(crate) scopes: Option<HeaderValue>,
    pub(crate) issuer: Option<HeaderValue>,
}

/// What a cache may keep of a credential: that it was good, or that it was refused. Opaque, so that a cache can hand
/// back only what the line has given it.
///
/// It holds for the very bytes that it was learnt from, and under the [`Rules`](crate::Rules) that it was learnt under:
/// a cache finds it by those bytes, and drops it when the rules are swapped or the store says that something changed.
#[derive(Debug, Clone)]
pub struct Remembered {
    pub(crate) memory: Memory,
    /// When it was verified.
    pub(crate) learnt_unix_secs: i64,
}

#[derive(Debug, Clone)]
pub(crate) enum Memory {
    Good(Arc<Verified<Principal>>),
    Refused {
        cause: Cause,
        scheme: Scheme,
        detail: &'static str,
        /// The user whom they name, where there is one by that name.
        account: Option<Box<str>>,
    },
}

impl Remembered {
    /// The id of the API key that this is the memory of, so that its use can be noted.
    #[must_use]
    pub fn api_key_id(&self) -> Option<&str> {
        match &self.memory {
            Memory::Good(verified) => verified.value().identity.source.api_key_id(),
            Memory::Refused { .. } => None,
        }
    }

    /// The id of the session that this is the memory of, so that its use can be noted.
    #[must_use]
    pub fn session_id(&self) -> Option<&str> {
        match &self.memory {
            Memory::Good(verified) => verified.value().identity.source.session_id(),
            Memory::Refused { .. } => None,
        }
    }
}

/// Something that the driver may put into its cache after the line is done, under the scheme and the bytes presented.
#[derive(Debug)]
pub struct Lesson {
    /// What to keep.
    pub remembered: Remembered,
    /// Until when at most, in Unix seconds.
    pub until_unix_secs: i64,
}

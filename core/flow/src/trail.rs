//! The trail that a request leaves on the line: which stage said what, for the log and for `countersign why`.
//!
//! Knows: stages and reasons, as small values that cost nothing on the way. Does not know any secret, nor what the
//! client is told.

use countersign_wire::Scheme;

use crate::rules::Rules;

/// One remark of one stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    /// The route that decides, by index.
    Routed(usize),
    /// No route names this request.
    Unrouted,
    /// The route asks for no credentials, and none were looked at.
    NotAsked,
    /// No credentials where the route reads them.
    NothingSent,
    /// Credentials of a scheme were read.
    Read(Scheme),
    /// They could not be read, and why.
    Defect(&'static str),
    /// The same credentials were verified a short while ago.
    Recalled,
    /// Too many attempts have failed before, and what exactly.
    Braked(&'static str),
    /// The store has no such user.
    AccountUnknown,
    /// The store has the user, disabled.
    AccountDisabled,
    /// The password is right, and a second factor is missing.
    SecondFactorDue,
    /// The password fits, or does not.
    Password(bool),
    /// The store has no such user for Digest.
    DigestUnknown,
    /// The credentials of Digest were looked at, and what came of it.
    Digest(&'static str),
    /// The store has no such API key.
    KeyUnknown,
    /// The API key was looked up, and what came of it.
    Key(&'static str),
    /// The session was looked at, and what came of it.
    Session(&'static str),
    /// The client's certificate was looked at, and what came of it.
    Certificate(&'static str),
    /// The token names this configured issuer, by index.
    Issuer(usize),
    /// The token cannot be read, and this configured issuer is asked about it, by index.
    Asked(usize),
    /// The token was looked at, and what came of it.
    Token(&'static str),
    /// The credential is good, and bound to another time, issuer or audience than this request's.
    Bounds(&'static str),
    /// The page that made the request, and what came of it.
    Page(&'static str),
    /// Something that the line had to ask did not answer.
    Unanswered(&'static str),
    /// The rule of the route, and what came of it.
    Demand(&'static str),
    /// After the decision, on the way to the upstream.
    Upstream(&'static str),
}

impl Note {
    /// The stage that made the remark, and the remark in words.
    #[must_use]
    pub fn words(self, rules: &Rules) -> (&'static str, String) {
        let route = |index: usize| {
            rules
                .route_rules
                .get(index)
                .map_or("?", |route| &*route.name)
        };
        let issuer = |index: usize| rules.issuers.get(index).map_or("?", |issuer| &*issuer.name);
        match self {
            Self::Routed(index) => ("route", format!("route `{}` decides", route(index))),
            Self::Unrouted => ("route", "no route names this host, path and method".into()),
            Self::NotAsked => (
                "parse",
                "the route is open to anyone: credentials are not looked at".into(),
            ),
            Self::NothingSent => ("parse", "no credentials where the route reads them".into()),
            Self::Read(scheme) => (
                "parse",
                format!("{} credentials are well formed", scheme.name()),
            ),
            Self::Defect(detail) => ("parse", detail.into()),
            Self::Recalled => (
                "verify",
                "the same credentials were checked a short while ago".into(),
            ),
            Self::Braked(detail) => ("verify", format!("turned away: {detail}")),
            Self::AccountUnknown => (
                "verify",
                "no user of that name (a decoy was checked in its stead)".into(),
            ),
            Self::AccountDisabled => ("verify", "the user is disabled".into()),
            Self::SecondFactorDue => ("verify", "the user has a second factor".into()),
            Self::Password(true) => ("verify", "the password fits".into()),
            Self::Password(false) => ("verify", "the password does not fit".into()),
            Self::DigestUnknown => (
                "verify",
                "no user of that name has Digest switched on for this realm and algorithm".into(),
            ),
            Self::KeyUnknown => ("verify", "no API key of that id".into()),
            Self::Digest(detail)
            | Self::Key(detail)
            | Self::Session(detail)
            | Self::Certificate(detail)
            | Self::Token(detail)
            | Self::Bounds(detail) => ("verify", detail.into()),
            Self::Issuer(index) => (
                "verify",
                format!("the token names issuer `{}`", issuer(index)),
            ),
            Self::Asked(index) => (
                "verify",
                format!("the token is opaque: issuer `{}` is asked", issuer(index)),
            ),
            Self::Page(detail) => ("cors", detail.into()),
            Self::Unanswered(what) => ("verify", format!("{what} did not answer")),
            Self::Demand(detail) => ("decide", detail.into()),
            Self::Upstream(detail) => ("send", detail.into()),
        }
    }
}

const NOTES_MAX: usize = 8;

/// The remarks in their order. Bounded: the line has fewer stages than this has places.
#[derive(Debug, Clone, Copy, Default)]
pub struct Trail {
    notes: [Option<Note>; NOTES_MAX],
}

impl Trail {
    pub(crate) fn add(&mut self, note: Note) {
        if let Some(place) = self.notes.iter_mut().find(|place| place.is_none()) {
            *place = Some(note);
        }
    }

    /// The route that decides, by index, where one was found.
    #[must_use]
    pub fn route(&self) -> Option<usize> {
        self.notes().find_map(|note| match note {
            Note::Routed(index) => Some(index),
            Note::Unrouted
            | Note::NotAsked
            | Note::NothingSent
            | Note::Read(_)
            | Note::Defect(_)
            | Note::Recalled
            | Note::Braked(_)
            | Note::AccountUnknown
            | Note::AccountDisabled
            | Note::SecondFactorDue
            | Note::Password(_)
            | Note::KeyUnknown
            | Note::Key(_)
            | Note::Issuer(_)
            | Note::Asked(_)
            | Note::Token(_)
            | Note::Bounds(_)
            | Note::Unanswered(_)
            | Note::Demand(_)
            | Note::Upstream(_)
            | Note::DigestUnknown
            | Note::Digest(_)
            | Note::Session(_)
            | Note::Certificate(_)
            | Note::Page(_) => None,
        })
    }

    /// The remarks, first to last.
    pub fn notes(&self) -> impl Iterator<Item = Note> + '_ {
        self.notes.iter().copied().flatten()
    }
}

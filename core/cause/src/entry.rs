//! What the catalogue says of one cause. Knows the shape of an entry, not the entries.

use crate::Cause;

/// Everything that is known of one cause.
///
/// Its words may carry code in backticks and no other markup; [`spans`](crate::spans) splits them.
#[derive(Debug)]
pub struct Entry {
    /// Stable public name in kebab-case; never renamed, never reused.
    pub id: &'static str,
    /// Where on its way the request failed.
    pub stage: Stage,
    /// The status that a gateway or issuer refuses with; `None` if it never refuses for this cause itself.
    pub status: Option<u16>,
    /// Whether it can be concluded about other people's servers, from outside.
    pub explained: bool,
    /// Short public words, at most 60 characters, without a period.
    pub title: &'static str,
    /// One or two sentences for the page.
    pub meaning: &'static str,
    /// One sentence for the client: the detail of the problem document.
    pub told: &'static str,
    /// A lower-case fragment for the operator; it may say more than `told`.
    pub log: &'static str,
    /// Who can mend it.
    pub who: Who,
    /// What to do, addressed to `who`. Problem documents carry it too, so it is public.
    pub fix: &'static str,
    /// The cause that a client hears instead of this one; the cause itself where nothing is held back.
    pub told_as: Cause,
    /// How close the request came to success: of several failures the highest is told.
    ///
    /// | rank | the request ... |
    /// |---|---|
    /// | 0 | is never refused with this cause: it is a diagnosis, which weighs its own evidence |
    /// | 10 | carried no credentials |
    /// | 20 to 29 | carried something that this resource does not read as credentials: placeholder, place, scheme |
    /// | 30 to 39 | used a scheme that is read, and wrote it wrongly |
    /// | 40 to 49 | was read, and nobody vouches for it: issuer, algorithm, key, signature, nonce |
    /// | 50 to 59 | named an identity or a secret that was not accepted |
    /// | 60 to 69 | proved a secret or signature that is out of its time: expired, revoked, not yet valid |
    /// | 70 to 79 | proved a good credential that is not made for this use: audience, kind, claims, second factor |
    /// | 80 to 89 | is from a known sender who is not allowed this |
    /// | 90 to 99 | could not be judged or carried out: a backend is down, a queue is full. Nobody is blamed for what was not checked |
    /// | 100 | could not be taken as a request, so that its credentials were not looked at |
    ///
    /// A cause that is told as another has the rank of that other: the order of failures must not tell them apart.
    pub rank: u8,
    /// Ways to see whether it is this cause.
    pub checks: &'static [Check],
    /// Causes that it is confused with, written at one of the two; [`Cause::neighbours`] has both directions.
    pub see: &'static [Cause],
    /// Specification and section, where one rules.
    pub source: Option<&'static str>,
}

/// One way to see whether a cause applies.
#[derive(Debug)]
pub struct Check {
    /// A shell command; what is secret or differs is a variable such as `$TOKEN` and `$URL`.
    pub command: &'static str,
    /// What its output means: a sentence.
    pub shows: &'static str,
}

/// Where on its way a request fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Nothing, or the wrong thing, left the client.
    Sent,
    /// The credentials are written wrongly.
    Form,
    /// Lost or changed on the way.
    Path,
    /// A password or key was read, and refused.
    Secret,
    /// A token was read, and refused.
    Token,
    /// Digest, connection-bound schemes and signed requests.
    Exchange,
    /// Sessions, cookies, CSRF and CORS.
    Session,
    /// Getting a token: OAuth 2 and OpenID Connect.
    Grant,
    /// The refusal itself is wrong.
    Server,
    /// The gateway's own limits, and the upstreams behind it.
    Gateway,
}

impl Stage {
    /// Every stage, in the order of a request's way.
    pub const ALL: &'static [Self] = &[
        Self::Sent,
        Self::Form,
        Self::Path,
        Self::Secret,
        Self::Token,
        Self::Exchange,
        Self::Session,
        Self::Grant,
        Self::Server,
        Self::Gateway,
    ];

    /// The stage as one lower-case word, for logs and metrics.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Form => "form",
            Self::Path => "path",
            Self::Secret => "secret",
            Self::Token => "token",
            Self::Exchange => "exchange",
            Self::Session => "session",
            Self::Grant => "grant",
            Self::Server => "server",
            Self::Gateway => "gateway",
        }
    }

    /// The stage as a heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Sent => "Sent: nothing, or the wrong thing, left the client",
            Self::Form => "Form: the credentials are written wrongly",
            Self::Path => "Path: lost or changed on the way",
            Self::Secret => "Secret: a password or key was read, and refused",
            Self::Token => "Token: a token was read, and refused",
            Self::Exchange => "Exchange: Digest, connection-bound schemes, signed requests",
            Self::Session => "Session: sessions, cookies, CSRF, CORS",
            Self::Grant => "Grant: getting a token",
            Self::Server => "Server: the refusal itself is wrong",
            Self::Gateway => "Gateway: limits, and what is behind it",
        }
    }
}

/// Who can mend a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Who {
    /// The person whose credentials they are.
    User,
    /// Whoever writes or sets up the client.
    Client,
    /// Whoever writes the server.
    Server,
    /// Whoever runs the servers, proxies and directories.
    Ops,
}

impl Who {
    /// The role as one lower-case word, for logs and metrics.
    pub const fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Client => "client",
            Self::Server => "server",
            Self::Ops => "ops",
        }
    }

    /// The role in words, as in "to be fixed by ...".
    pub const fn title(self) -> &'static str {
        match self {
            Self::User => "the user",
            Self::Client => "the client's developer",
            Self::Server => "the server's developer",
            Self::Ops => "the operator",
        }
    }
}

//! The events, each with the fields that a log line has. There is no field that could hold a secret.
//!
//! Knows: field names, which are public. Does not know where events go.

use countersign_store as store;
use serde::Serialize;

/// Something worth telling.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event<'a> {
    /// The gateway listens.
    Listening {
        /// The address.
        address: String,
        /// `http` or `https`.
        protocol: &'static str,
    },
    /// The admin listener listens.
    AdminListening {
        /// The address.
        address: String,
    },
    /// The gateway ends.
    Stopping {
        /// Why.
        reason: &'a str,
    },
    /// Another configuration is in force.
    Reloaded {
        /// How many configurations there were, this one included.
        generation: u64,
    },
    /// A configuration was not taken: the one before goes on.
    ReloadRefused {
        /// Why.
        reason: &'a str,
        /// How many errors the file has.
        errors: usize,
    },
    /// The keys of an issuer are known, or known anew.
    KeysFetched {
        /// The issuer's name in the configuration.
        issuer: &'a str,
        /// How many keys can be used.
        keys: usize,
        /// Until they are fetched again.
        refresh_secs: u64,
    },
    /// The keys of an issuer could not be fetched.
    KeysUnavailable {
        /// The issuer's name in the configuration.
        issuer: &'a str,
        /// What went wrong.
        reason: String,
        /// Whether older keys are still known, which then go on.
        known: bool,
        /// Until the next attempt.
        retry_secs: u64,
    },
    /// The certificate that was ordered before is shown.
    CertificateRead {
        /// Until when it is good.
        until: String,
        /// When another is ordered.
        renewal: String,
    },
    /// A certificate was ordered, and is shown from now on.
    CertificateOrdered {
        /// Its names.
        domains: String,
        /// Until when it is good.
        until: String,
        /// When another is ordered.
        renewal: String,
    },
    /// No certificate could be ordered. What is shown goes on.
    CertificateNotOrdered {
        /// What went wrong.
        reason: String,
        /// What mends it.
        fix: &'static str,
        /// Until when the one that is shown is good; absent: there is none, and no client is served.
        #[serde(skip_serializing_if = "Option::is_none")]
        shown_until: Option<String>,
        /// Until the next attempt.
        retry_secs: u64,
    },
    /// A certificate that was ordered cannot be kept, or read again.
    CertificateNotKept {
        /// What went wrong.
        reason: String,
    },
    /// A server of an upstream is passed over.
    UpstreamServerDown {
        /// The upstream's name in the configuration.
        upstream: &'a str,
        /// Host and port.
        server: &'a str,
        /// What went wrong the last time.
        reason: &'static str,
        /// Until a request tries it again.
        pass_over_secs: u64,
    },
    /// A server of an upstream that was passed over has answered.
    UpstreamServerUp {
        /// The upstream's name in the configuration.
        upstream: &'a str,
        /// Host and port.
        server: &'a str,
    },
    /// An issuer was asked about a token, and gave no answer that could be used.
    IntrospectionFailed {
        /// The issuer's name in the configuration.
        issuer: &'a str,
        /// What went wrong.
        reason: String,
    },
    /// A trusted proxy does not say in `X-Forwarded-For`, or by the PROXY protocol, who its client is, or not so that it can be read. Its clients are in no
    /// network of a rule. Told once for each worker and configuration.
    ClientUnknown {
        /// The proxy's address.
        proxy: String,
    },
    /// A request was refused.
    Refused(Refused<'a>),
    /// A user has signed in at the gateway's page.
    SignedIn {
        /// The user.
        user: &'a str,
        /// The public id of the session.
        session: &'a str,
        /// The client's address.
        peer: String,
    },
    /// Somebody could not sign in. The name that was typed is left out: people type their passwords there.
    SignInRefused {
        /// The cause.
        cause: &'static str,
        /// What exactly was found; may be empty.
        #[serde(skip_serializing_if = "str::is_empty")]
        detail: &'a str,
        /// The client's address.
        peer: String,
    },
    /// Somebody could not sign in through a provider.
    ProviderSignInRefused {
        /// The provider's name in the configuration.
        provider: &'a str,
        /// The cause.
        cause: &'static str,
        /// What exactly was found; may be empty.
        #[serde(skip_serializing_if = "str::is_empty")]
        detail: &'a str,
        /// The provider's identifier, where it vouches for somebody whom no user is linked with.
        #[serde(skip_serializing_if = "Option::is_none")]
        issuer: Option<&'a str>,
        /// Whom it vouches for.
        #[serde(skip_serializing_if = "Option::is_none")]
        subject: Option<&'a str>,
        /// The client's address.
        peer: String,
    },
    /// A user was linked with an account at a provider, by the rules for the first sign-in.
    AccountLinked {
        /// The user.
        user: &'a str,
        /// The provider's name in the configuration.
        provider: &'a str,
        /// Whether the user was made as well.
        made: bool,
        /// The client's address.
        peer: String,
    },
    /// A session was ended by its user.
    SessionEnded {
        /// The user.
        user: &'a str,
        /// The public id of the session; `None`: all of them.
        #[serde(skip_serializing_if = "Option::is_none")]
        session: Option<&'a str>,
        /// The client's address.
        peer: String,
    },
    /// A user has given itself another password.
    PasswordChanged {
        /// The user.
        user: &'a str,
        /// The client's address.
        peer: String,
    },
    /// A user has switched a second factor on.
    SecondFactorSet {
        /// The user.
        user: &'a str,
        /// The client's address.
        peer: String,
    },
    /// A user has removed the second factor.
    SecondFactorRemoved {
        /// The user.
        user: &'a str,
        /// The client's address.
        peer: String,
    },
    /// A user has added a passkey.
    PasskeyAdded {
        /// The user.
        user: &'a str,
        /// The client's address.
        peer: String,
    },
    /// A passkey that a user was to add is not taken.
    PasskeyRefused {
        /// The user.
        user: &'a str,
        /// What exactly was found.
        detail: &'static str,
        /// The client's address.
        peer: String,
    },
    /// A user has removed a passkey.
    PasskeyRemoved {
        /// The user.
        user: &'a str,
        /// The client's address.
        peer: String,
    },
    /// Somebody who has signed out was not shown the way to sign out at the provider: its metadata are not known.
    ProviderSignOutUnknown {
        /// The provider's name in the configuration.
        provider: &'a str,
        /// What exactly was found.
        detail: &'a str,
        /// The client's address.
        peer: String,
    },
    /// A user has made an API key for itself.
    OwnKeyMade {
        /// The user.
        user: &'a str,
        /// The key's public id.
        key: &'a str,
        /// The scopes that it has.
        scopes: &'a [Box<str>],
        /// When it ends.
        expires_unix_secs: i64,
        /// The client's address.
        peer: String,
    },
    /// A user has revoked one of its API keys.
    OwnKeyRevoked {
        /// The user.
        user: &'a str,
        /// The key's public id.
        key: &'a str,
        /// The client's address.
        peer: String,
    },
    /// A user has got other recovery codes.
    RecoveryCodesRenewed {
        /// The user.
        user: &'a str,
        /// The client's address.
        peer: String,
    },
    /// A connection was ended for a limit or a protocol error, before there was a request.
    ConnectionEnded {
        /// The peer's address.
        peer: String,
        /// The cause.
        cause: &'static str,
        /// What exactly happened.
        detail: &'a str,
        /// The id that the client was told, where it was told anything.
        #[serde(skip_serializing_if = "Option::is_none")]
        request: Option<&'a str>,
    },
    /// A password at rest was hashed anew with today's cost.
    HashRenewed {
        /// The store's key of the user.
        user_id: i64,
    },
    /// The store did not do what it was asked for.
    StoreFailed {
        /// What was asked.
        what: &'static str,
        /// What went wrong.
        reason: String,
    },
    /// Brakes on guessing were lifted by hand.
    BrakesLifted {
        /// Of this account alone.
        #[serde(skip_serializing_if = "Option::is_none")]
        account: Option<&'a str>,
        /// Of this network alone.
        #[serde(skip_serializing_if = "Option::is_none")]
        network: Option<String>,
    },
    /// Somebody has changed users, keys, sessions or brakes, in this process or another. Of the gateways that share a store,
    /// one tells it.
    Act(Act<'a>),
    /// The collector of traces has not taken spans. Told once, until it takes some.
    TracesNotTaken {
        /// What went wrong.
        reason: String,
    },
    /// The collector of figures has not taken them, or not all. Told once, until it takes some.
    MetricsNotTaken {
        /// What went wrong.
        reason: String,
    },
    /// Log lines that were lost, since they came faster than they could be written.
    LogLinesLost {
        /// How many.
        lines: u64,
    },
    /// Refusals that were not kept for `countersign why`, since they came faster than the limit.
    RefusalsNotKept {
        /// How many.
        refusals: u64,
    },
}

/// An act of administration as the log has it.
#[derive(Debug, Serialize)]
pub struct Act<'a> {
    /// Its number in the store.
    pub(crate) record: i64,
    /// When it was begun, which is before it is logged.
    pub(crate) begun: String,
    /// `command` or `account`.
    pub(crate) way: &'static str,
    /// The user of the machine, or who is signed in.
    pub(crate) by: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) login: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) address: Option<&'a str>,
    pub(crate) act: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) object: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<&'a str>,
    /// `done`, `failed`, or `unknown` where nobody has noted it.
    pub(crate) outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) result: Option<&'a str>,
}

impl<'a> Act<'a> {
    pub(crate) fn of(act: &'a store::Act) -> Self {
        let begun = jiff::Timestamp::from_second(act.time_unix_secs);
        Self {
            record: act.id,
            begun: begun.map(|time| time.to_string()).unwrap_or_default(),
            way: act.by.way.name(),
            by: &act.by.name,
            login: act.by.login.as_deref(),
            address: act.by.address.as_deref(),
            act: &act.act,
            user: act.user.as_deref(),
            object: act.object.as_deref(),
            detail: act.detail.as_deref(),
            outcome: act
                .outcome
                .as_ref()
                .map_or("unknown", |outcome| outcome.name()),
            result: act.outcome.as_ref().and_then(|outcome| outcome.words()),
        }
    }
}

/// A refusal as the log has it.
#[derive(Debug, Serialize)]
pub struct Refused<'a> {
    pub(crate) cause: &'static str,
    /// The cause that the client was told, where it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) told: Option<&'static str>,
    pub(crate) status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scheme: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) route: Option<&'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<&'a str>,
    /// The user whom the credentials name, where there is one by that name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) account: Option<&'a str>,
    /// The public id of the API key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<&'a str>,
    /// The page's origin, where it is refused for that. It has no path and no user in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) origin: Option<&'a str>,
    #[serde(flatten)]
    pub(crate) request: Request<'a>,
}

/// What the log says of the request itself. The query is left out: tokens are put there.
#[derive(Debug, Serialize)]
pub(crate) struct Request<'a> {
    #[serde(rename = "request")]
    pub(crate) id: &'a str,
    pub(crate) peer: &'a str,
    pub(crate) method: &'a str,
    pub(crate) host: &'a str,
    pub(crate) path: &'a str,
}

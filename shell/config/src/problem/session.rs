//! Problems with sessions.
//!
//! Knows wording only.

/// What is wrong with sessions. Strings are what the user wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are what the message quotes")]
pub enum SessionProblem {
    /// Not a name that a cookie can have.
    CookieName { value: String },
    /// A name by which other hosts and plain http can set the cookie as well.
    CookieUnbound { value: String },
    /// A name that browsers take over TLS alone.
    CookieDropped { value: String },
    /// A name by which the cookie cannot be shared, or is not kept to TLS.
    CookieUnshared { value: String },
    /// Not a domain that a cookie can be for.
    Domain { value: String },
    /// A domain whose hosts belong to different people.
    DomainPublic { value: String },
    /// A cookie that all hosts of a domain get.
    DomainShared { value: String },
    /// A key that is for shared sessions alone.
    DomainMissing { key: &'static str },
    /// Shared sessions without a host to go back to.
    OriginsMissing,
    /// An origin that is not spelt as browsers spell it.
    OriginSpelling { value: String, canonical: String },
    /// An origin that the cookie does not reach.
    OriginOutside { value: String, domain: String },
    /// An origin without TLS.
    OriginPlain { value: String },
    /// A host to sign in at that nobody may be sent to.
    SignInUnlisted { value: String },
    /// Sessions without TLS.
    PlainHttp,
    /// Sessions without TLS on a network.
    PlainHttpBeyond { address: String },
    /// Passkeys that no address is known for.
    PasskeysNowhere,
    /// Passkeys bound to what browsers take for no domain.
    PasskeyDomain { value: String },
    /// An origin that browsers let ask for no passkey of the domain.
    PasskeyOrigin { value: String, rp_id: String },
    /// An origin without TLS.
    PasskeyOriginInTheClear { value: String },
    /// Passkeys that cannot be used where the gateway says that it is.
    PasskeysNotAtPublicUrl { value: String },
    /// Keys that no route takes.
    OwnKeysUseless,
    /// A session that ends before its idle time.
    LifetimeShort { idle_secs: i64 },
    /// An idle time that would not be noticed.
    IdleRemembered { ttl_secs: i64 },
}

impl SessionProblem {
    pub(super) fn words(&self) -> (String, String) {
        match self {
            Self::CookieName { value } => (
                format!("`{value}` cannot be the name of a cookie"),
                "use letters, digits, `-` and `_`, as in `__Host-session`".into(),
            ),
            Self::CookieUnbound { value } => (
                format!("a cookie `{value}` can be set by sibling hosts and over plain http"),
                format!(
                    "call it `__Host-{value}`: browsers take that from this host alone, over TLS"
                ),
            ),
            Self::CookieDropped { value } => (
                format!("browsers drop a cookie `{value}` that comes over plain http"),
                "leave out the prefix, or `plain_http`".into(),
            ),
            Self::CookieUnshared { value } => (
                format!("a cookie `{value}` for a domain cannot be kept to TLS by its name, or not be shared"),
                "let it begin with `__Secure-`, as in `__Secure-session`".into(),
            ),
            Self::Domain { value } => (
                format!("`{value}` is not a domain that hosts can share a cookie of"),
                "write a name of at least two labels in lower case, as in `example.com`: of others browsers drop the cookie".into(),
            ),
            Self::DomainPublic { value } => (
                format!("hosts below `{value}` belong to different people"),
                "name the domain that is yours alone, one label more: browsers drop a cookie for this one".into(),
            ),
            Self::DomainShared { value } => (
                format!("every host below `{value}` gets the cookie of the session, and can set one of its own"),
                "leave `domain` out where one of them is not as trusted as this gateway".into(),
            ),
            Self::DomainMissing { key } => (
                format!("`{key}` is for sessions that several hosts share"),
                "name their `domain`, or leave it out".into(),
            ),
            Self::OriginsMissing => (
                "nobody can be sent back to a host of this domain".into(),
                "name the hosts in `origins`, as in `[\"https://app.example.com\"]`".into(),
            ),
            Self::OriginSpelling { value, canonical } => (
                format!("browsers do not write `{value}` like this"),
                format!("write `{canonical}`"),
            ),
            Self::OriginOutside { value, domain } => (
                format!("`{value}` is not below `{domain}`, and never gets the cookie"),
                "leave it out, or name a domain that both are below".into(),
            ),
            Self::OriginPlain { value } => (
                format!("`{value}` is without TLS, and never gets the cookie"),
                "write it with `https://`".into(),
            ),
            Self::SignInUnlisted { value } => (
                format!("`{value}` is none of `origins`"),
                "add it there: people are sent to it, and back to the others".into(),
            ),
            Self::PlainHttp => (
                "with `plain_http`, sessions travel without TLS".into(),
                "it is for development on one machine; leave it out where others sign in".into(),
            ),
            Self::PlainHttpBeyond { address } => (
                format!(
                    "`plain_http` is for this machine alone, and `{address}` is reached from others"
                ),
                "listen on `127.0.0.1`, or leave it out and set `tls` of `[server]`".into(),
            ),
            Self::PasskeysNowhere => (
                "passkeys are bound to a domain, and none is known".into(),
                "set `public_url` of `[server]`, or `rp_id` and `origins` here".into(),
            ),
            Self::PasskeyDomain { value } => (
                format!("`{value}` is no domain that browsers bind passkeys to"),
                "write a domain in lower case, as in `example.com` or `localhost`; an address is none".into(),
            ),
            Self::PasskeyOrigin { value, rp_id } => (
                format!("browsers let no page of `{value}` ask for passkeys of `{rp_id}`"),
                format!("its host has to be `{rp_id}`, or below it; see `rp_id`"),
            ),
            Self::PasskeyOriginInTheClear { value } => (
                format!("browsers have no passkeys on pages without TLS, as of `{value}`"),
                "write an https origin; http is for `localhost` alone".into(),
            ),
            Self::PasskeysNotAtPublicUrl { value } => (
                format!("passkeys cannot be used at `{value}`, which is the `public_url`"),
                "add it to `origins`".into(),
            ),
            Self::OwnKeysUseless => (
                "people can make API keys here, and no route takes any".into(),
                "add `api-key` to `accept` of a route, or leave `own_keys` out".into(),
            ),
            Self::LifetimeShort { idle_secs } => (
                format!("a session would end before its idle time of {idle_secs} seconds is over"),
                "make `lifetime_secs` at least as long as `idle_secs`".into(),
            ),
            Self::IdleRemembered { ttl_secs } => (
                format!(
                    "a session is remembered for {ttl_secs} seconds, and would not end within them"
                ),
                "make `idle_secs` longer than `ttl_secs` of `[cache]`".into(),
            ),
        }
    }
}

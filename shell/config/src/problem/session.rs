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
    /// Sessions without TLS.
    PlainHttp,
    /// Sessions without TLS on a network.
    PlainHttpBeyond { address: String },
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

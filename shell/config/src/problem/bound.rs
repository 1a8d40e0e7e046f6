//! Problems with proofs of keys and with certificates of clients.
//!
//! Knows wording only.

/// What is wrong with proofs or certificates. Strings are what the user wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are what the message quotes")]
pub enum BoundProblem {
    /// Certificates are accepted that nobody is asked for.
    NotAsked { name: String },
    /// Certificates are asked for that nobody is behind.
    NobodyReads,
    /// The host in a proof is compared with what the client chose.
    ForAnyHost { name: String },
}

impl BoundProblem {
    pub(super) fn words(&self) -> (String, String) {
        match self {
            Self::NotAsked { name } => (
                format!("route `{name}` takes certificates of clients, and none is asked for"),
                "set `client_certificates` of `[server.tls]`, or take `certificate` out of `accept`"
                    .into(),
            ),
            Self::NobodyReads => (
                "clients are asked for certificates that no route reads".into(),
                "add `certificate` to `accept` of a route, or `bearer` or `dpop` where tokens are bound to certificates"
                    .into(),
            ),
            Self::ForAnyHost { name } => (
                format!("route `{name}` takes proofs for whatever host the request names"),
                "set `public_url` of `[server]`, or `host` of the route: whoever got a proof for another server could use it here"
                    .into(),
            ),
        }
    }
}

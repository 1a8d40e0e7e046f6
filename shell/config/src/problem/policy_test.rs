//! Problems with tests of the rules.
//!
//! Knows wording only.

use super::{did_you_mean, listed};

/// What is wrong with a test of the rules. Strings are what the user wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are what the message quotes")]
pub enum PolicyTestProblem {
    /// Not a URL with a host.
    Url { value: String },
    /// Not the name of a header field.
    FieldName { name: String },
    /// Credentials written out beside those of the caller.
    CredentialBesideIdentity,
    /// Not an address.
    Client { value: String },
    /// Not a method.
    Method { value: String },
    /// Not an end that a request has.
    NotExpected {
        value: String,
        near: Option<&'static str>,
    },
    /// Not a cause that a request is refused with.
    CauseUnknown {
        value: String,
        near: Option<&'static str>,
    },
    /// A cause of a request that is not refused.
    CauseWithoutRefusal,
    /// A name that nothing has.
    Unknown {
        what: &'static str,
        name: String,
        near: Option<String>,
        known: Vec<String>,
    },
    /// Something that credentials of this scheme do not carry.
    CannotHold {
        what: &'static str,
        scheme: &'static str,
    },
}

/// What may become of a request, beside a status.
pub(crate) const EXPECTED: [&str; 4] = ["allow", "refuse", "preflight", "own-page"];

impl PolicyTestProblem {
    pub(super) fn words(&self) -> (String, String) {
        match self {
            Self::Url { value } => (
                format!("`{value}` is not a URL"),
                "write it with its host, as in `https://api.example.com/orders`".into(),
            ),
            Self::FieldName { name } => (
                format!("`{name}` is not the name of a header field"),
                "use letters, digits and `-`".into(),
            ),
            Self::CredentialBesideIdentity => (
                "`Authorization` stands beside a `caller`, whose credentials are sent in it".into(),
                "leave one of them out".into(),
            ),
            Self::Client { value } => (
                format!("`{value}` is not an address"),
                "write it as in `192.0.2.7` or `2001:db8::7`".into(),
            ),
            Self::Method { value } => (
                format!("`{value}` is not a method"),
                "write one as in `GET`".into(),
            ),
            Self::NotExpected { value, near } => (
                format!("`{value}` is not an end that a request has"),
                did_you_mean(
                    *near,
                    format!("write a status such as 403, or one of {}", listed(EXPECTED)),
                ),
            ),
            Self::CauseUnknown { value, near } => (
                format!("the gateway refuses nothing with the cause `{value}`"),
                did_you_mean(
                    *near,
                    "docs/reference/causes has them all, and so has the log".into(),
                ),
            ),
            Self::CauseWithoutRefusal => (
                "a request that is not refused has no cause".into(),
                "leave `cause` out, or expect a status or `refuse`".into(),
            ),
            Self::Unknown {
                what,
                name,
                near,
                known,
            } => (
                format!("there is no {what} `{name}`"),
                did_you_mean(
                    near.as_deref(),
                    if known.is_empty() {
                        format!("there is no {what} at all")
                    } else {
                        format!("there is {}", listed(known.iter().map(String::as_str)))
                    },
                ),
            ),
            Self::CannotHold { what, scheme } => (
                format!("credentials of `{scheme}` carry no {what}"),
                format!("leave `{what}` out, or name another `scheme`"),
            ),
        }
    }
}

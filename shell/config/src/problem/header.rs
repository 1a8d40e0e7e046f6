//! Problems with the names of headers.
//!
//! Knows wording only.

/// What is wrong with the name of a header. Strings are what the user wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are what the message quotes")]
pub enum HeaderProblem {
    /// Not a header name.
    NotAToken { value: String },
    /// A header name with an underscore.
    Underscore { value: String },
    /// `Authorization` as the header of API keys.
    Authorization,
    /// A header that HTTP or the gateway needs for itself.
    Reserved { value: String },
    /// Two settings with the same header.
    Twice { value: String },
}

impl HeaderProblem {
    pub(super) fn words(&self) -> (String, String) {
        match self {
            Self::NotAToken { value } => (
                format!("`{value}` is not the name of a header"),
                "use letters, digits and `-`, as in `X-Auth-User`".into(),
            ),
            Self::Underscore { value } => (
                format!("the header `{value}` has an underscore"),
                format!(
                    "write `{}`: many servers take both for one, and some drop underscores",
                    value.replace('_', "-")
                ),
            ),
            Self::Authorization => (
                "`Authorization` is not a header of its own for API keys".into(),
                "set `authorization = true`, and `header = \"\"` if there is to be no other".into(),
            ),
            Self::Reserved { value } => (
                format!("the header `{value}` has a meaning of its own"),
                "choose a name that nothing else uses, as in `X-Auth-User`".into(),
            ),
            Self::Twice { value } => (
                format!("the header `{value}` is used twice"),
                "give each its own name".into(),
            ),
        }
    }
}

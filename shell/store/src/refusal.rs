//! A refusal, as it is kept to be explained later.

/// One refused request. Which causes and steps there are is the caller's business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusalRecord {
    /// The id that the client was told.
    pub request_id: Box<str>,
    /// When it was refused.
    pub time_unix_secs: i64,
    /// The id of the cause.
    pub cause: Box<str>,
    /// The id of the cause that the client was told.
    pub told: Box<str>,
    /// The status of the answer.
    pub status: u16,
    /// The scheme of the credentials, if any were read.
    pub scheme: Option<Box<str>>,
    /// The route that was found.
    pub route: Option<Box<str>>,
    /// The request's method.
    pub method: Box<str>,
    /// The request's path, without its query.
    pub path: Box<str>,
    /// The address of the client.
    pub peer: Box<str>,
    /// What the client calls itself.
    pub user_agent: Option<Box<str>>,
    /// The host that was asked for.
    pub host: Option<Box<str>>,
    /// Who was refused, where that was verified.
    pub subject: Option<Box<str>>,
    /// The user whom the credentials name, where there is one by that name.
    pub account: Option<Box<str>>,
    /// The public id of the API key.
    pub key_id: Option<Box<str>>,
    /// What exactly was found.
    pub detail: Option<Box<str>>,
    /// How it came to the refusal, as JSON.
    pub steps: Box<str>,
}

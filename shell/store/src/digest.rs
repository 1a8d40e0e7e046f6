//! What Digest is checked against, as it is handed in and given out.
//!
//! Knows no algorithm: names, realms and hexadecimal digits are the caller's.

use countersign_secret::Secret;

/// A secret of one user for one realm and algorithm. It is as good as the password there.
pub struct DigestSecret {
    /// The algorithm by its name, without `-sess`.
    pub algorithm: Box<str>,
    /// The realm.
    pub realm: Box<str>,
    /// `H(user:realm:password)` in hexadecimal digits.
    pub secret: Secret<String>,
    /// `H(user:realm)` in lower-case hexadecimal digits, by which a client that hides the name asks.
    pub user_hash: Box<str>,
}

/// How a user is named who signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigestName<'a> {
    /// By the name.
    Plain(&'a str),
    /// By the hash of name and realm.
    Hashed(&'a str),
}

/// A user for whom Digest is switched on, as a sign-in needs one.
pub struct DigestAccount {
    /// The name as stored.
    pub name: Box<str>,
    /// The secret for the realm and algorithm that were asked for.
    pub secret: Secret<String>,
    /// Whether the user may not sign in.
    pub disabled: bool,
    /// The groups that the user is in.
    pub groups: Vec<Box<str>>,
    /// Whether a second factor has to follow the password.
    pub second_factor: bool,
}

/// For what Digest is switched on, as an operator sees it: without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestState {
    /// The realm.
    pub realm: Box<str>,
    /// The algorithms.
    pub algorithms: Vec<Box<str>>,
}

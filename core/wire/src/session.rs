//! Sessions on the wire: a cookie that names one, and the challenge of a route that takes nothing else.
//!
//! Knows: where the session's secret stands. Does not know sessions.

use crate::{Challenge, Scheme};

/// A session's secret as a client presented it, whose form is still to be checked.
#[derive(Clone, Copy)]
pub struct Presented<'a> {
    pub(crate) raw: &'a [u8],
    pub(crate) cookie: &'a str,
}

impl<'a> Presented<'a> {
    /// The value of the cookie.
    pub const fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// The name of the cookie.
    pub const fn cookie(&self) -> &'a str {
        self.cookie
    }
}

/// The challenge: `Cookie realm="...", form-action="/sign-in", cookie-name="..."`.
///
/// No scheme for cookies is registered, and RFC 9110 section 11.6.1 demands a challenge all the same. This one is of an
/// expired proposal (draft-broyer-http-cookie-auth) that says what a client can do: where to sign in, and which cookie
/// comes of it.
pub fn challenge(realm: &str, sign_in: &str, cookie: &str) -> Challenge {
    Challenge::new(Scheme::Session)
        .with("realm", realm)
        .with("form-action", sign_in)
        .with("cookie-name", cookie)
}

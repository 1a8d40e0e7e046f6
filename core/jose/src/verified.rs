//! The two states of knowledge about a token.
//!
//! Knows: that one became the other. Does not know: how a signature is checked; see `jws` and `jwt`.

use std::fmt;

/// Read, and not proven: its signature has not been checked, so nothing in it may be believed.
pub struct Unverified<T>(T);

/// Its signature was checked with a key of the issuer. Only this crate's `verify` makes one.
pub struct Verified<T>(T);

impl<T> Unverified<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(value)
    }

    pub(crate) fn inner(&self) -> &T {
        &self.0
    }

    pub(crate) fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Verified<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(value)
    }

    pub(crate) fn inner(&self) -> &T {
        &self.0
    }

    pub(crate) fn into_inner(self) -> T {
        self.0
    }
}

// A token is a credential: neither state prints what it holds.
impl<T> fmt::Debug for Unverified<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unverified(..)")
    }
}

impl<T> fmt::Debug for Verified<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verified(..)")
    }
}

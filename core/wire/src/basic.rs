//! The scheme Basic, RFC 7617.
//!
//! Knows: how a user name and a password become one base64 string, and back. Does not know users.

pub mod client;
pub mod server;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

pub use countersign_secret::password::PASSWORD_BYTES_MAX;
pub use server::Credentials;

/// The longest user name that is read, in bytes of UTF-8.
pub const USER_BYTES_MAX: usize = 256;

/// User name or password in the one form in which both halves compare them: Unicode's NFC.
///
/// RFC 7617 section 2.1 recommends the profiles of RFC 8265, whose one rule for all strings is this form. Their other
/// rules (width, letter case, kinds of spaces) are left out: a password that a user has chosen must reach its hash, and
/// one that was hashed elsewhere has not gone through them. Whoever stores a user puts its name and password through
/// this function first.
pub fn normalized(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        return Cow::Borrowed(text);
    }
    // Room for the worst expansion of NFC in UTF-8, so that no shorter copy of a password stays behind in memory.
    let mut normalized = String::with_capacity(text.len().saturating_mul(3));
    normalized.extend(text.nfc());
    Cow::Owned(normalized)
}

/// RFC 7617 section 2: neither user-id nor password may contain control characters.
pub(crate) fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}

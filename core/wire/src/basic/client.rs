//! The client half of Basic: reads the challenge, writes credentials.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_secret::Secret;

use super::{has_control, normalized};
use crate::{Challenge, Scheme};

/// How user name and password become bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    /// UTF-8, in NFC.
    Utf8,
    /// ISO-8859-1, for servers that do not announce UTF-8 and have not moved on.
    Latin1,
}

/// Why a user name and a password cannot be sent with Basic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsendable {
    /// RFC 7617 section 2: a user-id that contains a colon is invalid.
    ColonInUser,
    /// RFC 7617 section 2: neither may contain control characters.
    ControlCharacter,
    /// A character that the charset lacks.
    NotInCharset,
}

impl fmt::Display for Unsendable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unsendable::ColonInUser => "a user name with a colon cannot be sent with `Basic`",
            Unsendable::ControlCharacter => {
                "a user name or password with a control character cannot be sent with `Basic`"
            }
            Unsendable::NotInCharset => {
                "the user name or password has characters outside of `ISO-8859-1`"
            }
        })
    }
}

impl std::error::Error for Unsendable {}

/// The charset to encode with, going by the challenge.
///
/// UTF-8 also where the challenge is silent, as browsers do: RFC 7617 section 2.1 leaves the default open. `None` for
/// another scheme's challenge.
pub fn charset(challenge: &Challenge) -> Option<Charset> {
    // RFC 7617 section 2.1: the only allowed value is "UTF-8", to be matched case-insensitively; any other is to be
    // ignored, which leaves the default.
    (challenge.scheme() == Some(Scheme::Basic)).then_some(Charset::Utf8)
}

/// The value of `Authorization`.
///
/// `basic-credentials = base64-user-pass`, `user-pass = user-id ":" password`, RFC 7617 section 2.
///
/// # Errors
///
/// What keeps this user name or password from being sent.
pub fn authorization(
    user: &str,
    password: &str,
    charset: Charset,
) -> Result<Secret<String>, Unsendable> {
    if user.contains(':') {
        return Err(Unsendable::ColonInUser);
    }
    if has_control(user) || has_control(password) {
        return Err(Unsendable::ControlCharacter);
    }
    let mut bytes = Vec::with_capacity((user.len() + password.len()).saturating_mul(3) + 1);
    for (text, end) in [(user, ":"), (password, "")] {
        let text = normalized(text);
        match charset {
            Charset::Utf8 => bytes.extend_from_slice(text.as_bytes()),
            Charset::Latin1 => {
                for character in text.chars() {
                    bytes.push(u8::try_from(character).map_err(|_| Unsendable::NotInCharset)?);
                }
            }
        }
        bytes.extend_from_slice(end.as_bytes());
    }
    let bytes = Secret::new(bytes);
    let mut value = String::with_capacity("Basic ".len() + bytes.expose().len().div_ceil(3) * 4);
    value.push_str("Basic ");
    STANDARD.encode_string(bytes.expose(), &mut value);
    Ok(Secret::new(value))
}

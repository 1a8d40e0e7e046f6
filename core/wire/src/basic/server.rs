//! The server half of Basic: reads credentials, writes the challenge.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use countersign_cause::Cause;
use countersign_secret::{Secret, api_key};

use super::{PASSWORD_BYTES_MAX, USER_BYTES_MAX, has_control, normalized};
use crate::credentials::{Defect, is_placeholder, is_unset, looks_like_jwt, unfit};
use crate::grammar::is_token68;
use crate::{Challenge, Scheme};

/// The longest payload that is decoded: four characters for three bytes, and room for every password being written in
/// decomposed form.
const PAYLOAD_BYTES_MAX: usize = (USER_BYTES_MAX + 1 + PASSWORD_BYTES_MAX) * 4;

// RFC 7617 section 2 names the alphabet of RFC 4648 section 4. Padding may be missing: nothing is ambiguous without it,
// and the servers that people come from (nginx, httpd) take it. Bits that encode nothing are refused (RFC 4648
// section 3.5), for they mean that the string was cut.
const STANDARD: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A user name and a password as a client presented them, both in the form of [`normalized`].
pub struct Credentials<'a> {
    raw: &'a [u8],
    user: Box<str>,
    password: Secret<String>,
}

impl<'a> Credentials<'a> {
    /// The base64 payload, as presented.
    pub const fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// The user name: not empty, without colon and control characters.
    pub const fn user(&self) -> &str {
        &self.user
    }

    /// The password: possibly empty, without control characters.
    pub fn password(&self) -> &str {
        self.password.expose()
    }
}

/// Reads what follows the scheme word.
///
/// # Errors
///
/// The cause for which it holds no user name and password.
pub fn parse(payload: &[u8]) -> Result<Credentials<'_>, Defect> {
    if payload.len() > PAYLOAD_BYTES_MAX {
        return Err(defect(
            Cause::HeaderTooLarge,
            "longer than any user name and password that are taken",
        ));
    }
    let Ok(decoded) = STANDARD.decode(payload) else {
        return Err(undecodable(payload));
    };
    if decoded.is_empty() {
        return Err(unfit(Scheme::Basic, payload));
    }
    // RFC 7617 section 2.1: the charset is UTF-8, since the challenge says so.
    let text = match String::from_utf8(decoded) {
        Ok(text) => Secret::new(text),
        Err(error) => return Err(not_utf8(payload, Secret::new(error.into_bytes()))),
    };
    // RFC 7617 section 2: the first colon ends the user-id, so that a password may hold colons.
    let Some((user, password)) = text.expose().split_once(':') else {
        return Err(colonless(payload, text.expose()));
    };
    check(user, password)?;
    // The password is normalised into a copy of its own even where it need not be, so that it can be erased.
    let (user, password) = (
        normalized(user).into(),
        Secret::new(normalized(password).into_owned()),
    );
    let credentials = Credentials {
        raw: payload,
        user,
        password,
    };
    if credentials.user.len() > USER_BYTES_MAX || credentials.password().len() > PASSWORD_BYTES_MAX
    {
        return Err(defect(
            Cause::HeaderTooLarge,
            "the user name or the password is longer than any that is taken",
        ));
    }
    Ok(credentials)
}

/// The bytes that a payload was made from, in either alphabet, wrapped or not, padded or not; for a diagnosis.
///
/// Nothing is let in by this: credentials are what [`parse`] reads.
pub fn decode_leniently(payload: &[u8]) -> Option<Secret<Vec<u8>>> {
    let joined: Secret<Vec<u8>> = Secret::new(
        payload
            .iter()
            .copied()
            .filter(|byte| !byte.is_ascii_whitespace())
            .collect(),
    );
    let decoded = STANDARD
        .decode(joined.expose())
        .or_else(|_| URL_SAFE.decode(joined.expose()));
    decoded.ok().map(Secret::new)
}

fn check(user: &str, password: &str) -> Result<(), Defect> {
    let before_newline = password.trim_end_matches(['\r', '\n']);
    if has_control(user) || has_control(before_newline) {
        // RFC 7617 section 2: "The user-id and password MUST NOT contain any control characters."
        return Err(defect(
            Cause::HeaderMalformed,
            "a control character in the user name or the password",
        ));
    }
    if before_newline.len() < password.len() {
        return Err(defect(
            Cause::BasicNewline,
            "the password ends with a newline",
        ));
    }
    if user.is_empty() {
        return Err(defect(
            Cause::CredentialsPlaceholder,
            "the user name is empty",
        ));
    }
    if is_unset(user.as_bytes()) && is_unset(password.as_bytes()) {
        return Err(defect(
            Cause::CredentialsPlaceholder,
            "user name and password are placeholders",
        ));
    }
    Ok(())
}

fn undecodable(payload: &[u8]) -> Defect {
    let joined: Secret<Vec<u8>> = Secret::new(
        payload
            .iter()
            .copied()
            .filter(|byte| !byte.is_ascii_whitespace())
            .collect(),
    );
    if is_wrapped(payload) && STANDARD.decode(joined.expose()).map(Secret::new).is_ok() {
        return defect(Cause::BasicBase64, "the base64 is wrapped into lines");
    }
    if looks_like_jwt(payload) || api_key::looks_like(payload) {
        return defect(
            Cause::SchemeWordWrong,
            "a token or an api key follows the word `Basic`",
        );
    }
    if is_placeholder(payload) || Scheme::from_word(payload).is_some() {
        return unfit(Scheme::Basic, payload);
    }
    if URL_SAFE
        .decode(payload)
        .map(Secret::new)
        .is_ok_and(|text| text.expose().contains(&b':'))
    {
        return defect(
            Cause::BasicBase64,
            "the base64 is written in the url-safe alphabet",
        );
    }
    if is_token68(payload) {
        return defect(
            Cause::BasicBase64,
            "what follows the scheme word is not base64, or was cut",
        );
    }
    let in_clear = payload.contains(&b':') && payload.iter().all(u8::is_ascii_graphic);
    let other = unfit(Scheme::Basic, payload);
    if other.cause != Cause::HeaderMalformed {
        return other;
    }
    if in_clear {
        return defect(
            Cause::BasicBase64,
            "user name and password are in clear where base64 belongs",
        );
    }
    defect(
        Cause::BasicBase64,
        "what follows the scheme word is not base64",
    )
}

/// Blanks after every 76 or 64 characters, as `base64` and `openssl base64` break lines.
fn is_wrapped(payload: &[u8]) -> bool {
    let mut lines: Vec<&[u8]> = payload
        .split(u8::is_ascii_whitespace)
        .filter(|line| !line.is_empty())
        .collect();
    let last = lines.pop().unwrap_or_default();
    let width = lines.first().map_or(0, |line| line.len());
    matches!(width, 64 | 76) && lines.iter().all(|line| line.len() == width) && last.len() <= width
}

fn not_utf8(payload: &[u8], decoded: Secret<Vec<u8>>) -> Defect {
    // A short word decodes to noise: `Basic undefined`.
    if is_placeholder(payload) || Scheme::from_word(payload).is_some() {
        return unfit(Scheme::Basic, payload);
    }
    if decoded.expose().contains(&b':') {
        defect(
            Cause::BasicCharset,
            "the user name or the password is not utf-8",
        )
    } else {
        defect(
            Cause::BasicBase64,
            "the base64 holds neither text nor a colon",
        )
    }
}

fn colonless(payload: &[u8], decoded: &str) -> Defect {
    if is_placeholder(payload) || Scheme::from_word(payload).is_some() {
        return unfit(Scheme::Basic, payload);
    }
    let inner = decoded.trim_end();
    let twice = STANDARD
        .decode(inner)
        .map(Secret::new)
        .is_ok_and(|text| text.expose().contains(&b':'));
    if twice {
        return defect(Cause::BasicBase64, "the base64 is encoded twice");
    }
    if looks_like_jwt(inner.as_bytes()) || api_key::looks_like(inner.as_bytes()) {
        return defect(
            Cause::SchemeWordWrong,
            "a token or an api key alone, encoded as if it were Basic",
        );
    }
    defect(Cause::BasicColon, "no colon between user name and password")
}

const fn defect(cause: Cause, detail: &'static str) -> Defect {
    Defect::new(cause, Some(Scheme::Basic), detail)
}

/// The challenge.
pub fn challenge(realm: &str) -> Challenge {
    // RFC 7617 section 2: realm is required; section 2.1: charset tells clients to encode as UTF-8.
    Challenge::new(Scheme::Basic)
        .with("realm", realm)
        .with("charset", "UTF-8")
}

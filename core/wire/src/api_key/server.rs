//! The server half of `ApiKey`: reads the key, writes the challenge.

use countersign_cause::Cause;
use http::HeaderName;

use crate::bearer::server::carried;
use crate::credentials::{self, Defect};
use crate::grammar::trim_ows;
use crate::{Challenge, Place, Scheme};

/// A key as a client presented it: a `token68`, whose own form is still to be checked.
#[derive(Clone, Copy)]
pub struct Presented<'a> {
    raw: &'a [u8],
    place: Place<'a>,
}

impl<'a> Presented<'a> {
    /// The key, as presented.
    pub const fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// Where it was.
    pub const fn place(&self) -> Place<'a> {
        self.place
    }
}

/// Reads the value of the key's own field.
///
/// # Errors
///
/// The cause for which it is no key.
pub fn parse_header<'a>(name: &'a HeaderName, value: &'a [u8]) -> Result<Presented<'a>, Defect> {
    let value = trim_ows(value);
    match carried(Scheme::ApiKey, value) {
        Ok(raw) => Ok(Presented {
            raw,
            place: Place::Header(name),
        }),
        Err(defect) => Err(with_scheme_word(value).unwrap_or(defect)),
    }
}

/// Reads what follows the scheme word in `Authorization`.
///
/// # Errors
///
/// The cause for which it is no key.
pub fn parse_authorization(rest: &[u8]) -> Result<Presented<'_>, Defect> {
    carried(Scheme::ApiKey, rest).map(|raw| Presented {
        raw,
        place: Place::Authorization,
    })
}

fn with_scheme_word(value: &[u8]) -> Option<Defect> {
    let parts = credentials::parse(value).ok()?;
    Scheme::from_word(parts.scheme_word)?;
    let detail = "the key's own header takes the key alone, without a scheme word";
    Some(Defect::new(
        Cause::SchemeWordWrong,
        Some(Scheme::ApiKey),
        detail,
    ))
}

/// The challenge: `ApiKey realm="...", header="X-API-Key"`, the second parameter where the key has a header of its own.
pub fn challenge(realm: &str, header: Option<&str>) -> Challenge {
    let challenge = Challenge::new(Scheme::ApiKey).with("realm", realm);
    match header {
        Some(name) => challenge.with("header", name),
        None => challenge,
    }
}

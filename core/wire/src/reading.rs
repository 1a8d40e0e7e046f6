//! What a request presents, out of all its headers, to a route that accepts certain schemes.
//!
//! Knows: header fields and which schemes are wanted. Does not know the route, nor whether what is presented is good.
//! Where a credential is found, nothing is allocated for Bearer and API keys.

mod hints;
#[cfg(test)]
mod tests;

use std::fmt;

use countersign_cause::Cause;
use countersign_secret::api_key::looks_like;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::credentials::{self, Credentials, Defect, misplaced_scheme, misspelt};
use crate::{Scheme, api_key, basic, bearer, cookie, digest, dpop, session};

/// The schemes that a route accepts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accepted<'r> {
    /// RFC 7617.
    pub basic: bool,
    /// RFC 6750.
    pub bearer: bool,
    /// RFC 7616.
    pub digest: bool,
    /// Keys of the gateway's own, and where.
    pub api_key: Option<api_key::Places<'r>>,
    /// RFC 9449.
    pub dpop: bool,
    /// Sessions, and the name of their cookie.
    pub session: Option<&'r str>,
    /// Whether the client has shown a certificate that counts where nothing else is there: what looks like a credential in
    /// a place where none is read is then the application's.
    pub certificate: bool,
}

impl<'r> Accepted<'r> {
    fn key_header(&self) -> Option<&'r HeaderName> {
        self.api_key.and_then(|places| places.header)
    }

    fn key_in_authorization(&self) -> bool {
        self.api_key.is_some_and(|places| places.in_authorization)
    }

    /// Whether `Authorization` is the gateway's to read at all.
    fn takes_authorization(&self) -> bool {
        self.basic || self.bearer || self.dpop || self.digest || self.key_in_authorization()
    }

    /// Whether credentials of that form are meant for the gateway, well-formed or not.
    fn takes(&self, scheme: Scheme, rest: &[u8]) -> bool {
        match scheme {
            Scheme::Basic => self.basic,
            Scheme::Bearer => self.bearer || self.key_in_authorization() && looks_like(rest),
            Scheme::Digest => self.digest,
            Scheme::ApiKey => self.key_in_authorization(),
            Scheme::Dpop => self.dpop,
            Scheme::Session | Scheme::Certificate => false,
        }
    }
}

/// Where a credential was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'a> {
    /// In the field `Authorization`.
    Authorization,
    /// In the key's own field.
    Header(&'a HeaderName),
    /// In the cookie of this name.
    Cookie(&'a str),
    /// In the handshake of the connection.
    Connection,
}

/// The one credential of a request, well-formed and unverified.
pub enum Presented<'a> {
    /// A user name and a password.
    Basic(basic::Credentials<'a>),
    /// A token.
    Bearer(bearer::Token<'a>),
    /// The proof of a password.
    Digest(digest::server::Presented<'a>),
    /// A token with a proof of its key.
    Dpop(dpop::server::Presented<'a>),
    /// A key.
    ApiKey(api_key::Presented<'a>),
    /// A session.
    Session(session::Presented<'a>),
}

impl<'a> Presented<'a> {
    /// The bytes of the credential as presented, without scheme word.
    pub const fn raw(&self) -> &'a [u8] {
        match self {
            Presented::Basic(credentials) => credentials.raw(),
            Presented::Bearer(token) => token.raw(),
            Presented::Digest(proof) => proof.raw(),
            Presented::Dpop(presented) => presented.raw(),
            Presented::ApiKey(key) => key.raw(),
            Presented::Session(session) => session.raw(),
        }
    }

    /// What kind of credential it is; a key under the word `Bearer` is a key.
    pub const fn scheme(&self) -> Scheme {
        match self {
            Presented::Basic(_) => Scheme::Basic,
            Presented::Bearer(_) => Scheme::Bearer,
            Presented::Digest(_) => Scheme::Digest,
            Presented::Dpop(_) => Scheme::Dpop,
            Presented::ApiKey(_) => Scheme::ApiKey,
            Presented::Session(_) => Scheme::Session,
        }
    }

    /// What carried it, which is to be taken out of the request before it goes on.
    pub const fn place(&self) -> Place<'a> {
        match self {
            Presented::Basic(_)
            | Presented::Bearer(_)
            | Presented::Digest(_)
            | Presented::Dpop(_) => Place::Authorization,
            Presented::ApiKey(key) => key.place(),
            Presented::Session(session) => Place::Cookie(session.cookie()),
        }
    }
}

impl fmt::Debug for Presented<'_> {
    /// Everything but the credential.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presented")
            .field("scheme", &self.scheme())
            .field("place", &self.place())
            .finish_non_exhaustive()
    }
}

/// What a request presents.
#[derive(Debug)]
pub enum Reading<'a> {
    /// No credentials, and no trace of any.
    Nothing,
    /// One credential.
    One(Presented<'a>),
    /// Something that cannot be taken as one.
    Defective(Defect),
}

impl<'a> From<Result<Presented<'a>, Defect>> for Reading<'a> {
    fn from(result: Result<Presented<'a>, Defect>) -> Reading<'a> {
        match result {
            Ok(presented) => Reading::One(presented),
            Err(defect) => Reading::Defective(defect),
        }
    }
}

/// Reads the credential of a request.
///
/// `query` is the raw query of the request target; it is looked at only where no credential is found, to say that one
/// is in the wrong place. A scheme in `Authorization` that the route does not accept is left to the application where
/// the key's own header is there. A session counts where nothing else is there: browsers add its cookie to every request,
/// and a header is somebody's intention.
pub fn read<'a>(
    accepted: &Accepted<'a>,
    headers: &'a HeaderMap,
    query: Option<&str>,
) -> Reading<'a> {
    if let Some(name) = accepted.key_header() {
        match single(headers, name) {
            Found::Nothing => {}
            Found::One(value) => return read_key_header(accepted, headers, name, value),
            Found::Several => {
                let detail = "the api key's header is there more than once";
                return Reading::Defective(Defect::new(
                    Cause::HeaderDuplicated,
                    Some(Scheme::ApiKey),
                    detail,
                ));
            }
        }
    }
    if accepted.takes_authorization() {
        match single(headers, &AUTHORIZATION) {
            Found::Nothing => {}
            Found::One(value) => {
                return read_authorization(accepted, value.as_bytes(), headers).into();
            }
            // RFC 9110 section 5.3: a field that is not a list MUST NOT come more than once. Which of them counts, hops
            // do not agree on, so none does.
            Found::Several => {
                let detail = "`Authorization` is there more than once";
                return Reading::Defective(Defect::new(Cause::HeaderDuplicated, None, detail));
            }
        }
    }
    if let Some(name) = accepted.session {
        match cookie::find(headers, name) {
            cookie::Found::Nothing => {}
            cookie::Found::One(raw) => {
                let cookie = name;
                return Reading::One(Presented::Session(session::Presented { raw, cookie }));
            }
            cookie::Found::Several => {
                let detail = "the session's cookie is there more than once";
                return Reading::Defective(Defect::new(
                    Cause::HeaderDuplicated,
                    Some(Scheme::Session),
                    detail,
                ));
            }
        }
    }
    if accepted.certificate {
        return Reading::Nothing;
    }
    match hints::elsewhere(accepted, headers, query) {
        Some(defect) => Reading::Defective(defect),
        None => Reading::Nothing,
    }
}

enum Found<'a> {
    Nothing,
    One(&'a HeaderValue),
    Several,
}

fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Found<'a> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Found::Nothing,
        (Some(value), None) => Found::One(value),
        (Some(_), Some(_)) => Found::Several,
    }
}

fn read_key_header<'a>(
    accepted: &Accepted<'a>,
    headers: &'a HeaderMap,
    name: &'a HeaderName,
    value: &'a HeaderValue,
) -> Reading<'a> {
    if accepted.takes_authorization() && name != AUTHORIZATION {
        let mut others = headers
            .get_all(AUTHORIZATION)
            .iter()
            .filter_map(|value| credentials::parse(value.as_bytes()).ok());
        let is_taken = |other: Credentials<'_>| {
            Scheme::from_word(other.scheme_word)
                .is_some_and(|scheme| accepted.takes(scheme, other.rest))
        };
        if others.any(is_taken) {
            let detail = "an api key in its header and other credentials in `Authorization`";
            return Reading::Defective(Defect::new(Cause::HeaderDuplicated, None, detail));
        }
    }
    match api_key::server::parse_header(name, value.as_bytes()) {
        Ok(key) if (accepted.bearer || accepted.dpop) && credentials::looks_like_jwt(key.raw()) => {
            let detail = "a token in the api key's header";
            Reading::Defective(Defect::new(
                Cause::HeaderWrongPlace,
                Some(Scheme::Bearer),
                detail,
            ))
        }
        Ok(key) => Reading::One(Presented::ApiKey(key)),
        Err(defect) => Reading::Defective(defect),
    }
}

fn read_authorization<'a>(
    accepted: &Accepted<'_>,
    value: &'a [u8],
    headers: &'a HeaderMap,
) -> Result<Presented<'a>, Defect> {
    let Credentials { scheme_word, rest } = credentials::parse(value)?;
    match Scheme::from_word(scheme_word) {
        None => Err(misspelt(scheme_word, rest)),
        Some(Scheme::Basic) if accepted.basic => basic::server::parse(rest).map(Presented::Basic),
        Some(Scheme::Digest) if accepted.digest => {
            digest::server::Presented::parse(rest).map(Presented::Digest)
        }
        Some(Scheme::Dpop) if accepted.dpop => {
            dpop::server::parse(rest, headers).map(Presented::Dpop)
        }
        Some(Scheme::ApiKey) if accepted.key_in_authorization() => read_key(rest),
        Some(Scheme::Bearer) if looks_like(rest) && accepted.key_in_authorization() => {
            read_key(rest)
        }
        Some(Scheme::Bearer | Scheme::ApiKey)
            if looks_like(rest) && accepted.key_header().is_some() =>
        {
            let detail = "an api key in `Authorization` where it has a header of its own";
            Err(Defect::new(
                Cause::HeaderWrongPlace,
                Some(Scheme::ApiKey),
                detail,
            ))
        }
        Some(Scheme::Bearer) if accepted.bearer && looks_like(rest) => Err(Defect::new(
            Cause::TokenWrongKind,
            Some(Scheme::Bearer),
            "an api key where an access token is due",
        )),
        Some(Scheme::Bearer) if accepted.bearer => {
            bearer::server::parse(rest).map(Presented::Bearer)
        }
        Some(Scheme::Bearer) if accepted.key_in_authorization() => Err(no_key(rest)),
        Some(
            Scheme::Basic
            | Scheme::Bearer
            | Scheme::Digest
            | Scheme::ApiKey
            | Scheme::Dpop
            | Scheme::Session
            | Scheme::Certificate,
        ) => Err(misplaced_scheme(scheme_word)),
    }
}

fn read_key(rest: &[u8]) -> Result<Presented<'_>, Defect> {
    api_key::server::parse_authorization(rest).map(Presented::ApiKey)
}

/// Under the word `Bearer`, on a route that takes it for keys alone: no key.
fn no_key(rest: &[u8]) -> Defect {
    match bearer::server::parse(rest) {
        Ok(_) => misplaced_scheme(Scheme::Bearer.word().as_bytes()),
        Err(defect) => defect,
    }
}

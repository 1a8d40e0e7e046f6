//! The server half of Digest: reads credentials, and holds them against a challenge and a secret.
//!
//! Whether a nonce is one that was issued here, still holds, and was not counted before is for the caller to know.

use countersign_cause::Cause;
use countersign_secret::{Secret, same};

use super::client::Asked;
use super::response::{Answered, Qop, SecretHash, Target, expected_response, nonce_count};
use super::{Algorithm, Charset, ext_value, params};
use crate::basic::{USER_BYTES_MAX, normalized};
use crate::credentials::Defect;
use crate::{Challenge, Scheme};

/// The longest list of parameters that is read.
pub const PARAMS_BYTES_MAX: usize = 8 * 1024;

/// Credentials as they stood in the request, and what was read of them.
pub struct Presented<'a> {
    raw: &'a [u8],
    credentials: Credentials,
}

impl<'a> Presented<'a> {
    /// Reads what follows the scheme word.
    ///
    /// # Errors
    ///
    /// As [`parse`], with the scheme named.
    pub fn parse(rest: &'a [u8]) -> Result<Presented<'a>, Defect> {
        match parse(rest) {
            Ok(credentials) => Ok(Presented {
                raw: rest,
                credentials,
            }),
            Err(found) => Err(Defect::new(found.cause, Some(Scheme::Digest), found.detail)),
        }
    }

    /// The list of parameters, as presented.
    #[must_use]
    pub const fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// What was read.
    #[must_use]
    pub const fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// What was read, alone.
    #[must_use]
    pub fn into_credentials(self) -> Credentials {
        self.credentials
    }
}

/// Credentials as a client presented them.
pub struct Credentials {
    list: Challenge,
    user: Box<str>,
    user_charset: Charset,
    response: Secret<String>,
}

/// Reads what follows the scheme word.
///
/// Required are only the parameters without which nothing can be computed: RFC 7616 section 3.4 lists more, and real
/// servers do not insist.
///
/// # Errors
///
/// The cause for which they cannot be held against anything.
pub fn parse(rest: &[u8]) -> Result<Credentials, Defect> {
    if rest.len() > PARAMS_BYTES_MAX {
        return Err(defect(
            Cause::HeaderTooLarge,
            "longer than any credentials of `Digest` that are taken",
        ));
    }
    let list = params::read(rest).map_err(|broken| malformed(broken.detail()))?;
    for (name, detail) in [
        ("nonce", "the parameter `nonce` is missing"),
        ("uri", "the parameter `uri` is missing"),
        ("response", "the parameter `response` is missing"),
    ] {
        if list.param(name).is_none() {
            return Err(malformed(detail));
        }
    }
    let mut user = user(&list)?;
    if is_user_hash(&list) {
        // RFC 7616 section 3.4.4: digits, of which a client may write either case. One user has one spelling from here on.
        user.make_ascii_lowercase();
    }
    // The reader takes for Latin-1 what is not UTF-8.
    let user_charset = match std::str::from_utf8(rest) {
        Ok(_) => Charset::Utf8,
        Err(_) => Charset::Latin1,
    };
    let response = Secret::new(list.param("response").unwrap_or_default().to_owned());
    Ok(Credentials {
        list,
        user,
        user_charset,
        response,
    })
}

fn is_user_hash(list: &Challenge) -> bool {
    list.param("userhash")
        .is_some_and(|word| word.eq_ignore_ascii_case("true"))
}

fn user(list: &Challenge) -> Result<Box<str>, Defect> {
    let user = match (list.param("username"), list.param("username*")) {
        // RFC 7616 section 3.4: never both.
        (Some(_), Some(_)) => {
            return Err(malformed(
                "both `username` and `username*` are among the parameters",
            ));
        }
        (Some(plain), None) => plain.to_owned(),
        (None, Some(extended)) => ext_value::read(extended)
            .ok_or_else(|| malformed("`username*` is not an extended value"))?,
        (None, None) => return Err(malformed("the parameter `username` is missing")),
    };
    if user.is_empty() {
        return Err(defect(
            Cause::CredentialsPlaceholder,
            "the user name is empty",
        ));
    }
    if user.len() > USER_BYTES_MAX {
        return Err(defect(
            Cause::HeaderTooLarge,
            "the user name is longer than any that is taken",
        ));
    }
    Ok(normalized(&user).into())
}

const fn malformed(detail: &'static str) -> Defect {
    defect(Cause::HeaderMalformed, detail)
}

const fn defect(cause: Cause, detail: &'static str) -> Defect {
    Defect::new(cause, None, detail)
}

/// A way in which credentials do not answer a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Difference {
    /// Another realm, or none.
    Realm,
    /// Another nonce. It may be of an earlier challenge.
    Nonce,
    /// `opaque` did not come back as it was sent.
    Opaque,
    /// The challenge names an algorithm, and the credentials name none, which means MD5.
    AlgorithmMissing,
    /// Another algorithm.
    Algorithm,
    /// The challenge offers qualities of protection, and the credentials use none.
    QopMissing,
    /// A list where one quality was to be chosen.
    QopList,
    /// A quality that is not offered.
    QopNotOffered,
    /// A quality of protection without `nc`.
    NcMissing,
    /// `nc` is not eight hexadecimal digits.
    NcMalformed,
    /// A quality of protection, or a session, without `cnonce`.
    CnonceMissing,
    /// `response` is not as long as the algorithm makes it.
    ResponseLength,
}

impl Credentials {
    /// The user name, or its hash in lower-case digits; see [`is_user_hash`](Credentials::is_user_hash).
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The charset that the bytes of the user name are in, where they are not ASCII.
    #[must_use]
    pub const fn user_charset(&self) -> Charset {
        self.user_charset
    }

    /// Whether the user name is a hash: `userhash=true`.
    #[must_use]
    pub fn is_user_hash(&self) -> bool {
        is_user_hash(&self.list)
    }

    /// The realm; empty where none is named.
    #[must_use]
    pub fn realm(&self) -> &str {
        self.list.realm()
    }

    /// The nonce.
    #[must_use]
    pub fn nonce(&self) -> &str {
        self.list.param("nonce").unwrap_or_default()
    }

    /// The address that the response covers.
    #[must_use]
    pub fn uri(&self) -> &str {
        self.list.param("uri").unwrap_or_default()
    }

    /// `opaque`.
    #[must_use]
    pub fn opaque(&self) -> Option<&str> {
        self.list.param("opaque")
    }

    /// The client's own nonce.
    #[must_use]
    pub fn cnonce(&self) -> Option<&str> {
        self.list.param("cnonce")
    }

    /// The nonce count as it was written.
    #[must_use]
    pub fn nc_word(&self) -> Option<&str> {
        self.list.param("nc")
    }

    /// The nonce count.
    #[must_use]
    pub fn nc(&self) -> Option<u32> {
        nonce_count(self.nc_word()?)
    }

    /// The quality of protection as it was written.
    #[must_use]
    pub fn qop_word(&self) -> Option<&str> {
        self.list.param("qop")
    }

    /// The quality of protection; `None` where none is named, or one that is not known.
    #[must_use]
    pub fn qop(&self) -> Option<Qop> {
        Qop::from_word(self.qop_word()?)
    }

    /// The algorithm as it was written.
    #[must_use]
    pub fn algorithm_word(&self) -> Option<&str> {
        self.list.param("algorithm")
    }

    /// The algorithm, MD5 where none is named; `None` for one that is not known.
    #[must_use]
    pub fn algorithm(&self) -> Option<Algorithm> {
        self.algorithm_word()
            .map_or(Some(Algorithm::MD5), Algorithm::from_word)
    }

    /// The response, which is as good as the password for a replay.
    #[must_use]
    pub fn response(&self) -> &str {
        self.response.expose()
    }

    /// What of the credentials went into the response.
    #[must_use]
    pub fn answered(&self) -> Answered<'_> {
        Answered {
            nonce: self.nonce(),
            cnonce: self.cnonce().unwrap_or_default(),
            nc: self.nc_word().unwrap_or_default(),
            qop: self.qop_word(),
        }
    }

    /// Whether the response is the one of this secret for this request. The address is taken from the target, not from
    /// the credentials: that the two agree is the caller's to see.
    #[must_use]
    pub fn fits(&self, secret: &SecretHash, target: &Target<'_>) -> bool {
        let expected = expected_response(secret, &self.answered(), target);
        // RFC 7616 section 3.4: `response` is in lower-case digits. Upper-case ones are known from small devices.
        let response = Secret::new(self.response().to_ascii_lowercase());
        same(expected.as_bytes(), response.expose().as_bytes())
    }

    /// In which ways these credentials do not answer that challenge; empty where they do.
    #[must_use]
    pub fn differences(&self, asked: &Asked) -> Vec<Difference> {
        let mut found = Vec::new();
        if self.realm() != &*asked.realm {
            found.push(Difference::Realm);
        }
        if self.nonce() != &*asked.nonce {
            found.push(Difference::Nonce);
        }
        // RFC 7616 section 3.3: opaque SHOULD be returned unchanged.
        if self.opaque() != asked.opaque.as_deref() {
            found.push(Difference::Opaque);
        }
        match self.algorithm_word() {
            None if asked.algorithm != Algorithm::MD5 => found.push(Difference::AlgorithmMissing),
            Some(_) if self.algorithm() != Some(asked.algorithm) => {
                found.push(Difference::Algorithm);
            }
            None | Some(_) => {}
        }
        self.compare_qop(asked, &mut found);
        let digits = self
            .algorithm()
            .unwrap_or(asked.algorithm)
            .hash
            .hex_digits();
        if self.response().len() != digits {
            found.push(Difference::ResponseLength);
        }
        found
    }

    fn compare_qop(&self, asked: &Asked, found: &mut Vec<Difference>) {
        let session = self.algorithm().is_some_and(|algorithm| algorithm.session);
        let Some(word) = self.qop_word() else {
            if !asked.qop.is_empty() {
                found.push(Difference::QopMissing);
            }
            if session && self.cnonce().is_none() {
                found.push(Difference::CnonceMissing);
            }
            return;
        };
        if word.contains(',') {
            found.push(Difference::QopList);
        } else if !self.qop().is_some_and(|qop| asked.qop.contains(&qop)) {
            found.push(Difference::QopNotOffered);
        }
        // RFC 7616 section 3.4: cnonce and nc MUST be there where qop is.
        if self.cnonce().is_none() {
            found.push(Difference::CnonceMissing);
        }
        match (self.nc_word(), self.nc()) {
            (None, _) => found.push(Difference::NcMissing),
            (Some(_), None) => found.push(Difference::NcMalformed),
            (Some(_), Some(_)) => {}
        }
    }
}

//! The client half of Digest: reads the challenge, answers it.

use std::fmt;

use countersign_secret::Secret;

use super::params::{write_quoted, write_token};
use super::response::{Answered, Qop, SecretHash, Target, expected_response, user_hash};
use super::{Algorithm, Charset, Hash, ext_value};
use crate::Challenge;

/// A user name and a password.
#[derive(Clone, Copy)]
pub struct Login<'a> {
    /// The name.
    pub user: &'a str,
    /// The password.
    pub password: &'a str,
}

/// What a challenge asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The protection space's name; empty where the server named none.
    pub realm: Box<str>,
    /// The nonce.
    pub nonce: Box<str>,
    /// What goes back as it came.
    pub opaque: Option<Box<str>>,
    /// Whether only the nonce of the credentials before was too old.
    pub stale: bool,
    /// The algorithm, MD5 where none is named.
    pub algorithm: Algorithm,
    /// The algorithm as it was written; `None` where none is named.
    pub algorithm_word: Option<Box<str>>,
    /// The qualities of protection that are offered; empty for the form of RFC 2069.
    pub qop: Vec<Qop>,
    /// The charset in which user name and password are hashed. It is UTF-8 also where the challenge is silent, as most
    /// clients have it; set it to the other for a server that has not moved on.
    pub charset: Charset,
    /// Whether the challenge names the charset.
    pub charset_named: bool,
    /// Whether the user name may be hashed.
    pub userhash: bool,
    /// The addresses of the protection space; empty for the whole server.
    pub domain: Vec<Box<str>>,
}

/// Why a challenge of Digest cannot be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Misreading {
    /// It is another scheme's.
    OtherScheme,
    /// It has no nonce.
    NonceMissing,
    /// Its algorithm is none of RFC 7616.
    AlgorithmUnknown,
    /// It offers qualities of protection, and none of them is of RFC 7616.
    QopUnknown,
}

impl fmt::Display for Misreading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Misreading::OtherScheme => "not a challenge of `Digest`",
            Misreading::NonceMissing => "the challenge of `Digest` has no `nonce`",
            Misreading::AlgorithmUnknown => {
                "the challenge of `Digest` names an algorithm that is not registered"
            }
            Misreading::QopUnknown => {
                "the challenge of `Digest` offers no quality of protection that is defined"
            }
        })
    }
}

impl std::error::Error for Misreading {}

/// Reads a challenge.
///
/// # Errors
///
/// Why it cannot be answered.
pub fn asked(challenge: &Challenge) -> Result<Asked, Misreading> {
    if !challenge.is("Digest") {
        return Err(Misreading::OtherScheme);
    }
    let nonce = challenge.param("nonce").ok_or(Misreading::NonceMissing)?;
    let algorithm_word = challenge.param("algorithm");
    let algorithm = match algorithm_word {
        // RFC 7616 section 3.3: absent, it is MD5; not understood, the challenge is to be ignored.
        None => Algorithm::MD5,
        Some(word) => Algorithm::from_word(word.trim()).ok_or(Misreading::AlgorithmUnknown)?,
    };
    let is_true = |name: &str| {
        // RFC 7616 section 3.3: case-insensitive, and any other value is false.
        let value = challenge.param(name);
        value.is_some_and(|word| word.eq_ignore_ascii_case("true"))
    };
    let charset = challenge.param("charset");
    let domain = challenge.param("domain").unwrap_or_default();
    Ok(Asked {
        realm: challenge.realm().into(),
        nonce: nonce.into(),
        opaque: challenge.param("opaque").map(Into::into),
        stale: is_true("stale"),
        algorithm,
        algorithm_word: algorithm_word.map(Into::into),
        qop: qualities(challenge.param("qop"))?,
        charset: Charset::Utf8,
        // RFC 7616 section 3.3: the only allowed value is "UTF-8", case-insensitively.
        charset_named: charset.is_some_and(|word| word.eq_ignore_ascii_case("utf-8")),
        userhash: is_true("userhash"),
        domain: domain.split_ascii_whitespace().map(Into::into).collect(),
    })
}

/// `qop-options = "qop" "=" <"> 1#qop-value <">`; values that are not known are to be ignored, RFC 7616 section 3.3.
fn qualities(list: Option<&str>) -> Result<Vec<Qop>, Misreading> {
    let words: Vec<&str> = list
        .unwrap_or_default()
        .split([',', ' ', '\t'])
        .filter(|word| !word.is_empty())
        .collect();
    let mut known = Vec::with_capacity(2);
    for qop in words.iter().filter_map(|word| Qop::from_word(word)) {
        if !known.contains(&qop) {
            known.push(qop);
        }
    }
    match (words.is_empty(), known.is_empty()) {
        (false, true) => Err(Misreading::QopUnknown),
        (true | false, _) => Ok(known),
    }
}

/// The challenge with the strongest hash among those that can be answered, the first of equals.
///
/// RFC 7616 section 3.7 lets the server list its preference; a client that takes the first is weaker than it need be
/// wherever a server is misconfigured.
#[must_use]
pub fn choose<'c>(challenges: impl IntoIterator<Item = &'c Challenge>) -> Option<Asked> {
    let mut best: Option<Asked> = None;
    for asked in challenges.into_iter().filter_map(|one| asked(one).ok()) {
        let known = best.as_ref().map(|best| best.algorithm.hash);
        if known.is_none_or(|known: Hash| asked.algorithm.hash > known) {
            best = Some(asked);
        }
    }
    best
}

impl Asked {
    /// The quality of protection to answer with: `auth` where it is offered, as the body need not be held for it.
    #[must_use]
    pub fn chosen_qop(&self) -> Option<Qop> {
        let auth = self.qop.iter().find(|qop| **qop == Qop::Auth);
        auth.or(self.qop.first()).copied()
    }

    /// Whether the server is one of RFC 7616, which reads `username*`.
    fn knows_extended_names(&self) -> bool {
        self.charset_named || self.userhash || self.algorithm.hash != Hash::Md5
    }
}

/// The value of `Authorization`.
///
/// `nc` counts the requests with this nonce, this one included. The cnonce is at least 64 bits of randomness in
/// visible ASCII; for a `-sess` algorithm it is the same for the whole session.
#[must_use]
pub fn authorization(
    asked: &Asked,
    login: &Login<'_>,
    target: &Target<'_>,
    cnonce: &str,
    nc: u32,
) -> Secret<String> {
    let nc = format!("{nc:08x}");
    let qop = asked.chosen_qop();
    let answered = Answered {
        nonce: &asked.nonce,
        cnonce,
        nc: &nc,
        qop: qop.map(Qop::word),
    };
    let secret = SecretHash::of_password(
        asked.algorithm,
        asked.charset,
        login.user,
        &asked.realm,
        login.password,
    );
    let response = expected_response(&secret, &answered, target);
    // RFC 7616 section 3.4: username, realm, nonce, uri, response, cnonce and opaque are quoted; algorithm, qop and nc
    // are not. There are servers that mind.
    let mut out = String::from("Digest ");
    write_user(asked, login.user, &mut out);
    write_quoted("realm", &asked.realm, &mut out);
    write_quoted("nonce", &asked.nonce, &mut out);
    write_quoted("uri", target.uri, &mut out);
    if let Some(qop) = qop {
        write_token("qop", qop.word(), &mut out);
        write_token("nc", &nc, &mut out);
    }
    // RFC 2617 section 3.2.2 has no cnonce without qop, and yet nothing else makes a session.
    if qop.is_some() || asked.algorithm.session {
        write_quoted("cnonce", cnonce, &mut out);
    }
    write_quoted("response", &response, &mut out);
    if let Some(opaque) = &asked.opaque {
        write_quoted("opaque", opaque, &mut out);
    }
    if asked.algorithm_word.is_some() {
        write_token("algorithm", asked.algorithm.word(), &mut out);
    }
    if asked.userhash {
        write_token("userhash", "true", &mut out);
    }
    Secret::new(out)
}

fn write_user(asked: &Asked, user: &str, out: &mut String) {
    if asked.userhash {
        let hash = user_hash(asked.algorithm, asked.charset, user, &asked.realm);
        return write_quoted("username", &hash, out);
    }
    // RFC 7616 section 3.4: what a quoted string cannot hold goes into `username*`. Servers of RFC 2617 do not read it
    // and take the bytes of UTF-8 in the string instead, as curl and browsers send them.
    let needs_extension =
        user.chars().any(char::is_control) || (!user.is_ascii() && asked.knows_extended_names());
    if needs_extension {
        write_token("username*", &ext_value::write(user), out);
    } else {
        write_quoted("username", user, out);
    }
}

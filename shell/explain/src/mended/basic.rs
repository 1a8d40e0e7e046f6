//! The inside of Basic with one fault mended.
//!
//! Knows: user name and password, and how they get into base64. Every variant has the given user and password, spelt
//! otherwise; none is a guess.

use countersign_cause::Cause;
use countersign_secret::Secret;
use countersign_wire::basic::client::{Charset, authorization};
use countersign_wire::basic::server::{decode_leniently, parse};
use countersign_wire::credentials::looks_like_jwt;

use super::blemish::{Nature, blemishes};
use super::{Mend, undo};
use crate::credential::is_secret_name;
use crate::look::keys;

/// Each of them is an attempt with the user's own name, and attempts are counted.
const MENDS_MAX: usize = 2;

/// Every way to mend what follows the word `Basic`; the values are those of the whole field.
pub(super) fn mends(payload: &[u8]) -> Vec<Mend> {
    let mut found = of_payload(payload);
    found.truncate(MENDS_MAX);
    found
}

/// The value of the field for a user and a password.
pub(super) fn encoded(user: &str, password: &str) -> Option<Vec<u8>> {
    in_charset(user, password, Charset::Utf8)
}

fn in_charset(user: &str, password: &str, charset: Charset) -> Option<Vec<u8>> {
    let value = authorization(user, password, charset).ok()?;
    Some(value.expose().as_bytes().to_vec())
}

/// The token that was encoded alone, without a user name, or that stands there bare.
pub(super) fn alone(payload: &[u8]) -> Option<Vec<u8>> {
    let known = |bytes: &[u8]| looks_like_jwt(bytes) || keys::of(bytes).is_some();
    if known(payload) {
        return Some(payload.to_vec());
    }
    let decoded = decode_leniently(payload)?;
    let inner = decoded.expose().trim_ascii();
    (known(inner) && !inner.contains(&b':')).then(|| inner.to_vec())
}

fn of_payload(payload: &[u8]) -> Vec<Mend> {
    if keys::of(payload).is_some() {
        let value = [b"Bearer ", payload].concat();
        return vec![mend(
            Cause::SchemeWordWrong,
            "with the scheme word `Bearer`",
            "Write `Authorization: Bearer` before a token; `Basic` wants base64 of a user name and a password.",
            value,
        )];
    }
    let Some(decoded) = decode_leniently(payload) else {
        return in_clear(payload).into_iter().collect();
    };
    let Ok(text) = std::str::from_utf8(decoded.expose()) else {
        return latin1(decoded.expose()).into_iter().collect();
    };
    let broken = text.trim_end_matches(['\r', '\n']);
    if broken.len() < text.len() {
        return newline(broken).into_iter().collect();
    }
    let Some((user, password)) = text.split_once(':') else {
        return colonless(text);
    };
    let mut found: Vec<Mend> = Vec::new();
    found.extend(unquoted(text));
    // Readable to this diagnosis and not to the gateway: wrapped, or in the alphabet for URLs.
    if parse(payload).is_err_and(|defect| defect.cause == Cause::BasicBase64) {
        found.extend(encoded(user, password).map(|value| {
            mend(Cause::BasicBase64, "in standard base64, in one line", "Encode in the standard alphabet with `+` and `/`, in one line: `base64 -w0`. Or let the client do it: `curl -u`.", value)
        }));
        return found;
    }
    found.extend(unpadded(payload, user, password));
    found.extend(misspelt(user, password));
    found.extend(swapped(user, password));
    found.extend(charsets(text, user, password));
    found
}

fn mend(cause: Cause, what: &'static str, fix: &str, value: Vec<u8>) -> Mend {
    Mend {
        cause,
        what,
        fix: fix.to_owned(),
        filter: None,
        value,
        sure: true,
    }
}

fn newline(text: &str) -> Option<Mend> {
    let value = match text.split_once(':') {
        Some((user, password)) => encoded(user, password)?,
        None => return None,
    };
    Some(Mend {
        filter: Some("tr -d '\\r\\n'"),
        ..mend(
            Cause::BasicNewline,
            "without the line break at the end of the password",
            "Encode without the line break: `printf '%s:%s' \"$USER\" \"$PASSWORD\" | base64`, not `echo`. Or let the client do it: `curl -u`.",
            value,
        )
    })
}

/// User name and password as they are, where base64 of them belongs.
fn in_clear(payload: &[u8]) -> Option<Mend> {
    let (user, password) = std::str::from_utf8(payload).ok()?.split_once(':')?;
    if user.is_empty() || user.contains(char::is_whitespace) {
        return None;
    }
    let value = encoded(user, password)?;
    Some(mend(
        Cause::BasicBase64,
        "with user name and password in base64",
        "Encode user name and password in base64, or let the client do it: `curl -u`.",
        value,
    ))
}

fn colonless(text: &str) -> Vec<Mend> {
    if let Some(inner) = decode_leniently(text.as_bytes())
        && let Some((user, password)) = std::str::from_utf8(inner.expose())
            .ok()
            .and_then(|inner| inner.trim_end_matches(['\r', '\n']).split_once(':'))
        && let Some(value) = encoded(user, password)
    {
        let what = "decoded from base64 once";
        let fix = "Encode once: the client encodes what is encoded already. Give it user name and password in clear.";
        return vec![mend(Cause::BasicBase64, what, fix, value)];
    }
    if looks_like_jwt(text.as_bytes()) || text.contains(char::is_control) {
        return Vec::new();
    }
    let ways = [
        (
            text,
            "",
            "with the credential as the user name and an empty password",
        ),
        (
            "",
            text,
            "with the credential as the password and an empty user name",
        ),
    ];
    ways.into_iter()
        .filter_map(|(user, password, what)| {
            let fix = "Put a colon between user name and password before encoding, also where one of them is empty: `curl -u \"$TOKEN:\"` or `curl -u \":$TOKEN\"`.";
            Some(mend(Cause::BasicColon, what, fix, encoded(user, password)?))
        })
        .collect()
}

/// Base64 without its padding: some read it, and RFC 4648 section 3.2 wants it.
fn unpadded(payload: &[u8], user: &str, password: &str) -> Option<Mend> {
    let value = encoded(user, password)?;
    let whole = value.strip_prefix(b"Basic ")?;
    let is_cut = payload.len() < whole.len() && whole.starts_with(payload);
    is_cut.then(|| {
        mend(
            Cause::BasicBase64,
            "with the padding of its base64",
            "Encode with the padding (`=` at the end), or let the client do it: `curl -u`.",
            value.clone(),
        )
    })
}

/// One pair of quotation marks around user name and password together, encoded with them.
fn unquoted(text: &str) -> Option<Mend> {
    let inner = ['"', '\''].into_iter().find_map(|mark| {
        let inner = text.strip_prefix(mark)?.strip_suffix(mark)?;
        (!inner.contains(mark)).then_some(inner)
    })?;
    let (user, password) = inner.split_once(':')?;
    Some(mend(
        Cause::CredentialQuoted,
        "without the quotation marks around user name and password",
        "Encode user name and password without quotation marks around them, or let the client do it: `curl -u`.",
        encoded(user, password)?,
    ))
}

/// A key alone, on the other side of the colon. It is nobody's user name, so that this is no attempt at an account.
fn swapped(user: &str, password: &str) -> Option<Mend> {
    let is_key = |text: &str| keys::of(text.as_bytes()).is_some() || is_secret_name(text, "x");
    let (what, value) = match (user, password) {
        ("", key) if is_key(key) => (
            "with the key as the user name and an empty password",
            encoded(key, "")?,
        ),
        (key, "") if is_key(key) => (
            "with the key as the password and an empty user name",
            encoded("", key)?,
        ),
        _ => return None,
    };
    let fix = "Put the key on the other side of the colon, and leave this one empty.";
    Some(Mend {
        sure: false,
        ..mend(Cause::BasicUsernameConvention, what, fix, value)
    })
}

/// Faults of the user name and of the password by themselves.
fn misspelt(user: &str, password: &str) -> Vec<Mend> {
    let mut found = Vec::new();
    if user.contains("%40") || percent_decoded(password).is_some() {
        let user = percent_decoded(user).unwrap_or_else(|| user.to_owned());
        let password = percent_decoded(password).unwrap_or_else(|| password.to_owned());
        found.extend(encoded(&user, &password).map(|value| Mend {
            filter: Some("sed 's/%40/@/g; s/%3[Aa]/:/g; s/%2[Ff]/\\//g; s/%23/#/g; s/%21/!/g; s/%24/$/g; s/%20/ /g; s/%2[Bb]/+/g; s/%26/\\&/g; s/%3[Dd]/=/g; s/%25/%/g'"),
            ..mend(Cause::UserinfoEncoding, "with user name and password percent-decoded", "Give user name and password as they are, `-u` instead of in the URL; only in a URL are they percent-encoded, and then once.", value)
        }));
    }
    if let Some(inner) = undo::base64_of_text(password.as_bytes())
        && let Ok(inner) = String::from_utf8(inner).map(Secret::new)
    {
        found.extend(encoded(user, inner.expose()).map(|value| {
            mend(Cause::BasicBase64, "with the password decoded from base64", "Give the client the password in clear: the one in the configuration is base64 already, and was encoded again.", value)
        }));
    }
    let (of_user, of_password) = (first(user), first(password));
    if of_user.is_some() || of_password.is_some() {
        let found_first = of_user.as_ref().or(of_password.as_ref());
        if let Some((cause, what, fix, filter, _)) = found_first {
            let mended = |found: &Option<Faulty>, given: &str| match found {
                Some((.., mended)) => mended.clone(),
                None => given.to_owned(),
            };
            let (user, password) = (mended(&of_user, user), mended(&of_password, password));
            found.extend(encoded(&user, &password).map(|value| Mend {
                filter: *filter,
                ..mend(*cause, what, fix, value)
            }));
        }
    }
    found
}

type Faulty = (
    Cause,
    &'static str,
    &'static str,
    Option<&'static str>,
    String,
);

/// The outermost fault of a user name or password, percent-encoding apart.
fn first(text: &str) -> Option<Faulty> {
    let seen = blemishes(text.as_bytes(), Nature::Chosen);
    seen.into_iter()
        .filter(|seen| {
            percent_decoded(text).is_none_or(|decoded| decoded.as_bytes() != seen.mended)
        })
        .find_map(|seen| {
            let mended = String::from_utf8(seen.mended).ok()?;
            let blemish = seen.blemish;
            Some((
                blemish.cause,
                blemish.what,
                blemish.fix,
                blemish.filter,
                mended,
            ))
        })
}

fn percent_decoded(text: &str) -> Option<String> {
    String::from_utf8(undo::percent(text.as_bytes())?).ok()
}

/// Bytes that are no UTF-8, taken as Latin-1.
fn latin1(bytes: &[u8]) -> Option<Mend> {
    let text: String = bytes.iter().copied().map(char::from).collect();
    let (user, password) = text.split_once(':')?;
    let value = encoded(user, password)?;
    Some(mend(
        Cause::BasicCharset,
        "with user name and password in UTF-8",
        "Encode user name and password in UTF-8 (RFC 7617 section 2.1).",
        value,
    ))
}

/// Text beyond ASCII in another charset, or encoded twice.
fn charsets(text: &str, user: &str, password: &str) -> Vec<Mend> {
    if text.is_ascii() {
        return Vec::new();
    }
    let mut found = Vec::new();
    if let Some((user, password)) = once(text).as_deref().and_then(|text| text.split_once(':')) {
        found.extend(encoded(user, password).map(|value| {
            mend(Cause::BasicCharset, "encoded in UTF-8 once instead of twice", "Encode user name and password in UTF-8 once: here UTF-8 was taken for Latin-1 and encoded again.", value)
        }));
    }
    let filter = user.is_ascii().then_some("iconv -f UTF-8 -t ISO-8859-1");
    found.extend(in_charset(user, password, Charset::Latin1).map(|value| Mend {
        filter,
        sure: false,
        ..mend(Cause::BasicCharset, "with user name and password in Latin-1", "This server decodes `Basic` as Latin-1: encode in Latin-1 for it, or take a password of ASCII letters alone.", value)
    }));
    found
}

/// Text that was encoded in UTF-8 twice, encoded once: `Ã¶` for `ö`.
pub(crate) fn once(text: &str) -> Option<String> {
    let bytes: Vec<u8> = text
        .chars()
        .map(u8::try_from)
        .collect::<Result<Vec<u8>, _>>()
        .ok()?;
    String::from_utf8(bytes).ok().filter(|_| !text.is_ascii())
}

/// Elasticsearch's key, `ApiKey` and base64 of `id:key`.
pub(super) fn api_key(rest: &[u8]) -> Option<(Mend, Vec<u8>)> {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    if let Some(decoded) = decode_leniently(rest)
        && let Some(line) = decoded.expose().strip_suffix(b"\n")
        && line.contains(&b':')
    {
        let fix = "Encode without the line break: `printf %s`, not `echo`.";
        let what = "without the line break inside of the base64";
        let inner = STANDARD.encode(line.trim_ascii_end()).into_bytes();
        return Some((mend(Cause::BasicNewline, what, fix, Vec::new()), inner));
    }
    let (id, key) = std::str::from_utf8(rest).ok()?.split_once(':')?;
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    (plain(id) && plain(key)).then(|| {
        let fix = "Send base64 of `id:api_key`, which is the key's `encoded` value.";
        let what = "with id and key in base64";
        let inner = STANDARD.encode(rest).into_bytes();
        (mend(Cause::BasicBase64, what, fix, Vec::new()), inner)
    })
}

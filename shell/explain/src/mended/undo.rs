//! How each fault of a credential is undone: bytes in, bytes out, `None` where the fault is not there.
//!
//! Knows: spelling. Does not know what a fault is called.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_wire::basic::server::decode_leniently;
use countersign_wire::credentials::looks_like_jwt;

use crate::look::keys;

/// Characters that are blank or of no width, beyond ASCII.
const INVISIBLE: [char; 12] = [
    '\u{a0}', '\u{ad}', '\u{200b}', '\u{200c}', '\u{200d}', '\u{200e}', '\u{200f}', '\u{202f}',
    '\u{2060}', '\u{3000}', '\u{feff}', '\u{2028}',
];

/// Whether a character is blank, or cannot be seen.
pub(crate) fn is_blank(character: char) -> bool {
    character.is_whitespace() || INVISIBLE.contains(&character)
}

/// Quotes of one shape around a whole text, in the spellings in which they get there.
const QUOTES: [(&str, &str); 11] = [
    ("\"", "\""),
    ("'", "'"),
    ("`", "`"),
    ("\\\"", "\\\""),
    ("\\'", "\\'"),
    ("%22", "%22"),
    ("%27", "%27"),
    ("\u{201c}", "\u{201d}"),
    ("\u{201e}", "\u{201c}"),
    ("\u{2018}", "\u{2019}"),
    ("\u{ab}", "\u{bb}"),
];

const BRACKETS: [(&str, &str); 6] = [
    ("${", "}"),
    ("{{", "}}"),
    ("<", ">"),
    ("{", "}"),
    ("[", "]"),
    ("(", ")"),
];

const ENTITIES: [(&str, &str); 9] = [
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&quot;", "\""),
    ("&#34;", "\""),
    ("&#39;", "'"),
    ("&#x27;", "'"),
    ("&#43;", "+"),
    ("&#61;", "="),
    ("&amp;", "&"),
];

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

pub(super) fn line_breaks(secret: &[u8]) -> Option<Vec<u8>> {
    let is_break = |byte: &u8| matches!(byte, b'\r' | b'\n');
    secret.iter().any(is_break).then(|| {
        let kept = secret.iter().copied().filter(|byte| !is_break(byte));
        kept.collect()
    })
}

pub(super) fn spelt_line_break(secret: &[u8]) -> Option<Vec<u8>> {
    let mut rest = secret;
    while let [before @ .., b'\\', b'n' | b'r'] = rest {
        rest = before;
    }
    (rest.len() < secret.len()).then(|| rest.to_vec())
}

pub(super) fn blanks_around(secret: &[u8]) -> Option<Vec<u8>> {
    // The no-break space of Latin-1 is no character of UTF-8 by itself.
    let Some(text) = text(secret) else {
        let mut rest = secret;
        while let [before @ .., 0xa0 | b' ' | b'\t'] = rest {
            rest = before;
        }
        return (rest.len() < secret.len()).then(|| rest.to_vec());
    };
    let trimmed = text.trim_matches(is_blank);
    (trimmed.len() < text.len()).then(|| trimmed.as_bytes().to_vec())
}

pub(super) fn blanks_inside(secret: &[u8]) -> Option<Vec<u8>> {
    let text = text(secret)?;
    let joined: String = text.chars().filter(|letter| !is_blank(*letter)).collect();
    (joined.len() < text.len()).then(|| joined.into_bytes())
}

/// The token within a document of JSON.
pub(super) fn json(secret: &[u8]) -> Option<Vec<u8>> {
    const NAMES: [&str; 8] = [
        "access_token",
        "accessToken",
        "token",
        "id_token",
        "api_key",
        "apiKey",
        "key",
        "jwt",
    ];
    if secret.first() != Some(&b'{') {
        return None;
    }
    let document: serde_json::Value = serde_json::from_slice(secret).ok()?;
    let found = NAMES.iter().find_map(|name| document.get(name)?.as_str())?;
    Some(found.as_bytes().to_vec())
}

pub(super) fn quotes(secret: &[u8]) -> Option<Vec<u8>> {
    inside(secret, &QUOTES)
}

pub(super) fn brackets(secret: &[u8]) -> Option<Vec<u8>> {
    inside(secret, &BRACKETS)
}

fn inside(secret: &[u8], pairs: &[(&str, &str)]) -> Option<Vec<u8>> {
    pairs.iter().find_map(|(open, close)| {
        let after = secret.strip_prefix(open.as_bytes())?;
        let inside = after.strip_suffix(close.as_bytes())?;
        (!inside.is_empty()).then(|| inside.to_vec())
    })
}

pub(super) fn stray_quote(secret: &[u8]) -> Option<Vec<u8>> {
    if quotes(secret).is_some() || brackets(secret).is_some() || json(secret).is_some() {
        return None;
    }
    let is_stray = |letter: char| {
        matches!(letter, '"' | '\'' | '`' | '<' | '>' | '{' | '}' | '[' | ']')
            || ('\u{2018}'..='\u{201e}').contains(&letter)
    };
    let text = text(secret)?;
    let trimmed = text.trim_matches(is_stray);
    (trimmed.len() < text.len()).then(|| trimmed.as_bytes().to_vec())
}

pub(super) fn punctuation(secret: &[u8]) -> Option<Vec<u8>> {
    let mut rest = secret;
    while let [before @ .., b',' | b';' | b'\\'] = rest {
        rest = before;
    }
    (rest.len() < secret.len()).then(|| rest.to_vec())
}

pub(super) fn html(secret: &[u8]) -> Option<Vec<u8>> {
    let text = text(secret)?;
    let has = ENTITIES.iter().any(|(entity, _)| text.contains(entity));
    has.then(|| {
        let undone = ENTITIES
            .iter()
            .fold(text.to_owned(), |text, (entity, letter)| {
                text.replace(entity, letter)
            });
        undone.into_bytes()
    })
}

/// Undone once, where every percent sign begins an encoding.
pub(crate) fn percent(secret: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(secret.len());
    let (mut rest, mut found) = (secret, false);
    while let [byte, after @ ..] = rest {
        if *byte == b'%' {
            let [high, low, after @ ..] = after else {
                return None;
            };
            let digit = |byte: u8| char::from(byte).to_digit(16);
            let value = digit(*high)? * 16 + digit(*low)?;
            decoded.push(u8::try_from(value).ok()?);
            (rest, found) = (after, true);
        } else {
            decoded.push(*byte);
            rest = after;
        }
    }
    // Nobody encodes a control character: a password has a percent sign and two digits of its own there.
    let sensible = decoded.iter().all(|byte| !byte.is_ascii_control());
    (found && sensible).then_some(decoded)
}

/// JSON's and the shell's: `\/`, `\u003d`, `\!`, `\$`.
pub(super) fn escapes(secret: &[u8]) -> Option<Vec<u8>> {
    const SPELT: [(&str, &str); 12] = [
        ("\\u003d", "="),
        ("\\u003D", "="),
        ("\\u002b", "+"),
        ("\\u002B", "+"),
        ("\\u0026", "&"),
        ("\\u002f", "/"),
        ("\\u002F", "/"),
        ("\\/", "/"),
        ("\\!", "!"),
        ("\\$", "$"),
        ("\\&", "&"),
        ("\\#", "#"),
    ];
    let text = text(secret)?;
    let has = SPELT.iter().any(|(spelt, _)| text.contains(spelt));
    has.then(|| {
        let undone = SPELT.iter().fold(text.to_owned(), |text, (spelt, letter)| {
            text.replace(spelt, letter)
        });
        undone.into_bytes()
    })
}

/// Base64 of a JWT, of a key with a well-known beginning, or of a line of text that ends with a line break.
pub(super) fn base64_of_a_credential(secret: &[u8]) -> Option<Vec<u8>> {
    if secret.len() < 16 || looks_like_jwt(secret) || keys::of(secret).is_some() {
        return None;
    }
    let decoded = decode_leniently(secret)?;
    let line = decoded.expose().strip_suffix(b"\n");
    let inner = line.unwrap_or(decoded.expose());
    let credential = looks_like_jwt(inner)
        || keys::of(inner).is_some_and(|key| key.shape.fits(inner))
        || line.is_some();
    (credential && inner.iter().all(u8::is_ascii_graphic)).then(|| inner.to_vec())
}

/// Base64 once more, as some store their passwords: printable text, canonically encoded.
pub(crate) fn base64_of_text(secret: &[u8]) -> Option<Vec<u8>> {
    if secret.len() < 8 || !secret.len().is_multiple_of(4) {
        return None;
    }
    let decoded = decode_leniently(secret)?;
    let bytes = decoded.expose();
    let line = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let printable = line
        .iter()
        .all(|byte| byte.is_ascii_graphic() || *byte == b' ');
    (line.len() >= 5 && printable && STANDARD.encode(bytes).as_bytes() == secret)
        .then(|| line.to_vec())
}

/// Parts of a token in base64 with padding or in the alphabet that is not for URLs.
pub(super) fn token_base64(secret: &[u8]) -> Option<Vec<u8>> {
    let dots = secret.iter().filter(|byte| **byte == b'.').count();
    let other = secret.iter().any(|byte| matches!(byte, b'+' | b'/' | b'='));
    if !secret.starts_with(b"eyJ") || dots != 2 || !other {
        return None;
    }
    let mended = secret
        .iter()
        .filter(|byte| **byte != b'=')
        .map(|byte| match byte {
            b'+' => b'-',
            b'/' => b'_',
            other => *other,
        });
    Some(mended.collect())
}

//! The forms in which a secret comes back: encoded, decoded, trimmed, escaped.
//!
//! Knows: codings. Does not know what the secret is for.

use crate::percent;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use countersign_secret::Secret;
use countersign_wire::basic::server::decode_leniently;

/// A form that is shorter than this says nothing but what the secret itself says.
const DERIVED_BYTES_MIN: usize = 4;

/// The secret itself first, then its forms, all in lower case as far as they are ASCII.
pub(super) fn of(secret: &str) -> Vec<Secret<String>> {
    let mut forms = Vec::new();
    for part in [secret, trimmed(secret)] {
        forms.push(Secret::new(part.to_ascii_lowercase()));
        if part.len() < DERIVED_BYTES_MIN {
            continue;
        }
        let derived = derived(part);
        forms.extend(
            derived
                .into_iter()
                .filter(|form| form.len() >= DERIVED_BYTES_MIN)
                .map(|form| Secret::new(form.to_ascii_lowercase())),
        );
    }
    forms
}

/// In either alphabet, padded and not, in UTF-8 and in Latin-1.
pub(super) fn base64_of(text: &str) -> Vec<String> {
    let charsets = [Some(text.as_bytes().to_vec()), latin_1(text)];
    let encoded = |bytes: Vec<u8>| {
        [
            STANDARD.encode(&bytes),
            STANDARD_NO_PAD.encode(&bytes),
            URL_SAFE.encode(&bytes),
            URL_SAFE_NO_PAD.encode(&bytes),
        ]
    };
    charsets.into_iter().flatten().flat_map(encoded).collect()
}

/// Without what surrounds a credential by mistake.
fn trimmed(secret: &str) -> &str {
    secret.trim_matches(|letter: char| {
        letter.is_whitespace() || letter.is_control() || "\"'`<>{}\u{200b}\u{feff}".contains(letter)
    })
}

fn derived(secret: &str) -> Vec<String> {
    let mut forms = vec![
        secret.split_whitespace().collect::<String>(),
        url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
        html_escaped(secret),
        html_escaped(secret)
            .replace("&#39;", "&#x27;")
            .replace("&quot;", "&#34;"),
        secret.replace('\'', r"'\''"),
    ];
    if let Ok(quoted) = serde_json::to_string(secret) {
        let quoted = quoted.trim_matches('"');
        // RFC 8259 section 7: any letter may be escaped. Many writers escape the slash, others what means something in HTML.
        forms.push(quoted.replace('/', r"\/"));
        forms.push(escaped_for_html(quoted));
        forms.push(quoted.to_owned());
    }
    forms.extend(base64_of(secret));
    if let Some(decoded) = percent_decoded(secret) {
        // Encoded twice is as usual as once.
        forms.extend(percent_decoded(&decoded));
        forms.push(decoded);
    }
    if let Some(bytes) = decode_leniently(secret.as_bytes())
        && let Ok(text) = std::str::from_utf8(bytes.expose())
        && !text.contains(char::is_control)
        // A user name and a password: the one is none, and the other is a secret of its own.
        && !text.contains(':')
    {
        forms.push(text.to_owned());
    }
    forms
}

/// The text without its percent-encoding, where it has any.
pub(super) fn percent_decoded(text: &str) -> Option<String> {
    let decoded = percent::decoded_text(text);
    (decoded != text).then_some(decoded)
}

fn html_escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

/// A string of JSON as it is written to stand within a page.
fn escaped_for_html(quoted: &str) -> String {
    let mut out = String::with_capacity(quoted.len());
    for letter in quoted.chars() {
        match letter {
            '+' | '&' | '<' | '>' | '\'' | '=' => {
                out.push_str(&format!("\\u{:04x}", u32::from(letter)));
            }
            other => out.push(other),
        }
    }
    out
}

/// The bytes in Latin-1, where that is another coding than UTF-8.
fn latin_1(text: &str) -> Option<Vec<u8>> {
    if text.is_ascii() {
        return None;
    }
    text.chars()
        .map(|letter| u8::try_from(u32::from(letter)).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(secret: &str, form: &str) -> bool {
        of(secret)
            .iter()
            .any(|found| found.expose() == &form.to_ascii_lowercase())
    }

    #[test]
    fn every_coding_of_a_secret_is_among_its_forms() {
        for form in [
            "p&s ß+",
            "p%26s+%C3%9F%2B",
            "cCZzIMOfKw==",
            "cCZzIMOfKw",
            "cCZzIN8r",
            "p&amp;s ß+",
            "p&sß+",
        ] {
            assert!(has("p&s ß+", form), "{form}");
        }
        assert!(has("cGFzc3dvcmQ", "password"));
        assert!(has("a%2520b%25", "a b%") && has("a%2520b", "a%20b"));
        assert!(has("\"quoted\"\n", "quoted"));
        assert!(has("ab/cd", r"ab\/cd") && has("ab+cd=", r"ab\u002Bcd\u003D"));
        assert!(has("it's", "it&#x27;s") && has("it's", r"it\u0027s"));
        assert!(has("it's", r"it'\''s") && has("say \"x\"!", r#"say \"x\"!"#));
    }

    #[test]
    fn a_short_secret_has_no_form_but_itself() {
        let forms = of("a");
        assert!(forms.iter().all(|form| form.expose() == "a"));
    }
}

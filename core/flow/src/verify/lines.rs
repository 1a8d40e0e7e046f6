//! An identity as header values: one unambiguous spelling, made once when the credential is verified.
//!
//! Knows: what an identity holds. Does not know header names, nor requests.

use countersign_policy::{Identity, Source};
use http::HeaderValue;

use crate::verified::IdentityLines;

/// The header values of an identity; `None` where it has no name.
pub(crate) fn render(identity: &Identity) -> Option<IdentityLines> {
    if identity.subject.is_empty() {
        return None;
    }
    Some(IdentityLines {
        user: value(&escape(&identity.subject))?,
        groups: list(&identity.groups, ","),
        scopes: list(&identity.scopes, " "),
        issuer: issuer(&identity.source).and_then(|issuer| value(&escape(issuer))),
    })
}

fn list(values: &[Box<str>], separator: &str) -> Option<HeaderValue> {
    if values.is_empty() {
        return None;
    }
    let values: Vec<String> = values.iter().map(|value| escape(value)).collect();
    value(&values.join(separator))
}

fn value(escaped: &str) -> Option<HeaderValue> {
    HeaderValue::from_bytes(escaped.as_bytes()).ok()
}

fn issuer(source: &Source) -> Option<&str> {
    match source {
        Source::Token { issuer } => Some(issuer),
        Source::User | Source::Session { .. } | Source::ApiKey { .. } | Source::Certificate => None,
    }
}

/// Percent-encodes what would change the meaning of the field: controls, the percent sign, the comma between groups,
/// and white space at either end or inside. Everything else goes as UTF-8 (obs-text, RFC 9110 section 5.5).
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() || character.is_whitespace() || matches!(character, '%' | ',') {
            let mut buffer = [0; 4];
            for byte in character.encode_utf8(&mut buffer).bytes() {
                out.push_str(&format!("%{byte:02X}"));
            }
        } else {
            out.push(character);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn a_subject_cannot_start_a_new_header_line() {
        assert_eq!(
            escape("mallory\r\nX-Auth-User: root"),
            "mallory%0D%0AX-Auth-User:%20root"
        );
        assert_eq!(escape("a\0b\u{7f}\u{9b}c"), "a%00b%7F%C2%9Bc");
    }

    #[test]
    fn a_group_with_a_comma_stays_one_group() {
        assert_eq!(escape("a,b"), "a%2Cb");
        assert_eq!(escape("100%"), "100%25");
        assert_eq!(escape("jörg"), "jörg");
    }
}

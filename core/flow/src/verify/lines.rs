//! An identity as header values: one unambiguous spelling, made once when the credential is verified.
//!
//! Knows: what an identity holds. Does not know header names, nor requests.

use countersign_policy::{Identity, Source};
use http::HeaderValue;

use crate::verified::IdentityLines;

/// The header values of an identity; `None` when the subject cannot be told in a header at all.
pub(crate) fn render(identity: &Identity) -> Option<IdentityLines> {
    let list = |values: &[Box<str>], separator: &str| {
        (!values.is_empty()).then(|| {
            values
                .iter()
                .map(|value| escape(value))
                .collect::<Vec<_>>()
                .join(separator)
        })
    };
    let value =
        |text: Option<String>| text.and_then(|text| HeaderValue::from_bytes(text.as_bytes()).ok());
    Some(IdentityLines {
        user: HeaderValue::from_bytes(escape(&identity.subject).as_bytes()).ok()?,
        groups: value(list(&identity.groups, ",")),
        scopes: value(list(&identity.scopes, " ")),
        issuer: value(issuer(&identity.source).map(escape)),
    })
}

fn issuer(source: &Source) -> Option<&str> {
    match source {
        Source::Token { issuer } => Some(issuer),
        Source::User | Source::ApiKey { .. } => None,
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
    }

    #[test]
    fn a_group_with_a_comma_stays_one_group() {
        assert_eq!(escape("a,b"), "a%2Cb");
        assert_eq!(escape("100%"), "100%25");
        assert_eq!(escape("jörg"), "jörg");
    }
}

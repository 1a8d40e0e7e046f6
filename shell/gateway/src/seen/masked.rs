//! Credentials in what is shown of a request: people put them into paths, too.
//!
//! Knows: what our API keys and signed tokens look like. Does not know whether one is good. Passwords in a path look like any
//! word; queries, where most credentials stand, are not shown at all.

use std::borrow::Cow;

const MASK: &str = "***";
/// Our API keys, and the same where an underscore was percent-encoded.
const KEYS: [&str; 3] = ["csk_", "csk%5F", "csk%5f"];
/// The public id of a key, which is left: `countersign key revoke` takes it.
const KEY_ID_LENGTH: usize = 12;
/// The Base64url of `{"`, with which the header of every signed token begins (RFC 7515 section 3.1).
const TOKEN: &str = "eyJ";
/// Anything shorter holds no secret.
const SECRET_LENGTH_MIN: usize = 16;

/// The text without what looks like a credential in it.
pub(crate) fn masked(text: &str) -> Cow<'_, str> {
    let mut shown = String::new();
    let mut rest = text;
    while let Some((start, kept)) = first(rest) {
        let (before, found) = rest.split_at_checked(start).unwrap_or((rest, ""));
        let run = found.bytes().take_while(|byte| is_of_credential(*byte));
        let (credential, after) = found.split_at_checked(run.count()).unwrap_or((found, ""));
        shown.push_str(before);
        match credential.split_at_checked(kept) {
            Some((kept, secret)) if secret.len() >= SECRET_LENGTH_MIN => {
                shown.push_str(kept);
                shown.push_str(MASK);
            }
            Some(_) | None => shown.push_str(credential),
        }
        rest = after;
    }
    if shown.is_empty() {
        return Cow::Borrowed(text);
    }
    shown.push_str(rest);
    Cow::Owned(shown)
}

/// Where the first credential may begin, and how much of it is no secret.
fn first(text: &str) -> Option<(usize, usize)> {
    let keys = KEYS
        .iter()
        .filter_map(|start| Some((text.find(start)?, start.len() + KEY_ID_LENGTH)));
    let token = text.find(TOKEN).map(|at| (at, TOKEN.len()));
    keys.chain(token).min()
}

/// What stands in a key or a token, percent-encoded or not.
const fn is_of_credential(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'%' | b'=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_in_a_path_is_not_shown() {
        let secret = "TuKt9V0kAbCdEfGhIjKlMnOpQrStUvWxYz0123";
        for (sent, shown) in [
            (
                format!("/x/csk_P5OfsSQ3e1mj_{secret}"),
                "/x/csk_P5OfsSQ3e1mj***",
            ),
            (
                format!("/csk_P5OfsSQ3e1mj_{secret}/y"),
                "/csk_P5OfsSQ3e1mj***/y",
            ),
            (
                format!("/csk%5FP5OfsSQ3e1mj%5F{secret}"),
                "/csk%5FP5OfsSQ3e1mj***",
            ),
            (
                format!("/{secret}/csk_P5OfsSQ3e1mj_{secret},csk_P5OfsSQ3e1mj_{secret}"),
                "/TuKt9V0kAbCdEfGhIjKlMnOpQrStUvWxYz0123/csk_P5OfsSQ3e1mj***,csk_P5OfsSQ3e1mj***",
            ),
            (
                format!("/t/eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.{secret}"),
                "/t/eyJ***",
            ),
            (
                format!("/csk_P5OfsSQ3e1mj_{}", "TuKt9V0kAbCdEfG"),
                "/csk_P5OfsSQ3e1mj***",
            ),
        ] {
            assert_eq!(masked(&sent), shown);
        }
    }

    #[test]
    fn what_is_none_is_shown_as_it_is() {
        for text in [
            "",
            "/",
            "/csk_P5OfsSQ3e1mj",
            "/csk_",
            "/eyJ",
            "/eyJore/a",
            "/gr\u{fc}n/csk_\u{fc}",
        ] {
            assert_eq!(masked(text), text);
        }
    }
}

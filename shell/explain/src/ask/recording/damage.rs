//! By which damage one text became another: cut, quoted, encoded, in other letters.
//!
//! Knows: the usual damages. Does not know what the texts are, and tells nothing of them but lengths.

use crate::percent;
use countersign_cause::Cause;

/// One damage.
pub(super) struct Change {
    pub(super) cause: Cause,
    /// What became of it, without a part of it.
    pub(super) words: String,
}

/// So much of the start shows that it is the same token, cut.
const START_BYTES_MIN: usize = 8;

/// The damage that makes `sent` out of `given`; `None` where they are two different things.
pub(super) fn but_for(sent: &[u8], given: &[u8]) -> Option<Change> {
    let change = |cause, words: &str| {
        Some(Change {
            cause,
            words: words.to_owned(),
        })
    };
    if sent == given || sent.is_empty() {
        return None;
    }
    let unquoted = trimmed(sent, |byte| b"\"'`<>{}[]".contains(&byte));
    if unquoted == given {
        return change(Cause::CredentialQuoted, "in quotes or brackets");
    }
    if trimmed(sent, |byte| byte.is_ascii_whitespace()) == given {
        return change(Cause::CredentialWhitespace, "with white space around it");
    }
    let blank: Vec<u8> = sent
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    if blank == given {
        return change(Cause::CredentialWhitespace, "with white space inside");
    }
    if sent.eq_ignore_ascii_case(given) {
        return change(
            Cause::CredentialMangled,
            "with capital and small letters changed",
        );
    }
    if percent::decoded(sent) == given {
        return change(Cause::CredentialMangled, "percent-encoded");
    }
    if percent::decoded(given) == sent {
        return change(
            Cause::CredentialMangled,
            "percent-decoded, so that other characters stand in it",
        );
    }
    let spaced: Vec<u8> = given
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte })
        .collect();
    if spaced == sent {
        return change(Cause::CredentialMangled, "with spaces in the place of `+`");
    }
    if sent.len() >= START_BYTES_MIN && given.starts_with(sent) {
        let words = format!("cut after {} characters", sent.len());
        return change(Cause::CredentialMangled, &words);
    }
    if given.len() >= START_BYTES_MIN && sent.starts_with(given) {
        let words = format!("with {} more bytes after it", sent.len() - given.len());
        return change(Cause::CredentialMangled, &words);
    }
    if sent.len() >= START_BYTES_MIN && given.ends_with(sent) {
        let words = format!("without its first {} characters", given.len() - sent.len());
        return change(Cause::CredentialMangled, &words);
    }
    None
}

fn trimmed(mut text: &[u8], goes: impl Fn(u8) -> bool) -> &[u8] {
    while let [first, rest @ ..] = text {
        if !goes(*first) {
            break;
        }
        text = rest;
    }
    while let [rest @ .., last] = text {
        if !goes(*last) {
            break;
        }
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_damage_has_its_cause() {
        let given = b"abcDEF+123/xyz==";
        for (sent, cause) in [
            (&b"\"abcDEF+123/xyz==\""[..], Cause::CredentialQuoted),
            (b"abcDEF+123/xyz==\n", Cause::CredentialWhitespace),
            (b"abcDEF+ 123/xyz==", Cause::CredentialWhitespace),
            (b"ABCDEF+123/XYZ==", Cause::CredentialMangled),
            (b"abcDEF%2B123%2Fxyz%3D%3D", Cause::CredentialMangled),
            (b"abcDEF 123/xyz==", Cause::CredentialMangled),
            (b"abcDEF+12", Cause::CredentialMangled),
            (b"abcDEF+123/xyz==;x=1", Cause::CredentialMangled),
            (b"F+123/xyz==", Cause::CredentialMangled),
        ] {
            let change = but_for(sent, given).unwrap();
            assert_eq!(change.cause, cause, "{}", change.words);
            assert!(!change.words.contains("abc"));
        }
    }

    #[test]
    fn another_token_is_no_damage() {
        assert!(but_for(b"something-else", b"abcDEF+123/xyz==").is_none());
        assert!(but_for(b"abc", b"abcDEF+123/xyz==").is_none());
        assert!(but_for(b"same", b"same").is_none());
    }
}

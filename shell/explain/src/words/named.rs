//! Whom and what a refusal says that it got: a user by name, a scheme by its word.
//!
//! Knows: how sentences name a user and a scheme. Does not know who was sent: see `ask`.

use crate::message::Answer;
use crate::words::said::Said;

/// Words after which the name of a user stands.
const ROLES: [&str; 5] = ["user", "username", "account", "principal", "identity"];

/// Schemes that something in between may use.
const SCHEMES: [&str; 5] = ["basic", "bearer", "digest", "ntlm", "negotiate"];

/// The user of whom a refusal speaks, where it names one.
#[must_use]
pub(crate) fn user(answer: &Answer) -> Option<String> {
    let said = Said::of(answer);
    said.statements.iter().find_map(|text| user_in(text))
}

/// The scheme, in lower case, that a refusal says it got and does not take.
#[must_use]
pub(crate) fn refused_scheme(answer: &Answer) -> Option<String> {
    let said = Said::of(answer);
    said.sentences().find_map(|sentence| {
        let words: Vec<&str> = sentence.words.iter().map(String::as_str).collect();
        let refuses = ["not", "unsupported", "unexpected", "unknown", "invalid"]
            .iter()
            .any(|word| words.contains(word));
        // `expected Bearer` names what is wanted.
        let wants = ["expected", "use", "must", "should", "only", "requires"]
            .iter()
            .any(|word| words.contains(word));
        let pair = words.windows(2).find_map(|pair| match pair {
            ["scheme" | "type" | "method", word] | [word, "scheme"] if SCHEMES.contains(word) => {
                Some((*word).to_owned())
            }
            _ => None,
        });
        pair.filter(|_| refuses && !wants)
    })
}

fn user_in(text: &str) -> Option<String> {
    let mut rest = text;
    while let Some(after) = next_role(rest) {
        if let Some(name) = name_at(after) {
            return Some(name);
        }
        rest = after;
    }
    None
}

/// What follows the first word for a role.
fn next_role(text: &str) -> Option<&str> {
    let mut from = 0;
    for piece in text.split_inclusive(|letter: char| !letter.is_ascii_alphanumeric()) {
        let end = from + piece.len();
        let word = piece.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric());
        let is_role = ROLES.iter().any(|role| word.eq_ignore_ascii_case(role));
        // `user_id`, `user-agent` are other words.
        let ends = piece.ends_with([' ', ':', '=']);
        if is_role && ends {
            // A quotation mark after the word is where the name begins.
            return text.get(from + word.len()..);
        }
        from = end;
    }
    None
}

/// A name in quotes or brackets, or one that no other word can be.
fn name_at(text: &str) -> Option<String> {
    let text = text.trim_start_matches([' ', ':', '=']);
    for (open, close) in [('"', '"'), ('\'', '\''), ('`', '`'), ('[', ']'), ('(', ')')] {
        if let Some(inner) = text.strip_prefix(open) {
            let (name, _) = inner.split_once(close)?;
            return is_name(name).then(|| name.to_owned());
        }
    }
    let end = |letter: char| letter.is_whitespace() || ",;:\"'()".contains(letter);
    let word = text.split(end).next()?.trim_end_matches('.');
    let is_odd = word.contains(['-', '_', '@', '\\'])
        && !["not", "no", "is", "has"]
            .iter()
            .any(|start| word.to_ascii_lowercase().starts_with(start));
    (is_odd && is_name(word)).then(|| word.to_owned())
}

fn is_name(name: &str) -> bool {
    (2..=64).contains(&name.len()) && !name.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::{refused_scheme, user};
    use crate::message::Answer;

    fn saying(body: &str) -> Answer {
        let mut answer = Answer::new(401);
        answer.body = body.as_bytes().to_vec();
        answer
    }

    #[test]
    fn users_are_named() {
        for (body, name) in [
            (
                r#"{"error":"login failed for user \"gateway\""}"#,
                "gateway",
            ),
            ("user svc-proxy is not permitted", "svc-proxy"),
            ("Account [edge]: locked", "edge"),
            ("the user account (CORP\\svc) is unknown", "CORP\\svc"),
        ] {
            assert_eq!(user(&saying(body)).as_deref(), Some(name), "{body}");
        }
        for body in [
            "user not found",
            "The user is not allowed",
            "user-agent blocked",
            "user account locked",
            "",
        ] {
            assert_eq!(user(&saying(body)), None, "{body}");
        }
    }

    #[test]
    fn a_refused_scheme_is_named() {
        let scheme = |body: &str| refused_scheme(&saying(body));
        let words = "Authorization scheme Basic is not supported";
        assert_eq!(scheme(words).as_deref(), Some("basic"));
        assert_eq!(scheme("unsupported Basic scheme").as_deref(), Some("basic"));
        assert_eq!(scheme("unsupported scheme, expected scheme Bearer"), None);
        assert_eq!(scheme("scheme Basic"), None);
    }
}

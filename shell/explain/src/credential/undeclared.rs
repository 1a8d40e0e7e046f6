//! Values that may be secrets although nothing says so: a field of an unknown name with letters that a machine made up.
//!
//! Knows: names that are public, and what made-up letters look like. Does not call any of it a credential: such a value is
//! covered and stands in commands as a variable, and nothing is concluded from it.

/// A run of made-up letters is at least so long.
const RUN_BYTES_MIN: usize = 12;

/// Beginnings of names whose values are public.
const PUBLIC: [&str; 22] = [
    "accept",
    "baggage",
    "cache-",
    "connection",
    "content-",
    "date",
    "dnt",
    "expect",
    "forwarded",
    "host",
    "if-",
    "origin",
    "pragma",
    "priority",
    "range",
    "referer",
    "te",
    "trace",
    "upgrade",
    "user-agent",
    "via",
    "x-forwarded-",
];

/// Ends of names whose values tell one thing from another, and open nothing.
const TELLING_APART: [&str; 15] = [
    "algorithm",
    "date",
    "time",
    "timestamp",
    "version",
    "uuid",
    "guid",
    "cursor",
    "etag",
    "-agent",
    "-region",
    "-ip",
    "-sha256",
    "-type",
    "-trace",
];

/// Whether the value of a field that nobody knows has to be covered all the same.
#[must_use]
pub(crate) fn may_be_secret(name: &str, value: &[u8]) -> bool {
    let is_identifier = is_identifier(name);
    let name = name.to_ascii_lowercase();
    let is_public = PUBLIC.iter().any(|start| name.starts_with(start))
        || is_identifier
        || TELLING_APART.iter().any(|end| name.ends_with(end))
        || name.starts_with("sec-") && name != "sec-websocket-protocol";
    !is_public && value.split(|byte| !is_of_a_run(*byte)).any(is_made_up)
}

/// Whether a name ends with the word `id`: `client_id`, `X-Scope-OrgID`, `requestId`. Where nothing sets the two letters
/// off they may be of another word, and services have keys under such names: `appid`, `APPID`.
fn is_identifier(name: &str) -> bool {
    let Some((before, end)) = name.split_at_checked(name.len().saturating_sub(2)) else {
        return false;
    };
    let is_set_off = match before.chars().next_back() {
        None | Some('-' | '_' | '.') => true,
        Some(last) => {
            end.starts_with('I')
                && (last.is_ascii_lowercase()
                    || before.contains(|letter: char| letter.is_ascii_lowercase()))
        }
    };
    end.eq_ignore_ascii_case("id") && is_set_off
}

/// The one made-up run of such a field; `None` where there is none or several.
#[must_use]
pub(crate) fn made_up_run<'v>(name: &str, value: &'v [u8]) -> Option<&'v [u8]> {
    if !may_be_secret(name, value) {
        return None;
    }
    let is_apart = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b',' | b';' | b':');
    let mut runs = value
        .split(is_apart)
        .filter(|run| run.split(|byte| !is_of_a_run(*byte)).any(is_made_up));
    match (runs.next(), runs.next()) {
        (Some(run), None) => Some(run),
        (Some(_) | None, _) => None,
    }
}

const fn is_of_a_run(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'+' | b'/' | b'=' | b'-' | b'~')
}

/// Letters and digits among each other, as no word has them.
fn is_made_up(run: &[u8]) -> bool {
    let digits = run.iter().filter(|byte| byte.is_ascii_digit()).count();
    let letters = run.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    run.len() >= RUN_BYTES_MIN && digits >= 2 && letters >= 2
}

/// The variable that stands for the value of such a field: `X_ACME_THING`.
#[must_use]
pub(crate) fn variable(name: &str) -> String {
    let letter = |byte: u8| match byte.is_ascii_alphanumeric() {
        true => char::from(byte.to_ascii_uppercase()),
        false => '_',
    };
    let variable: String = name.bytes().map(letter).collect();
    // No variable of a shell begins with a digit.
    match variable.starts_with(|first: char| first.is_ascii_digit()) {
        true => format!("_{variable}"),
        false => variable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_up_letters_under_an_unknown_name() {
        for (name, value) in [
            ("X-Acme", "s3cr3tvalue12345"),
            ("X-Acme", "alice:s3cr3tvalue12345"),
            ("appid", "6f0a93c1d7e24b58a1f0c62e9d3b7a45"),
            ("APPID", "6f0a93c1d7e24b58a1f0c62e9d3b7a45"),
            ("Sec-WebSocket-Protocol", "bearer, s3cr3tvalue12345"),
        ] {
            assert!(may_be_secret(name, value.as_bytes()), "{name}: {value}");
        }
        for (name, value) in [
            (
                "User-Agent",
                "Mozilla/5.0 (X11; Linux x86_64) Gecko20100101",
            ),
            ("X-Request-Id", "7f9c2ba4e88f827d616045507605853e"),
            ("X-Scope-OrgID", "tenant-0123456789ab"),
            ("client_id", "7f9c2ba4e88f827d616045507605853e"),
            ("requestId", "7f9c2ba4e88f827d616045507605853e"),
            ("Notion-Version", "2022-06-28abc"),
            ("X-Tenant", "acme-production-2"),
            ("X-Mode", "everything-but-digits"),
        ] {
            assert!(!may_be_secret(name, value.as_bytes()), "{name}: {value}");
        }
    }

    #[test]
    fn a_variable_that_a_shell_takes() {
        assert_eq!(variable("X-Acme.Thing"), "X_ACME_THING");
        assert_eq!(variable("2fa"), "_2FA");
    }
}

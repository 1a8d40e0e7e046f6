//! What stands in a credential's place when a program or a person forgot to put one there.

use super::looks_like_jwt;

/// No placeholder is longer, so what is longer needs no look.
pub(crate) const PLACEHOLDER_BYTES_MAX: usize = 64;

/// Whether the bytes stand for a credential instead of being one.
pub fn is_placeholder(bytes: &[u8]) -> bool {
    if bytes.len() > PLACEHOLDER_BYTES_MAX {
        return false;
    }
    is_unset(bytes) || is_mask(bytes) || is_named(bytes) || enclosed(bytes).is_some_and(is_named)
}

/// What a language writes for a value that is not there, or a template whose variable nobody filled in.
pub fn is_unset(bytes: &[u8]) -> bool {
    const NOTHINGS: [&str; 12] = [
        "undefined",
        "null",
        "none",
        "nil",
        "nan",
        "[object object]",
        "[object promise]",
        "(null)",
        "<nil>",
        "<null>",
        "<no value>",
        "%!s(<nil>)",
    ];
    bytes.is_empty()
        || bytes.len() <= PLACEHOLDER_BYTES_MAX
            && (NOTHINGS
                .iter()
                .any(|nothing| bytes.eq_ignore_ascii_case(nothing.as_bytes()))
                || is_variable(bytes))
}

/// `${TOKEN}`, `${{ secrets.TOKEN }}`, `$(TOKEN)`, `$TOKEN`, `{{token}}`, `#{token}`, `%TOKEN%`, `<%= token %>`.
fn is_variable(bytes: &[u8]) -> bool {
    match bytes {
        [b'$', b'{', b'{', inside @ .., b'}', b'}'] | [b'{', b'{', inside @ .., b'}', b'}'] => {
            is_name(inside)
        }
        [b'$', b'{', inside @ .., b'}']
        | [b'#', b'{', inside @ .., b'}']
        | [b'$', b'(', inside @ .., b')'] => is_name(inside),
        [b'<', b'%', _, inside @ .., b'%', b'>'] => is_name(inside),
        [b'$', b':', name @ ..] | [b'$', name @ ..] | [b'%', name @ .., b'%'] => {
            matches!(name, [first, ..] if first.is_ascii_alphabetic() || *first == b'_')
                && is_name(name)
        }
        _ => false,
    }
}

/// The name of a variable, a field or a template's expression, and no credential.
fn is_name(inside: &[u8]) -> bool {
    !inside.is_empty()
        && !looks_like_jwt(inside)
        && !countersign_secret::api_key::looks_like(inside)
        && inside
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-. :?'\"[]()".contains(byte))
}

/// `xxx`, `***`, `...`, `XXXXX-XXXXX-XXXXX`: what documentation and logs write over a credential.
fn is_mask(bytes: &[u8]) -> bool {
    let is_of = |mask: &u8| {
        let masked = bytes.iter().filter(|byte| *byte == mask).count();
        let is_joint = |byte: &u8| byte == mask || matches!(byte, b'-' | b'_');
        // What joins the groups of a key stands between them alone.
        let is_whole = bytes.first() == Some(mask) && bytes.last() == Some(mask);
        masked >= 3 && is_whole && bytes.iter().all(is_joint)
    };
    b"xX*.".iter().any(is_of)
}

/// The inside of one pair of brackets.
fn enclosed(bytes: &[u8]) -> Option<&[u8]> {
    match bytes {
        [b'<', inside @ .., b'>'] | [b'{', inside @ .., b'}'] | [b'[', inside @ .., b']'] => {
            Some(inside)
        }
        _ => None,
    }
}

/// The name of a credential in its place: `YOUR_API_KEY`, `your-token-here`, `access_token`.
fn is_named(bytes: &[u8]) -> bool {
    const THINGS: [&str; 9] = [
        "token",
        "key",
        "secret",
        "jwt",
        "credential",
        "credentials",
        "apikey",
        "password",
        "bearer",
    ];
    const AROUND: [&str; 27] = [
        "your",
        "my",
        "the",
        "a",
        "an",
        "insert",
        "replace",
        "enter",
        "paste",
        "put",
        "add",
        "api",
        "access",
        "auth",
        "id",
        "bearer",
        "here",
        "me",
        "with",
        "own",
        "actual",
        "real",
        "personal",
        "user",
        "app",
        "value",
        "generated",
    ];
    const ALONE: [&str; 4] = ["changeme", "change-me", "placeholder", "todo"];
    let one_of = |words: &[&str], part: &[u8]| {
        words
            .iter()
            .any(|word| part.eq_ignore_ascii_case(word.as_bytes()))
    };
    let mut parts = bytes
        .split(|byte| matches!(byte, b'_' | b'-' | b' ' | b'.'))
        .filter(|part| !part.is_empty())
        .peekable();
    if one_of(&ALONE, bytes) {
        return true;
    }
    let mut named = false;
    parts.peek().is_some()
        && parts.all(|part| {
            let thing = one_of(&THINGS, part)
                || one_of(&["accesstoken", "apitoken", "authtoken", "jwttoken"], part);
            named |= thing;
            thing || one_of(&AROUND, part)
        })
        && named
}

#[cfg(test)]
mod tests {
    use super::{is_placeholder, is_unset};

    #[test]
    fn placeholders_are_known() {
        for placeholder in [
            "",
            "undefined",
            "null",
            "None",
            "nil",
            "NaN",
            "[object Object]",
            "${TOKEN}",
            "$TOKEN",
            "{{token}}",
            "<token>",
            "YOUR_API_KEY",
            "your-token-here",
            "xxx",
            "XXXXX-XXXXX-XXXXX",
            "XXXXXXXX",
            "****",
            "...",
            "$(cat token)",
            "%TOKEN%",
            "{token}",
            "<your token>",
            "{{ auth.token }}",
            "${process.env.API_KEY}",
            "access_token",
            "changeme",
            "$env:TOKEN",
            "API_KEY",
            "<YOUR_ACCESS_TOKEN>",
            "YOUR_JWT",
            "token",
            "#{token}",
            "<%= token %>",
            "${{ secrets.API_KEY }}",
            "<nil>",
            "INSERT_YOUR_TOKEN_HERE",
        ] {
            assert!(is_placeholder(placeholder.as_bytes()), "{placeholder}");
        }
    }

    #[test]
    fn credentials_are_no_placeholders() {
        for credential in [
            "mF_9.B5f-4.1JqM",
            "s3cr3t",
            "SECRET_TOKEN1",
            "dXNlcjpwYXNz",
            "eyJhbGciOiJub25lIn0.e30.",
            "tokenizer",
            "$1",
            "x",
            "{eyJhbGciOiJub25lIn0.e30.c2ln}",
            "<abc123>",
            "your",
            "abc",
            "nullable",
            "key1",
        ] {
            assert!(!is_placeholder(credential.as_bytes()), "{credential}");
        }
    }

    #[test]
    fn only_what_no_person_chooses_is_unset() {
        assert!(is_unset(b"undefined") && is_unset(b"${PASSWORD}"));
        assert!(!is_unset(b"password") && !is_unset(b"xxx") && !is_unset(b"token"));
    }
}

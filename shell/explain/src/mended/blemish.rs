//! Faults that can be seen in a credential, each with the way to undo it.
//!
//! Knows: one credential, without its scheme word. Does not know where it is, nor whether a server minds: a blemish may
//! belong to the secret. See `look` for what is said of it and `ask` for the experiment.

use countersign_cause::Cause;
use countersign_wire::credentials::is_placeholder;

use super::undo;

/// What a credential is, which says what cannot belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nature {
    /// A token or key: made by a machine, without blanks.
    Token,
    /// A password or a user name: made by a person, who may choose any character.
    Chosen,
}

/// One fault.
pub(crate) struct Blemish {
    /// What to call it.
    pub(crate) cause: Cause,
    /// What is seen, after "the credential": "has quotes around it".
    pub(crate) seen: &'static str,
    /// The credential mended, after "the same request": "without the quotes".
    pub(crate) what: &'static str,
    /// What to do.
    pub(crate) fix: &'static str,
    /// What cleans a shell variable of it, as a filter; one that leaves a clean one as it is.
    pub(crate) filter: Option<&'static str>,
    /// Whether people may have chosen a password like that.
    chosen: bool,
    undo: fn(&[u8]) -> Option<Vec<u8>>,
}

/// A fault that is there, and the credential without it.
pub(crate) struct Seen {
    /// The fault.
    pub(crate) blemish: &'static Blemish,
    /// The credential with this one fault undone.
    pub(crate) mended: Vec<u8>,
}

/// Every fault of a credential, the outermost first.
#[must_use]
pub(crate) fn blemishes(secret: &[u8], nature: Nature) -> Vec<Seen> {
    // In the place of a credential that was never put in there is nothing to mend.
    if secret.is_empty() || is_placeholder(secret) {
        return Vec::new();
    }
    BLEMISHES
        .iter()
        .filter(|blemish| nature == Nature::Token || blemish.chosen)
        .filter_map(|blemish| {
            let mended = (blemish.undo)(secret)?;
            (mended != secret && !mended.is_empty()).then_some(Seen { blemish, mended })
        })
        .collect()
}

const BLEMISHES: &[Blemish] = &[
    Blemish {
        cause: Cause::CredentialWhitespace,
        seen: "holds a line break",
        what: "without the line break in the credential",
        fix: "Take the line break out: read the file with `tr -d '\\r\\n'`, write it with `printf %s` instead of `echo`, or trim the value where the program reads it.",
        filter: Some("tr -d '\\r\\n'"),
        chosen: true,
        undo: undo::line_breaks,
    },
    Blemish {
        cause: Cause::CredentialWhitespace,
        seen: "ends with a line break that is spelt out, `\\n`",
        what: "without the spelt-out line break",
        fix: "Take the two characters `\\n` off the end: they were a line break before something escaped them.",
        filter: Some("sed 's/\\\\[rn]$//'"),
        chosen: false,
        undo: undo::spelt_line_break,
    },
    Blemish {
        cause: Cause::CredentialWhitespace,
        seen: "has blanks or invisible characters around it",
        what: "without the blanks around the credential",
        fix: "Trim the credential: take away the blanks and invisible characters before and after it.",
        filter: Some("sed 's/^[[:space:]]*//; s/[[:space:]]*$//'"),
        chosen: true,
        undo: undo::blanks_around,
    },
    Blemish {
        cause: Cause::CredentialQuoted,
        seen: "is a piece of JSON",
        what: "with the token alone, out of the JSON around it",
        fix: "Send the value of the token alone, not the JSON document that it came in: `jq -r .access_token`.",
        filter: None,
        chosen: false,
        undo: undo::json,
    },
    Blemish {
        cause: Cause::CredentialQuoted,
        seen: "has quotes around it",
        what: "without the quotes around the credential",
        fix: "Take the quotes away: whatever reads the value (an env file, YAML list, INI file, Windows `set`) keeps them as part of it.",
        filter: Some("sed 's/^\\\\*[\"'\\'']//; s/\\\\*[\"'\\'']$//'"),
        chosen: true,
        undo: undo::quotes,
    },
    Blemish {
        cause: Cause::CredentialQuoted,
        seen: "has brackets or braces around it",
        what: "without the brackets around the credential",
        fix: "Take the brackets away: in documentation they mark where your own value goes.",
        filter: Some("tr -d '<>{}[]()'"),
        chosen: false,
        undo: undo::brackets,
    },
    Blemish {
        cause: Cause::CredentialQuoted,
        seen: "begins or ends with a quote or bracket that has no partner",
        what: "without the stray quote",
        fix: "Take the stray quote or bracket away.",
        filter: Some("tr -d '\"'\\''<>{}[]()`'"),
        chosen: false,
        undo: undo::stray_quote,
    },
    Blemish {
        cause: Cause::CredentialMangled,
        seen: "ends with a comma, semicolon or backslash",
        what: "without the punctuation after the credential",
        fix: "Take the punctuation after the credential away: it was copied along with it.",
        filter: Some("sed 's/[,;\\\\]*$//'"),
        chosen: false,
        undo: undo::punctuation,
    },
    Blemish {
        cause: Cause::CredentialMangled,
        seen: "holds HTML entities such as `&amp;`",
        what: "with the HTML entities undone",
        fix: "Copy the credential from where it is not escaped for HTML: `&amp;` stands for `&`.",
        filter: Some(
            "sed 's/&lt;/</g; s/&gt;/>/g; s/&quot;/\"/g; s/&#39;/'\\''/g; s/&#43;/+/g; s/&amp;/\\&/g'",
        ),
        chosen: true,
        undo: undo::html,
    },
    Blemish {
        cause: Cause::CredentialMangled,
        seen: "holds percent-encodings that nobody decodes there",
        what: "percent-decoded once",
        fix: "Send the credential as it was issued: percent-encode it once in a query or form, and not at all in a header.",
        filter: Some(
            "sed 's/%2[Bb]/+/g; s/%2[Ff]/\\//g; s/%3[Dd]/=/g; s/%3[Aa]/:/g; s/%7[Cc]/|/g; s/%20/ /g; s/%25/%/g'",
        ),
        chosen: true,
        undo: undo::percent,
    },
    Blemish {
        cause: Cause::CredentialMangled,
        seen: "holds escapes such as `\\/`, `\\u003d` or `\\!`",
        what: "with the escapes undone",
        fix: "Send the credential as it was issued: the backslashes are from JSON or from the shell.",
        filter: Some(
            "sed 's/\\\\u003[dD]/=/g; s/\\\\u002[bB]/+/g; s/\\\\u0026/\\&/g; s/\\\\\\([^u]\\)/\\1/g'",
        ),
        chosen: true,
        undo: undo::escapes,
    },
    Blemish {
        cause: Cause::CredentialWhitespace,
        seen: "has blanks or invisible characters inside",
        what: "without the blanks inside the credential",
        fix: "Take the blanks out of the credential: a token or key has none. They come from line wrapping when it was copied.",
        filter: Some("LC_ALL=C tr -cd '!-~'"),
        chosen: false,
        undo: undo::blanks_inside,
    },
    Blemish {
        cause: Cause::CredentialMangled,
        seen: "is base64 of what looks like the credential itself",
        what: "with the credential decoded from base64 once",
        fix: "Decode it once (`base64 -d`): `kubectl get secret -o yaml` and others show secrets in base64.",
        filter: None,
        chosen: false,
        undo: undo::base64_of_a_credential,
    },
    Blemish {
        cause: Cause::TokenMalformed,
        seen: "is a token in another base64 than base64url without padding",
        what: "with the token in base64url",
        fix: "Encode the parts of the token in base64url without padding (RFC 7515 section 2): `-` for `+`, `_` for `/`, no `=`.",
        filter: Some("tr '+/' '-_' | tr -d '='"),
        chosen: false,
        undo: undo::token_base64,
    },
];

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::string_slice,
        clippy::indexing_slicing,
        reason = "tests"
    )]

    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use countersign_cause::Cause;

    use super::{Nature, blemishes};

    const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl";

    /// The cause and what is left, for the first blemish.
    fn first(secret: &[u8], nature: Nature) -> Option<(Cause, Vec<u8>)> {
        let seen = blemishes(secret, nature).into_iter().next()?;
        Some((seen.blemish.cause, seen.mended))
    }

    #[test]
    fn each_fault_is_seen_and_undone() {
        use Cause::{CredentialMangled, CredentialQuoted, CredentialWhitespace, TokenMalformed};
        for (secret, cause, mended) in [
            ("s3cr3t\n", CredentialWhitespace, "s3cr3t"),
            ("s3c\r\nr3t", CredentialWhitespace, "s3cr3t"),
            ("s3cr3t\\n", CredentialWhitespace, "s3cr3t"),
            (" s3cr3t", CredentialWhitespace, "s3cr3t"),
            ("s3cr3t\u{a0}", CredentialWhitespace, "s3cr3t"),
            ("\u{feff}s3cr3t", CredentialWhitespace, "s3cr3t"),
            ("s3c\u{200b}r3t", CredentialWhitespace, "s3cr3t"),
            ("s3c r3t", CredentialWhitespace, "s3cr3t"),
            ("\"s3cr3t\"", CredentialQuoted, "s3cr3t"),
            ("'s3cr3t'", CredentialQuoted, "s3cr3t"),
            ("`s3cr3t`", CredentialQuoted, "s3cr3t"),
            ("\\\"s3cr3t\\\"", CredentialQuoted, "s3cr3t"),
            ("\u{201c}s3cr3t\u{201d}", CredentialQuoted, "s3cr3t"),
            ("%22s3cr3t%22", CredentialQuoted, "s3cr3t"),
            ("<s3cr3t9>", CredentialQuoted, "s3cr3t9"),
            ("{s3cr3t9}", CredentialQuoted, "s3cr3t9"),
            ("\"s3cr3t", CredentialQuoted, "s3cr3t"),
            ("s3cr3t'", CredentialQuoted, "s3cr3t"),
            (
                "{\"access_token\":\"s3cr3t\",\"expires_in\":1}",
                CredentialQuoted,
                "s3cr3t",
            ),
            ("s3cr3t,", CredentialMangled, "s3cr3t"),
            ("a&amp;b9", CredentialMangled, "a&b9"),
            ("c2VjcmV0%3D%3D", CredentialMangled, "c2VjcmV0=="),
            ("ab%2Bcd", CredentialMangled, "ab+cd"),
            ("ab%252Bcd", CredentialMangled, "ab%2Bcd"),
            ("ab\\/cd", CredentialMangled, "ab/cd"),
            ("ab\\u003d", CredentialMangled, "ab="),
            (
                "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0=.c2ln+XR1/mU=",
                TokenMalformed,
                "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln-XR1_mU",
            ),
        ] {
            let expected = Some((cause, mended.as_bytes().to_vec()));
            assert_eq!(
                first(secret.as_bytes(), Nature::Token),
                expected,
                "{secret:?}"
            );
        }
    }

    #[test]
    fn a_token_in_base64_is_decoded() {
        use base64::Engine as _;
        let text = base64::engine::general_purpose::STANDARD.encode(JWT);
        let expected = Some((Cause::CredentialMangled, JWT.as_bytes().to_vec()));
        assert_eq!(first(text.as_bytes(), Nature::Token), expected);
    }

    #[test]
    fn what_is_clean_has_none() {
        for secret in [
            JWT,
            "s3cr3t",
            "mF_9.B5f-4.1JqM",
            "QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
            "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
            "ab+cd/ef==",
            "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
            "undefined",
            "<token>",
            "",
            "100%",
            "a%zz",
        ] {
            assert!(
                blemishes(secret.as_bytes(), Nature::Token).is_empty(),
                "{secret}"
            );
        }
    }

    #[test]
    fn people_choose_what_machines_do_not() {
        for password in [
            "correct horse battery",
            "<abc>",
            "a,b;",
            "pass]",
            "x\\",
            "(9)",
        ] {
            assert!(
                blemishes(password.as_bytes(), Nature::Chosen).is_empty(),
                "{password}"
            );
        }
        for (password, mended) in [
            ("hunter2 ", "hunter2"),
            ("'hunter2'", "hunter2"),
            ("p\\!ss", "p!ss"),
        ] {
            let seen = blemishes(password.as_bytes(), Nature::Chosen);
            assert_eq!(seen[0].mended, mended.as_bytes(), "{password}");
        }
    }

    #[test]
    fn a_filter_of_the_shell_does_what_the_mending_does_and_leaves_the_clean_alone() {
        let run = |filter: &str, input: &[u8]| {
            let mut child = Command::new("sh")
                .args(["-c", filter])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            child.stdin.take().unwrap().write_all(input).unwrap();
            let output = child.wait_with_output().unwrap().stdout;
            // `$(...)` takes the line breaks at the end away.
            String::from_utf8(output)
                .unwrap()
                .trim_end_matches('\n')
                .to_owned()
        };
        for secret in [
            "s3cr3t\n",
            "s3c\r\nr3t",
            "s3cr3t\\n",
            " s3cr3t\t",
            "\"s3cr3t\"",
            "'s3cr3t'",
            "\\\"s3cr3t\\\"",
            "<s3cr3t9>",
            "{s3cr3t9}",
            "s3cr3t\"",
            "s3cr3t,",
            "a&amp;b9",
            "c2VjcmV0%3D%3D",
            "ab%2Bcd",
            "ab\\/cd",
            "ab\\u003d",
            "p\\!ss",
            "s3c r3t",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0=.c2ln+XR1/mU=",
        ] {
            let seen = blemishes(secret.as_bytes(), Nature::Token);
            let filter = seen[0].blemish.filter.unwrap();
            let mended = String::from_utf8(seen[0].mended.clone()).unwrap();
            assert_eq!(run(filter, secret.as_bytes()), mended, "{filter}");
            assert_eq!(run(filter, mended.as_bytes()), mended, "{filter}");
        }
    }
}

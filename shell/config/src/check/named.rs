//! What stands where a file is named: a path, a credential of systemd, or a variable of the environment.
//!
//! Knows: how each is written. Does not know what is in them.
//!
//! ```abnf
//! named      = credential / variable / path
//! credential = "credential:" 1*255( %x21-2E / %x30-7E )      ; what systemd takes for a file's name
//! variable   = "env:" ( ALPHA / "_" ) *( ALPHA / DIGIT / "_" )
//! path       = whatever else there is, as in "./env:x"
//! ```

/// A name that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named<'n> {
    Path(&'n str),
    Credential(&'n str),
    Variable(&'n str),
    /// It begins as one of them, and goes on as none.
    Neither,
}

const NAME_BYTES_MAX: usize = 255;

pub(super) fn parse(text: &str) -> Named<'_> {
    if let Some(name) = text.strip_prefix("credential:") {
        // systemd.exec(5): a credential's name is a file's name, of printable ASCII.
        let fits = !name.is_empty()
            && name.len() <= NAME_BYTES_MAX
            && name != "."
            && name != ".."
            && name
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && byte != b'/');
        return if fits {
            Named::Credential(name)
        } else {
            Named::Neither
        };
    }
    if let Some(name) = text.strip_prefix("env:") {
        let fits = !name.is_empty()
            && !name.starts_with(|first: char| first.is_ascii_digit())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        return if fits {
            Named::Variable(name)
        } else {
            Named::Neither
        };
    }
    Named::Path(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_no_way_out_of_its_folder() {
        assert_eq!(parse("credential:tls.key"), Named::Credential("tls.key"));
        for text in [
            "credential:",
            "credential:.",
            "credential:..",
            "credential:../x",
            "credential:a/b",
            "credential:a b",
            "credential:a\0",
            "credential:\u{e9}",
        ] {
            assert_eq!(parse(text), Named::Neither, "{text:?}");
        }
        let long = format!("credential:{}", "x".repeat(256));
        assert_eq!(parse(&long), Named::Neither);
    }

    #[test]
    fn a_variable_has_a_name_that_shells_take() {
        assert_eq!(parse("env:HS_KEY_2"), Named::Variable("HS_KEY_2"));
        for text in [
            "env:",
            "env:2",
            "env:A-B",
            "env:A=B",
            "env: A",
            "env:\u{e9}",
        ] {
            assert_eq!(parse(text), Named::Neither, "{text:?}");
        }
    }

    #[test]
    fn whatever_else_is_a_path() {
        for text in ["", "a.pem", "/env:x", "./credential:x", "ENV:X"] {
            assert_eq!(parse(text), Named::Path(text));
        }
    }
}

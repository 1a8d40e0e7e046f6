//! `.netrc`: which user name and password a client takes for a host.
//!
//! Knows: the grammar as curl reads it, quoted words included. Does not know where the file is, nor which client reads
//! it.

/// One entry. Its password is a secret.
pub struct Entry {
    /// The host, as written; `None` for `default`, which stands for every host.
    pub machine: Option<String>,
    /// The user name; empty where none is given.
    pub login: String,
    /// The password; empty where none is given.
    pub password: String,
}

/// The user name and password that the file has for a host: the first entry that fits.
#[must_use]
pub fn netrc(text: &str, host: &str) -> Option<(String, String)> {
    of_user(text, host, None)
}

/// The same where the user name is known already: the first entry of that host and user.
#[must_use]
pub fn of_user(text: &str, host: &str, user: Option<&str>) -> Option<(String, String)> {
    entries(text)
        .into_iter()
        .filter(|entry| {
            let machine = entry.machine.as_deref();
            machine.is_none_or(|machine| machine.eq_ignore_ascii_case(host))
        })
        .find(|entry| user.is_none_or(|user| entry.login.is_empty() || entry.login == user))
        .filter(|entry| !entry.login.is_empty() || !entry.password.is_empty())
        .map(|entry| {
            let login = user.map_or(entry.login, str::to_owned);
            (login, entry.password)
        })
}

/// Every entry, in order.
#[must_use]
pub fn entries(text: &str) -> Vec<Entry> {
    let mut found: Vec<Entry> = Vec::new();
    let mut lines = text.lines();
    let mut awaited: Option<Awaited> = None;
    while let Some(line) = lines.next() {
        if line.trim_start().starts_with('#') {
            continue;
        }
        for word in (Words { rest: line }) {
            if let Some(part) = awaited.take() {
                part.set(&mut found, word);
                continue;
            }
            match word.to_ascii_lowercase().as_str() {
                "machine" => awaited = Some(Awaited::Machine),
                "default" => found.push(entry(None)),
                "login" => awaited = Some(Awaited::Login),
                "password" => awaited = Some(Awaited::Password),
                "account" => awaited = Some(Awaited::Account),
                // A macro goes on to the next empty line.
                "macdef" => {
                    while lines.next().is_some_and(|line| !line.trim().is_empty()) {}
                    break;
                }
                _ => {}
            }
        }
    }
    found
}

fn entry(machine: Option<String>) -> Entry {
    Entry {
        machine,
        login: String::new(),
        password: String::new(),
    }
}

/// What the next word is.
enum Awaited {
    Machine,
    Login,
    Password,
    Account,
}

impl Awaited {
    fn set(self, found: &mut Vec<Entry>, word: String) {
        match (self, found.last_mut()) {
            (Awaited::Machine, _) => found.push(entry(Some(word))),
            (Awaited::Login, Some(last)) => last.login = word,
            (Awaited::Password, Some(last)) => last.password = word,
            (Awaited::Login | Awaited::Password, None) | (Awaited::Account, _) => {}
        }
    }
}

/// Words between blanks; one in double quotes may hold blanks and escapes.
struct Words<'t> {
    rest: &'t str,
}

impl Iterator for Words<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        self.rest = self.rest.trim_start();
        if self.rest.is_empty() {
            return None;
        }
        if let Some(inside) = self.rest.strip_prefix('"') {
            let (word, rest) = quoted(inside);
            self.rest = rest;
            return Some(word);
        }
        let end = self
            .rest
            .find(char::is_whitespace)
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        Some(word.to_owned())
    }
}

fn quoted(inside: &str) -> (String, &str) {
    let mut word = String::new();
    let mut letters = inside.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => break,
            '\\' => match letters.next() {
                Some('n') => word.push('\n'),
                Some('r') => word.push('\r'),
                Some('t') => word.push('\t'),
                Some(other) => word.push(other),
                None => {}
            },
            other => word.push(other),
        }
    }
    (word, letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, host: &str) -> Option<(String, String)> {
        netrc(text, host)
    }

    fn pair(login: &str, password: &str) -> Option<(String, String)> {
        Some((login.to_owned(), password.to_owned()))
    }

    #[test]
    fn the_first_entry_of_the_host_is_taken() {
        let text = "machine a.example login alice password one\n\
                    # machine b.example login no password no\n\
                    machine b.example\n  login bob\n  password two\n\
                    default login any password three\n";
        assert_eq!(found(text, "A.example"), pair("alice", "one"));
        assert_eq!(found(text, "b.example"), pair("bob", "two"));
        assert_eq!(found(text, "c.example"), pair("any", "three"));
    }

    #[test]
    fn a_host_without_entry_has_nothing() {
        assert_eq!(found("machine a login b password c", "d"), None);
        assert_eq!(found("machine a", "a"), None);
        assert_eq!(found("login b password c", "a"), None);
        assert_eq!(found("", "a"), None);
    }

    #[test]
    fn quoted_words_hold_blanks_and_escapes() {
        let text = r#"machine a login "b c" password "d\"e\\f""#;
        assert_eq!(found(text, "a"), pair("b c", r#"d"e\f"#));
        assert_eq!(found("machine a password \"open", "a"), pair("", "open"));
    }

    #[test]
    fn a_macro_is_passed_over() {
        let text = "machine a login b\nmacdef init\n password x\n\npassword c";
        assert_eq!(found(text, "a"), pair("b", "c"));
    }

    #[test]
    fn a_password_may_start_with_a_number_sign() {
        assert_eq!(found("machine a login b password #c", "a"), pair("b", "#c"));
    }

    #[test]
    fn a_known_user_name_chooses_among_the_entries_of_a_host() {
        let text = "machine a login b password c\nmachine a login d password e";
        assert_eq!(of_user(text, "a", Some("d")), pair("d", "e"));
        assert_eq!(of_user(text, "a", Some("f")), None);
    }
}

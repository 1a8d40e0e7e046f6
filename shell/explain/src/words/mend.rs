//! What an entry says of the request that would be let through.
//!
//! Knows: a small language, one change to a string: `scheme Token`, `header X-Api-Key`, `query api_key`,
//! `add X-Tenant: $TENANT`, `drop authorization`, `pair user`, `password $API_TOKEN`. Does not know why.

use crate::case::Case;
use crate::command;
use crate::credential::{Carrier, credentials_of, is_telling_field, with_authorization, without};
use crate::message::Request;

/// What stands where a credential goes; the command has a variable there.
const STAND_IN: &str = "credential";

/// One change to a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Mend {
    /// The credential goes behind this word in `Authorization`.
    Scheme(String),
    /// The credential goes into this field.
    Header(String),
    /// The credential goes into this parameter of the query.
    Query(String),
    /// This field comes along; a value that begins with `$` is a variable of the shell.
    Add(String, String),
    /// `Authorization` is left out.
    DropAuthorization,
    /// Basic with this user name.
    Pair(String),
    /// Basic with the same user name, and this variable for the password.
    Password(String),
}

impl Mend {
    /// Reads a change; `None` for what is none.
    pub(super) fn parse(text: &str) -> Option<Mend> {
        if text == "drop authorization" {
            return Some(Mend::DropAuthorization);
        }
        let (word, value) = text.split_once(' ')?;
        let owned = value.to_owned();
        match word {
            "scheme" => Some(Mend::Scheme(owned)),
            // The command writes a variable for the fields that carry a credential, and no other.
            "header" => is_telling_field(value).then_some(Mend::Header(owned)),
            "query" => Some(Mend::Query(owned)),
            "pair" => Some(Mend::Pair(owned)),
            "password" => value
                .strip_prefix('$')
                .map(|variable| Mend::Password(variable.to_owned())),
            "add" => {
                let (name, value) = value.split_once(':')?;
                Some(Mend::Add(name.to_owned(), value.trim().to_owned()))
            }
            _ => None,
        }
    }

    /// The command that sends the request with the change.
    pub(super) fn command(&self, case: &Case) -> Option<String> {
        let request = case.request.as_ref()?;
        let stand_in = STAND_IN.as_bytes();
        let command = match self {
            Mend::Scheme(word) => {
                let bare = bare(request);
                command::curl(
                    case,
                    &with_authorization(&bare, format!("{word} {STAND_IN}")),
                )
            }
            Mend::Header(name) => {
                let mut changed = bare(request);
                changed.fields.set(name, stand_in);
                command::curl(case, &changed)
            }
            Mend::Query(name) => {
                let mut changed = bare(request);
                changed.url.query_pairs_mut().append_pair(name, STAND_IN);
                command::curl(case, &changed)
            }
            Mend::Add(name, value) if value.starts_with('$') => {
                let mut changed = request.clone();
                changed.fields.remove(name);
                with_option(
                    &command::curl(case, &changed),
                    &format!("-H \"{name}: {value}\""),
                )
            }
            Mend::Add(name, value) => {
                let mut changed = request.clone();
                changed.fields.set(name, value.as_bytes());
                command::curl(case, &changed)
            }
            Mend::DropAuthorization => {
                command::curl(case, &without(request, &Carrier::Authorization))
            }
            Mend::Password(variable) => {
                let same = command::curl(case, request);
                let other = same.replace("$PASSWORD", &format!("${variable}"));
                return (other != same).then_some(other);
            }
            Mend::Pair(user) => {
                let option = format!("-u \"{}:$PASSWORD\"", command::escaped(user));
                with_option(&command::curl(case, &bare(request)), &option)
            }
        };
        Some(command)
    }
}

/// The command with one more option.
pub(crate) fn with_option(command: &str, option: &str) -> String {
    match command.strip_prefix("curl ") {
        Some(rest) => format!("curl {option} {rest}"),
        None => command.to_owned(),
    }
}

/// Without the key or token, wherever it is; cookies and the rest stay.
fn bare(request: &Request) -> Request {
    let mut bare = request.clone();
    for credential in credentials_of(request) {
        match &credential.carrier {
            Carrier::Authorization | Carrier::Field(_) | Carrier::Query(_) => {
                bare = without(&bare, &credential.carrier);
            }
            Carrier::Cookie | Carrier::Form(_) => {}
        }
    }
    bare
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::Mend;
    use crate::case::Case;
    use crate::message::Request;

    fn command(mend: &str) -> String {
        let mut request = Request::new("GET", "https://api.example.com/a?x=1".parse().unwrap());
        request
            .fields
            .add("Authorization", "Basic c2VjcmV0OnNlY3JldA==");
        request.fields.add("Accept", "text/plain");
        let case = Case {
            request: Some(request),
            ..Case::default()
        };
        Mend::parse(mend).unwrap().command(&case).unwrap()
    }

    #[test]
    fn the_command_has_a_variable_in_the_place_of_the_credential() {
        let rest = "-H 'Accept: text/plain'";
        assert_eq!(
            command("scheme Token"),
            format!(
                "curl {rest} -H \"Authorization: Token $TOKEN\" 'https://api.example.com/a?x=1'"
            )
        );
        assert_eq!(
            command("header X-Api-Key"),
            format!("curl {rest} -H \"X-Api-Key: $API_KEY\" 'https://api.example.com/a?x=1'")
        );
        assert_eq!(
            command("query api_key"),
            format!("curl {rest} \"https://api.example.com/a?x=1&api_key=$API_KEY\"")
        );
        assert_eq!(
            command("drop authorization"),
            format!("curl {rest} 'https://api.example.com/a?x=1'")
        );
        assert!(command("password $API_TOKEN").contains("-u \"secret:$API_TOKEN\""));
        assert_eq!(
            command("pair user"),
            format!("curl -u \"user:$PASSWORD\" {rest} 'https://api.example.com/a?x=1'")
        );
    }

    #[test]
    fn a_companion_is_added_beside_the_credential() {
        let command = command("add X-Tenant: $TENANT");
        assert!(
            command.starts_with("curl -H \"X-Tenant: $TENANT\" -u \"secret:$PASSWORD\""),
            "{command}"
        );
    }

    #[test]
    fn what_is_no_change_is_refused() {
        for text in ["", "scheme", "header Accept", "add X", "move it"] {
            assert_eq!(Mend::parse(text), None, "{text}");
        }
    }
}

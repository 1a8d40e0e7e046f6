//! What the shell did to a credential.
//!
//! Knows: which marks of the shell fall into a credential, and what each means. Does not know how the shell reads; see
//! `posix` and its kin.

use countersign_cause::{Cause, Who};

use super::arguments::Argument;
use super::carried;
use super::fields::not_missing;
use super::options::What;
use super::word::{Harm, Line, Scar};
use crate::credential::is_telling_parameter;
use crate::finding::{Finding, Fix, Weight};

/// Everything that the shell did to the credentials of a command.
pub(super) fn notice(line: &Line, arguments: &[Argument]) -> Vec<Finding> {
    let mut found = Vec::new();
    for argument in arguments {
        let Some(place) = argument.place else {
            continue;
        };
        let Some(word) = line.words.get(place.word) else {
            continue;
        };
        for scar in &word.scars {
            let Some(at) = scar.at.checked_sub(place.from) else {
                continue;
            };
            if let Some(what) = carried::at(argument, at) {
                let around = Around { argument, at };
                found.extend(of_scar(scar, &what, &around));
            }
        }
    }
    found
}

/// A place in an argument.
struct Around<'a> {
    argument: &'a Argument,
    at: usize,
}

impl Around<'_> {
    /// Whether what stands here is the whole value, going by its neighbours.
    fn is_whole(&self, length: usize) -> bool {
        let value = self.argument.value.as_str();
        let before = value.get(..self.at).and_then(|text| text.chars().last());
        let after = value
            .get(self.at + length..)
            .and_then(|text| text.chars().next());
        before.is_none_or(|letter| " :=\"'/".contains(letter))
            && after.is_none_or(|letter| "&\"',;}@: ".contains(letter))
    }

    /// Whether a name is that of a variable which was meant, and no letters of a password behind a dollar sign.
    fn is_meant(&self, name: &str) -> bool {
        let lower = name.to_ascii_lowercase();
        let telling = is_telling_parameter(&lower)
            || ["user", "pass", "pw", "pwd", "bearer", "cookie", "session"]
                .contains(&lower.as_str());
        let no_password = matches!(
            self.argument.what,
            What::Header | What::Bearer | What::Cookie
        );
        is_environment(name) || telling || no_password
    }
}

/// `TOKEN`, `API_KEY`: how variables of the environment are named.
fn is_environment(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    name.len() > 2 && name.bytes().all(fits)
}

fn of_scar(scar: &Scar, what: &str, around: &Around<'_>) -> Vec<Finding> {
    match &scar.harm {
        Harm::Variable { name, too_late } => variable(name, *too_late, what, around),
        Harm::Literal(name) => literal(name, what, around).into_iter().collect(),
        Harm::Process => vec![mangled(
            Weight::Strong,
            format!("{what} has two dollar signs outside single quotes: the shell puts its own process number there"),
        )],
        Harm::Special(_) => vec![mangled(
            Weight::Strong,
            format!("{what} has a `$` outside single quotes: the shell puts one of its own variables there"),
        )],
        Harm::Command => vec![Finding::new(
            Cause::CredentialsPlaceholder,
            Weight::Fair,
            format!("{what} is the output of another command, which is not known here: it is taken as empty"),
        )
        .with_fix(in_own_shell())],
        Harm::History => vec![mangled(
            Weight::Slight,
            format!(
                "{what} has an exclamation mark outside single quotes: an interactive shell puts an earlier command there"
            ),
        )],
        Harm::Backslash => vec![mangled(
            Weight::Fair,
            format!("{what} has a backslash in double quotes that the shell leaves in"),
        )],
    }
}

fn variable(name: &str, too_late: bool, what: &str, around: &Around<'_>) -> Vec<Finding> {
    if too_late {
        let evidence = format!(
            "{what} is the variable `{name}`, which is set in front of curl on the same line: the shell puts its value in \
             before that, and it is empty"
        );
        let text = format!("Set `{name}` in a command of its own before this one.");
        return vec![
            Finding::new(Cause::CredentialsPlaceholder, Weight::Strong, evidence)
                .with_fix(Fix::new(Who::User, text)),
            not_missing(),
        ];
    }
    let meant = around.is_meant(name);
    if meant && (around.is_whole(0) || name.contains('_')) {
        let evidence = format!(
            "{what} is the variable `{name}`: where the shell has no such variable, nothing takes its place"
        );
        return vec![
            Finding::new(Cause::CredentialsPlaceholder, Weight::Strong, evidence)
                .with_fix(in_own_shell()),
            not_missing(),
        ];
    }
    // The name may be letters of the password: it is not told.
    vec![mangled(
        Weight::Strong,
        format!(
            "{what} has a `$` outside single quotes: the shell takes it and the letters after it for a variable, and \
             leaves them out"
        ),
    )]
}

/// A variable in single quotes is a placeholder; a `$` within a password there is as it should be.
fn literal(name: &str, what: &str, around: &Around<'_>) -> Option<Finding> {
    let value = around.argument.value.as_str();
    let braced = value
        .get(around.at..)
        .is_some_and(|rest| rest.starts_with("${"));
    let percent = value
        .get(around.at..)
        .is_some_and(|rest| rest.starts_with('%'));
    let length = name.len()
        + if braced {
            "${}".len()
        } else if percent {
            2
        } else {
            1
        };
    if !is_environment(name) || !around.is_whole(length) {
        return None;
    }
    let why = match percent {
        true => "this shell knows no such variable and leaves it as it is",
        false => "in single quotes the shell leaves it as it is",
    };
    let evidence =
        format!("{what} is the name of the variable `{name}` instead of its value: {why}");
    let text = format!(
        "Put the value in double quotes, so that the shell puts `{name}` in, and see that it is set."
    );
    Some(
        Finding::new(Cause::CredentialsPlaceholder, Weight::Strong, evidence)
            .with_fix(Fix::new(Who::User, text)),
    )
}

fn mangled(weight: Weight, evidence: String) -> Finding {
    Finding::new(Cause::CredentialMangled, weight, evidence).with_fix(Fix::new(
        Who::User,
        "Put the value in single quotes, where the shell changes nothing.",
    ))
}

fn in_own_shell() -> Fix {
    Fix::new(
        Who::User,
        "Run `countersign explain -- curl ...` in the shell that has the variable, and see that it is set there.",
    )
}

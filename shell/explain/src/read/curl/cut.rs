//! A command that the shell ended before its author did.
//!
//! Knows: what is lost behind an unquoted `&` or a line break. Does not know how the shell reads.

use countersign_cause::{Cause, Who};

use super::arguments::Argument;
use super::carried;
use super::fields::not_missing;
use super::options::What;
use super::posix::{self, Reading};
use super::word::{Cut, End};
use crate::credential::is_telling_parameter;
use crate::finding::{Finding, Fix, Weight};

/// What the end of the command took away of its credentials.
pub(super) fn notice(cut: &Cut, arguments: &[Argument]) -> Vec<Finding> {
    let mut found = Vec::new();
    let stuck = match cut.within_word {
        true => cut
            .rest
            .split(char::is_whitespace)
            .next()
            .unwrap_or_default(),
        false => "",
    };
    if !stuck.is_empty()
        && let Some(last) = last_valued(arguments)
    {
        found.extend(of_value(cut.by, stuck, last));
    }
    let lost = cut.rest.get(stuck.len()..).unwrap_or_default();
    // Behind a blank another command is as likely, unless it begins like an option.
    if cut.within_word || lost.trim_start().starts_with('-') {
        found.extend(of_options(cut.by, lost));
    }
    found
}

fn last_valued(arguments: &[Argument]) -> Option<&Argument> {
    arguments
        .iter()
        .filter(|argument| argument.place.is_some())
        .max_by_key(|argument| argument.place.map(|place| place.word))
}

/// The rest of the word itself: a parameter, or the rest of a credential.
fn of_value(by: End, stuck: &str, argument: &Argument) -> Option<Finding> {
    let end = by.words();
    let lost: Vec<&str> = stuck
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, _)| name)
        .filter(|name| is_telling_parameter(name))
        .collect();
    if let Some(name) = lost.first() {
        let evidence = format!(
            "{end} before `{name}` ends the command for the shell, so this parameter never reaches the server"
        );
        return Some(not_applied(evidence));
    }
    let what = carried::at(argument, argument.value.len())?;
    if by == End::Ampersand && stuck.contains('=') && argument.what != What::User {
        return None;
    }
    let evidence = format!("{what} is cut by {end} in it: the shell ends the command there");
    Some(
        Finding::new(Cause::CredentialMangled, Weight::Strong, evidence).with_fix(Fix::new(
            Who::User,
            "Put the value in single quotes, where the shell changes nothing.",
        )),
    )
}

/// Options behind the end.
fn of_options(by: End, lost: &str) -> Vec<Finding> {
    let Ok(commands) = posix::commands(lost, Reading::Meant) else {
        return Vec::new();
    };
    let option = commands
        .first()
        .into_iter()
        .flat_map(|command| &command.words)
        .map(|word| word.text.as_str())
        .find_map(|word| {
            const TELLING: [&str; 10] = [
                "-H",
                "--header",
                "-u",
                "--user",
                "--oauth2-bearer",
                "-b",
                "--cookie",
                "-n",
                "--netrc",
                "-K",
            ];
            let long = word.starts_with("--");
            let fits = |name: &&&str| word == **name || (!long && word.starts_with(**name));
            TELLING.iter().find(fits).copied()
        });
    let Some(option) = option else {
        return Vec::new();
    };
    let evidence = format!(
        "{} ends the command for the shell, so the `{option}` behind it is none of curl's options",
        by.words()
    );
    vec![not_applied(evidence), not_missing()]
}

fn not_applied(evidence: String) -> Finding {
    Finding::new(Cause::CredentialsNotApplied, Weight::Strong, evidence).with_fix(Fix::new(
        Who::User,
        "Put the address in quotes, and end each line but the last with a backslash and nothing after it.",
    ))
}

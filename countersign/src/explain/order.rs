//! The order of arguments: what follows a URL is curl's, but people write our own options there, too.
//!
//! Knows: which long options are ours alone. Does not know what any of them means.

use std::ffi::{OsStr, OsString};

use clap::{Arg, ArgAction, Command};

/// Ours, and curl's as well. After a URL they are curl's.
const CURLS_TOO: [&str; 4] = ["request", "json", "config", "verbose"];

/// The arguments of `explain` with our own options before the first word that is curl's. What stands after `--` is left
/// as it is, and so is every other command.
#[must_use]
pub(crate) fn own_options_first(command: &Command, arguments: Vec<OsString>) -> Vec<OsString> {
    let Some(at) = explain_at(&arguments) else {
        return arguments;
    };
    let own = own_options(command);
    let mut ordered: Vec<OsString> = Vec::with_capacity(arguments.len());
    let mut others = Vec::new();
    let mut words = arguments.into_iter();
    ordered.extend(words.by_ref().take(at + 1));
    let mut words = words.peekable();
    while let Some(word) = words.next() {
        if word == "--" {
            others.push(word);
            others.extend(words.by_ref());
            break;
        }
        let takes_value = match own_option(&own, &word) {
            Some(takes_value) => takes_value,
            None if is_our_json(&word, words.peek()) => false,
            None => {
                others.push(word);
                continue;
            }
        };
        ordered.push(word);
        if takes_value {
            ordered.extend(words.next());
        }
    }
    ordered.extend(others);
    ordered
}

/// Where the name of the command is.
fn explain_at(arguments: &[OsString]) -> Option<usize> {
    let mut at = 1;
    while let Some(word) = arguments.get(at) {
        if word == "explain" {
            return Some(at);
        }
        if word == "--config" {
            at += 1;
        } else if !word.to_str()?.starts_with("--config=") {
            return None;
        }
        at += 1;
    }
    None
}

/// Our long options, and whether a value follows.
fn own_options(command: &Command) -> Vec<(String, bool)> {
    let Some(explain) = command.find_subcommand("explain") else {
        return Vec::new();
    };
    let option = |arg: &Arg| {
        let long = arg.get_long()?;
        let takes_value = matches!(arg.get_action(), ArgAction::Set | ArgAction::Append);
        (!CURLS_TOO.contains(&long)).then(|| (format!("--{long}"), takes_value))
    };
    explain.get_arguments().filter_map(option).collect()
}

/// Whether a value follows, where the word is an option of ours.
fn own_option(own: &[(String, bool)], word: &OsStr) -> Option<bool> {
    let word = word.to_str()?;
    let (name, has_value) = match word.split_once('=') {
        Some((name, _)) => (name, true),
        None => (word, false),
    };
    let (_, takes_value) = own.iter().find(|(own, _)| own == name)?;
    Some(*takes_value && !has_value)
}

/// curl's `--json` has a body after it, ours nothing.
fn is_our_json(word: &OsStr, next: Option<&OsString>) -> bool {
    if word == "-v" || word == "--verbose" {
        return true;
    }
    word == "--json"
        && next.is_none_or(|next| {
            let next = next.to_string_lossy();
            next.starts_with('-') || next.contains("://")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(line: &str) -> String {
        let arguments = line.split(' ').map(OsString::from).collect();
        let ordered = own_options_first(&crate::command(), arguments);
        let words: Vec<_> = ordered.iter().map(|word| word.to_string_lossy()).collect();
        words.join(" ")
    }

    #[test]
    fn our_own_options_may_stand_after_the_url() {
        assert_eq!(
            ordered("countersign explain https://a -H A:b --offline --report x.html --json"),
            "countersign explain --offline --report x.html --json https://a -H A:b"
        );
        assert_eq!(
            ordered("countersign --config c.toml explain https://a --max-probes=3 -v"),
            "countersign --config c.toml explain --max-probes=3 -v https://a"
        );
        assert_eq!(
            ordered("countersign explain -X POST --json https://a"),
            "countersign explain --json -X POST https://a"
        );
    }

    #[test]
    fn what_is_curls_stays_where_it_is() {
        for line in [
            "countersign explain https://a --json {} --request POST",
            "countersign explain -- curl https://a --offline --json",
            "countersign why --json x",
            "countersign routes explain --json",
            "countersign",
        ] {
            assert_eq!(ordered(line), line);
        }
    }
}

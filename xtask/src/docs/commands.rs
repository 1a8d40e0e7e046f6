//! The reference of the command line, from the tree of commands.

use std::fmt::Write as _;

use clap::{Arg, ArgAction, Command};

use super::causes::{GENERATED, cell, prose};

/// One page for a program and all of its commands, hidden ones left out.
pub(super) fn page(program: &Command) -> String {
    let mut program = program.clone();
    // What clap fills in when it runs: the names of commands in usage lines, and `--help`.
    program.build();
    let mut text = format!("{GENERATED}# Commands\n\n");
    section(&program, &mut text);
    text
}

fn section(command: &Command, text: &mut String) {
    let name = command.get_bin_name().unwrap_or(command.get_name());
    let about = command
        .get_long_about()
        .or(command.get_about())
        .map(|about| prose(&about.to_string()));
    let usage = command.clone().render_usage().to_string();
    let usage = usage.strip_prefix("Usage: ").unwrap_or(&usage);
    let _ = write!(
        text,
        "## `{name}`\n\n{}\n\n```text\n{usage}\n```\n\n",
        about.unwrap_or_default()
    );
    let shown: Vec<&Arg> = command
        .get_arguments()
        .filter(|argument| !is_hidden(argument))
        .collect();
    if !shown.is_empty() {
        text.push_str("| argument | meaning |\n|---|---|\n");
        for argument in shown {
            let _ = writeln!(
                text,
                "| `{}` | {} |",
                spelling(argument).replace('|', "\\|"),
                meaning(argument)
            );
        }
        text.push('\n');
    }
    if let Some(after) = command.get_after_long_help().or(command.get_after_help()) {
        let _ = write!(text, "```text\n{}\n```\n\n", after.to_string().trim_end());
    }
    for inner in command
        .get_subcommands()
        .filter(|inner| !inner.is_hide_set() && inner.get_name() != "help")
    {
        section(inner, text);
    }
}

fn is_hidden(argument: &Arg) -> bool {
    argument.is_hide_set() || argument.get_id() == "help" || argument.get_id() == "version"
}

/// `--config FILE`, `-v, --verbose`, `NAME`.
fn spelling(argument: &Arg) -> String {
    let takes_value = matches!(argument.get_action(), ArgAction::Set | ArgAction::Append);
    let names = argument.get_value_names().unwrap_or_default();
    let value = names
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(" ");
    let short = argument.get_short().map(|letter| format!("-{letter}"));
    let long = argument.get_long().map(|word| format!("--{word}"));
    let flags = [short, long]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(", ");
    match (flags.is_empty(), takes_value) {
        (true, _) => value,
        (false, true) => format!("{flags} {value}"),
        (false, false) => flags,
    }
}

fn meaning(argument: &Arg) -> String {
    let help = argument.get_long_help().or(argument.get_help());
    let mut words = help.map(|help| cell(&help.to_string())).unwrap_or_default();
    // Help texts have no period of their own, and more may follow here.
    if !words.is_empty() && !words.ends_with('.') {
        words.push('.');
    }
    let values = argument.get_possible_values();
    let flag = matches!(
        argument.get_action(),
        ArgAction::SetTrue | ArgAction::SetFalse | ArgAction::Count
    );
    if !values.is_empty() && !flag && !argument.is_hide_possible_values_set() {
        let names = values
            .iter()
            .map(|value| format!("`{}`", value.get_name()))
            .collect::<Vec<_>>();
        let _ = write!(words, " One of {}.", names.join(", "));
    }
    let defaults = argument.get_default_values();
    if !defaults.is_empty() && !flag && !argument.is_hide_default_value_set() {
        let shown = defaults
            .iter()
            .map(|value| format!("`{}`", value.to_string_lossy()))
            .collect::<Vec<_>>();
        let _ = write!(words, " Default: {}.", shown.join(", "));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program() -> Command {
        let config = Arg::new("config")
            .long("config")
            .short('c')
            .value_name("FILE")
            .default_value("a.toml")
            .help("The file");
        let name = Arg::new("name")
            .value_name("NAME")
            .required(true)
            .help("Who it is");
        let add = Command::new("add").about("Adds a user").arg(name);
        let secret = Command::new("secret").hide(true);
        let user = Command::new("user")
            .about("Users of the <store>")
            .subcommand(add)
            .subcommand(secret);
        Command::new("countersign")
            .about("Guards")
            .arg(config)
            .subcommand(user)
    }

    #[test]
    fn every_command_that_is_not_hidden_has_a_section() {
        let page = page(&program());
        for heading in [
            "## `countersign`\n",
            "## `countersign user`\n",
            "## `countersign user add`\n",
        ] {
            assert!(page.contains(heading), "{heading}{page}");
        }
        assert!(!page.contains("secret"));
        assert!(page.contains("Users of the \\<store\\>"));
    }

    #[test]
    fn arguments_are_spelt_with_their_values_and_defaults() {
        let page = page(&program());
        assert!(
            page.contains("| `-c, --config FILE` | The file. Default: `a.toml`. |"),
            "{page}"
        );
        assert!(page.contains("| `NAME` | Who it is. |"), "{page}");
        assert!(page.contains("countersign user add <NAME>"), "{page}");
    }
}

//! The reference of commands, written from the table of commands and flags.
//!
//! Knows: clap's table and Markdown. Does not know what commands do.

use clap::Command;

pub(crate) fn render(command: &Command) -> String {
    let mut page = String::from("# Commands\n");
    let mut root = command.clone();
    root.build();
    write(&mut page, &root, "countersign");
    page
}

fn write(page: &mut String, command: &Command, name: &str) {
    let mut command = command.clone().bin_name(name).term_width(100);
    page.push_str(&format!(
        "\n## `{name}`\n\n```text\n{}\n```\n",
        trimmed(&command.render_long_help().to_string())
    ));
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        write(page, sub, &format!("{name} {}", sub.get_name()));
    }
}

fn trimmed(help: &str) -> String {
    help.trim_end()
        .lines()
        .map(str::trim_end)
        .collect::<Vec<_>>()
        .join("\n")
}

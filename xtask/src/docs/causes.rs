//! One page a cause and an index of them, from the catalogue.

use std::fmt::Write as _;

use countersign_cause::{Cause, Entry, Stage};

use super::Pages;

const FOLDER: &str = "docs/reference/causes";

pub(super) const GENERATED: &str =
    "<!-- Written by `cargo xtask docs`: change the code instead. -->\n\n";

pub(super) fn pages() -> Pages {
    let page = |cause: &Cause| (format!("{FOLDER}/{}.md", cause.id()), page(cause.entry()));
    let mut pages: Pages = Cause::ALL.iter().map(page).collect();
    pages.insert(format!("{FOLDER}/README.md"), index());
    pages
}

fn index() -> String {
    let mut text = format!("{GENERATED}# Causes\n\n");
    text.push_str(
        "Every refusal has one of these causes, in the answer, the log and on its page. A status in the second column means that \
         Countersign itself refuses with it.\n",
    );
    for stage in Stage::ALL {
        let entries = Cause::ALL
            .iter()
            .map(|cause| cause.entry())
            .filter(|entry| entry.stage == *stage);
        let _ = write!(
            text,
            "\n## {}\n\n| cause | status | in short | fixed by |\n|---|---|---|---|\n",
            prose(stage.title())
        );
        for entry in entries {
            let status = entry
                .status
                .map(|status| status.to_string())
                .unwrap_or_default();
            let title = cell(entry.title);
            let _ = writeln!(
                text,
                "| [{0}]({0}.md) | {status} | {title} | {1} |",
                entry.id,
                entry.who.title()
            );
        }
    }
    text
}

fn page(entry: &Entry) -> String {
    let mut text = format!(
        "{GENERATED}# {}\n\n`{}`\n\n{}\n\n",
        prose(entry.title),
        entry.id,
        prose(entry.meaning)
    );
    let _ = write!(
        text,
        "## What to do\n\n{}\n\nFixed by {}.\n\n",
        prose(entry.fix),
        entry.who.title()
    );
    if !entry.checks.is_empty() {
        text.push_str("## How to see it\n\n");
        for check in entry.checks {
            let _ = write!(
                text,
                "```sh\n{}\n```\n\n{}\n\n",
                check.command,
                prose(check.shows)
            );
        }
    }
    text.push_str("## Where it shows\n\n| | |\n|---|---|\n");
    if let Some(status) = entry.status {
        let _ = writeln!(text, "| status | {status} |");
    }
    let _ = writeln!(text, "| stage | {} |", entry.stage.word());
    if entry.told_as.id() == entry.id {
        let _ = writeln!(text, "| the client is told | {} |", cell(entry.told));
    } else {
        let _ = writeln!(
            text,
            "| the client is told | the same as for [{0}]({0}.md) |",
            entry.told_as.id()
        );
    }
    let _ = writeln!(text, "| the log says | {} |", cell(entry.log));
    if let Some(source) = entry.source {
        let _ = writeln!(text, "| specified in | {} |", cell(source));
    }
    if !entry.see.is_empty() {
        let links: Vec<String> = entry
            .see
            .iter()
            .map(|cause| format!("[{0}]({0}.md)", cause.id()))
            .collect();
        let _ = write!(text, "\nOften confused with {}.\n", links.join(", "));
    }
    text
}

/// Words of the catalogue as Markdown: what is in backticks stays, the rest loses what Markdown would read.
fn prose(words: &str) -> String {
    let mut text = String::with_capacity(words.len());
    for (index, part) in words.split('`').enumerate() {
        if index > 0 {
            text.push('`');
        }
        if index % 2 == 1 {
            text.push_str(part);
            continue;
        }
        for letter in part.chars() {
            if matches!(letter, '<' | '>' | '*' | '_' | '[' | ']' | '\\' | '#') {
                text.push('\\');
            }
            text.push(letter);
        }
    }
    text
}

/// As `prose`, for a cell of a table, where a bar ends the cell in code too.
fn cell(words: &str) -> String {
    prose(words).replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_has_a_page_and_a_line_in_the_index() {
        let pages = pages();
        assert_eq!(pages.len(), Cause::ALL.len() + 1);
        let index = index();
        for cause in Cause::ALL {
            assert!(
                index.contains(&format!("({}.md)", cause.id())),
                "{}",
                cause.id()
            );
        }
    }

    #[test]
    fn code_keeps_its_letters_and_prose_does_not_become_markup() {
        assert_eq!(
            prose("an `a_b` is <not> a_b"),
            "an `a_b` is \\<not\\> a\\_b"
        );
        assert_eq!(cell("`a|b` or c|d"), "`a\\|b` or c\\|d");
    }

    #[test]
    fn a_cause_that_is_told_as_another_does_not_say_its_own_words() {
        let hidden = Cause::ALL
            .iter()
            .map(|cause| cause.entry())
            .find(|entry| entry.told_as.id() != entry.id);
        let entry = hidden.expect("some causes are told as others");
        assert!(page(entry).contains("the same as for"));
    }
}

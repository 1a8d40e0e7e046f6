//! The reference page of the configuration, written from the declarations that the parser reads by.
//!
//! Knows Markdown. Does not know values.

use crate::declared::{Default, Key, Kind, SECTIONS, Section, TESTS_SECTIONS};

/// The reference of every section and key, as Markdown.
#[must_use]
pub fn reference_markdown() -> String {
    let mut page = String::from(
        "# Configuration\n\nThe file is TOML, by default `countersign.toml` in the current folder. Relative paths in it are \
         relative to its own folder. Wherever a file is named, the store apart, `credential:NAME` names a credential of systemd; \
         where it holds a secret of one line (`secret_file`, `nonce_key_file`), `env:NAME` a variable of the environment. \
         `countersign init` writes one with comments, `countersign check` says everything that is \
         wrong with it at once.\n",
    );
    for section in SECTIONS {
        write_section(&mut page, section);
    }
    page
}

/// The reference of the files that `countersign policy test` reads, as Markdown.
#[must_use]
pub fn tests_reference_markdown() -> String {
    let mut page = String::from(
        "# Tests of rules\n\nThe file is TOML. `countersign policy test FILE` runs it against the rules of the configuration, \
         without a network. The guide: [testing rules](../guide/policy-tests.md).\n",
    );
    for section in TESTS_SECTIONS {
        write_section(&mut page, section);
    }
    page
}

fn write_section(page: &mut String, section: &Section) {
    page.push_str(&format!(
        "\n## {}\n\n{}\n\n",
        code_title(section.title),
        section.meaning
    ));
    page.push_str("| key | type | default | meaning |\n|---|---|---|---|\n");
    for key in section.keys {
        page.push_str(&format!(
            "| `{}` | {} | {} | {} |\n",
            key.name,
            kind(&key.kind),
            default(key),
            cell(key.meaning)
        ));
    }
}

fn code_title(title: &str) -> String {
    if title.starts_with('[') {
        format!("`{title}`")
    } else {
        title.to_owned()
    }
}

fn kind(kind: &Kind) -> String {
    match kind {
        Kind::Choice(choices) => choices
            .iter()
            .map(|choice| format!("`\"{choice}\"`"))
            .collect::<Vec<_>>()
            .join(" or "),
        Kind::Whole(min, max) if *max < u64::from(u32::MAX) => {
            format!("whole number, {min} to {max}")
        }
        Kind::Whole(min, _) => format!("whole number, from {min}"),
        Kind::TextOrWhole(min, max) => format!("a string, or a whole number, {min} to {max}"),
        Kind::Table(section) | Kind::Named(section) | Kind::Tables(section) => {
            format!("table: `{}`", section.title)
        }
        Kind::TextOrTable(section) => format!("a string or a table: `{}`", section.title),
        Kind::Text
        | Kind::Flag
        | Kind::Texts
        | Kind::TextOrTexts
        | Kind::TextsByName
        | Kind::ValuesByName => kind.words().to_owned(),
    }
}

fn default(key: &Key) -> String {
    match key.default {
        Default::Required => "required".to_owned(),
        Default::Value(value) => format!("`{value}`"),
        Default::Absent(words) => cell(words),
    }
}

fn cell(words: &str) -> String {
    words.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_and_key_is_on_the_page_with_its_default() {
        let (file, tests) = (reference_markdown(), tests_reference_markdown());
        let of_file = SECTIONS.iter().map(|section| (&file, section));
        let of_tests = TESTS_SECTIONS.iter().map(|section| (&tests, section));
        for (page, section) in of_file.chain(of_tests) {
            let title = format!("\n## {}\n", code_title(section.title));
            let (_, after) = page.split_once(&title).unwrap_or_default();
            let part = after.split("\n## ").next().unwrap_or_default();
            assert!(part.contains(section.meaning), "{}", section.title);
            for key in section.keys {
                let row = part
                    .lines()
                    .find(|line| line.starts_with(&format!("| `{}` |", key.name)));
                let row = row.unwrap_or_default();
                assert!(
                    row.ends_with(&format!("| {} | {} |", default(key), cell(key.meaning))),
                    "{}",
                    key.name
                );
                assert_eq!(row.replace("\\|", "").matches('|').count(), 5, "{row}");
            }
        }
    }

    #[test]
    fn every_section_that_a_key_leads_to_is_on_the_page() {
        let all = || SECTIONS.iter().chain(TESTS_SECTIONS);
        for key in all().flat_map(|section| section.keys) {
            match &key.kind {
                Kind::Table(inner)
                | Kind::TextOrTable(inner)
                | Kind::Named(inner)
                | Kind::Tables(inner) => {
                    assert!(
                        all().any(|section| section.title == inner.title),
                        "{}",
                        inner.title
                    );
                }
                Kind::Text
                | Kind::Choice(_)
                | Kind::Flag
                | Kind::Whole(..)
                | Kind::Texts
                | Kind::TextOrTexts
                | Kind::TextOrWhole(..)
                | Kind::TextsByName
                | Kind::ValuesByName => {}
            }
        }
    }
}

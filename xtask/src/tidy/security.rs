//! SECURITY.md names a test for each known attack; each of them exists.
//!
//! A row names its tests in the column that is headed `Test` or `Tests`, in backticks. Anything that starts with
//! `attack_` is taken for a test wherever it stands.

use super::{Problem, test_code};
use crate::workspace::Source;

const PAGE: &str = "SECURITY.md";

pub(super) fn check(sources: &[Source]) -> Vec<Problem> {
    let Some(page) = sources.iter().find(|source| source.path == PAGE) else {
        return vec![Problem::new(
            PAGE,
            1,
            "is missing: the threat model, with a row for each known attack",
        )];
    };
    let named = named_tests(&page.text);
    if named.is_empty() {
        return vec![Problem::new(PAGE, 1, "names no test")];
    }
    let unknown = named.iter().filter(|(_, name)| !exists(name, sources));
    unknown
        .map(|(line, name)| {
            Problem::new(
                PAGE,
                *line,
                format!("names the test `{name}`, which does not exist"),
            )
        })
        .collect()
}

/// Line number and name of every test that the page names.
fn named_tests(text: &str) -> Vec<(usize, String)> {
    let mut named = Vec::new();
    let mut column = None;
    for (index, line) in text.lines().enumerate() {
        let cells: Vec<&str> = line
            .trim()
            .trim_matches('|')
            .split('|')
            .map(str::trim)
            .collect();
        if !line.trim_start().starts_with('|') {
            column = None;
        } else if let Some(found) = cells.iter().position(|cell| is_heading(cell)) {
            column = Some(found);
            continue;
        }
        let in_column = column
            .and_then(|column| cells.get(column).copied())
            .unwrap_or("");
        let names = backticked(in_column).filter(|word| looks_like_test(word));
        let elsewhere = backticked(line).filter(|word| word.starts_with("attack_"));
        let mut names: Vec<String> = names.chain(elsewhere).map(str::to_owned).collect();
        names.sort();
        names.dedup();
        named.extend(names.into_iter().map(|name| (index + 1, name)));
    }
    named
}

fn is_heading(cell: &str) -> bool {
    ["test", "tests"].contains(&cell.to_ascii_lowercase().as_str())
}

fn backticked(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// A path of a file, or a name in snake case, perhaps with its module in front.
fn looks_like_test(word: &str) -> bool {
    !word.is_empty()
        && word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_:/.-".contains(c))
}

fn exists(name: &str, sources: &[Source]) -> bool {
    let (file, test) = match name.rsplit_once("::") {
        Some((file, test)) => (Some(file), test),
        None => (None, name),
    };
    let in_file = |path: &str| sources.iter().any(|source| source.path == path);
    match file {
        Some(file) if file.contains('/') => in_file(file) && test_code::has_test(sources, test),
        None if name.contains('/') => in_file(name),
        Some(_) | None => test_code::has_test(sources, test),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(page: &str) -> Vec<String> {
        let source = |path: &str, text: &str| Source {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        let sources = [
            source(PAGE, page),
            source(
                "countersign/tests/serve.rs",
                "fn attack_01_skip_rule() {}\n",
            ),
        ];
        check(&sources).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_page_whose_tests_exist_is_fine() {
        let page = "| attack | test |\n|---|---|\n| 1 | `attack_01_skip_rule` |\n| 2 | `countersign/tests/serve.rs` |\n";
        assert_eq!(problems(page), Vec::<String>::new());
    }

    #[test]
    fn a_test_that_does_not_exist_is_reported_at_its_row() {
        let page = "| attack | stopped by | tests |\n|---|---|---|\n| 1 | `Permit` | `a::attack_01_skip_rule`, `other_test` |\n";
        assert_eq!(
            problems(page),
            ["SECURITY.md:3: names the test `other_test`, which does not exist"]
        );
    }

    #[test]
    fn an_attack_is_taken_for_a_test_in_prose_too() {
        assert_eq!(problems("shown by `attack_99_unknown`\n").len(), 1);
    }

    #[test]
    fn a_file_that_does_not_exist_is_reported() {
        assert_eq!(
            problems("| test |\n|---|\n| `countersign/tests/other.rs` |\n").len(),
            1
        );
    }

    #[test]
    fn a_page_without_tests_and_no_page_are_reported() {
        assert_eq!(problems("# Security\n"), ["SECURITY.md:1: names no test"]);
        assert_eq!(check(&[]).len(), 1);
    }
}

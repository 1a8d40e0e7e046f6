//! The shape of files: how they open, how long they are, what they are called.

use super::Problem;
use crate::workspace::Source;

const LINES_MAX: usize = 600;

/// Files that may be longer, each with its reason.
const LONGER: &[(&str, &str)] = &[];

/// What may not grow past `LINES_MAX`. Prose, lock files and data may.
const CODE: &[&str] = &[".rs", ".lua", ".sh", ".py", ".js", ".mjs", ".css", ".html"];

const BASEMENT: &[&str] = &["utils", "util", "common", "helpers", "helper", "misc"];

pub(super) fn check(sources: &[Source]) -> Vec<Problem> {
    sources.iter().flat_map(check_one).collect()
}

fn check_one(source: &Source) -> Vec<Problem> {
    let mut problems = Vec::new();
    let path = source.path.as_str();
    if needs_opening(path) && !opens_with_words(&source.text) {
        problems.push(Problem::new(
            path,
            1,
            "opens without `//!` lines that say what it knows and what it does not",
        ));
    }
    let lines = source.text.lines().count();
    let longer = LONGER.iter().any(|(allowed, _reason)| *allowed == path);
    if CODE.iter().any(|ending| path.ends_with(ending)) && lines > LINES_MAX && !longer {
        problems.push(Problem::new(
            path,
            LINES_MAX + 1,
            format!("has {lines} lines, more than {LINES_MAX}: two files"),
        ));
    }
    if let Some(name) = basement(path) {
        problems.push(Problem::new(
            path,
            1,
            format!("`{name}` names no thing: put each part where it belongs"),
        ));
    }
    problems
}

/// Modules of crates, their tests apart.
fn needs_opening(path: &str) -> bool {
    let test = path.ends_with("/tests.rs") || path.contains("/tests/");
    path.ends_with(".rs") && !test
}

fn opens_with_words(text: &str) -> bool {
    let opening = text
        .lines()
        .find(|line| !line.trim().is_empty() && !line.starts_with("#!["));
    opening.is_some_and(|line| {
        line.strip_prefix("//!")
            .is_some_and(|words| !words.trim().is_empty())
    })
}

fn basement(path: &str) -> Option<&str> {
    path.split('/')
        .map(|part| part.split('.').next().unwrap_or(part))
        .find(|name| BASEMENT.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(path: &str, text: &str) -> usize {
        check(&[Source {
            path: path.to_owned(),
            text: text.to_owned(),
        }])
        .len()
    }

    #[test]
    fn a_module_opens_with_words() {
        assert_eq!(
            problems(
                "core/wire/src/basic.rs",
                "//! Knows Basic.\n\nuse std::fmt;\n"
            ),
            0
        );
        assert_eq!(
            problems("fuzz/targets/basic.rs", "#![no_main]\n//! Knows Basic.\n"),
            0
        );
        assert_eq!(
            problems(
                "core/wire/src/basic.rs",
                "use std::fmt;\n//! Knows Basic.\n"
            ),
            1
        );
        assert_eq!(problems("core/wire/src/basic.rs", "//!\n"), 1);
        assert_eq!(problems("core/wire/src/basic.rs", ""), 1);
    }

    #[test]
    fn a_test_file_needs_no_opening() {
        assert_eq!(
            problems("core/wire/src/basic/tests.rs", "use super::*;\n"),
            0
        );
        assert_eq!(problems("countersign/tests/serve.rs", "use std::fmt;\n"), 0);
    }

    #[test]
    fn a_file_past_the_limit_is_reported() {
        let text = |lines: usize| format!("//! Long.\n{}", "\n".repeat(lines - 1));
        assert_eq!(problems("core/wire/src/basic.rs", &text(LINES_MAX)), 0);
        assert_eq!(problems("core/wire/src/basic.rs", &text(LINES_MAX + 1)), 1);
        assert_eq!(problems("docs/long.md", &text(LINES_MAX + 1)), 0);
    }

    #[test]
    fn a_basement_is_reported_as_file_and_as_folder() {
        assert_eq!(problems("core/wire/src/utils.rs", "//! Anything.\n"), 1);
        assert_eq!(problems("shell/common/src/lib.rs", "//! Anything.\n"), 1);
        assert_eq!(
            problems("core/wire/src/commonality.rs", "//! Anything.\n"),
            0
        );
    }
}

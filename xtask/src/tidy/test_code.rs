//! Which lines of the checkout are test code, and which tests there are.

use crate::workspace::Source;

/// The lines of a source that are test code, without comments; empty where it has none.
pub(super) fn of(source: &Source) -> String {
    let code = if is_test_file(&source.path) {
        source.text.as_str()
    } else if source.path.ends_with(".rs") {
        test_module(&source.text)
    } else {
        ""
    };
    without_comments(code)
}

fn without_comments(code: &str) -> String {
    code.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| format!("{line}\n"))
        .collect()
}

/// The rest of a Rust source: what is not test code.
pub(super) fn shipped(source: &Source) -> String {
    if is_test_file(&source.path) || !source.path.ends_with(".rs") {
        return String::new();
    }
    let test_bytes = test_module(&source.text).len();
    let code = source
        .text
        .get(..source.text.len() - test_bytes)
        .unwrap_or_default();
    without_comments(code)
}

/// Whether `name` is a test: a Rust or Python function, or the title of a JavaScript test.
pub(super) fn has_test(sources: &[Source], name: &str) -> bool {
    let heads = [
        format!("fn {name}("),
        format!("def {name}("),
        format!("test('{name}'"),
        format!("test(\"{name}\""),
    ];
    sources.iter().any(|source| {
        let code = of(source);
        heads.iter().any(|head| code.contains(head.as_str()))
    })
}

fn is_test_file(path: &str) -> bool {
    path.starts_with("tests/") || path.contains("/tests/") || path.ends_with("/tests.rs")
}

/// From `#[cfg(test)] mod NAME {` to the end of the file, where test modules stand.
fn test_module(text: &str) -> &str {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("#[cfg(test)]") {
        let opening = after.trim_start().lines().next().unwrap_or("");
        if opening.starts_with("mod ") && opening.ends_with('{') {
            return after;
        }
        rest = after;
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: &str) -> Source {
        Source {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn the_test_module_of_a_file_is_test_code() {
        let text = "fn shipped() {}\n#[cfg(test)]\nfn lone() {}\n#[cfg(test)]\nmod tests {\n    fn tried() {}\n}\n";
        let code = of(&source("core/wire/src/basic.rs", text));
        assert!(code.contains("tried"));
        assert!(!code.contains("shipped"));
        assert!(shipped(&source("core/wire/src/basic.rs", text)).contains("shipped"));
        assert!(!shipped(&source("core/wire/src/basic.rs", text)).contains("tried"));
        assert!(!code.contains("lone"));
    }

    #[test]
    fn a_file_of_tests_is_test_code_but_for_comments() {
        let code = of(&source(
            "core/wire/src/basic/tests.rs",
            "// remark\nfn tried() {}\n",
        ));
        assert_eq!(code, "fn tried() {}\n");
        assert_eq!(of(&source("core/wire/src/basic.rs", "fn tried() {}\n")), "");
        assert_eq!(of(&source("docs/tests.md", "fn tried() {}\n")), "");
    }

    #[test]
    fn a_test_is_found_by_its_whole_name() {
        let sources = [
            source("countersign/tests/serve.rs", "fn attack_01_x() {}\n"),
            source("tests/a.py", "def test_b():\n"),
        ];
        assert!(has_test(&sources, "attack_01_x"));
        assert!(has_test(&sources, "test_b"));
        assert!(!has_test(&sources, "attack_01"));
    }
}

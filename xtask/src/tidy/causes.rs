//! Every cause that the gateway refuses with has a test that names it and a page that explains it.
//!
//! A test names a cause by its id (`"header-malformed"`), by the id in the name of a test
//! (`cause_header_malformed`) or by its variant (`Cause::HeaderMalformed`). The catalogue's own tests, which run over
//! all causes, do not count. The catalogue is larger than what is built: causes that nothing raises yet are listed here.

use super::{Problem, test_code};
use crate::workspace::Source;

/// Rooms that speak of all causes and raise none.
const SPEAK_OF_ALL: &[&str] = &[
    "core/cause/",
    "core/flow/src/respond",
    "shell/explain/",
    "xtask/",
    "fuzz/",
];

/// Causes of parts that are not there, each list with that part.
const NOT_RAISED: &[(&str, &[&str])] = &[
    (
        "the issuer",
        &[
            "client-authentication-failed",
            "client-authentication-method",
            "code-reused",
            "code-expired",
            "pkce-mismatch",
            "redirect-uri-mismatch",
            "refresh-token-reused",
            "refresh-token-expired",
            "grant-not-form-encoded",
            "resource-indicator-mismatch",
        ],
    ),
    ("locks: attempts are delayed instead", &["account-locked"]),
    ("revocations that an issuer tells", &["token-revoked"]),
];

/// The checkout, divided into what is shipped and what tries it.
struct Code {
    shipped: Vec<String>,
    tests: Vec<String>,
}

pub(super) fn check(ids: &[&str], sources: &[Source]) -> Vec<Problem> {
    let raises = |source: &&Source| {
        !SPEAK_OF_ALL
            .iter()
            .any(|room| source.path.starts_with(room))
    };
    let counts = |source: &&Source| {
        !source.path.starts_with("core/cause/") && !source.path.starts_with("xtask/")
    };
    let code = Code {
        shipped: sources
            .iter()
            .filter(raises)
            .map(test_code::shipped)
            .collect(),
        tests: sources.iter().filter(counts).map(test_code::of).collect(),
    };
    let mut problems = Vec::new();
    if ids.is_empty() {
        let what = "the catalogue has no cause that the gateway refuses with";
        problems.push(Problem::new("core/cause/src/lib.rs", 1, what));
    }
    for id in ids {
        let (path, line) = place_in_catalogue(id, sources);
        let page = format!("docs/reference/causes/{id}.md");
        if !sources.iter().any(|source| source.path == page) {
            problems.push(Problem::new(
                path,
                line,
                format!("the cause `{id}` has no page `{page}`"),
            ));
        }
        problems.extend(fault(id, &code).map(|what| Problem::new(path, line, what)));
    }
    problems
}

/// Whether the cause is raised and tried, or neither and listed as such.
fn fault(id: &str, code: &Code) -> Option<String> {
    let raised = code.shipped.iter().any(|code| names_variant(code, id));
    let tried = code.tests.iter().any(|code| names(code, id));
    let missing = NOT_RAISED
        .iter()
        .find(|(_, ids)| ids.contains(&id))
        .map(|(part, _)| part);
    match (raised, missing) {
        (true, None) if tried => None,
        (true, None) => Some(format!("no test names the cause `{id}`")),
        (true, Some(part)) => Some(format!(
            "the cause `{id}` is raised, and yet listed as one of a missing part: {part}"
        )),
        (false, None) => Some(format!("nothing raises the cause `{id}`")),
        (false, Some(_)) => None,
    }
}

/// `Cause::HeaderMalformed`, or the last word alone where a `use` brings it in.
fn names_variant(code: &str, id: &str) -> bool {
    let variant = camel_case(id);
    let part_of_word = |c: char| c.is_ascii_alphanumeric();
    let imported = code.contains("use Cause::") || code.contains("Cause::{");
    stands_alone(code, &format!("Cause::{variant}"), part_of_word)
        || imported && stands_alone(code, &variant, |c| part_of_word(c) || c == ':')
}

fn names(code: &str, id: &str) -> bool {
    let id_char = |c: char| c.is_ascii_alphanumeric() || c == '-';
    stands_alone(code, id, id_char)
        || stands_alone(code, &id.replace('-', "_"), |c| c.is_ascii_alphanumeric())
        || names_variant(code, id)
}

/// `word` in `text` with no character before or after it that would make it another word.
fn stands_alone(text: &str, word: &str, part_of_word: impl Fn(char) -> bool) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let after = text
            .get(at + word.len()..)
            .and_then(|text| text.chars().next());
        !before.is_some_and(&part_of_word) && !after.is_some_and(&part_of_word)
    })
}

fn camel_case(id: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters
            .next()
            .map(|first| first.to_ascii_uppercase())
            .into_iter()
            .chain(letters)
            .collect::<String>()
    };
    id.split('-').map(capital).collect()
}

fn place_in_catalogue<'s>(id: &str, sources: &'s [Source]) -> (&'s str, usize) {
    let quoted = format!("\"{id}\"");
    for source in sources
        .iter()
        .filter(|source| source.path.starts_with("core/cause/src/"))
    {
        if let Some(index) = source.text.lines().position(|line| line.contains(&quoted)) {
            return (&source.path, index + 1);
        }
    }
    ("core/cause/src/lib.rs", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "header-malformed";
    const PAGE: &str = "docs/reference/causes/header-malformed.md";
    const RAISED: &str = "fn f() -> Cause { Cause::HeaderMalformed }";

    fn problems_of(id: &str, shipped: &str, test: &str, page: &str) -> Vec<String> {
        let source = |path: &str, text: &str| Source {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        let sources = [
            source("core/wire/src/basic.rs", shipped),
            source("countersign/tests/serve.rs", test),
            source("core/cause/src/lib.rs", &format!("//! x\n\"{id}\"\n")),
            source("core/cause/src/tests.rs", &format!("\"{id}\"\n")),
            source(page, ""),
        ];
        check(&[id], &sources)
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn a_cause_with_test_and_page_is_fine() {
        for test in [
            "f(\"header-malformed\")",
            "fn cause_header_malformed() {}",
            "assert_eq!(c, Cause::HeaderMalformed);",
        ] {
            assert_eq!(
                problems_of(ID, RAISED, test, PAGE),
                Vec::<String>::new(),
                "{test}"
            );
        }
    }

    #[test]
    fn a_cause_without_test_or_page_is_reported_where_it_is_defined() {
        let expected = [
            "core/cause/src/lib.rs:2: the cause `header-malformed` has no page `docs/reference/causes/header-malformed.md`",
            "core/cause/src/lib.rs:2: no test names the cause `header-malformed`",
        ];
        assert_eq!(
            problems_of(ID, RAISED, "// header-malformed", "docs/x.md"),
            expected
        );
    }

    #[test]
    fn a_longer_name_is_another_name() {
        for test in [
            "\"header-malformed-too\"",
            "Cause::HeaderMalformedToo",
            "\"the-header-malformed\"",
        ] {
            assert_eq!(problems_of(ID, RAISED, test, PAGE).len(), 1, "{test}");
        }
    }

    #[test]
    fn a_variant_may_be_brought_in_by_its_name() {
        let shipped = "use Cause::{HeaderMalformed, Other};\nfn f() -> Cause { HeaderMalformed }";
        assert_eq!(
            problems_of(ID, shipped, "Cause::HeaderMalformed", PAGE),
            Vec::<String>::new()
        );
        let another = "use Cause::{Other};\nfn f() -> Fault { Fault::HeaderMalformed }";
        assert_eq!(
            problems_of(ID, another, "Cause::HeaderMalformed", PAGE).len(),
            1
        );
    }

    #[test]
    fn a_cause_that_nothing_raises_is_reported() {
        let expected = ["core/cause/src/lib.rs:2: nothing raises the cause `header-malformed`"];
        assert_eq!(problems_of(ID, "", "\"header-malformed\"", PAGE), expected);
        let in_tests = "#[cfg(test)]\nmod tests {\n    Cause::HeaderMalformed\n}";
        assert_eq!(
            problems_of(ID, in_tests, "\"header-malformed\"", PAGE),
            expected
        );
    }

    #[test]
    fn the_list_of_missing_parts_must_be_true() {
        let page = "docs/reference/causes/code-reused.md";
        assert_eq!(
            problems_of("code-reused", "", "", page),
            Vec::<String>::new()
        );
        assert_eq!(
            problems_of(
                "code-reused",
                "Cause::CodeReused",
                "Cause::CodeReused",
                page
            )
            .len(),
            1
        );
    }

    #[test]
    fn an_empty_catalogue_is_reported() {
        assert_eq!(check(&[], &[]).len(), 1);
    }
}

//! Calls that only one room may make: what they hand out is not for the others.

use super::{Problem, test_code};
use crate::workspace::Source;

/// A way of writing the call, the rooms that may write it, and what the others would do with it.
const RESERVED: &[(&[&str], &[&str], &str)] = &[
    (
        &[".hearsay(", "Hearsay::of("],
        &["core/jose/src/hearsay.rs", "shell/explain/"],
        "what an unverified token says of itself is for a diagnosis, never for a decision",
    ),
    (
        &["Verified::attest("],
        &["core/flow/src/verify.rs", "core/flow/src/verify/"],
        "only the stage that verifies says that something is verified",
    ),
];

pub(super) fn check(sources: &[Source]) -> Vec<Problem> {
    sources.iter().flat_map(check_one).collect()
}

fn check_one(source: &Source) -> Vec<Problem> {
    let mut problems = Vec::new();
    // This list names the calls, and makes none.
    if source.path.starts_with("xtask/") {
        return problems;
    }
    let shipped = test_code::shipped(source);
    for (calls, rooms, why) in RESERVED {
        if rooms.iter().any(|room| source.path.starts_with(room)) {
            continue;
        }
        for call in calls.iter().filter(|call| shipped.contains(**call)) {
            let line = source
                .text
                .lines()
                .position(|line| line.contains(call) && !line.trim_start().starts_with("//"));
            let what = format!("calls `{call}..)`: {why}");
            let line = line.map_or(1, |index| index + 1);
            problems.push(Problem::new(&source.path, line, what));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(path: &str, text: &str) -> Vec<Problem> {
        check(&[Source {
            path: path.to_owned(),
            text: text.to_owned(),
        }])
    }

    #[test]
    fn a_reserved_call_is_reported_with_its_line() {
        for (path, call) in [
            ("core/flow/src/verify/bearer.rs", "jwt.hearsay()"),
            ("shell/gateway/src/line.rs", "Hearsay::of(text)"),
            ("core/flow/src/decide.rs", "Verified::attest(principal)"),
        ] {
            let found = problems(path, &format!("//! Opens.\nlet it = {call};\n"));
            assert_eq!(found.first().map(|problem| problem.line), Some(2), "{path}");
        }
    }

    #[test]
    fn its_own_room_makes_the_call() {
        for (path, call) in [
            ("shell/explain/src/ask/token.rs", "jwt.hearsay()"),
            ("core/jose/src/hearsay.rs", "Hearsay::of(text)"),
            ("core/flow/src/verify.rs", "Verified::attest(principal)"),
        ] {
            assert_eq!(problems(path, &format!("{call};\n")), []);
        }
    }

    #[test]
    fn tests_and_comments_do_not_count() {
        let path = "core/flow/src/decide.rs";
        assert_eq!(problems(path, "/// `Verified::attest(x)`\n"), []);
        let test = "#[cfg(test)]\nmod tests {\n    fn f() { t.hearsay(); }\n}\n";
        assert_eq!(problems(path, test), []);
    }
}

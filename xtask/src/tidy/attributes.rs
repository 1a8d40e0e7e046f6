//! A lint that is switched off says why.

use super::Problem;
use crate::workspace::Source;

const SWITCHES: &[&str] = &["#[allow(", "#![allow(", "#[expect(", "#![expect("];

pub(super) fn check(sources: &[Source]) -> Vec<Problem> {
    sources
        .iter()
        .filter(|source| source.path.ends_with(".rs"))
        .flat_map(check_one)
        .collect()
}

fn check_one(source: &Source) -> Vec<Problem> {
    let lines: Vec<&str> = source.text.lines().collect();
    let mut problems = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let Some(switch) = SWITCHES
            .iter()
            .find(|switch| line.trim_start().starts_with(**switch))
        else {
            continue;
        };
        if !gives_reason(lines.get(index..).unwrap_or_default()) {
            problems.push(Problem::new(
                &source.path,
                index + 1,
                format!("`{switch}…)]` gives no `reason`"),
            ));
        }
    }
    problems
}

/// Whether the attribute that starts on the first line holds a reason that is not empty.
fn gives_reason(lines: &[&str]) -> bool {
    for line in lines {
        if let Some((_, reason)) = line.split_once("reason = \"") {
            return !reason.starts_with('"');
        }
        if line.trim_end().ends_with(")]") {
            return false;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> usize {
        check(&[Source {
            path: "core/wire/src/basic.rs".to_owned(),
            text: text.to_owned(),
        }])
        .len()
    }

    #[test]
    fn a_switch_without_a_reason_is_reported() {
        for switch in SWITCHES {
            assert_eq!(
                problems(&format!("{switch}dead_code)]\nfn f() {{}}\n")),
                1,
                "{switch}"
            );
            assert_eq!(
                problems(&format!("    {switch}\n        dead_code,\n    )]\n")),
                1,
                "{switch}"
            );
            assert_eq!(
                problems(&format!("{switch}dead_code, reason = \"\")]\n")),
                1,
                "{switch}"
            );
        }
    }

    #[test]
    fn a_switch_with_a_reason_is_fine() {
        for switch in SWITCHES {
            assert_eq!(
                problems(&format!(
                    "{switch}dead_code, reason = \"used by the macro\")]\n"
                )),
                0,
                "{switch}"
            );
            assert_eq!(
                problems(&format!(
                    "{switch}\n    dead_code,\n    reason = \"used\"\n)]\n"
                )),
                0,
                "{switch}"
            );
        }
    }

    #[test]
    fn a_reason_of_a_later_attribute_does_not_count() {
        let text = format!(
            "{}dead_code)]\n{}x, reason = \"y\")]\n",
            SWITCHES[0], SWITCHES[0]
        );
        assert_eq!(problems(&text), 1);
    }
}

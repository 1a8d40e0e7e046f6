//! Words that no file of the checkout may hold: notes left behind, paths of one machine, hosts of registries.

use super::Problem;
use crate::workspace::Source;

/// Notes and stubs left behind. Written in two halves, so that this list is not its own first finding.
const LEFTOVERS: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("todo", "!"),
    concat!("unimplemented", "!"),
];

/// Folders of the machine that somebody happened to work on.
const MACHINE_PATHS: &[&str] = &[
    concat!("/wo", "rk"),
    concat!("/t", "mp"),
    concat!("/ro", "ot"),
];

/// Registries are reached through their ordinary clients, as the machine is set up.
const REGISTRY_HOSTS: &[&str] = &[
    concat!("index.", "crates.io"),
    concat!("static.", "crates.io"),
    concat!("registry.", "npmjs.org"),
    concat!("registry.", "yarnpkg.com"),
    concat!("pypi.", "org"),
    concat!("files.", "pythonhosted.org"),
    concat!("deb.", "debian.org"),
    concat!("proxy.", "golang.org"),
];

/// Written by tools or by chance, not by a person.
fn is_exempt(path: &str) -> bool {
    path.ends_with("Cargo.lock") || path.starts_with("fuzz/corpus/") || path.starts_with("LICENSE")
}

pub(super) fn check(sources: &[Source]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for source in sources.iter().filter(|source| !is_exempt(&source.path)) {
        for (index, line) in source.text.lines().enumerate() {
            let mut report =
                |what: String| problems.push(Problem::new(&source.path, index + 1, what));
            for word in LEFTOVERS.iter().filter(|word| holds_word(line, word)) {
                report(format!(
                    "`{word}` is left behind: do it, or file it where work is kept"
                ));
            }
            for path in MACHINE_PATHS.iter().filter(|path| holds_path(line, path)) {
                report(format!("`{path}` is a path of one machine"));
            }
            for host in REGISTRY_HOSTS.iter().filter(|host| line.contains(**host)) {
                report(format!(
                    "`{host}` is the host of a registry: use its ordinary client"
                ));
            }
        }
    }
    problems
}

/// `word` with no letter, digit or underscore on either side.
fn holds_word(line: &str, word: &str) -> bool {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line
            .get(at + word.len()..)
            .and_then(|text| text.chars().next());
        !before.is_some_and(part_of_word)
            && (word.ends_with('!') || !after.is_some_and(part_of_word))
    })
}

/// `path` at the start of a path: not in the middle of a longer one, and not the start of a longer name.
fn holds_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line
            .get(at + path.len()..)
            .and_then(|text| text.chars().next());
        let inside = before.is_some_and(|c| c.is_alphanumeric() || "._-}*/)".contains(c));
        let longer = after.is_some_and(|c| c.is_alphanumeric() || "_-.".contains(c));
        !inside && !longer
    })
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
    fn each_leftover_is_reported() {
        for word in LEFTOVERS {
            assert_eq!(
                problems("core/wire/src/basic.rs", &format!("    // {word} later\n")),
                1,
                "{word}"
            );
        }
        assert_eq!(
            problems(
                "core/wire/src/basic.rs",
                &format!("    {}()\n", LEFTOVERS[3])
            ),
            1
        );
    }

    #[test]
    fn a_longer_word_is_no_leftover() {
        assert_eq!(
            problems(
                "README.md",
                &format!("{}X and {}S\n", LEFTOVERS[2], LEFTOVERS[0])
            ),
            0
        );
    }

    #[test]
    fn each_machine_path_is_reported() {
        for path in MACHINE_PATHS {
            assert_eq!(
                problems("README.md", &format!("see {path}/main\n")),
                1,
                "{path}"
            );
            assert_eq!(
                problems("README.md", &format!("in `{path}`\n")),
                1,
                "{path}"
            );
            assert_eq!(
                problems("README.md", &format!("https://example.com{path}/\n")),
                0,
                "{path}"
            );
            assert_eq!(problems("README.md", &format!("{path}s\n")), 0, "{path}");
        }
    }

    #[test]
    fn each_registry_host_is_reported_with_its_line() {
        for host in REGISTRY_HOSTS {
            let sources = [Source {
                path: "test".to_owned(),
                text: format!("\ncurl https://{host}/x\n"),
            }];
            assert_eq!(
                check(&sources).first().map(|problem| problem.line),
                Some(2),
                "{host}"
            );
        }
    }

    #[test]
    fn a_lock_file_may_name_its_source() {
        assert_eq!(
            problems("Cargo.lock", &format!("https://{}\n", REGISTRY_HOSTS[0])),
            0
        );
        assert_eq!(
            problems(
                "tests/package-lock.json",
                &format!("https://{}\n", REGISTRY_HOSTS[2])
            ),
            1
        );
    }
}

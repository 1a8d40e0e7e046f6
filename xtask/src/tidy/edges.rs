//! Which crate may depend on which, and what the core may not pull in at all.

use super::Problem;
use crate::workspace::{Member, Source};

/// A crate depends only on crates before it. The first `CORE` of them have no I/O.
const ORDER: &[&str] = &[
    "countersign-cause",
    "countersign-secret",
    "countersign-wire",
    "countersign-jose",
    "countersign-passkey",
    "countersign-policy",
    "countersign-flow",
    "countersign-config",
    "countersign-store",
    "countersign-gateway",
    "countersign-explain",
    "countersign",
    "xtask",
];

const CORE: usize = 7;

/// Crates that bring a runtime, a socket, a clock, a database or a protocol stack.
const NOT_IN_CORE: &[&str] = &[
    "async-std",
    "chrono",
    "h2",
    "hyper",
    "hyper-util",
    "jiff",
    "libsqlite3-sys",
    "mio",
    "rand",
    "reqwest",
    "rusqlite",
    "rustls",
    "signal-hook",
    "smol",
    "socket2",
    "tempfile",
    "time",
    "tokio",
    "tokio-rustls",
];

fn place(name: &str) -> Option<usize> {
    ORDER.iter().position(|known| *known == name)
}

pub(super) fn is_core(member: &Member) -> bool {
    place(&member.name).is_some_and(|place| place < CORE)
}

/// Every edge between members goes to an earlier crate, and every member has a place.
pub(super) fn check_order(members: &[Member], sources: &[Source]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for member in members {
        let Some(own) = place(&member.name) else {
            let what = format!(
                "the crate `{}` has no place in the order of crates",
                member.name
            );
            problems.push(Problem::new(&member.manifest, 1, what));
            continue;
        };
        for dependency in &member.dependencies {
            if place(dependency).is_some_and(|other| other >= own) {
                let line = line_of_dependency(&member.manifest, dependency, sources);
                let what = format!(
                    "`{}` must not depend on `{dependency}`, which comes after it",
                    member.name
                );
                problems.push(Problem::new(&member.manifest, line, what));
            }
        }
    }
    problems
}

/// Nothing of `NOT_IN_CORE` is in the tree of a core crate.
pub(super) fn check_tree(member: &Member, tree: &[String]) -> Vec<Problem> {
    let unwanted = NOT_IN_CORE
        .iter()
        .filter(|name| tree.iter().any(|found| found == **name));
    let what = |name: &&str| {
        format!(
            "`{}` has no I/O, and yet its dependencies pull in `{name}`",
            member.name
        )
    };
    unwanted
        .map(|name| Problem::new(&member.manifest, 1, what(name)))
        .collect()
}

fn line_of_dependency(manifest: &str, dependency: &str, sources: &[Source]) -> usize {
    let text = sources
        .iter()
        .find(|source| source.path == manifest)
        .map_or("", |source| &source.text);
    let names_it = |line: &str| {
        line.split(['=', '.'])
            .next()
            .is_some_and(|name| name.trim() == dependency)
    };
    text.lines().position(names_it).map_or(1, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str, dependencies: &[&str]) -> Member {
        let dependencies = dependencies.iter().map(|name| (*name).to_owned()).collect();
        Member {
            name: name.to_owned(),
            manifest: format!("{name}/Cargo.toml"),
            dependencies,
        }
    }

    #[test]
    fn an_edge_to_an_earlier_crate_is_fine() {
        let members = [
            member("countersign-flow", &["countersign-policy", "serde"]),
            member("countersign-cause", &[]),
        ];
        assert_eq!(check_order(&members, &[]), []);
    }

    #[test]
    fn an_edge_to_a_later_crate_is_reported_at_its_line() {
        let members = [member("countersign-wire", &["countersign-policy"])];
        let text =
            "[dependencies]\nserde = \"1\"\ncountersign-policy = { workspace = true }\n".to_owned();
        let sources = [Source {
            path: "countersign-wire/Cargo.toml".to_owned(),
            text,
        }];
        let what =
            "`countersign-wire` must not depend on `countersign-policy`, which comes after it";
        assert_eq!(
            check_order(&members, &sources),
            [Problem::new("countersign-wire/Cargo.toml", 3, what)]
        );
    }

    #[test]
    fn an_edge_to_itself_is_reported() {
        assert_eq!(
            check_order(&[member("countersign-wire", &["countersign-wire"])], &[]).len(),
            1
        );
    }

    #[test]
    fn a_crate_without_a_place_is_reported() {
        assert_eq!(
            check_order(&[member("countersign-novelty", &[])], &[]).len(),
            1
        );
    }

    #[test]
    fn a_runtime_in_the_core_is_reported() {
        let tree = [
            "countersign-wire".to_owned(),
            "http".to_owned(),
            "tokio".to_owned(),
            "mio".to_owned(),
        ];
        let core = member("countersign-wire", &[]);
        assert_eq!(check_tree(&core, &tree).len(), 2);
        assert_eq!(check_tree(&core, tree.get(..2).unwrap_or_default()), []);
    }

    #[test]
    fn only_the_first_six_are_core() {
        assert!(is_core(&member("countersign-flow", &[])));
        assert!(!is_core(&member("countersign-config", &[])));
        assert!(!is_core(&member("serde", &[])));
    }
}

//! Writes the generated reference under docs/reference, or checks that it is what the code says.

mod causes;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::failure::{Doing, Failure, Outcome};
use crate::workspace::Workspace;

/// Pages by their path from the root of the workspace.
type Pages = BTreeMap<String, String>;

/// Folders that hold generated pages and nothing else: what is there and not generated is stale.
const WHOLLY_GENERATED: &[&str] = &["docs/reference/causes"];

pub(crate) fn run(workspace: &Workspace, check: bool) -> Outcome<()> {
    let pages = pages();
    let on_disk = read(workspace.root(), &pages)?;
    let stale = differences(&pages, &on_disk);
    if check {
        return judge(&stale, pages.len());
    }
    for path in &stale {
        let place = workspace.root().join(path);
        match pages.get(path) {
            Some(text) => write(&place, text)?,
            None => fs::remove_file(&place).doing(place.display())?,
        }
        println!("{path}");
    }
    println!("docs: {} pages, {} changed", pages.len(), stale.len());
    Ok(())
}

fn pages() -> Pages {
    let mut pages = causes::pages();
    for (name, text) in [
        ("configuration", countersign_config::reference_markdown()),
        (
            "policy-tests",
            countersign_config::tests_reference_markdown(),
        ),
        ("commands", countersign::help_markdown()),
    ] {
        let text = format!("{}{text}", causes::GENERATED);
        pages.insert(format!("docs/reference/{name}.md"), text);
    }
    // JSON has no place for the line that says where a page comes from.
    pages.insert(
        "docs/reference/countersign.schema.json".to_owned(),
        countersign_config::schema_json(),
    );
    pages
}

/// What is on the disk where pages are generated.
fn read(root: &Path, pages: &Pages) -> Outcome<Pages> {
    let mut on_disk = Pages::new();
    let mut paths: Vec<String> = pages.keys().cloned().collect();
    for folder in WHOLLY_GENERATED {
        let Ok(entries) = fs::read_dir(root.join(folder)) else {
            continue;
        };
        for entry in entries {
            paths.push(format!(
                "{folder}/{}",
                entry.doing(folder)?.file_name().to_string_lossy()
            ));
        }
    }
    for path in paths {
        if let Ok(text) = fs::read_to_string(root.join(&path)) {
            on_disk.insert(path, text);
        }
    }
    Ok(on_disk)
}

/// Paths of pages that are missing, different, or no longer generated.
fn differences(pages: &Pages, on_disk: &Pages) -> Vec<String> {
    let changed = pages
        .iter()
        .filter(|(path, text)| on_disk.get(*path) != Some(text))
        .map(|(path, _)| path);
    let left_over = on_disk.keys().filter(|path| !pages.contains_key(*path));
    changed.chain(left_over).cloned().collect()
}

fn judge(stale: &[String], count: usize) -> Outcome<()> {
    if stale.is_empty() {
        println!("docs: {count} pages, none stale");
        return Ok(());
    }
    for path in stale {
        println!("{path}: is not what the code says");
    }
    Err(Failure::new(
        "the generated reference is stale; help: run `cargo xtask docs`",
    ))
}

fn write(place: &Path, text: &str) -> Outcome<()> {
    if let Some(folder) = place.parent() {
        fs::create_dir_all(folder).doing(folder.display())?;
    }
    fs::write(place, text).doing(place.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(entries: &[(&str, &str)]) -> Pages {
        entries
            .iter()
            .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
            .collect()
    }

    #[test]
    fn what_is_missing_different_or_left_over_is_stale() {
        let pages = of(&[("a.md", "1"), ("b.md", "2"), ("c.md", "3")]);
        let on_disk = of(&[("a.md", "1"), ("b.md", "old"), ("d.md", "4")]);
        assert_eq!(differences(&pages, &on_disk), ["b.md", "c.md", "d.md"]);
        assert_eq!(differences(&pages, &pages), Vec::<String>::new());
    }

    #[test]
    fn a_stale_page_fails_the_check() {
        assert!(judge(&["a.md".to_owned()], 1).is_err());
        assert!(judge(&[], 1).is_ok());
    }

    #[test]
    fn there_are_pages() {
        assert!(pages().len() > 1);
    }
}

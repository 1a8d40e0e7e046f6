//! Writes what packages ship beside the binary: manual pages, completions for shells, and the configuration to begin with.
//!
//! Knows: the table of commands. Does not know a package format: `[package.metadata.deb]` of `countersign` is one.

use std::fs;
use std::path::Path;

use clap::ValueEnum as _;
use clap_complete::Shell;

use crate::failure::{Doing, Outcome};
use crate::workspace::Workspace;

/// Where it is written, below the root of the workspace.
const FOLDER: &str = "target/package-files";
/// Where a package keeps the store.
const STORE: &str = "/var/lib/countersign/countersign.db";

pub(crate) fn run(workspace: &Workspace) -> Outcome<()> {
    let folder = workspace.root().join(FOLDER);
    write(&folder)?;
    println!("package: {}", folder.display());
    Ok(())
}

fn write(folder: &Path) -> Outcome<()> {
    let (manual, completions) = (folder.join("man"), folder.join("completions"));
    for folder in [&manual, &completions] {
        fs::create_dir_all(folder).doing(folder.display())?;
    }
    // Once built, every page knows the options that all commands share.
    let mut command = countersign::command().disable_help_subcommand(true);
    command.build();
    clap_mangen::generate_to(command, &manual).doing(manual.display())?;
    for shell in Shell::value_variants() {
        let mut command = countersign::command();
        clap_complete::generate_to(*shell, &mut command, "countersign", &completions)
            .doing(completions.display())?;
    }
    let place = folder.join("countersign.toml");
    fs::write(&place, configuration()?).doing(place.display())
}

/// The file that `init` writes, with the store where a service may write.
fn configuration() -> Outcome<String> {
    let text = countersign_config::default_file();
    let placed = text.replacen(
        "path = \"countersign.db\"",
        &format!("path = \"{STORE}\""),
        1,
    );
    (placed != text)
        .then_some(placed)
        .doing("the default configuration names no store")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn every_command_has_a_page_and_every_shell_its_completions() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path()).unwrap();
        let page = |name: &str| fs::read_to_string(folder.path().join("man").join(name));
        let main = page("countersign.1").unwrap();
        assert!(main.contains(".TH countersign 1"), "{main}");
        let create = page("countersign-key-create.1").unwrap();
        assert!(create.contains("\\-\\-expires"), "{create}");
        // What is hidden has no page.
        assert!(page("countersign-help-markdown.1").is_err());
        for name in ["countersign.bash", "_countersign", "countersign.fish"] {
            let place = folder.path().join("completions").join(name);
            assert!(fs::read_to_string(place).unwrap().contains("second-factor"));
        }
    }

    #[test]
    fn the_configuration_of_a_package_keeps_the_store_where_a_service_may_write() {
        assert!(configuration().unwrap().contains(STORE));
    }
}

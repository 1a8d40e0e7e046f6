//! The checkout: where it is, which files belong to it, which crates it is made of.
//!
//! Asks git and cargo by process; knows no rule about what it finds.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::failure::{Doing, Failure, Outcome};

/// The root folder of the workspace.
pub(crate) struct Workspace {
    root: PathBuf,
}

/// A text file of the checkout. The path is relative to the root, with forward slashes.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// A member of the workspace with the names that its manifest depends on.
pub(crate) struct Member {
    pub(crate) name: String,
    /// Path of the manifest, relative to the root.
    pub(crate) manifest: String,
    /// Names of all dependencies, of every kind.
    pub(crate) dependencies: Vec<String>,
}

impl Workspace {
    /// The workspace that this program was built from, or else the one around the current folder.
    pub(crate) fn find() -> Outcome<Self> {
        let manifest = cargo(
            Path::new("."),
            &["locate-project", "--workspace", "--message-format", "plain"],
        )?;
        let root = Path::new(manifest.trim())
            .parent()
            .doing("the workspace has no folder")?;
        Ok(Self {
            root: root.to_path_buf(),
        })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where cargo puts what it builds; honours `CARGO_TARGET_DIR`.
    pub(crate) fn target(&self) -> Outcome<PathBuf> {
        let metadata = self.metadata()?;
        let folder = metadata.get("target_directory").and_then(Value::as_str);
        Ok(PathBuf::from(
            folder.doing("cargo metadata names no target folder")?,
        ))
    }

    /// Every text file that is tracked, or would be if everything were added.
    pub(crate) fn sources(&self) -> Outcome<Vec<Source>> {
        let listing = output(Command::new("git").current_dir(&self.root).args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ]))?;
        let mut sources = Vec::new();
        for path in listing.split('\0').filter(|path| !path.is_empty()) {
            // Deleted but still in the index: not a file of this checkout any more.
            let Ok(bytes) = std::fs::read(self.root.join(path)) else {
                continue;
            };
            if let Ok(text) = String::from_utf8(bytes) {
                sources.push(Source {
                    path: path.to_owned(),
                    text,
                });
            }
        }
        if sources.is_empty() {
            return Err(Failure::new("git lists no file of the workspace"));
        }
        Ok(sources)
    }

    /// The members, as `cargo metadata --no-deps` tells them.
    pub(crate) fn members(&self) -> Outcome<Vec<Member>> {
        let metadata = self.metadata()?;
        let packages = metadata
            .get("packages")
            .and_then(Value::as_array)
            .doing("cargo metadata lists no package")?;
        packages
            .iter()
            .map(|package| self.member(package))
            .collect()
    }

    /// Names of all crates that `member` pulls in for its own build, tests apart.
    pub(crate) fn tree(&self, member: &str) -> Outcome<Vec<String>> {
        let listing = cargo(
            &self.root,
            &[
                "tree", "-p", member, "-e", "normal", "--prefix", "none", "--format", "{p}",
            ],
        )?;
        Ok(listing
            .lines()
            .filter_map(|line| line.split(' ').next())
            .map(str::to_owned)
            .collect())
    }

    fn metadata(&self) -> Outcome<Value> {
        let text = cargo(
            &self.root,
            &["metadata", "--no-deps", "--format-version", "1"],
        )?;
        serde_json::from_str(&text).doing("cargo metadata is not JSON")
    }

    fn member(&self, package: &Value) -> Outcome<Member> {
        let text = |field: &str| {
            package
                .get(field)
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        let name = text("name").doing("a package has no name")?;
        let manifest = PathBuf::from(text("manifest_path").doing("a package has no manifest")?);
        let manifest = manifest
            .strip_prefix(&self.root)
            .doing("a member lies outside the workspace")?;
        let dependencies = package
            .get("dependencies")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let dependencies =
            dependencies.filter_map(|dependency| dependency.get("name").and_then(Value::as_str));
        Ok(Member {
            name,
            manifest: manifest.to_string_lossy().into_owned(),
            dependencies: dependencies.map(str::to_owned).collect(),
        })
    }
}

fn cargo(folder: &Path, arguments: &[&str]) -> Outcome<String> {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    output(Command::new(program).current_dir(folder).args(arguments))
}

/// What a command prints; its failure carries what it said on standard error.
pub(crate) fn output(command: &mut Command) -> Outcome<String> {
    let shown = format!("{command:?}");
    let output = command.output().doing(&shown)?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::new(format!(
            "{shown}: {}: {}",
            output.status,
            said.trim()
        )));
    }
    String::from_utf8(output.stdout).doing(&shown)
}

//! The program as it is shipped: profile `dist`, laid out by what it was seen to do under load.
//!
//! Knows: the three builds and the tool between them. Does not know what the load is: that is the bench's. Where the tool that
//! merges what was counted is missing, the program is built all the same, and it is said that it is not trained.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bench;
use crate::failure::{Doing, Failure, Outcome};
use crate::workspace::{Workspace, output};

/// The folder below the target folder for the program that counts and for its counts.
const TRAINING: &str = "training";

/// A program that was built, and how.
pub(crate) struct Built {
    pub(crate) program: PathBuf,
    /// Why it was not trained, where it was not.
    pub(crate) untrained: Option<String>,
}

pub(crate) fn run(workspace: &Workspace) -> Outcome<()> {
    let built = build(workspace)?;
    if let Some(reason) = &built.untrained {
        eprintln!("warning: the program is not trained, and about a third dearer: {reason}");
    }
    println!("{}", built.program.display());
    Ok(())
}

/// Builds the program, trained if that is possible here.
pub(crate) fn build(workspace: &Workspace) -> Outcome<Built> {
    let compiler = Compiler::ask()?;
    let (flags, untrained) = match compiler.merger() {
        Ok(merger) => (Some(train(workspace, &compiler, &merger)?), None),
        Err(reason) => (None, Some(reason)),
    };
    let target = workspace.target()?;
    let program = compile(workspace, &compiler, &target, flags)?;
    // The same place whatever the host is called.
    let place = target.join("dist/countersign");
    if let Some(folder) = place.parent() {
        fs::create_dir_all(folder).doing(folder.display())?;
    }
    fs::copy(&program, &place).doing(place.display())?;
    Ok(Built {
        program: place,
        untrained,
    })
}

/// Builds a program that counts, lets the load of the bench run through it, and says where the counts are.
fn train(workspace: &Workspace, compiler: &Compiler, merger: &Path) -> Outcome<OsString> {
    let folder = workspace.target()?.join(TRAINING);
    let counts = folder.join("counts");
    // Those of another state of the code would be counted in.
    if counts.exists() {
        fs::remove_dir_all(&counts).doing(counts.display())?;
    }
    let program = compile(
        workspace,
        compiler,
        &folder,
        Some(flag("generate", &counts)),
    )?;
    bench::train(workspace, &program)?;
    let counted: Vec<PathBuf> = fs::read_dir(&counts)
        .doing(counts.display())?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    let merged = folder.join("countersign.profdata");
    let mut merge = Command::new(merger);
    merge
        .arg("merge")
        .arg("--output")
        .arg(&merged)
        .args(counted);
    output(&mut merge)?;
    Ok(flag("use", &merged))
}

fn flag(what: &str, place: &Path) -> OsString {
    let mut flag = OsString::from(format!("-Cprofile-{what}="));
    flag.push(place);
    flag
}

/// One build. The target is named, so that the flag does not reach what is run to build.
fn compile(
    workspace: &Workspace,
    compiler: &Compiler,
    target: &Path,
    flag: Option<OsString>,
) -> Outcome<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .current_dir(workspace.root())
        .args(["build", "--quiet", "--locked", "--package", "countersign"])
        .args(["--profile", "dist", "--target", &compiler.host])
        .arg("--target-dir")
        .arg(target);
    if let Some(flag) = flag {
        command.env("CARGO_ENCODED_RUSTFLAGS", with_own(flag));
    }
    let status = command.status().doing("cargo build")?;
    if !status.success() {
        return Err(Failure::new("the program does not build"));
    }
    Ok(target.join(&compiler.host).join("dist/countersign"))
}

/// The flags that whoever builds has set stay in force.
fn with_own(flag: OsString) -> OsString {
    let own = std::env::var("RUSTFLAGS").unwrap_or_default();
    let mut flags: OsString = own
        .split_whitespace()
        .fold(OsString::new(), |mut all, one| {
            all.push(one);
            all.push("\u{1f}");
            all
        });
    flags.push(flag);
    flags
}

/// What the compiler says of itself.
#[derive(Debug, PartialEq, Eq)]
struct Compiler {
    host: String,
    /// The major version of the LLVM that it was made with.
    llvm: u32,
}

impl Compiler {
    fn ask() -> Outcome<Self> {
        let said = output(Command::new("rustc").arg("--version").arg("--verbose"))?;
        Self::read(&said).doing("`rustc --version --verbose` names no host or no LLVM")
    }

    fn read(said: &str) -> Option<Self> {
        let value = |name: &str| {
            let lines = said.lines().filter_map(|line| line.split_once(": "));
            lines
                .filter(|(of, _)| *of == name)
                .map(|(_, value)| value.trim())
                .next()
        };
        Some(Self {
            host: value("host")?.to_owned(),
            llvm: major(value("LLVM version")?)?,
        })
    }

    /// The tool that reads what programs of this compiler have counted; or why there is none.
    fn merger(&self) -> Result<PathBuf, String> {
        let wanted = self.llvm;
        let mut found: Vec<PathBuf> = std::env::var_os("LLVM_PROFDATA")
            .map(PathBuf::from)
            .into_iter()
            .collect();
        if let Ok(sysroot) = output(Command::new("rustc").args(["--print", "sysroot"])) {
            let tools = Path::new(sysroot.trim())
                .join("lib/rustlib")
                .join(&self.host);
            found.push(tools.join("bin/llvm-profdata"));
        }
        found.push(format!("llvm-profdata-{wanted}").into());
        found.push("llvm-profdata".into());
        let fits = |tool: &PathBuf| {
            let said = output(Command::new(tool).arg("--version"));
            said.ok().and_then(|said| version(&said)) >= Some(wanted)
        };
        found.into_iter().find(fits).ok_or_else(|| {
            format!(
                "there is no llvm-profdata of LLVM {wanted} or later (`rustup component add llvm-tools`, or Debian's \
                 llvm-{wanted}; LLVM_PROFDATA may name it)"
            )
        })
    }
}

/// `LLVM version 22.1.8`, with the distributor's name before it or not.
fn version(said: &str) -> Option<u32> {
    let (_, version) = said.split_once("LLVM version ")?;
    major(version)
}

fn major(version: &str) -> Option<u32> {
    version.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compiler_names_its_host_and_its_llvm() {
        let said = "rustc 1.95.0 (59807616e 2026-04-14)\nbinary: rustc\nhost: x86_64-unknown-linux-gnu\n\
                    release: 1.95.0\nLLVM version: 22.1.2\n";
        let expected = Compiler {
            host: "x86_64-unknown-linux-gnu".to_owned(),
            llvm: 22,
        };
        assert_eq!(Compiler::read(said), Some(expected));
        assert_eq!(Compiler::read("rustc 1.95.0\nhost: a\n"), None);
    }

    #[test]
    fn the_tool_names_its_llvm() {
        assert_eq!(
            version("Debian LLVM version 22.1.8\n  Optimized build.\n"),
            Some(22)
        );
        assert_eq!(
            version("LLVM (http://llvm.org/):\n  LLVM version 9.0.1\n"),
            Some(9)
        );
        assert_eq!(version("llvm-profdata: unknown option"), None);
    }

    #[test]
    fn a_flag_names_its_place() {
        assert_eq!(flag("use", Path::new("/a b/c")), "-Cprofile-use=/a b/c");
    }
}

//! Runs the fuzz targets of `fuzz/`, on the stable toolchain, each for a bounded time.
//!
//! `fuzz/` is a workspace of its own, built with the coverage counters that libFuzzer reads. The committed seeds under
//! `fuzz/corpus/TARGET` are read and never written; what a run finds is kept below the target folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use crate::failure::{Doing, Failure, Outcome};
use crate::workspace::{Workspace, output};

/// What `sancov` needs to be told for libFuzzer: a counter for each edge, a table of them, and the compared values.
const FLAGS: &str = "--cfg fuzzing -Ccodegen-units=1 -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";

const INPUT_SECS_MAX: u32 = 10;
const MEMORY_MIB_MAX: u32 = 2048;

#[derive(Args)]
pub(crate) struct Options {
    /// Seconds for each target
    #[arg(long, default_value_t = 5)]
    seconds: u32,
    /// Only this target
    #[arg(long)]
    target: Option<String>,
}

struct Places {
    /// The folder `fuzz/` of the checkout.
    sources: PathBuf,
    /// What is built and found.
    built: PathBuf,
    programs: PathBuf,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Outcome<()> {
    let sources = workspace.root().join("fuzz");
    let built = workspace.target()?.join("fuzz");
    let host = host()?;
    let places = Places {
        programs: built.join(&host).join("release"),
        sources,
        built,
    };
    let targets = targets(&places.sources, options.target.as_deref())?;
    build(&places, &host)?;
    let mut failed = Vec::new();
    for target in &targets {
        match run_one(&places, target, options.seconds) {
            Ok(line) => println!("{target}: {line}"),
            Err(failure) => {
                println!("{target}: FAILED\n{failure}");
                failed.push(target.as_str());
            }
        }
    }
    if failed.is_empty() {
        println!(
            "fuzz: {} targets, {} s each, no crash",
            targets.len(),
            options.seconds
        );
        Ok(())
    } else {
        Err(Failure::new(format!(
            "fuzz targets failed: {}",
            failed.join(", ")
        )))
    }
}

/// Names of the targets: the files of `fuzz/targets`.
fn targets(sources: &Path, only: Option<&str>) -> Outcome<Vec<String>> {
    let folder = sources.join("targets");
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).doing(folder.display())? {
        let path = entry.doing(folder.display())?.path();
        let name = path
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned());
        names.extend(name.filter(|name| only.is_none_or(|only| only == name)));
    }
    names.sort();
    match (names.is_empty(), only) {
        (false, _) => Ok(names),
        (true, Some(only)) => Err(Failure::new(format!("there is no fuzz target `{only}`"))),
        (true, None) => Err(Failure::new(format!(
            "{} holds no fuzz target",
            folder.display()
        ))),
    }
}

fn host() -> Outcome<String> {
    let version = output(Command::new("rustc").arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.doing("rustc names no host")?.to_owned())
}

/// With `--target`, the flags reach what is fuzzed and not the build scripts.
fn build(places: &Places, host: &str) -> Outcome<()> {
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([
            "build",
            "--quiet",
            "--release",
            "--locked",
            "--bins",
            "--target",
            host,
        ])
        .current_dir(&places.sources)
        .env("CARGO_TARGET_DIR", &places.built)
        .env("RUSTFLAGS", FLAGS)
        .status()
        .doing("cargo build of the fuzz targets")?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::new("the fuzz targets do not build"))
    }
}

fn run_one(places: &Places, target: &str, seconds: u32) -> Outcome<String> {
    let seeds = places.sources.join("corpus").join(target);
    let seed_count = fs::read_dir(&seeds).map(Iterator::count).unwrap_or(0);
    if seed_count == 0 {
        return Err(Failure::new(format!("{} holds no seed", seeds.display())));
    }
    let found = places.built.join("corpus").join(target);
    let crashes = places.built.join("crashes").join(target);
    for folder in [&found, &crashes] {
        fs::create_dir_all(folder).doing(folder.display())?;
    }
    let output = Command::new(places.programs.join(target))
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-timeout={INPUT_SECS_MAX}"))
        .arg(format!("-rss_limit_mb={MEMORY_MIB_MAX}"))
        .arg(format!("-artifact_prefix={}/", crashes.display()))
        .arg("-print_final_stats=1")
        .args([&found, &seeds])
        // What failed is told in one line; the input that did it is kept.
        .env("RUST_BACKTRACE", "0")
        .output()
        .doing(target)?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(Failure::new(tail(&said, 25)));
    }
    summary(&said)
}

/// Executions and coverage of a run. A run that saw no coverage did not fuzz anything.
fn summary(said: &str) -> Outcome<String> {
    let executions = number_after(said, "stat::number_of_executed_units:").unwrap_or(0);
    let coverage = number_after(said, " cov: ").unwrap_or(0);
    if executions == 0 || coverage == 0 {
        return Err(Failure::new(format!(
            "{executions} executions, coverage {coverage}\n{}",
            tail(said, 20)
        )));
    }
    Ok(format!("{executions} executions, {coverage} edges"))
}

/// The number behind the last `label`.
fn number_after(text: &str, label: &str) -> Option<u64> {
    let (_, after) = text.rsplit_once(label)?;
    after.split_whitespace().next()?.parse().ok()
}

fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    all.get(all.len().saturating_sub(lines)..)
        .unwrap_or_default()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_summed_up_by_its_last_figures() {
        let said = "#1 INITED cov: 3 ft: 4\n#9 DONE   cov: 17 ft: 20\nstat::number_of_executed_units: 412\n";
        assert_eq!(
            summary(said).ok().as_deref(),
            Some("412 executions, 17 edges")
        );
    }

    #[test]
    fn a_run_without_coverage_fails() {
        assert!(summary("stat::number_of_executed_units: 412\n").is_err());
        assert!(summary("#1 INITED cov: 3 ft: 4\n").is_err());
        assert!(summary("").is_err());
    }

    #[test]
    fn a_tail_is_no_longer_than_the_text() {
        assert_eq!(tail("a\nb\nc", 2), "b\nc");
        assert_eq!(tail("a", 2), "a");
        assert_eq!(tail("", 2), "");
    }
}

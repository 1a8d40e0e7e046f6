//! Chores of the workspace, run as `cargo xtask COMMAND`.
//!
//! `tidy` checks what the compiler does not, `docs` writes the generated reference, `bench` measures the gateway
//! beside its peers, `dist` builds what is shipped, `package` writes what packages ship beside it, `fuzz` runs the parsers on
//! hostile input, `timing` asks whether refusals tell who exists, `soak` whether memory settles. Nothing here is shipped.

mod bench;
mod dist;
mod docs;
mod failure;
mod fuzz;
mod package;
mod sign_in_form;
mod soak;
mod tidy;
mod timing;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use failure::Outcome;
use workspace::Workspace;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Chores of the Countersign workspace")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Check the edges between crates, the shape of files, the causes' tests and pages
    Tidy,
    /// Write the generated reference under docs/reference
    Docs {
        /// Write nothing; fail if a page is stale, naming it
        #[arg(long)]
        check: bool,
    },
    /// Write manual pages, completions and the configuration that packages ship, under target/package-files
    Package,
    /// Measure CPU time per request beside nginx, HAProxy and Envoy
    Bench(bench::Options),
    /// Build the program as it is shipped, trained by the load of the bench; prints where it is
    Dist,
    /// Run the fuzz targets, each for a bounded time
    Fuzz(fuzz::Options),
    /// See whether the gateway's memory settles under a load of every kind of request
    Soak(soak::Options),
    /// See whether the time of a refusal tells which users exist
    Timing(timing::Options),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments.chore) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(chore: &Chore) -> Outcome<()> {
    let workspace = Workspace::find()?;
    match chore {
        Chore::Tidy => tidy::run(&workspace),
        Chore::Docs { check } => docs::run(&workspace, *check),
        Chore::Dist => dist::run(&workspace),
        Chore::Package => package::run(&workspace),
        Chore::Bench(options) => bench::run(&workspace, options),
        Chore::Fuzz(options) => fuzz::run(&workspace, options),
        Chore::Soak(options) => soak::run(&workspace, options),
        Chore::Timing(options) => timing::run(&workspace, options),
    }
}

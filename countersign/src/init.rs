//! `countersign init`: a configuration file with comments.
//!
//! Knows: where it goes. Does not know what is in it, which is the configuration's own.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use crate::context::Context;
use crate::failure::Failure;

#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  countersign init\n  countersign init /etc/countersign/countersign.toml"
)]
pub(crate) struct Args {
    /// The file to write; by default that of `--config`
    path: Option<PathBuf>,
    /// Write over a file that is there
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let path = args.path.as_deref().unwrap_or(context.config_path());
    let mut options = OpenOptions::new();
    options.write(true);
    if args.force {
        options.create(true).truncate(true)
    } else {
        options.create_new(true)
    };
    let written = options
        .open(path)
        .and_then(|mut file| file.write_all(countersign_config::default_file().as_bytes()));
    written.map_err(|error| {
        let failure = Failure::new(format!("cannot write `{}`: {error}", path.display()));
        if error.kind() == ErrorKind::AlreadyExists {
            failure.help("`--force` writes over it")
        } else {
            failure
        }
    })?;
    let path = path.display();
    eprintln!("wrote `{path}`");
    eprintln!(
        "next: set the upstream in it, then `countersign check`, `countersign user add NAME`, `countersign serve`"
    );
    eprintln!("then: write down who may do what, and run it with `countersign policy test FILE`");
    Ok(ExitCode::SUCCESS)
}

//! `countersign schema`: the JSON schema of the configuration file.
//!
//! Knows: where it is printed. Does not know what is in it.

use std::process::ExitCode;

use crate::failure::Failure;
use crate::printing;

#[derive(clap::Args)]
#[command(
    after_help = "Editors complete and check the file with it: say `#:schema ./countersign.schema.json` in its first line. `countersign \
                  check` finds more.\n\n\
                  Example:\n  countersign schema > countersign.schema.json"
)]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args) -> Result<ExitCode, Failure> {
    printing::data(&countersign_config::schema_json())?;
    Ok(ExitCode::SUCCESS)
}

//! `countersign key`: the API keys of the store.
//!
//! Knows: the commands. A key itself goes to stdout once, when it is made, and nowhere else.

mod create;
mod id;
mod list;
mod period;
mod revoke;
mod rotate;
mod shown;

use std::process::ExitCode;

use crate::context::Context;
use crate::failure::Failure;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Make an API key for a user or a program, and print it, once
    Create(create::Args),
    /// List API keys, of all owners or of one
    List(list::Args),
    /// Revoke an API key from now on
    Revoke(revoke::Args),
    /// Make a key in the place of another, which is still taken for a while
    Rotate(rotate::Args),
}

pub(crate) fn run(command: Command, context: &Context) -> Result<ExitCode, Failure> {
    match command {
        Command::Create(args) => create::run(&args, context)?,
        Command::List(args) => list::run(&args, context)?,
        Command::Revoke(args) => revoke::run(&args, context)?,
        Command::Rotate(args) => rotate::run(&args, context)?,
    }
    Ok(ExitCode::SUCCESS)
}

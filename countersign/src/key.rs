//! `countersign key`: the API keys of the store.
//!
//! Knows: the commands. Does not know how a key is made of random bytes or compared.

mod create;
mod edit;
mod id;
mod list;
pub(crate) mod period;
mod replace;
mod shown;

use std::process::ExitCode;

use crate::context::Context;
use crate::failure::Failure;
use crate::printing::{NOTICED_BUT_OPEN, time};
use crate::recorded::{deed, done, recorded};

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Make an API key, and print it once
    Create(create::Args),
    /// List API keys, without their secrets
    List(list::Args),
    /// Change what may be done with a key, but for its secret
    Edit(edit::Args),
    /// Take a key no more, for good
    Revoke(Revoke),
    /// Make a new key in the place of an old one, which is taken for a while still
    Rotate(replace::Args),
}

#[derive(clap::Args)]
#[command(
    after_help = "The record stays, so that a refusal can say that the key was revoked.\n\n\
                        Example:\n  countersign key revoke 2nNlTWbyCF9f"
)]
pub(crate) struct Revoke {
    /// The key's id; a whole key is taken, too, and never shown
    #[arg(value_name = "ID")]
    id: String,
}

pub(crate) fn run(command: Command, context: &Context) -> Result<ExitCode, Failure> {
    match command {
        Command::Create(args) => create::run(&args, context)?,
        Command::List(args) => list::run(&args, context)?,
        Command::Edit(args) => edit::run(&args, context)?,
        Command::Revoke(args) => revoke(&args, context)?,
        Command::Rotate(args) => replace::run(&args, context)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn revoke(args: &Revoke, context: &Context) -> Result<(), Failure> {
    let id = id::parse(&args.id)?;
    let now = context.now_unix_secs();
    let store = context.store()?;
    let key = context.block_on(store.key(&id))?;
    let deed = deed("key.revoke").of(&id);
    let deed = match &key {
        Some(key) => deed.on(key.owner.name()),
        None => deed,
    };
    let before = key.and_then(|key| key.revoked_unix_secs);
    recorded(context, &*store, deed, store.revoke_key(&id, now), done)?;
    match before.filter(|revoked| *revoked <= now) {
        Some(revoked) => eprintln!("`{id}` is revoked since {} already", time(revoked)),
        None => eprintln!("revoked `{id}`; {NOTICED_BUT_OPEN}"),
    }
    Ok(())
}

//! `countersign user`: the users of the store.
//!
//! Knows: the commands, and the small ones of them. Does not know how passwords are asked for or what a name must be.

mod add;
mod digest;
mod htpasswd;
mod import;
mod link;
mod list;
mod second_factor;

use std::process::ExitCode;

use countersign_wire::basic::normalized;

use crate::context::Context;
use crate::failure::Failure;
use crate::names;
use crate::printing::{NOTICED, NOTICED_BUT_OPEN, list as words, plain};
use crate::recorded::{deed, done, recorded};

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Add a user, and ask for the password
    Add(add::Args),
    /// List all users
    List(list::ListArgs),
    /// Show one user
    Show(list::ShowArgs),
    /// Set another password
    Passwd(add::PasswdArgs),
    /// Let a user sign in with Digest, or not
    Digest(digest::Args),
    /// Tell whether a user has a second factor, or remove it
    SecondFactor(second_factor::Args),
    /// Link a user with an account at an OpenID provider, or not
    Link(link::Args),
    /// Keep a user from signing in, with a password or an API key, until enabled again
    #[command(after_help = "Example:\n  countersign user disable alice")]
    Disable(Named),
    /// Let a disabled user sign in again
    #[command(after_help = "Example:\n  countersign user enable alice")]
    Enable(Named),
    /// Put a user into these groups and no others
    Groups(Groups),
    /// Delete a user, and revoke the user's API keys for good
    #[command(
        after_help = "The records of the API keys stay. To keep somebody out for a while, use `disable`.\n\n\
                            Example:\n  countersign user delete alice"
    )]
    Delete(Named),
    /// Import users with their password hashes from an htpasswd file, all or none
    Import(import::Args),
}

/// One user by name.
#[derive(clap::Args)]
pub(crate) struct Named {
    /// The name that the user signs in with
    name: String,
}

#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  countersign user groups alice --group staff --group admins\n  \
                        countersign user groups alice          (in no group any more)"
)]
pub(crate) struct Groups {
    /// The name that the user signs in with
    name: String,
    /// A group that the user is in; may be given many times
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,
}

pub(crate) fn run(command: Command, context: &Context) -> Result<ExitCode, Failure> {
    match command {
        Command::Add(args) => add::add(&args, context)?,
        Command::List(args) => list::list(&args, context)?,
        Command::Show(args) => list::show(&args, context)?,
        Command::Passwd(args) => add::passwd(&args, context)?,
        Command::Digest(args) => digest::run(&args, context)?,
        Command::SecondFactor(args) => second_factor::run(&args, context)?,
        Command::Link(args) => link::run(&args, context)?,
        Command::Disable(named) => set_disabled(&named, true, context)?,
        Command::Enable(named) => set_disabled(&named, false, context)?,
        Command::Groups(args) => set_groups(&args, context)?,
        Command::Delete(named) => delete(&named, context)?,
        Command::Import(args) => import::run(&args, context)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn set_disabled(named: &Named, disabled: bool, context: &Context) -> Result<(), Failure> {
    let name = normalized(&named.name);
    let store = context.store()?;
    let act = if disabled {
        "user.disable"
    } else {
        "user.enable"
    };
    let set = store.set_disabled(&name, disabled, context.now_unix_secs());
    recorded(context, &*store, deed(act).on(&name), set, done)?;
    eprintln!(
        "{} `{}`; {}",
        if disabled { "disabled" } else { "enabled" },
        plain(&name),
        if disabled { NOTICED_BUT_OPEN } else { NOTICED },
    );
    Ok(())
}

fn set_groups(args: &Groups, context: &Context) -> Result<(), Failure> {
    let name = normalized(&args.name);
    let groups = names::groups(&args.groups)?;
    let told = if groups.is_empty() {
        "no group".to_owned()
    } else {
        words(&groups)
    };
    let store = context.store()?;
    let set = store.set_groups(&name, groups, context.now_unix_secs());
    let deed = deed("user.groups").on(&name).detail(told.as_str());
    recorded(context, &*store, deed, set, done)?;
    eprintln!("`{}` is in {told}; {NOTICED_BUT_OPEN}", plain(&name));
    Ok(())
}

fn delete(named: &Named, context: &Context) -> Result<(), Failure> {
    let name = normalized(&named.name);
    let store = context.store()?;
    let deleted = store.delete_user(&name, context.now_unix_secs());
    recorded(
        context,
        &*store,
        deed("user.delete").on(&name),
        deleted,
        done,
    )?;
    eprintln!(
        "deleted `{}` and revoked its API keys; {NOTICED_BUT_OPEN}",
        plain(&name)
    );
    Ok(())
}

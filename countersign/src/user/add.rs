//! `countersign user add` and `passwd`: what sets a password.
//!
//! Knows: the order, in which nobody types a password that cannot be stored. Does not know where passwords come from.

use countersign_secret::Secret;
use countersign_store::{NewUser, StoreError};
use countersign_wire::basic::normalized;

use super::digest;
use crate::context::Context;
use crate::failure::Failure;
use crate::printing::{self, NOTICED, NOTICED_BUT_OPEN, list as words, plain};
use crate::recorded::{deed, done, recorded};
use crate::{names, password};

#[derive(clap::Args)]
#[command(
    after_help = "The password is asked for at the terminal, twice; without a terminal it is the first line of \
                  stdin. It has at least 8 characters, of any kind.\n\n\
                  Examples:\n  countersign user add alice --group staff --display-name \"Alice Example\"\n  \
                        countersign user add ci-robot --generate\n  \
                        pass show api/alice | countersign user add alice"
)]
pub(crate) struct Args {
    /// The name that the user signs in with
    name: String,
    /// A group that the user is in; may be given many times
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,
    /// A name for people to read
    #[arg(long, value_name = "TEXT")]
    display_name: Option<String>,
    /// Make a random password and print it, once
    #[arg(long)]
    generate: bool,
}

#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  countersign user passwd alice\n  countersign user passwd alice --generate"
)]
pub(crate) struct PasswdArgs {
    /// The name that the user signs in with
    name: String,
    /// Make a random password and print it, once
    #[arg(long)]
    generate: bool,
}

pub(super) fn add(args: &Args, context: &Context) -> Result<(), Failure> {
    let name = names::name(&args.name)?;
    let groups = names::groups(&args.groups)?;
    let display_name = args
        .display_name
        .as_deref()
        .map(|text| names::text("display name", text))
        .transpose()?;
    let store = context.store_or_new()?;
    if context.block_on(store.user(&name))?.is_some() {
        return Err(StoreError::UserExists { name }.into());
    }
    let password = obtained(&name, args.generate)?;
    let hash = password::hashed(&password, &context.cost()?)?;
    let user = NewUser {
        name: name.clone(),
        display_name,
        hash,
        groups,
        disabled: false,
    };
    let deed = deed("user.add").on(&name);
    let deed = deed.detail(format!("groups: {}", words(&user.groups)));
    let added = store.add_user(user, context.now_unix_secs());
    recorded(context, &*store, deed, added, done)?;
    eprintln!("added `{}`; {NOTICED}", plain(&name));
    told(&password, args.generate)
}

pub(super) fn passwd(args: &PasswdArgs, context: &Context) -> Result<(), Failure> {
    let name = normalized(&args.name);
    let store = context.store()?;
    let Some(user) = context.block_on(store.user(&name))? else {
        return Err(StoreError::UserAbsent { name: name.into() }.into());
    };
    let password = obtained(&name, args.generate)?;
    let hash = password::hashed(&password, &context.cost()?)?;
    let now = context.now_unix_secs();
    let deed = deed("user.password").on(&name);
    match &user.digest {
        Some(was) => {
            let secrets = digest::renewed(&name, &password, was, context)?;
            let set = store.set_password_and_digest(&name, hash, secrets, now);
            recorded(context, &*store, deed, set, done)?;
        }
        None => {
            let set = store.set_password(&name, hash, now);
            recorded(context, &*store, deed, set, done)?;
        }
    }
    eprintln!("set the password of `{}`; {NOTICED_BUT_OPEN}", plain(&name));
    told(&password, args.generate)
}

fn obtained(name: &str, generate: bool) -> Result<Secret<String>, Failure> {
    if generate {
        password::generate()
    } else {
        password::ask(name)
    }
}

/// A generated password is shown to the one who asked for it; a given one never.
fn told(password: &Secret<String>, generate: bool) -> Result<(), Failure> {
    if !generate {
        return Ok(());
    }
    eprintln!("its password, which is not shown again:");
    printing::data(&format!("{}\n", password.expose()))
}

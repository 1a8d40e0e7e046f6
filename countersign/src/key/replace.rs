//! `countersign key rotate`.
//!
//! Knows: that both keys are taken for a while. Does not know what the new one inherits: the store does.

use countersign_secret::api_key::ApiKey;
use countersign_store::{Key, Outcome, Rotation};

use super::period::Period;
use super::{id, shown};
use crate::context::Context;
use crate::failure::Failure;
use crate::printing::{NOTICED, time};
use crate::random;
use crate::recorded::{deed, recorded};

#[derive(clap::Args)]
#[command(
    after_help = "The new key has owner, label, scopes, networks and lifetime of the old one. It goes to stdout \
                  and is not shown again.\n\n\
                  Examples:\n  countersign key rotate 2nNlTWbyCF9f\n  countersign key rotate 2nNlTWbyCF9f --grace 7d"
)]
pub(crate) struct Args {
    /// The old key's id; a whole key is taken, too, and never shown
    #[arg(value_name = "ID")]
    id: String,
    /// How long the old key is taken still; `0s`: no longer
    #[arg(long, value_name = "PERIOD", default_value = "24h")]
    grace: Period,
    /// Print an object with the key and its attributes
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let old = id::parse(&args.id)?;
    let now = context.now_unix_secs();
    let store = context.store()?;
    let key = ApiKey::mint(random::bytes::<40>()?.expose());
    let rotation = Rotation {
        old: old.clone(),
        id: key.id().clone(),
        digest: key.digest(),
        grace_secs: args.grace.secs,
    };
    let deed = deed("key.rotate").of(&old);
    let deed = match context.block_on(store.key(&old))? {
        Some(key) => deed.on(key.owner.name()),
        None => deed,
    };
    let outcome = |made: &Key| Outcome::Done(Some(format!("made the key {}", made.id).into()));
    let rotated = store.rotate_key(rotation, now);
    let made = recorded(context, &*store, deed, rotated, outcome)?;
    let end = now.saturating_add(i64::from(args.grace.secs));
    eprintln!(
        "made the key `{}` in the place of `{old}`, which is taken until {}; {NOTICED}",
        made.id,
        time(end)
    );
    eprintln!("the key, which is not shown again:");
    shown::once(&key, &made, args.json, now)
}

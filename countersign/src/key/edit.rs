//! `countersign key edit`.
//!
//! Knows: what of a key can be changed. Does not know its secret, which stays.

use countersign_policy::Network;
use countersign_store::{Key, KeyEdit};

use super::create::{expiry, scopes, stored};
use super::period::Expires;
use super::{id, shown};
use crate::context::Context;
use crate::failure::Failure;
use crate::names;
use crate::printing::{self, NOTICED, NOTICED_BUT_OPEN, list as words, time};
use crate::recorded::{deed, done, recorded};

#[derive(clap::Args)]
#[command(
    group = clap::ArgGroup::new("what").required(true).multiple(true)
        .args(["label", "scopes", "no_scopes", "expires", "networks", "everywhere"]),
    after_help = "What is not named stays as it is, and so does the secret: `countersign key rotate` makes another. A key that is \
                  revoked or being replaced is not changed any more.\n\n\
                  Examples:\n  countersign key edit 2nNlTWbyCF9f --label \"nightly build\" --expires 90d\n  \
                  countersign key edit 2nNlTWbyCF9f --scope orders:read --scope orders:write\n  \
                  countersign key edit 2nNlTWbyCF9f --everywhere --json"
)]
pub(crate) struct Args {
    /// The key's id; a whole key is taken, too, and never shown
    #[arg(value_name = "ID")]
    id: String,
    /// A word to tell keys apart; empty: none
    #[arg(long, value_name = "TEXT")]
    label: Option<String>,
    /// A scope that the key has from now on, in place of all it had; may be given many times
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// The key has no scope any more
    #[arg(long, conflicts_with = "scopes")]
    no_scopes: bool,
    /// How long the key is taken from now on: a period such as `90d` or `12h`, a date such as `2026-12-31` (its last day,
    /// in UTC), a time such as `2026-12-31T18:00:00Z`, or `never`
    #[arg(long, value_name = "WHEN")]
    expires: Option<Expires>,
    /// A network or address that the key may be used from, in place of all there were; may be given many times
    #[arg(long = "from", value_name = "NETWORK")]
    networks: Vec<Network>,
    /// The key may be used from everywhere
    #[arg(long, conflicts_with = "networks")]
    everywhere: bool,
    /// Print the key's attributes as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let id = id::parse(&args.id)?;
    let now = context.now_unix_secs();
    let edit = KeyEdit {
        label: args.label.as_deref().map(label).transpose()?,
        scopes: match (args.scopes.as_slice(), args.no_scopes) {
            ([], false) => None,
            (given, _) => Some(scopes(given)?),
        },
        expires_unix_secs: args.expires.map(|when| expiry(when, now)).transpose()?,
        networks: match (args.networks.as_slice(), args.everywhere) {
            ([], false) => None,
            (given, _) => Some(stored(given)?),
        },
    };
    let store = context.store()?;
    let deed = deed("key.edit").of(&id).detail(told(&edit));
    let deed = match context.block_on(store.key(&id))? {
        Some(key) => deed.on(key.owner.name()),
        None => deed,
    };
    let edited = recorded(context, &*store, deed, store.edit_key(&id, edit), done)?;
    if args.json {
        return printing::json(&shown::Shown::new(&edited, now));
    }
    let noticed = if narrows(args) {
        NOTICED_BUT_OPEN
    } else {
        NOTICED
    };
    eprintln!("changed the key `{id}`; {noticed}");
    printing::data(&printing::table(
        shown::COLUMNS,
        &[shown::row(&edited, now)],
    ))?;
    say_networks(&edited);
    Ok(())
}

fn label(text: &str) -> Result<Box<str>, Failure> {
    if text.is_empty() {
        return Ok(Box::default());
    }
    names::text("label", text)
}

/// Whether somebody may do less from now on.
fn narrows(args: &Args) -> bool {
    args.expires.is_some() || args.no_scopes || !args.scopes.is_empty() || !args.networks.is_empty()
}

/// The table of keys has no room for them.
fn say_networks(key: &Key) {
    if !key.networks.is_empty() {
        let networks: Vec<String> = key.networks.iter().map(ToString::to_string).collect();
        eprintln!("it may be used from {}", words(&networks));
    }
}

/// For the record.
fn told(edit: &KeyEdit) -> String {
    let mut told = Vec::new();
    if let Some(label) = &edit.label {
        told.push(format!("label: {label}"));
    }
    if let Some(scopes) = &edit.scopes {
        told.push(format!("scopes: {}", words(scopes)));
    }
    if let Some(expires) = edit.expires_unix_secs {
        told.push(format!(
            "expires: {}",
            expires.map_or_else(|| "never".to_owned(), time)
        ));
    }
    if let Some(networks) = &edit.networks {
        let networks: Vec<String> = networks.iter().map(ToString::to_string).collect();
        told.push(format!("from: {}", words(&networks)));
    }
    told.join("; ")
}
